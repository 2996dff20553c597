//! The waiting room: each race, each state and how it ends, each reason and how it changes.

use quorate_protocol::*;

use super::passes::{Fare, come, invite_user};
use super::stage::*;
use crate::meeting::event::{Fact, MeetingCreated};
use crate::meeting::{Answer, Decision, Exit, Input, Place, Refusal};
use Fare::{In, Refused, Waits};

/// A waiting room with the owner and co-host 2 in, and these waiting.
pub(super) fn waiting_room(change: impl FnOnce(&mut MeetingCreated), line: &[i64]) -> Stage {
    let mut stage = Stage::new(|created| {
        created.requires_approval = true;
        created.co_hosts = vec![UserId(2)];
        change(created);
    });
    for user in [&[OWNER, 2], line].concat() {
        stage.enter(user).unwrap();
    }
    stage
}

pub(super) fn line(stage: &Stage) -> Vec<i64> {
    stage.meeting.facts.waiting.values().map(|id| id.0 - 1000).collect()
}

pub(super) fn reason(stage: &Stage, user: i64) -> WaitReason {
    stage.meeting.facts.standing(stage.now, stage.person(user)).expect("waits").reason
}

fn answer<T: serde::de::DeserializeOwned>(decision: &Decision) -> T {
    let Answer::Data(data) = &decision.answer else { panic!("{decision:?}") };
    serde_json::from_str(data).unwrap()
}

fn already(decision: &Decision) -> Already {
    assert!(decision.events.is_empty(), "{decision:?}");
    answer(decision)
}

pub(super) fn tell(user: Option<i64>, text: &str) -> Command {
    Command::WaitingTell(WaitingTell { participant: user.map(at), text: text.into() })
}

pub(super) fn back(user: i64, message: Option<&str>) -> Command {
    let message = message.map(str::to_owned);
    Command::ParticipantSendToWaiting(SendToWaiting { participant: at(user), message })
}

/// By which rule someone came in last.
pub(super) fn came_in(stage: &Stage, user: i64) -> Option<Via> {
    stage.journal.iter().rev().find_map(|event| match &event.fact {
        Fact::ParticipantJoined { participant, via, .. } if *participant == at(user) => Some(*via),
        _ => None,
    })
}

// Races.

#[test]
fn two_admit_the_same_person() {
    let mut stage = waiting_room(|_| {}, &[5]);
    stage.ask(OWNER, admit(5)).unwrap();
    assert_eq!(stage.last(2), ["participant.admitted", "participant.joined"]);
    let second = stage.ask(2, admit(5)).unwrap();
    assert_eq!(already(&second), Already { already: true, by: Some(at(OWNER)) });
}

#[test]
fn admit_against_decline() {
    let mut stage = waiting_room(|_| {}, &[5, 6]);
    stage.ask(OWNER, admit(5)).unwrap();
    let by = Some(at(OWNER));
    assert_eq!(stage.ask(2, decline(5)), Err(Refusal::Resolved { how: "admitted", by }));
    stage.ask(OWNER, decline(6)).unwrap();
    assert_eq!(stage.ask(2, admit(6)), Err(Refusal::Resolved { how: "declined", by }));
    assert_eq!(already(&stage.ask(2, decline(6)).unwrap()), Already { already: true, by });
}

#[test]
fn admit_while_he_leaves() {
    let mut stage = waiting_room(|_| {}, &[5]);
    stage.ask(5, leave()).unwrap();
    let late = stage.ask(OWNER, admit(5));
    assert_eq!(late, Err(Refusal::NotFound { what: "entry", last: Some("withdrawn") }));
}

