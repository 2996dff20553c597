//! What applications say among themselves.

use quorate_client::protocol::*;
use serde_json::{Value, json};

use crate::stage::{Person, Stage};

fn publish(topic: &str, data: Value, to: Option<ParticipantId>) -> Command {
    Command::AppPublish(AppPublish { topic: topic.to_owned(), data, to })
}

async fn told(person: &mut Person) -> App {
    let app = |signal: &SignalBody| match signal {
        SignalBody::App(app) => Some(app.clone()),
        _ => None,
    };
    person.expect_signal(app).await
}

#[tokio::test]
async fn an_application_speaks_to_all_or_to_one() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let mut ben = stage.join(&meeting, "Ben").await;
    let mut eve = stage.join(&meeting, "Eve").await;
    let stroke = json!({ "from": [3, 4], "to": [5, 12] });
    let done = ben.send(publish("whiteboard.stroke", stroke.clone(), None)).await;
    assert_eq!(done.seq, None, "it is no fact");
    let app = App { from: ben.id(), topic: "whiteboard.stroke".to_owned(), data: stroke };
    for person in [&mut ada, &mut ben, &mut eve] {
        assert_eq!(told(person).await, app);
    }
    ben.send(publish("secret", json!("for Ada"), Some(ada.id()))).await;
    assert_eq!(told(&mut ada).await.topic, "secret");
    eve.heard().await;
    assert!(eve.heard().await.is_empty(), "nobody else hears it");
    let gone = ben.refused(publish("a", json!(1), Some(ParticipantId(4711)))).await;
    assert_eq!(gone.code, Code::NotFound);
}

#[tokio::test]
async fn who_waits_hears_nothing_of_it_and_says_nothing() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({ "requires_approval": true })).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let mut gus = stage.join_guest(&meeting, "Gus").await;
    ada.send(publish("a", json!(1), None)).await;
    told(&mut ada).await;
    assert_eq!(gus.refused(publish("a", json!(1), None)).await.code, Code::Waiting);
    let heard = gus.heard().await;
    let app = |notice: &quorate_client::Notice| {
        matches!(notice, quorate_client::Notice::Signal(SignalBody::App(_)))
    };
    assert!(!heard.iter().any(app), "{heard:?}");
}
