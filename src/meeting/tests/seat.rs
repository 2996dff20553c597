//! The host's seat: one host, who succeeds, who takes it back.

use quorate_protocol::*;

use super::stage::*;
use super::tables::full_cast;
use crate::meeting::event::Fact;
use crate::meeting::{Decision, Input, Refusal};
use Permission as P;

/// The last `host.changed`: from, to, acting.
fn seat(stage: &Stage) -> (Option<ParticipantId>, ParticipantId, bool) {
    let changed = stage.journal.iter().rev().find_map(|event| match &event.fact {
        Fact::HostChanged { from, to, acting_for, .. } => Some((*from, *to, acting_for.is_some())),
        _ => None,
    });
    changed.expect("the seat changed")
}

#[test]
fn r3_a_transfer_is_one_event_and_the_old_host_is_co_host() {
    let mut stage = full_cast();
    stage.ask(OWNER, transfer(2)).unwrap();
    assert_eq!(stage.last(1), ["host.changed"]);
    assert_eq!(seat(&stage), (Some(at(OWNER)), at(2), false));
    assert_eq!((role_of(&stage, 2), role_of(&stage, OWNER)), (Role::Host, Role::CoHost));
    assert_eq!(stage.meeting.facts.co_hosts, [UserId(OWNER)], "the new one is none any longer");
    assert!(may(&stage, 2, P::MeetingDelete) && !may(&stage, OWNER, P::MeetingEnd));
    assert_eq!(stage.meeting.facts.meeting_info().host.id, UserId(2));
}

#[test]
fn r3_the_seat_goes_to_a_member_who_is_in() {
    let mut stage = full_cast();
    stage.enter(6).unwrap();
    stage.ask(6, leave()).unwrap();
    assert_eq!(stage.ask(2, transfer(3)), Err(Refusal::Forbidden(P::RoleTransferHost)));
    let oneself = stage.ask(OWNER, transfer(OWNER));
    assert!(matches!(oneself, Err(Refusal::Invalid { field: "participant", .. })));
    assert!(matches!(stage.ask(OWNER, transfer(100)), Err(Refusal::Conflict(_))), "a guest");
    let gone = Refusal::NotFound { what: "participant", last: Some("left") };
    assert_eq!(stage.ask(OWNER, transfer(6)), Err(gone));
    let unknown = Refusal::NotFound { what: "participant", last: None };
    assert_eq!(stage.ask(OWNER, transfer(4711)), Err(unknown));
}

#[test]
fn r3_there_are_no_more_co_hosts_than_the_settings_say() {
    let mut stage = Stage::new(|created| created.settings.max_cohosts = 1);
    for user in 1..=4 {
        stage.enter(user).unwrap();
    }
    stage.ask(OWNER, cohost(2)).unwrap();
    let full = |answer: Result<Decision, Refusal>| {
        assert!(matches!(answer, Err(Refusal::TooMany { limit: 1, .. })), "{answer:?}");
    };
    full(stage.ask(OWNER, cohost(3)));
    full(stage.ask(OWNER, transfer(3)));
    full(stage.ask(OWNER, Command::Leave(Leave { successor: Some(at(3)) })));
    assert!(stage.is_in(OWNER));
    stage.ask(OWNER, transfer(2)).unwrap();
    stage.ask(OWNER, reclaim()).unwrap();
    assert_eq!(stage.meeting.facts.co_hosts, [UserId(2)], "they change places");
}

#[test]
fn r3_a_reclaim_is_the_owners_alone() {
    let mut stage = full_cast();
    assert!(is_already(&stage.ask(OWNER, reclaim())));
    stage.ask(OWNER, transfer(3)).unwrap();
    for user in [2, 3, 5] {
        assert_eq!(stage.ask(user, reclaim()), Err(Refusal::Forbidden(P::RoleTransferHost)));
    }
    stage.ask(OWNER, reclaim()).unwrap();
    assert_eq!(seat(&stage), (Some(at(3)), at(OWNER), false));
    assert_eq!((role_of(&stage, OWNER), role_of(&stage, 3)), (Role::Host, Role::CoHost));
}

