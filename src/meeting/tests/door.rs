//! The door: what opens it, who is told what at it, and what changes for those before it meanwhile.

use quorate_protocol::*;

use super::passes::{Fare, at_door, come, invite_user};
use super::stage::*;
use super::waiting::{came_in, line, reason};
use crate::meeting::event::{Fact, MeetingCreated};
use crate::meeting::{Enter, Input, Passcode, Person, Refusal, Signal, SignalTo};
use Fare::{In, Refused, Waits};

const HOUR_MS: i64 = 3_600_000;

fn change(policy: Policy) -> Command {
    Command::MeetingPolicy(Box::new(policy))
}

fn passing(passes: &[Pass]) -> Command {
    change(Policy { waiting_passes: Some(passes.to_vec()), ..Policy::default() })
}

fn requires_approval(on: bool) -> Command {
    change(Policy { requires_approval: Some(on), ..Policy::default() })
}

fn with_passcode(enter: &mut Enter) {
    enter.passcode = Passcode::Right;
}

/// A meeting that starts in an hour, with the owner in it.
fn early(change: impl FnOnce(&mut MeetingCreated)) -> Stage {
    let mut stage = Stage::new(|created| {
        created.starts_at = Some(Timestamp(1_700_000_000_000 + HOUR_MS));
        change(created);
    });
    stage.enter(OWNER).unwrap();
    stage
}

fn start(stage: &mut Stage) {
    stage.ask(OWNER, empty(Command::MeetingStart)).unwrap();
}

// R6, in every combination.

/// The owner is in; member 5 is invited, was in, and was removed.
fn removed_one(change: impl FnOnce(&mut MeetingCreated)) -> Stage {
    let mut stage = Stage::new(|created| {
        created.has_passcode = true;
        created.settings.waiting_passes = vec![Pass::Invited, Pass::Passcode, Pass::Members];
        change(created);
    });
    stage.enter(OWNER).unwrap();
    invite_user(&mut stage, 5);
    assert!(matches!(come(&mut stage, 5, with_passcode), In(_)));
    stage.ask(OWNER, remove(5)).unwrap();
    stage
}

#[test]
fn r6_neither_invitation_nor_passcode_nor_office_lets_one_pass_who_was_removed() {
    let waits = Waits(WaitReason::RemovedBefore);
    for kind in [MeetingType::Regular, MeetingType::Private] {
        for approval in [false, true] {
            let mut stage = removed_one(|created| {
                (created.kind, created.requires_approval) = (kind, approval);
            });
            assert_eq!(come(&mut stage, 5, with_passcode), waits);
            stage.ask(OWNER, requires_approval(!approval)).unwrap();
            stage.ask(OWNER, requires_approval(false)).unwrap();
            assert!(stage.person(5).is_waiting(), "the waiting room turned on or off");
            stage.ask(OWNER, cohost(5)).unwrap();
            assert!(stage.person(5).is_waiting(), "an office given meanwhile");
            stage.ask(5, leave()).unwrap();
            assert_eq!(come(&mut stage, 5, with_passcode), waits, "a co-host");
            stage.ask(OWNER, admit(5)).unwrap();
            stage.ask(5, leave()).unwrap();
            assert_eq!(come(&mut stage, 5, with_passcode), waits, "as long as the meeting lives");
        }
    }
}

#[test]
fn r6_a_removal_outlives_the_meetings_end_and_goes_with_a_ban() {
    let mut stage = removed_one(|_| {});
    stage.ask(OWNER, empty(Command::MeetingEnd)).unwrap();
    assert_eq!(come(&mut stage, 5, with_passcode), Refused(Refusal::Ended));
    stage.enter(OWNER).unwrap();
    assert_eq!(stage.last(3), ["meeting.reopened", "participant.joined", "session.opened"]);
    assert_eq!(come(&mut stage, 5, with_passcode), Waits(WaitReason::RemovedBefore));
    stage.ask(OWNER, ban(5, None)).unwrap();
    assert_eq!(come(&mut stage, 5, with_passcode), Refused(Refusal::Banned { until: None }));
    stage.ask(OWNER, unban(5)).unwrap();
    assert!(matches!(come(&mut stage, 5, with_passcode), In(_)), "lifting it clears that too");
}

#[test]
fn r6_one_who_became_host_since_is_as_any_host() {
    let mut stage = removed_one(|_| {});
    come(&mut stage, 5, with_passcode);
    stage.ask(OWNER, admit(5)).unwrap();
    stage.ask(OWNER, transfer(5)).unwrap();
    stage.ask(5, leave()).unwrap();
    assert_eq!(come(&mut stage, 5, |_| {}), In(Via::Staff));
    stage.ask(5, empty(Command::MeetingEnd)).unwrap();
    assert_eq!(come(&mut stage, 5, |_| {}), In(Via::Staff), "and reopens it");
}

