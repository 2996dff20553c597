//! Rules by table, one behaviour a test.

use quorate_protocol::*;

use super::stage::*;
use crate::meeting::event::Fact;
use crate::meeting::{Input, Refusal};

/// A meeting with the owner, co-host 2, moderator 3, presenter 4, attendee 5 and guest 100 in it.
pub(super) fn full_cast() -> Stage {
    let mut stage = Stage::new(|_| {});
    for user in [OWNER, 2, 3, 4, 5, 100] {
        stage.enter(user).unwrap();
    }
    stage.ask(OWNER, cohost(2)).unwrap();
    stage.ask(OWNER, assign(3, Role::Moderator)).unwrap();
    stage.ask(OWNER, assign(4, Role::Presenter)).unwrap();
    stage
}

#[test]
fn r1_one_acts_only_on_a_lower_rank_and_nobody_on_the_owner() {
    let mut stage = full_cast();
    for (user, command) in [
        (2, remove(OWNER)),
        (2, ban(OWNER, None)),
        (3, remove(2)),
        (3, remove(OWNER)),
        (2, assign(OWNER, Role::Attendee)),
        (2, ban(1, None)),
    ] {
        assert_eq!(stage.ask(user, command.clone()), Err(Refusal::RankTooLow), "{command:?}");
    }
    stage.ask(OWNER, cohost(3)).unwrap();
    assert_eq!(stage.ask(2, remove(3)), Err(Refusal::RankTooLow), "peers are immune");
    assert!(stage.ask(2, remove(4)).is_ok());
}

#[test]
fn r2_nobody_gives_a_rank_at_or_above_his_own() {
    let mut stage = full_cast();
    assert_eq!(stage.ask(2, cohost(4)), Err(Refusal::Forbidden(Permission::RoleAssignCohost)));
    let refused = stage.ask(OWNER, assign(5, Role::CoHost));
    assert!(matches!(refused, Err(Refusal::Invalid { field: "role", .. })));
    assert!(stage.ask(2, assign(5, Role::Moderator)).is_ok());
}

#[test]
fn r6_who_was_removed_waits_for_approval_until_a_ban_is_lifted() {
    let mut stage = full_cast();
    stage.ask(3, remove(5)).unwrap();
    assert_eq!(stage.last(2), ["participant.removed", "session.closed"]);
    stage.enter(5).unwrap();
    assert!(stage.person(5).is_waiting(), "the waiting room is off, and still");
    stage.ask(3, admit(5)).unwrap();
    assert!(stage.is_in(5));
    stage.ask(5, leave()).unwrap();
    stage.enter(5).unwrap();
    assert!(stage.person(5).is_waiting(), "for as long as the meeting lives");
    stage.ask(OWNER, ban(5, None)).unwrap();
    assert_eq!(stage.enter(5), Err(Refusal::Banned { until: None }));
    stage.ask(OWNER, unban(5)).unwrap();
    stage.enter(5).unwrap();
    assert!(stage.is_in(5), "lifting a ban clears that too");
}

#[test]
fn r8_no_acting_on_oneself_where_it_makes_no_sense() {
    let mut stage = full_cast();
    for command in
        [remove(OWNER), ban(OWNER, None), say("me", Some(ChatTo::Participant(at(OWNER))))]
    {
        let refused = stage.ask(OWNER, command.clone());
        assert!(matches!(refused, Err(Refusal::Invalid { .. })), "{command:?} {refused:?}");
    }
}

#[test]
fn r10_a_seat_is_kept_for_the_host_and_a_full_meeting_takes_no_other() {
    let mut stage = Stage::new(|created| created.max_participants = Some(3));
    stage.enter(2).unwrap();
    stage.enter(3).unwrap();
    assert_eq!(stage.enter(4), Err(Refusal::Full), "the last seat is the host's");
    stage.enter(OWNER).unwrap();
    assert_eq!(stage.enter(4), Err(Refusal::Full));
    stage.ask(3, leave()).unwrap();
    assert!(stage.enter(4).is_ok());
}

