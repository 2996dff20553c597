//! Who may ask what: every operation of the OpenAPI document, by every kind of caller. An operation that is
//! not classified here fails.

use quorate::live::clock;
use quorate_client::protocol::*;
use reqwest::Method;
use serde_json::{Value, json};

use crate::stage::Stage;

/// Who asks, in the order of the columns of [`TABLE`].
const CALLERS: [&str; 12] = [
    "a stranger",
    "a guest",
    "an attendee who is in",
    "one who is invited",
    "a co-host",
    "the host",
    "an administrator",
    "an administrator's key for `chat.send`",
    "the host's key for `chat.send`",
    "the host's key bound to another meeting",
    "a bot for `participant.list` and `participant.admit`",
    "one who came by an invitation link",
];

/// Each operation, how it is asked, and what comes of it: `o` they may, `x` they may not (403), `-` there is no
/// such thing for them (404); `open`: needs no token. That they may change a meeting is seen by the 412 to an
/// ETag that it never had: it comes last, and nothing is changed.
const TABLE: &[(&str, &str, &str, &str)] = &[
    ("post", "/api/sessions", "", "open"),
    ("post", "/api/sessions/renew", "", "open"),
    ("delete", "/api/sessions", "", "open"),
    ("get", "/api/calendar/{feed}", "", "open"),
    ("get", "/api/protocol/schema.json", "", "open"),
    ("get", "/api/protocol/asyncapi.json", "", "open"),
    ("get", "/api/protocol", "", "open"),
    // One's own, and all meetings'.
    ("get", "/api/me", "", "oooooooooooo"),
    ("post", "/api/me/calendar-url", "", "oooooooxxxxx"),
    ("get", "/api/tokens", "", "oooooooxxxxx"),
    ("post", "/api/tokens", r#"{"name":"k","kind":"api"}"#, "oxoooooxxxxx"),
    ("delete", "/api/tokens/4711", "", "-------xxxxx"),
    ("get", "/api/users?username=nobody", "", "oxoooooxxxxx"),
    ("patch", "/api/users/{user}", r#"{"is_active":true}"#, "xxxxxxoxxxxx"),
    ("post", "/api/users/4711/erase", "", "xxxxxx-xxxxx"),
    ("get", "/api/users/{user}/activity", "", "--o---o-----"),
    ("get", "/api/users/{user}/analytics", "", "--o---oxxxxx"),
    ("get", "/api/analytics", "", "xxxxxxoxxxxx"),
    ("get", "/api/events", "", "oooooooooooo"),
    ("get", "/api/roles", "", "oxooooooooxo"),
    ("post", "/api/roles", "{role}", "xxxxxxoxxxxx"),
    ("get", "/api/roles/nothing", "", "-x--------x-"),
    ("put", "/api/roles/nothing", "{put}", "xxxxxx-xxxxx"),
    ("delete", "/api/roles/nothing", "", "xxxxxx-xxxxx"),
    ("get", "/api/meetings", "", "oooooooooooo"),
    ("post", "/api/meetings", r#"{"title":"Another"}"#, "oooooooxxxxx"),
    // Reading a meeting.
    ("get", "/api/meetings/{id}", "", "--ooooooo-oo"),
    ("get", "/api/meetings/{id}/calendar.ics", "", "--ooooooo-oo"),
    ("get", "/api/meetings/{id}/audit", "", "--ooooooo-oo"),
    ("get", "/api/meetings/{id}/audit/verify", "", "--xxxooxx-xx"),
    ("get", "/api/meetings/{id}/state?at=2100-01-01T00:00:00Z", "", "--oxxooxo-xx"),
    ("get", "/api/meetings/{id}/report", "", "--xxoooxx-xx"),
    ("get", "/api/meetings/{id}/participants", "", "--oooooxx-oo"),
    ("get", "/api/meetings/{id}/participants/{in}", "", "--oooooxx-oo"),
    ("get", "/api/meetings/{id}/co-hosts", "", "--oooooxx-oo"),
    ("get", "/api/meetings/{id}/waiting-room", "", "--xxoooxx-ox"),
    ("get", "/api/meetings/{id}/invitees", "", "--xxoooxx-xx"),
    ("get", "/api/meetings/{id}/bans", "", "--xxoooxx-xx"),
    ("get", "/api/meetings/{id}/roles", "", "--ooooooo-oo"),
    ("get", "/api/meetings/{id}/roles/helper", "", "--ooooooo-oo"),
    ("get", "/api/meetings/{id}/feedback", "", "--ooooooo-oo"),
    // Changing it. What it was like only who was in it can say: `c`, they may, and were not (409).
    ("post", "/api/meetings/{id}/feedback", r#"{"rating":4}"#, "--occocxx-xc"),
    ("put", "/api/meetings/{id}/summary", r#"{"text":"All."}"#, "--xxoooxx-xx"),
    ("patch", "/api/meetings/{id}", r#"{"title":"Renamed"}"#, "--xxoooxx-xx"),
    ("delete", "/api/meetings/{id}", "", "--xxxooxx-xx"),
    ("post", "/api/meetings/{id}/start", "", "--xxxooxx-xx"),
    ("post", "/api/meetings/{id}/end", "", "--xxxooxx-xx"),
    ("post", "/api/meetings/{id}/extend", r#"{"minutes":5}"#, "--xxoooxx-xx"),
    ("post", "/api/meetings/{id}/lock", "", "--xxoooxx-xx"),
    ("post", "/api/meetings/{id}/unlock", "", "--xxoooxx-xx"),
    ("post", "/api/meetings/{id}/co-hosts", r#"{"username":"ben"}"#, "--xxxooxx-xx"),
    ("delete", "/api/meetings/{id}/co-hosts/{second}", "", "--xxxooxx-xx"),
    ("post", "/api/meetings/{id}/waiting-room/admit-all", "", "--xxoooxx-ox"),
    ("post", "/api/meetings/{id}/participants/{waiting}/approve", "", "--xxoooxx-ox"),
    ("post", "/api/meetings/{id}/participants/{waiting}/reject", "", "--xxoooxx-xx"),
    ("patch", "/api/meetings/{id}/participants/{in}", r#"{"role":"presenter"}"#, "--xxoooxx-xx"),
    (
        "patch",
        "/api/meetings/{id}/participants/{in}",
        r#"{"exclude_from_report":true}"#,
        "--xxxooxx-xx",
    ),
    ("post", "/api/meetings/{id}/participants/{in}/mute", "", "--xxoooxx-xx"),
    ("post", "/api/meetings/{id}/participants/{in}/remove", "", "--xxoooxx-xx"),
    ("post", "/api/meetings/{id}/participants/{in}/ban", "", "--xxoooxx-xx"),
    ("post", "/api/meetings/{id}/bans", r#"{"username":"zoe"}"#, "--xxoooxx-xx"),
    ("delete", "/api/meetings/{id}/bans/{banned}", "", "--xxoooxx-xx"),
    ("post", "/api/meetings/{id}/invitees", r#"{"username":"zoe"}"#, "--xxoooxx-xx"),
    ("delete", "/api/meetings/{id}/invitees/1", "", "--xxoooxx-xx"),
    ("post", "/api/meetings/{id}/invitees/1/link", "", "--xxoooxx-xx"),
    ("post", "/api/meetings/{id}/roles", "{role}", "--xxxooxx-xx"),
    ("put", "/api/meetings/{id}/roles/helper", "{put}", "--xxxooxx-xx"),
    ("delete", "/api/meetings/{id}/roles/helper", "", "--xxxooxx-xx"),
    // A series, to which the link does not reach.
    ("get", "/api/meetings/{series}/occurrences", "", "--ooooooo-o-"),
    ("get", "/api/meetings/{series}/trends", "", "--xxoooxx-x-"),
    ("patch", "/api/meetings/{series}/occurrences/{start}", "{}", "--xxoooxx-x-"),
    ("delete", "/api/meetings/{series}/occurrences/{start}", "", "--xxxooxx-x-"),
];

/// An operation's path in the document: what is filled in has a name there.
fn is_of(template: &str, path: &str) -> bool {
    let path = path.split('?').next().unwrap_or_default();
    let (template, path): (Vec<_>, Vec<_>) =
        (template.split('/').collect(), path.split('/').collect());
    let fits = |(named, given): (&&str, &&str)| named == given || named.starts_with('{');
    template.len() == path.len() && template.iter().zip(&path).all(fits)
}

/// The operation of the document that a row asks: where several fit, the one with fewest names.
fn operation<'a>(document: &'a Value, method: &str, path: &str) -> (&'a str, &'a Value) {
    let paths = document["paths"].as_object().unwrap().iter();
    let fitting = paths.filter(|(template, it)| is_of(template, path) && it.get(method).is_some());
    let (template, it) = fitting
        .min_by_key(|(template, _)| template.matches('{').count())
        .unwrap_or_else(|| panic!("there is no {method} {path}"));
    (template, &it[method])
}

struct World {
    stage: Stage,
    /// As [`CALLERS`].
    tokens: Vec<String>,
    /// Tokens that hold no more.
    dead: Vec<(&'static str, String)>,
    /// What is filled into paths.
    names: Vec<(&'static str, String)>,
    _there: Vec<crate::stage::Person>,
}

async fn post(stage: &Stage, path: &str, token: &str, body: Value) -> Value {
    let told = stage.ask(Method::POST, path, token, body).await;
    assert!(matches!(told.status, 200 | 201), "{path}: {told:?}");
    told.body
}

async fn secret(stage: &Stage, token: &str, body: Value) -> (String, Value) {
    let made = post(stage, "/api/tokens", token, body).await;
    (made["token"].as_str().unwrap().to_owned(), made["id"].clone())
}

impl World {
    async fn new() -> World {
        let stage = Stage::set().await;
        let setup = stage.setup_link.as_deref().unwrap().split_once('=').unwrap().1;
        let setup = json!({ "setup": { "secret": setup, "username": "root", "name": "Root" } });
        let request = stage.request(Method::POST, "/api/sessions", None).json(&setup);
        assert_eq!(request.send().await.unwrap().status(), 200);
        let (root, ada) = (stage.token("Root"), stage.token("Ada"));

        let users = ["Cleo", "Dan", "Ben", "Off"];
        let mut ids = Vec::new();
        for name in users {
            ids.push(stage.meeting(name, json!({})).await.owner.id);
        }
        let now = clock::wall();
        let body = json!({
            "starts_at": now, "ends_at": now.plus_seconds(3600), "requires_approval": true,
            "invitees": [{ "email": "lin@example.org" }, { "username": "ivy" }, { "username": "ben" }],
            "co_hosts": [ids[0], ids[1]],
        });
        let meeting = stage.meeting("Ada", body).await;
        let body = json!({
            "starts_at": "2100-01-04T10:00:00Z", "ends_at": "2100-01-04T11:00:00Z",
            "type": "recurring", "time_zone": "UTC",
            "recurrence": { "pattern": "daily" },
            "invitees": [{ "username": "ivy" }, { "username": "ben" }], "co_hosts": [ids[0]],
        });
        let series = stage.meeting("Ada", body).await.info.id;
        let other = stage.meeting("Ada", json!({})).await.info.id;
        let id = meeting.info.id;
        let host = stage.join(&meeting, "Ada").await;
        let ben = stage.join(&meeting, "Ben").await;
        let waiting = stage.join(&meeting, "Wim").await;
        assert_eq!((ben.status(), waiting.status()), (Standing::Joined, Standing::Waiting));
        let below = |path: &str| format!("/api/meetings/{id}{path}");
        post(&stage, &below("/bans"), &ada, json!({ "user_id": ids[3] })).await;
        let helper =
            json!({ "key": "helper", "label": "Helper", "based_on": "presenter", "rank": 45 });
        post(&stage, &below("/roles"), &ada, helper).await;

        let narrow = json!({ "name": "k", "kind": "api", "scopes": ["chat.send"] });
        let bound = json!({ "name": "k", "kind": "api", "meetings": [other] });
        let bot = json!({ "name": "Bo", "kind": "bot", "meetings": [id, series],
            "scopes": ["participant.list", "participant.admit"] });
        let link = post(&stage, &below("/invitees/1/link"), &ada, Value::Null).await;
        let link = link["url"].as_str().unwrap().split_once("/#invitation=").unwrap().1.to_owned();
        let body = json!({ "invitation": { "secret": link } });
        let request = stage.request(Method::POST, "/api/sessions", None).json(&body);
        let by_link: SignedIn = request.send().await.unwrap().json().await.unwrap();
        let tokens = vec![
            stage.token("Eve"),
            stage.guest_token("Gus").await,
            stage.token("Ben"),
            stage.token("Ivy"),
            stage.token("Cleo"),
            ada.clone(),
            root.clone(),
            secret(&stage, &root, narrow.clone()).await.0,
            secret(&stage, &ada, narrow.clone()).await.0,
            secret(&stage, &ada, bound).await.0,
            secret(&stage, &ada, bot.clone()).await.0,
            by_link.token,
        ];

        let (key, key_id) = secret(&stage, &ada, narrow).await;
        let (revoked_bot, bot_id) = secret(&stage, &ada, bot).await;
        for id in [key_id, bot_id] {
            let path = format!("/api/tokens/{id}");
            assert_eq!(stage.ask(Method::DELETE, &path, &ada, Value::Null).await.status, 200);
        }
        let (key_of_off, _) =
            secret(&stage, &stage.token("Off"), json!({ "name": "k", "kind": "api" })).await;
        let path = format!("/api/users/{}", ids[3]);
        let off = json!({ "is_active": false });
        assert_eq!(stage.ask(Method::PATCH, &path, &root, off).await.status, 200);
        let dead = vec![
            ("nonsense", "nonsense".to_owned()),
            ("an API key that nobody made", "qk_nonsense".to_owned()),
            ("a revoked key", key),
            ("a revoked bot", revoked_bot),
            ("one who is switched off", stage.token("Off")),
            ("the key of one who is switched off", key_of_off),
        ];
        let names = vec![
            ("{id}", id.to_string()),
            ("{series}", series.to_string()),
            ("{start}", "2100-01-06T10:00:00Z".to_owned()),
            ("{in}", ben.id().to_string()),
            ("{user}", ben.user().to_string()),
            ("{waiting}", waiting.id().to_string()),
            ("{second}", ids[1].to_string()),
            ("{banned}", ids[3].to_string()),
        ];
        World { stage, tokens, dead, names, _there: vec![host, ben, waiting] }
    }

    /// The status and the text that an operation answers.
    async fn ask(
        &self,
        method: &str,
        path: &str,
        body: &str,
        token: Option<&str>,
    ) -> (u16, String) {
        let mut path = path.to_owned();
        for (name, value) in &self.names {
            path = path.replace(name, value);
        }
        let body = match body {
            "{role}" => r#"{"key":"usher","label":"Usher","based_on":"attendee","rank":30}"#,
            "{put}" => r#"{"label":"Usher","based_on":"attendee","rank":30}"#,
            body => body,
        };
        let method: Method = method.to_uppercase().parse().unwrap();
        // Of no revision that there ever was; where a meeting is made there is none to name.
        let changes = method != Method::GET && path.starts_with("/api/meetings/");
        let mut request = self.stage.request(method, &path, token);
        if changes {
            request = request.header("if-match", "\"999999\"");
        }
        if !body.is_empty() {
            request = request.header("content-type", "application/json").body(body.to_owned());
        }
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }
}

#[tokio::test]
async fn every_operation_is_for_those_for_whom_it_is_meant() {
    let world = World::new().await;
    let document = world.ask("get", "/api/openapi.json", "", None).await.1;
    let document: Value = serde_json::from_str(&document).unwrap();
    let mut unclassified: Vec<(String, String)> = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        let methods = methods.as_object().unwrap().keys();
        let operations = methods.filter(|it| *it != "parameters");
        unclassified.extend(operations.map(|method| (method.clone(), path.clone())));
    }
    let mut wrong = Vec::new();
    for (method, path, body, expected) in TABLE {
        let (template, described) = operation(&document, method, path);
        unclassified.retain(|(m, t)| (m, &**t) != (&(*method).to_owned(), template));
        let open = described["security"] == json!([]);
        assert_eq!(open, *expected == "open", "{method} {path}");
        if open {
            continue;
        }
        let dead = world.dead.iter().map(|(who, token)| (*who, Some(&**token)));
        for (who, token) in dead.chain([("nobody", None)]) {
            let (status, text) = world.ask(method, path, body, token).await;
            assert_eq!(status, 401, "{method} {path} by {who}: {text}");
        }
        assert_eq!(expected.len(), CALLERS.len(), "{method} {path}");
        for ((who, token), expected) in CALLERS.iter().zip(&world.tokens).zip(expected.chars()) {
            let (status, text) = world.ask(method, path, body, Some(token)).await;
            let got = match status {
                200 | 201 | 412 => 'o',
                403 => 'x',
                409 => 'c',
                404 => '-',
                _ => '?',
            };
            if got != expected {
                wrong.push(format!("{method} {path} by {who}: {expected} {status} {text}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(unclassified.is_empty(), "say here who may ask these: {unclassified:?}");
}

async fn read(stage: &Stage, path: &str, token: &str) -> (u16, Value) {
    let told = stage.ask(Method::GET, path, token, Value::Null).await;
    (told.status, told.body)
}

#[tokio::test]
async fn scopes_narrow_what_is_read_of_a_journal() {
    let world = World::new().await;
    let (stage, meeting) = (&world.stage, &world.names[0].1);
    let owner = |name: &str| CALLERS.iter().position(|it| *it == name).unwrap();
    let of = |name: &str| &*world.tokens[owner(name)];
    let audits = json!({ "name": "k", "kind": "api", "scopes": ["audit.view"] });
    let audit = format!("/api/meetings/{meeting}/audit?limit=200");
    let ben = &world.names[4].1;
    for (whole, narrow) in [
        ("the host", "the host's key for `chat.send`"),
        ("an administrator", "an administrator's key for `chat.send`"),
    ] {
        let auditing = secret(stage, of(whole), audits.clone()).await.0;
        for (token, all) in [(of(whole), true), (of(narrow), false), (&*auditing, true)] {
            let (_, me) = read(stage, "/api/me", token).await;
            let me = &me["user"]["id"];
            let (_, rows) = read(stage, &audit, token).await;
            let others = rows["items"].as_array().unwrap().iter().any(|row| row["user"] != *me);
            assert_eq!(others, all, "{whole} {all}: {rows}");
            let status = if all { 200 } else { 403 };
            let of_ben = format!("{audit}&user={ben}");
            assert_eq!(read(stage, &of_ben, token).await.0, status, "{whole} {all}");
        }
    }
    // An administrator's events are all there are; by a key that does not audit, their own.
    let events = async |name: &str| read(stage, "/api/events?limit=200", of(name)).await.1;
    assert!(events("an administrator").await["items"].as_array().unwrap().len() > 10);
    let narrow = events("an administrator's key for `chat.send`").await;
    assert_eq!(narrow["items"], json!([]), "{narrow}");
}

#[tokio::test]
async fn a_token_of_a_bot_administers_nothing() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let bot = stage.bot_token("Bo", &[Permission::ChatSend], |claims| {
        claims.admin = true;
        claims.owner = Some("ada".to_owned());
    });
    let (_, me) = read(&stage, "/api/me", &bot).await;
    assert_eq!((&me["admin"], &me["user"]["kind"]), (&json!(false), &json!("bot")));
    let others = stage.meeting("Ben", json!({})).await.info.id;
    assert_eq!(read(&stage, &format!("/api/meetings/{others}"), &bot).await.0, 404);
    let listed = read(&stage, "/api/meetings", &bot).await.1;
    let listed: Vec<_> = listed["items"].as_array().unwrap().iter().map(|it| &it["id"]).collect();
    assert_eq!(listed, [&json!(meeting.info.id)]);
    let role = json!({ "key": "usher", "label": "Usher", "based_on": "attendee", "rank": 30 });
    assert_eq!(stage.ask(Method::POST, "/api/roles", &bot, role).await.status, 403);
}

#[tokio::test]
async fn who_may_not_change_a_series_makes_none_of_its_occurrences_a_meeting() {
    let stage = Stage::set().await;
    let series = json!({
        "type": "recurring", "time_zone": "UTC", "recurrence": { "pattern": "daily" },
        "starts_at": "2100-01-04T10:00:00Z", "ends_at": "2100-01-04T11:00:00Z",
        "invitees": [{ "username": "ben" }],
    });
    let series = stage.meeting("Ada", series).await.info.id;
    let one = format!("/api/meetings/{series}/occurrences/2100-01-06T10:00:00Z");
    let meetings = || stage.sql::<i64>("SELECT count(*) FROM meetings");
    let (ada, ben) = (stage.token("Ada"), stage.token("Ben"));
    for method in [Method::PATCH, Method::DELETE] {
        let body = if method == Method::PATCH { json!({}) } else { Value::Null };
        let told = stage.ask(method.clone(), &one, &ben, body).await;
        assert_eq!((told.status, meetings()), (403, 1), "{method}: {told:?}");
    }
    let told = stage.ask(Method::PATCH, &one, &ada, json!({ "title": "Special" })).await;
    assert_eq!((told.status, meetings()), (200, 2), "{told:?}");

    // Who reaches the occurrence alone changes it alone.
    let occurrence = &told.body["id"];
    let bound = json!({ "name": "k", "kind": "api", "meetings": [occurrence] });
    let bound = secret(&stage, &ada, bound).await.0;
    for scope in ["all", "following"] {
        let path = format!("/api/meetings/{occurrence}?scope={scope}");
        for method in [Method::PATCH, Method::DELETE] {
            let body = if method == Method::PATCH { json!({ "title": "X" }) } else { Value::Null };
            let told = stage.ask(method.clone(), &path, &bound, body).await;
            assert_eq!(told.status, 404, "{method} {path}: {told:?}");
        }
    }
    let path = format!("/api/meetings/{occurrence}?scope=this");
    let told = stage.ask(Method::PATCH, &path, &bound, json!({ "title": "X" })).await;
    assert_eq!(told.status, 200, "{told:?}");
    assert_eq!(
        read(&stage, &format!("/api/meetings/{series}"), &ada).await.1["status"],
        "scheduled"
    );
}

#[tokio::test]
async fn whom_one_makes_co_host_is_looked_up_no_more_often_than_anyone() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let (ada, path) = (stage.token("Ada"), crate::asking::below(&meeting, "/co-hosts"));
    let mut told = Vec::new();
    for n in 0..31 {
        let body = json!({ "username": format!("nobody{n}") });
        told.push(stage.ask(Method::POST, &path, &ada, body).await.status);
    }
    assert_eq!((told[..30].iter().all(|it| *it == 404), told[30]), (true, 429), "{told:?}");
}

#[tokio::test]
async fn who_only_knocked_reads_nothing_of_who_is_there() {
    let stage = Stage::set().await;
    let body = json!({ "requires_approval": true, "invitees": [{ "username": "ivy" }] });
    let meeting = stage.meeting("Ada", body).await;
    let mut ada = stage.join(&meeting, "Ada").await;
    let mut eve = stage.join(&meeting, "Eve").await;
    let id = eve.id();
    let (token, path) = (stage.token("Eve"), crate::asking::below(&meeting, "/participants"));
    assert_eq!(read(&stage, &path, &token).await.0, 403, "who waits");
    eve.send(Command::Leave(Leave { successor: None })).await;
    ada.expect(|event| matches!(event, EventBody::ParticipantWithdrawn(_))).await;
    for list in ["/participants", "/participants/1", "/co-hosts", "/invitees", "/waiting-room"] {
        let (status, body) = read(&stage, &crate::asking::below(&meeting, list), &token).await;
        assert_eq!(status, 403, "{list}: {body}");
    }
    let own = format!("{path}/{id}");
    assert_eq!(read(&stage, &own, &token).await.0, 200, "one's own place one sees");
    assert_eq!(read(&stage, &path, &stage.token("Ivy")).await.0, 200, "who is invited");
}

#[tokio::test]
async fn the_names_of_those_who_never_came_are_not_told_by_inviting_or_banning_them() {
    let stage = Stage::set().await;
    // Known here, but not by that host.
    let (ben, ivy) = (
        stage.meeting("Ben", json!({})).await.owner.id,
        stage.meeting("Ivy", json!({})).await.owner.id,
    );
    let invitees = json!([{ "username": "ben" }, { "username": "cyd" }, { "user_id": ivy }]);
    let meeting = stage.meeting("Ada", json!({ "invitees": invitees })).await;
    let (ada, below) = (stage.token("Ada"), |path: &str| crate::asking::below(&meeting, path));
    for someone in [json!({ "username": "dan" }), json!({ "user_id": ben })] {
        post(&stage, &below("/bans"), &ada, someone).await;
    }
    let _ivy = stage.join(&meeting, "Ivy").await;
    let names = async |path: &str| {
        let (_, list) = read(&stage, &below(path), &ada).await;
        let names = list["items"].as_array().unwrap().iter().map(|it| it["name"].clone());
        names.collect::<Vec<_>>()
    };
    assert_eq!(names("/invitees").await, [Value::Null, Value::Null, json!("Ivy")]);
    assert_eq!(names("/bans").await, [Value::Null, Value::Null]);
}
