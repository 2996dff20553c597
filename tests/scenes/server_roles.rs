//! Custom roles for all meetings: defined over REST, given in a meeting, changed and removed.

use quorate::identity::Claims;
use quorate::live::clock;
use quorate_client::protocol::*;
use reqwest::Method;
use serde_json::{Value, json};

use crate::stage::{Stage, assign};

fn admin(stage: &Stage) -> String {
    let claims = Claims::new("root".to_owned(), None, 1, clock::wall());
    stage.key.sign(&Claims { admin: true, ..claims })
}

/// What comes back: status and body.
async fn ask(stage: &Stage, method: Method, path: &str, token: &str, body: Value) -> (u16, Value) {
    let request = stage.request(method, path, Some(token));
    let request = if body.is_null() { request } else { request.json(&body) };
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

fn helper() -> Value {
    json!({ "key": "helper", "label": "Helper", "based_on": "presenter", "rank": 45,
        "grants": ["participant.admit"], "denies": ["poll.create"] })
}

/// The same without its key, and with something else.
fn changed(field: &str, value: Value) -> Value {
    let mut role = helper();
    role.as_object_mut().unwrap().remove("key");
    role[field] = value;
    role
}

#[tokio::test]
async fn admins_define_roles_and_members_read_them() {
    let stage = Stage::set().await;
    let (root, ben) = (admin(&stage), stage.token("Ben"));
    let (status, made) = ask(&stage, Method::POST, "/api/roles", &root, helper()).await;
    let mut expected = helper();
    expected["version"] = json!(1);
    assert_eq!((status, &made), (201, &expected));
    let path = "/api/roles/helper";
    assert_eq!(ask(&stage, Method::GET, path, &ben, Value::Null).await, (200, made.clone()));
    let list = ask(&stage, Method::GET, "/api/roles", &ben, Value::Null).await;
    assert_eq!(list, (200, json!({ "items": [made], "next": null })));

    let again = ask(&stage, Method::POST, "/api/roles", &root, helper()).await;
    assert_eq!((again.0, &again.1["field"]), (409, &json!("key")));
    let (status, now) = ask(&stage, Method::PUT, path, &root, changed("rank", json!(50))).await;
    assert_eq!((status, &now["rank"], &now["version"]), (200, &json!(50), &json!(2)));
    let (_, same) = ask(&stage, Method::PUT, path, &root, changed("rank", json!(50))).await;
    assert_eq!(same["version"], 2, "nothing changed");
    assert_eq!(ask(&stage, Method::DELETE, path, &root, Value::Null).await, (200, now));
    assert_eq!(ask(&stage, Method::DELETE, path, &root, Value::Null).await.0, 404);
    assert_eq!(ask(&stage, Method::PUT, path, &root, changed("rank", json!(50))).await.0, 404);
    assert_eq!(stage.sql::<i64>("SELECT count(*) FROM roles"), 0);
}

#[tokio::test]
async fn what_is_asked_wrongly_is_told_where() {
    let stage = Stage::set().await;
    let (root, ben) = (admin(&stage), stage.token("Ben"));
    let with = |field: &str, value: Value| {
        let mut role = helper();
        role[field] = value;
        role
    };
    for (body, status, code, field) in [
        (with("key", json!("moderator")), 422, "invalid", json!("key")),
        (with("key", json!("No")), 422, "invalid", json!("key")),
        (with("label", json!(" ")), 422, "invalid", json!("label")),
        (with("label", json!("x".repeat(81))), 413, "too_large", json!("label")),
        (with("based_on", json!("co_host")), 422, "invalid", json!("based_on")),
        (with("rank", json!(20)), 422, "invalid", json!("rank")),
        (with("rank", json!(80)), 422, "invalid", json!("rank")),
        (with("grants", json!(["fly"])), 422, "invalid", json!("grants[0]")),
        (with("grants", json!(["meeting.end"])), 403, "forbidden", Value::Null),
        (with("grants", json!(["role.transfer_host"])), 403, "forbidden", Value::Null),
        (with("denies", json!(["abuse.report"])), 422, "invalid", json!("denies")),
        (with("version", json!(7)), 422, "invalid", json!("version")),
    ] {
        let (got, problem) = ask(&stage, Method::POST, "/api/roles", &root, body).await;
        let said = (got, &problem["code"], &problem["field"]);
        assert_eq!(said, (status, &json!(code), &field), "{problem}");
    }
    for (method, path, body) in [
        (Method::POST, "/api/roles", helper()),
        (Method::PUT, "/api/roles/helper", changed("rank", json!(50))),
        (Method::DELETE, "/api/roles/helper", Value::Null),
    ] {
        let (status, problem) = ask(&stage, method, path, &ben, body).await;
        assert_eq!((status, &problem["permission"]), (403, &json!("role.define")), "{problem}");
    }
    let guest = SignIn::Guest(crate::stage::guest("Gus"));
    let guest = stage.request(Method::POST, "/api/sessions", None).json(&guest);
    let guest: SignedIn = guest.send().await.unwrap().json().await.unwrap();
    assert_eq!(ask(&stage, Method::GET, "/api/roles", &guest.token, Value::Null).await.0, 403);
    for odd in ["nothing", "host", "No", "%ff", "a%20b"] {
        let path = format!("/api/roles/{odd}");
        assert_eq!(ask(&stage, Method::GET, &path, &ben, Value::Null).await.0, 404, "{odd}");
    }
    assert_eq!(stage.sql::<i64>("SELECT count(*) FROM roles"), 0, "and nothing was made");
}

#[tokio::test]
async fn the_server_has_at_most_two_hundred() {
    let stage = Stage::set().await;
    let root = admin(&stage);
    for number in 0..=200 {
        let mut role = helper();
        role["key"] = json!(format!("r{number}"));
        let (status, said) = ask(&stage, Method::POST, "/api/roles", &root, role).await;
        let expected = if number < 200 { (201, Value::Null) } else { (409, json!(200)) };
        assert_eq!((status, said["limit"].clone()), expected);
    }
}

#[tokio::test]
async fn a_role_reaches_meetings_when_given_and_those_that_use_it_take_over_what_becomes_of_it() {
    let mut stage = Stage::set().await;
    let root = admin(&stage);
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let mut ben = stage.join(&meeting, "Ben").await;
    let role = Role::of("helper").unwrap();
    assert_eq!(ada.refused(assign(ben.id(), role)).await.field.as_deref(), Some("role"));
    ask(&stage, Method::POST, "/api/roles", &root, helper()).await;
    ada.send(assign(ben.id(), role)).await;
    let defined = |event: &EventBody| matches!(event, EventBody::RoleDefined(_));
    assert_eq!(ben.expect(defined).await.by, Some(ada.id()));
    ben.expect(|event| matches!(event, EventBody::RoleAssigned(_))).await;

    // While it runs.
    let path = "/api/roles/helper";
    ask(&stage, Method::PUT, path, &root, changed("grants", json!([]))).await;
    ada.send(Command::Ping(Empty {})).await;
    let now = ben.expect(defined).await;
    let EventBody::RoleDefined(now_it_is) = now.body else { unreachable!() };
    assert_eq!((now.by, now_it_is.version), (None, 2));
    let mut may_admit = async || {
        let can = |signal: &SignalBody| match signal {
            SignalBody::Can(can) => Some(can.can.allow(Permission::ParticipantAdmit)),
            _ => None,
        };
        ben.expect_signal(can).await
    };
    assert_eq!((may_admit().await, may_admit().await), (true, false));

    let (status, problem) = ask(&stage, Method::DELETE, path, &root, Value::Null).await;
    let used_by = json!([{ "meeting": meeting.info.id, "user": ben.user() }]);
    assert_eq!(
        (status, &problem["code"], &problem["used_by"]),
        (409, &json!("conflict"), &used_by)
    );

    // While it sleeps.
    ada.client.close().await;
    ben.client.close().await;
    stage.restart().await;
    ask(&stage, Method::PUT, path, &root, changed("denies", json!(["chat.send"]))).await;
    let ben = stage.join(&meeting, "Ben").await;
    assert!(!ben.welcome.you.can.allow(Permission::ChatSend));
    assert_eq!(ben.state().roles[0].version, 3);
}