#[test]
fn admit_all_at_capacity() {
    let mut stage = waiting_room(|created| created.max_participants = Some(4), &[5, 6, 7, 8]);
    let told: Admitted = answer(&stage.ask(OWNER, admit_all(None)).unwrap());
    assert_eq!((told.admitted, told.left), (vec![at(5), at(6)], vec![at(7), at(8)]));
    assert_eq!(told.reason, Some(Code::MeetingFull));
    assert_eq!(line(&stage), [7, 8]);
    assert_eq!(stage.ask(OWNER, admit(7)), Err(Refusal::Full));
    assert_eq!(line(&stage), [7, 8], "the entry keeps waiting");
}

#[test]
fn admit_all_against_a_newcomer() {
    let mut stage = waiting_room(|_| {}, &[5, 6]);
    let seen = stage.meeting.facts.head;
    stage.enter(7).unwrap();
    let told: Admitted = answer(&stage.ask(OWNER, admit_all(Some(seen))).unwrap());
    assert_eq!((told.admitted, told.left), (vec![at(5), at(6)], vec![]));
    assert_eq!(line(&stage), [7]);
    let told: Admitted = answer(&stage.ask(OWNER, admit_all(Some(seen))).unwrap());
    assert_eq!(told.admitted, [], "nobody of those");
}

#[test]
fn two_tabs_knock() {
    let mut stage = waiting_room(|_| {}, &[5, 6]);
    let newest = stage.enter(5).unwrap();
    assert_eq!(stage.last(2), ["session.closed", "session.opened"], "and no second entry");
    assert_eq!(line(&stage), [5, 6], "at the same place");
    assert_eq!(stage.person(5).sessions, [newest]);
}

#[test]
fn the_server_restarts() {
    let mut stage = waiting_room(|_| {}, &[5, 6, 7]);
    stage.ask(OWNER, tell(Some(6), "soon")).unwrap();
    stage.ask(6, leave()).unwrap();
    stage.enter(6).unwrap();
    let before = line(&stage);
    let session = stage.person(5).sessions[0];
    stage.meeting.facts = stage.replayed();
    let last_alive = stage.now;
    stage.take(&Input::Recover { last_alive }).unwrap();
    assert_eq!(line(&stage), before);
    assert_eq!(before, [5, 7, 6]);
    stage.take(&Input::Resume { session, user: UserId(5) }).unwrap();
    stage.pass(120);
    assert_eq!(line(&stage), [5], "the others did not come back in time");
}

// States.

#[test]
fn one_who_waits_is_held_for_two_minutes_in_the_same_place() {
    let mut stage = waiting_room(|_| {}, &[5, 6]);
    let session = stage.person(5).sessions[0];
    stage.take(&Input::Lost { session }).unwrap();
    stage.pass(119);
    let entries = stage.meeting.facts.waiting_entries(stage.now);
    assert_eq!((entries[0].participant, entries[0].connected), (at(5), false));
    stage.take(&Input::Resume { session, user: UserId(5) }).unwrap();
    assert_eq!(line(&stage), [5, 6]);
    stage.pass(3600);
    assert_eq!(line(&stage), [5, 6], "and is held no longer");
    stage.take(&Input::Lost { session }).unwrap();
    stage.ask(OWNER, admit(5)).unwrap();
    assert!(stage.is_in(5), "who is held may be let in, and is lost there");
    stage.pass(60);
    assert!(!stage.is_in(5));
}

#[test]
fn each_end_of_waiting_has_its_name() {
    type End = fn(&mut Stage);
    let ends: [(&str, End); 4] = [
        ("withdrawn", |stage| drop(stage.ask(5, leave()).unwrap())),
        ("expired", |stage| {
            let session = stage.person(5).sessions[0];
            stage.take(&Input::Lost { session }).unwrap();
            stage.pass(120);
        }),
        ("closed", |stage| {
            stage.ask(OWNER, empty(Command::MeetingEnd)).unwrap();
            stage.enter(OWNER).unwrap();
        }),
        ("declined", |stage| drop(stage.ask(OWNER, decline(5)).unwrap())),
    ];
    for (name, end) in ends {
        let mut stage = waiting_room(|_| {}, &[5]);
        end(&mut stage);
        assert_eq!(line(&stage), Vec::<i64>::new(), "{name}");
        assert!(stage.person(5).sessions.is_empty(), "{name}");
        let late = stage.ask(OWNER, admit(5));
        if name == "declined" {
            let by = Some(at(OWNER));
            assert_eq!(late, Err(Refusal::Resolved { how: "declined", by }));
            continue;
        }
        let last = Some(name);
        assert_eq!(late, Err(Refusal::NotFound { what: "entry", last }), "{name}");
        assert_eq!(come(&mut stage, 5, |_| {}), Waits(WaitReason::Approval), "and knocks again");
    }
}

