//! How a report tells the start: who was in time for it, and what is told where there was none.

use quorate_protocol::{Admit, Command, Empty, Report};

use super::play::{BEGAN, Play};
use crate::report::html::page;

const MINUTE: i64 = 60_000;

#[tokio::test]
async fn who_waited_for_a_host_who_was_late_was_in_time() {
    let mut play = Play::new(|created| {
        created.starts_at = Some(BEGAN.plus_ms(2 * MINUTE));
        created.ends_at = Some(BEGAN.plus_ms(60 * MINUTE));
        created.requires_approval = true;
    })
    .await;
    for id in [2, 3] {
        play.enter(id).await;
    }
    // Five minutes after the planned start is in time still, and a millisecond more is not.
    play.pass(7 * MINUTE).await;
    play.enter(4).await;
    play.pass(1).await;
    play.enter(5).await;
    play.pass(2 * MINUTE).await;
    play.enter(1).await;
    assert!(
        play.ask(
            1,
            Command::ParticipantAdmit(Admit { participant: None, all: true, up_to_seq: None })
        )
        .await
    );
    play.pass(MINUTE).await;
    let report = play.stored(play.asked()).await;
    let totals = &report.totals;
    assert_eq!((totals.participants, totals.punctual), (5, 3), "2, 3 and 4; not 5, nor the host");
}

/// That nothing is scored, in figures and on the page.
fn check(report: &Report) {
    let scored = &report.effectiveness;
    assert_eq!((scored.score, scored.losses.len()), (None, 0));
    assert!(scored.components.len() == 7 && scored.components.iter().all(|it| !it.available));
    let html = scraper::Html::parse_document(&page(report));
    let text = |selector: &str| {
        let selector = scraper::Selector::parse(selector).unwrap();
        html.select(&selector).flat_map(|it| it.text()).collect::<String>()
    };
    assert!(text("#effectiveness .empty").starts_with("There is nothing by which to say"));
    assert!(text(".key").starts_with("Effectiveness–nothing to score"));
    assert!(!text("#effectiveness").contains("points"));
}

#[tokio::test]
async fn what_never_ran_is_not_scored() {
    for scheduled in [true, false] {
        let mut play = Play::new(|created| {
            created.starts_at = scheduled.then_some(BEGAN.plus_ms(60 * MINUTE));
        })
        .await;
        play.pass(MINUTE).await;
        check(&play.stored(play.asked()).await);
        assert!(play.office(Command::MeetingCancel(Empty {})).await);
        check(&play.stored(play.asked()).await);
    }
}
