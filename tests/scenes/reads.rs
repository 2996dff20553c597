//! Reading over REST: who sees which meetings and which people in them, in pages; and asked in wrong ways.

use quorate::identity::Claims;
use quorate::live::clock;
use quorate_client::protocol::*;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::stage::{Stage, admit, assign, because};

fn admin(stage: &Stage) -> String {
    let claims = Claims::new("root".to_owned(), None, 1, clock::wall());
    stage.key.sign(&Claims { admin: true, ..claims })
}

async fn respond(stage: &Stage, token: &str, path: &str) -> Response {
    stage.request(Method::GET, path, Some(token)).send().await.unwrap()
}

/// What comes back: status and body.
async fn get(stage: &Stage, token: &str, path: &str) -> (u16, Value) {
    let response = respond(stage, token, path).await;
    (response.status().as_u16(), response.json().await.unwrap())
}

/// The ids of a list's items, of all its pages.
async fn ids(stage: &Stage, token: &str, path: &str) -> Vec<i64> {
    let (mut ids, mut next) = (Vec::new(), String::new());
    loop {
        let (status, body) = get(stage, token, &format!("{path}{next}")).await;
        assert_eq!(status, 200, "{path}: {body}");
        ids.extend(body["items"].as_array().unwrap().iter().map(|it| it["id"].as_i64().unwrap()));
        let Some(cursor) = body["next"].as_str() else { return ids };
        next = format!("&cursor={cursor}");
    }
}

async fn make(stage: &Stage, host: &str, body: Value) -> i64 {
    stage.meeting(host, body).await.info.id.0
}

#[tokio::test]
async fn everyone_lists_their_own_meetings_and_admins_all() {
    let stage = Stage::set().await;
    let ben = stage.join(&stage.meeting("Ben", json!({})).await, "Ben").await.user();
    let invited = json!({ "invitees": [{ "user_id": ben }, { "email": "Cyd@Example.org" }] });
    let invited = make(&stage, "Ada", invited).await;
    let helped = make(&stage, "Ada", json!({ "co_hosts": [ben] })).await;
    let early = json!({ "starts_at": "2020-01-01T10:00:00Z", "ends_at": "2020-01-01T11:00:00Z" });
    let early = make(&stage, "Ada", early).await;
    let late = json!({ "starts_at": "2100-01-01T10:00:00Z", "type": "private" });
    let late = make(&stage, "Ada", late).await;
    let joined = stage.meeting("Cyd", json!({})).await;
    stage.join(&joined, "Ada").await;
    let (joined, own) = (joined.info.id.0, invited - 1);

    let ada = stage.token("Ada");
    assert_eq!(ids(&stage, &ada, "/api/meetings?").await, [late, joined, helped, invited, early]);
    for limit in 1..4 {
        let path = format!("/api/meetings?limit={limit}");
        assert_eq!(ids(&stage, &ada, &path).await, [late, joined, helped, invited, early]);
    }
    let ben = stage.token("Ben");
    assert_eq!(ids(&stage, &ben, "/api/meetings?").await, [helped, invited, own]);
    let cyd = stage.token_with_email("Cyd", "cyd");
    assert_eq!(ids(&stage, &cyd, "/api/meetings?").await, [joined, invited], "by the address");
    assert_eq!(ids(&stage, &stage.token("Eve"), "/api/meetings?").await, [0; 0]);
    let all = [late, joined, helped, invited, own, early];
    assert_eq!(ids(&stage, &admin(&stage), "/api/meetings?").await, all);
    let bot = stage.bot_token("Bo", &[], |claims| {
        claims.meetings = Some(vec![MeetingId(early), MeetingId(late), MeetingId(4711)]);
    });
    assert_eq!(ids(&stage, &bot, "/api/meetings?").await, [late, early]);
    let bot = stage.bot_token("Bo", &[], |claims| claims.owner = Some("ben".to_owned()));
    assert_eq!(ids(&stage, &bot, "/api/meetings?").await, [own], "those that its owner hosts");

    for (filter, found) in [
        ("type=private", &[late][..]),
        ("status=in_progress", &[joined]),
        ("status=cancelled", &[]),
        ("mine=true", &[late, helped, invited, early]),
        ("mine=false&type=private", &[late]),
        ("from=2099-01-01T00:00:00Z", &[late]),
        ("to=2020-01-01T10:00:00Z", &[]),
        ("from=2020-01-01T10:59:59%2B00:00&to=2020-01-02T00:00:00Z", &[early]),
        ("from=2020-01-01T11:00:00Z&to=2020-01-02T00:00:00Z", &[]),
        ("q=QUARTERLY&type=private", &[late]),
        ("q=nothing", &[]),
        ("parent=1", &[]),
    ] {
        assert_eq!(ids(&stage, &ada, &format!("/api/meetings?{filter}")).await, found, "{filter}");
    }
}

