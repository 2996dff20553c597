//! A request with an `Idempotency-Key`, sent again after `kill -9`: carried out once, whenever the kill came.

use quorate_client::protocol::Meeting;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use reqwest::{RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tokio::task::yield_now;

use crate::support::verify::count;
use crate::support::{Home, journal, soon};

/// How often the server is killed.
const ROUNDS: u64 = 16;

fn post(home: &Home, path: &str, token: &str, key: &str, body: &Value) -> RequestBuilder {
    let request = reqwest::Client::new().post(format!("{}{path}", home.url()));
    request.bearer_auth(token).header("idempotency-key", key).json(body)
}

/// When the server is killed.
enum Moment {
    /// Somewhere on the request's way, after so many turns of ours.
    Turns(u32),
    /// As soon as others can read that it was done.
    Committed,
    /// Behind the answer.
    Answered,
}

impl Moment {
    fn draw(rng: &mut StdRng) -> Moment {
        match rng.random_range(0..4) {
            0 => Moment::Answered,
            1 => Moment::Turns(rng.random_range(0..20_000)),
            _ => Moment::Committed,
        }
    }
}

/// Sends it, and kills the server at that moment.
async fn sent_and_killed(home: &Home, moment: Moment, request: RequestBuilder) {
    let server = home.start();
    let database = rusqlite::Connection::open(home.database()).unwrap();
    let kept = || -> i64 {
        let count = "SELECT count(*) FROM idempotency_keys";
        database.query_row(count, [], |row| row.get(0)).unwrap()
    };
    let before = kept();
    let sent = tokio::spawn(request.send());
    match moment {
        Moment::Turns(turns) => {
            for _ in 0..turns {
                yield_now().await;
            }
        }
        Moment::Committed => {
            let committed = async {
                while kept() == before {
                    yield_now().await;
                }
            };
            soon("the commit", committed).await;
        }
        Moment::Answered => {
            soon("an answer", sent).await.unwrap().unwrap();
            return server.kill();
        }
    }
    server.kill();
    sent.abort();
}

async fn answered(request: RequestBuilder) -> (StatusCode, Value) {
    let answer = soon("an answer", request.send()).await.unwrap();
    (answer.status(), answer.json().await.unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_meeting_is_made_once_whenever_the_server_is_killed() {
    let home = Home::new();
    let mut rng = StdRng::seed_from_u64(1);
    let server = home.start();
    let (token, first) = home.hosted_meeting().await;
    server.kill();
    let mut made = vec![first.info.id];
    for round in 0..ROUNDS {
        let body = json!({ "title": format!("Round {round}") });
        let ask = || post(&home, "/api/meetings", &token, &format!("make {round}"), &body);
        sent_and_killed(&home, Moment::draw(&mut rng), ask()).await;
        let server = home.start();
        let (status, meeting) = answered(ask()).await;
        assert_eq!(status, StatusCode::CREATED, "{meeting}");
        assert_eq!(answered(ask()).await, (status, meeting.clone()), "and again");
        made.push(serde_json::from_value::<Meeting>(meeting).unwrap().info.id);
        server.kill();
    }
    let database = rusqlite::Connection::open(home.database()).unwrap();
    let mut ids = database.prepare("SELECT id FROM meetings ORDER BY id").unwrap();
    let ids: Vec<i64> = ids.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert_eq!(ids, made.iter().map(|id| id.0).collect::<Vec<_>>(), "each once, and no other");
    home.assert_whole();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_meeting_is_put_off_once_whenever_the_server_is_killed() {
    let home = Home::new();
    let mut rng = StdRng::seed_from_u64(2);
    let server = home.start();
    let token = home.sign_in("Hester").await;
    let ends_at = Some("2100-01-01T10:00:00Z".parse().unwrap());
    let meeting = home.meeting_until(&token, ends_at).await;
    server.kill();
    let (extend, bans) =
        ["extend", "bans"].map(|it| format!("/api/meetings/{}/{it}", meeting.info.id)).into();
    for round in 0..ROUNDS {
        let (body, ban) = (json!({ "minutes": 1 }), json!({ "username": format!("user {round}") }));
        let ask = || match round % 2 {
            0 => post(&home, &extend, &token, &format!("round {round}"), &body),
            _ => post(&home, &bans, &token, &format!("round {round}"), &ban),
        };
        sent_and_killed(&home, Moment::draw(&mut rng), ask()).await;
        let server = home.start();
        let expected = [StatusCode::OK, StatusCode::CREATED][(round % 2) as usize];
        for _ in 0..2 {
            assert_eq!(answered(ask()).await, (expected, json!({})), "as the first was answered");
        }
        server.kill();
    }
    let rows = journal::read(&home.database(), meeting.info.id);
    let half = ROUNDS as usize / 2;
    assert_eq!(count(&rows, "meeting.extended"), half);
    assert_eq!(count(&rows, "participant.banned"), half);
    home.assert_whole();
}