#[test]
fn r10_someone_in_grace_keeps_the_seat_and_loses_it_with_the_grace() {
    let mut stage = Stage::new(|created| created.max_participants = Some(2));
    stage.enter(OWNER).unwrap();
    let session = stage.enter(2).unwrap();
    stage.take(&Input::Lost { session }).unwrap();
    assert_eq!(stage.last(2), ["session.lost", "participant.connection_changed"]);
    stage.pass(59);
    assert_eq!(stage.enter(3), Err(Refusal::Full));
    stage.pass(1);
    assert_eq!(stage.last(2), ["participant.left", "session.closed"]);
    assert!(stage.enter(3).is_ok());
    let over = stage.take(&Input::Resume { session, user: UserId(2) });
    assert!(matches!(over, Err(Refusal::Unauthorized(_))));
}

#[test]
fn r12_a_guest_rises_at_most_to_presenter() {
    let mut stage = full_cast();
    assert!(stage.ask(OWNER, assign(100, Role::Presenter)).is_ok());
    let moderator = stage.ask(OWNER, assign(100, Role::Moderator));
    assert!(matches!(moderator, Err(Refusal::Conflict(_))));
    assert!(matches!(stage.ask(OWNER, cohost(100)), Err(Refusal::Conflict(_))));
}

#[test]
fn r13_a_role_given_here_is_kept() {
    let mut stage = full_cast();
    stage.ask(4, leave()).unwrap();
    stage.enter(4).unwrap();
    assert_eq!(stage.meeting.facts.role_of(UserId(4)), Role::Presenter);
}

#[test]
fn the_waiting_room_settles_each_race_one_way() {
    let mut stage = Stage::new(|created| created.requires_approval = true);
    stage.enter(OWNER).unwrap();
    stage.enter(2).unwrap();
    assert!(stage.person(2).is_waiting());
    stage.ask(OWNER, admit(2)).unwrap();
    stage.ask(OWNER, assign(2, Role::Moderator)).unwrap();
    for user in 3..=7 {
        stage.enter(user).unwrap();
    }
    // Two admit the same person.
    stage.ask(OWNER, admit(3)).unwrap();
    let again = stage.ask(2, admit(3)).unwrap();
    assert_eq!(again.events, vec![]);
    let already = Already { already: true, by: Some(at(OWNER)) };
    assert_eq!(again, again.clone().answer(&already));
    // Admit against decline, both ways.
    let by = Some(at(OWNER));
    assert_eq!(stage.ask(2, decline(3)), Err(Refusal::Resolved { how: "admitted", by }));
    stage.ask(OWNER, decline(4)).unwrap();
    assert_eq!(stage.ask(2, admit(4)), Err(Refusal::Resolved { how: "declined", by }));
    // Admit while he leaves.
    stage.ask(5, leave()).unwrap();
    let gone = Refusal::NotFound { what: "entry", last: Some("withdrawn") };
    assert_eq!(stage.ask(OWNER, admit(5)), Err(gone));
    // Admit-all against a newcomer: only entries that the caller had seen.
    let seen = stage.meeting.facts.head;
    stage.enter(8).unwrap();
    stage.ask(OWNER, admit_all(Some(seen))).unwrap();
    assert!(stage.is_in(6) && stage.is_in(7) && stage.person(8).is_waiting());
    // One who was declined knocks again after a minute, and is let wait then.
    assert_eq!(stage.enter(4), Err(Refusal::Declined { retry_after_ms: 60_000 }));
    stage.pass(60);
    assert!(stage.enter(4).is_ok());
}

#[test]
fn admit_all_goes_in_order_until_the_meeting_is_full() {
    let mut stage = Stage::new(|created| {
        created.requires_approval = true;
        created.max_participants = Some(3);
    });
    stage.enter(OWNER).unwrap();
    for user in 2..=5 {
        stage.enter(user).unwrap();
    }
    let decision = stage.ask(OWNER, admit_all(None)).unwrap();
    let answer = Admitted {
        admitted: vec![at(2), at(3)],
        left: vec![at(4), at(5)],
        reason: Some(Code::MeetingFull),
    };
    assert_eq!(decision, decision.clone().answer(&answer));
    assert_eq!(stage.ask(OWNER, admit(4)), Err(Refusal::Full));
    assert!(stage.person(4).is_waiting(), "the entry keeps waiting");
}

