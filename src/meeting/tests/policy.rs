//! The settings: what they may be, who may change them, and what changes with them at once.

use std::collections::BTreeMap;

use quorate_protocol::*;

use super::stage::*;
use super::tables::full_cast;
use crate::meeting::event::{Audience, Fact};
use crate::meeting::{Decision, Draft, Input, Meeting, Refusal, Terms};

fn change(policy: Policy) -> Command {
    Command::MeetingPolicy(Box::new(policy))
}

fn none() -> Policy {
    Policy::default()
}

fn grants(of: &[(Role, &[Permission])]) -> Policy {
    let grants: BTreeMap<_, _> = of.iter().map(|(role, list)| (*role, list.to_vec())).collect();
    Policy { grants: Some(grants), ..none() }
}

fn changed(stage: &Stage) -> Option<&Fact> {
    stage.journal.last().map(|event| &event.fact)
}

/// The field that a refusal names.
fn field(refused: Result<Decision, Refusal>) -> Option<String> {
    ErrorBody::from(&refused.expect_err("is refused")).field
}

/// Policies beyond the bounds, and the field with which each is refused.
fn wrong() -> Vec<(Policy, &'static str)> {
    let long = "x".repeat(64);
    let domains = |of: &[&str]| Some(of.iter().map(|it| (*it).to_owned()).collect());
    let many = Some((0..51).map(|n| format!("d{n}.org")).collect());
    vec![
        (Policy { max_participants: Some(Some(1)), ..none() }, "max_participants"),
        (Policy { max_participants: Some(Some(10_001)), ..none() }, "max_participants"),
        (Policy { max_waiting: Some(501), ..none() }, "max_waiting"),
        (Policy { max_bots: Some(51), ..none() }, "max_bots"),
        (Policy { max_cohosts: Some(26), ..none() }, "max_cohosts"),
        (Policy { end_when_empty_minutes: Some(Some(10_081)), ..none() }, "end_when_empty_minutes"),
        (Policy { end_after_minutes: Some(1441), ..none() }, "end_after_minutes"),
        (Policy { slow_mode_seconds: Some(3601), ..none() }, "slow_mode_seconds"),
        (Policy { waiting_message: Some(Some("x".repeat(501))), ..none() }, "waiting_message"),
        (Policy { waiting_message: Some(Some(" ".into())), ..none() }, "waiting_message"),
        (Policy { waiting_domains: many, ..none() }, "waiting_domains"),
        (Policy { waiting_domains: domains(&["org"]), ..none() }, "waiting_domains"),
        (Policy { waiting_domains: domains(&["a..org"]), ..none() }, "waiting_domains"),
        (Policy { waiting_domains: domains(&["-a.org"]), ..none() }, "waiting_domains"),
        (Policy { waiting_domains: domains(&["a b.org"]), ..none() }, "waiting_domains"),
        (
            Policy { waiting_domains: domains(&[&format!("{long}.org")]), ..none() },
            "waiting_domains",
        ),
        (Policy { guest_max_role: Some(Role::CoHost), ..none() }, "guest_max_role"),
        (Policy { guest_max_role: Role::of("unheard_of"), ..none() }, "guest_max_role"),
        (Policy { locks: Some(vec![Permission::MeetingEnd]), ..none() }, "locks"),
        (Policy { locks: Some(vec![Permission::AbuseReport]), ..none() }, "locks"),
        (grants(&[(Role::Attendee, &[Permission::MeetingEnd])]), "grants"),
        (grants(&[(Role::Attendee, &[Permission::ChatSend])]), "grants"),
        (grants(&[(Role::Host, &[Permission::ChatSend])]), "grants"),
        (grants(&[(Role::of("unheard_of").unwrap(), &[Permission::MediaShare])]), "grants"),
    ]
}

