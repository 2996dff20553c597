//! Meetings changed over REST: by whom, under what conditions, and what people in them see of it.

use quorate_client::protocol::*;
use reqwest::Method;
use serde_json::{Value, json};

use crate::asking::{Told, below, told};
use crate::stage::{Stage, admit};

const TITLE: &str = "The new title";

fn actions(stage: &Stage, meeting: &Meeting) -> Vec<String> {
    let list: String = stage.sql(&format!(
        "SELECT json_group_array(action) FROM (SELECT action FROM meeting_audit_logs \
         WHERE meeting_id = {} ORDER BY seq)",
        meeting.info.id
    ));
    serde_json::from_str(&list).unwrap()
}

async fn patch(stage: &Stage, meeting: &Meeting, token: &str, body: Value) -> Told {
    stage.ask(Method::PATCH, &below(meeting, ""), token, body).await
}

#[tokio::test]
async fn people_in_a_meeting_see_at_once_what_the_host_changes_from_outside() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut ben = stage.join(&meeting, "Ben").await;
    let answer = patch(&stage, &meeting, &stage.token("Ada"), json!({ "title": TITLE })).await;
    assert_eq!((answer.status, &answer.body["title"]), (200, &json!(TITLE)));
    let event = ben.expect(|event| matches!(event, EventBody::MeetingUpdated(_))).await;
    let EventBody::MeetingUpdated(changes) = &event.body else { unreachable!() };
    assert_eq!(changes.title.as_deref(), Some(TITLE));
    assert_eq!((event.name.as_deref(), event.role), (Some("Ada"), Some(Role::Host)));
    assert!(event.by.is_some() && event.via.is_none());
    let place =
        format!("SELECT user_id FROM meeting_participants WHERE id = {}", event.by.unwrap());
    assert_eq!(stage.sql::<i64>(&place), meeting.owner.id.0, "a place of their own");
    let present = stage.ask(Method::GET, &below(&meeting, ""), &stage.admin(), Value::Null).await;
    assert_eq!(present.body["present"], 1, "who acts from outside is not there");

    let remove = below(&meeting, &format!("/participants/{}/remove", ben.id()));
    let mut cyd = stage.join(&meeting, "Cyd").await;
    let body = json!({ "reason": "spam" });
    let removed = stage.ask(Method::POST, &remove, &stage.admin(), body).await;
    assert_eq!((removed.status, removed.body), (200, json!({})));
    let event = cyd.expect(|event| matches!(event, EventBody::ParticipantRemoved(_))).await;
    assert_eq!((event.via, event.name.as_deref()), (Some(ByRight::Admin), Some("Root")));
    let bye = ben.expect_bye().await;
    assert_eq!((bye.code, bye.reason.as_deref()), (Code::Removed, Some("spam")));
}