#[test]
fn one_who_waits_holds_a_place_for_a_while_and_two_tabs_are_one_entry() {
    let mut stage = Stage::new(|created| created.requires_approval = true);
    stage.enter(OWNER).unwrap();
    let first = stage.enter(2).unwrap();
    let second = stage.enter(2).unwrap();
    assert_eq!(stage.last(2), ["session.closed", "session.opened"]);
    assert_eq!(stage.person(2).sessions, [second]);
    assert!(stage.take(&Input::Lost { session: first }).unwrap().events.is_empty());
    stage.take(&Input::Lost { session: second }).unwrap();
    stage.pass(119);
    assert!(stage.person(2).is_waiting());
    stage.pass(1);
    assert_eq!(stage.last(2), ["participant.withdrawn", "session.closed"]);
}

#[test]
fn a_scheduled_meeting_lets_people_in_by_itself_when_it_starts() {
    let mut stage = Stage::new(|created| {
        created.starts_at = Some(Timestamp(1_700_000_000_000 + 3_600_000));
    });
    stage.enter(2).unwrap();
    assert!(stage.person(2).is_waiting());
    stage.enter(OWNER).unwrap();
    assert!(stage.is_in(OWNER), "staff joins at any time");
    assert_eq!(stage.meeting.facts.info.status, MeetingStatus::Scheduled);
    stage.pass(44 * 60 + 59);
    assert!(!stage.is_in(2));
    stage.pass(1);
    assert_eq!(stage.meeting.facts.info.status, MeetingStatus::InProgress);
    assert!(stage.is_in(2), "a quarter of an hour before, and by itself");
}

#[test]
fn without_a_host_people_wait_where_the_meeting_says_so() {
    let mut stage = Stage::new(|created| created.settings.join_before_host = false);
    stage.enter(2).unwrap();
    let standing = stage.meeting.facts.standing(stage.now, stage.person(2)).unwrap();
    assert_eq!((standing.reason, standing.host_present), (WaitReason::HostAbsent, false));
    stage.enter(OWNER).unwrap();
    assert!(stage.is_in(2));
}

#[test]
fn an_empty_meeting_ends_and_the_host_may_reopen_it_for_a_day() {
    let mut stage = full_cast();
    for user in [OWNER, 2, 3, 4, 5, 100] {
        stage.ask(user, leave()).unwrap();
    }
    stage.pass(10 * 60);
    let ended = stage.journal.last().map(|event| event.fact.clone());
    assert_eq!(ended, Some(Fact::MeetingEnded { reason: EndReason::Empty }));
    assert_eq!(stage.enter(5), Err(Refusal::Ended));
    stage.pass(23 * 3600);
    stage.enter(OWNER).unwrap();
    assert!(stage.journal.iter().any(|event| is_fact(event, "meeting.reopened")));
    stage.ask(OWNER, empty(Command::MeetingEnd)).unwrap();
    stage.pass(24 * 3600);
    assert_eq!(stage.enter(OWNER), Err(Refusal::Ended));
}

#[test]
fn a_locked_door_keeps_out_all_but_staff() {
    let mut stage = Stage::new(|_| {});
    stage.enter(OWNER).unwrap();
    stage.ask(OWNER, empty(Command::MeetingLock)).unwrap();
    assert_eq!(stage.enter(2), Err(Refusal::Locked));
    stage.ask(OWNER, empty(Command::MeetingUnlock)).unwrap();
    stage.enter(2).unwrap();
    stage.ask(OWNER, cohost(2)).unwrap();
    stage.ask(OWNER, empty(Command::MeetingLock)).unwrap();
    stage.ask(2, leave()).unwrap();
    assert!(stage.enter(2).is_ok());
}

#[test]
fn a_fourth_session_replaces_the_oldest() {
    let mut stage = Stage::new(|_| {});
    let sessions: Vec<_> = (0..4).map(|_| stage.enter(OWNER).unwrap()).collect();
    assert_eq!(stage.person(OWNER).sessions, sessions[1..]);
    assert_eq!(stage.meeting.facts.present, 1);
}

