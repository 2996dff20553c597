//! Answers that are kept with the events that they follow from, and for a day.

use super::*;

fn kept(key: &str, at: Timestamp) -> KeptAnswer {
    let answer = Answered { status: 201, location: Some("/here".into()), body: Some("{}".into()) };
    KeptAnswer { user: UserId(1), key: key.to_owned(), fingerprint: [7; 32], answer, at }
}

const NOW: Timestamp = Timestamp(1_790_000_000_000);

#[tokio::test]
async fn an_answer_is_written_with_its_events_or_they_are_not() {
    let scratch = Scratch::new();
    let store = scratch.open();
    let mut ada = Hand::create(&store, 1).await;
    let event = ada.event(chat());
    ada.append(Batch { kept: vec![kept("k", NOW)], ..ada.batch(vec![event]) });
    assert_eq!(ada.result().await, Ok(Seq(2)));
    assert_eq!(store.kept_answer(UserId(1), "k", NOW).await.unwrap(), Some(kept("k", NOW)));
    assert_eq!(store.kept_answer(UserId(2), "k", NOW).await.unwrap(), None);
    assert_eq!(store.kept_answer(UserId(1), "l", NOW).await.unwrap(), None);

    // As when the answer to the first was lost on its way to whoever looked for it.
    let event = ada.event(chat());
    ada.append(Batch { kept: vec![kept("k", NOW)], ..ada.batch(vec![event]) });
    assert!(matches!(ada.result().await, Err(BatchError::Constraint(_))));
    let rows = "SELECT count(*) FROM meeting_audit_logs";
    let count: i64 = scratch.stranger().query_row(rows, [], |row| row.get(0)).unwrap();
    assert_eq!(count, 2, "no event without its answer");
    store.close().await;
}

#[tokio::test]
async fn an_answer_is_kept_for_a_day_and_then_its_key_is_free() {
    let scratch = Scratch::new();
    let store = scratch.open();
    let user = UserRow {
        id: UserId(5),
        username: "eve".into(),
        name: "Eve".into(),
        email: None,
        kind: UserKind::Member,
    };
    let kept = |at| KeptAnswer { user: UserId(5), ..kept("k", at) };
    store.keep_answer(user.clone(), kept(NOW)).await.unwrap();
    let day = NOW.plus_seconds(24 * 3600);
    let just_before = day.plus_ms(-1);
    store.keep_answer(user.clone(), kept(just_before)).await.unwrap();
    let found = async |at| store.kept_answer(UserId(5), "k", at).await.unwrap();
    assert_eq!(found(just_before).await, Some(kept(NOW)), "the first stays");
    assert_eq!(found(day).await, None);
    store.keep_answer(user, kept(day)).await.unwrap();
    assert_eq!(found(day).await, Some(kept(day)));
    store.close().await;
}

/// In this test the clock is the database's, and 2001 long ago.
#[tokio::test]
async fn old_answers_are_taken_away_some_at_a_time() {
    let scratch = Scratch::new();
    let store = scratch.open();
    Hand::create(&store, 1).await;
    let stranger = scratch.stranger();
    let fill = "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 1500) \
        INSERT INTO idempotency_keys SELECT 1, 'old' || n, x'00', 200, NULL, '{}', \
        '2001-01-01T00:00:00.000Z' FROM n";
    stranger.execute_batch(fill).unwrap();
    let now = "INSERT INTO idempotency_keys VALUES \
        (1, 'new', x'00', 200, NULL, '{}', strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))";
    stranger.execute_batch(now).unwrap();
    let left = || -> i64 {
        let count = "SELECT count(*) FROM idempotency_keys";
        stranger.query_row(count, [], |row| row.get(0)).unwrap()
    };
    let jobs = store.shared.jobs.downgrade();
    let schedule = maintenance::Schedule::default();
    let (owed, mut connection) = (AtomicBool::new(false), None);
    for expected in [501, 1, 1] {
        maintenance::step(&scratch.path, &schedule, &jobs, &owed, &mut connection);
        // Behind what it asked for.
        store.begin(MeetingId(9)).await.unwrap();
        assert_eq!(left(), expected);
    }
    store.close().await;
}