#[tokio::test]
async fn a_patch_is_one_decision() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let ada = stage.token("Ada");
    let all = json!({
        "title": TITLE,
        "description": "figures",
        "starts_at": "2100-01-01T10:00:00+01:00",
        "ends_at": "2100-01-01T11:00:00+01:00",
        "max_participants": 20,
        "requires_approval": true,
        "is_recorded": true,
        "passcode": "open sesame",
        "settings": { "chat": "staff", "end_when_empty_minutes": null },
    });
    for (field, wrong, named) in [
        ("title", json!(" "), "title"),
        ("ends_at", json!("2100-01-01T08:00:00Z"), "ends_at"),
        ("max_participants", json!(1), "max_participants"),
        ("settings", json!({ "max_bots": 51 }), "settings.max_bots"),
        ("settings", json!({ "chat": "loud" }), "settings.chat"),
        ("settings", json!({ "passcode": "open sesame" }), "settings.passcode"),
        ("settings", json!({ "waiting_domains": ["nowhere"] }), "settings.waiting_domains"),
        ("passcode", json!("123"), "passcode"),
        ("waiting", json!("keep"), "waiting"),
    ] {
        let mut body = all.clone();
        body[field] = wrong;
        let refused = patch(&stage, &meeting, &ada, body).await;
        assert_eq!(refused.problem(), (422, "invalid", Some(named)), "{field}");
    }
    assert_eq!(actions(&stage, &meeting), ["meeting.created"], "and nothing was changed by it");

    let now = patch(&stage, &meeting, &ada, all.clone()).await;
    assert_eq!(now.status, 200, "{now:?}");
    for (field, value) in all.as_object().unwrap() {
        match field.as_str() {
            "settings" => assert_eq!(now.body["settings"]["chat"], "staff"),
            "starts_at" => assert_eq!(now.body[field], "2100-01-01T09:00:00.000Z"),
            "ends_at" => assert_eq!(now.body[field], "2100-01-01T10:00:00.000Z"),
            "passcode" => assert_eq!(now.body["has_passcode"], true),
            _ => assert_eq!(now.body[field], *value, "{field}"),
        }
    }
    let happened =
        ["meeting.created", "participant.identified", "meeting.updated", "meeting.policy_changed"];
    assert_eq!(actions(&stage, &meeting), happened);
    let secret = "SELECT count(*) FROM meeting_audit_logs \
        WHERE details || coalesce(personal, '') LIKE '%sesame%' OR details LIKE '%argon%'";
    assert_eq!(stage.sql::<i64>(secret), 0, "the passcode is in no event");

    let turned_back = stage.turned_back(&meeting, "Ben").await;
    assert_eq!(turned_back.code, Code::PasscodeRequired);
    let mut hello = stage.hello(&meeting, "Ben");
    hello.passcode = Some("open sesame".to_owned());
    let _ben = stage.enter(hello).await.unwrap();
    let body = json!({ "passcode": null, "starts_at": null, "requires_approval": false });
    let now = patch(&stage, &meeting, &ada, body).await;
    assert_eq!((&now.body["has_passcode"], &now.body["starts_at"]), (&json!(false), &Value::Null));
    let _cyd = stage.join(&meeting, "Cyd").await;

    let before = actions(&stage, &meeting).len();
    for nothing in [json!({}), json!({ "title": TITLE })] {
        assert_eq!(patch(&stage, &meeting, &ada, nothing).await.status, 200);
    }
    assert_eq!(actions(&stage, &meeting).len(), before, "what changes nothing is no event");
}

#[tokio::test]
async fn a_change_may_be_bound_to_what_was_seen() {
    let stage = Stage::set().await;
    let ada = stage.token("Ada");
    let body = json!({ "title": "Review" });
    let made = stage.ask(Method::POST, "/api/meetings", &ada, body).await;
    let tag = made.header("etag").unwrap().to_owned();
    let path = made.header("location").unwrap().to_owned();
    let read = async || {
        let read = stage.ask(Method::GET, &path, &ada, Value::Null).await;
        read.header("etag").unwrap().to_owned()
    };
    assert_eq!(read().await, tag);
    let change = async |title: &str, tag: &str| {
        let (body, headers) = (json!({ "title": title }), [("if-match", tag)]);
        stage.ask_with(Method::PATCH, &path, &ada, body, &headers).await
    };
    let second = change("Second", &tag).await;
    let second_tag = second.header("etag").unwrap().to_owned();
    assert_eq!((second.status, read().await), (200, second_tag.clone()));
    assert_ne!(second_tag, tag);
    for stale in [&tag, &format!("W/{second_tag}"), "\"abc\"", "\"\"", &format!("{tag}, \"x\"")] {
        let refused = change("Never", stale).await;
        assert_eq!(refused.problem(), (412, "precondition_failed", None), "{stale}");
    }
    for malformed in ["abc", "\"7", "", "7", "*, \"7\""] {
        let refused = change("Never", malformed).await;
        assert_eq!(refused.problem(), (422, "invalid", Some("If-Match")), "{malformed}");
    }
    assert_eq!(change("Third", "*").await.status, 200);
    let third_tag = read().await;
    assert_eq!(change("Fourth", &format!("{tag}, {third_tag}")).await.status, 200);

    let lock = format!("{path}/lock");
    let headers = [("if-match", third_tag.as_str())];
    let refused = stage.ask_with(Method::POST, &lock, &ada, Value::Null, &headers).await;
    assert_eq!(refused.status, 412, "an action too");
    let now = read().await;
    let headers = [("if-match", now.as_str())];
    assert_eq!(stage.ask_with(Method::POST, &lock, &ada, Value::Null, &headers).await.status, 200);
    // Who is in it is not the meeting itself.
    let meeting: Meeting = serde_json::from_value(made.body).unwrap();
    let locked = read().await;
    stage.join(&meeting, "Ada").await;
    let started = read().await;
    assert_ne!(started, locked, "it started");
    let invite = json!({ "email": "eve@example.org" });
    stage.ask(Method::POST, &format!("{path}/invitees"), &ada, invite).await;
    assert_eq!(read().await, started);
}

