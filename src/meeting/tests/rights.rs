//! Who may give what to whom: the rules of rank, grants, the host's seat, guests, memory; custom roles.

use std::collections::BTreeMap;
use std::sync::Arc;

use quorate_protocol::*;

use super::stage::*;
use super::tables::full_cast;
use crate::meeting::custom::{Definer, ServerRoles};
use crate::meeting::event::Fact;
use crate::meeting::roles::RoleSource;
use crate::meeting::{Decision, Input, Refusal};
use Permission as P;

const SHARE: &[P] = &[P::MediaShare];

fn role(key: &str) -> Role {
    Role::of(key).unwrap()
}

fn key(key: &str) -> RoleKey {
    RoleKey::new(key).unwrap()
}

fn role_of(stage: &Stage, user: i64) -> Role {
    stage.meeting.facts.role_of(UserId(user))
}

fn may(stage: &Stage, user: i64, permission: P) -> bool {
    stage.person(user).view.permissions.has(permission)
}

fn is_already(answer: &Result<Decision, Refusal>) -> bool {
    answer.as_ref().is_ok_and(|decision| decision.events.is_empty())
}

/// The last `host.changed`: from, to, acting.
fn seat(stage: &Stage) -> (Option<ParticipantId>, ParticipantId, bool) {
    let changed = stage.journal.iter().rev().find_map(|event| match &event.fact {
        Fact::HostChanged { from, to, acting_for, .. } => Some((*from, *to, acting_for.is_some())),
        _ => None,
    });
    changed.expect("the seat changed")
}

fn lose(stage: &mut Stage, user: i64) {
    let session = stage.person(user).sessions[0];
    stage.take(&Input::Lost { session }).unwrap();
    stage.settle();
}

#[test]
fn r1_the_checks_come_in_their_order() {
    let mut stage = full_cast();
    let nobody = 4711;
    assert_eq!(stage.ask(5, grant(nobody, SHARE)), Err(Refusal::Forbidden(P::RoleAssign)));
    let unknown = Refusal::NotFound { what: "participant", last: None };
    assert_eq!(stage.ask(2, grant(nobody, SHARE)), Err(unknown));
    assert_eq!(stage.ask(2, grant(OWNER, &[])), Err(Refusal::RankTooLow), "rank, then the rest");
    let empty = stage.ask(2, grant(5, &[]));
    assert!(matches!(empty, Err(Refusal::Invalid { field: "permissions", .. })));
}

#[test]
fn r1_grants_and_denies_are_for_lower_ranks_only() {
    let mut stage = full_cast();
    stage.ask(OWNER, cohost(3)).unwrap();
    for command in [grant, deny] {
        for target in [OWNER, 2, 3] {
            let refused = stage.ask(2, command(target, &[P::MeetingUpdate]));
            assert_eq!(refused, Err(Refusal::RankTooLow), "{target}: above, oneself, a peer");
        }
        assert_eq!(stage.ask(OWNER, command(OWNER, SHARE)), Err(Refusal::RankTooLow));
    }
    assert_eq!(stage.ask(2, reset(3, None)), Err(Refusal::RankTooLow));
}

#[test]
fn r1_the_owner_is_immune_after_a_transfer_too() {
    let mut stage = full_cast();
    stage.ask(OWNER, transfer(5)).unwrap();
    for command in [
        deny(OWNER, &[P::HandRaise]),
        grant(OWNER, &[P::MeetingEnd]),
        remove(OWNER),
        ban(OWNER, None),
        assign(OWNER, Role::Attendee),
        Command::CohostRemove(UserOnly { user: UserId(OWNER) }),
    ] {
        assert_eq!(stage.ask(5, command.clone()), Err(Refusal::RankTooLow), "{command:?}");
    }
}

#[test]
fn r1_for_whom_another_acts_keeps_the_rank_of_the_host() {
    let mut stage = full_cast();
    stage.ask(OWNER, transfer(5)).unwrap();
    stage.ask(5, leave()).unwrap();
    assert_eq!(role_of(&stage, 2), Role::Host);
    for user in [OWNER, 2] {
        assert_eq!(stage.ask(user, ban(5, None)), Err(Refusal::RankTooLow));
    }
}