#[tokio::test]
async fn a_meeting_says_which_state_of_it_was_read() {
    let stage = Stage::set().await;
    let meeting = stage
        .meeting("Ada", json!({ "requires_approval": true, "description": "secret plans" }))
        .await;
    let path = format!("/api/meetings/{}", meeting.info.id);
    let ada = stage.token("Ada");
    let etag = async || {
        let response = respond(&stage, &ada, &path).await;
        assert_eq!(response.headers()["cache-control"], "no-store");
        response.headers()["etag"].to_str().unwrap().to_owned()
    };
    let first = etag().await;
    assert_eq!(first, "\"1\"");
    let mut host = stage.join(&meeting, "Ada").await;
    let started = etag().await;
    assert_ne!(started, first);
    let ben = stage.join(&meeting, "Ben").await;
    assert_eq!(
        (ben.status(), etag().await),
        (Standing::Waiting, started.clone()),
        "not who is there"
    );
    let (status, knocked) = get(&stage, &stage.token("Ben"), &path).await;
    assert_eq!((status, &knocked["description"]), (200, &Value::Null));
    assert!(
        knocked.get("settings").is_none(),
        "who knocked does not read how it is set up: {knocked}"
    );
    assert_eq!(ids(&stage, &stage.token("Ben"), "/api/meetings?q=secret").await, [0; 0]);
    assert_eq!(ids(&stage, &ada, "/api/meetings?q=SECRET").await, [meeting.info.id.0]);
    host.send(Command::MeetingLock(Empty {})).await;
    assert_ne!(etag().await, started);

    let (_, shown) = get(&stage, &ada, &path).await;
    for field in ["time_zone", "recurrence", "parent_meeting_id", "original_start", "recording_url"]
    {
        assert_eq!(shown.get(field), Some(&Value::Null), "{field}");
    }
    let join = format!("http://{}/#meeting={}", stage.address, meeting.info.code);
    assert_eq!(shown["links"]["join"], json!(join));
    let head = stage.request(Method::HEAD, &path, Some(&ada)).send().await.unwrap();
    assert_eq!((head.status().as_u16(), head.headers()["etag"].is_empty()), (200, false));
    assert_eq!(head.text().await.unwrap(), "");
    for method in [Method::OPTIONS, Method::PUT] {
        let response = stage.request(method, &path, Some(&ada)).send().await.unwrap();
        assert_eq!(response.status(), 405);
        assert!(response.headers()["allow"].to_str().unwrap().contains("GET"));
    }
    // As a path is encoded is of no matter; what is not an id as we write it is the id of nothing.
    let id = meeting.info.id;
    let encoded: String = id.to_string().bytes().map(|byte| format!("%{byte:02x}")).collect();
    assert_eq!(get(&stage, &ada, &format!("/api/meetings/{encoded}")).await.0, 200);
    for odd in [
        format!("0{id}"),
        format!("+{id}"),
        format!("{id}x"),
        format!("{id}%00"),
        format!("{id}/"),
        format!("{id}%20"),
    ] {
        let (status, problem) = get(&stage, &ada, &format!("/api/meetings/{odd}")).await;
        assert_eq!((status, &problem["code"]), (404, &json!("not_found")), "{odd}");
    }
}

