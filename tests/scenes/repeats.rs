//! The same request sent again with its key: the first answer again, and once carried out.

use reqwest::Method;
use serde_json::{Value, json};

use crate::asking::{Told, below};
use crate::stage::Stage;

async fn post(stage: &Stage, path: &str, token: &str, body: Value, key: &str) -> Told {
    stage.ask_with(Method::POST, path, token, body, &[("idempotency-key", key)]).await
}

fn count(stage: &Stage, table: &str) -> i64 {
    stage.sql(&format!("SELECT count(*) FROM {table}"))
}

#[tokio::test]
async fn a_meeting_is_made_once_also_across_a_restart() {
    let mut stage = Stage::set().await;
    let ada = stage.token("Ada");
    let body = json!({ "title": "Review", "passcode": "open sesame" });
    let first = post(&stage, "/api/meetings", &ada, body.clone(), "k1").await;
    let again = post(&stage, "/api/meetings", &ada, body.clone(), "k1").await;
    assert_eq!((first.status, again.status), (201, 201), "{again:?}");
    assert_eq!((&again.body, again.header("location")), (&first.body, first.header("location")));
    assert_eq!(again.header("etag"), first.header("etag"));
    stage.restart().await;
    let later = post(&stage, "/api/meetings", &ada, body.clone(), "k1").await;
    assert_eq!((later.status, &later.body["id"]), (201, &first.body["id"]));
    assert_eq!(count(&stage, "meetings"), 1);

    let mut other = body.clone();
    other["title"] = json!("Another");
    let refused = post(&stage, "/api/meetings", &ada, other.clone(), "k1").await;
    assert_eq!(refused.problem(), (409, "conflict", Some("Idempotency-Key")));
    let ben = stage.token("Ben");
    assert_eq!(post(&stage, "/api/meetings", &ben, body.clone(), "k1").await.status, 201);
    assert_eq!(post(&stage, "/api/meetings", &ada, other, "k2").await.status, 201);
    assert_eq!(count(&stage, "meetings"), 3, "keys are one's own");

    let refused = json!({ "title": " " });
    for _ in 0..2 {
        let got = post(&stage, "/api/meetings", &ada, refused.clone(), "k3").await;
        assert_eq!(got.problem(), (422, "invalid", Some("title")));
    }
    let mended = post(&stage, "/api/meetings", &ada, body, "k3").await;
    assert_eq!(mended.status, 201, "a refusal is not kept");
    for key in ["", "x\ty", &"x".repeat(201), "ä"] {
        let request = stage.request(Method::POST, "/api/meetings", Some(&ada));
        let request = request.header("idempotency-key", key.as_bytes());
        let got = crate::asking::told(request.json(&json!({ "title": "Never" }))).await;
        assert_eq!(got.problem(), (422, "invalid", Some("Idempotency-Key")), "{key:?}");
    }
    let request = stage.request(Method::POST, "/api/meetings", Some(&ada));
    let request = request.header("idempotency-key", "a").header("idempotency-key", "b");
    let got = crate::asking::told(request.json(&json!({ "title": "Never" }))).await;
    assert_eq!(got.problem(), (422, "invalid", Some("Idempotency-Key")), "two keys");
    let longest = "~".repeat(200);
    let body = json!({ "title": "Last" });
    assert_eq!(post(&stage, "/api/meetings", &ada, body, &longest).await.status, 201);
}

#[tokio::test]
async fn an_action_is_answered_as_it_was_whatever_became_of_it_since() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let (ada, lock) = (stage.token("Ada"), below(&meeting, "/lock"));
    let first = post(&stage, &lock, &ada, Value::Null, "k1").await;
    let events = count(&stage, "meeting_audit_logs");
    let again = post(&stage, &lock, &ada, Value::Null, "k1").await;
    assert_eq!((first.status, first.body), (200, json!({})));
    assert_eq!((again.status, again.body), (200, json!({})), "as it was, and not `already`");
    assert_eq!(count(&stage, "meeting_audit_logs"), events);
    let already = post(&stage, &lock, &ada, Value::Null, "k2").await;
    assert_eq!(already.body["already"], true);
    stage.ask(Method::POST, &below(&meeting, "/unlock"), &ada, Value::Null).await;
    for (key, body) in [("k1", json!({})), ("k2", already.body)] {
        let again = post(&stage, &lock, &ada, Value::Null, key).await;
        assert_eq!((again.status, again.body), (200, body), "{key}");
    }
    assert_eq!(stage.sql::<i64>("SELECT locked FROM meetings"), 0, "and nothing was locked again");
    let elsewhere = post(&stage, &below(&meeting, "/unlock"), &ada, Value::Null, "k1").await;
    assert_eq!(elsewhere.problem(), (409, "conflict", Some("Idempotency-Key")));

    let invite = json!({ "email": "eve@example.org" });
    let path = below(&meeting, "/invitees");
    let first = post(&stage, &path, &ada, invite.clone(), "k3").await;
    let again = post(&stage, &path, &ada, invite, "k3").await;
    assert_eq!((first.status, again.status), (201, 201));
    assert_eq!((&again.body, again.header("location")), (&first.body, first.header("location")));
    let role = json!({ "key": "helper", "label": "Helper", "based_on": "presenter", "rank": 45 });
    let path = below(&meeting, "/roles");
    let first = post(&stage, &path, &ada, role.clone(), "k4").await;
    let again = post(&stage, &path, &ada, role, "k4").await;
    assert_eq!((first.status, again.status, &again.body), (201, 201, &first.body));
}

