//! REST: making a meeting, looking at it, signing in, and every way to ask wrongly.

use quorate_client::protocol::*;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::stage::{Stage, guest};

/// The problem in an answer, of the shape that all have.
async fn problem(response: Response) -> (u16, Value) {
    let status = response.status().as_u16();
    let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
    assert_eq!(kind, "application/problem+json", "{status}");
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["status"], status, "{body}");
    for field in ["type", "title", "detail", "code", "message"] {
        assert!(body[field].as_str().is_some_and(|text| !text.is_empty()), "{field}: {body}");
    }
    assert!(body["retryable"].is_boolean(), "{body}");
    (status, body)
}

#[tokio::test]
async fn a_meeting_is_made_and_shown_to_those_who_belong_to_it() {
    let stage = Stage::set().await;
    let ada = stage.token("Ada");
    let body = json!({
        "title": "Quarterly review",
        "description": "figures",
        "starts_at": "2100-01-01T11:00:00+01:00",
        "ends_at": "2100-01-01T11:00:00Z",
        "max_participants": 20,
        "requires_approval": true,
        "settings": { "join_before_host": false },
    });
    let request = stage.request(Method::POST, "/api/meetings", Some(&ada));
    let response = request.json(&body).send().await.unwrap();
    assert_eq!(response.status(), 201);
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    let made: Meeting = response.json().await.unwrap();
    assert_eq!(location, format!("/api/meetings/{}", made.info.id));
    assert_eq!(made.info.title, "Quarterly review");
    assert_eq!(made.info.starts_at, Some("2100-01-01T10:00:00Z".parse().unwrap()));
    assert_eq!((made.info.max_participants, made.info.requires_approval), (Some(20), true));
    assert_eq!(
        made.info.settings,
        Some(Settings { join_before_host: false, ..Settings::default() })
    );
    assert_eq!((made.info.host.name.as_str(), made.owner.name.as_str()), ("Ada", "Ada"));
    assert_eq!((made.present, made.waiting), (0, 0));
    assert_eq!(made.links.ws, format!("ws://{}/ws", stage.address));

    let show = async |token: &str, id: &str| {
        let path = format!("/api/meetings/{id}");
        stage.request(Method::GET, &path, Some(token)).send().await.unwrap()
    };
    let id = made.info.id.to_string();
    assert_eq!(show(&ada, &id).await.json::<Meeting>().await.unwrap(), made);
    let ben = stage.token("Ben");
    let hidden = problem(show(&ben, &id).await).await;
    let absent = problem(show(&ben, "4711").await).await;
    assert_eq!(hidden, absent, "hidden or not there: the same answer");
    assert_eq!((hidden.0, &hidden.1["code"]), (404, &json!("not_found")));
    for odd in ["abc", "-1", "1.5", "99999999999999999999", "%00", "%ff"] {
        assert_eq!(problem(show(&ben, odd).await).await.0, 404, "{odd}");
    }
    let person = stage.join(&made, "Ben").await;
    assert_eq!(person.status(), Standing::Waiting);
    let shown: Meeting = show(&ben, &id).await.json().await.unwrap();
    assert_eq!((shown.present, shown.waiting), (0, 1), "who knocked belongs to it");
}

