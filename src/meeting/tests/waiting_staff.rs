//! What staff says to those who wait, and who is sent back to the waiting room.

use quorate_protocol::*;

use super::passes::{Fare, come, invite_user};
use super::stage::*;
use super::waiting::{back, came_in, line, reason, tell, waiting_room};
use crate::meeting::Refusal;
use crate::meeting::event::{Audience, Fact};
use Fare::{In, Waits};

fn message(stage: &Stage, user: i64) -> Option<String> {
    stage.meeting.facts.standing(stage.now, stage.person(user)).expect("waits").message
}

// What staff says.

#[test]
fn who_waits_reads_what_staff_told_them_last() {
    let welcome = "We begin at ten";
    let mut stage =
        waiting_room(|created| created.settings.waiting_message = Some(welcome.into()), &[5, 6]);
    assert_eq!(message(&stage, 5).as_deref(), Some(welcome));
    stage.ask(OWNER, tell(None, "a few minutes more")).unwrap();
    stage.ask(2, tell(Some(6), "you are next")).unwrap();
    assert_eq!(message(&stage, 5).as_deref(), Some("a few minutes more"));
    assert_eq!(message(&stage, 6).as_deref(), Some("you are next"));
    stage.enter(7).unwrap();
    assert_eq!(message(&stage, 7).as_deref(), Some(welcome), "not told, not there");
    stage.ask(OWNER, tell(None, "now")).unwrap();
    assert_eq!(message(&stage, 6).as_deref(), Some("now"));
    stage.ask(6, leave()).unwrap();
    stage.enter(6).unwrap();
    assert_eq!(message(&stage, 6).as_deref(), Some(welcome), "who comes anew has heard nothing");
    stage.ask(OWNER, admit(7)).unwrap();
    assert_eq!(stage.person(7).told, None);
    assert_eq!(stage.meeting.facts, stage.replayed());
}

#[test]
fn what_is_told_is_heard_by_staff_and_by_whom_it_is_told() {
    let mut stage = waiting_room(|_| {}, &[5, 6, 7]);
    stage.ask(OWNER, admit(7)).unwrap();
    for (to, heard_by) in [(None, vec![OWNER, 2, 5, 6]), (Some(6), vec![OWNER, 2, 6])] {
        stage.ask(OWNER, tell(to, "hello")).unwrap();
        let event = stage.journal.last().unwrap();
        assert!(!event.fact.to_row().1.contains("hello"), "a text is personal");
        for user in [OWNER, 2, 5, 6, 7] {
            let hears = event.audience.includes(&stage.person(user).view);
            assert_eq!(hears, heard_by.contains(&user), "{to:?}, {user}");
        }
    }
}

#[test]
fn one_tells_something_to_someone_who_waits() {
    let mut stage = waiting_room(|_| {}, &[5]);
    let no = |last| Err(Refusal::NotFound { what: "entry", last });
    assert_eq!(stage.ask(OWNER, tell(Some(2), "hello")), no(Some("joined")));
    let nobody = Err(Refusal::NotFound { what: "participant", last: None });
    assert_eq!(stage.ask(OWNER, tell(Some(77), "hello")), nobody);
    let limit = WAITING_TEXT_CHARS_MAX;
    let long = stage.ask(OWNER, tell(Some(5), &"é".repeat(501)));
    assert_eq!(long, Err(Refusal::TooLarge { field: "text", limit }));
    assert!(stage.ask(OWNER, tell(Some(5), &"é".repeat(500))).is_ok());
    let blank = stage.ask(OWNER, tell(None, " \n"));
    assert!(matches!(blank, Err(Refusal::Invalid { field: "text", .. })));
    stage.ask(OWNER, admit(5)).unwrap();
    let empty_room = stage.ask(OWNER, tell(None, "anyone?"));
    assert!(matches!(empty_room, Err(Refusal::Conflict(_))));
}

// Sent back.

/// The owner, co-host 2, moderator 3, and attendees 5 and 6 in a meeting without a waiting room.
fn open_meeting() -> Stage {
    let mut stage = Stage::new(|created| created.co_hosts = vec![UserId(2)]);
    for user in [OWNER, 2, 3, 5, 6] {
        stage.enter(user).unwrap();
    }
    stage.ask(OWNER, assign(3, Role::Moderator)).unwrap();
    stage
}

#[test]
fn one_sent_back_waits_at_the_end_of_the_line_with_hand_down_and_media_off() {
    let mut stage = open_meeting();
    stage.ask(OWNER, back(6, None)).unwrap();
    stage.ask(5, empty(Command::HandRaise)).unwrap();
    let media = MediaUpdate { audio: Some(true), ..MediaUpdate::default() };
    stage.ask(5, Command::MediaUpdate(media)).unwrap();
    let sessions = stage.person(5).sessions.clone();
    stage.ask(3, back(5, Some("one moment"))).unwrap();
    assert_eq!(stage.last(2), ["participant.left", "participant.returned_to_waiting"]);
    assert_eq!(line(&stage), [6, 5]);
    let person = stage.person(5);
    assert_eq!(
        (person.sessions.clone(), person.hand, person.media),
        (sessions, None, Media::default())
    );
    assert!(stage.meeting.facts.hands.is_empty());
    let standing = stage.meeting.facts.standing(stage.now, person).unwrap();
    let expected = WaitingStanding {
        position: 2,
        reason: WaitReason::Approval,
        host_present: true,
        message: Some("one moment".into()),
    };
    assert_eq!(standing, expected);
    assert_eq!(stage.meeting.facts.present, 3);
    assert_eq!(stage.meeting.facts, stage.replayed());
    stage.ask(OWNER, admit(5)).unwrap();
    assert_eq!(came_in(&stage, 5), Some(Via::Approval));
    assert_eq!(stage.person(5).told, None);
}

