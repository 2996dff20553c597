//! Batches, their order, their generation, their end.

use std::sync::{Mutex, PoisonError};

use super::*;

/// Verbs whose transactions begin only when the gate is free.
macro_rules! gated {
    ($gate:ident) => {{
        static $gate: Mutex<()> = Mutex::new(());
        let verbs = writer::Verbs {
            begin: |connection| {
                drop($gate.lock().unwrap_or_else(PoisonError::into_inner));
                connection.execute_batch("BEGIN IMMEDIATE")
            },
            ..writer::Verbs::default()
        };
        (verbs, &$gate)
    }};
}

#[tokio::test]
async fn what_is_queued_meanwhile_is_committed_together_and_answered_in_order() {
    let (verbs, gate) = gated!(GATE);
    let scratch = Scratch::new();
    let store = scratch.open_with(verbs);
    let mut ada = Hand::create(&store, 1).await;
    let mut ben = Hand::create(&store, 2).await;
    let before = store.commits();
    let shut = gate.lock().unwrap();
    for _ in 0..5 {
        ada.send(chat());
        ben.send(chat());
    }
    assert!(ada.committed.try_recv().is_err(), "answered before the commit");
    drop(shut);
    for seq in 2..=6 {
        assert_eq!(ada.result().await, Ok(Seq(seq)));
        assert_eq!(ben.result().await, Ok(Seq(seq)));
    }
    let rows: i64 = scratch
        .stranger()
        .query_row("SELECT count(*) FROM meeting_audit_logs", [], |row| row.get(0))
        .unwrap();
    assert_eq!(rows, 12, "an answer is given when others can read it");
    assert!(store.commits() - before <= 2, "{} commits", store.commits() - before);
    store.close().await;
}

#[tokio::test]
async fn a_batch_that_breaks_a_constraint_fails_alone() {
    let (verbs, gate) = gated!(GATE);
    let scratch = Scratch::new();
    let store = scratch.open_with(verbs);
    let mut ada = Hand::create(&store, 1).await;
    let mut ben = Hand::create(&store, 2).await;
    let before = store.commits();
    let shut = gate.lock().unwrap();
    ada.send(chat());
    // Users 7 and 8 may not have one name: the chat before it goes with it, and what was built on it.
    let users = vec![user(7, "dot"), user(8, "dot")];
    let event = ben.event(chat());
    ben.append(Batch { users, ..ben.batch(vec![event]) });
    ben.send(chat());
    ada.send(Fact::MeetingStarted {});
    drop(shut);
    assert_eq!((ada.result().await, ada.result().await), (Ok(Seq(2)), Ok(Seq(3))));
    assert!(matches!(ben.result().await, Err(BatchError::Constraint(_))));
    let (expected, found) = (Seq(2), Seq(1));
    assert_eq!(ben.result().await, Err(BatchError::Head { expected, found }));
    assert!(store.commits() - before <= 2, "{} commits", store.commits() - before);
    assert_eq!(ben.journal().await.len(), 1);
    assert_eq!(store.user_by_name("dot").await.unwrap(), None);
    // It may go on where it is.
    ben.head = Seq(1);
    ben.tell(chat()).await;
    store.close().await;
}

#[tokio::test]
async fn events_that_do_not_follow_the_head_are_refused() {
    let scratch = Scratch::new();
    let store = scratch.open();
    let mut ada = Hand::create(&store, 1).await;
    let refused = |expected| Err(BatchError::Head { expected: Seq(expected), found: Seq(1) });
    let ahead = Batch { expected_head: Seq(2), ..ada.batch(vec![ada.event_at(Seq(3), chat())]) };
    store.append(ahead);
    assert_eq!(ada.result().await, refused(2));
    let again = Batch { expected_head: Seq(0), ..ada.batch(vec![ada.event_at(Seq(1), chat())]) };
    store.append(again);
    assert_eq!(ada.result().await, refused(0));
    let gap = vec![ada.event_at(Seq(2), chat()), ada.event_at(Seq(4), chat())];
    store.append(ada.batch(gap));
    assert_eq!(ada.result().await, refused(1));
    store.append(Batch { expected_head: Seq(2), ..ada.batch(vec![]) });
    assert_eq!(ada.result().await, refused(2), "also where there is nothing to append");
    assert_eq!(ada.journal().await.len(), 1);
    store.close().await;
}

#[tokio::test]
async fn a_new_generation_comes_after_what_was_queued_and_fences_the_old_one_off() {
    let (verbs, gate) = gated!(GATE);
    let scratch = Scratch::new();
    let store = scratch.open_with(verbs);
    let mut old = Hand::create(&store, 1).await;
    let shut = gate.lock().unwrap();
    old.send(chat());
    let (reply, begun) = oneshot::channel();
    store.shared.jobs.send(Job::Begin { meeting: old.meeting, reply }).unwrap();
    old.send(chat());
    drop(shut);
    let (generation, head) = begun.await.unwrap().unwrap();
    assert!(generation > old.generation);
    assert_eq!(head, Seq(2), "the batch before it is in");
    assert_eq!(old.result().await, Ok(Seq(2)));
    assert_eq!(old.result().await, Err(BatchError::Stale));
    // The old hand's good-bye takes nothing from the new one.
    store.forget(old.meeting, old.generation);
    let mut new = Hand { generation, head, ..old };
    new.tell(chat()).await;
    store.forget(new.meeting, new.generation);
    new.send(chat());
    assert_eq!(new.result().await, Err(BatchError::Stale));
    store.close().await;
}

