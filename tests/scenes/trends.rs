//! Meetings compared: the occurrences of a series, someone's weeks, and the weeks of the server.

use std::time::Duration;

use quorate::live::clock;
use quorate_client::protocol::*;
use reqwest::Method;
use serde_json::{Value, json};

use crate::asking::below;
use crate::stage::{Person, Stage};

const HOUR_MS: i64 = 3_600_000;

/// What comes back in a format: the status, what it is, and the text.
async fn get(stage: &Stage, path: &str, token: &str, accept: &str) -> (u16, String, String) {
    let request = stage.request(Method::GET, path, Some(token)).header("accept", accept);
    let response = request.send().await.unwrap();
    let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
    (response.status().as_u16(), kind, response.text().await.unwrap())
}

async fn json<T: serde::de::DeserializeOwned>(stage: &Stage, path: &str, token: &str) -> T {
    let (status, kind, body) = get(stage, path, token, "*/*").await;
    assert_eq!((status, &*kind), (200, "application/json"), "{path}: {body}");
    serde_json::from_str(&body).unwrap()
}

/// Code and field of the problem that is answered.
async fn problem(stage: &Stage, path: &str, token: &str) -> (u16, String, String) {
    let (status, _, body) = get(stage, path, token, "text/html").await;
    let body: Value = serde_json::from_str(&body).unwrap();
    let text = |key: &str| body[key].as_str().unwrap_or_default().to_owned();
    (status, text("code"), text("field"))
}

/// A series of Ada's from tomorrow on, with Ben as co-host and Cyd required, of which three were held: Cyd was
/// in the last two, and rated the last.
async fn play(stage: &Stage) -> (Meeting, Vec<MeetingId>) {
    let start = Timestamp((clock::wall().0 / 1000) * 1000 + 24 * HOUR_MS);
    let ben = stage.meeting("Ben", json!({})).await.owner.id;
    let cyd = stage.meeting("Cyd", json!({})).await.owner.id;
    let body = json!({
        "type": "recurring", "starts_at": start, "ends_at": start.plus_ms(HOUR_MS),
        "time_zone": "Africa/Nairobi", "recurrence": { "pattern": "daily" },
        "co_hosts": [ben], "invitees": [{ "user_id": cyd, "required": true }],
    });
    let series = stage.meeting("Ada", body).await;
    let mut held = Vec::new();
    for number in 0..3 {
        // By the code of the series one comes to the next one.
        let mut ada = stage.join(&series, "Ada").await;
        ada.send(Command::MeetingStart(Empty {})).await;
        held.push(ada.welcome.meeting.id);
        let cyd = if number > 0 { Some(stage.join(&series, "Cyd").await) } else { None };
        ada.send(Command::MeetingEnd(Empty {})).await;
        if let Some(mut cyd) = cyd {
            cyd.expect_bye().await;
        }
    }
    (series, held)
}

fn range(days: i64) -> String {
    let now = clock::wall();
    format!("from={}&to={}", now.plus_ms(-HOUR_MS), now.plus_ms(days * 24 * HOUR_MS))
}

/// The weeks of the server; asked for until the task has come to all meetings but so many.
async fn summed_up(stage: &Stage, pending: u32) -> Analytics {
    let until = tokio::time::Instant::now() + Duration::from_secs(30);
    loop {
        let told: Analytics = json(stage, "/api/analytics", &stage.admin()).await;
        if told.weeks.iter().map(|week| week.pending).sum::<u32>() == pending {
            return told;
        }
        assert!(tokio::time::Instant::now() < until, "{told:?}");
    }
}

/// A meeting of Ada's that is over, in which Ben, Cyd and Dan were; who they are there.
async fn held(stage: &Stage, settings: Value) -> (Meeting, Vec<Person>) {
    let meeting = stage.meeting("Ada", json!({ "settings": settings })).await;
    let mut people = Vec::new();
    for name in ["Ada", "Ben", "Cyd", "Dan"] {
        people.push(stage.join(&meeting, name).await);
    }
    people[0].send(Command::MeetingStart(Empty {})).await;
    people[0].send(Command::MeetingEnd(Empty {})).await;
    for person in &mut people[1..] {
        person.expect_bye().await;
    }
    (meeting, people)
}

