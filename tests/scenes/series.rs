//! Recurring meetings: what becomes a meeting and when, changing one, what follows or all, and who is in when.

use std::sync::LazyLock;

use futures::future::join_all;
use quorate::live::clock;
use quorate::store::audit::{Verdict, verify};
use quorate_client::protocol::*;
use reqwest::Method;
use serde_json::{Value, json};

use crate::asking::{Told, below};
use crate::stage::{Stage, hello_guest};

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// At ten o'clock, so many days from the day on which these scenes began; the clock that it is by never changes.
fn day(number: i64) -> Timestamp {
    static TODAY: LazyLock<i64> = LazyLock::new(|| clock::wall().0 / DAY_MS);
    Timestamp((*TODAY + number) * DAY_MS + 10 * HOUR_MS)
}

/// A series of Ada's, of an hour from tomorrow on; `body` beside that.
async fn series(stage: &Stage, recurrence: Value, body: Value) -> Meeting {
    let mut whole = json!({
        "type": "recurring", "starts_at": day(1), "ends_at": day(1).plus_ms(HOUR_MS),
        "time_zone": "Africa/Nairobi", "recurrence": recurrence,
    });
    whole.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
    stage.meeting("Ada", whole).await
}

async fn daily(stage: &Stage, body: Value) -> Meeting {
    series(stage, json!({ "pattern": "daily" }), body).await
}

async fn get(stage: &Stage, path: &str, name: &str) -> Told {
    stage.ask(Method::GET, path, &stage.token(name), Value::Null).await
}

async fn send(stage: &Stage, method: Method, path: &str, name: &str, body: Value) -> Told {
    stage.ask(method, path, &stage.token(name), body).await
}

async fn patch(stage: &Stage, path: &str, body: Value) -> Value {
    let told = send(stage, Method::PATCH, path, "Ada", body).await;
    assert_eq!(told.status, 200, "{path}: {told:?}");
    told.body
}

/// The occurrences that are listed.
async fn listed(stage: &Stage, series: &Meeting, query: &str) -> Vec<OccurrenceInfo> {
    let told = get(stage, &below(series, &format!("/occurrences?{query}")), "Ada").await;
    assert_eq!(told.status, 200, "{told:?}");
    serde_json::from_value(told.body["items"].clone()).unwrap()
}

/// The meeting that the occurrence of that day is.
async fn made(stage: &Stage, series: &Meeting, at: Timestamp) -> Meeting {
    let range = format!("from={at}&to={}", at.plus_ms(1000));
    let id = listed(stage, series, &range).await[0].id.expect("a meeting");
    read(stage, id).await
}

async fn read(stage: &Stage, id: MeetingId) -> Meeting {
    let told = get(stage, &format!("/api/meetings/{id}"), "Ada").await;
    serde_json::from_value(told.body).unwrap()
}

fn one(series: &Meeting, at: Timestamp, scope: &str) -> String {
    below(series, &format!("/occurrences/{at}?scope={scope}"))
}

async fn user(stage: &Stage, name: &str) -> i64 {
    get(stage, "/api/me", name).await.body["user"]["id"].as_i64().unwrap()
}

fn is_whole(stage: &Stage) {
    let verdict = verify(&stage.config.database(), None, &[], |_, _| ()).unwrap();
    assert!(matches!(verdict, Verdict::Whole { .. }), "{verdict:?}");
}