#[test]
fn settings_beyond_their_bounds_are_refused_with_the_field_by_policy_and_at_the_start() {
    let mut stage = full_cast();
    for (policy, name) in wrong() {
        let before = stage.meeting.facts.clone();
        let refused = stage.ask(OWNER, change(policy.clone()));
        assert_eq!(field(refused).as_deref(), Some(name), "{policy:?}");
        assert_eq!(stage.meeting.facts, before);
        let Fact::MeetingCreated(created) = &stage.journal[0].fact else { panic!("is made") };
        let mut created = created.clone();
        created.settings = Settings::default().with(&policy);
        created.max_participants = policy.max_participants.flatten();
        let create = Input::Create { created, owner_name: "Ada".into(), invitees: Vec::new() };
        let refused = Meeting::new(Terms::default()).decide(stage.now, &create);
        let in_settings = format!("settings.{name}");
        let whole = if name == "max_participants" { name } else { &in_settings };
        assert_eq!(field(refused).as_deref(), Some(whole), "nor is a meeting made with it");
    }
    for (permission, policy) in [
        (Permission::MeetingEnd, Policy { locks: Some(vec![Permission::MeetingEnd]), ..none() }),
        (Permission::ChatSend, grants(&[(Role::Attendee, &[Permission::ChatSend])])),
    ] {
        let error = ErrorBody::from(&stage.ask(OWNER, change(policy)).unwrap_err());
        assert_eq!((error.code, error.permission), (Code::Invalid, Some(permission)));
    }
    let keep = Some(WaitingThen::Keep);
    for policy in [
        Policy { waiting: keep, ..none() },
        Policy { waiting: keep, requires_approval: Some(true), ..none() },
    ] {
        assert_eq!(field(stage.ask(OWNER, change(policy))).as_deref(), Some("waiting"));
    }
}

#[test]
fn a_policy_changes_what_it_names_and_the_event_tells_what_changed() {
    let mut stage = full_cast();
    let asked = Policy {
        max_participants: Some(Some(50)),
        requires_approval: Some(false),
        is_recorded: Some(true),
        chat: Some(ChatPolicy::All),
        waiting_domains: Some(vec!["Example.ORG".into(), "b.org".into(), "b.ORG".into()]),
        locks: Some(vec![Permission::ReactionSend, Permission::ChatSend, Permission::ReactionSend]),
        end_when_empty_minutes: Some(None),
        ..none()
    };
    stage.ask(OWNER, change(asked.clone())).unwrap();
    let told = Policy {
        requires_approval: None,
        chat: None,
        waiting_domains: Some(vec!["b.org".into(), "example.org".into()]),
        locks: Some(vec![Permission::ChatSend, Permission::ReactionSend]),
        ..asked.clone()
    };
    let fact = Fact::MeetingPolicyChanged { changes: Box::new(told), has_passcode: None };
    assert_eq!(changed(&stage), Some(&fact));
    let info = &stage.meeting.facts.info;
    assert_eq!((info.max_participants, info.is_recorded), (Some(50), true));
    assert_eq!(info.settings.end_when_empty_minutes, None);
    let again = stage.ask(OWNER, change(asked)).unwrap();
    assert!(again.events.is_empty(), "nothing changes");
    stage.ask(OWNER, change(Policy { max_participants: Some(None), ..none() })).unwrap();
    assert_eq!(stage.meeting.facts.info.max_participants, None);
    assert!(stage.ask(OWNER, change(none())).unwrap().events.is_empty());
    let lacks = Refusal::Forbidden(Permission::MeetingPolicy);
    assert_eq!(stage.ask(2, change(none())), Err(lacks));
}

#[test]
fn a_passcode_stands_in_no_event() {
    let mut stage = full_cast();
    let passcode = |passcode: Option<&str>| {
        change(Policy { passcode: Some(passcode.map(str::to_owned)), ..none() })
    };
    for (asked, has) in
        [(Some("$argon2id$one"), true), (Some("$argon2id$two"), true), (None, false)]
    {
        stage.ask(OWNER, passcode(asked)).unwrap();
        let event = stage.journal.last().unwrap();
        assert!(!format!("{event:?}").contains("argon2id"));
        let fact = Fact::MeetingPolicyChanged { changes: Box::default(), has_passcode: Some(has) };
        assert_eq!(event.fact, fact);
        assert_eq!(stage.meeting.facts.info.has_passcode, has);
    }
    assert!(stage.ask(OWNER, passcode(None)).unwrap().events.is_empty(), "there is none");
}