#[tokio::test]
async fn the_people_of_a_meeting_are_shown_to_those_who_may_see_them() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({ "requires_approval": true })).await;
    let base = format!("/api/meetings/{}", meeting.info.id);
    let (mut ada, ben) = (stage.join(&meeting, "Ada").await, stage.join(&meeting, "Ben").await);
    ada.send(admit(ben.id())).await;
    let mut cyd = stage.join_guest(&meeting, "Cyd").await;
    ada.send(admit(cyd.id())).await;
    cyd.expect_welcome().await;
    cyd.send(Command::HandRaise(Empty {})).await;
    let dan = stage.join(&meeting, "Dan").await;
    let (host, attendee, waits) = (stage.token("Ada"), stage.token("Ben"), stage.token("Dan"));

    let (status, room) = get(&stage, &host, &format!("{base}/waiting-room")).await;
    let entry = &room["items"][0];
    assert_eq!((status, entry["participant"].as_i64()), (200, Some(dan.id().0)), "{room}");
    assert_eq!((&entry["position"], &entry["connected"]), (&json!(1), &json!(true)));
    assert_eq!((&entry["reason"], &entry["verified"]), (&json!("approval"), &json!(true)));
    assert_eq!(
        room["seq"].as_i64().unwrap(),
        stage.sql::<i64>("SELECT max(seq) FROM meeting_audit_logs")
    );

    let (_, people) = get(&stage, &host, &format!("{base}/participants")).await;
    let told = |people: &Value| -> Vec<String> {
        let people = people["items"].as_array().unwrap().iter();
        let word =
            |it: &Value| format!("{} {} {}", it["name"], it["role"], it["status"]).replace('"', "");
        people.map(word).collect()
    };
    let all = [
        "Ada host present",
        "Ben attendee present",
        "Cyd attendee present",
        "Dan attendee waiting",
    ];
    assert_eq!(told(&people), all);
    assert!(people["items"][2]["hand"].is_string());
    assert_eq!(people["items"][3]["admission"], "pending");
    let (_, seen) = get(&stage, &attendee, &format!("{base}/participants")).await;
    assert_eq!(told(&seen), all[..3], "who waits is for those who may admit");
    assert_eq!(seen["items"][0]["admission"], Value::Null);
    for (filter, found) in [
        ("role=host", &[ada.id().0][..]),
        ("status=waiting", &[dan.id().0]),
        ("status=lost", &[]),
        ("kind=guest", &[cyd.id().0]),
        ("quality=unknown&status=present&limit=1", &[ada.id().0, ben.id().0, cyd.id().0]),
        ("quality=poor", &[]),
    ] {
        let path = format!("{base}/participants?{filter}");
        assert_eq!(ids(&stage, &host, &path).await, found, "{filter}");
    }

    let one = format!("{base}/participants/{}", dan.id());
    assert_eq!(get(&stage, &waits, &one).await.1["status"], "waiting", "oneself one sees");
    assert_eq!(get(&stage, &attendee, &one).await.0, 404);
    let (status, problem) = get(&stage, &waits, &format!("{base}/participants")).await;
    assert_eq!((status, &problem["permission"]), (403, &json!("participant.list")), "{problem}");
    assert_eq!(get(&stage, &host, &format!("{base}/participants/4711")).await.0, 404);

    for (part, permission) in [
        ("waiting-room", "participant.admit"),
        ("invitees", "participant.invite"),
        ("bans", "participant.unban"),
    ] {
        let path = format!("{base}/{part}");
        assert_eq!(get(&stage, &host, &path).await.0, 200, "{part}");
        assert_eq!(get(&stage, &admin(&stage), &path).await.0, 200, "{part}");
        let (status, problem) = get(&stage, &attendee, &path).await;
        assert_eq!((status, &problem["permission"]), (403, &json!(permission)), "{problem}");
        assert_eq!(get(&stage, &stage.token("Eve"), &path).await.0, 404, "{part}: a stranger");
    }
    // What was granted, only the meeting knows.
    ada.send(assign(ben.id(), Role::Moderator)).await;
    assert_eq!(get(&stage, &attendee, &format!("{base}/waiting-room")).await.0, 200);
    let deny = PersonPermissions {
        participant: ben.id(),
        permissions: vec![Permission::ParticipantInvite],
    };
    ada.send(Command::RoleDeny(deny)).await;
    assert_eq!(get(&stage, &attendee, &format!("{base}/invitees")).await.0, 403);

    let bans = format!("{base}/bans");
    let ban = Ban {
        participant: Some(cyd.id()),
        user: None,
        reason: Some("shouting".to_owned()),
        until: None,
        scope: BanScope::Meeting,
    };
    ada.send(Command::ParticipantBan(ban)).await;
    let (_, banned) = get(&stage, &host, &bans).await;
    assert_eq!(
        (&banned["items"][0]["reason"], &banned["items"][0]["by"]),
        (&json!("shouting"), &json!(ada.id()))
    );
    let (_, people) = get(&stage, &host, &format!("{base}/participants?status=removed")).await;
    assert_eq!(told(&people), ["Cyd attendee removed"]);
    ada.send(Command::ParticipantRemove(because(ben.id(), "done"))).await;
    let (status, _) = get(&stage, &attendee, &format!("{base}/participants")).await;
    assert_eq!(status, 403, "who was put out sees nobody");
    ada.send(Command::MeetingEnd(Empty {})).await;
    let (_, people) = get(&stage, &host, &format!("{base}/participants?status=left")).await;
    assert_eq!(told(&people), ["Ada host left"]);
    let (_, room) = get(&stage, &host, &format!("{base}/waiting-room")).await;
    assert_eq!(room["items"], json!([]));
}