#[test]
fn r4_the_co_host_appointed_earliest_acts_then_the_moderator_who_came_first() {
    let mut stage = full_cast();
    stage.enter(6).unwrap();
    stage.ask(OWNER, cohost(4)).unwrap();
    stage.ask(OWNER, assign(6, Role::Moderator)).unwrap();
    stage.ask(OWNER, leave()).unwrap();
    assert_eq!(stage.last(3), ["participant.left", "session.closed", "host.changed"]);
    assert_eq!(seat(&stage), (Some(at(OWNER)), at(2), true));
    stage.ask(2, leave()).unwrap();
    assert_eq!(seat(&stage), (Some(at(2)), at(4), true), "and acts for the same");
    assert_eq!(stage.meeting.facts.info.acting_for, Some(UserId(OWNER)));
    stage.ask(4, leave()).unwrap();
    assert_eq!(seat(&stage).1, at(3), "moderators: 3 came before 6");
    stage.ask(3, leave()).unwrap();
    assert_eq!(seat(&stage).1, at(6));
    let roles = [2, 3, 4, 6].map(|user| role_of(&stage, user));
    assert_eq!(roles, [Role::CoHost, Role::Moderator, Role::CoHost, Role::Host]);
}

#[test]
fn r4_the_host_is_gone_with_the_grace_and_whoever_is_lost_does_not_succeed() {
    let mut stage = full_cast();
    lose(&mut stage, OWNER);
    lose(&mut stage, 2);
    stage.pass(59);
    assert_eq!(role_of(&stage, OWNER), Role::Host);
    stage.pass(1);
    assert_eq!(seat(&stage).1, at(3), "the co-host went with the same second");
}

#[test]
fn r4_where_nobody_may_the_first_who_may_does_and_never_a_guest_a_bot_or_one_who_waits() {
    let mut stage = Stage::new(|created| {
        created.settings.guest_max_role = Role::Moderator;
        created.requires_approval = true;
    });
    stage.enter(OWNER).unwrap();
    for user in [2, 3, 100] {
        stage.enter(user).unwrap();
        stage.ask(OWNER, admit(user)).unwrap();
    }
    stage.ask(OWNER, assign(100, Role::Moderator)).unwrap();
    stage.enter(4).unwrap();
    stage.ask(OWNER, assign(4, Role::Moderator)).unwrap();
    stage.ask(OWNER, leave()).unwrap();
    stage.pass(3600);
    assert_eq!(stage.meeting.facts.info.host, UserId(OWNER), "nobody acts");
    stage.ask(100, admit(4)).unwrap();
    assert_eq!(seat(&stage), (Some(at(OWNER)), at(4), true), "as soon as someone may");
}

#[test]
fn r4_an_acting_host_lacks_five_permissions() {
    let mut stage = full_cast();
    stage.ask(OWNER, leave()).unwrap();
    for (permission, command) in [
        (P::RoleTransferHost, transfer(5)),
        (P::RoleTransferHost, Command::Leave(Leave { successor: Some(at(5)) })),
        (P::RoleAssignCohost, cohost(5)),
        (P::RoleDefine, Command::RoleDefine(define("scribe"))),
    ] {
        assert_eq!(stage.ask(2, command), Err(Refusal::Forbidden(permission)));
    }
    assert!(!may(&stage, 2, P::MeetingDelete) && !may(&stage, 2, P::ReportIndividual));
    assert!(stage.ask(2, empty(Command::MeetingEnd)).is_ok());
}

#[test]
fn r4_who_lost_the_seat_takes_it_back_by_coming_in() {
    let mut stage = full_cast();
    stage.ask(OWNER, leave()).unwrap();
    stage.ask(2, empty(Command::MeetingLock)).unwrap();
    stage.enter(OWNER).unwrap();
    assert_eq!(stage.last(3), ["host.changed", "participant.joined", "session.opened"]);
    assert_eq!(seat(&stage), (Some(at(2)), at(OWNER), false));
    let joined = stage.journal.iter().rev().find_map(|event| match &event.fact {
        Fact::ParticipantJoined { role, .. } => Some(*role),
        _ => None,
    });
    assert_eq!((joined, role_of(&stage, 2)), (Some(Role::Host), Role::CoHost), "as before");
    assert_eq!(stage.meeting.facts.co_hosts, [UserId(2)]);
    assert!(may(&stage, OWNER, P::RoleTransferHost));
}

#[test]
fn r4_to_whom_it_was_transferred_comes_back_through_a_locked_door_into_a_full_meeting() {
    let mut stage = Stage::new(|created| created.max_participants = Some(4));
    for user in 1..=3 {
        stage.enter(user).unwrap();
    }
    stage.ask(OWNER, cohost(2)).unwrap();
    stage.ask(OWNER, transfer(3)).unwrap();
    stage.ask(OWNER, leave()).unwrap();
    stage.ask(3, leave()).unwrap();
    assert_eq!(seat(&stage), (Some(at(3)), at(2), true));
    stage.enter(4).unwrap();
    stage.enter(5).unwrap();
    assert_eq!(stage.enter(6), Err(Refusal::Full), "a seat is kept for host or owner");
    stage.ask(2, empty(Command::MeetingLock)).unwrap();
    stage.enter(3).unwrap();
    assert_eq!(seat(&stage), (Some(at(2)), at(3), false));
    assert_eq!(role_of(&stage, OWNER), Role::CoHost);
}