async fn rate(stage: &Stage, meeting: &Meeting, ratings: [u8; 3]) {
    for (name, rating) in ["Ben", "Cyd", "Dan"].into_iter().zip(ratings) {
        let path = below(meeting, "/feedback");
        let body = json!({ "rating": rating });
        let told = stage.ask(Method::POST, &path, &stage.token(name), body).await;
        assert_eq!(told.status, 200, "{told:?}");
    }
}

#[tokio::test]
async fn the_occurrences_that_were_held_are_compared_for_those_who_run_the_series() {
    let stage = Stage::set().await;
    let (series, held) = play(&stage).await;
    let path = below(&series, &format!("/trends?{}", range(10)));
    let host = stage.token("Ada");
    let trends: Trends = json(&stage, &path, &host).await;
    assert_eq!((trends.meeting, &*trends.title), (series.info.id, "Quarterly review"));
    assert_eq!((trends.time_zone.as_deref(), trends.cut), (Some("Africa/Nairobi"), false));
    let ids: Vec<_> = trends.items.iter().map(|item| item.meeting).collect();
    assert_eq!(ids, held, "the oldest first, and none that was not held");
    let there: Vec<_> = trends.items.iter().map(|item| item.digest.participants).collect();
    assert_eq!(there, [1, 2, 2]);
    for item in &trends.items {
        let it = &item.digest;
        assert_eq!(item.status, MeetingStatus::Completed);
        assert_eq!(it.punctual, it.participants, "all came before it was to start");
        assert!(it.late_seconds.unwrap() < 0 && item.started_at < it.starts_at);
    }
    assert_eq!(trends.items[2].digest.required, 1);
    let one = below(&series, &format!("/trends?{}", range(2)));
    let some: Trends = json(&stage, &one, &host).await;
    assert!((1..3).contains(&some.items.len()), "of less time: {}", some.items.len());
    let all: Trends = json(&stage, &below(&series, "/trends"), &host).await;
    assert_eq!(all.items, trends.items, "also those that began before they were to start");

    let of_ben: Trends = json(&stage, &path, &stage.token("Ben")).await;
    assert_eq!(of_ben.items, trends.items, "a co-host's are the same");
    assert_eq!(problem(&stage, &path, &stage.token("Cyd")).await.0, 403);
    assert_eq!(problem(&stage, &path, &stage.token("Eve")).await.0, 404);

    let (status, kind, table) = get(&stage, &path, &host, "text/csv").await;
    assert_eq!((status, &*kind), (200, "text/csv; charset=utf-8; header=present"));
    assert_eq!(table.split("\r\n").count(), 5, "{table}");
    assert!(table.starts_with("meeting,title,status,starts_at,"), "{table}");
    assert!(table.contains(&format!("\r\n{},Quarterly review,completed,", held[0])), "{table}");
    let (status, kind, page) = get(&stage, &format!("{path}&format=html"), &host, "*/*").await;
    assert_eq!((status, &*kind), (200, "text/html; charset=utf-8"));
    assert!(page.contains("Trends of a series") && page.contains("Africa/Nairobi (UTC+03:00)"));

    // What is said of it afterwards makes the digest another; what it is made of is kept.
    let kept = "SELECT count(*) FROM meeting_digests WHERE meeting_id IN \
        (SELECT id FROM meetings WHERE parent_meeting_id IS NOT NULL)";
    assert_eq!(stage.sql::<i64>(kept), 3);
    let rated = format!("/api/meetings/{}/feedback", held[2]);
    let token = stage.token("Cyd");
    let told = stage.ask(Method::POST, &rated, &token, json!({ "rating": 5 })).await;
    assert_eq!(told.status, 200, "{told:?}");
    let after: Trends = json(&stage, &path, &host).await;
    assert_eq!(after.items[..2], trends.items[..2]);
    let (was, is) = (&trends.items[2].digest, &after.items[2].digest);
    assert_eq!((was.raters, is.raters, is.rating), (0, 1, None), "too few for the mean");
    assert_eq!(is.effectiveness, was.effectiveness, "what one gave is not told");
}