#[tokio::test]
async fn co_hosts_and_invitees_are_listed_in_pages() {
    let stage = Stage::set().await;
    let hall = stage.meeting("Ada", json!({})).await;
    let mut helpers = Vec::new();
    for name in ["Ben", "Cyd", "Dan"] {
        helpers.push(stage.join(&hall, name).await.user());
    }
    let invitees: Vec<_> = (0..5).map(|n| json!({ "email": format!("{n}@example.org") })).collect();
    let body = json!({ "co_hosts": helpers, "invitees": invitees });
    let id = make(&stage, "Ada", body).await;
    let ada = stage.token("Ada");
    assert_eq!(
        ids(&stage, &ada, &format!("/api/meetings/{id}/invitees?limit=2")).await,
        [1, 2, 3, 4, 5]
    );
    let (_, first) = get(&stage, &ada, &format!("/api/meetings/{id}/co-hosts?limit=2")).await;
    let (_, rest) = get(
        &stage,
        &ada,
        &format!("/api/meetings/{id}/co-hosts?limit=2&cursor={}", first["next"].as_str().unwrap()),
    )
    .await;
    let users = |page: &Value| {
        page["items"].as_array().unwrap().iter().map(|it| it["name"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(
        (users(&first), users(&rest)),
        (vec![json!("Ben"), json!("Cyd")], vec![json!("Dan")])
    );
    assert_eq!(rest["next"], Value::Null);
    assert!(rest["items"][0]["participant"].is_null(), "appointed, and never there");
}

#[tokio::test]
async fn a_list_asked_for_wrongly_names_the_parameter() {
    let stage = Stage::set().await;
    let id = make(
        &stage,
        "Ada",
        json!({ "invitees": [{ "email": "a@b.org" }, { "email": "c@d.org" }] }),
    )
    .await;
    make(&stage, "Ada", json!({})).await;
    let ada = stage.token("Ada");
    let (_, page) = get(&stage, &ada, "/api/meetings?limit=1").await;
    let meetings = page["next"].as_str().unwrap().to_owned();
    let (_, page) = get(&stage, &ada, &format!("/api/meetings/{id}/invitees?limit=1")).await;
    let invitees = page["next"].as_str().unwrap().to_owned();
    let long = "x".repeat(201);
    for (path, field) in [
        ("/api/meetings?limit=0".to_owned(), "limit"),
        ("/api/meetings?limit=201".to_owned(), "limit"),
        ("/api/meetings?limit=-1".to_owned(), "limit"),
        ("/api/meetings?limit=99999999999999999999".to_owned(), "limit"),
        ("/api/meetings?limit=1&limit=2".to_owned(), "limit"),
        ("/api/meetings?limit=null".to_owned(), "limit"),
        ("/api/meetings?colour=red".to_owned(), "colour"),
        ("/api/meetings?type=party".to_owned(), "type"),
        ("/api/meetings?status=Completed".to_owned(), "status"),
        ("/api/meetings?mine=perhaps".to_owned(), "mine"),
        ("/api/meetings?from=2026-11-22T10:00:00".to_owned(), "from"),
        ("/api/meetings?to=tomorrow".to_owned(), "to"),
        ("/api/meetings?from=2026-11-22T10:00:00Z&to=2026-11-22T10:00:00Z".to_owned(), "to"),
        ("/api/meetings?parent=99999999999999999999".to_owned(), "parent"),
        ("/api/meetings?parent=0".to_owned(), "parent"),
        ("/api/meetings?q=".to_owned(), "q"),
        (format!("/api/meetings?q={long}"), "q"),
        ("/api/meetings?cursor=nonsense".to_owned(), "cursor"),
        ("/api/meetings?cursor=%00%ff".to_owned(), "cursor"),
        (format!("/api/meetings?type=private&cursor={meetings}"), "cursor"),
        (format!("/api/meetings?cursor={invitees}"), "cursor"),
        (format!("/api/meetings/{id}/invitees?cursor={meetings}"), "cursor"),
        (format!("/api/meetings/{id}/bans?cursor={invitees}"), "cursor"),
        (format!("/api/meetings/{id}/participants?role=Chief!"), "role"),
        (format!("/api/meetings/{id}/participants?status=asleep"), "status"),
        (format!("/api/meetings/{id}/waiting-room?limit=1"), "limit"),
        (format!("/api/meetings/{id}?fields=title"), "fields"),
    ] {
        let (status, problem) = get(&stage, &ada, &path).await;
        assert_eq!((status, &problem["code"]), (422, &json!("invalid")), "{path}: {problem}");
        assert_eq!(problem["field"], field, "{path}: {problem}");
    }
    let eve = stage.token("Eve");
    let (status, problem) = get(&stage, &eve, &format!("/api/meetings?cursor={meetings}")).await;
    assert_eq!((status, &problem["field"]), (422, &json!("cursor")), "another's list");
    let far = "9".repeat(19) + "/participants/" + &"9".repeat(20);
    assert_eq!(get(&stage, &ada, &format!("/api/meetings/{far}")).await.0, 404);
    // Who has no token is told that first, whatever else is wrong.
    let stranger =
        stage.request(Method::GET, "/api/meetings?colour=red", None).send().await.unwrap();
    assert_eq!(stranger.status(), 401);
}

#[tokio::test]
async fn what_no_body_should_be_is_a_problem_and_never_a_failure() {
    let stage = Stage::set().await;
    let ada = stage.token("Ada");
    let deep = |depth: usize| format!(r#"{{"title":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
    for (body, status, field) in [
        ("x".repeat(10_000_000), 413, None),
        (format!(r#"{{"title":"{}"}}"#, "x".repeat(10_000_000)), 413, None),
        (deep(100), 422, Some("title")),
        (deep(100_000), 422, Some("title")),
        (
            r#"{"title":"a","settings":{"guests":true,"guests":false}}"#.to_owned(),
            422,
            Some("settings.guests"),
        ),
    ] {
        let request = stage.request(Method::POST, "/api/meetings", Some(&ada));
        let request = request.header("content-type", "application/json").body(body);
        // A body that nobody reads to its end may end the connection before the answer is read.
        let Ok(response) = request.send().await else { continue };
        let got = response.status().as_u16();
        let problem: Value = response.json().await.unwrap();
        assert_eq!(got, status, "{problem}");
        if let Some(field) = field {
            assert_eq!(problem["field"], field, "{problem}");
        }
    }
    assert_eq!(stage.request(Method::GET, "/healthz", None).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn the_interfaces_are_described_for_anyone() {
    let stage = Stage::set().await;
    let open = async |path: &str| stage.request(Method::GET, path, None).send().await.unwrap();
    let links: Value = open("/api/protocol").await.json().await.unwrap();
    for (name, key) in
        [("json_schema", "$defs"), ("async_api", "asyncapi"), ("open_api", "openapi")]
    {
        let response = open(links[name].as_str().unwrap()).await;
        assert_eq!(response.headers()["content-type"], "application/json", "{name}");
        let document: Value = response.json().await.unwrap();
        assert!(document.get(key).is_some(), "{name}");
    }
    let page = open(links["docs"].as_str().unwrap()).await;
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    let page = page.text().await.unwrap();
    for file in ["/api/docs/page.js", "/api/docs/page.css"] {
        assert!(page.contains(file));
        assert_eq!(open(file).await.status(), 200);
    }
}
