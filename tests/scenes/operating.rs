//! What operators ask: is it ready, what does it count, which request was that.

use std::collections::BTreeSet;
use std::time::Duration;

use quorate_client::protocol::*;
use reqwest::{Method, Response, StatusCode};
use serde_json::json;

use crate::stage::{Stage, guest};

const TOKEN: &str = "a token for the scraper";

async fn get(stage: &Stage, path: &str, headers: &[(&str, &str)]) -> Response {
    let mut request = stage.request(Method::GET, path, None);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap()
}

/// The page, as a scraper on this machine gets it.
async fn page(stage: &Stage) -> String {
    let response = get(stage, "/metrics", &[]).await;
    assert_eq!(response.status(), 200);
    let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
    assert!(kind.starts_with("application/openmetrics-text; version=1.0.0"), "{kind}");
    response.text().await.unwrap()
}

/// The value of one series.
fn value(page: &str, series: &str) -> f64 {
    let line = page.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {series} in\n{page}")).parse().unwrap()
}

/// Asks until a series has this value, which must come.
async fn until(stage: &Stage, series: &str, expected: f64) {
    let there = async {
        while value(&page(stage).await, series) != expected {
            tokio::task::yield_now().await;
        }
    };
    let there = tokio::time::timeout(Duration::from_secs(30), there).await;
    there.unwrap_or_else(|_| panic!("{series} never becomes {expected}"));
}

#[tokio::test]
async fn what_happens_is_counted_and_what_is_over_is_no_longer_there() {
    let stage = Stage::set().await;
    let before = page(&stage).await;
    for outcome in ["ok", "refused", "invalid", "rate_limited", "dry_run", "repeated", "failed"] {
        let series = format!("quorate_commands_total{{outcome=\"{outcome}\"}}");
        assert_eq!(value(&before, &series), 0.0, "there from the start");
    }
    let meeting = stage.meeting("Ada", json!({ "requires_approval": true })).await;
    let (mut ada, _) = stage.knock_as(&meeting, "Ada").await;
    let mut ben = stage.join(&meeting, "Ben").await;
    ada.ask(&Command::HandRaise(Empty {})).await;
    ada.ask(&Command::HostReclaim(Empty {})).await;
    let id = ada.id();
    let tried = json!({ "type": "hand.lower", "id": id, "dry_run": true, "data": {} });
    ada.say(&tried.to_string()).await;
    ada.answer(json!(id)).await;
    ada.say(&tried.to_string()).await;
    ada.answer(json!(id)).await;
    ben.refused(Command::HandRaise(Empty {})).await;

    let page_now = page(&stage).await;
    let now = |series: &str| value(&page_now, series);
    assert_eq!(now("quorate_commands_total{outcome=\"ok\"}"), 2.0);
    assert_eq!(now("quorate_commands_total{outcome=\"dry_run\"}"), 1.0);
    assert_eq!(now("quorate_commands_total{outcome=\"refused\"}"), 1.0);
    assert_eq!(now("quorate_commands_total{outcome=\"repeated\"}"), 1.0);
    assert_eq!((now("quorate_sockets_open"), now("quorate_meetings_live")), (2.0, 1.0));
    assert_eq!(now("quorate_participants_present"), 1.0);
    assert_eq!((now("quorate_participants_waiting"), now("quorate_sessions_open")), (1.0, 2.0));
    assert!(now("quorate_events_committed_total") >= 5.0 && now("quorate_commits_total") >= 3.0);
    let commits = now("quorate_commit_duration_seconds_count");
    assert!(commits >= now("quorate_commits_total"), "each is timed");
    assert!(now("quorate_database_size_bytes") > 0.0);
    for series in
        ["process_open_fds", "process_resident_memory_bytes", "process_start_time_seconds"]
    {
        assert!(now(series) > 1.0, "{series}");
    }
    let made = "{method=\"POST\",route=\"/api/meetings\",status=\"201\"}";
    assert_eq!(now(&format!("quorate_http_requests_total{made}")), 1.0);

    ada.ask(&Command::MeetingEnd(Empty {})).await;
    drop((ada, ben));
    until(&stage, "quorate_sockets_open", 0.0).await;
    let page_after = page(&stage).await;
    let after = |series: &str| value(&page_after, series);
    assert_eq!(after("quorate_participants_present"), 0.0);
    assert_eq!((after("quorate_participants_waiting"), after("quorate_sessions_open")), (0.0, 0.0));
    assert_eq!(after("quorate_sockets_closed_total{reason=\"meeting_ended\"}"), 2.0);
    until(&stage, "quorate_writer_queue", 0.0).await;
}

