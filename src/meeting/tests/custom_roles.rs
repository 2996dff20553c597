//! Custom roles: what may be defined, given to whom, changed and removed; and how far guests rise.

use std::collections::BTreeMap;
use std::sync::Arc;

use quorate_protocol::*;

use super::stage::*;
use super::tables::full_cast;
use crate::meeting::custom_roles::{Definer, ServerRoles};
use crate::meeting::roles::RoleSource;
use crate::meeting::{Decision, Input, Refusal};
use Permission as P;

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
fn a_custom_role_is_checked_by_its_definer() {
    let mut stage = full_cast();
    stage.ask(OWNER, grant(2, &[P::RoleDefine])).unwrap();
    let helper = define("helper");
    let plain = || helper.clone();
    for (ask, code, at) in [
        (RoleDefine { rank: 20, ..plain() }, Code::Invalid, "rank"),
        (RoleDefine { rank: 80, ..plain() }, Code::Invalid, "rank"),
        (RoleDefine { based_on: Role::CoHost, ..plain() }, Code::Invalid, "based_on"),
        (RoleDefine { based_on: role("helper"), ..plain() }, Code::Invalid, "based_on"),
        (RoleDefine { label: " ".into(), ..plain() }, Code::Invalid, "label"),
        (RoleDefine { label: "a\u{202E}b".into(), ..plain() }, Code::Invalid, "label"),
        (RoleDefine { label: "x".repeat(81), ..plain() }, Code::TooLarge, "label"),
        (RoleDefine { denies: vec![P::FeedbackSubmit], ..plain() }, Code::Invalid, "denies"),
        (
            RoleDefine { grants: vec![P::MediaShare], denies: vec![P::MediaShare], ..plain() },
            Code::Invalid,
            "denies",
        ),
        (
            RoleDefine { grants: vec![P::ParticipantAdmit], ..plain() },
            Code::Forbidden,
            "participant.admit",
        ),
    ] {
        let refusal = stage.ask(OWNER, Command::RoleDefine(ask.clone())).unwrap_err();
        let error = ErrorBody::from(&refusal);
        let named = error.field.or(error.permission.map(|it| it.name().to_owned()));
        assert_eq!((error.code, named.as_deref()), (code, Some(at)), "{ask:?}");
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
    assert!(is_already(&stage.ask(OWNER, Command::RoleDefine(helper))));
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
fn a_custom_role_that_the_settings_name_stays() {
    let mut stage = full_cast();
    let remove = || Command::RoleRemove(RoleOnly { key: key("helper") });
    let policy = |policy: Policy| Command::MeetingPolicy(Box::new(policy));
    stage.ask(OWNER, Command::RoleDefine(define("helper"))).unwrap();
    for (named, unnamed) in [
        (
            Policy { guest_max_role: Some(role("helper")), ..Policy::default() },
            Policy { guest_max_role: Some(Role::Presenter), ..Policy::default() },
        ),
        (
            Policy {
                grants: Some([(role("helper"), vec![P::MediaShare])].into()),
                ..Policy::default()
            },
            Policy { grants: Some([].into()), ..Policy::default() },
        ),
    ] {
        stage.ask(OWNER, policy(named)).unwrap();
        assert!(matches!(stage.ask(OWNER, remove()), Err(Refusal::Conflict(_))));
        stage.ask(OWNER, policy(unnamed)).unwrap();
    }
    assert!(stage.ask(OWNER, remove()).is_ok());
}

#[test]
fn a_meeting_has_at_most_fifty_custom_roles() {
    let mut stage = full_cast();
    for number in 0..50 {
        stage.ask(OWNER, Command::RoleDefine(define(&format!("r{number}")))).unwrap();
    }
    let full = |answer: Result<Decision, Refusal>| {
        assert!(matches!(answer, Err(Refusal::TooMany { limit: 50, .. })), "{answer:?}");
    };
    full(stage.ask(OWNER, Command::RoleDefine(define("one_more"))));
    let changed = RoleDefine { rank: 31, ..define("r7") };
    assert!(stage.ask(OWNER, Command::RoleDefine(changed)).is_ok());
    stage.meeting.server_roles = server(&[define("one_more")], None);
    full(stage.ask(OWNER, assign(5, role("one_more"))));
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