#[test]
fn r4_the_owner_takes_the_seat_from_an_acting_host_and_after_a_transfer_by_asking_alone() {
    let mut stage = full_cast();
    stage.ask(OWNER, transfer(4)).unwrap();
    stage.ask(OWNER, leave()).unwrap();
    stage.enter(OWNER).unwrap();
    assert_eq!(role_of(&stage, 4), Role::Host, "host in full");
    stage.ask(OWNER, leave()).unwrap();
    stage.ask(4, leave()).unwrap();
    assert_eq!(seat(&stage), (Some(at(4)), at(2), true));
    stage.enter(OWNER).unwrap();
    assert_eq!(seat(&stage), (Some(at(2)), at(OWNER), false));
    assert_eq!(stage.meeting.facts.co_hosts, [UserId(2), UserId(4)], "who lost it is co-host");
    stage.enter(4).unwrap();
    assert_eq!(role_of(&stage, 4), Role::CoHost);
}

#[test]
fn r4_of_two_who_are_let_in_at_once_the_first_takes_the_seat() {
    for first in [OWNER, 4] {
        let mut stage = full_cast();
        stage.ask(OWNER, transfer(4)).unwrap();
        stage.ask(OWNER, leave()).unwrap();
        stage.ask(4, leave()).unwrap();
        assert_eq!(seat(&stage), (Some(at(4)), at(2), true));
        let policy = |seats: u32, approval: bool| {
            let max_participants = Some(Some(seats));
            let requires_approval = Some(approval);
            Command::MeetingPolicy(Box::new(Policy {
                max_participants,
                requires_approval,
                ..Policy::default()
            }))
        };
        stage.ask(2, policy(2, true)).unwrap();
        let second = if first == OWNER { 4 } else { OWNER };
        for user in [first, second] {
            stage.enter(user).unwrap();
            assert!(stage.person(user).is_waiting(), "there is no seat");
        }
        // All at once, before each would come in by themselves.
        let seats = Policy { max_participants: Some(None), ..Policy::default() };
        let session = stage.person(2).sessions[0];
        let command = Command::MeetingPolicy(Box::new(seats));
        stage.take(&Input::Command { session, command }).unwrap();
        stage.take(&Input::Command { session, command: admit_all(None) }).unwrap();
        stage.settle();
        assert_eq!(role_of(&stage, first), Role::Host);
        assert_eq!(role_of(&stage, second), Role::CoHost);
        let joined = stage.journal.iter().rev().filter_map(|event| match &event.fact {
            Fact::ParticipantJoined { role, .. } => Some(*role),
            _ => None,
        });
        assert_eq!(joined.take(2).collect::<Vec<_>>(), [Role::CoHost, Role::Host]);
        assert_eq!(stage.meeting.facts, stage.replayed());
    }
}

#[test]
fn r3_a_meeting_is_made_with_no_more_co_hosts_than_its_settings_say() {
    let make = |max_cohosts| {
        let (mut stage, mut created) = Stage::before(|created| {
            created.co_hosts = vec![UserId(2), UserId(3)];
        });
        created.settings.max_cohosts = max_cohosts;
        let (created, owner_name) = (Box::new(created), "User 1".into());
        stage.take(&Input::Create { created, owner_name, invitees: Vec::new() }).map(drop)
    };
    assert_eq!(make(1), Err(Refusal::TooLarge { field: "co_hosts", limit: 1 }));
    assert_eq!(make(2), Ok(()));
}

#[test]
fn r4_for_whom_another_acts_passes_the_waiting_room_as_a_host_does() {
    let mut stage = Stage::new(|created| {
        created.requires_approval = true;
        created.settings.waiting_passes = Vec::new();
    });
    stage.enter(OWNER).unwrap();
    for user in [2, 3] {
        stage.enter(user).unwrap();
        stage.ask(OWNER, admit(user)).unwrap();
    }
    stage.ask(OWNER, cohost(2)).unwrap();
    stage.ask(OWNER, transfer(3)).unwrap();
    stage.ask(OWNER, leave()).unwrap();
    stage.ask(3, leave()).unwrap();
    assert_eq!(seat(&stage), (Some(at(3)), at(2), true));
    stage.enter(3).unwrap();
    assert_eq!((stage.is_in(3), role_of(&stage, 3)), (true, Role::Host));
}