#[tokio::test]
async fn what_meetings_took_of_someone_is_for_them_and_for_administrators() {
    let stage = Stage::set().await;
    let (_, held) = play(&stage).await;
    let me: Value = json(&stage, "/api/me", &stage.token("Cyd")).await;
    let path = format!("/api/users/{}/analytics", me["user"]["id"]);
    let own: UserAnalytics = json(&stage, &path, &stage.token("Cyd")).await;
    let meetings: u32 = own.weeks.iter().map(|week| week.meetings).sum();
    assert_eq!((meetings, own.weeks[0].hosted), (held.len() as u32 - 1, 0));
    let of_root: UserAnalytics = json(&stage, &path, &stage.admin()).await;
    assert_eq!(of_root.weeks, own.weeks);
    let ada: Value = json(&stage, "/api/me", &stage.token("Ada")).await;
    let of_ada = format!("/api/users/{}/analytics", ada["user"]["id"]);
    let hosted: UserAnalytics = json(&stage, &of_ada, &stage.token("Ada")).await;
    assert_eq!(hosted.weeks.iter().map(|week| week.hosted).sum::<u32>(), 3);
    for path in [&*of_ada, "/api/users/4711/analytics", "/api/users/nobody/analytics"] {
        let told = problem(&stage, path, &stage.token("Cyd")).await;
        assert_eq!((told.0, &*told.1), (404, "not_found"), "{path}");
    }
    let (_, _, table) = get(&stage, &path, &stage.token("Cyd"), "text/csv").await;
    let header = "week,meetings,hosted,present_seconds,talk_seconds,engagement\r\n";
    assert!(table.starts_with(header), "{table}");
    let (_, _, page) = get(&stage, &path, &stage.token("Cyd"), "text/html").await;
    assert!(page.contains(&own.weeks[0].week), "{page}");
}

