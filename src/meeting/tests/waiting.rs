//! The waiting room: each race, each state and how it ends, each reason and how it changes, what staff
//! says there, and who is sent back to it.

use quorate_protocol::*;

use super::passes::{Fare, come, invite_user};
use super::stage::*;
use crate::meeting::event::{Audience, Fact, MeetingCreated};
use crate::meeting::{Answer, Decision, Exit, Input, Place, Refusal};
use Fare::{In, Refused, Waits};

/// A waiting room with the owner and co-host 2 in, and these waiting.
fn waiting_room(change: impl FnOnce(&mut MeetingCreated), line: &[i64]) -> Stage {
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

fn line(stage: &Stage) -> Vec<i64> {
    stage.meeting.facts.waiting.values().map(|id| id.0 - 1000).collect()
}

fn reason(stage: &Stage, user: i64) -> WaitReason {
    stage.meeting.facts.standing(stage.now, stage.person(user)).expect("waits").reason
}

fn message(stage: &Stage, user: i64) -> Option<String> {
    stage.meeting.facts.standing(stage.now, stage.person(user)).expect("waits").message
}

fn answer<T: serde::de::DeserializeOwned>(decision: &Decision) -> T {
    let Answer::Data(data) = &decision.answer else { panic!("{decision:?}") };
    serde_json::from_str(data).unwrap()
}

fn already(decision: &Decision) -> Already {
    assert!(decision.events.is_empty(), "{decision:?}");
    answer(decision)
}

fn tell(user: Option<i64>, text: &str) -> Command {
    Command::WaitingTell(WaitingTell { participant: user.map(at), text: text.into() })
}

fn back(user: i64, message: Option<&str>) -> Command {
    let message = message.map(str::to_owned);
    Command::ParticipantSendToWaiting(SendToWaiting { participant: at(user), message })
}

/// By which rule someone came in last.
fn came_in(stage: &Stage, user: i64) -> Option<Via> {
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
    stage.ask(5, empty(Command::Leave)).unwrap();
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
    stage.ask(6, empty(Command::Leave)).unwrap();
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
        ("withdrawn", |stage| drop(stage.ask(5, empty(Command::Leave)).unwrap())),
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
    stage.ask(5, empty(Command::Leave)).unwrap();
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
    stage.ask(5, empty(Command::Leave)).unwrap();
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
    stage.ask(2, empty(Command::Leave)).unwrap();
    assert_eq!(came_in(&stage, 3), Some(Via::Staff), "neither start nor lock holds them up");
    // Who is co-host no longer waits as everyone does.
    assert_eq!(come(&mut stage, 2, |_| {}), Waits(WaitReason::Full));
    let dismiss = Command::CohostRemove(UserOnly { user: UserId(2) });
    stage.ask(OWNER, dismiss).unwrap();
    stage.ask(3, empty(Command::Leave)).unwrap();
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
    stage.ask(2, empty(Command::Leave)).unwrap();
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
    stage.ask(5, empty(Command::Leave)).unwrap();
    assert_eq!(places(&stage), [1]);
}

// Rules.

#[test]
fn r9_whoever_is_there_with_the_permission_admits_and_without_one_people_wait() {
    let mut stage = Stage::new(|created| created.requires_approval = true);
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
    stage.ask(OWNER, empty(Command::Leave)).unwrap();
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
            created.max_participants = Some(5);
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
    let everyone = stage.meeting.facts.admit_everyone(Decision::by_system());
    let joined = everyone.events.iter().filter_map(|draft| match draft.fact {
        Fact::ParticipantJoined { participant, via, .. } => Some((participant, via)),
        _ => None,
    });
    let joined: Vec<_> = joined.collect();
    assert_eq!(joined, [7, 8, 10].map(|user| (at(user), Via::Open)), "in order");
    stage.ask(OWNER, admit(5)).unwrap();
    let everyone = stage.meeting.facts.admit_everyone(Decision::by_system());
    assert_eq!(everyone.events.len(), 4, "until it is full");
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
    stage.ask(6, empty(Command::Leave)).unwrap();
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
    stage.ask(5, empty(Command::Leave)).unwrap();
    assert_eq!(come(&mut stage, 5, |_| {}), Waits(WaitReason::Approval), "leaving is no way in");
    stage.ask(OWNER, admit(5)).unwrap();
    stage.ask(5, empty(Command::Leave)).unwrap();
    assert_eq!(come(&mut stage, 5, |_| {}), In(Via::Open), "once let in, it is over");
    stage.ask(OWNER, back(2, None)).unwrap();
    stage.ask(2, empty(Command::Leave)).unwrap();
    assert_eq!(come(&mut stage, 2, |_| {}), Waits(WaitReason::Approval), "a co-host too");
}

#[test]
fn one_sends_back_who_is_in_and_of_a_lower_rank() {
    let mut stage = open_meeting();
    stage.enter(7).unwrap();
    stage.ask(7, empty(Command::Leave)).unwrap();
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