#[tokio::test]
async fn events_are_read_as_they_were_written() {
    let scratch = Scratch::new();
    let store = scratch.open();
    let mut ada = Hand::create(&store, 1).await;
    let session = SessionId(uuid::Uuid::from_u128(7));
    let cause = Cause { session, command: -3, answer: r#"{"message":2}"#.into() };
    let full = Event {
        by: Some(ParticipantId(4)),
        user: UserId(2),
        audience: Audience::STAFF.and(ParticipantId(9)),
        personal: Some(Box::new(said("it's “so” \u{1F642} \0"))),
        cause: Some(Box::new(cause)),
        ..ada.event(chat())
    };
    ada.append(ada.batch(vec![full.clone()]));
    ada.send(Fact::MeetingLocked {});
    assert_eq!((ada.result().await, ada.result().await), (Ok(Seq(2)), Ok(Seq(3))));
    let events = ada.journal().await;
    assert_eq!(events[1], full);
    assert_eq!(events, [ada.event_at(Seq(1), created(1)), full, events[2].clone()]);
    assert_eq!(store.journal(MeetingId(1), Seq(1), 1).await.unwrap(), events[1..2]);
    let some = vec![Seq(3), Seq(1), Seq(3), Seq(99)];
    let some = store.events_at(MeetingId(1), some).await.unwrap();
    assert_eq!(some, [events[0].clone(), events[2].clone()]);
    store.close().await;
}

#[tokio::test]
async fn a_batch_without_events_moves_the_deadline_and_the_sign_of_life() {
    let scratch = Scratch::new();
    let store = scratch.open();
    let mut ada = Hand::create(&store, 1).await;
    let due = Some(Timestamp(1_790_000_100_000));
    let alive = Some(Timestamp(1_790_000_000_500));
    ada.append(Batch { next_deadline: due, last_alive: alive, ..ada.batch(vec![]) });
    assert_eq!(ada.result().await, Ok(Seq(1)));
    assert_eq!(store.last_alive(ada.meeting).await.unwrap(), alive);
    let at = |ms| store.due_meetings(Timestamp(ms), 10);
    assert_eq!(at(1_790_000_100_000).await.unwrap(), [MeetingId(1)]);
    assert_eq!(at(1_790_000_099_999).await.unwrap(), []);
    ada.append(ada.batch(vec![]));
    assert_eq!(ada.result().await, Ok(Seq(1)));
    assert_eq!(at(1_900_000_000_000).await.unwrap(), [], "no deadline is said by none");
    assert_eq!(store.last_alive(ada.meeting).await.unwrap(), alive, "no sign of life says nothing");
    store.close().await;
}

#[tokio::test]
async fn closing_commits_what_is_queued_and_lets_the_next_server_in() {
    let (verbs, gate) = gated!(GATE);
    let scratch = Scratch::new();
    let store = scratch.open_with(verbs);
    let mut ada = Hand::create(&store, 1).await;
    let shut = gate.lock().unwrap();
    (0..100).for_each(|_| ada.send(chat()));
    drop(shut);
    store.clone().close().await;
    let files = std::fs::read_dir(scratch.folder.path()).unwrap();
    let mut files: Vec<_> = files.map(|file| file.unwrap().file_name()).collect();
    files.sort();
    assert_eq!(files, ["quorate.db", "quorate.db.lock"], "the log is in the database");

    ada.send(chat());
    for seq in 2..=101 {
        assert_eq!(ada.result().await, Ok(Seq(seq)));
    }
    assert!(matches!(ada.result().await, Err(BatchError::Commit(_))), "a closed store says so");
    assert!(matches!(store.begin(MeetingId(1)).await, Err(StoreError::Closed)));
    assert!(matches!(store.highest_ids().await, Err(StoreError::Closed)));

    let again = scratch.open();
    assert_eq!(again.begin(MeetingId(1)).await.unwrap().1, Seq(101));
    again.close().await;
}

#[tokio::test]
async fn a_log_that_has_grown_too_long_is_cut() {
    let scratch = Scratch::new();
    let store = scratch.open();
    let ada = Hand::create(&store, 1).await;
    assert!(maintenance::log_bytes(&scratch.path) > 0);
    let schedule = maintenance::Schedule { log_bytes_max: 1, ..Default::default() };
    let (jobs, owed) = (store.shared.jobs.downgrade(), AtomicBool::new(false));
    maintenance::step(&scratch.path, &schedule, &jobs, &owed, &mut None);
    // The first may be of the same transaction, after which the log is cut; the second is not.
    store.begin(ada.meeting).await.unwrap();
    store.begin(ada.meeting).await.unwrap();
    assert_eq!(maintenance::log_bytes(&scratch.path), 0);
    store.close().await;
}

#[tokio::test]
async fn a_log_that_is_to_be_cut_is_cut_once_nobody_reads_any_more() {
    let scratch = Scratch::new();
    let every = std::time::Duration::from_millis(1);
    let maintenance = maintenance::Schedule { every, ..Default::default() };
    let options = Options { maintenance, ..Options::new(Durability::Normal) };
    let store = Store::open_with(&scratch.path, options).unwrap();
    let mut ada = Hand::create(&store, 1).await;
    let reader = scratch.stranger();
    let begin = "BEGIN; SELECT count(*) FROM meetings;";
    reader.execute_batch(begin).unwrap();
    ada.tell(chat()).await;
    store.truncate_log();
    store.writes().await.unwrap();
    assert!(maintenance::log_bytes(&scratch.path) > 0, "someone reads what is in it");
    reader.execute_batch("COMMIT").unwrap();
    let cut = async {
        while maintenance::log_bytes(&scratch.path) > 0 {
            store.writes().await.unwrap();
        }
    };
    let ever = std::time::Duration::from_secs(30);
    tokio::time::timeout(ever, cut).await.expect("it is forgotten that the log is to be cut");
    store.close().await;
}