#[tokio::test]
async fn a_body_that_is_wrong_is_told_where() {
    let stage = Stage::set().await;
    let token = stage.token("Ada");
    let with = |more: Value| {
        let mut body = json!({ "title": "Review" });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body.to_string()
    };
    let text = str::to_owned;
    for (body, status, code, field) in [
        (text("{"), 400, "bad_json", None),
        (text(""), 400, "bad_json", None),
        (text("{} x"), 400, "bad_json", None),
        (text("[]"), 422, "invalid", Some("")),
        (text(r#"["Review"]"#), 422, "invalid", Some("")),
        (text("7"), 422, "invalid", Some("")),
        (text("{}"), 422, "invalid", Some("title")),
        (text(r#"{"title":"a","title":"b"}"#), 422, "invalid", Some("title")),
        (with(json!({ "colour": "red" })), 422, "invalid", Some("colour")),
        (with(json!({ "title": 7 })), 422, "invalid", Some("title")),
        (with(json!({ "title": " " })), 422, "invalid", Some("title")),
        (with(json!({ "title": "x\u{7}" })), 422, "invalid", Some("title")),
        (with(json!({ "title": "x".repeat(201) })), 413, "too_large", Some("title")),
        (with(json!({ "description": "x".repeat(4001) })), 413, "too_large", Some("description")),
        (with(json!({ "type": "party" })), 422, "invalid", Some("type")),
        (with(json!({ "starts_at": "tomorrow" })), 422, "invalid", Some("starts_at")),
        (with(json!({ "starts_at": "2100-01-01T10:00:00" })), 422, "invalid", Some("starts_at")),
        (
            with(json!({ "starts_at": "2100-01-01T10:00:00Z", "ends_at": "2100-01-01T10:00:00Z" })),
            422,
            "invalid",
            Some("ends_at"),
        ),
        (with(json!({ "max_participants": 1 })), 422, "invalid", Some("max_participants")),
        (with(json!({ "max_participants": -1 })), 422, "invalid", Some("max_participants")),
        (with(json!({ "co_hosts": [4711] })), 422, "invalid", Some("co_hosts")),
        (with(json!({ "co_hosts": ["ben"] })), 422, "invalid", Some("co_hosts[0]")),
        (with(json!({ "settings": { "colour": 1 } })), 422, "invalid", Some("settings.colour")),
        (with(json!({ "settings": { "guests": 1 } })), 422, "invalid", Some("settings.guests")),
        (text(&format!("[{}]", " ".repeat(300_000))), 413, "too_large", None),
    ] {
        let shown = body[..body.len().min(100)].to_owned();
        let request = stage.request(Method::POST, "/api/meetings", Some(&token));
        let request = request.header("content-type", "application/json").body(body);
        let (got, problem) = problem(request.send().await.unwrap()).await;
        assert_eq!((got, &problem["code"]), (status, &json!(code)), "{shown}: {problem}");
        match field {
            Some("") => {}
            field => assert_eq!(problem["field"], json!(field), "{shown}: {problem}"),
        }
    }
    assert_eq!(stage.sql::<i64>("SELECT count(*) FROM meetings"), 0, "and nothing was made");
}

#[tokio::test]
async fn what_is_asked_in_the_wrong_way_is_a_problem_too() {
    let stage = Stage::set().await;
    let token = stage.token("Ada");
    let token = Some(token.as_str());
    let body = r#"{"title":"Review"}"#;
    let json = "application/json";
    for (method, path, token, kind, status, code) in [
        (Method::POST, "/api/meetings", None, json, 401, "unauthorized"),
        (Method::POST, "/api/meetings", Some("nonsense"), json, 401, "unauthorized"),
        (Method::POST, "/api/meetings", token, "text/plain", 415, "unsupported_media_type"),
        (Method::POST, "/api/meetings", token, "", 415, "unsupported_media_type"),
        (Method::DELETE, "/api/meetings", token, json, 405, "method_not_allowed"),
        (Method::POST, "/api/meetings/1", token, json, 405, "method_not_allowed"),
        (Method::GET, "/api/sessions", token, json, 405, "method_not_allowed"),
        (Method::GET, "/api/meetings/1", None, json, 401, "unauthorized"),
        (Method::GET, "/api/nothing", token, json, 404, "not_found"),
        (Method::GET, "/nothing", None, json, 404, "not_found"),
        (Method::GET, "/ws", None, json, 400, "bad_json"),
        (Method::POST, "/ws", None, json, 405, "method_not_allowed"),
    ] {
        let request = stage.request(method.clone(), path, token).header("content-type", kind);
        let (got, problem) = problem(request.body(body).send().await.unwrap()).await;
        assert_eq!((got, &problem["code"]), (status, &json!(code)), "{method} {path}: {problem}");
    }
    let health = stage.request(Method::GET, "/healthz", None).send().await.unwrap();
    assert_eq!(health.status(), 200);
}

async fn sign_in(stage: &Stage, name: &str) -> SignedIn {
    let request = stage.request(Method::POST, "/api/sessions", None);
    let response = request.json(&SignIn::Guest(guest(name))).send().await.unwrap();
    assert_eq!(response.status(), 200);
    response.json().await.unwrap()
}

#[tokio::test]
async fn a_guest_signs_in_and_is_the_same_guest_over_the_socket() {
    let stage = Stage::set().await;
    let token = sign_in(&stage, "Gus").await.token;
    let request = stage.request(Method::POST, "/api/meetings", Some(&token));
    let response = request.json(&json!({ "title": "Coffee" })).send().await.unwrap();
    assert_eq!(response.status(), 201, "on loopback guests make meetings");
    let meeting: Meeting = response.json().await.unwrap();
    let gus = stage.join_guest(&meeting, "Gus").await;
    assert_eq!((gus.user(), gus.welcome.you.role), (meeting.owner.id, Role::Host));
    assert_eq!(gus.welcome.you.kind, UserKind::Guest);

    for (guest, field) in [
        (json!({ "name": "Gus", "device": "short" }), "guest.device"),
        (json!({ "name": "", "device": guest("Gus").device }), "guest.name"),
        (json!({ "name": "Gus" }), "guest.device"),
        (json!({ "name": "Gus", "device": guest("Gus").device, "x": 1 }), "guest.x"),
    ] {
        let request = stage.request(Method::POST, "/api/sessions", None);
        let response = request.json(&json!({ "guest": guest })).send().await.unwrap();
        let (status, problem) = problem(response).await;
        assert_eq!((status, &problem["field"]), (422, &json!(field)), "{problem}");
    }
}

#[tokio::test]
async fn where_guests_make_no_meetings_they_are_told_so() {
    let stage = Stage::with(|config| config.guests_create = Some(false)).await;
    let token = sign_in(&stage, "Gus").await.token;
    let request = stage.request(Method::POST, "/api/meetings", Some(&token));
    let response = request.json(&json!({ "title": "Coffee" })).send().await.unwrap();
    let (status, problem) = problem(response).await;
    assert_eq!((status, &problem["code"]), (403, &json!("forbidden")));
    stage.meeting("Ada", json!({})).await;
}