#[test]
fn r2_by_policy_nobody_grants_what_he_lacks_nor_at_or_above_his_rank() {
    use Permission as P;
    // Co-host 2 may change the settings, as the host says.
    let mut stage = full_cast();
    stage.ask(OWNER, change(grants(&[(Role::CoHost, &[P::MeetingPolicy])]))).unwrap();
    assert!(stage.person(2).view.permissions.has(P::MeetingPolicy));
    let mine: &[P] = &[P::MeetingPolicy];
    for (more, refused) in [
        ((Role::CoHost, &[P::MeetingPolicy, P::MeetingEnd][..]), Refusal::RankTooLow),
        ((Role::CoHost, &[]), Refusal::RankTooLow),
    ] {
        assert_eq!(stage.ask(2, change(grants(&[more]))), Err(refused), "{more:?}");
    }
    let share = (Role::Attendee, &[P::MediaShare][..]);
    stage.ask(2, change(grants(&[(Role::CoHost, mine), share]))).unwrap();
    assert!(stage.person(5).view.permissions.has(P::MediaShare));
    // What he lacks: a meeting's own lock touches nobody of his rank, but a deny does.
    stage.ask(OWNER, change(grants(&[(Role::CoHost, mine)]))).unwrap();
    let control = (Role::Moderator, &[P::RecordingControl][..]);
    stage.meeting.facts.people.get_mut(&at(2)).unwrap().denies =
        PermissionSet::NONE.with(P::RecordingControl);
    stage.meeting.facts.people.get_mut(&at(2)).unwrap().view.permissions =
        stage.person(2).view.permissions.minus(PermissionSet::NONE.with(P::RecordingControl));
    let session = stage.person(2).sessions[0];
    let command = change(grants(&[(Role::CoHost, mine), control]));
    let input = Input::Command { session, command };
    let refused = stage.meeting.decide(stage.now, &input);
    assert_eq!(refused, Err(Refusal::Forbidden(P::RecordingControl)));
}

#[test]
fn locks_and_grants_change_what_people_may_do_at_once() {
    use Permission as P;
    let mut stage = full_cast();
    let can = |stage: &Stage, user, permission| stage.person(user).can.grants().0[&permission];
    stage.ask(OWNER, change(Policy { locks: Some(vec![P::MediaVideo]), ..none() })).unwrap();
    for user in [4, 5, 100] {
        assert_eq!(can(&stage, user, P::MediaVideo), Grant::No(Denial::Lock), "{user}");
    }
    for user in [OWNER, 2, 3] {
        assert_eq!(can(&stage, user, P::MediaVideo), Grant::Yes, "{user}");
    }
    stage.ask(OWNER, change(Policy { locks: Some(vec![]), ..none() })).unwrap();
    assert_eq!(can(&stage, 5, P::MediaVideo), Grant::Yes);
    stage.ask(OWNER, change(grants(&[(Role::Attendee, &[P::PollCreate])]))).unwrap();
    assert_eq!(can(&stage, 5, P::PollCreate), Grant::Yes);
    stage.ask(OWNER, change(grants(&[]))).unwrap();
    assert_eq!(can(&stage, 5, P::PollCreate), Grant::No(Denial::Role));
}

#[test]
fn fewer_seats_put_nobody_out_and_let_nobody_in() {
    let mut stage = full_cast();
    stage.ask(OWNER, change(Policy { max_participants: Some(Some(2)), ..none() })).unwrap();
    assert_eq!(stage.meeting.facts.present, 6);
    assert_eq!(stage.enter(6), Err(Refusal::Full));
    for user in [3, 4, 5, 100] {
        stage.ask(user, leave()).unwrap();
        assert_eq!(stage.enter(user), Err(Refusal::Full));
    }
    stage.ask(2, leave()).unwrap();
    stage.enter(5).unwrap();
}

/// The owner is in; 2 to 4 wait for approval, 5 was removed and waits.
fn waiting_room(max_participants: Option<u32>) -> Stage {
    let mut stage = Stage::new(|created| created.max_participants = max_participants);
    stage.enter(OWNER).unwrap();
    stage.enter(5).unwrap();
    stage.ask(OWNER, remove(5)).unwrap();
    stage.ask(OWNER, change(Policy { requires_approval: Some(true), ..none() })).unwrap();
    for user in [5, 2, 3, 4] {
        stage.enter(user).unwrap();
        assert!(stage.person(user).is_waiting());
    }
    stage
}

