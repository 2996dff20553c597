//! The life of a meeting: called off, reminded of its end, stopped.

use quorate_protocol::*;

use super::stage::*;
use crate::meeting::event::Fact;
use crate::meeting::{Input, Refusal};

/// A meeting of an hour, which has begun.
fn of_an_hour(change: impl FnOnce(&mut Settings)) -> Stage {
    let mut stage = Stage::new(|created| {
        created.starts_at = Some(Timestamp(1_700_000_000_000));
        created.ends_at = Some(Timestamp(1_700_003_600_000));
        change(&mut created.settings);
    });
    stage.enter(OWNER).unwrap();
    stage
}

/// When everyone was reminded, in seconds from the start, and of how many minutes.
fn reminders(stage: &Stage) -> Vec<(i64, u32)> {
    let reminder = |event: &crate::meeting::Event| match event.fact {
        Fact::MeetingEndingSoon { minutes, .. } => {
            Some(((event.at.0 - 1_700_000_000_000) / 1000, minutes))
        }
        _ => None,
    };
    stage.journal.iter().filter_map(reminder).collect()
}

fn status(stage: &Stage) -> MeetingStatus {
    stage.meeting.facts.info.status
}

/// Lets time pass as the actor does: from one deadline to the next.
fn pass(stage: &mut Stage, seconds: u32) {
    let until = stage.now.plus_seconds(seconds);
    while let Some(at) = stage.meeting.next_deadline().filter(|at| *at <= until) {
        stage.now = at.max(stage.now);
        stage.settle();
    }
    stage.now = until;
}

#[test]
fn everyone_is_reminded_of_the_end_before_it_comes() {
    let mut stage = of_an_hour(|settings| settings.remind_minutes = vec![10, 1]);
    pass(&mut stage, 3000);
    assert_eq!(reminders(&stage), [(3000, 10)]);
    stage.ask(OWNER, Command::MeetingExtend(MeetingExtend { minutes: 30 })).unwrap();
    pass(&mut stage, 3000);
    assert_eq!(reminders(&stage), [(3000, 10), (4800, 10), (5340, 1)]);
    pass(&mut stage, 3 * 3600);
    assert_eq!(reminders(&stage).len(), 3, "and not after it");
}

#[test]
fn a_reminder_whose_time_has_passed_does_not_come() {
    let mut stage = Stage::new(|created| {
        created.starts_at = Some(Timestamp(1_700_000_000_000));
        created.ends_at = Some(Timestamp(1_700_000_300_000));
    });
    stage.enter(OWNER).unwrap();
    pass(&mut stage, 400);
    assert_eq!(reminders(&stage), [(240, 1)], "of the ten minutes it has five");
    // Nobody ran it for a while: of two that are due the last is told.
    let mut stage = of_an_hour(|_| {});
    stage.now = stage.now.plus_seconds(3590);
    stage.restart();
    stage.settle();
    assert_eq!(reminders(&stage), [(3590, 1)]);
}

#[test]
fn a_meeting_that_runs_over_is_stopped_where_its_settings_say_so() {
    let mut stage = of_an_hour(|settings| settings.hard_stop_minutes = Some(5));
    pass(&mut stage, 3600 + 299);
    assert_eq!(status(&stage), MeetingStatus::InProgress);
    pass(&mut stage, 1);
    assert_eq!(
        stage.journal.last().map(|event| &event.fact),
        Some(&Fact::MeetingEnded { reason: EndReason::HardStop })
    );
    // Opened again, it goes on: its end has passed.
    stage.enter(OWNER).unwrap();
    pass(&mut stage, 3600);
    assert_eq!(status(&stage), MeetingStatus::InProgress);
    let mut stage = of_an_hour(|_| {});
    pass(&mut stage, 24 * 3600);
    assert_eq!(status(&stage), MeetingStatus::InProgress, "by default it may");
}

#[test]
fn a_meeting_that_is_called_off_is_over_for_good() {
    let mut stage = of_an_hour(|_| {});
    stage.enter(3).unwrap();
    let cancel = || empty(Command::MeetingCancel);
    assert_eq!(stage.ask(3, cancel()), Err(Refusal::Forbidden(Permission::MeetingDelete)));
    stage.ask(OWNER, cancel()).unwrap();
    assert_eq!(stage.last(2), ["meeting.ended", "meeting.cancelled"]);
    assert_eq!(status(&stage), MeetingStatus::Cancelled);
    for user in [OWNER, 3] {
        assert_eq!(stage.enter(user), Err(Refusal::Ended), "user {user}");
    }
    assert_eq!(stage.meeting.next_deadline(), None);
    assert_eq!(stage.replayed(), stage.meeting.facts);
}

#[test]
fn before_it_began_it_is_called_off_without_an_end_and_who_waits_goes() {
    let mut stage = Stage::new(|created| {
        created.starts_at = Some(Timestamp(1_700_090_000_000));
        created.settings.auto_start = false;
    });
    stage.enter(3).unwrap();
    assert!(stage.person(3).is_waiting());
    stage.enter(OWNER).unwrap();
    stage.ask(OWNER, empty(Command::MeetingCancel)).unwrap();
    assert_eq!(stage.last(2), ["meeting.ended", "meeting.cancelled"], "they were there");
    assert!(!stage.person(3).is_waiting());
    assert!(stage.meeting.decide(stage.now, &Input::Deadline).unwrap().events.is_empty());
}
