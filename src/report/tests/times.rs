//! Of what time a report tells: that in which someone was there, by the schedule that held when it started.

use quorate_protocol::{
    Command, Empty, Leave, MeetingStatus, MeetingUpdate, Report, SummaryPublish,
};

use super::play::{BEGAN, Play};

/// One that was to take ten minutes, started in time, and ended after five.
async fn five_minutes() -> Play {
    let mut play = Play::new(|created| {
        created.starts_at = Some(BEGAN);
        created.ends_at = Some(BEGAN.plus_ms(600_000));
    })
    .await;
    play.enter(1).await;
    play.enter(2).await;
    play.pass(300_000).await;
    assert!(play.ask(1, Command::MeetingEnd(Empty {})).await);
    play
}

fn component(report: &Report, key: &str) -> Option<f64> {
    report.effectiveness.components.iter().find(|it| it.key == key).unwrap().x
}

fn timeliness(report: &Report) -> Option<f64> {
    component(report, "timeliness")
}

#[tokio::test]
async fn a_meeting_that_is_called_off_later_is_told_as_it_was_whenever_that_is_asked() {
    let mut play = five_minutes().await;
    let before = play.stored(play.asked()).await;
    assert!(play.office(Command::MeetingCancel(Empty {})).await);
    for _ in 0..2 {
        play.pass(3_600_000).await;
        let after = play.stored(play.asked()).await;
        assert_eq!(after.meeting.status, MeetingStatus::Cancelled);
        assert_eq!((after.as_of, after.r#final), (before.as_of, true));
        assert_eq!((&after.effectiveness, &after.course), (&before.effectiveness, &before.course));
    }
}

#[tokio::test]
async fn only_time_in_which_it_ran_is_beyond_its_planned_end() {
    let mut play = five_minutes().await;
    assert_eq!(timeliness(&play.stored(play.asked()).await), Some(1.0));
    play.pass(10_800_000).await;
    play.enter(1).await;
    play.pass(3_000).await;
    assert!(play.ask(1, Command::MeetingEnd(Empty {})).await);
    let again = play.stored(play.asked()).await;
    assert_eq!((again.totals.live_seconds, timeliness(&again)), (303, Some(1.0)));
}

#[tokio::test]
async fn time_in_which_nobody_was_there_is_not_in_its_course() {
    let mut play = Play::new(|created| created.settings.end_when_empty_minutes = Some(60)).await;
    play.enter(1).await;
    play.pass(90_000).await;
    assert!(play.ask(1, Command::Leave(Leave::default())).await);
    play.pass(4_000_000).await;
    let report = play.stored(play.asked()).await;
    assert_eq!((report.r#final, report.totals.live_seconds), (true, 90));
    // The meeting began 20 s after a whole minute.
    assert_eq!(report.course.iter().map(|slice| slice.present).collect::<Vec<_>>(), [1.0, 1.0]);
}

#[tokio::test]
async fn the_schedule_is_the_one_that_held_when_it_started() {
    let mut play = five_minutes().await;
    let before = play.stored(play.asked()).await;
    assert_eq!(before.totals.punctual, 2);
    let starts_at = Some(Some(BEGAN.plus_ms(-86_400_000)));
    let later = MeetingUpdate { starts_at, ..MeetingUpdate::default() };
    assert!(play.office(Command::MeetingUpdate(later)).await);
    let after = play.stored(play.asked()).await;
    assert_eq!((&after.meeting, &after.totals), (&before.meeting, &before.totals));
    assert_eq!(timeliness(&after), timeliness(&before));
}

#[tokio::test]
async fn a_meeting_is_summed_up_in_time_up_to_a_day_after_its_end() {
    for (ms, x) in [(86_400_000, 0.2), (86_400_001, 0.0)] {
        let mut play = five_minutes().await;
        play.pass(ms).await;
        let text = "We met.".into();
        assert!(play.office(Command::SummaryPublish(SummaryPublish { text })).await);
        assert_eq!(component(&play.stored(play.asked()).await, "outcomes"), Some(x), "{ms} ms");
    }
}
