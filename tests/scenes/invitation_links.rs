//! Invitation links: who opens one is who is invited, in that meeting and nowhere else.

use quorate_client::protocol::*;
use reqwest::Method;
use serde_json::{Value, json};

use crate::stage::{Stage, hello_with};

async fn ask(stage: &Stage, method: Method, path: &str, token: &str, body: Value) -> (u16, Value) {
    let request = stage.request(method, path, Some(token));
    let request = if body.is_null() { request } else { request.json(&body) };
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

async fn link(stage: &Stage, meeting: &Meeting, invitee: u32, token: &str) -> (u16, Value) {
    let path = format!("/api/meetings/{}/invitees/{invitee}/link", meeting.info.id);
    ask(stage, Method::POST, &path, token, Value::Null).await
}

/// What opening a link answers, and the cookie.
async fn open(stage: &Stage, link: &Value) -> (u16, Value, Option<String>) {
    let secret = link["url"].as_str().unwrap().split_once("/#invitation=").unwrap().1;
    let body = json!({ "invitation": { "secret": secret } });
    let request = stage.request(Method::POST, "/api/sessions", None).json(&body);
    let response = request.send().await.unwrap();
    let cookie = response.headers().get("set-cookie");
    let cookie = cookie.map(|it| it.to_str().unwrap().split(';').next().unwrap().to_owned());
    (response.status().as_u16(), response.json().await.unwrap(), cookie)
}

fn token(signed_in: &Value) -> String {
    signed_in["token"].as_str().unwrap_or_else(|| panic!("{signed_in}")).to_owned()
}

fn by_id(meeting: &Meeting, token: String) -> Hello {
    Hello { meeting: MeetingRef::Id(meeting.info.id), ..hello_with(meeting, token) }
}

#[tokio::test]
async fn an_invited_address_comes_in_by_its_link_until_the_invitation_is_taken_back() {
    let stage = Stage::set().await;
    // Somebody has the address already; whoever makes links is not them.
    let victim = stage.token_with_email("Vic", "vic");
    let other = stage.request(Method::POST, "/api/meetings", Some(&victim));
    let other: Meeting =
        other.json(&json!({ "title": "Vic's" })).send().await.unwrap().json().await.unwrap();
    let invitees = json!([{ "email": "Vic@example.org" }]);
    let meeting = stage.meeting("Ada", json!({ "type": "private", "invitees": invitees })).await;

    let ada = stage.token("Ada");
    let (status, made) = link(&stage, &meeting, 1, &ada).await;
    assert_eq!(status, 200, "{made}");
    assert_eq!(link(&stage, &meeting, 2, &ada).await.0, 404);
    assert_eq!(
        link(&stage, &meeting, 1, &stage.token("Eve")).await.0,
        404,
        "there is none for her"
    );
    let (status, signed_in, cookie) = open(&stage, &made).await;
    assert_eq!(status, 200, "{signed_in}");
    let opened = token(&signed_in);
    let (_, me) = ask(&stage, Method::GET, "/api/me", &opened, Value::Null).await;
    assert_eq!(me["user"]["email"], "vic@example.org");
    assert_eq!((&me["admin"], &me["calendar_url"]), (&json!(false), &Value::Null));
    assert_ne!(me["user"]["id"], json!(other.owner.id), "never somebody else's account");
    // The address opens that door, and no other: not a domain's, not another invitation's.
    let vic = stage.enter(by_id(&meeting, opened.clone())).await.unwrap();
    assert_eq!((vic.status(), &*vic.welcome.you.name), (Standing::Joined, "vic"));
    for refused in [hello_with(&other, opened.clone()), by_id(&other, opened.clone())] {
        assert_eq!(stage.turned_back_with(refused).await.code, Code::NotFound);
    }
    let path = format!("/api/meetings/{}", other.info.id);
    assert_eq!(ask(&stage, Method::GET, &path, &opened, Value::Null).await.0, 404);
    let path = format!("/api/meetings/{}", meeting.info.id);
    assert_eq!(ask(&stage, Method::GET, &path, &opened, Value::Null).await.0, 200);
    for (path, body) in [
        ("/api/meetings", json!({ "title": "Mine" })),
        ("/api/tokens", json!({ "name": "k", "kind": "api" })),
        ("/api/me/calendar-url", Value::Null),
    ] {
        let (status, problem) = ask(&stage, Method::POST, path, &opened, body).await;
        assert_eq!((status, &problem["code"]), (403, &json!("forbidden")), "{path}: {problem}");
    }
    let looked_up = ask(&stage, Method::GET, "/api/users?username=ada", &opened, Value::Null).await;
    assert_eq!(looked_up.0, 403);
    // An attendee may not make links.
    assert_eq!(link(&stage, &meeting, 1, &opened).await.0, 403);

    let (_, again, _) = open(&stage, &made).await;
    let (_, same) = ask(&stage, Method::GET, "/api/me", &token(&again), Value::Null).await;
    assert_eq!(same["user"]["id"], me["user"]["id"], "the same account each time");
    let renew = async |cookie: &str| {
        let request = stage.request(Method::POST, "/api/sessions/renew", None).json(&json!({}));
        request.header("cookie", cookie).send().await.unwrap().status().as_u16()
    };
    let cookie = cookie.unwrap();
    assert_eq!(renew(&cookie).await, 200);
    let mut host = stage.join(&meeting, "Ada").await;
    host.send(Command::InviteeRemove(InviteeOnly { invitee: InviteeId(1) })).await;
    let (status, problem, _) = open(&stage, &made).await;
    assert_eq!((status, &problem["field"]), (401, &json!("invitation.secret")), "{problem}");
    assert_eq!(renew(&cookie).await, 401, "nor does it go on");
}

#[tokio::test]
async fn an_invited_user_comes_in_by_a_link_unless_they_run_the_meeting() {
    let stage = Stage::set().await;
    let ben = stage.meeting("Ben", json!({})).await.owner.id;
    let cleo = stage.meeting("Cleo", json!({})).await.owner.id;
    let invitees = json!([{ "user_id": ben }, { "user_id": cleo }]);
    let meeting = stage.meeting("Ada", json!({ "invitees": invitees, "co_hosts": [cleo] })).await;
    let ada = stage.token("Ada");
    let (status, problem) = link(&stage, &meeting, 2, &ada).await;
    assert_eq!((status, &problem["code"]), (403, &json!("forbidden")), "{problem}");
    let (_, made) = link(&stage, &meeting, 1, &ada).await;
    let (_, signed_in, cookie) = open(&stage, &made).await;
    let opened = token(&signed_in);
    let person = stage.enter(by_id(&meeting, opened.clone())).await.unwrap();
    assert_eq!((person.user(), &*person.welcome.you.name), (ben, "Ben"));
    let (_, me) = ask(&stage, Method::GET, "/api/me", &opened, Value::Null).await;
    assert_eq!((&me["user"]["id"], &me["calendar_url"]), (&json!(ben), &Value::Null));
    // Who becomes co-host meanwhile is not to be played by whoever kept the link.
    let mut host = stage.join(&meeting, "Ada").await;
    host.send(Command::CohostAdd(UserOnly { user: ben })).await;
    assert_eq!(open(&stage, &made).await.0, 403);
    let renew = stage.request(Method::POST, "/api/sessions/renew", None).json(&json!({}));
    let renewed = renew.header("cookie", cookie.unwrap()).send().await.unwrap();
    assert_eq!(renewed.status(), 403, "nor by whoever has the cookie");
}

#[tokio::test]
async fn an_altered_link_is_none() {
    let stage = Stage::set().await;
    for secret in
        ["", "x", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"]
    {
        let made = json!({ "url": format!("x/#invitation={secret}") });
        let (status, problem, cookie) = open(&stage, &made).await;
        let said = (status, &problem["field"], cookie);
        assert_eq!(said, (401, &json!("invitation.secret"), None), "{problem}");
    }
}