#[test]
fn of_being_sent_back_all_hear_but_the_person_who_is_told_alone_with_staff() {
    let mut stage = open_meeting();
    stage.ask(OWNER, back(5, Some("one moment"))).unwrap();
    let [.., left, returned] = &stage.journal[..] else { panic!() };
    assert_eq!(
        left.fact,
        Fact::ParticipantLeft { participant: at(5), reason: LeaveReason::Waiting }
    );
    assert!(!returned.fact.to_row().1.contains("one moment"), "a text is personal");
    for (user, hears_left, hears_returned) in [
        (OWNER, true, true),
        (3, true, true),
        (6, true, false),
        // Who sees nothing of the meeting from that event on, but what names them.
        (5, false, true),
    ] {
        let view = &stage.person(user).view;
        assert_eq!(left.audience.includes(view), hears_left, "{user}");
        assert_eq!(returned.audience.includes(view), hears_returned, "{user}");
    }
    assert_eq!(stage.person(5).view_since, returned.seq);
    stage.ask(6, say("is she gone?", None)).unwrap();
    assert!(!stage.journal.last().unwrap().audience.includes(&stage.person(5).view));
}

#[test]
fn one_sent_back_needs_approval_until_it_is_given_however_they_come() {
    let mut stage = open_meeting();
    invite_user(&mut stage, 5);
    stage.ask(OWNER, back(5, None)).unwrap();
    stage.pass(3600);
    assert!(stage.person(5).is_waiting(), "also where the waiting room is off");
    stage.ask(5, leave()).unwrap();
    assert_eq!(come(&mut stage, 5, |_| {}), Waits(WaitReason::Approval), "leaving is no way in");
    stage.ask(OWNER, admit(5)).unwrap();
    stage.ask(5, leave()).unwrap();
    assert_eq!(come(&mut stage, 5, |_| {}), In(Via::Open), "once let in, it is over");
    stage.ask(OWNER, back(2, None)).unwrap();
    stage.ask(2, leave()).unwrap();
    assert_eq!(come(&mut stage, 2, |_| {}), Waits(WaitReason::Approval), "a co-host too");
}

#[test]
fn one_sends_back_who_is_in_and_of_a_lower_rank() {
    let mut stage = open_meeting();
    stage.enter(7).unwrap();
    stage.ask(7, leave()).unwrap();
    let limit = WAITING_TEXT_CHARS_MAX;
    let no = |last| Err(Refusal::NotFound { what: "participant", last });
    for (by, ask, refusal) in [
        (5, back(6, None), Err(Refusal::Forbidden(Permission::ParticipantSendToWaiting))),
        (3, back(77, None), no(None)),
        (3, back(2, None), Err(Refusal::RankTooLow)),
        (2, back(OWNER, None), Err(Refusal::RankTooLow)),
        (3, back(7, None), no(Some("left"))),
        (3, back(5, Some(&"é".repeat(501))), Err(Refusal::TooLarge { field: "message", limit })),
    ] {
        let before = stage.meeting.facts.clone();
        assert_eq!(stage.ask(by, ask.clone()), refusal, "{by}: {ask:?}");
        assert_eq!(stage.meeting.facts, before);
    }
    let oneself = stage.ask(3, back(3, None));
    assert!(matches!(oneself, Err(Refusal::Invalid { field: "participant", .. })));
    stage.ask(3, back(5, None)).unwrap();
    assert_eq!(stage.ask(3, back(5, None)), no(Some("waiting")), "who waits is not in");
}

#[test]
fn one_is_sent_back_only_where_there_is_room_to_wait() {
    let mut stage = waiting_room(|created| created.settings.max_waiting = 1, &[5]);
    stage.ask(OWNER, admit(5)).unwrap();
    stage.enter(6).unwrap();
    assert_eq!(stage.ask(OWNER, back(5, None)), Err(Refusal::WaitingRoomFull));
    assert!(stage.is_in(5));
    stage.ask(OWNER, admit(6)).unwrap();
    stage.ask(OWNER, back(5, None)).unwrap();
}

#[test]
fn the_seat_of_one_sent_back_is_free() {
    let mut stage = waiting_room(|created| created.max_participants = Some(3), &[5, 6]);
    stage.ask(OWNER, admit(5)).unwrap();
    assert_eq!(stage.ask(OWNER, admit(6)), Err(Refusal::Full));
    stage.ask(OWNER, back(5, None)).unwrap();
    stage.ask(OWNER, admit(6)).unwrap();
    assert_eq!(reason(&stage, 5), WaitReason::Full);
    assert_eq!(stage.ask(OWNER, admit(5)), Err(Refusal::Full));
}

#[test]
fn staff_sees_who_of_those_waiting_is_invited() {
    let mut stage =
        waiting_room(|created| created.settings.waiting_passes = vec![Pass::Staff], &[5]);
    invite_user(&mut stage, 6);
    stage.enter(6).unwrap();
    let invited = |stage: &Stage| -> Vec<bool> {
        let entries = stage.meeting.facts.waiting_entries(stage.now);
        entries.iter().map(|entry| entry.invited).collect()
    };
    assert_eq!(invited(&stage), [false, true]);
    let waiting = stage.journal.iter().rev().find_map(|event| match event.fact {
        Fact::ParticipantWaiting { invited, .. } => Some((event, invited)),
        _ => None,
    });
    let (event, invited_then) = waiting.unwrap();
    assert!(invited_then);
    assert_eq!(event.audience, Audience::holders(Permission::ParticipantAdmit));
    invite_user(&mut stage, 5);
    assert_eq!(invited(&stage), [true, true], "as it is now");
    assert!(stage.person(5).is_waiting(), "and an invitation lets nobody in who waits");
}