#[tokio::test]
async fn a_meeting_lives_over_rest_alone() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({ "ends_at": "2100-01-01T10:00:00Z" })).await;
    let ada = stage.token("Ada");
    let act = async |action: &str, body: Value| {
        stage.ask(Method::POST, &below(&meeting, action), &ada, body).await
    };
    for (action, status, field) in [
        ("/start", "in_progress", false),
        ("/lock", "in_progress", true),
        ("/unlock", "in_progress", false),
        ("/end", "completed", false),
    ] {
        assert_eq!(act(action, Value::Null).await.body, json!({}), "{action}");
        let again = act(action, json!({})).await;
        match action {
            "/end" | "/start" | "/lock" | "/unlock" => {
                assert_eq!((again.status, &again.body["already"]), (200, &json!(true)), "{action}");
            }
            _ => unreachable!(),
        }
        let shown = stage.ask(Method::GET, &below(&meeting, ""), &ada, Value::Null).await;
        let is = (&shown.body["status"], &shown.body["locked"]);
        assert_eq!(is, (&json!(status), &json!(field)), "{action}");
    }
    assert_eq!(act("/lock", Value::Null).await.problem(), (409, "meeting_ended", None));
    assert_eq!(act("/start", Value::Null).await.status, 200, "opened again");
    assert_eq!(act("/extend", json!({ "minutes": 30 })).await.status, 200);
    let shown = stage.ask(Method::GET, &below(&meeting, ""), &ada, Value::Null).await;
    assert_eq!(shown.body["ends_at"], "2100-01-01T10:30:00.000Z");
    assert_eq!(act("/extend", Value::Null).await.status, 415);
    assert_eq!(act("/extend", json!({})).await.problem(), (422, "invalid", Some("minutes")));
    let refused = act("/extend", json!({ "minutes": 0 })).await;
    assert_eq!(refused.problem(), (422, "invalid", Some("minutes")));
    let refused = act("/lock", json!({ "why": 1 })).await;
    assert_eq!(refused.problem(), (422, "invalid", Some("why")), "a body where none is needed");
}

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Who {
    Host,
    CoHost,
    Attendee,
    Guest,
    Stranger,
    Admin,
}

