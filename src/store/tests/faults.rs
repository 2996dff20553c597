//! What happens when the database, or its disk, fails.

use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Condvar, Mutex};

use super::*;

const SOUND: u8 = 0;
const BEFORE: u8 = 1;
const AFTER: u8 = 2;

fn broken() -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_IOERR), None)
}

#[tokio::test]
async fn a_commit_that_failed_is_asked_of_the_disk() {
    static FAULT: AtomicU8 = AtomicU8::new(SOUND);
    let commit = |connection: &rusqlite::Connection| match FAULT.swap(SOUND, Ordering::SeqCst) {
        SOUND => connection.execute_batch("COMMIT"),
        AFTER => connection.execute_batch("COMMIT").and(Err(broken())),
        _ => Err(broken()),
    };
    let scratch = Scratch::new();
    let store = scratch.open_with(writer::Verbs { commit, ..Default::default() });
    let mut ben = Hand::create(&store, 2).await;
    let mut ada = Hand::create(&store, 1).await;
    for (fault, head) in [(BEFORE, 1), (AFTER, 2), (AFTER, 3), (BEFORE, 3)] {
        FAULT.store(fault, Ordering::SeqCst);
        ada.send(chat());
        assert!(matches!(ada.result().await, Err(BatchError::Commit(_))));
        // Nobody's generation is good any more, also where nothing was in flight.
        ada.send(chat());
        assert_eq!(ada.result().await, Err(BatchError::Stale));
        ben.send(chat());
        assert_eq!(ben.result().await, Err(BatchError::Stale));
        ada = Hand::begin(&store, 1).await;
        ben = Hand::begin(&store, 2).await;
        assert_eq!((ada.head, ben.head), (Seq(head), Seq(1)));
        assert_eq!(ada.journal().await.len() as u64, head);
    }
    FAULT.store(BEFORE, Ordering::SeqCst);
    assert!(matches!(store.begin(ada.meeting).await, Err(StoreError::Commit(_))));
    let mut ada = Hand::begin(&store, 1).await;
    ada.tell(chat()).await;
    store.close().await;
    let verdict = audit::verify(&scratch.path, None, &[], |_, _| ()).unwrap();
    assert_eq!(verdict, audit::Verdict::Whole { meetings: 2, rows: 5 });
}

#[tokio::test]
async fn a_panic_in_the_writer_fails_its_transaction_only() {
    static PANIC: AtomicU8 = AtomicU8::new(SOUND);
    let commit = |connection: &rusqlite::Connection| {
        assert_eq!(PANIC.swap(SOUND, Ordering::SeqCst), SOUND, "as the test wants it");
        connection.execute_batch("COMMIT")
    };
    let scratch = Scratch::new();
    let store = scratch.open_with(writer::Verbs { commit, ..Default::default() });
    let mut ada = Hand::create(&store, 1).await;
    PANIC.store(BEFORE, Ordering::SeqCst);
    ada.send(chat());
    assert!(matches!(ada.result().await, Err(BatchError::Commit(_))));
    let mut ada = Hand::begin(&store, 1).await;
    assert_eq!(ada.head, Seq(1));
    ada.tell(chat()).await;
    store.close().await;
}

#[tokio::test]
async fn a_full_disk_fails_all_that_was_in_the_transaction_and_the_writer_lives_on() {
    static FULL: AtomicU8 = AtomicU8::new(0);
    let begin = |connection: &rusqlite::Connection| {
        if FULL.load(Ordering::SeqCst) == 1 {
            connection.execute_batch("PRAGMA max_page_count = 1")?;
        }
        connection.execute_batch("BEGIN IMMEDIATE")
    };
    let scratch = Scratch::new();
    let store = scratch.open_with(writer::Verbs { begin, ..Default::default() });
    let mut ada = Hand::create(&store, 1).await;
    FULL.store(1, Ordering::SeqCst);
    ada.send_with(chat(), said(&"long ".repeat(10_000)));
    let failed = ada.result().await;
    assert!(matches!(&failed, Err(BatchError::Commit(why)) if why.contains("full")), "{failed:?}");
    FULL.store(0, Ordering::SeqCst);
    let mut ada = Hand::begin(&store, 1).await;
    assert_eq!(ada.head, Seq(1));
    ada.tell(chat()).await;
    store.close().await;
}

#[tokio::test]
async fn while_another_process_holds_the_database_nothing_is_acknowledged_and_nothing_fails() {
    static REFUSED: (Mutex<u32>, Condvar) = (Mutex::new(0), Condvar::new());
    let begin = |connection: &rusqlite::Connection| {
        connection.busy_timeout(std::time::Duration::ZERO)?;
        let begun = connection.execute_batch("BEGIN IMMEDIATE");
        if begun.is_err() {
            *REFUSED.0.lock().unwrap() += 1;
            REFUSED.1.notify_all();
        }
        begun
    };
    let scratch = Scratch::new();
    let store = scratch.open_with(writer::Verbs { begin, ..Default::default() });
    let mut ada = Hand::create(&store, 1).await;
    let stranger = scratch.stranger();
    stranger.execute_batch("BEGIN IMMEDIATE").unwrap();
    ada.send(chat());
    let times = *REFUSED.0.lock().unwrap();
    let (refused, ever) = (REFUSED.0.lock().unwrap(), std::time::Duration::from_secs(30));
    let refused = REFUSED.1.wait_timeout_while(refused, ever, |now| *now < times + 2).unwrap();
    assert!(!refused.1.timed_out(), "the writer does not try again");
    drop(refused);
    assert!(ada.committed.try_recv().is_err(), "acknowledged what cannot be committed");
    assert_eq!(ada.journal().await.len(), 1, "readers go on");
    stranger.execute_batch("COMMIT").unwrap();
    assert_eq!(ada.result().await, Ok(Seq(2)));

    // Who is closing has no time to wait for ever, and says so.
    stranger.execute_batch("BEGIN IMMEDIATE").unwrap();
    ada.send(chat());
    store.close().await;
    assert!(matches!(ada.result().await, Err(BatchError::Commit(_))));
}
