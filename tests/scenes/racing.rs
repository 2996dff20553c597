//! REST and sockets on one meeting at the same time: one order, the same for all, the journal's.

use quorate_client::protocol::*;
use reqwest::Method;
use serde_json::json;

use crate::asking::below;
use crate::stage::{Person, Stage, chat};

/// Requests and messages of each.
const EACH: usize = 30;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_see_the_order_of_the_journal_and_each_change_once() {
    let stage = Stage::set().await;
    let meeting = stage.meeting("Ada", json!({})).await;
    let mut people = Vec::new();
    for name in ["Ada", "Ben", "Cyd"] {
        people.push(stage.join(&meeting, name).await);
    }
    let start = people.iter().map(|it| it.welcome.seq).max().unwrap();
    let (ada, ben, admin) = (stage.token("Ada"), stage.token("Ben"), stage.admin());
    let path = below(&meeting, "");
    let writer = async |token: &str, name: &str, status: u16| {
        for n in 0..EACH {
            let body = json!({ "title": format!("{name} {n}") });
            let got = stage.ask(Method::PATCH, &path, token, body).await;
            assert_eq!(got.status, status, "{got:?}");
        }
    };
    let locker = async || {
        let mut done = 0;
        for n in 0..EACH {
            let action = if n % 2 == 0 { "/lock" } else { "/unlock" };
            let path = below(&meeting, action);
            let got = stage.ask(Method::POST, &path, &admin, json!({})).await;
            assert_eq!(got.status, 200, "{got:?}");
            done += usize::from(got.body == json!({}));
        }
        done
    };
    let speaker = async |mut person: Person, name: &str| {
        for n in 0..EACH {
            person.send(chat(format!("{name} {n}"))).await;
        }
        person
    };
    let [first, second, third] = <[Person; 3]>::try_from(people).ok().unwrap();
    let ((), (), (), locked, first, second, third) = tokio::join!(
        writer(&ada, "ada", 200),
        writer(&admin, "root", 200),
        writer(&ben, "ben", 403),
        locker(),
        speaker(first, "one"),
        speaker(second, "two"),
        speaker(third, "three"),
    );

    let database = rusqlite::Connection::open(stage.config.database()).unwrap();
    let mut rows = database
        .prepare(
            "SELECT seq, action, coalesce(details ->> '$.title', personal ->> '$.text') \
             FROM meeting_audit_logs WHERE meeting_id = ?1 AND seq > ?2 \
             AND action IN ('meeting.updated', 'meeting.locked', 'meeting.unlocked', 'chat.sent') \
             ORDER BY seq",
        )
        .unwrap();
    let (id, after) = (meeting.info.id.0, start.0.cast_signed());
    let journal: Vec<(i64, String, Option<String>)> = rows
        .query_map([id, after], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();

    for mut person in [first, second, third] {
        let seen: Vec<_> = person.news().await.iter().filter_map(told).collect();
        let seen: Vec<_> = seen.into_iter().filter(|(seq, ..)| *seq > after).collect();
        assert_eq!(seen, journal);
    }
    let texts: Vec<_> = journal.iter().filter_map(|(.., text)| text.clone()).collect();
    for name in ["ada", "root", "one", "two", "three"] {
        let own: Vec<_> = texts.iter().filter(|it| it.starts_with(name)).cloned().collect();
        let expected: Vec<_> = (0..EACH).map(|n| format!("{name} {n}")).collect();
        assert_eq!(own, expected, "each once, in the order of the answers");
    }
    assert!(!texts.iter().any(|text| text.starts_with("ben")), "a refusal has no effect");
    let locks = journal.iter().filter(|(_, action, _)| action.ends_with("locked")).count();
    assert_eq!(locks, locked);
}

/// What the test compares of an event.
fn told(event: &Event) -> Option<(i64, String, Option<String>)> {
    let text = match &event.body {
        EventBody::MeetingUpdated(changes) => changes.title.clone(),
        EventBody::ChatSent(sent) => sent.text.clone(),
        EventBody::MeetingLocked(_) | EventBody::MeetingUnlocked(_) => None,
        _ => return None,
    };
    Some((event.seq.0.cast_signed(), event.body.kind().to_owned(), text))
}