// Who need no approval, and where nobody is to give it.

#[test]
fn the_host_for_whom_another_acts_needs_no_approval() {
    let mut stage = Stage::new(|created| {
        created.requires_approval = true;
        created.settings.waiting_passes.clear();
    });
    stage.enter(OWNER).unwrap();
    for user in [2, 3] {
        stage.enter(user).unwrap();
        stage.ask(OWNER, admit(user)).unwrap();
    }
    stage.ask(OWNER, cohost(3)).unwrap();
    stage.ask(OWNER, transfer(2)).unwrap();
    stage.ask(OWNER, leave()).unwrap();
    stage.ask(2, leave()).unwrap();
    assert_eq!(stage.meeting.facts.info.acting_for, Some(UserId(2)), "3 acts");
    assert_eq!(come(&mut stage, 2, |_| {}), In(Via::Staff));
}

#[test]
fn nobody_waits_in_a_meeting_that_has_ended() {
    let mut stage = Stage::new(|created| {
        created.requires_approval = true;
        created.co_hosts = vec![UserId(2)];
        created.settings.waiting_passes.clear();
    });
    stage.enter(OWNER).unwrap();
    stage.ask(OWNER, empty(Command::MeetingEnd)).unwrap();
    assert_eq!(come(&mut stage, 2, |_| {}), Refused(Refusal::Ended), "would need approval");
    assert_eq!(come(&mut stage, OWNER, |_| {}), In(Via::Staff));
    assert_eq!(come(&mut stage, 2, |_| {}), Waits(WaitReason::Approval));
}

#[test]
fn a_crowd_of_strangers_shuts_nobody_out_who_runs_the_meeting() {
    let mut stage = Stage::new(|created| created.co_hosts = vec![UserId(2)]);
    let known = (0..PEOPLE_MAX as i64).map(|n| ParticipantId(1_000_000 + n));
    let stranger = |id: ParticipantId| (id, Person::new(id, UserId(id.0), UserKind::Guest));
    stage.meeting.facts.people = known.map(stranger).collect();
    let now = stage.now;
    for (user, comes) in [(OWNER, true), (2, true), (3, false)] {
        let input = at_door(&stage, user, |_| {});
        assert_eq!(stage.meeting.decide(now, &input).is_ok(), comes, "{user}");
    }
}

// What policy changes for those who wait.

#[test]
fn a_rule_that_is_taken_away_holds_those_who_wait_for_the_start_by_it() {
    let all = [Pass::Staff, Pass::Invited, Pass::Passcode, Pass::Members];
    let mut stage = early(|created| {
        created.requires_approval = true;
        created.has_passcode = true;
        created.settings.waiting_passes = all.to_vec();
    });
    invite_user(&mut stage, 5);
    for (user, guest) in [(5, false), (6, false), (100, true)] {
        let fare = come(&mut stage, user, |enter| {
            enter.passcode = if guest { Passcode::Right } else { Passcode::Missing }
        });
        assert_eq!(fare, Waits(WaitReason::NotStarted));
    }
    stage.ask(OWNER, passing(&[Pass::Invited])).unwrap();
    stage.ask(OWNER, passing(&all)).unwrap();
    start(&mut stage);
    assert_eq!(came_in(&stage, 5), Some(Via::Invited), "this rule stood all the time");
    assert_eq!(line(&stage), [6, 100], "a new rule is looked at when one comes");
    assert_eq!(reason(&stage, 6), WaitReason::Approval);
}

#[test]
fn the_waiting_room_turned_on_holds_who_came_by_what_does_not_pass_it() {
    let mut stage = early(|created| created.has_passcode = true);
    invite_user(&mut stage, 5);
    let mut waits = |user, bring: fn(&mut Enter)| come(&mut stage, user, bring);
    assert_eq!(waits(5, |_| {}), Waits(WaitReason::NotStarted));
    assert_eq!(waits(6, with_passcode), Waits(WaitReason::NotStarted));
    stage.ask(OWNER, requires_approval(true)).unwrap();
    start(&mut stage);
    assert!(stage.is_in(5), "the invited pass");
    assert!(stage.person(6).is_waiting(), "the passcode opens the gate alone");
}

