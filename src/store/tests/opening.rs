//! What is opened, what is not, and that a refusal leaves everything as it was.

use std::collections::BTreeMap;
use std::fs;

use super::*;

/// Every file of the folder, but the lock, which is empty and says nothing.
fn contents(scratch: &Scratch) -> BTreeMap<PathBuf, Vec<u8>> {
    let files = fs::read_dir(scratch.folder.path()).unwrap().map(|file| file.unwrap().path());
    let files = files.filter(|path| path.extension().is_none_or(|extension| extension != "lock"));
    files.map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

/// Opens what `prepare` made of a database of ours, expects a refusal, and answers its text.
async fn refusal(prepare: impl FnOnce(&Scratch)) -> (OpenError, String) {
    let scratch = Scratch::new();
    scratch.open().close().await;
    prepare(&scratch);
    let before = contents(&scratch);
    let error = Store::open(&scratch.path, Durability::Full).unwrap_err();
    assert!(before == contents(&scratch), "something was altered: {error}");
    let text = error.to_string().replace(&scratch.path.display().to_string(), "FILE");
    assert!(!text.contains('\n'));
    (error, text)
}

fn sql(script: &'static str) -> impl FnOnce(&Scratch) {
    move |scratch| scratch.stranger().execute_batch(script).unwrap()
}

fn old(script: &'static str) -> impl FnOnce(&Scratch) {
    move |scratch| {
        fs::remove_file(&scratch.path).unwrap();
        sql(script)(scratch);
    }
}

#[tokio::test]
async fn a_folder_that_is_not_there_and_a_folder_in_place_of_the_file() {
    let scratch = Scratch::new();
    for path in [scratch.folder.path().join("no/quorate.db"), scratch.folder.path().to_owned()] {
        let error = Store::open(&path, Durability::Full).unwrap_err();
        assert!(matches!(error, OpenError::Unreachable { .. }), "{error}");
        assert!(error.to_string().ends_with("check that its folder exists and may be written to"));
    }
    assert!(contents(&scratch).is_empty());
}

#[tokio::test]
async fn a_file_that_is_no_database() {
    for text in ["x", &"# a long letter\n".repeat(1000)] {
        let text = text.to_owned();
        let (error, _) = refusal(|scratch| fs::write(&scratch.path, text).unwrap()).await;
        assert!(matches!(error, OpenError::NotADatabase { .. }), "{error}");
    }
}

#[tokio::test]
async fn a_damaged_database() {
    let cut = |scratch: &Scratch| {
        fs::File::options().write(true).open(&scratch.path).unwrap().set_len(3 * 4096).unwrap();
    };
    let (error, _) = refusal(cut).await;
    assert!(matches!(error, OpenError::Damaged { .. }), "{error}");
    for (script, lacks) in [
        ("DROP TABLE meeting_bans", "it lacks the table meeting_bans"),
        ("DROP TRIGGER journal_is_kept", "it lacks the trigger journal_is_kept"),
        ("DROP INDEX idx_audit_user", "it lacks the index idx_audit_user"),
        ("ALTER TABLE meetings DROP COLUMN last_alive", "the column meetings.last_alive"),
    ] {
        let (error, text) = refusal(sql(script)).await;
        assert!(matches!(error, OpenError::Damaged { .. }), "{error}");
        assert!(text.contains(lacks), "{text}");
    }
}

#[tokio::test]
async fn a_newer_database() {
    let (error, text) = refusal(sql("PRAGMA user_version = 2")).await;
    assert!(matches!(error, OpenError::Newer { found: 2, .. }), "{error}");
    assert!(text.contains("a newer quorate (schema 2, this one knows 1)"), "{text}");
}

#[tokio::test]
async fn the_older_applications_database_and_a_strangers() {
    let (error, text) = refusal(old("CREATE TABLE users (id); CREATE TABLE meetings (id)")).await;
    assert!(matches!(error, OpenError::Old { .. }), "{error}");
    assert!(text.contains("run `quorate migrate --database FILE` first"), "{text}");
    let (error, _) = refusal(old("CREATE TABLE songs (id)")).await;
    assert!(matches!(error, OpenError::Foreign { .. }), "{error}");
}

#[tokio::test]
async fn a_database_in_use() {
    let scratch = Scratch::new();
    let store = scratch.open();
    // What is written is behind what the writer does to the files when it starts.
    Hand::create(&store, 1).await;
    let before = contents(&scratch);
    let error = Store::open(&scratch.path, Durability::Full).unwrap_err();
    assert!(matches!(error, OpenError::InUse { .. }), "{error}");
    assert!(before == contents(&scratch));
    store.close().await;
}

#[tokio::test]
async fn an_empty_file_becomes_a_database_and_ones_own_indexes_and_views_are_welcome() {
    let scratch = Scratch::new();
    fs::write(&scratch.path, "").unwrap();
    scratch.open().close().await;
    sql("CREATE INDEX mine ON meetings(title); CREATE VIEW ours AS SELECT 1")(&scratch);
    let store = scratch.open();
    Hand::create(&store, 1).await;
    store.close().await;
}

#[test]
fn the_writer_waits_for_the_disk_when_it_is_to() {
    for (durability, synchronous) in [(Durability::Full, 2), (Durability::Normal, 1)] {
        let scratch = Scratch::new();
        let opened = open::open(&scratch.path, durability).unwrap();
        let pragma = |name| opened.connection.pragma_query_value(None, name, |row| row.get(0));
        assert_eq!(pragma("synchronous"), Ok(synchronous));
        assert_eq!(pragma("foreign_keys"), Ok(1));
        assert_eq!(pragma("wal_autocheckpoint"), Ok(0));
    }
}

#[tokio::test]
async fn the_journal_refuses_to_be_deleted_from_and_to_be_changed() {
    let scratch = Scratch::new();
    let store = scratch.open();
    let mut ada = Hand::create(&store, 1).await;
    ada.send_with(chat(), said("hello"));
    ada.result().await.unwrap();
    let stranger = scratch.stranger();
    stranger.pragma_update(None, "foreign_keys", true).unwrap();
    for script in [
        "DELETE FROM meeting_audit_logs",
        "DELETE FROM meetings WHERE id = 1",
        "DELETE FROM users WHERE id = 1",
        "UPDATE meeting_audit_logs SET details = '{}'",
        "UPDATE meeting_audit_logs SET id = id + 10",
        "UPDATE meeting_audit_logs SET personal = '{}' WHERE seq = 2",
        "UPDATE meeting_audit_logs SET salt = NULL WHERE seq = 2",
        "UPDATE meeting_audit_logs SET personal = NULL, salt = NULL, hash = x'00' WHERE seq = 2",
        "UPDATE meeting_audit_logs SET personal = NULL, salt = NULL, answer = '' WHERE seq = 2",
    ] {
        assert!(stranger.execute_batch(script).is_err(), "{script}");
    }
    let redact = "UPDATE meeting_audit_logs SET personal = NULL, salt = NULL WHERE seq = 2";
    stranger.execute_batch(redact).unwrap();
    store.close().await;
}