/// Each route, and who may: the host and admins all of them, below them as it says, strangers nothing.
#[tokio::test]
async fn each_route_is_for_those_who_may() {
    for who in [Who::Host, Who::CoHost, Who::Attendee, Who::Guest, Who::Stranger, Who::Admin] {
        let stage = Stage::set().await;
        let ends_at = json!({ "ends_at": "2100-01-01T10:00:00Z" });
        let meeting = stage.meeting("Ada", ends_at).await;
        let mut ada = stage.join(&meeting, "Ada").await;
        let mut people = Vec::new();
        for name in ["Ben", "Cyd", "Dan"] {
            people.push(stage.join(&meeting, name).await);
        }
        let gus = stage.join_guest(&meeting, "Gus").await;
        ada.send(Command::CohostAdd(UserOnly { user: people[0].user() })).await;
        let policy = Policy { requires_approval: Some(true), ..Policy::default() };
        ada.send(Command::MeetingPolicy(Box::new(policy))).await;
        let (eve, fay) = (stage.join(&meeting, "Eve").await, stage.join(&meeting, "Fay").await);
        assert_eq!((eve.status(), gus.status()), (Standing::Waiting, Standing::Joined));
        let token = match who {
            Who::Host => stage.token("Ada"),
            Who::CoHost => stage.token("Ben"),
            Who::Attendee => stage.token("Cyd"),
            Who::Guest => stage.guest_token("Gus").await,
            Who::Stranger => stage.token("Sid"),
            Who::Admin => stage.admin(),
        };
        let dan = people[2].id();
        let (dan_user, eve_user) = (people[2].user(), eve.user());
        let of = |id: ParticipantId, action: &str| format!("/participants/{id}{action}");
        let role =
            json!({ "key": "helper", "label": "Helper", "based_on": "presenter", "rank": 45 });
        let again = json!({ "label": "Helper", "based_on": "presenter", "rank": 46 });
        let none = Value::Null;
        let (post, patch, put, delete) = (Method::POST, Method::PATCH, Method::PUT, Method::DELETE);
        for (method, path, body, status, co_host_may) in [
            (&patch, String::new(), json!({ "title": TITLE }), 200, true),
            (&patch, String::new(), json!({ "settings": { "chat": "staff" } }), 200, false),
            (&patch, String::new(), json!({ "passcode": "open sesame" }), 200, false),
            (&post, "/start".into(), none.clone(), 200, false),
            (&post, "/extend".into(), json!({ "minutes": 5 }), 200, true),
            (&post, "/lock".into(), none.clone(), 200, true),
            (&post, "/unlock".into(), none.clone(), 200, true),
            (&post, "/co-hosts".into(), json!({ "username": "dan" }), 201, false),
            (&delete, format!("/co-hosts/{dan_user}"), none.clone(), 200, false),
            (&patch, of(dan, ""), json!({ "role": "presenter" }), 200, true),
            (&post, of(dan, "/mute"), none.clone(), 200, true),
            (&post, of(eve.id(), "/approve"), none.clone(), 200, true),
            (&post, of(fay.id(), "/reject"), json!({ "reason": "full" }), 200, true),
            (&post, "/waiting-room/admit-all".into(), none.clone(), 200, true),
            (&post, of(dan, "/remove"), json!({ "reason": "spam" }), 200, true),
            (&post, of(eve.id(), "/ban"), json!({ "reason": "spam" }), 200, true),
            (&delete, format!("/bans/{eve_user}"), none.clone(), 200, true),
            (&post, "/bans".into(), json!({ "username": "nobody" }), 201, true),
            (&post, "/invitees".into(), json!({ "email": "hal@example.org" }), 201, true),
            (&delete, "/invitees/1".into(), none.clone(), 200, true),
            (&post, "/roles".into(), role, 201, false),
            (&put, "/roles/helper".into(), again, 200, false),
            (&delete, "/roles/helper".into(), none.clone(), 200, false),
            (&post, "/end".into(), none.clone(), 200, false),
        ] {
            let before = actions(&stage, &meeting).len();
            let asked = format!("{who:?} {method} {path}");
            let got = stage.ask(method.clone(), &below(&meeting, &path), &token, body).await;
            let may = match who {
                Who::Host | Who::Admin => true,
                Who::CoHost => co_host_may,
                Who::Attendee | Who::Guest | Who::Stranger => false,
            };
            match (may, who) {
                (true, _) => assert_eq!(got.status, status, "{asked}: {got:?}"),
                (false, Who::Stranger) => {
                    assert_eq!(got.problem(), (404, "not_found", None), "{asked}");
                }
                (false, _) => {
                    assert_eq!((got.problem().0, got.problem().1), (403, "forbidden"), "{asked}");
                    assert!(got.body["permission"].is_string(), "{asked}");
                }
            }
            if !may {
                assert_eq!(actions(&stage, &meeting).len(), before, "{asked}: refused");
            }
        }
        let roles = stage.ask(Method::GET, &below(&meeting, "/roles"), &token, none).await;
        assert_eq!(roles.status, if who == Who::Stranger { 404 } else { 200 });
    }
}

