//! Erasing a person while the server runs: who is there reads nothing of them any more, and the journal is
//! whole.

use quorate::store::audit::{Verdict, verify};
use quorate_client::protocol::*;
use reqwest::Method;
use serde_json::{Value, json};

use crate::audit::{admin, get};
use crate::stage::{Stage, chat, hello_with};

fn say(text: &str, to: Option<ChatTo>) -> Command {
    Command::ChatSend(ChatSend { text: text.to_owned(), to, reply_to: None })
}

/// Whether a text stands anywhere in the database's files.
fn holds(stage: &Stage, text: &str) -> bool {
    let path = stage.config.database();
    let within = |bytes: Vec<u8>| bytes.windows(text.len()).any(|it| it == text.as_bytes());
    within(std::fs::read(path).unwrap())
}

#[tokio::test]
async fn whoever_is_erased_is_forgotten_where_they_spoke_and_were_spoken_of() {
    let mut stage = Stage::set().await;
    let running = stage.meeting("Ada", json!({ "title": "Weekly" })).await;
    let invitees = json!([{ "email": "zelda.quimby@example.org" }, { "email": "ben@example.org" }]);
    let planned = json!({ "title": "Planned", "invitees": invitees });
    let planned = stage.meeting("Ada", planned).await;
    let mut ada = stage.join(&running, "Ada").await;
    let token = stage.token_with_email("Zelda Quimby", "zelda.quimby");
    let mut zelda = stage.enter(hello_with(&running, token.clone())).await.unwrap();
    zelda.send(say("my grandmother's recipe", None)).await;
    zelda.send(say("between us: vermouth", Some(ChatTo::Participant(ada.id())))).await;
    let attributes = [("pronoun".to_owned(), json!("zhe"))].into_iter().collect();
    zelda.send(Command::ParticipantSetAttributes(SetAttributes { attributes })).await;
    ada.send(say("an answer", None)).await;
    let reason = PersonReason { participant: zelda.id(), reason: Some("too much vermouth".into()) };
    ada.send(Command::ParticipantRemove(reason)).await;

    let path = format!("/api/users/{}/erase", zelda.user());
    let erase = async |token: &str| {
        let answer = stage.request(Method::POST, &path, Some(token)).send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    assert_eq!(erase(&stage.token("Ada")).await.0, 403);
    let root = admin(&stage);
    let (status, erased) = erase(&root).await;
    assert_eq!((status, &erased["meetings"]), (200, &json!(2)), "{erased}");
    assert!(erased["events"].as_u64().unwrap() >= 6, "{erased}");
    // Who is there was told to come back, and reads what is left.
    let state: Snapshot = ada.ask(Command::StateGet(Empty {})).await;
    let texts: Vec<_> = state.chat.iter().map(|message| message.text.as_deref()).collect();
    assert_eq!(texts, [None, None, Some("an answer")], "{:?}", state.chat);
    let history: Page<ChatMessage> =
        ada.ask(Command::ChatHistory(ChatHistoryGet { before: None, limit: 50 })).await;
    assert_eq!(history.items.iter().filter(|it| it.text.is_some()).count(), 1);
    let invited: Page<Invitee> = {
        let mut host = stage.join(&planned, "Ada").await;
        host.ask(Command::InviteeList(InviteeList { after: None, limit: 50 })).await
    };
    let emails: Vec<_> = invited.items.iter().map(|invitee| invitee.email.as_deref()).collect();
    assert_eq!(emails, [None, Some("ben@example.org")]);
    let seen = format!("/api/meetings/{}/state?at=2100-01-01T00:00:00Z", running.info.id);
    for path in [&*seen, &format!("/api/meetings/{}/audit?limit=200", running.info.id)] {
        let (_, body) = get(&stage, path, &root).await;
        let body = body.to_string();
        assert!(!body.contains("vermouth") && !body.contains("Zelda"), "{path}: {body}");
    }
    // What they show is of somebody else now, and again there is nothing to erase.
    let again: Value = get(&stage, "/api/events", &token).await.1;
    assert_eq!(again["items"], json!([]));
    assert_eq!(erase(&root).await.1["events"], 0);
    let username = format!("SELECT username FROM users WHERE id = {}", zelda.user());
    assert_eq!(stage.sql::<String>(&username), format!("erased:{}", zelda.user()));
    assert!(matches!(
        verify(&stage.config.database(), None, &[], |_, _| ()).unwrap(),
        Verdict::Whole { .. }
    ));
    drop((ada, zelda));
    stage.restart().await;
    for text in ["Zelda", "zelda", "quimby", "vermouth", "grandmother", "pronoun"] {
        assert!(!holds(&stage, text), "`{text}` is still in the file");
    }
    assert!(holds(&stage, "an answer") && holds(&stage, "ben@example.org"));
}

#[tokio::test]
async fn nobody_is_erased_who_is_nobody() {
    let stage = Stage::set().await;
    for id in ["0", "4711", "-1", "x"] {
        let path = format!("/api/users/{id}/erase");
        let answer = stage.request(Method::POST, &path, Some(&admin(&stage))).send().await.unwrap();
        assert_eq!(answer.status(), 404, "{id}");
    }
}

#[tokio::test]
async fn with_whoever_is_erased_goes_what_they_opened_also_where_nothing_tells_of_them() {
    let stage = Stage::set().await;
    let setup = stage.setup_link.as_deref().unwrap().split_once('=').unwrap().1;
    let setup = json!({ "setup": { "secret": setup, "username": "zelda", "name": "Zelda" } });
    let request = stage.request(Method::POST, "/api/sessions", None).json(&setup);
    let zelda: SignedIn = request.send().await.unwrap().json().await.unwrap();
    let make = async |body: Value| {
        let request = stage.request(Method::POST, "/api/tokens", Some(&zelda.token)).json(&body);
        let made: CreatedToken = request.send().await.unwrap().json().await.unwrap();
        made.token
    };
    let bot = json!({ "name": "Clock", "kind": "bot", "scopes": ["chat.send"] });
    let bot = make(bot).await;
    // It comes to a meeting that its owner has nothing to do with.
    let meeting = stage.meeting("Ada", json!({})).await;
    let _ada = stage.join(&meeting, "Ada").await;
    let mut clock = stage.enter(hello_with(&meeting, bot)).await.unwrap();
    clock.send(chat("ten o'clock")).await;

    let narrow = json!({ "name": "k", "kind": "api", "scopes": ["chat.send"] });
    let narrow = make(narrow).await;
    let (_, me) = get(&stage, "/api/me", &zelda.token).await;
    let path = format!("/api/users/{}/erase", me["user"]["id"]);
    let erase = async |token: &str| {
        let answer = stage.request(Method::POST, &path, Some(token)).send().await.unwrap();
        answer.status().as_u16()
    };
    assert_eq!(erase(&narrow).await, 403, "an administrator's key with scopes erases nobody");
    assert_eq!(erase(&admin(&stage)).await, 200);
    let bye = clock.expect_bye().await;
    assert_eq!((bye.code, bye.action), (Code::Unauthorized, ByeAction::Stop));
}