#[test]
fn a_message_is_seen_by_whom_it_is_addressed_to() {
    let mut stage = full_cast();
    for (to, seen_by) in [
        (None, vec![OWNER, 2, 3, 4, 5, 100]),
        (Some(ChatTo::Staff), vec![OWNER, 2, 3, 5]),
        (Some(ChatTo::Participant(at(100))), vec![5, 100]),
    ] {
        stage.ask(5, say("psst", to)).unwrap();
        let event = stage.journal.last().unwrap().clone();
        for user in [OWNER, 2, 3, 4, 5, 100] {
            let sees = event.audience.includes(&stage.person(user).view);
            assert_eq!(sees, seen_by.contains(&user), "{to:?}, {user}");
            let recent = stage.meeting.facts.recent_chat(stage.person(user));
            let listed = recent.iter().any(|message| message.message.0 == event.seq.0);
            assert_eq!(listed, sees, "a snapshot shows the same: {to:?}, {user}");
        }
        let id = MessageId(event.seq.0);
        let deleted = stage.ask(4, Command::ChatDelete(ChatDelete { message: id }));
        assert!(deleted.is_err(), "a presenter deletes no message of others");
    }
}

#[test]
fn a_deleted_message_keeps_its_place_and_loses_its_text() {
    let mut stage = full_cast();
    stage.ask(5, say("oops", None)).unwrap();
    let id = MessageId(stage.meeting.facts.head.0);
    stage.ask(5, Command::ChatDelete(ChatDelete { message: id })).unwrap();
    assert_eq!(stage.last(2), ["chat.deleted", "redacted"]);
    let recent = stage.meeting.facts.recent_chat(stage.person(3));
    let shown: Vec<_> = recent.iter().map(|m| (m.message, m.text.clone(), m.deleted)).collect();
    assert_eq!(shown, [(id, None, true)]);
    let again = stage.ask(3, Command::ChatDelete(ChatDelete { message: id })).unwrap();
    assert!(again.events.is_empty());
}

#[test]
fn attributes_merge_are_bounded_and_change_once_a_second() {
    let mut stage = full_cast();
    let set = |text: &str| {
        let attributes = serde_json::from_str(text).unwrap();
        Command::ParticipantSetAttributes(SetAttributes { attributes })
    };
    stage.ask(5, set(r#"{"team":"red","seat":4}"#)).unwrap();
    let soon = stage.ask(5, set(r#"{"team":"blue"}"#));
    assert_eq!(soon, Err(Refusal::TooOften { retry_after_ms: 1000 }));
    stage.pass(1);
    stage.ask(5, set(r#"{"team":null,"mood":"fine"}"#)).unwrap();
    let text = serde_json::to_string(&stage.person(5).attributes).unwrap();
    assert_eq!(text, r#"{"mood":"fine","seat":4}"#);
    stage.pass(1);
    let long = set(&format!(r#"{{"x":"{}"}}"#, "y".repeat(1024)));
    let limit = ATTRIBUTES_BYTES_MAX;
    assert_eq!(stage.ask(5, long), Err(Refusal::TooLarge { field: "attributes", limit }));
}

#[test]
fn a_ban_ends_at_its_time() {
    let mut stage = full_cast();
    let until = stage.now.plus_seconds(60);
    stage.ask(OWNER, ban(5, Some(until))).unwrap();
    assert!(!stage.is_in(5));
    assert_eq!(stage.enter(5), Err(Refusal::Banned { until: Some(until) }));
    stage.pass(60);
    stage.enter(5).unwrap();
    assert!(stage.person(5).is_waiting(), "a ban is a removal too");
    let past = stage.ask(OWNER, ban(4, Some(stage.now)));
    assert!(matches!(past, Err(Refusal::Invalid { field: "until", .. })));
}

#[test]
fn hands_keep_their_order_and_survive_a_lost_connection() {
    let mut stage = full_cast();
    for user in [5, 100, 4] {
        stage.ask(user, empty(Command::HandRaise)).unwrap();
    }
    let session = stage.person(100).sessions[0];
    stage.take(&Input::Lost { session }).unwrap();
    stage.ask(4, Command::HandLower(HandLower { participant: Some(at(5)) })).unwrap();
    stage.take(&Input::Resume { session, user: UserId(100) }).unwrap();
    assert_eq!(stage.meeting.facts.hands, [at(100), at(4)]);
    stage.ask(100, leave()).unwrap();
    assert_eq!(stage.meeting.facts.hands, [at(4)]);
}