#[tokio::test]
async fn what_is_asked_wrongly_is_told_where() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let ada = stage.token("Ada");
    let ben = stage.join(&meeting, "Ben").await;
    let of_ben = |action: &str| format!("/participants/{}{action}", ben.id());
    let deep = format!("{}1{}", r#"{"a":"#.repeat(5000), "}".repeat(5000));
    let json_kind = "application/json";
    let text = str::to_owned;
    for (method, path, kind, body, status, field) in [
        ("PATCH", text(""), json_kind, text(""), 400, None),
        ("PATCH", text(""), json_kind, text("{"), 400, None),
        ("PATCH", text(""), json_kind, text("[]"), 422, Some("")),
        ("PATCH", text(""), "text/plain", text("{}"), 415, None),
        ("PATCH", text(""), "", text("{}"), 415, None),
        ("PATCH", text(""), json_kind, deep.clone(), 422, Some("a")),
        ("PATCH", text(""), json_kind, text(r#"{"title":"a","title":"b"}"#), 422, Some("title")),
        (
            "PATCH",
            text(""),
            json_kind,
            text(r#"{"settings":{"guests":true,"guests":false}}"#),
            422,
            Some("settings.guests"),
        ),
        (
            "PATCH",
            text(""),
            json_kind,
            text(r#"{"settings":{"grants":{"attendee":[],"attendee":["media.share"]}}}"#),
            422,
            Some("settings.grants.attendee"),
        ),
        ("PATCH", text(""), json_kind, text(r#"{"colour":"red"}"#), 422, Some("colour")),
        ("PATCH", text(""), json_kind, text(r#"{"title":null}"#), 422, Some("title")),
        (
            "PATCH",
            text(""),
            json_kind,
            text(r#"{"starts_at":"2100-01-01"}"#),
            422,
            Some("starts_at"),
        ),
        (
            "PATCH",
            text(""),
            json_kind,
            text(r#"{"starts_at":"2100-01-01T10:00:00"}"#),
            422,
            Some("starts_at"),
        ),
        ("PATCH", text(""), json_kind, " ".repeat(10 << 20), 413, None),
        ("POST", text("/co-hosts"), json_kind, text("{}"), 422, Some("user_id")),
        (
            "POST",
            text("/co-hosts"),
            json_kind,
            text(r#"{"user_id":1,"username":"ben"}"#),
            422,
            Some("user_id"),
        ),
        ("POST", text("/co-hosts"), json_kind, text(r#"{"user_id":"ben"}"#), 422, Some("user_id")),
        (
            "POST",
            text("/co-hosts"),
            json_kind,
            text(r#"{"user_id":99999999999999999999}"#),
            422,
            Some("user_id"),
        ),
        ("POST", text("/co-hosts"), json_kind, text(r#"{"user_id":4711}"#), 404, None),
        ("POST", text("/co-hosts"), json_kind, text(r#"{"email":"ben"}"#), 422, Some("email")),
        ("POST", text("/bans"), json_kind, text(r#"{"username":""}"#), 422, Some("username")),
        ("POST", text("/bans"), json_kind, text(r#"{"user_id":0}"#), 422, Some("user_id")),
        (
            "POST",
            text("/bans"),
            json_kind,
            text(r#"{"username":"ben","until":"2001-01-01T00:00:00Z"}"#),
            422,
            Some("until"),
        ),
        ("POST", text("/invitees"), json_kind, text(r#"{"email":"x"}"#), 422, Some("email")),
        ("POST", of_ben("/mute"), json_kind, text(r#"{"media":["smell"]}"#), 422, Some("media[0]")),
        ("POST", of_ben("/approve"), json_kind, text(r#"{"x":1}"#), 422, Some("x")),
        ("POST", of_ben("/remove"), json_kind, text(r#"{"reason":7}"#), 422, Some("reason")),
        (
            "POST",
            of_ben("/remove"),
            json_kind,
            format!(r#"{{"reason":"{}"}}"#, "x".repeat(501)),
            413,
            Some("reason"),
        ),
        ("PATCH", of_ben(""), json_kind, text(r#"{"role":"co_host"}"#), 422, Some("role")),
        ("PATCH", of_ben(""), json_kind, text(r#"{"role":"host"}"#), 422, Some("role")),
        ("PATCH", of_ben(""), json_kind, text(r#"{"role":"nothing"}"#), 422, Some("role")),
        (
            "PATCH",
            text("/participants/4711"),
            json_kind,
            text(r#"{"role":"presenter"}"#),
            404,
            None,
        ),
        ("POST", text("/participants/x/mute"), json_kind, text(""), 404, None),
        ("POST", text("/participants/99999999999999999999/mute"), json_kind, text(""), 404, None),
        ("POST", text("/participants/-1/mute"), json_kind, text(""), 404, None),
        ("DELETE", text("/bans/%ff"), json_kind, text(""), 404, None),
        ("DELETE", text("/bans/4711"), json_kind, text(""), 404, None),
        ("DELETE", text("/invitees/9999999999"), json_kind, text(""), 404, None),
        ("DELETE", text("/co-hosts/4711"), json_kind, text(r#"{"x":1}"#), 422, Some("x")),
        (
            "PUT",
            text("/roles/No"),
            json_kind,
            text(r#"{"label":"x","based_on":"attendee","rank":30}"#),
            404,
            None,
        ),
        (
            "PUT",
            text("/roles/x"),
            json_kind,
            text(r#"{"label":"x","based_on":"attendee","rank":30}"#),
            404,
            None,
        ),
        ("GET", text("/roles/x"), json_kind, text(""), 404, None),
        ("DELETE", text("/roles/x"), json_kind, text(""), 404, None),
    ] {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let shown = format!("{method} {path} {}", &body[..body.len().min(80)]);
        let request = stage.request(method, &below(&meeting, &path), Some(&ada));
        let request = request.header("content-type", kind).body(body);
        let got = told(request).await;
        let (found, _, named) = got.problem();
        assert_eq!(found, status, "{shown}: {got:?}");
        if field != Some("") {
            assert_eq!(named, field, "{shown}: {got:?}");
        }
    }
    assert!(!actions(&stage, &meeting).contains(&"meeting.updated".to_owned()));
    for odd in ["abc", "-1", "1.5", "01", "+1", "99999999999999999999", "%00", "%ff"] {
        let path = format!("/api/meetings/{odd}/lock");
        let got = stage.ask(Method::POST, &path, &ada, Value::Null).await;
        assert_eq!(got.problem(), (404, "not_found", None), "{odd}");
    }
}

#[tokio::test]
async fn who_waits_or_is_banned_acts_no_more_from_outside() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({ "requires_approval": true })).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let ben = stage.join(&meeting, "Ben").await;
    let lock = async || {
        let path = below(&meeting, "/lock");
        let got = stage.ask(Method::POST, &path, &stage.token("Ben"), Value::Null).await;
        (got.status, got.body["code"].clone())
    };
    assert_eq!(lock().await, (403, json!("waiting")));
    ada.send(admit(ben.id())).await;
    ada.send(Command::RoleAssign(RoleAssign { participant: ben.id(), role: Role::Moderator }))
        .await;
    assert_eq!(lock().await, (200, Value::Null));
    let ban = below(&meeting, &format!("/participants/{}/ban", ben.id()));
    stage.ask(Method::POST, &ban, &stage.token("Ada"), Value::Null).await;
    assert_eq!(lock().await, (403, json!("banned")));
}