#[test]
fn a_co_host_who_must_wait_does_not_wait_in_a_meeting_that_ended() {
    let mut stage = full_cast();
    let participant = at(2);
    let back = SendToWaiting { participant, message: None };
    stage.ask(OWNER, Command::ParticipantSendToWaiting(back)).unwrap();
    stage.ask(OWNER, empty(Command::MeetingEnd)).unwrap();
    assert_eq!(stage.enter(2), Err(Refusal::Ended), "there is nobody to let them in");
    stage.enter(OWNER).unwrap();
    stage.enter(2).unwrap();
    assert!(stage.person(2).is_waiting());
}

#[test]
fn r4_the_owner_who_acts_asks_to_be_host_in_full() {
    let mut stage = full_cast();
    stage.ask(OWNER, Command::CohostRemove(UserOnly { user: UserId(2) })).unwrap();
    stage.ask(OWNER, transfer(4)).unwrap();
    stage.ask(4, leave()).unwrap();
    assert_eq!(seat(&stage), (Some(at(4)), at(OWNER), true));
    assert!(!may(&stage, OWNER, P::RoleTransferHost));
    stage.ask(OWNER, reclaim()).unwrap();
    assert_eq!(seat(&stage), (Some(at(OWNER)), at(OWNER), false));
    assert!(may(&stage, OWNER, P::RoleTransferHost));
    stage.enter(4).unwrap();
    assert_eq!(role_of(&stage, 4), Role::CoHost);
}

#[test]
fn r4_the_seat_is_held_where_the_settings_say_so() {
    let mut stage = Stage::new(|created| created.settings.succession = Succession::Hold);
    stage.enter(OWNER).unwrap();
    stage.enter(2).unwrap();
    stage.ask(OWNER, cohost(2)).unwrap();
    stage.ask(OWNER, leave()).unwrap();
    stage.pass(86_400);
    assert_eq!(stage.last(2), ["participant.left", "session.closed"]);
    assert_eq!(role_of(&stage, OWNER), Role::Host);
}

#[test]
fn r4_the_meeting_ends_after_its_host_where_the_settings_say_so() {
    let mut stage = Stage::new(|created| {
        created.settings.succession = Succession::EndAfter;
        created.settings.end_after_minutes = 3;
    });
    stage.enter(2).unwrap();
    stage.pass(3600);
    assert!(stage.is_in(2), "a host who never came is not gone");
    stage.enter(OWNER).unwrap();
    stage.ask(OWNER, leave()).unwrap();
    stage.pass(179);
    stage.enter(OWNER).unwrap();
    stage.pass(3600);
    assert!(stage.is_in(2), "a host is back");
    stage.ask(OWNER, leave()).unwrap();
    stage.pass(179);
    assert!(stage.is_in(2));
    stage.pass(1);
    let ended = stage.journal.last().map(|event| event.fact.clone());
    assert_eq!(ended, Some(Fact::MeetingEnded { reason: EndReason::HostGone }));
}

#[test]
fn r4_before_the_start_and_after_the_end_nobody_succeeds() {
    let mut stage = Stage::new(|created| {
        created.starts_at = Some(Timestamp(1_700_000_000_000 + 3_600_000));
        created.co_hosts = vec![UserId(2)];
    });
    stage.enter(OWNER).unwrap();
    stage.enter(2).unwrap();
    stage.ask(OWNER, leave()).unwrap();
    assert_eq!(role_of(&stage, 2), Role::CoHost);
    stage.pass(3600);
    assert_eq!(seat(&stage).1, at(2), "with the start they do");
    stage.ask(2, empty(Command::MeetingEnd)).unwrap();
    assert_eq!(stage.last(1), ["meeting.ended"]);
}

#[test]
fn r5_a_host_who_leaves_names_the_next_host() {
    let mut stage = full_cast();
    let naming = |user: i64| Command::Leave(Leave { successor: Some(at(user)) });
    for user in [2, 5, 100] {
        assert_eq!(stage.ask(user, naming(3)), Err(Refusal::Forbidden(P::RoleTransferHost)));
    }
    let oneself = stage.ask(OWNER, naming(OWNER));
    assert!(matches!(oneself, Err(Refusal::Invalid { field: "successor", .. })));
    assert!(matches!(stage.ask(OWNER, naming(100)), Err(Refusal::Conflict(_))));
    assert!(matches!(stage.ask(OWNER, naming(4711)), Err(Refusal::NotFound { .. })));
    assert!(stage.is_in(OWNER), "a refusal changes nothing");
    stage.ask(OWNER, naming(5)).unwrap();
    assert_eq!(stage.last(3), ["host.changed", "participant.left", "session.closed"]);
    assert_eq!(seat(&stage), (Some(at(OWNER)), at(5), false));
    assert!(may(&stage, 5, P::RoleTransferHost), "in full");
    stage.enter(OWNER).unwrap();
    assert_eq!((role_of(&stage, OWNER), role_of(&stage, 5)), (Role::CoHost, Role::Host));
}