#[tokio::test]
async fn what_changes_no_meeting_is_kept_too() {
    let stage = Stage::set().await;
    let role = json!({ "key": "helper", "label": "Helper", "based_on": "presenter", "rank": 45 });
    let first = post(&stage, "/api/roles", &stage.admin(), role.clone(), "k1").await;
    let again = post(&stage, "/api/roles", &stage.admin(), role, "k1").await;
    assert_eq!((first.status, again.status), (201, 201));
    assert_eq!((&again.body, again.header("location")), (&first.body, first.header("location")));
    let stranger = post(&stage, "/api/roles", "nonsense", json!({}), "k1").await;
    assert_eq!(stranger.problem(), (401, "unauthorized", None));
    assert_eq!(post(&stage, "/api/nothing", &stage.admin(), json!({}), "k2").await.status, 404);
}

/// However many come at the same time: one is carried out, and the others wait or are told to come back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_at_the_same_time_one_is_carried_out() {
    let stage = Stage::set().await;
    let ada = stage.token("Ada");
    for round in 0..10 {
        let key = format!("k{round}");
        let body = json!({ "title": format!("Round {round}") });
        let ask = || post(&stage, "/api/meetings", &ada, body.clone(), &key);
        let answers = futures::future::join_all((0..8).map(|_| ask())).await;
        for answer in &answers {
            match answer.status {
                201 => {}
                _ => {
                    assert_eq!(answer.problem(), (409, "conflict", Some("Idempotency-Key")));
                    assert_eq!(answer.header("retry-after"), Some("1"));
                    assert_eq!(answer.body["retryable"], true);
                }
            }
        }
        let last = ask().await;
        assert_eq!(last.status, 201);
        assert_eq!(count(&stage, "meetings"), round + 1);
    }
}

/// Who goes away before the answer leaves a request that is carried out all the same, once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_goes_away_meanwhile_finds_it_done_once() {
    let stage = Stage::set().await;
    let ada = stage.token("Ada");
    for round in 0..20 {
        let key = format!("k{round}");
        let body = json!({ "title": "Review", "passcode": "open sesame" });
        let request = stage.request(Method::POST, "/api/meetings", Some(&ada));
        let request = request.header("idempotency-key", &key).json(&body).send();
        let mut request = Box::pin(request);
        // It is polled a few times, and dropped at some point of its way.
        for _ in 0..=round {
            tokio::select! {
                biased;
                _ = &mut request => {}
                () = tokio::task::yield_now() => continue,
            }
            break;
        }
        drop(request);
        loop {
            let again = post(&stage, "/api/meetings", &ada, body.clone(), &key).await;
            if again.status == 201 {
                break;
            }
            assert_eq!(again.problem(), (409, "conflict", Some("Idempotency-Key")));
        }
        assert_eq!(count(&stage, "meetings"), round + 1);
    }
}

#[tokio::test]
async fn an_answer_that_is_a_day_old_is_given_no_more() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let (ada, lock) = (stage.token("Ada"), below(&meeting, "/lock"));
    post(&stage, &lock, &ada, Value::Null, "k1").await;
    let database = rusqlite::Connection::open(stage.config.database()).unwrap();
    let old = "UPDATE idempotency_keys SET created_at = '2001-01-01T00:00:00.000Z'";
    assert_eq!(database.execute(old, []).unwrap(), 1);
    let again = post(&stage, &lock, &ada, Value::Null, "k1").await;
    assert_eq!(again.body["already"], true);
    let again = post(&stage, &lock, &ada, json!({}), "k1").await;
    assert_eq!(again.status, 409, "the key is this request's now");
}

#[tokio::test]
async fn a_secret_is_answered_once_and_kept_nowhere() {
    let stage = Stage::set().await;
    let ada = stage.token("Ada");
    let meeting =
        stage.meeting("Ada", json!({ "invitees": [{ "email": "eve@example.org" }] })).await;
    let (key, link) =
        (json!({ "name": "Script", "kind": "api" }), below(&meeting, "/invitees/1/link"));
    for (n, (path, body, status)) in [
        ("/api/tokens", key.clone(), 201),
        ("/api/me/calendar-url", Value::Null, 200),
        (&link, Value::Null, 200),
    ]
    .into_iter()
    .enumerate()
    {
        let idempotency = format!("k{n}");
        let first = post(&stage, path, &ada, body.clone(), &idempotency).await;
        assert_eq!(first.status, status, "{path}: {first:?}");
        let again = post(&stage, path, &ada, body, &idempotency).await;
        assert_eq!(again.problem(), (409, "conflict", Some("Idempotency-Key")), "{path}");
    }
    let kept: i64 = stage.sql(
        "SELECT count(*) FROM idempotency_keys \
         WHERE key IN ('k0', 'k1', 'k2') AND body IS NULL AND location IS NULL",
    );
    assert_eq!((kept, count(&stage, "tokens")), (3, 1), "and the token was made once");
    // Another's key of that name is another key; without a token nothing is given again.
    let other = post(&stage, "/api/tokens", &stage.token("Ben"), key.clone(), "k0").await;
    assert_eq!(other.status, 201, "{other:?}");
    let revoked = other.body["token"].as_str().unwrap();
    let first = post(&stage, "/api/meetings", revoked, json!({ "title": "Ben's" }), "k5").await;
    assert_eq!(first.status, 201);
    let path = format!("/api/tokens/{}", other.body["id"]);
    stage.ask(Method::DELETE, &path, &stage.token("Ben"), Value::Null).await;
    let again = post(&stage, "/api/meetings", revoked, json!({ "title": "Ben's" }), "k5").await;
    assert_eq!(again.status, 401, "{again:?}");
}