#[test]
fn who_was_turned_away_knocks_again_after_a_minute() {
    let mut stage = waiting_room(|_| {}, &[5]);
    stage.ask(OWNER, decline(5)).unwrap();
    stage.pass(59);
    let early = Refused(Refusal::Declined { retry_after_ms: 1000 });
    assert_eq!(come(&mut stage, 5, |_| {}), early);
    stage.pass(1);
    assert_eq!(come(&mut stage, 5, |_| {}), Waits(WaitReason::Approval));
}

#[test]
fn the_meetings_end_closes_the_door_to_those_who_wait() {
    let mut stage = waiting_room(|_| {}, &[5]);
    stage.ask(OWNER, empty(Command::MeetingEnd)).unwrap();
    assert_eq!(stage.person(5).place, Place::Out(Exit::Closed));
    assert_eq!(stage.person(2).place, Place::Out(Exit::Left));
    assert_eq!(stage.person(5).left_at, None, "who only waited was never in");
}

// Reasons.

#[test]
fn full_becomes_approval_when_a_seat_frees() {
    let mut stage = waiting_room(|created| created.max_participants = Some(3), &[]);
    come(&mut stage, 5, |_| {});
    stage.ask(OWNER, admit(5)).unwrap();
    assert_eq!(come(&mut stage, 6, |_| {}), Waits(WaitReason::Full));
    assert_eq!(reason(&stage, 6), WaitReason::Full);
    stage.ask(5, leave()).unwrap();
    assert_eq!(reason(&stage, 6), WaitReason::Approval, "a seat is not an approval");
    stage.ask(OWNER, admit(6)).unwrap();
}

#[test]
fn who_would_pass_waits_for_a_seat_and_then_comes_in_by_the_same_rule() {
    let mut stage = waiting_room(|created| created.max_participants = Some(3), &[]);
    come(&mut stage, 5, |_| {});
    stage.ask(OWNER, admit(5)).unwrap();
    invite_user(&mut stage, 7);
    assert_eq!(come(&mut stage, 6, |_| {}), Waits(WaitReason::Full));
    assert_eq!(come(&mut stage, 7, |_| {}), Waits(WaitReason::Full));
    stage.ask(5, leave()).unwrap();
    assert_eq!((came_in(&stage, 6), came_in(&stage, 7)), (None, Some(Via::Invited)));
    assert_eq!(line(&stage), [6], "the first in line still needs approval");
}

#[test]
fn staff_waits_for_a_seat_alone() {
    let mut stage = Stage::new(|created| {
        created.requires_approval = true;
        created.max_participants = Some(2);
        created.co_hosts = vec![UserId(2), UserId(3)];
        created.starts_at = Some(Timestamp(1_700_000_000_000 + 36_000_000));
    });
    stage.enter(OWNER).unwrap();
    stage.enter(2).unwrap();
    assert_eq!(come(&mut stage, 3, |_| {}), Waits(WaitReason::Full));
    assert_eq!(reason(&stage, 3), WaitReason::Full, "and not for the start");
    stage.ask(OWNER, empty(Command::MeetingLock)).unwrap();
    stage.ask(2, leave()).unwrap();
    assert_eq!(came_in(&stage, 3), Some(Via::Staff), "neither start nor lock holds them up");
    // Who is co-host no longer waits as everyone does.
    assert_eq!(come(&mut stage, 2, |_| {}), Waits(WaitReason::Full));
    let dismiss = Command::CohostRemove(UserOnly { user: UserId(2) });
    stage.ask(OWNER, dismiss).unwrap();
    stage.ask(3, leave()).unwrap();
    assert!(stage.person(2).is_waiting());
}

