//! Who may give what to whom in person: the rules of rank, grants and memory.

use quorate_protocol::*;

use super::stage::*;
use super::tables::full_cast;
use crate::meeting::event::Fact;
use crate::meeting::{Input, Refusal, Renewed};
use Permission as P;

const SHARE: &[P] = &[P::MediaShare];

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
fn r2_a_deny_of_another_role_is_lifted_only_by_who_could_give_it() {
    let mut stage = full_cast();
    stage.ask(OWNER, grant(3, &[P::RoleAssign])).unwrap();
    stage.ask(OWNER, cohost(4)).unwrap();
    stage.ask(OWNER, deny(4, &[P::RecordingControl])).unwrap();
    stage.ask(OWNER, Command::CohostRemove(UserOnly { user: UserId(4) })).unwrap();
    assert_eq!(stage.ask(3, reset(4, None)), Err(Refusal::Forbidden(P::RecordingControl)));
    stage.ask(OWNER, cohost(4)).unwrap();
    assert!(!may(&stage, 4, P::RecordingControl), "as the host wanted it");
    stage.ask(OWNER, reset(4, None)).unwrap();
    assert!(may(&stage, 4, P::RecordingControl));
}

#[test]
fn who_takes_what_is_taken_already_renews_nobody() {
    let mut stage = full_cast();
    stage.ask(OWNER, deny(5, &[P::ChatSend])).unwrap();
    let locks = Some(vec![P::ChatSend]);
    let policy = Policy { locks, ..Policy::default() };
    stage.ask(OWNER, Command::MeetingPolicy(Box::new(policy))).unwrap();
    let mut before = stage.replayed();
    let mut locked = stage.journal.last().unwrap().clone();
    let unlocked = Policy { locks: Some(Vec::new()), ..Policy::default() };
    locked.seq = before.head.next();
    locked.fact = Fact::MeetingPolicyChanged { changes: Box::new(unlocked), has_passcode: None };
    let Renewed::People(renewed) = before.apply(&locked) else { panic!("others are") };
    assert_eq!(renewed, [at(4), at(100)], "5 may not write either way, for the same reason");
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
    let given = stage.ask(OWNER, grant(200, &[P::ChatSend]));
    assert!(matches!(given, Err(Refusal::Conflict(_))), "nor what it has by its token");
    assert!(!may(&stage, 200, P::ChatSend));
    stage.ask(OWNER, reset(200, None)).unwrap();
    assert!(may(&stage, 200, P::ChatSend));
}
