//! Ballots: acknowledged when they are on disk, also where no event tells of them.

use quorate_protocol::*;

use super::stage::*;

fn rate(rating: u8) -> Command {
    Command::FeedbackSubmit(FeedbackSubmit { rating, comment: None, tags: Vec::new() })
}

#[tokio::test(start_paused = true)]
async fn a_changed_ballot_is_acknowledged_when_it_is_committed_and_leaves_no_command_behind() {
    let mut stage =
        Stage::with(|created| created.settings.feedback = FeedbackMode::Anonymous).await;
    let mut answer = stage.enter(OWNER);
    stage.commit().await;
    let mut ada = answered(&mut answer).unwrap().unwrap();
    deliver(&mut ada).await;
    stage.ask(&ada, 2, rate(1));
    stage.commit().await;
    let (frames, _) = deliver(&mut ada).await;
    let [ServerFrame::Events(told), ServerFrame::Ok(_)] = &frames[..] else {
        panic!("expected that someone did, then the answer: {frames:?}");
    };
    assert_eq!(told.events[0].by, None);
    let head = stage.running.meeting.facts.head;
    stage.ask(&ada, 3, rate(5));
    stage.end_step();
    assert!(deliver(&mut ada).await.0.is_empty(), "not on disk, not acknowledged");
    stage.commit().await;
    let (frames, _) = deliver(&mut ada).await;
    assert!(matches!(&frames[..], [ServerFrame::Ok(ok)] if ok.seq.is_none()), "{frames:?}");
    assert_eq!(stage.running.meeting.facts.head, head, "no event tells of a change");
    let ratings: Vec<u8> =
        stage.store.ratings(MEETING).await.unwrap().iter().map(|it| it.rating).collect();
    assert_eq!(ratings, [5]);
    let journal = stage.journal().await;
    assert!(journal.last().unwrap().cause.is_none());
    assert_eq!(stage.store.ballot_box(MEETING).await.unwrap().key, Some(stage.running.ballot_key));
}