#[test]
fn the_waiting_room_turned_off_lets_all_in_but_those_who_were_removed() {
    let mut stage = waiting_room(None);
    stage.ask(OWNER, change(Policy { requires_approval: Some(false), ..none() })).unwrap();
    assert!([2, 3, 4].into_iter().all(|user| stage.is_in(user)));
    assert!(stage.person(5).is_waiting());
    stage.ask(OWNER, admit(5)).unwrap();
    assert!(stage.is_in(5));
}

#[test]
fn the_waiting_room_turned_off_lets_in_in_order_until_full_and_the_rest_as_seats_come_free() {
    let mut stage = waiting_room(Some(3));
    stage.ask(OWNER, change(Policy { requires_approval: Some(false), ..none() })).unwrap();
    assert!(stage.is_in(2) && stage.is_in(3) && stage.person(4).is_waiting());
    let standing = stage.meeting.facts.standing(stage.now, stage.person(4)).unwrap();
    assert_eq!(standing.reason, WaitReason::Full);
    stage.ask(2, leave()).unwrap();
    assert!(stage.is_in(4));
}

#[test]
fn the_waiting_room_turned_off_may_keep_those_in_it() {
    let mut stage = waiting_room(None);
    let off = Policy { requires_approval: Some(false), ..none() };
    let keep = Policy { waiting: Some(WaitingThen::Keep), ..off };
    stage.ask(OWNER, change(keep)).unwrap();
    assert!([2, 3, 4, 5].into_iter().all(|user| stage.person(user).is_waiting()));
    stage.enter(6).unwrap();
    assert!(stage.is_in(6), "who comes now does not wait");
}

#[test]
fn who_waits_for_the_host_comes_in_when_that_is_not_asked_any_more() {
    let mut stage = Stage::new(|created| created.settings.join_before_host = false);
    stage.enter(3).unwrap();
    assert!(stage.person(3).is_waiting());
    // From outside: whoever may say so inside is a host, and present.
    let changes = Box::new(Policy { join_before_host: Some(true), ..none() });
    let draft = Draft {
        user: UserId(OWNER),
        by: None,
        audience: Audience::EVERYONE,
        fact: Fact::MeetingPolicyChanged { changes, has_passcode: None },
        personal: None,
        as_admin: false,
    };
    let event = draft.at(stage.meeting.facts.head.next(), stage.now);
    stage.meeting.apply(&event);
    stage.journal.push(event);
    stage.settle();
    assert!(stage.is_in(3));
}

#[test]
fn the_waiting_room_turned_on_holds_those_too_who_wait_for_the_start() {
    let mut stage = Stage::new(|created| {
        created.starts_at = Some(Timestamp(1_700_000_000_000 + 7_200_000));
    });
    stage.enter(OWNER).unwrap();
    stage.enter(3).unwrap();
    assert!(stage.person(3).is_waiting(), "not started");
    stage.ask(OWNER, change(Policy { requires_approval: Some(true), ..none() })).unwrap();
    stage.ask(OWNER, empty(Command::MeetingStart)).unwrap();
    assert!(stage.person(3).is_waiting(), "held since the waiting room was turned on");
    stage.ask(OWNER, change(Policy { requires_approval: Some(false), ..none() })).unwrap();
    assert!(stage.is_in(3));
}