#[test]
fn guests_who_wait_stay_outside_once_the_meeting_takes_none() {
    let guests = |on| change(Policy { guests: Some(on), ..Policy::default() });
    let mut stage = early(|_| {});
    stage.enter(5).unwrap();
    stage.enter(100).unwrap();
    stage.ask(OWNER, guests(false)).unwrap();
    start(&mut stage);
    assert!(stage.is_in(5) && stage.person(100).is_waiting());
    stage.ask(OWNER, admit(100)).unwrap();
    assert!(stage.is_in(100), "by hand");
    stage.ask(100, leave()).unwrap();
    assert!(matches!(stage.enter(100), Err(Refusal::Unauthorized(_))));
    stage.ask(OWNER, guests(true)).unwrap();
    stage.enter(100).unwrap();
}

#[test]
fn strangers_who_wait_stay_where_they_are_when_none_are_let_knock_any_more() {
    let mut stage = Stage::new(|created| {
        created.kind = MeetingType::Private;
        created.settings.private_strangers = Strangers::Wait;
    });
    stage.enter(OWNER).unwrap();
    assert_eq!(come(&mut stage, 5, |_| {}), Waits(WaitReason::Approval));
    let refuse = Policy { private_strangers: Some(Strangers::Refuse), ..Policy::default() };
    stage.ask(OWNER, change(refuse)).unwrap();
    let nowhere = Refused(Refusal::NotFound { what: "meeting", last: None });
    assert_eq!(come(&mut stage, 6, |_| {}), nowhere);
    assert_eq!(line(&stage), [5]);
    stage.ask(OWNER, admit(5)).unwrap();
    assert!(stage.is_in(5));
}

#[test]
fn a_passcode_set_meanwhile_is_not_asked_of_those_who_are_known() {
    let mut stage = early(|_| {});
    stage.enter(5).unwrap();
    start(&mut stage);
    stage.enter(6).unwrap();
    stage.ask(6, leave()).unwrap();
    let waits = come(&mut stage, 7, |_| {});
    assert_eq!(waits, In(Via::Open));
    let passcode = Some(Some("$hash".to_owned()));
    stage.ask(OWNER, change(Policy { passcode, ..Policy::default() })).unwrap();
    assert!(stage.is_in(5) && stage.is_in(7), "who is in stays in");
    assert_eq!(come(&mut stage, 6, |_| {}), In(Via::Returning));
    stage.ask(6, leave()).unwrap();
    stage.pass(601);
    assert_eq!(come(&mut stage, 6, |_| {}), Refused(Refusal::PasscodeRequired), "ten minutes on");
}

#[test]
fn who_is_in_before_the_host_stays_when_others_must_wait() {
    let mut stage = Stage::new(|created| created.co_hosts = vec![UserId(2)]);
    stage.enter(5).unwrap();
    stage.enter(2).unwrap();
    let wait = Policy { join_before_host: Some(false), ..Policy::default() };
    stage.ask(2, change(wait)).unwrap_err();
    stage.enter(OWNER).unwrap();
    let wait = Policy { join_before_host: Some(false), ..Policy::default() };
    stage.ask(OWNER, change(wait)).unwrap();
    stage.ask(OWNER, leave()).unwrap();
    stage.ask(2, leave()).unwrap();
    assert!(stage.is_in(5));
    assert_eq!(come(&mut stage, 6, |_| {}), Waits(WaitReason::HostAbsent));
    stage.enter(2).unwrap();
    assert!(stage.is_in(6));
}

// Suspension and lock.

#[test]
fn r16_into_a_suspended_or_locked_meeting_staff_lets_people_in_by_hand_and_nobody_else_comes() {
    for shut in [Command::MeetingSuspend(Empty {}), Command::MeetingLock(Empty {})] {
        let mut stage = Stage::new(|created| {
            created.requires_approval = true;
            created.max_participants = Some(4);
            created.co_hosts = vec![UserId(2)];
        });
        stage.enter(OWNER).unwrap();
        for user in [5, 6, 7] {
            stage.enter(user).unwrap();
        }
        stage.ask(OWNER, shut.clone()).unwrap();
        stage.ask(OWNER, requires_approval(false)).unwrap();
        assert_eq!(line(&stage), [5, 6, 7], "{shut:?}: turning the waiting room off opens no door");
        assert_eq!(come(&mut stage, 8, |_| {}), Refused(Refusal::Locked));
        stage.ask(OWNER, admit(6)).unwrap();
        assert!(stage.is_in(6));
        assert_eq!(come(&mut stage, 2, |_| {}), In(Via::Staff));
        stage.ask(6, leave()).unwrap();
        assert_eq!(come(&mut stage, 6, |_| {}), Refused(Refusal::Locked), "nor does coming back");
        assert_eq!(line(&stage), [5, 7]);
        let open = match shut {
            Command::MeetingLock(_) => Command::MeetingUnlock(Empty {}),
            _ => Command::MeetingResume(Empty {}),
        };
        stage.ask(OWNER, open).unwrap();
        assert!(stage.is_in(5) && stage.is_in(7), "{shut:?}");
    }
}

