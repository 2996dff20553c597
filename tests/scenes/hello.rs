//! The first exchange: what one is told on coming in, and on waiting.

use quorate::identity::Claims;
use quorate::live::clock;
use quorate_client::protocol::*;
use serde_json::{Value, json};

use crate::stage::{Stage, admit, chat, guest, hello_guest};

/// The welcome in a frame, and that the protocol knows all of it.
fn known(frame: &Value) -> Welcome {
    let Ok(ServerFrame::Welcome(id, welcome)) = ServerFrame::parse(&frame.to_string()) else {
        panic!("not a welcome: {frame}");
    };
    let again = ServerFrame::Welcome(id, welcome.clone()).to_text();
    assert_eq!(serde_json::from_str::<Value>(&again).unwrap(), *frame, "nothing unknown in it");
    *welcome
}

#[tokio::test]
async fn a_welcome_is_the_protocols_and_covers_ones_own_coming() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({ "description": "figures" })).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let (_socket, frame) = stage.knock_as(&meeting, "Ben").await;
    assert_eq!(frame["id"], 1);
    let welcome = known(&frame);
    let joined = ada.expect(|event| matches!(event, EventBody::ParticipantJoined(_))).await;
    let state = welcome.state.expect("a snapshot");
    assert!(joined.seq <= state.seq, "one's own joined is in the snapshot");
    assert_eq!(state.seq, welcome.seq);
    let shown: Vec<_> = state.participants.iter().map(|person| person.name.as_str()).collect();
    assert_eq!(shown, ["Ada", "Ben"], "staff first");
    assert_eq!((state.total, state.waiting), (2, None));
    let you = welcome.you;
    assert_eq!(
        (you.status, you.role, you.kind),
        (Standing::Joined, Role::Attendee, UserKind::Member)
    );
    assert!(
        you.can.0.keys().eq({
            let mut all = Permission::ALL.to_vec();
            all.sort();
            all
        }
        .iter())
    );
    assert_eq!(you.can.0[&Permission::ChatSend], Grant::Yes);
    assert_eq!(you.can.0[&Permission::MeetingEnd], Grant::No(Denial::Role));
    assert_eq!(frame["data"]["you"]["can"]["meeting.end"], json!({ "no": "role" }));
    assert_eq!(welcome.meeting.status, MeetingStatus::InProgress);
    assert_eq!(welcome.meeting.host.name, "Ada");
    assert!(!welcome.resumed && welcome.waiting.is_none());
    assert_eq!(welcome.limits.sessions, 3);
}

#[tokio::test]
async fn a_meeting_is_named_by_code_or_for_those_who_belong_to_it_by_id() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let by_id = |name| {
        let meeting_ref = MeetingRef::Id(meeting.info.id);
        Hello { meeting: meeting_ref, ..stage.hello(&meeting, name) }
    };
    assert!(stage.enter(by_id("Ada")).await.is_ok());
    assert!(stage.enter(by_id("Ben")).await.is_err(), "a stranger needs the code");
    stage.join(&meeting, "Ben").await;
    assert!(stage.enter(by_id("Ben")).await.is_ok(), "and is none from then on");
}

#[tokio::test]
async fn who_waits_sees_neither_roster_nor_chat_and_gets_both_when_let_in() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({ "requires_approval": true })).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    ada.send(chat("the figures are bad")).await;
    let mut dora = stage.join_guest(&meeting, "Dora").await;
    let (mut ben, frame) = stage.knock(&hello_guest(&meeting, "Ben")).await;
    let welcome = known(&frame);
    assert_eq!(welcome.you.status, Standing::Waiting);
    assert_eq!(welcome.state, None);
    assert!(frame["data"].get("state").is_none());
    let standing = WaitingStanding {
        position: 2,
        reason: WaitReason::Approval,
        host_present: true,
        message: None,
    };
    assert_eq!(welcome.waiting, Some(standing));
    assert!(welcome.you.can.0.values().all(|grant| *grant != Grant::Yes), "and may do nothing");
    for secret in ["figures are bad", "Dora"] {
        assert!(!frame.to_string().contains(secret), "{secret}: {frame}");
    }
    for command in [
        Command::StateGet(Empty {}),
        Command::ParticipantList(ParticipantList {
            after: None,
            limit: 50,
            role: None,
            room: None,
        }),
        Command::ChatHistory(ChatHistoryGet { before: None, limit: 50 }),
        Command::WaitingList(Empty {}),
        Command::HandRaise(Empty {}),
        chat("let me in"),
    ] {
        let answer = ben.ask(&command).await;
        assert_eq!(answer["error"]["code"], "waiting", "{command:?}: {answer}");
    }
    ada.send(chat("who is at the door?")).await;
    ada.send(admit(welcome.you.participant)).await;
    let again = loop {
        let frame = ben.hear().await;
        if frame["type"] == "welcome" {
            break frame;
        }
        assert!(!frame.to_string().contains("at the door"), "not before one is in: {frame}");
    };
    assert!(again.get("id").is_none(), "{again}");
    let admitted = known(&again);
    assert_eq!(admitted.you.status, Standing::Joined);
    assert_eq!(admitted.session, welcome.session, "session and token stay");
    let state = admitted.state.expect("a snapshot");
    assert_eq!((state.total, state.chat.len()), (2, 2));
    assert_eq!(admitted.waiting, None);
    assert_eq!(dora.kinds().await, Vec::<String>::new(), "who still waits hears nothing of it");
}

#[tokio::test]
async fn nobody_is_told_a_secret_of_another() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({ "requires_approval": true })).await;
    let claims = Claims::new("ada".into(), Some("Ada".into()), 1, clock::wall());
    let claims = Claims { email: Some("ada@example.org".into()), ..claims };
    let token = stage.key.sign(&claims);
    let (mut ada, hers) =
        stage.knock(&Hello { token: Some(token.clone()), ..stage.hello(&meeting, "Ada") }).await;
    let (_dora, doras) = stage.knock(&hello_guest(&meeting, "Dora")).await;
    let admit_dora: ParticipantId =
        serde_json::from_value(doras["data"]["you"]["participant"].clone()).unwrap();
    ada.ask(&admit(admit_dora)).await;
    let (mut ben, waiting) = stage.knock(&hello_guest(&meeting, "Ben")).await;
    let id = serde_json::from_value(waiting["data"]["you"]["participant"].clone()).unwrap();
    let list = ada.ask(&Command::WaitingList(Empty {})).await;
    ada.ask(&admit(id)).await;
    let joined = loop {
        let frame = ben.hear().await;
        if frame["type"] == "welcome" {
            break frame;
        }
    };
    let told_ben = format!("{waiting}{joined}");
    let secrets = [
        guest("Dora").device,
        "guest:".to_owned(),
        "ada@example.org".to_owned(),
        token,
        hers["data"]["session"]["token"].as_str().unwrap().to_owned(),
        doras["data"]["session"]["token"].as_str().unwrap().to_owned(),
        hers["data"]["session"]["id"].as_str().unwrap().to_owned(),
    ];
    for secret in secrets {
        assert!(!told_ben.contains(&secret), "{secret} in {told_ben}");
    }
    for secret in [guest("Ben").device, "guest:".to_owned()] {
        assert!(!list.to_string().contains(&secret), "{secret} in {list}");
    }
}