#[test]
fn a_meeting_is_updated_and_extended_and_tells_what_changed() {
    let mut stage = full_cast();
    let update = |update: MeetingUpdate| Command::MeetingUpdate(update);
    let (early, late) = (stage.now.plus_seconds(600), stage.now.plus_seconds(1200));
    let extend = |minutes| Command::MeetingExtend(MeetingExtend { minutes });
    assert!(matches!(stage.ask(OWNER, extend(5)), Err(Refusal::Conflict(_))), "no planned end");
    let asked = MeetingUpdate {
        title: Some("Retrospective".into()),
        description: Some(Some("What went well".into())),
        starts_at: Some(Some(early)),
        ends_at: Some(Some(late)),
        time_zone: Some(Some("Europe/Berlin".into())),
        recurrence: None,
    };
    stage.ask(2, update(asked.clone())).unwrap();
    let MeetingUpdate { title, description, starts_at, ends_at, time_zone, .. } = asked.clone();
    let told = MeetingUpdated { title, description, starts_at, ends_at, time_zone };
    assert_eq!(changed(&stage), Some(&Fact::MeetingUpdated(Box::new(told))));
    let info = &stage.meeting.facts.info;
    assert_eq!(
        (&*info.title, info.starts_at, info.ends_at),
        ("Retrospective", Some(early), Some(late))
    );
    assert!(stage.ask(2, update(asked)).unwrap().events.is_empty(), "nothing changes");
    let before_start = MeetingUpdate { ends_at: Some(Some(early)), ..MeetingUpdate::default() };
    assert_eq!(field(stage.ask(2, update(before_start))).as_deref(), Some("ends_at"));
    for minutes in [0, 1441] {
        assert_eq!(field(stage.ask(2, extend(minutes))).as_deref(), Some("minutes"));
    }
    stage.ask(2, extend(15)).unwrap();
    assert_eq!(stage.meeting.facts.info.ends_at, Some(late.plus_seconds(900)));
    let cleared = MeetingUpdate {
        description: Some(None),
        starts_at: Some(None),
        ends_at: Some(None),
        ..MeetingUpdate::default()
    };
    stage.ask(2, update(cleared)).unwrap();
    let info = &stage.meeting.facts.info;
    assert_eq!((&info.description, info.starts_at, info.ends_at), (&None, None, None));
    for (command, lacks) in [
        (update(MeetingUpdate::default()), Permission::MeetingUpdate),
        (extend(5), Permission::MeetingExtend),
    ] {
        assert_eq!(stage.ask(3, command), Err(Refusal::Forbidden(lacks)));
    }
}

#[test]
fn the_end_is_put_off_no_further_than_can_be_written() {
    let last: Timestamp = "9999-12-31T23:59:00Z".parse().unwrap();
    let mut stage = Stage::new(|created| created.ends_at = Some(last));
    stage.enter(OWNER).unwrap();
    let refused = stage.ask(OWNER, Command::MeetingExtend(MeetingExtend { minutes: 1 }));
    assert!(matches!(refused, Err(Refusal::Conflict(_))));
}

#[test]
fn a_reusable_meeting_is_reopened_however_long_ago_it_ended() {
    for (reusable, answer) in [(true, Ok(())), (false, Err(Refusal::Ended))] {
        let mut stage = Stage::new(|created| created.settings.reusable = reusable);
        stage.enter(OWNER).unwrap();
        stage.ask(OWNER, empty(Command::MeetingEnd)).unwrap();
        stage.pass(40 * 24 * 3600);
        assert_eq!(stage.enter(2), Err(Refusal::Ended), "staff reopens it, and nobody else");
        assert_eq!(stage.enter(OWNER).map(drop), answer);
    }
}

fn private(talk_time: bool, names_in_reports: bool, retention_days: Option<u32>) -> Policy {
    Policy { privacy: Some(Privacy { talk_time, names_in_reports, retention_days }), ..none() }
}

#[test]
fn privacy_only_becomes_stricter_once_others_were_in() {
    let mut stage = Stage::new(|_| {});
    stage.enter(OWNER).unwrap();
    stage.enter_as(9, bot(Some(OWNER), Permission::ALL.iter().copied())).unwrap();
    for policy in [private(false, false, Some(3)), private(true, false, Some(30))] {
        stage.ask(OWNER, change(policy)).expect("nobody else was told");
    }
    stage.enter(2).unwrap();
    stage.ask(2, leave()).unwrap();
    let looser = [
        private(true, true, Some(30)),
        private(true, false, Some(31)),
        private(true, false, None),
        // What is stricter in one thing may not be looser in another.
        private(false, true, Some(3)),
    ];
    for policy in looser {
        let refused = stage.ask(OWNER, change(policy));
        assert!(matches!(refused, Err(Refusal::Conflict(_))), "{refused:?}");
    }
    for policy in [private(true, false, Some(30)), private(false, false, Some(3))] {
        stage.ask(OWNER, change(policy)).unwrap();
    }
    let refused = stage.ask(OWNER, change(private(true, false, Some(3))));
    assert!(matches!(refused, Err(Refusal::Conflict(_))), "talk was not to be told any more");
}