#[test]
fn a_locked_meeting_does_not_start_for_those_who_cannot_come_in() {
    let mut stage = early(|_| {});
    stage.enter(5).unwrap();
    stage.ask(OWNER, empty(Command::MeetingLock)).unwrap();
    stage.ask(OWNER, leave()).unwrap();
    stage.pass(7200);
    assert_eq!(stage.meeting.facts.info.status, MeetingStatus::Scheduled);
    assert!(stage.person(5).is_waiting());
    stage.enter(OWNER).unwrap();
    stage.ask(OWNER, empty(Command::MeetingUnlock)).unwrap();
    assert!(stage.is_in(5));
}

// What those who wait are told.

#[test]
fn who_waits_hears_when_the_clock_alone_changes_why() {
    let mut stage = Stage::new(|created| {
        created.settings.join_before_host = false;
        created.starts_at = Some(Timestamp(1_700_000_000_000 + HOUR_MS));
    });
    stage.enter(5).unwrap();
    assert_eq!(stage.tell().len(), 1);
    let opens_at = stage.now.plus_seconds(2700);
    assert_eq!(stage.tells_at(), Some(opens_at));
    stage.now = opens_at.plus_ms(-1);
    assert_eq!(stage.tell(), []);
    stage.now = opens_at;
    let told = stage.tell();
    let [Signal { body: SignalBody::WaitingUpdated(standing), .. }] = &told[..] else {
        panic!("{told:?}")
    };
    assert_eq!(standing.reason, WaitReason::HostAbsent);
    assert_eq!((stage.tell(), stage.tells_at()), (vec![], None));
}

#[test]
fn places_are_told_once_a_second_and_the_last_always() {
    let mut stage = Stage::new(|created| created.requires_approval = true);
    stage.enter(OWNER).unwrap();
    for user in 2..=9 {
        stage.enter(user).unwrap();
    }
    assert_eq!(stage.tell().len(), 8);
    for user in 2..=8 {
        stage.ask(user, leave()).unwrap();
        stage.now = stage.now.plus_ms(100);
        assert_eq!(stage.tell(), [], "within the second");
    }
    let next = stage.tells_at().unwrap();
    assert_eq!(next, stage.now.plus_ms(300));
    stage.now = next;
    let told = stage.tell();
    let [Signal { to, body: SignalBody::WaitingUpdated(standing) }] = &told[..] else {
        panic!("{told:?}")
    };
    assert_eq!((to, standing.position), (&SignalTo::Latest(at(9)), 1));
    assert_eq!(stage.tells_at(), None);
}

// Counted per person, whichever session they use; and forgotten by a restart.

#[test]
fn r15_refusals_count_for_the_person_and_are_not_told_twice_nor_after_a_restart() {
    let mut stage = Stage::new(|_| {});
    stage.enter(OWNER).unwrap();
    let sessions = [stage.enter(5).unwrap(), stage.enter(5).unwrap()];
    let forbidden = Refusal::Forbidden(Permission::MeetingEnd);
    let refuse = |stage: &mut Stage, n: usize| {
        let session = sessions[n % 2];
        let command = empty(Command::MeetingEnd);
        let no = stage.take(&Input::Command { session, command }).unwrap_err();
        stage.meeting.note_refusal(stage.now, session, no)
    };
    for n in 0..20 {
        assert_eq!(refuse(&mut stage, n), forbidden);
    }
    for n in 0..2 {
        assert_eq!(refuse(&mut stage, n), Refusal::TooOften { retry_after_ms: 60_000 });
    }
    let told = |stage: &Stage| {
        let facts = stage.journal.iter().map(|event| &event.fact);
        facts.filter(|fact| matches!(fact, Fact::PermissionRefused { .. })).count()
    };
    stage.pass(60);
    assert_eq!(told(&stage), 1);
    (0..30).for_each(|n| drop(refuse(&mut stage, n)));
    stage.restart();
    stage.pass(120);
    assert_eq!(told(&stage), 1);
}

#[test]
fn slow_mode_counts_for_the_person() {
    let mut stage = Stage::new(|created| created.settings.slow_mode_seconds = 30);
    stage.enter(OWNER).unwrap();
    let sessions = [stage.enter(5).unwrap(), stage.enter(5).unwrap()];
    let mut write = |n: usize| {
        let command = say("hello", None);
        stage.take(&Input::Command { session: sessions[n], command }).map(drop)
    };
    assert_eq!(write(0), Ok(()));
    let wait = Err(Refusal::TooOften { retry_after_ms: 30_000 });
    assert_eq!((write(1), write(0)), (wait.clone(), wait));
}