#[tokio::test]
async fn bad_frames_are_counted_and_no_label_holds_what_a_client_sent() {
    let stage = Stage::with(|config| {
        (config.limits.burst, config.limits.points_per_second) = (10, 1);
    })
    .await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut socket = stage.socket().await;
    socket.say(&ClientFrame::hello_text(&stage.hello(&meeting, "Ada"))).await;
    socket.say(r#"{"type":"made.up.by.mallory","id":2,"data":{}}"#).await;
    for id in 3..40 {
        socket.say(&format!(r#"{{"type":"ping","id":{id},"data":{{}}}}"#)).await;
    }
    until(&stage, "quorate_commands_total{outcome=\"invalid\"}", 1.0).await;
    for path in ["/made/up/by/mallory", "/api/meetings/mallory", "/api/roles/mallory?mallory=1"] {
        get(&stage, path, &[]).await;
    }
    let odd = Method::from_bytes(b"MALLORY").unwrap();
    let odd = stage.request(odd, "/api/meetings", None).send().await.unwrap();
    assert_eq!(odd.status(), StatusCode::METHOD_NOT_ALLOWED);
    let page = page(&stage).await;
    assert!(!page.to_lowercase().contains("mallory"), "{page}");
    assert!(value(&page, "quorate_commands_total{outcome=\"rate_limited\"}") >= 20.0);
    let lost = "quorate_http_requests_total{method=\"GET\",route=\"none\",status=\"404\"}";
    assert_eq!(value(&page, lost), 1.0);
    let odd = "{method=\"other\",route=\"/api/meetings\",status=\"405\"}";
    assert_eq!(value(&page, &format!("quorate_http_requests_total{odd}")), 1.0);
}

#[tokio::test]
async fn without_a_token_the_figures_are_for_this_machine_and_with_one_for_who_has_it() {
    let open = Stage::set().await;
    for (name, sent) in
        [("x-forwarded-for", "127.0.0.1"), ("forwarded", "for=1"), ("x-real-ip", "1")]
    {
        let response = get(&open, "/metrics", &[(name, sent)]).await;
        assert_eq!(response.status(), 403, "a proxy asks for someone: {name}");
        let problem: ErrorBody = response.json().await.unwrap();
        assert!(problem.message.contains("metrics.token"), "{problem:?}");
    }
    let closed = Stage::with(|config| config.metrics.token = Some(TOKEN.to_owned())).await;
    let right = format!("Bearer {TOKEN}");
    for (headers, status) in [
        (vec![("authorization", &*right)], 200),
        (vec![("authorization", &*right), ("x-forwarded-for", "203.0.113.9")], 200),
        (vec![], 401),
        (vec![("authorization", "Bearer a token for the scrapers")], 401),
        (vec![("authorization", "Bearer ")], 401),
        (vec![("authorization", TOKEN)], 401),
    ] {
        assert_eq!(get(&closed, "/metrics", &headers).await.status(), status, "{headers:?}");
    }
    let posted = closed.request(Method::POST, "/metrics", Some(TOKEN)).send().await.unwrap();
    assert_eq!(posted.status(), 405);
}

#[tokio::test]
async fn a_server_is_ready_once_what_had_not_ended_is_restored() {
    let mut stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let _ada = stage.join(&meeting, "Ada").await;
    stage.restart().await;
    let ready = async {
        loop {
            let response = get(&stage, "/readyz", &[]).await;
            match response.status().as_u16() {
                200 => return response.text().await.unwrap(),
                503 => {
                    let problem: ErrorBody = response.json().await.unwrap();
                    assert!(problem.message.contains("restored"), "{problem:?}");
                }
                status => panic!("{status}"),
            }
        }
    };
    let ready = tokio::time::timeout(Duration::from_secs(30), ready).await.unwrap();
    assert_eq!(ready, "ready\n");
    let page = page(&stage).await;
    assert_eq!(value(&page, "quorate_restores_total"), 1.0, "restored before it was ready");
    assert_eq!(value(&page, "quorate_meetings_set_aside"), 0.0);
}

#[tokio::test]
async fn each_answer_says_its_requests_id() {
    let stage = Stage::set().await;
    let mut ids = BTreeSet::new();
    for (method, path, status) in [
        (Method::GET, "/healthz", 200),
        (Method::GET, "/readyz", 200),
        (Method::GET, "/metrics", 200),
        (Method::GET, "/nowhere", 404),
        (Method::DELETE, "/healthz", 405),
        (Method::POST, "/api/meetings", 401),
        (Method::GET, "/ws", 400),
    ] {
        let request = stage.request(method, path, None).header("x-request-id", "mine");
        let response = request.send().await.unwrap();
        // What had not ended at the start is little, but it may not be looked up yet.
        assert!(response.status() == status || path == "/readyz", "{path}: {response:?}");
        let id: uuid::Uuid = response.headers()["x-request-id"].to_str().unwrap().parse().unwrap();
        assert_eq!(id.get_version_num(), 7, "{path}");
        assert!(ids.insert(id), "{path}: an id of its own");
    }
    let body = SignIn::Guest(guest("Gus"));
    let signed_in = stage.request(Method::POST, "/api/sessions", None).json(&body).send().await;
    assert!(signed_in.unwrap().headers().contains_key("x-request-id"));
}