#[test]
fn r2_nobody_grants_what_he_lacks_nor_what_the_role_may_never_have() {
    let mut stage = full_cast();
    stage.ask(OWNER, grant(3, &[P::RoleAssign])).unwrap();
    assert!(stage.ask(3, grant(5, SHARE)).is_ok());
    let lacks = stage.ask(3, grant(5, &[P::PollCreate, P::RecordingView]));
    assert_eq!(lacks, Err(Refusal::Forbidden(P::RecordingView)), "none of the two is granted");
    assert!(!may(&stage, 5, P::PollCreate));
    assert_eq!(
        stage.ask(3, grant(5, &[P::ParticipantAdmit])),
        Err(Refusal::Forbidden(P::ParticipantAdmit))
    );
    assert_eq!(
        stage.ask(OWNER, grant(5, &[P::RoleAssign])),
        Err(Refusal::Forbidden(P::RoleAssign))
    );
    assert_eq!(stage.ask(2, grant(3, &[P::MeetingEnd])), Err(Refusal::Forbidden(P::MeetingEnd)));
    stage.ask(OWNER, grant(2, &[P::MeetingEnd, P::RoleAssignCohost])).unwrap();
    assert!(stage.ask(2, cohost(4)).is_ok(), "a co-host appoints co-hosts if granted");
}

#[test]
fn r2_to_lift_a_deny_is_to_give_and_to_deny_needs_nothing() {
    let mut stage = full_cast();
    stage.ask(OWNER, grant(3, &[P::RoleAssign])).unwrap();
    stage.ask(OWNER, deny(3, SHARE)).unwrap();
    stage.ask(3, deny(4, SHARE)).unwrap();
    assert!(!may(&stage, 4, P::MediaShare), "one takes what one lacks oneself");
    let lacks = Err(Refusal::Forbidden(P::MediaShare));
    assert_eq!(stage.ask(3, grant(4, SHARE)), lacks);
    assert_eq!(stage.ask(3, reset(4, None)), lacks);
    assert!(stage.ask(3, reset(4, Some(&[P::ChatSend]))).is_ok(), "what was not taken");
    stage.ask(OWNER, reset(4, None)).unwrap();
    assert!(may(&stage, 4, P::MediaShare));
}

#[test]
fn r2_a_role_is_given_with_what_one_has_oneself() {
    let mut stage = full_cast();
    let bouncer = RoleDefine {
        based_on: Role::Moderator,
        rank: 50,
        grants: vec![P::ParticipantBan],
        ..define("bouncer")
    };
    stage.ask(OWNER, Command::RoleDefine(bouncer)).unwrap();
    stage.ask(OWNER, grant(3, &[P::RoleAssign])).unwrap();
    let lacks = stage.ask(3, assign(5, role("bouncer")));
    assert_eq!(lacks, Err(Refusal::Forbidden(P::ParticipantBan)));
    stage.ask(OWNER, grant(3, &[P::ParticipantBan])).unwrap();
    assert!(stage.ask(3, assign(5, role("bouncer"))).is_ok());
    assert_eq!(stage.ask(3, assign(4, Role::Moderator)), Err(Refusal::RankTooLow));
}

#[test]
fn a_grant_lifts_a_deny_and_a_deny_a_grant_and_staff_and_the_person_hear_it() {
    let mut stage = full_cast();
    stage.ask(2, grant(5, SHARE)).unwrap();
    assert!(is_already(&stage.ask(OWNER, grant(5, SHARE))));
    stage.ask(2, deny(5, &[P::MediaShare, P::ChatSend])).unwrap();
    let (set, none): (PermissionSet, _) =
        ([P::MediaShare, P::ChatSend].into_iter().collect(), PermissionSet::NONE);
    assert_eq!((stage.person(5).grants, stage.person(5).denies), (none, set));
    let can = stage.meeting.facts.you(stage.person(5)).can;
    assert_eq!(can.0[&P::ChatSend], Grant::No(Denial::Denied));
    assert_eq!(can.0[&P::MediaShare], Grant::No(Denial::Role), "off anyway");
    assert!(is_already(&stage.ask(OWNER, deny(5, &[P::ChatSend]))));
    stage.ask(2, grant(5, &[P::ChatSend])).unwrap();
    assert!(may(&stage, 5, P::ChatSend) && !may(&stage, 5, P::MediaShare));
    let event = stage.journal.last().unwrap();
    let sees =
        [OWNER, 2, 3, 4, 5, 100].map(|user| event.audience.includes(&stage.person(user).view));
    assert_eq!(sees, [true, true, true, false, true, false]);
    stage.ask(2, reset(5, None)).unwrap();
    assert!(stage.person(5).denies.is_empty() && stage.person(5).grants.is_empty());
    assert!(is_already(&stage.ask(2, reset(5, None))));
}