#[tokio::test]
async fn the_meetings_of_the_server_are_summed_up_by_themselves() {
    let stage = Stage::with(|config| config.checkpoint_seconds = 1).await;
    play(&stage).await;
    let running = stage.meeting("Ada", json!({})).await;
    let mut ada = stage.join(&running, "Ada").await;
    ada.send(Command::MeetingStart(Empty {})).await;
    let single = stage.meeting("Ada", json!({})).await;
    let mut host = stage.join(&single, "Ada").await;
    host.send(Command::MeetingStart(Empty {})).await;
    host.send(Command::MeetingEnd(Empty {})).await;
    let all = |analytics: &Analytics, kind: MeetingType| {
        let rows = analytics.weeks.iter().filter(|week| week.r#type == kind);
        rows.fold((0, 0, 0), |sum, row| {
            (sum.0 + row.meetings, sum.1 + row.participants, sum.2 + row.pending)
        })
    };
    // But for the one that goes on.
    let analytics = summed_up(&stage, 1).await;
    assert_eq!(all(&analytics, MeetingType::Recurring), (3, 5, 0));
    assert_eq!(all(&analytics, MeetingType::Regular), (2, 1, 1));
    assert!(analytics.weeks.iter().all(|week| week.effectiveness.is_some()));
    let (_, _, table) = get(&stage, "/api/analytics", &stage.admin(), "text/csv").await;
    assert!(table.starts_with("week,type,meetings,participants,"), "{table}");
    assert!(table.contains(",recurring,"), "{table}");
    let (_, _, page) = get(&stage, "/api/analytics", &stage.admin(), "text/html").await;
    assert!(page.contains("Meetings of this server"));
    let refused = problem(&stage, "/api/analytics", &stage.token("Ada")).await;
    assert_eq!((refused.0, &*refused.1), (403, "forbidden"));
}

#[tokio::test]
async fn what_changes_after_the_end_is_told() {
    // Only when the server starts.
    let mut stage = Stage::with(|config| config.checkpoint_seconds = 3_600).await;
    let (meeting, people) = held(&stage, json!({ "feedback": "anonymous" })).await;
    rate(&stage, &meeting, [5, 5, 5]).await;
    let of = |analytics: &Analytics| (analytics.weeks[0].participants, analytics.weeks[0].rating);
    // What was written just before the server stopped is summed up as soon as it is there again.
    stage.restart().await;
    assert_eq!(of(&summed_up(&stage, 0).await), (4, Some(5.0)));
    rate(&stage, &meeting, [1, 1, 1]).await;
    stage.restart().await;
    assert_eq!(of(&summed_up(&stage, 0).await), (4, Some(1.0)));
    let path = below(&meeting, &format!("/participants/{}", people[1].id()));
    let body = json!({ "exclude_from_report": true });
    let excluded = stage.ask(Method::PATCH, &path, &stage.token("Ada"), body).await;
    assert_eq!(excluded.status, 200, "{excluded:?}");
    assert_eq!(of(&summed_up(&stage, 1).await), (0, None), "told by nothing that is no longer so");
    stage.restart().await;
    assert_eq!(of(&summed_up(&stage, 0).await), (3, Some(1.0)));
}

#[tokio::test]
async fn what_is_withdrawn_is_told_no_more() {
    let mut stage = Stage::set().await;
    let (meeting, people) = held(&stage, json!({ "feedback": "named" })).await;
    rate(&stage, &meeting, [1, 5, 5]).await;
    stage.restart().await;
    assert_eq!(summed_up(&stage, 0).await.weeks[0].rating, Some(11.0 / 3.0));
    let path = format!("/api/users/{}/erase", people[1].user());
    let erased = stage.ask(Method::POST, &path, &stage.admin(), Value::Null).await;
    assert_eq!(erased.status, 200, "{erased:?}");
    let told: Analytics = json(&stage, "/api/analytics", &stage.admin()).await;
    assert_eq!(told.weeks[0].rating, None, "of two, and until then of nobody");
    stage.restart().await;
    let told = summed_up(&stage, 0).await;
    assert_eq!((told.weeks[0].participants, told.weeks[0].rating), (4, None));
}

#[tokio::test]
async fn meetings_are_summed_up_anew_under_other_settings_of_the_server() {
    let mut stage = Stage::with(|config| config.feedback.raters_min = 1).await;
    let (meeting, _) = held(&stage, json!({})).await;
    let body = json!({ "rating": 1 });
    let path = below(&meeting, "/feedback");
    assert_eq!(stage.ask(Method::POST, &path, &stage.token("Ben"), body).await.status, 200);
    stage.restart().await;
    let before = summed_up(&stage, 0).await;
    assert_eq!(before.weeks[0].rating, Some(1.0));
    stage.config.feedback.raters_min = 3;
    stage.restart().await;
    let after = summed_up(&stage, 0).await;
    assert_eq!(after.weeks[0].rating, None);
    assert_ne!(after.weeks[0].effectiveness, before.weeks[0].effectiveness, "of that rating");
}

#[tokio::test]
async fn of_someone_it_is_told_what_their_meetings_tell_of_them() {
    let mut stage = Stage::set().await;
    let (_, people) = held(&stage, json!({})).await;
    let nameless = json!({ "privacy": { "names_in_reports": false } });
    held(&stage, nameless).await;
    let unmeasured = json!({ "privacy": { "talk_time": false } });
    held(&stage, unmeasured).await;
    let (excluding, there) = held(&stage, json!({})).await;
    let path = below(&excluding, &format!("/participants/{}", there[1].id()));
    let body = json!({ "exclude_from_report": true });
    stage.ask(Method::PATCH, &path, &stage.token("Ada"), body).await;
    // What was measured, as if it had been for longer; where it must not be told, before that was so.
    let database = rusqlite::Connection::open(stage.config.database()).unwrap();
    let voice = r#"{"version":1,"score":50,"confidence":"low","components":[
        {"key":"presence","x":1,"weight":35,"points":35,"available":true},
        {"key":"voice","x":0,"weight":35,"points":0,"available":true}]}"#;
    let sql = "UPDATE meeting_participants SET talk_ms = 60000 * meeting_id, engagement = ?1";
    database.execute(sql, [voice]).unwrap();
    // All in one week, also in the night to a Monday.
    let sql = "UPDATE meetings SET started_at = (SELECT min(started_at) FROM meetings)";
    database.execute(sql, []).unwrap();

    let path = format!("/api/users/{}/analytics", people[1].user());
    let told = async |stage: &Stage, token: &str| {
        let UserAnalytics { weeks, name, .. } = json(stage, &path, token).await;
        assert_eq!((weeks.len(), weeks[0].meetings, name.as_deref()), (1, 4, Some("Ben")));
        (weeks[0].talk_seconds, weeks[0].engagement)
    };
    let (ben, root) = (stage.token("Ben"), stage.admin());
    // 60 s in the first, 120 in the second, 240 in the fourth; 50, 50, and 100 without talk.
    assert_eq!(told(&stage, &ben).await, (Some(420), Some(200.0 / 3.0)));
    assert_eq!(told(&stage, &root).await, (Some(60), Some(75.0)));
    stage.config.privacy.talk_time = false;
    stage.restart().await;
    assert_eq!(told(&stage, &ben).await, (None, Some(100.0)));
    stage.config.privacy.names_in_reports = false;
    stage.restart().await;
    assert_eq!(told(&stage, &ben).await, (None, Some(100.0)));
    assert_eq!(told(&stage, &root).await, (None, None));
}