#[test]
fn host_absent_is_gone_when_the_host_comes() {
    let mut stage = Stage::new(|created| {
        created.requires_approval = true;
        created.settings.join_before_host = false;
        created.settings.waiting_passes.push(Pass::Members);
    });
    assert_eq!(come(&mut stage, 5, |_| {}), Waits(WaitReason::HostAbsent));
    assert_eq!(come(&mut stage, 100, |_| {}), Waits(WaitReason::Approval));
    let present = |stage: &Stage, user| {
        stage.meeting.facts.standing(stage.now, stage.person(user)).map(|it| it.host_present)
    };
    assert_eq!((present(&stage, 5), present(&stage, 100)), (Some(false), Some(false)));
    stage.enter(OWNER).unwrap();
    assert_eq!(
        came_in(&stage, 5),
        Some(Via::Members),
        "by the rule by which they would have passed"
    );
    assert_eq!(present(&stage, 100), Some(true));
}

#[test]
fn not_started_becomes_host_absent_and_then_nothing() {
    let mut stage = Stage::new(|created| {
        created.settings.join_before_host = false;
        created.starts_at = Some(Timestamp(1_700_000_000_000 + 3_600_000));
    });
    assert_eq!(come(&mut stage, 5, |_| {}), Waits(WaitReason::NotStarted));
    stage.pass(2700);
    assert_eq!(reason(&stage, 5), WaitReason::HostAbsent);
    stage.enter(OWNER).unwrap();
    assert_eq!(came_in(&stage, 5), Some(Via::Open));
}

#[test]
fn removed_before_stays_the_reason() {
    let mut stage = waiting_room(|_| {}, &[5]);
    stage.ask(OWNER, admit(5)).unwrap();
    stage.ask(OWNER, remove(5)).unwrap();
    assert_eq!(come(&mut stage, 5, |_| {}), Waits(WaitReason::RemovedBefore));
    stage.ask(2, leave()).unwrap();
    assert_eq!(reason(&stage, 5), WaitReason::RemovedBefore);
    assert!(stage.meeting.facts.waiting_entries(stage.now)[0].removed_before);
}

#[test]
fn places_move_up_as_the_line_does() {
    let mut stage = waiting_room(|_| {}, &[5, 6, 7]);
    let places = |stage: &Stage| -> Vec<u32> {
        let place = |user| stage.meeting.facts.standing(stage.now, stage.person(user));
        [5, 6, 7].into_iter().filter_map(place).map(|it| it.position).collect()
    };
    assert_eq!(places(&stage), [1, 2, 3]);
    stage.ask(OWNER, admit(6)).unwrap();
    assert_eq!(places(&stage), [1, 2]);
    stage.ask(5, leave()).unwrap();
    assert_eq!(places(&stage), [1]);
}

// Rules.