#[test]
fn what_was_granted_for_a_role_is_idle_while_another_may_never_have_it() {
    let mut stage = full_cast();
    stage.ask(OWNER, grant(3, &[P::ParticipantBan])).unwrap();
    assert!(may(&stage, 3, P::ParticipantBan));
    stage.ask(OWNER, assign(3, Role::Presenter)).unwrap();
    assert!(!may(&stage, 3, P::ParticipantBan));
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

#[test]
fn r12_a_guest_rises_as_far_as_the_settings_say_by_rank() {
    let high = RoleDefine { rank: 41, ..define("high") };
    let low = RoleDefine { rank: 40, based_on: Role::Moderator, ..define("low") };
    for (most, moderator, above) in [
        (Role::Presenter, false, false),
        (Role::Moderator, true, true),
        (Role::Attendee, false, false),
    ] {
        let mut stage = Stage::new(|created| created.settings.guest_max_role = most);
        stage.enter(OWNER).unwrap();
        stage.enter(100).unwrap();
        stage.ask(OWNER, Command::RoleDefine(high.clone())).unwrap();
        stage.ask(OWNER, Command::RoleDefine(low.clone())).unwrap();
        let presents = most != Role::Attendee;
        for (given, allowed) in [
            (Role::Moderator, moderator),
            (role("high"), above),
            (role("low"), presents),
            (Role::Presenter, presents),
        ] {
            let answer = stage.ask(OWNER, assign(100, given));
            let refused = matches!(answer, Err(Refusal::Conflict(_)));
            assert_eq!((answer.is_ok(), refused), (allowed, !allowed), "{most:?} {given:?}");
        }
    }
}

#[test]
fn r12_a_role_is_not_lifted_above_the_guests_who_have_it() {
    let mut stage = full_cast();
    stage.ask(OWNER, Command::RoleDefine(define("helper"))).unwrap();
    stage.ask(OWNER, assign(100, role("helper"))).unwrap();
    let lifted = RoleDefine { rank: 41, ..define("helper") };
    let refused = stage.ask(OWNER, Command::RoleDefine(lifted.clone()));
    assert!(matches!(refused, Err(Refusal::InUse { used_by, .. }) if used_by == [at(100)]));
    stage.ask(OWNER, assign(100, Role::Attendee)).unwrap();
    assert!(stage.ask(OWNER, Command::RoleDefine(lifted)).is_ok());
}

#[test]
fn r13_what_was_given_in_person_is_kept_and_rights_follow_from_it_on_every_join() {
    let mut stage = full_cast();
    stage.ask(OWNER, grant(5, SHARE)).unwrap();
    stage.ask(OWNER, deny(5, &[P::ChatSend])).unwrap();
    stage.ask(5, leave()).unwrap();
    assert!(stage.person(5).view.permissions.is_empty(), "nothing while out");
    // Changed while they are away.
    stage.ask(OWNER, deny(5, &[P::HandRaise])).unwrap();
    stage.enter(5).unwrap();
    let has = [P::MediaShare, P::ChatSend, P::HandRaise].map(|it| may(&stage, 5, it));
    assert_eq!(has, [true, false, false]);
    lose(&mut stage, 5);
    let session = stage.person(5).sessions[0];
    stage.take(&Input::Resume { session, user: UserId(5) }).unwrap();
    stage.meeting.facts = stage.replayed();
    let last_alive = stage.now;
    stage.take(&Input::Recover { last_alive }).unwrap();
    let has = [P::MediaShare, P::ChatSend, P::HandRaise].map(|it| may(&stage, 5, it));
    assert_eq!(has, [true, false, false], "also from the journal");
    stage.enter(6).unwrap();
    stage.ask(6, leave()).unwrap();
    stage.ask(OWNER, assign(6, Role::Moderator)).unwrap();
    stage.ask(OWNER, remove(3)).unwrap();
    stage.ask(OWNER, assign(3, Role::Attendee)).unwrap();
    stage.enter(6).unwrap();
    stage.enter(3).unwrap();
    assert!(may(&stage, 6, P::ParticipantRemove) && stage.person(3).view.permissions.is_empty());
}

#[test]
fn who_may_admit_since_now_sees_who_waits_from_then_on() {
    let mut stage = Stage::new(|created| created.requires_approval = true);
    stage.enter(OWNER).unwrap();
    stage.enter(2).unwrap();
    stage.ask(OWNER, admit(2)).unwrap();
    stage.ask(OWNER, assign(2, Role::Presenter)).unwrap();
    stage.enter(3).unwrap();
    let waiting = |stage: &Stage| {
        stage.meeting.facts.snapshot(stage.person(2), stage.now).waiting.map(|line| line.len())
    };
    assert_eq!(waiting(&stage), None);
    stage.ask(OWNER, grant(2, &[P::ParticipantAdmit])).unwrap();
    assert_eq!(waiting(&stage), Some(1));
    assert!(stage.ask(2, admit(3)).is_ok());
}

#[test]
fn a_custom_role_is_checked_by_its_definer() {
    let mut stage = full_cast();
    stage.ask(OWNER, grant(2, &[P::RoleDefine])).unwrap();
    let helper = define("helper");
    let invalid = |field| move |no: &Refusal| matches!(no, Refusal::Invalid { field: at, .. } if *at == field);
    let cases: Vec<(RoleDefine, Box<dyn Fn(&Refusal) -> bool>)> = vec![
        (RoleDefine { rank: 20, ..helper.clone() }, Box::new(invalid("rank"))),
        (RoleDefine { rank: 80, ..helper.clone() }, Box::new(invalid("rank"))),
        (RoleDefine { based_on: Role::CoHost, ..helper.clone() }, Box::new(invalid("based_on"))),
        (RoleDefine { based_on: role("helper"), ..helper.clone() }, Box::new(invalid("based_on"))),
        (RoleDefine { label: " ".into(), ..helper.clone() }, Box::new(invalid("label"))),
        (RoleDefine { label: "a\u{202E}b".into(), ..helper.clone() }, Box::new(invalid("label"))),
        (
            RoleDefine { label: "x".repeat(81), ..helper.clone() },
            Box::new(|no| *no == Refusal::TooLarge { field: "label", limit: 80 }),
        ),
        (
            RoleDefine { denies: vec![P::FeedbackSubmit], ..helper.clone() },
            Box::new(invalid("denies")),
        ),
        (
            RoleDefine {
                grants: vec![P::MediaShare],
                denies: vec![P::MediaShare],
                ..helper.clone()
            },
            Box::new(invalid("denies")),
        ),
        (
            RoleDefine { grants: vec![P::ParticipantAdmit], ..helper.clone() },
            Box::new(|no| *no == Refusal::Forbidden(P::ParticipantAdmit)),
        ),
    ];
    for (ask, expected) in &cases {
        let refusal = stage.ask(OWNER, Command::RoleDefine(ask.clone())).unwrap_err();
        assert!(expected(&refusal), "{ask:?}: {refusal:?}");
    }
    stage.ask(OWNER, deny(2, &[P::RecordingView])).unwrap();
    let lacks = RoleDefine { grants: vec![P::RecordingView], ..helper.clone() };
    let refused = stage.ask(2, Command::RoleDefine(lacks.clone()));
    assert_eq!(refused, Err(Refusal::Forbidden(P::RecordingView)), "the definer lacks it");
    assert!(stage.ask(OWNER, Command::RoleDefine(lacks)).is_ok());
    let refused = stage.ask(3, Command::RoleDefine(helper));
    assert_eq!(refused, Err(Refusal::Forbidden(P::RoleDefine)));
    let low = Definer { rank: 50, permissions: PermissionSet::NONE };
    let ask = RoleDefine { rank: 50, ..define("peer") };
    assert_eq!(low.define(&ask, RoleSource::Meeting), Err(Refusal::RankTooLow));
}

#[test]
fn a_custom_role_is_given_changed_for_all_at_once_and_removed_when_nobody_has_it() {
    let mut stage = full_cast();
    let helper = RoleDefine { grants: vec![P::MediaShare], ..define("helper") };
    assert!(matches!(
        stage.ask(OWNER, assign(5, role("helper"))),
        Err(Refusal::Invalid { field: "role", .. })
    ));
    stage.ask(OWNER, Command::RoleDefine(helper.clone())).unwrap();
    assert!(is_already(&stage.ask(OWNER, Command::RoleDefine(helper.clone()))));
    for user in [5, 100] {
        stage.ask(2, assign(user, role("helper"))).unwrap();
        assert_eq!((role_of(&stage, user), stage.person(user).view.rank), (role("helper"), 30));
        assert!(may(&stage, user, P::MediaShare));
    }
    let changed = RoleDefine { rank: 35, denies: vec![P::ChatSend], ..define("helper") };
    stage.ask(OWNER, Command::RoleDefine(changed)).unwrap();
    assert_eq!(stage.meeting.facts.roles[&key("helper")].version, 2);
    for user in [5, 100] {
        let has = [P::MediaShare, P::ChatSend].map(|it| may(&stage, user, it));
        assert_eq!((has, stage.person(user).view.rank), ([false, false], 35));
    }
    stage.ask(5, leave()).unwrap();
    let only = |it: &str| Command::RoleRemove(RoleOnly { key: key(it) });
    let refused = stage.ask(OWNER, only("helper"));
    assert!(
        matches!(&refused, Err(Refusal::InUse { used_by, .. }) if *used_by == [at(5), at(100)]),
        "also who is out: {refused:?}"
    );
    assert_eq!(ErrorBody::from(&refused.unwrap_err()).used_by, [at(5), at(100)]);
    for user in [5, 100] {
        stage.ask(OWNER, assign(user, Role::Attendee)).unwrap();
    }
    stage.ask(OWNER, only("helper")).unwrap();
    assert!(stage.meeting.facts.snapshot(stage.person(2), stage.now).roles.is_empty());
    let gone = Refusal::NotFound { what: "role", last: None };
    assert_eq!(stage.ask(OWNER, only("helper")), Err(gone));
}

#[test]
fn a_meeting_has_at_most_fifty_custom_roles() {
    let mut stage = full_cast();
    for number in 0..50 {
        stage.ask(OWNER, Command::RoleDefine(define(&format!("r{number}")))).unwrap();
    }
    let full = Refusal::TooMany { message: "", limit: 50 };
    let same = |no: Result<Decision, Refusal>| {
        assert!(
            matches!((no, &full), (Err(Refusal::TooMany { limit: a, .. }), Refusal::TooMany { limit: b, .. }) if a == *b)
        );
    };
    same(stage.ask(OWNER, Command::RoleDefine(define("one_more"))));
    let changed = RoleDefine { rank: 31, ..define("r7") };
    assert!(stage.ask(OWNER, Command::RoleDefine(changed)).is_ok());
    stage.meeting.server_roles = server(&[define("one_more")], None);
    same(stage.ask(OWNER, assign(5, role("one_more"))));
}

/// The server's roles after these were defined one after another.
fn server(asks: &[RoleDefine], before: Option<&ServerRoles>) -> ServerRoles {
    let mut roles = before.map_or_else(BTreeMap::new, |before| BTreeMap::clone(before));
    for ask in asks {
        let role = Definer::admin().define(ask, RoleSource::Server).unwrap();
        if let Some(role) = role.after(roles.get(&ask.key)) {
            roles.insert(ask.key, role);
        }
    }
    Arc::new(roles)
}

fn take_over(stage: &mut Stage) -> usize {
    stage.take(&Input::ServerRoles).unwrap().events.len()
}

#[test]
fn a_role_of_the_server_enters_the_meeting_when_it_is_given() {
    let mut stage = full_cast();
    stage.meeting.server_roles = server(&[define("helper"), define("scribe")], None);
    assert_eq!(take_over(&mut stage), 0, "nobody has one");
    stage.ask(2, assign(5, role("helper"))).unwrap();
    assert_eq!(stage.last(2), ["role.defined", "role.assigned"]);
    assert_eq!(stage.journal.last().unwrap().by, Some(at(2)));
    stage.ask(2, assign(4, role("helper"))).unwrap();
    assert_eq!(stage.last(2), ["role.assigned", "role.assigned"], "once");
    // A newer version of it, and of one that is not in use.
    let newer = RoleDefine { rank: 50, ..define("helper") };
    let newer = server(
        &[newer, RoleDefine { rank: 50, ..define("scribe") }],
        Some(&stage.meeting.server_roles),
    );
    stage.meeting.server_roles = newer;
    assert_eq!((take_over(&mut stage), take_over(&mut stage)), (1, 0));
    assert_eq!(stage.journal.last().unwrap().by, None, "by the system");
    assert_eq!((stage.person(5).view.rank, stage.person(4).view.rank), (50, 50));
    // Removed there: it stays as long as someone has it.
    stage.meeting.server_roles = ServerRoles::default();
    assert_eq!(take_over(&mut stage), 0);
    for user in [4, 5] {
        stage.ask(OWNER, assign(user, Role::Attendee)).unwrap();
    }
    assert_eq!(take_over(&mut stage), 1);
    assert_eq!(stage.last(1), ["role.removed"]);
    assert_eq!(stage.meeting.facts, stage.replayed(), "nothing of it is from today's server");
}

#[test]
fn a_meetings_own_role_wins_over_the_servers() {
    let mut stage = full_cast();
    stage.ask(OWNER, Command::RoleDefine(RoleDefine { rank: 33, ..define("helper") })).unwrap();
    stage.meeting.server_roles = server(&[define("helper")], None);
    stage.ask(OWNER, assign(5, role("helper"))).unwrap();
    assert_eq!((stage.last(1), stage.person(5).view.rank), (vec!["role.assigned".into()], 33));
    assert_eq!(take_over(&mut stage), 0);
}

#[test]
fn a_newer_role_of_the_server_lifts_no_guest_too_high() {
    let mut stage = full_cast();
    stage.meeting.server_roles = server(&[define("helper")], None);
    stage.ask(OWNER, assign(100, role("helper"))).unwrap();
    let lifted = RoleDefine { rank: 60, ..define("helper") };
    stage.meeting.server_roles = server(&[lifted], Some(&stage.meeting.server_roles));
    assert_eq!(take_over(&mut stage), 0);
    assert_eq!(stage.person(100).view.rank, 30);
}

#[test]
fn a_bot_is_given_no_role() {
    let mut stage = full_cast();
    let bot = crate::meeting::Bot { owner: None, scopes: [P::ChatSend].into_iter().collect() };
    stage
        .take(&Input::Enter(crate::meeting::Enter {
            user: UserId(200),
            kind: UserKind::Bot,
            name: "Greeter".into(),
            email: None,
            bot: Some(bot),
            passcode: crate::meeting::Passcode::Missing,
            participant: at(200),
            session: SessionId(uuid::Uuid::from_u128(u128::MAX)),
        }))
        .unwrap();
    assert!(matches!(stage.ask(OWNER, assign(200, Role::Presenter)), Err(Refusal::Conflict(_))));
    assert!(matches!(stage.ask(OWNER, transfer(200)), Err(Refusal::Conflict(_))));
    let beyond = stage.ask(OWNER, grant(200, &[P::PollCreate]));
    assert_eq!(beyond, Err(Refusal::Forbidden(P::PollCreate)), "beyond its scopes");
    stage.ask(OWNER, deny(200, &[P::ChatSend])).unwrap();
    assert!(!may(&stage, 200, P::ChatSend));
    stage.ask(OWNER, grant(200, &[P::ChatSend])).unwrap();
    assert!(may(&stage, 200, P::ChatSend));
}