#[tokio::test]
async fn an_occurrence_is_told_by_the_schedule_that_held_when_it_started() {
    let stage = Stage::set().await;
    let (series, held) = play(&stage).await;
    let start: Timestamp = {
        let info: Value =
            json(&stage, &format!("/api/meetings/{}", held[0]), &stage.token("Ada")).await;
        serde_json::from_value(info["starts_at"].clone()).unwrap()
    };
    let moved = json!({ "starts_at": start.plus_ms(HOUR_MS / 2) });
    let path = format!("/api/meetings/{}", held[0]);
    let told = stage.ask(Method::PATCH, &path, &stage.token("Ada"), moved).await;
    assert_eq!(told.status, 200, "{told:?}");
    let path = below(&series, &format!("/trends?{}", range(10)));
    let trends: Trends = json(&stage, &path, &stage.token("Ada")).await;
    let TrendItem { started_at, digest, .. } = &trends.items[0];
    assert_eq!(digest.starts_at, Some(start));
    let late_ms = started_at.unwrap().0 - start.0;
    assert_eq!(digest.late_seconds, Some(late_ms / 1000));
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_by_name() {
    let stage = Stage::set().await;
    let single = stage.meeting("Ada", json!({})).await;
    let (ada, root) = (stage.token("Ada"), stage.admin());
    let told = problem(&stage, &below(&single, "/trends"), &ada).await;
    assert_eq!((told.0, &*told.1), (409, "conflict"), "it does not repeat");
    let (series, _) = play(&stage).await;
    let (early, late) = ("2026-01-01T00:00:00Z", "2028-02-01T00:00:00Z");
    for (path, token, field) in [
        (below(&series, &format!("/trends?from={late}&to={early}")), &ada, "to"),
        (below(&series, &format!("/trends?from={early}&to={early}")), &ada, "to"),
        (below(&series, "/trends?from=yesterday"), &ada, "from"),
        (below(&series, "/trends?from=2100-01-01T00:00:00Z"), &ada, "from"),
        (below(&series, "/trends?format=pdf"), &ada, "format"),
        (below(&series, "/trends?weeks=3"), &ada, "weeks"),
        (format!("/api/analytics?from={late}&to={early}"), &root, "to"),
        (format!("/api/analytics?from={early}&to={late}"), &root, "to"),
        ("/api/analytics?group=day".to_owned(), &root, "group"),
    ] {
        let told = problem(&stage, &path, token).await;
        assert_eq!((told.0, &*told.2), (422, field), "{path}: {told:?}");
    }
}
