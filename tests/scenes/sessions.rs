//! Sessions: several devices of one person, and leaving.

use quorate_client::protocol::*;
use serde_json::json;
use tokio::io::AsyncReadExt;

use crate::stage::Stage;

#[tokio::test]
async fn a_fourth_device_takes_the_place_of_the_oldest() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let (mut first, _) = stage.knock_as(&meeting, "Ben").await;
    let mut second = stage.join(&meeting, "Ben").await;
    let _third = stage.join(&meeting, "Ben").await;
    let fourth = stage.join(&meeting, "Ben").await;
    let (said, code) = first.ending().await;
    let bye = said.last().unwrap();
    assert_eq!((&bye["data"]["code"], code), (&json!("replaced"), 4509));
    assert_eq!(bye["data"]["action"], "stop");
    assert_eq!(fourth.id(), second.id());
    assert_eq!(fourth.state().total, 2, "one person, however many devices");
    second.send(Command::HandRaise(Empty {})).await;
    assert_eq!(ada.kinds().await, ["participant.joined", "hand.raised"]);
}

#[tokio::test]
async fn what_one_device_does_the_others_hear() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut laptop = stage.join(&meeting, "Ada").await;
    let mut phone = stage.join(&meeting, "Ada").await;
    laptop.send(Command::HandRaise(Empty {})).await;
    let raised = phone.expect(|event| matches!(event, EventBody::HandRaised(_))).await;
    assert_eq!(raised.by, Some(laptop.id()));
    laptop.expect(|event| matches!(event, EventBody::HandRaised(_))).await;
}

#[tokio::test]
async fn who_leaves_leaves_with_all_devices_and_is_answered_first() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let (mut laptop, _) = stage.knock_as(&meeting, "Ben").await;
    let (mut phone, _) = stage.knock_as(&meeting, "Ben").await;
    laptop.say(&ClientFrame::command(2, &Command::Leave(Leave::default()))).await;
    let (said, code) = laptop.ending().await;
    let kinds: Vec<_> = said.iter().map(|frame| frame["type"].as_str().unwrap()).collect();
    assert_eq!(kinds[kinds.len() - 2..], ["ok", "bye"], "{said:?}");
    assert_eq!(said[kinds.len() - 2]["id"], 2);
    assert_eq!((&said.last().unwrap()["data"]["code"], code), (&json!("left"), 1000));
    let (said, code) = phone.ending().await;
    assert_eq!((&said.last().unwrap()["data"]["code"], code), (&json!("left"), 1000));
    let left = ada.expect(|event| matches!(event, EventBody::ParticipantLeft(_))).await;
    let EventBody::ParticipantLeft(left) = left.body else { unreachable!() };
    assert_eq!(left.reason, LeaveReason::Left);
    assert_eq!(ada.ask::<Snapshot>(Command::StateGet(Empty {})).await.total, 1);
}

#[tokio::test]
async fn a_lost_device_is_nobodys_business_while_another_is_there() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let laptop = stage.join(&meeting, "Ben").await;
    let phone = stage.join(&meeting, "Ben").await;
    ada.heard().await;
    laptop.client.close().await;
    phone.client.close().await;
    let lost = ada.expect(|event| matches!(event, EventBody::ConnectionChanged(_))).await;
    let EventBody::ConnectionChanged(lost) = lost.body else { unreachable!() };
    assert_eq!(lost.status, Presence::Lost);
    assert_eq!(ada.kinds().await, Vec::<String>::new(), "one event for the last of them");
}

/// Waits for the server's own heartbeat, a second here, to be missed twice.
#[tokio::test]
async fn who_answers_no_ping_is_lost() {
    let stage = Stage::with(|config| config.heartbeat_seconds = 1).await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let (socket, _) = stage.knock_as(&meeting, "Ben").await;
    let mut said = Vec::new();
    // Read as bytes: nobody answers a ping.
    socket.socket.into_inner().read_to_end(&mut said).await.unwrap();
    let text = String::from_utf8_lossy(&said);
    assert!(text.contains(r#"{"type":"bye","data":{"code":"ping_timeout","action":"resume"}}"#));
    let close = [&4004u16.to_be_bytes()[..], b"ping_timeout"].concat();
    assert!(said.ends_with(&close), "{text}");
}
