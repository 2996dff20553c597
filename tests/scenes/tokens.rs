//! API keys and bot tokens, one's calendar's address, users looked up and switched off.

use quorate::identity::Claims;
use quorate::live::clock;
use quorate_client::protocol::*;
use reqwest::Method;
use serde_json::{Value, json};

use crate::stage::{Person, Stage, chat, hello_with};

async fn ask(stage: &Stage, method: Method, path: &str, token: &str, body: Value) -> (u16, Value) {
    let request = stage.request(method, path, Some(token));
    let request = if body.is_null() { request } else { request.json(&body) };
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

async fn me(stage: &Stage, token: &str) -> (u16, Value) {
    ask(stage, Method::GET, "/api/me", token, Value::Null).await
}

/// A new token: its secret, and the rest.
async fn make(stage: &Stage, owner: &str, body: Value) -> (String, Value) {
    let (status, made) = ask(stage, Method::POST, "/api/tokens", owner, body).await;
    assert_eq!(status, 201, "{made}");
    (made["token"].as_str().unwrap().to_owned(), made)
}

async fn revoke(stage: &Stage, owner: &str, made: &Value) -> (u16, Value) {
    let path = format!("/api/tokens/{}", made["id"]);
    ask(stage, Method::DELETE, &path, owner, Value::Null).await
}

fn admin(stage: &Stage) -> String {
    let claims = Claims::new("root".to_owned(), None, 1, clock::wall());
    stage.key.sign(&Claims { admin: true, ..claims })
}

async fn is_told_off(person: &mut Person) {
    let bye = person.expect_bye().await;
    assert_eq!((bye.code, bye.action), (Code::Unauthorized, ByeAction::Stop));
}

#[tokio::test]
async fn an_api_key_is_its_owner_until_it_is_revoked_also_over_open_sockets() {
    let stage = Stage::set().await;
    let ada = stage.token("Ada");
    let meeting = stage.meeting("Ada", json!({})).await;
    let (key, made) = make(&stage, &ada, json!({ "name": "Script", "kind": "api" })).await;
    assert!(key.starts_with("qk_") && key.len() >= 46, "{key}");
    let (_, who) = me(&stage, &key).await;
    assert_eq!((&who["user"]["id"], &who["scopes"]), (&json!(meeting.owner.id), &Value::Null));
    let list = ask(&stage, Method::GET, "/api/tokens", &ada, Value::Null).await.1;
    let (item, text) = (&list["items"][0], list.to_string());
    assert_eq!((&item["id"], &item["name"]), (&made["id"], &json!("Script")));
    assert!(!text.contains(&key[3..]), "the secret is shown once");
    let used = item["last_used_at"].as_str().unwrap().parse::<Timestamp>().unwrap();
    assert_eq!(used.0 % 60_000, 0, "to the minute");
    let stored: Vec<u8> = stage.sql("SELECT secret_hash FROM tokens");
    assert_eq!(stored.len(), 32);

    let mut by_key = stage.enter(hello_with(&meeting, key.clone())).await.unwrap();
    let mut by_hand = stage.join(&meeting, "Ada").await;
    let (mut socket, welcome) = stage.knock(&hello_with(&meeting, key.clone())).await;
    assert_eq!(revoke(&stage, &stage.token("Eve"), &made).await.0, 404, "it is not hers");
    assert_eq!(revoke(&stage, &ada, &made).await.0, 200);
    is_told_off(&mut by_key).await;
    let (said, code) = socket.ending().await;
    assert_eq!((&said.last().unwrap()["data"]["code"], code), (&json!("unauthorized"), 4501));
    by_hand.send(Command::Ping(Empty {})).await;
    assert_eq!(me(&stage, &key).await.0, 401);
    let (_, answer) = stage.resume(&meeting, &welcome, 0).await;
    assert_eq!(answer["error"]["code"], "unauthorized", "{answer}");
    assert_eq!(revoke(&stage, &ada, &made).await.0, 404, "it is gone");
    let list = ask(&stage, Method::GET, "/api/tokens", &ada, Value::Null).await.1;
    assert_eq!(list["items"], json!([]));
}

#[tokio::test]
async fn a_lost_session_of_a_revoked_key_does_not_come_back() {
    let stage = Stage::set().await;
    let (ada, meeting) = (stage.token("Ada"), stage.meeting("Ada", json!({})).await);
    let (key, made) = make(&stage, &ada, json!({ "name": "Script", "kind": "api" })).await;
    let mut watching = stage.join(&meeting, "Ben").await;
    let (socket, welcome) = stage.knock(&hello_with(&meeting, key)).await;
    drop(socket);
    watching.expect(|event| matches!(event, EventBody::ConnectionChanged(_))).await;
    revoke(&stage, &ada, &made).await;
    let (_, answer) = stage.resume(&meeting, &welcome, 0).await;
    assert_eq!(answer["error"]["code"], "unauthorized", "{answer}");
    assert_eq!(answer["error"]["retryable"], false, "{answer}");
}

#[tokio::test]
async fn a_key_with_scopes_reads_as_its_owner_and_changes_what_they_say() {
    let stage = Stage::set().await;
    let (ada, meeting) = (stage.token("Ada"), stage.meeting("Ada", json!({})).await);
    let body = json!({ "name": "Chat", "kind": "api", "scopes": ["chat.send"] });
    let (key, _) = make(&stage, &ada, body).await;
    assert_eq!(me(&stage, &key).await.1["scopes"], json!(["chat.send"]));
    assert_eq!(me(&stage, &key).await.1["calendar_url"], Value::Null);
    let mut by_key = stage.enter(hello_with(&meeting, key.clone())).await.unwrap();
    let mut by_hand = stage.join(&meeting, "Ada").await;
    by_key.send(chat("hello")).await;
    for (command, permission) in [
        (Command::MeetingEnd(Empty {}), Permission::MeetingEnd),
        (Command::MeetingLock(Empty {}), Permission::MeetingLock),
        (Command::HandRaise(Empty {}), Permission::HandRaise),
        (Command::HostReclaim(Empty {}), Permission::RoleTransferHost),
    ] {
        assert_eq!(by_key.refused(command).await.permission, Some(permission));
    }
    let list = ParticipantList { after: None, limit: 50, role: None, room: None };
    by_key.send(Command::ParticipantList(list)).await;
    by_key.send(Command::InviteeList(InviteeList { after: None, limit: 50 })).await;
    // It stays so when the session comes back.
    let (_socket, welcome) = stage.knock(&hello_with(&meeting, key.clone())).await;
    let (mut back, resumed) = stage.resume(&meeting, &welcome, 0).await;
    assert_eq!(resumed["data"]["session"]["id"], welcome["data"]["session"]["id"]);
    let answer = back.ask(&Command::MeetingLock(Empty {})).await;
    assert_eq!(answer["error"]["permission"], "meeting.lock", "{answer}");
    by_hand.send(Command::MeetingLock(Empty {})).await;

    let path = format!("/api/meetings/{}", meeting.info.id);
    assert_eq!(ask(&stage, Method::GET, &path, &key, Value::Null).await.0, 200);
    for (path, body) in [
        ("/api/meetings", json!({ "title": "Mine" })),
        ("/api/tokens", json!({ "name": "More", "kind": "api" })),
        ("/api/me/calendar-url", Value::Null),
    ] {
        let (status, problem) = ask(&stage, Method::POST, path, &key, body).await;
        assert_eq!((status, &problem["code"]), (403, &json!("forbidden")), "{path}: {problem}");
    }
}

#[tokio::test]
async fn a_bot_reaches_what_its_owner_hosts_or_what_it_is_bound_to() {
    let stage = Stage::set().await;
    let ada = stage.token("Ada");
    let (own, other) =
        (stage.meeting("Ada", json!({})).await, stage.meeting("Ben", json!({})).await);
    let scopes = json!(["participant.list", "chat.send"]);
    let body = json!({ "name": "Greeter", "kind": "bot", "scopes": scopes });
    let (token, made) = make(&stage, &ada, body.clone()).await;
    let _hosts = (stage.join(&own, "Ada").await, stage.join(&other, "Ben").await);
    let mut bot = stage.enter(hello_with(&own, token.clone())).await.unwrap();
    assert_eq!((bot.welcome.you.kind, &*bot.welcome.you.name), (UserKind::Bot, "Greeter"));
    assert_eq!(json!(bot.user()), made["user"]);
    bot.send(chat("hello")).await;
    let hand = bot.refused(Command::HandRaise(Empty {})).await;
    assert_eq!(hand.permission, Some(Permission::HandRaise));
    let refused = stage.turned_back_with(hello_with(&other, token.clone())).await;
    assert_eq!(refused.code, Code::NotFound);
    let (_, who) = me(&stage, &token).await;
    assert_eq!((&who["scopes"], &who["calendar_url"]), (&scopes, &Value::Null));

    // Bound, to one's own only.
    let mut bound = body.clone();
    bound["meetings"] = json!([own.info.id, other.info.id]);
    let (status, problem) = ask(&stage, Method::POST, "/api/tokens", &ada, bound).await;
    assert_eq!((status, &problem["field"]), (422, &json!("meetings[1]")), "{problem}");
    let second = stage.meeting("Ada", json!({})).await;
    let mut bound = body.clone();
    bound["meetings"] = json!([second.info.id]);
    let (token, _) = make(&stage, &ada, bound).await;
    stage.enter(hello_with(&second, token.clone())).await.unwrap();
    let refused = stage.turned_back_with(hello_with(&own, token)).await;
    assert_eq!(refused.code, Code::NotFound);

    assert_eq!(revoke(&stage, &ada, &made).await.0, 200);
    is_told_off(&mut bot).await;

    // An administrator's reaches all, for as long as they are one.
    let setup = stage.setup_link.as_deref().unwrap().split_once('=').unwrap().1;
    let setup = json!({ "setup": { "secret": setup, "username": "root", "name": "Root" } });
    let request = stage.request(Method::POST, "/api/sessions", None).json(&setup);
    assert_eq!(request.send().await.unwrap().status(), 200);
    let (token, _) = make(&stage, &stage.token("Root"), body).await;
    let mut bot = stage.enter(hello_with(&other, token)).await.unwrap();
    bot.send(chat("hello")).await;
}

#[tokio::test]
async fn a_key_bound_to_meetings_reaches_no_others() {
    let stage = Stage::set().await;
    let ada = stage.token("Ada");
    let (one, two) = (stage.meeting("Ada", json!({})).await, stage.meeting("Ada", json!({})).await);
    let body = json!({ "name": "One", "kind": "api", "meetings": [one.info.id] });
    let (key, _) = make(&stage, &ada, body).await;
    for (meeting, status) in [(&one, 200), (&two, 404)] {
        let path = format!("/api/meetings/{}", meeting.info.id);
        assert_eq!(ask(&stage, Method::GET, &path, &key, Value::Null).await.0, status);
    }
    stage.enter(hello_with(&one, key.clone())).await.unwrap();
    assert_eq!(stage.turned_back_with(hello_with(&two, key)).await.code, Code::NotFound);
    // A meeting that one does not see is none to bind a key to.
    let body = json!({ "name": "One", "kind": "api", "meetings": [one.info.id] });
    let (status, problem) =
        ask(&stage, Method::POST, "/api/tokens", &stage.token("Eve"), body).await;
    assert_eq!((status, &problem["field"]), (422, &json!("meetings[0]")), "{problem}");
}

#[tokio::test]
async fn what_is_asked_wrongly_of_tokens_is_told_and_there_are_at_most_fifty() {
    let stage = Stage::set().await;
    let ada = stage.token("Ada");
    let long = "x".repeat(81);
    for (body, status, field) in [
        (json!({ "name": "x" }), 422, json!("kind")),
        (json!({ "name": " ", "kind": "api" }), 422, json!("name")),
        (json!({ "name": long, "kind": "api" }), 413, json!("name")),
        (json!({ "name": "x", "kind": "web" }), 422, json!("kind")),
        (json!({ "name": "x", "kind": "api", "scopes": ["fly"] }), 422, json!("scopes[0]")),
        (json!({ "name": "x", "kind": "bot", "scopes": ["poll.vote"] }), 422, json!("scopes[0]")),
        (json!({ "name": "x", "kind": "api", "meetings": [] }), 422, json!("meetings")),
        (json!({ "name": "x", "kind": "api", "meetings": vec![1; 101] }), 413, json!("meetings")),
        (
            json!({ "name": "x", "kind": "api", "expires_at": "2020-01-01T00:00:00Z" }),
            422,
            json!("expires_at"),
        ),
        (json!({ "name": "x", "kind": "api", "token": "mine" }), 422, json!("token")),
    ] {
        let (got, problem) = ask(&stage, Method::POST, "/api/tokens", &ada, body).await;
        assert_eq!((got, &problem["field"]), (status, &field), "{problem}");
    }
    let gus = serde_json::to_value(SignIn::Guest(crate::stage::guest("Gus"))).unwrap();
    let request = stage.request(Method::POST, "/api/sessions", None).json(&gus);
    let gus: SignedIn = request.send().await.unwrap().json().await.unwrap();
    let body = json!({ "name": "x", "kind": "api" });
    assert_eq!(ask(&stage, Method::POST, "/api/tokens", &gus.token, body.clone()).await.0, 403);
    let mut last = Value::Null;
    for _ in 0..50 {
        last = make(&stage, &ada, body.clone()).await.1;
    }
    let (status, problem) = ask(&stage, Method::POST, "/api/tokens", &ada, body.clone()).await;
    assert_eq!((status, &problem["limit"]), (409, &json!(50)), "{problem}");
    let page = ask(&stage, Method::GET, "/api/tokens?limit=30", &ada, Value::Null).await.1;
    let next = page["next"].as_str().unwrap();
    let path = format!("/api/tokens?limit=30&cursor={next}");
    let rest = ask(&stage, Method::GET, &path, &ada, Value::Null).await.1;
    assert_eq!((rest["items"].as_array().unwrap().len(), &rest["next"]), (20, &Value::Null));
    revoke(&stage, &ada, &last).await;
    make(&stage, &ada, body).await;
    for odd in ["0", "x", "99999999999999999999"] {
        let path = format!("/api/tokens/{odd}");
        assert_eq!(ask(&stage, Method::DELETE, &path, &ada, Value::Null).await.0, 404, "{odd}");
    }
}

#[tokio::test]
async fn who_is_switched_off_is_out_everywhere_with_their_bots() {
    let stage = Stage::set().await;
    let (root, ben) = (admin(&stage), stage.token("Ben"));
    let meeting = stage.meeting("Ben", json!({})).await;
    let body = json!({ "name": "Greeter", "kind": "bot", "scopes": ["chat.send"] });
    let (token, _) = make(&stage, &ben, body).await;
    let (key, _) = make(&stage, &ben, json!({ "name": "Script", "kind": "api" })).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let mut people = vec![stage.join(&meeting, "Ben").await];
    people.push(stage.enter(hello_with(&meeting, key.clone())).await.unwrap());
    people.push(stage.enter(hello_with(&meeting, token.clone())).await.unwrap());
    let path = format!("/api/users/{}", meeting.owner.id);
    let off = json!({ "is_active": false });
    assert_eq!(ask(&stage, Method::PATCH, &path, &ben, off.clone()).await.0, 403);
    let (status, answer) = ask(&stage, Method::PATCH, &path, &root, off.clone()).await;
    assert_eq!(
        (status, &answer["is_active"], &answer["username"]),
        (200, &json!(false), &json!("ben"))
    );
    for person in &mut people {
        is_told_off(person).await;
    }
    for token in [&ben, &key, &token] {
        assert_eq!(me(&stage, token).await.0, 401);
        let error = stage.turned_back_with(hello_with(&meeting, token.clone())).await;
        assert_eq!(error.code, Code::Unauthorized);
    }
    ada.send(Command::Ping(Empty {})).await;
    let on = json!({ "is_active": true });
    assert_eq!(ask(&stage, Method::PATCH, &path, &root, on).await.0, 200);
    assert_eq!(me(&stage, &ben).await.0, 200);
    for (path, status) in [("/api/users/0", 404), ("/api/users/999", 404), ("/api/users/x", 404)] {
        assert_eq!(ask(&stage, Method::PATCH, path, &root, off.clone()).await.0, status, "{path}");
    }
    let own = me(&stage, &root).await.1["user"]["id"].clone();
    let path = format!("/api/users/{own}");
    assert_eq!(ask(&stage, Method::PATCH, &path, &root, off).await.0, 409, "not oneself");
}

#[tokio::test]
async fn a_calendars_address_is_private_and_made_anew_at_will() {
    let stage = Stage::set().await;
    let ada = stage.token("Ada");
    let first = me(&stage, &ada).await.1;
    let url = first["calendar_url"].as_str().unwrap();
    assert!(url.starts_with(&format!("http://{}/api/calendar/", stage.address)), "{url}");
    assert_eq!(me(&stage, &ada).await.1, first, "it stays, and so does the user");
    assert_ne!(me(&stage, &stage.token("Ben")).await.1["calendar_url"], first["calendar_url"]);
    let (status, new) = ask(&stage, Method::POST, "/api/me/calendar-url", &ada, Value::Null).await;
    assert_eq!(status, 200);
    assert_ne!(new["calendar_url"], first["calendar_url"]);
    assert_eq!(me(&stage, &ada).await.1["calendar_url"], new["calendar_url"]);
}

#[tokio::test]
async fn members_look_each_other_up_exactly_and_not_often() {
    let stage = Stage::set().await;
    let ada = stage.token("Ada");
    let ben = stage.token_with_email("Ben", "ben");
    let id = me(&stage, &ben).await.1["user"]["id"].clone();
    let found = json!([{ "id": id, "username": "ben", "name": "Ben" }]);
    for (query, items) in [
        ("username=ben", found.clone()),
        ("email=BEN@example.org", found),
        ("username=be", json!([])),
        ("username=system", json!([])),
        ("email=nobody@example.org", json!([])),
    ] {
        let path = format!("/api/users?{query}");
        let answer = ask(&stage, Method::GET, &path, &ada, Value::Null).await;
        assert_eq!(answer, (200, json!({ "items": items, "next": null })), "{query}");
    }
    for query in ["", "username=a&email=b", "name=a"] {
        let path = format!("/api/users?{query}");
        assert_eq!(ask(&stage, Method::GET, &path, &ada, Value::Null).await.0, 422, "{query}");
    }
    for _ in 0..40 {
        ask(&stage, Method::GET, "/api/users?username=ben", &ada, Value::Null).await;
    }
    let (status, problem) =
        ask(&stage, Method::GET, "/api/users?username=ben", &ada, Value::Null).await;
    assert_eq!((status, &problem["code"]), (429, &json!("rate_limited")), "{problem}");
    let path = "/api/users?username=ben";
    assert_eq!(ask(&stage, Method::GET, path, &stage.token("Cleo"), Value::Null).await.0, 200);
}
