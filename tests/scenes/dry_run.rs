//! Asking what would happen.

use quorate_client::protocol::*;
use serde_json::{Value, json};

use crate::stage::{Socket, Stage};

async fn dry(socket: &mut Socket, kind: &str, data: Value) -> Value {
    let id = socket.id();
    let frame = json!({ "type": kind, "id": id, "dry_run": true, "data": data });
    socket.say(&frame.to_string()).await;
    socket.answer(json!(id)).await
}

#[tokio::test]
async fn a_dry_run_tells_the_events_and_changes_nothing() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut ben = stage.join(&meeting, "Ben").await;
    let (mut ada, welcome) = stage.knock_as(&meeting, "Ada").await;
    let me = welcome["data"]["you"]["participant"].clone();
    ben.heard().await;
    let before: Snapshot = ben.ask(Command::StateGet(Empty {})).await;
    for (kind, data, would) in [
        (
            "hand.raise",
            json!({}),
            vec![json!({ "type": "hand.raised", "data": { "participant": me } })],
        ),
        (
            "participant.remove",
            json!({ "participant": ben.id() }),
            vec![json!({ "type": "participant.removed", "data": { "participant": ben.id() } })],
        ),
        (
            "role.assign",
            json!({ "participant": ben.id(), "role": "moderator" }),
            vec![json!({
                "type": "role.assigned",
                "data": { "participant": ben.id(), "role": "moderator" },
            })],
        ),
        ("meeting.lock", json!({}), vec![json!({ "type": "meeting.locked", "data": {} })]),
        (
            "meeting.end",
            json!({}),
            vec![json!({ "type": "meeting.ended", "data": { "reason": "ended" } })],
        ),
        (
            "leave",
            json!({}),
            vec![json!({
                "type": "participant.left",
                "data": { "participant": me, "reason": "left" },
            })],
        ),
        ("reaction.send", json!({ "emoji": "🎉" }), vec![]),
        ("rtc.send", json!({ "to": ben.id(), "data": {} }), vec![]),
        ("quality.report", json!({ "rtt_ms": 900, "jitter_ms": 0, "loss_pct": 50 }), vec![]),
        ("app.publish", json!({ "topic": "cursor", "data": 1 }), vec![]),
        ("ping", json!({}), vec![]),
        ("chat.history", json!({}), vec![]),
    ] {
        let answer = dry(&mut ada, kind, data).await;
        assert_eq!((&answer["type"], &answer["dry_run"]), (&json!("ok"), &json!(true)), "{answer}");
        assert_eq!(answer["data"], json!({ "events": would }), "{kind}");
        assert!(answer.get("seq").is_none(), "{answer}");
    }
    assert_eq!(ben.heard().await, [], "neither event nor signal");
    let after: Snapshot = ben.ask(Command::StateGet(Empty {})).await;
    assert_eq!(after, before);
}

#[tokio::test]
async fn a_dry_run_is_refused_as_the_command_would_be() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let (mut ben, _) = stage.knock_as(&meeting, "Ben").await;
    let answer = dry(&mut ben, "meeting.end", json!({})).await;
    assert_eq!(answer["error"]["permission"], "meeting.end");
    let answer = dry(&mut ben, "chat.send", json!({ "text": "" })).await;
    assert_eq!(answer["error"]["field"], "text");
    let answer = dry(&mut ben, "chat.send", json!({ "text": "hi" })).await;
    assert_eq!(answer["data"]["events"][0]["data"]["text"], "hi");
}