#[tokio::test]
async fn what_is_close_is_a_meeting_at_once_and_the_rest_is_listed_however_far() {
    let stage = Stage::set().await;
    let weekday = ["TH", "FR", "SA", "SU", "MO", "TU", "WE"][(day(1).0 / DAY_MS % 7) as usize];
    for (recurrence, close, in_90_days) in [
        (json!({ "pattern": "daily" }), 13, 90),
        (json!({ "pattern": "weekly" }), 2, 13),
        (json!({ "pattern": "monthly", "count": 2 }), 1, 2),
        (json!({ "pattern": "custom", "rrule": format!("FREQ=WEEKLY;BYDAY={weekday}") }), 2, 13),
    ] {
        let told = series(&stage, recurrence.clone(), json!({})).await;
        assert_eq!(told.info.r#type, MeetingType::Recurring);
        let shown = serde_json::to_value(&told).unwrap();
        assert_eq!(shown["recurrence"]["pattern"], recurrence["pattern"], "{shown}");
        let all = listed(&stage, &told, "limit=200").await;
        let ids = all.iter().filter(|it| it.id.is_some()).count();
        // It may be that today's ten o'clock is not over: then there is one more day in each range.
        assert!((close..=close + 1).contains(&ids), "{recurrence}: {ids} are meetings");
        assert!(all.len().abs_diff(in_90_days) <= 1, "{recurrence}: {}", all.len());
        assert!(all.windows(2).all(|pair| pair[0].original_start < pair[1].original_start));
        assert_eq!(all[0].original_start, day(1));
    }
}

#[tokio::test]
async fn a_list_goes_page_by_page_over_what_is_a_meeting_and_what_is_none() {
    let stage = Stage::set().await;
    let series = daily(&stage, json!({})).await;
    let cancelled =
        send(&stage, Method::DELETE, &one(&series, day(40), "this"), "Ada", json!(null)).await;
    assert_eq!(cancelled.body["status"], "cancelled");
    let (mut all, mut cursor) = (Vec::new(), String::new());
    let range = format!("from={}&to={}&limit=7", day(1), day(50));
    loop {
        let told =
            get(&stage, &below(&series, &format!("/occurrences?{range}{cursor}")), "Ada").await;
        let page: List<OccurrenceInfo> = serde_json::from_value(told.body).unwrap();
        all.extend(page.items);
        let Some(next) = page.next else { break };
        cursor = format!("&cursor={next}");
    }
    let starts: Vec<_> = all.iter().map(|it| it.original_start).collect();
    assert_eq!(starts, (1..50).map(day).collect::<Vec<_>>());
    assert_eq!(all[39].status, MeetingStatus::Cancelled);
    let far = day(365 * 30);
    let far = listed(&stage, &series, &format!("from={far}&to={}", far.plus_ms(2 * DAY_MS))).await;
    assert_eq!(far.len(), 2);
    assert!(far.iter().all(|it| it.id.is_none()));
}

#[tokio::test]
async fn one_is_changed_all_are_and_those_changed_by_themselves_keep_that() {
    let mut stage = Stage::set().await;
    let series = daily(&stage, json!({})).await;
    let own = patch(&stage, &one(&series, day(30), "this"), json!({ "title": "Own" })).await;
    assert_eq!(
        (&own["parent_meeting_id"], &own["title"]),
        (&json!(series.info.id), &json!("Own")),
        "{own}"
    );
    let moved = json!({ "starts_at": day(3).plus_ms(5 * HOUR_MS), "ends_at": null });
    let moved = patch(&stage, &one(&series, day(3), "this"), moved).await;
    let ben = user(&stage, "Ben").await;
    let cohost =
        send(&stage, Method::POST, &below(&series, "/co-hosts"), "Ada", json!({ "user_id": ben }))
            .await;
    assert!(cohost.status < 300);
    // An hour later and of another name, as one says it of the second.
    let all = json!({
        "title": "All", "settings": { "chat": "staff" }, "passcode": "open sesame",
        "starts_at": day(2).plus_ms(HOUR_MS), "ends_at": day(2).plus_ms(3 * HOUR_MS),
    });
    let second = made(&stage, &series, day(2)).await.info.id;
    let changed = patch(&stage, &format!("/api/meetings/{second}?scope=all"), all).await;
    assert_eq!(changed["id"], json!(series.info.id));
    assert_eq!(changed["starts_at"], json!(day(1).plus_ms(HOUR_MS)));

    stage.restart().await;
    let second = read(&stage, second).await;
    assert_eq!((&*second.info.title, second.info.has_passcode), ("All", true));
    assert_eq!(second.info.starts_at, Some(day(2).plus_ms(HOUR_MS)));
    assert_eq!(second.info.ends_at, Some(day(2).plus_ms(3 * HOUR_MS)));
    assert_eq!(second.info.settings.unwrap().chat, ChatPolicy::Staff);
    let own = read(&stage, serde_json::from_value(own["id"].clone()).unwrap()).await;
    assert_eq!((&*own.info.title, own.info.starts_at), ("Own", Some(day(30).plus_ms(HOUR_MS))));
    let moved = read(&stage, serde_json::from_value(moved["id"].clone()).unwrap()).await;
    assert_eq!(
        (&*moved.info.title, moved.info.starts_at),
        ("All", Some(day(3).plus_ms(5 * HOUR_MS)))
    );
    let hosts = get(&stage, &below(&own, "/co-hosts"), "Ben").await;
    assert_eq!(hosts.body["items"].as_array().map(Vec::len), Some(1), "{hosts:?}");
    let hash = |id: MeetingId| {
        stage.sql::<String>(&format!("SELECT password FROM meetings WHERE id = {id}"))
    };
    assert_eq!(hash(second.info.id), hash(series.info.id));
    is_whole(&stage);
}

#[tokio::test]
async fn what_follows_becomes_a_series_of_its_own_with_those_changed_by_themselves() {
    let mut stage = Stage::set().await;
    let invitees = json!([{ "email": "gone@example.org" }, { "email": "b@example.org" }, { "email": "c@example.org" }]);
    let old = daily(&stage, json!({ "invitees": invitees, "passcode": "open sesame" })).await;
    let gone = send(&stage, Method::DELETE, &below(&old, "/invitees/1"), "Ada", json!(null)).await;
    assert!(gone.status < 300, "{gone:?}");
    let own = patch(&stage, &one(&old, day(30), "this"), json!({ "title": "Own" })).await;
    let fourth = made(&stage, &old, day(4)).await;
    let third = made(&stage, &old, day(3)).await;
    let rest = patch(
        &stage,
        &one(&old, day(4), "following"),
        json!({ "title": "Rest", "max_participants": 9 }),
    )
    .await;
    let rest: Meeting = serde_json::from_value(rest).unwrap();
    assert_ne!(rest.info.id, old.info.id);
    assert_eq!((&*rest.info.title, rest.info.starts_at), ("Rest", Some(day(4))));

    stage.restart().await;
    let range = "limit=200".to_owned();
    let before: Vec<_> =
        listed(&stage, &old, &range).await.iter().map(|it| it.original_start).collect();
    assert_eq!(before, [day(1), day(2), day(3)]);
    assert_eq!(made(&stage, &rest, day(4)).await.info.id, fourth.info.id);
    assert_eq!(json!(made(&stage, &rest, day(30)).await.info.id), own["id"]);
    let (third, fourth) = (read(&stage, third.info.id).await, read(&stage, fourth.info.id).await);
    assert_eq!((third.info.max_participants, fourth.info.max_participants), (None, Some(9)));
    assert_eq!((&*third.info.title, &*fourth.info.title), ("Quarterly review", "Rest"));
    for meeting in [&third, &fourth, &rest] {
        let told = get(&stage, &below(meeting, "/invitees"), "Ada").await;
        let items = told.body["items"].as_array().unwrap();
        let emails: Vec<_> = items.iter().map(|it| it["email"].as_str().unwrap()).collect();
        assert_eq!(emails, ["b@example.org", "c@example.org"], "{}", meeting.info.title);
    }
    is_whole(&stage);
}

#[tokio::test]
async fn a_change_of_what_follows_is_done_as_a_whole_or_not_at_all() {
    let stage = Stage::set().await;
    let series = daily(&stage, json!({})).await;
    let meetings = stage.sql::<i64>("SELECT count(*) FROM meetings");
    for (body, field) in [
        (json!({ "title": "Rest", "passcode": "x" }), "passcode"),
        (json!({ "title": "Rest", "max_participants": 1 }), "max_participants"),
        (json!({ "title": " ", "max_participants": 9 }), "title"),
    ] {
        let path = one(&series, day(4), "following");
        let told = send(&stage, Method::PATCH, &path, "Ada", body).await;
        assert_eq!(told.problem(), (422, "invalid", Some(field)));
    }
    assert_eq!(stage.sql::<i64>("SELECT count(*) FROM meetings"), meetings);
    assert_eq!(listed(&stage, &series, &format!("from={}&to={}", day(1), day(9))).await.len(), 8);
}

#[tokio::test]
async fn who_may_not_change_a_series_makes_no_meeting_of_it_either() {
    let stage = Stage::set().await;
    let (ben, cem) = (user(&stage, "Ben").await, user(&stage, "Cem").await);
    let series = daily(&stage, json!({ "invitees": [{ "user_id": ben }] })).await;
    let co_host = json!({ "user_id": cem });
    send(&stage, Method::POST, &below(&series, "/co-hosts"), "Ada", co_host).await;
    let meetings = stage.sql::<i64>("SELECT count(*) FROM meetings");
    for (name, status) in [("Ben", 403), ("Eve", 404)] {
        for scope in ["this", "following", "all"] {
            let path = one(&series, day(30), scope);
            let told = send(&stage, Method::PATCH, &path, name, json!({ "title": "Mine" })).await;
            assert_eq!(told.status, status, "{name} {scope}: {told:?}");
            let told = send(&stage, Method::DELETE, &path, name, json!(null)).await;
            assert_eq!(told.status, status, "{name} {scope}: {told:?}");
        }
    }
    assert_eq!(stage.sql::<i64>("SELECT count(*) FROM meetings"), meetings);
    let path = one(&series, day(30), "this");
    let told = send(&stage, Method::PATCH, &path, "Cem", json!({ "title": "Ours" })).await;
    assert_eq!((told.status, &told.body["title"]), (200, &json!("Ours")));
    let told = stage.ask(Method::DELETE, &path, &stage.admin(), Value::Null).await;
    assert_eq!((told.status, &told.body["status"]), (200, &json!("cancelled")));
    let told = send(
        &stage,
        Method::PATCH,
        &one(&series, day(1).plus_ms(1000), "this"),
        "Ada",
        json!({ "title": "X" }),
    )
    .await;
    assert_eq!(told.problem(), (404, "not_found", None));
}

#[tokio::test]
async fn a_change_is_only_of_what_was_seen() {
    let stage = Stage::set().await;
    let series = daily(&stage, json!({})).await;
    let (ada, title) = (stage.token("Ada"), json!({ "title": "New" }));
    let first = made(&stage, &series, day(1)).await;
    let seen = async |meeting: &Meeting| {
        let told = get(&stage, &below(meeting, ""), "Ada").await;
        told.header("etag").unwrap().to_owned()
    };
    let change = async |path: &str, etag: &str| {
        let headers = [("if-match", etag)];
        stage.ask_with(Method::PATCH, path, &ada, title.clone(), &headers).await.status
    };
    for scope in ["this", "following", "all"] {
        assert_eq!(change(&one(&series, day(1), scope), "\"4711\"").await, 412, "{scope}");
        assert_eq!(change(&one(&series, day(30), scope), "\"4711\"").await, 412, "{scope}");
        assert_eq!(change(&below(&first, &format!("?scope={scope}")), "\"4711\"").await, 412);
    }
    assert_eq!(change(&one(&series, day(1), "this"), &seen(&first).await).await, 200);
    assert_eq!(change(&below(&first, "?scope=all"), &seen(&first).await).await, 200);
    assert_eq!(change(&one(&series, day(4), "following"), &seen(&series).await).await, 200);
}

#[tokio::test]
async fn a_new_rule_for_all_begins_with_the_first_whichever_occurrence_it_is_said_of() {
    let stage = Stage::set().await;
    let series = daily(&stage, json!({})).await;
    let rule = json!({ "recurrence": { "pattern": "daily", "interval": 2 } });
    let changed = patch(&stage, &one(&series, day(5), "all"), rule).await;
    assert_eq!(changed["starts_at"], json!(day(1)));
    let all = listed(&stage, &series, &format!("from={}&to={}", day(1), day(7))).await;
    let standing = all.iter().filter(|it| it.status == MeetingStatus::Scheduled);
    assert_eq!(standing.map(|it| it.original_start).collect::<Vec<_>>(), [day(1), day(3), day(5)]);
    let file =
        stage.request(Method::GET, &below(&series, "/calendar.ics"), Some(&stage.token("Ada")));
    assert_eq!(
        file.send().await.unwrap().status(),
        200,
        "what the rule has no more is in no one's way"
    );
}

#[tokio::test]
async fn two_who_move_a_series_at_once_call_nothing_off() {
    let stage = Stage::set().await;
    let series = daily(&stage, json!({})).await;
    let minutes = |number: i64| day(1).plus_ms(number * 60_000);
    for round in 0..4 {
        let moves = (1..=4).map(async |number| {
            // Said of the series as a whole: whoever comes last, wins.
            let to = minutes(round * 10 + number);
            let body = json!({ "starts_at": to, "ends_at": to.plus_ms(HOUR_MS) });
            send(&stage, Method::PATCH, &below(&series, ""), "Ada", body).await.status
        });
        assert_eq!(join_all(moves).await, [200; 4]);
    }
    let start = read(&stage, series.info.id).await.info.starts_at.unwrap();
    let all = listed(&stage, &series, &format!("from={}&to={}", day(1), day(12))).await;
    assert_eq!(all.len(), 11, "{all:#?}");
    for (number, it) in (0..).zip(&all) {
        let at = start.plus_ms(number * DAY_MS);
        assert_eq!((it.status, it.starts_at), (MeetingStatus::Scheduled, Some(at)), "{it:?}");
        assert!(it.id.is_some());
    }
}

#[tokio::test]
async fn whoever_comes_by_the_code_of_a_series_comes_to_the_one_that_runs_or_is_next() {
    let stage = Stage::set().await;
    let series = daily(&stage, json!({})).await;
    let first = made(&stage, &series, day(1)).await;
    let mut ada = stage.join(&series, "Ada").await;
    assert_eq!(ada.welcome.meeting.id, first.info.id);
    ada.send(Command::MeetingStart(Empty {})).await;
    // A later one is put before it; yet it runs.
    let soon = Timestamp(clock::wall().0 / 1000 * 1000 + 60_000);
    patch(
        &stage,
        &one(&series, day(5), "this"),
        json!({ "starts_at": soon, "ends_at": soon.plus_ms(HOUR_MS) }),
    )
    .await;
    let guest = stage.enter(hello_guest(&series, "Gil")).await.unwrap();
    assert_eq!(guest.welcome.meeting.id, first.info.id);
    send(&stage, Method::POST, &below(&first, "/end"), "Ada", json!({})).await;
    let next = stage.join(&series, "Ada").await;
    assert_eq!(next.welcome.meeting.id, made(&stage, &series, day(5)).await.info.id);
}

#[tokio::test]
async fn the_next_one_becomes_a_meeting_when_someone_comes_however_far_it_is() {
    let stage = Stage::set().await;
    let far = json!({ "starts_at": day(40), "ends_at": day(40).plus_ms(HOUR_MS) });
    let series = series(&stage, json!({ "pattern": "weekly" }), far).await;
    assert_eq!(stage.sql::<i64>("SELECT count(*) FROM meetings"), 1);
    let ada = stage.join(&series, "Ada").await;
    let occurrence = read(&stage, ada.welcome.meeting.id).await;
    assert_eq!(occurrence.info.starts_at, Some(day(40)));
    let again = stage.join(&series, "Ben").await;
    assert_eq!(again.welcome.meeting.id, occurrence.info.id);
    assert_eq!(stage.sql::<i64>("SELECT count(*) FROM meetings"), 2);
}

#[tokio::test]
async fn one_that_runs_is_left_alone_and_its_bans_reach_the_series_of_which_it_is_now() {
    let stage = Stage::set().await;
    let series = daily(&stage, json!({})).await;
    let second = made(&stage, &series, day(2)).await;
    let mut ada = stage.join(&second, "Ada").await;
    ada.send(Command::MeetingStart(Empty {})).await;
    ada.heard().await;
    let eve = user(&stage, "Eve").await;
    let rest = patch(&stage, &one(&series, day(2), "following"), json!({ "title": "Rest" })).await;
    let rest: Meeting = serde_json::from_value(rest).unwrap();
    assert_eq!(ada.kinds().await, [] as [&str; 0], "nothing is said in it");
    let same = read(&stage, second.info.id).await;
    assert_eq!(
        (&*same.info.title, same.info.status),
        ("Quarterly review", MeetingStatus::InProgress)
    );
    let third = made(&stage, &rest, day(3)).await;
    let mut staff = stage.join(&third, "Ada").await;
    let ban = json!({ "user_id": eve, "scope": "series" });
    let told = send(&stage, Method::POST, &below(&second, "/bans"), "Ada", ban).await;
    assert!(told.status < 300, "{told:?}");
    staff.expect(|event| matches!(event, EventBody::ParticipantBanned(_))).await;
    assert_eq!(stage.turned_back(&third, "Eve").await.code, Code::Banned);
    let told = send(&stage, Method::DELETE, &below(&rest, "?scope=all"), "Ada", json!(null)).await;
    assert_eq!(told.body["status"], "cancelled");
    assert_eq!(read(&stage, second.info.id).await.info.status, MeetingStatus::InProgress);
    assert_eq!(
        read(&stage, made(&stage, &series, day(1)).await.info.id).await.info.status,
        MeetingStatus::Scheduled
    );
    is_whole(&stage);
}

#[tokio::test]
async fn what_an_occurrence_missed_it_takes_when_the_server_comes_back() {
    let mut stage = Stage::set().await;
    let series = daily(&stage, json!({})).await;
    let first = made(&stage, &series, day(1)).await;
    patch(&stage, &below(&series, ""), json!({ "title": "New" })).await;
    let journal = || stage.sql::<i64>("SELECT count(*) FROM meeting_audit_logs");
    let events = journal();
    let behind = format!("UPDATE meetings SET series_version = 0 WHERE id = {}", first.info.id);
    rusqlite::Connection::open(stage.config.database()).unwrap().execute(&behind, []).unwrap();
    stage.restart().await;
    patch(&stage, &below(&series, ""), json!({ "description": "More" })).await;
    let first = read(&stage, first.info.id).await;
    assert_eq!((&*first.info.title, first.info.description.as_deref()), ("New", Some("More")));
    let of_it =
        format!("SELECT count(*) FROM meeting_audit_logs WHERE meeting_id = {}", series.info.id);
    assert!(
        stage.sql::<i64>(&of_it) > 0
            && stage.sql::<i64>("SELECT count(*) FROM meeting_audit_logs") > events
    );
    is_whole(&stage);
}

#[tokio::test]
async fn who_is_erased_is_invited_to_no_occurrence_any_more() {
    let stage = Stage::set().await;
    let series = daily(&stage, json!({ "invitees": [{ "email": "zoe@example.org" }] })).await;
    let token = stage.token_with_email("Zoe", "zoe");
    let me = stage.ask(Method::GET, "/api/me", &token, Value::Null).await;
    let erase = format!("/api/users/{}/erase", me.body["user"]["id"]);
    let told = stage.ask(Method::POST, &erase, &stage.admin(), Value::Null).await;
    assert_eq!(told.status, 200, "{told:?}");
    let known = "SELECT count(*) FROM meeting_invitees WHERE email IS NOT NULL";
    assert_eq!(stage.sql::<i64>(known), 0);
    let later = patch(&stage, &one(&series, day(60), "this"), json!({ "title": "Later" })).await;
    let of_it = format!("SELECT count(*) FROM meeting_invitees WHERE meeting_id = {}", later["id"]);
    assert_eq!(stage.sql::<i64>(&of_it), 0, "an invitation of nobody goes nowhere");
    is_whole(&stage);
}

#[tokio::test]
async fn two_that_the_clock_makes_one_are_one() {
    let stage = Stage::set().await;
    // On a Sunday in March, two o'clock is three o'clock in Berlin.
    let start: Timestamp = "2028-03-25T03:30:00Z".parse().unwrap();
    let rule =
        json!({ "pattern": "custom", "rrule": "FREQ=DAILY;BYHOUR=4,5,7;BYMINUTE=30;BYSECOND=0" });
    let times = json!({ "starts_at": start, "ends_at": null, "time_zone": "Europe/Berlin" });
    let series = series(&stage, rule, times).await;
    let spring = "from=2028-03-26T00:00:00Z&to=2028-03-27T00:00:00Z";
    for it in listed(&stage, &series, spring).await {
        patch(&stage, &one(&series, it.original_start, "this"), json!({ "description": "Own" }))
            .await;
    }
    patch(&stage, &below(&series, ""), json!({ "starts_at": start.plus_ms(-2 * HOUR_MS) })).await;
    let all = listed(&stage, &series, spring).await;
    let shown: Vec<_> = all.iter().map(|it| (it.original_start.to_string(), it.status)).collect();
    let standing = shown.iter().filter(|it| it.1 == MeetingStatus::Scheduled).count();
    assert_eq!((shown.len(), standing), (3, 2), "{shown:?}");
    is_whole(&stage);
}

#[tokio::test]
async fn a_calendar_has_what_was_called_off_and_moved_and_is_private() {
    let stage = Stage::set().await;
    let series = daily(&stage, json!({})).await;
    send(&stage, Method::DELETE, &one(&series, day(2), "this"), "Ada", json!(null)).await;
    let moved =
        json!({ "starts_at": day(3).plus_ms(HOUR_MS), "ends_at": day(3).plus_ms(2 * HOUR_MS) });
    patch(&stage, &one(&series, day(3), "this"), moved).await;
    let ada = stage.token("Ada");
    let file = async |path: &str, token: Option<&str>| {
        let response = stage.request(Method::GET, path, token).send().await.unwrap();
        let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
        (response.status().as_u16(), kind, response.text().await.unwrap())
    };
    let path = below(&series, "/calendar.ics");
    let (status, kind, text) = file(&path, Some(&ada)).await;
    assert_eq!((status, &*kind), (200, "text/calendar; charset=utf-8"));
    for (line, times) in [
        ("RRULE:FREQ=DAILY", 1),
        ("EXDATE;TZID=Africa/Nairobi:", 1),
        ("RECURRENCE-ID;TZID=", 1),
        ("SEQUENCE:", 2),
        ("BEGIN:VEVENT", 2),
    ] {
        assert_eq!(text.matches(line).count(), times, "{line}: {text}");
    }
    assert_eq!(file(&path, Some(&stage.token("Eve"))).await.0, 404);
    let me = get(&stage, "/api/me", "Ada").await;
    let feed = |url: &Value| url.as_str().unwrap().split_once("/api/").unwrap().1.to_owned();
    let old = format!("/api/{}", feed(&me.body["calendar_url"]));
    let (status, kind, text) = file(&old, None).await;
    assert_eq!((status, &*kind), (200, "text/calendar; charset=utf-8"));
    assert_eq!(text.matches("BEGIN:VEVENT").count(), 2, "{text}");
    let renewed = send(&stage, Method::POST, "/api/me/calendar-url", "Ada", json!(null)).await;
    let new = format!("/api/{}", feed(&renewed.body["calendar_url"]));
    let wrong = new.replace(".ics", "x.ics");
    assert_eq!((file(&new, None).await.0, file(&old, None).await.0), (200, 404));
    assert_eq!(
        (file(&wrong, None).await.0, file(new.trim_end_matches(".ics"), None).await.0),
        (404, 404)
    );
}
