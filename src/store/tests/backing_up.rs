//! A backup is of one moment, whatever is written meanwhile.

use super::*;
use crate::store::backup::{Stage, back_up};

#[tokio::test]
async fn what_is_written_while_it_copies_neither_gets_in_nor_makes_it_begin_anew() {
    let scratch = Scratch::new();
    let store = scratch.open();
    let mut ada = Hand::create(&store, 1).await;
    let stranger = scratch.stranger();
    let filler = "CREATE TABLE filler (bytes BLOB);
        WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 20)
        INSERT INTO filler SELECT zeroblob(1000000) FROM n";
    stranger.execute_batch(filler).unwrap();
    let to = scratch.folder.path().join("backup.db");
    let mut done = Vec::new();
    let made = back_up(&scratch.path, &to, |stage, pages, total| {
        // Not for ever: a copy that begins anew each time is to come to an end too.
        if stage == Stage::Copy && done.len() < 50 {
            stranger.execute("INSERT INTO filler VALUES ('meanwhile')", []).unwrap();
            done.push((pages, total));
        }
    });
    let made = made.unwrap();
    assert!(done.len() > 3 && done.is_sorted() && done.len() < 10, "in goes, each once: {done:?}");
    assert!(done.last().is_some_and(|(pages, total)| pages == total), "{done:?}");
    assert_eq!((made.meetings, made.rows), (1, 1));
    assert_eq!(
        made.newest.map(|newest| (newest.meeting, newest.seq)),
        Some((MeetingId(1), Seq(1)))
    );
    let copy = rusqlite::Connection::open(&to).unwrap();
    let rows: i64 = copy.query_row("SELECT count(*) FROM filler", [], |row| row.get(0)).unwrap();
    assert_eq!(rows, 20, "as it was when it began");
    // The store was in nobody's way, and nobody in its.
    ada.send_with(chat(), said("after"));
    ada.result().await.unwrap();
    store.close().await;
}
