//! A checkpoint that someone asked for is answered once all up to it is durable.

use quorate_protocol::*;
use tokio::sync::oneshot;

use super::stage::*;
use crate::live::mail::{Mail, Reply};
use crate::live::{Attached, Stand};

fn ask(stage: &mut Stage) -> oneshot::Receiver<Reply<Stand>> {
    let (reply, answer) = oneshot::channel();
    stage.mail(Mail::Checkpoint { reply });
    answer
}

async fn join(stage: &mut Stage) -> Attached {
    let entered = stage.enter(OWNER);
    stage.commit().await;
    entered.await.unwrap().unwrap()
}

#[tokio::test]
async fn it_is_answered_when_it_is_committed_and_not_before() {
    let mut stage = Stage::new(false).await;
    let owner = join(&mut stage).await;
    stage.ask(&owner, 2, Command::MeetingLock(Empty {}));
    stage.end_step();
    assert_eq!(stage.running.in_flight, 1, "another batch is on its way");
    let mut answers = [ask(&mut stage), ask(&mut stage)];
    stage.end_step();
    assert_eq!(stage.running.in_flight, 2, "one for both");
    let head = stage.running.meeting.facts.head;
    assert!(stage.commit_one().await);
    assert!(answers.iter_mut().all(|answer| answered(answer).is_none()), "the other batch is");
    // What is asked meanwhile is answered by its own.
    let mut later = ask(&mut stage);
    assert!(stage.commit_one().await);
    for answer in &mut answers {
        assert_eq!(answered(answer).unwrap().unwrap().seq, head);
    }
    assert!(answered(&mut later).is_none());
    stage.commit().await;
    assert!(answered(&mut later).is_some());
}

#[tokio::test]
async fn where_there_is_nothing_to_write_it_is_answered_at_once() {
    let mut stage = Stage::new(false).await;
    let mut answer = ask(&mut stage);
    stage.end_step();
    assert_eq!(stage.running.in_flight, 0);
    let stand = answered(&mut answer).unwrap().unwrap();
    assert_eq!(stand.seq, stage.running.meeting.facts.head);
    assert!(stand.at >= stage.running.meeting.facts.at);
}