#[test]
fn r9_whoever_is_there_with_the_permission_admits_and_without_one_people_wait() {
    let mut stage = Stage::new(|created| {
        created.requires_approval = true;
        // Else the moderator acts as host once the host has left.
        created.settings.succession = Succession::Hold;
    });
    assert_eq!(come(&mut stage, 5, |_| {}), Waits(WaitReason::Approval));
    let standing = stage.meeting.facts.standing(stage.now, stage.person(5)).unwrap();
    assert!(!standing.host_present);
    stage.pass(3600);
    assert!(stage.person(5).is_waiting(), "for as long as it takes");
    stage.enter(OWNER).unwrap();
    stage.ask(OWNER, admit(5)).unwrap();
    stage.enter(6).unwrap();
    stage.enter(7).unwrap();
    let lacks = Err(Refusal::Forbidden(Permission::ParticipantAdmit));
    for ask in [admit(6), admit_all(None), tell(None, "hello"), tell(Some(6), "hello")] {
        assert_eq!(stage.ask(5, ask), lacks);
    }
    stage.ask(OWNER, assign(5, Role::Moderator)).unwrap();
    stage.ask(OWNER, leave()).unwrap();
    stage.ask(5, admit(6)).unwrap();
    let standing = stage.meeting.facts.standing(stage.now, stage.person(7)).unwrap();
    assert!(!standing.host_present, "a moderator is not the host");
    assert_eq!(stage.ask(7, admit(7)), Err(Refusal::StillWaiting));
}

#[test]
fn r10_the_waiting_room_has_its_own_bound_and_one_seat_is_the_hosts() {
    let mut stage = Stage::new(|created| {
        created.requires_approval = true;
        created.max_participants = Some(2);
        created.co_hosts = vec![UserId(2), UserId(3)];
        created.settings.max_waiting = 2;
    });
    stage.enter(2).unwrap();
    assert_eq!(come(&mut stage, 3, |_| {}), Waits(WaitReason::Full), "one is kept");
    assert_eq!(come(&mut stage, 5, |_| {}), Waits(WaitReason::Full));
    assert_eq!(come(&mut stage, 6, |_| {}), Refused(Refusal::WaitingRoomFull));
    assert_eq!(come(&mut stage, OWNER, |_| {}), In(Via::Staff), "a full meeting has room for him");
    let mut stage = Stage::new(|created| created.max_participants = Some(2));
    stage.enter(OWNER).unwrap();
    stage.enter(5).unwrap();
    assert_eq!(come(&mut stage, 6, |_| {}), Refused(Refusal::Full), "without a waiting room");
}

#[test]
fn where_waiting_helps_a_refusal_says_for_how_long() {
    for refusal in [Refusal::Full, Refusal::Locked] {
        let error = ErrorBody::from(&refusal);
        assert_eq!((error.retryable, error.retry_after_ms), (true, Some(TRY_AGAIN_MS)));
    }
}

#[test]
fn when_the_waiting_room_is_turned_off_all_come_in_but_who_needs_approval_anyway() {
    let mut stage = waiting_room(
        |created| {
            created.kind = MeetingType::Private;
            created.settings.private_strangers = Strangers::Wait;
            created.settings.waiting_passes = vec![Pass::Staff];
        },
        &[],
    );
    for user in [5, 6, 7, 8, 10] {
        invite_user(&mut stage, user);
        assert_eq!(come(&mut stage, user, |_| {}), Waits(WaitReason::Approval));
    }
    assert_eq!(come(&mut stage, 9, |_| {}), Waits(WaitReason::Approval), "a stranger");
    for (user, out) in [(5, remove(5)), (6, back(6, None))] {
        stage.ask(OWNER, admit(user)).unwrap();
        stage.ask(OWNER, out).unwrap();
    }
    assert_eq!(come(&mut stage, 5, |_| {}), Waits(WaitReason::RemovedBefore));
    assert_eq!(line(&stage), [7, 8, 10, 9, 6, 5]);
    let turn_off = |stage: &mut Stage| {
        let off = Policy { requires_approval: Some(false), ..Policy::default() };
        stage.ask(OWNER, Command::MeetingPolicy(Box::new(off))).unwrap();
    };
    turn_off(&mut stage);
    assert!([7, 8, 10].into_iter().all(|user| stage.is_in(user)), "the invited");
    assert_eq!(line(&stage), [9, 6, 5], "a stranger, one sent back, and one removed");
    let mut full = waiting_room(|created| created.max_participants = Some(4), &[5, 6, 7]);
    turn_off(&mut full);
    assert_eq!(line(&full), [7], "in order, until it is full");
}
