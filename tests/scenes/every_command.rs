//! What holds for every command there is, read from the golden files: it can be tried without effect, and
//! an id that names nothing, or something of another meeting, gets the answer that says so.

use std::fs;

use quorate_client::protocol::*;
use serde_json::{Value, json};

use crate::stage::{Socket, Stage};

/// One may ban a user who was never here, and 0 is the main room.
fn names_something(kind: &str, place: &str, id: i64) -> bool {
    match (kind, place) {
        ("participant.ban", "/user") => id > 0,
        ("participant.list", "/room") => id == 0,
        _ => false,
    }
}

/// What names someone or something.
const IDS: [&str; 13] = [
    "participant",
    "participants",
    "to",
    "user",
    "message",
    "reply_to",
    "poll",
    "room",
    "item",
    "owner",
    "speaker",
    "successor",
    "invitee",
];

/// An example of each command: its type and its data.
fn examples() -> Vec<(String, Value)> {
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/protocol/golden");
    let files = fs::read_dir(golden).unwrap().map(|file| file.unwrap().path());
    let commands = files.filter(|path| path.to_string_lossy().contains("/command."));
    let frames = commands
        .map(|path| -> Value { serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap() });
    let mut examples: Vec<_> = frames
        .map(|frame| (frame["type"].as_str().unwrap().to_owned(), frame["data"].clone()))
        .collect();
    examples.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(examples.len(), Command::TYPES.len());
    examples
}

/// Where in a command's data there are ids, as JSON pointers.
fn ids(data: &Value, path: &str, named: bool, found: &mut Vec<String>) {
    match data {
        Value::Object(fields) => {
            for (key, value) in fields {
                ids(value, &format!("{path}/{key}"), IDS.contains(&&**key), found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                ids(item, &format!("{path}/{index}"), named, found);
            }
        }
        Value::Number(_) if named => found.push(path.to_owned()),
        _ => {}
    }
}

async fn ask(socket: &mut Socket, kind: &str, data: &Value, dry_run: bool) -> Value {
    let id = socket.id();
    let frame = json!({ "type": kind, "id": id, "dry_run": dry_run, "data": data });
    socket.say(&frame.to_string()).await;
    socket.answer(json!(id)).await
}

#[tokio::test]
async fn each_can_be_tried_by_anyone_and_nothing_happens() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let (mut ada, _) = stage.knock_as(&meeting, "Ada").await;
    let (mut ben, _) = stage.knock_as(&meeting, "Ben").await;
    let before = ask(&mut ada, "state.get", &json!({}), false).await;
    for (kind, data) in examples() {
        for who in [&mut ada, &mut ben] {
            let answer = ask(who, &kind, &data, true).await;
            match answer["type"].as_str() {
                Some("ok") => assert_eq!(answer["dry_run"], true, "{kind}: {answer}"),
                _ => assert_ne!(answer["error"]["code"], "internal", "{kind}: {answer}"),
            }
        }
    }
    let after = ask(&mut ada, "state.get", &json!({}), false).await;
    assert_eq!(after["data"], before["data"]);
}

#[tokio::test]
async fn an_id_that_names_nothing_here_is_answered_so() {
    let stage = Stage::set().await;
    let elsewhere = stage.meeting("Ada", json!({})).await;
    let mut foreign = 0;
    for name in ["Uma", "Vic", "Wim", "Xia", "Yan", "Zoe"] {
        foreign = stage.join(&elsewhere, name).await.id().0;
    }
    let meeting = stage.meeting("Ada", json!({})).await;
    let (mut ada, _) = stage.knock_as(&meeting, "Ada").await;
    for (kind, data) in examples() {
        let mut places = Vec::new();
        ids(&data, "", false, &mut places);
        for place in places {
            for id in [foreign, 4_000_000_000, 0, -1, i64::MAX] {
                if names_something(&kind, &place, id) {
                    continue;
                }
                let mut data = data.clone();
                *data.pointer_mut(&place).unwrap() = json!(id);
                let answer = ask(&mut ada, &kind, &data, false).await;
                let code = answer["error"]["code"].as_str();
                let says_so = matches!(code, Some("not_found" | "invalid"));
                assert!(says_so, "{kind} with {place} = {id}: {answer}");
            }
        }
    }
}
