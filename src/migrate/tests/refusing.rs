//! What is not taken over, and that nothing is changed then.

use std::collections::BTreeMap;

use super::*;

/// Every file of the folder.
fn picture(scratch: &Scratch) -> BTreeMap<PathBuf, Vec<u8>> {
    let files = fs::read_dir(scratch.folder.path()).unwrap().map(|file| file.unwrap().path());
    files.map(|path| (path.clone(), fs::read(&path).unwrap())).collect()
}

/// Expects a refusal with all of this in it.
fn refused(scratch: &Scratch, says: &[&str]) {
    let before = picture(scratch);
    let error = scratch.try_migrate().unwrap_err().to_string();
    assert!(says.iter().all(|what| error.contains(what)), "{error}");
    assert!(before == picture(scratch), "something was changed: {error}");
}

#[test]
fn databases_of_others_and_what_is_none() {
    for (script, says) in [
        ("CREATE TABLE songs (id)", "it has no table users"),
        ("CREATE TABLE users (id, username); CREATE TABLE meetings (id)", "no column host_id"),
        (
            "CREATE TABLE users (id, username); CREATE TABLE meetings (id, host_id)",
            "it has no table meeting_participants",
        ),
        (
            "CREATE TABLE users (id, username, PRIMARY KEY (id, username)); CREATE TABLE meetings (id, \
             host_id); CREATE TABLE meeting_participants (id, meeting_id, user_id)",
            "its table users is not known by its id",
        ),
        (
            "CREATE TABLE people (id, username); CREATE VIEW users AS SELECT * FROM people",
            "it has no table users",
        ),
    ] {
        refused(&Scratch::of(script), &[says, "name another file", "nothing was changed"]);
    }
    let scratch = Scratch::before("");
    fs::write(&scratch.path, "not SQLite at all, but long enough for a header".repeat(9)).unwrap();
    refused(&scratch, &["it is no SQLite database"]);
    fs::remove_file(&scratch.path).unwrap();
    refused(&scratch, &["there is no such database"]);
}

#[test]
fn names_that_are_needed() {
    refused(
        &Scratch::before(
            "CREATE TABLE Roles (id); ALTER TABLE meetings ADD COLUMN max_participants INT; \
             CREATE INDEX idx_audit_user ON notifications (user_id); CREATE VIEW quorate_old_users AS SELECT 1",
        ),
        &[
            "it has the table Roles, the index idx_audit_user, the view quorate_old_users, the column \
             meetings.max_participants already",
            "rename them",
            "nothing was changed",
        ],
    );
}

#[test]
fn a_database_that_someone_uses() {
    for mode in ["DELETE", "WAL"] {
        for lock in ["BEGIN IMMEDIATE", "BEGIN; SELECT * FROM users"] {
            let scratch = Scratch::before(&format!("PRAGMA journal_mode = {mode}"));
            let other = scratch.open();
            other.execute_batch(lock).unwrap();
            refused(&scratch, &["another process is using it", "stop the older application"]);
            other.execute_batch("COMMIT").unwrap();
            drop(other);
            scratch.migrate();
        }
    }
}

#[test]
fn a_backup_of_another_state_is_not_written_over() {
    let scratch = Scratch::before("");
    let backup = scratch.beside(".before-quorate");
    fs::write(&backup, "something precious").unwrap();
    refused(&scratch, &["app.db.before-quorate stands there already", "move it away"]);
    // One of this state was made by a run that was killed.
    fs::remove_file(&backup).unwrap();
    scratch.migrate();
    let made = fs::read(&backup).unwrap();
    fs::copy(&backup, &scratch.path).unwrap();
    scratch.migrate();
    assert!(fs::read(&backup).unwrap() == made);
}

#[test]
fn what_was_made_is_taken_away_when_the_work_fails() {
    // Their index holds while one of two is still in progress, and is made again when the rows are there.
    let scratch = Scratch::before(
        "DELETE FROM meetings WHERE id IN (2, 5); CREATE UNIQUE INDEX one_of_each ON meetings (status)",
    );
    refused(&scratch, &["UNIQUE constraint failed", "nothing was changed"]);
}

#[test]
fn the_second_time_there_is_nothing_to_do() {
    for mode in ["DELETE", "WAL"] {
        let scratch = Scratch::before(&format!("PRAGMA journal_mode = {mode}"));
        drop(scratch.migrate());
        let before = picture(&scratch);
        assert!(matches!(scratch.try_migrate(), Ok(Outcome::Already)));
        assert!(before == picture(&scratch), "something was changed");
    }
}

#[test]
fn the_backup_is_the_file_as_it_was() {
    let scratch = Scratch::before(
        "CREATE TABLE loose (text); INSERT INTO loose VALUES ('a'), ('b'); \
        DELETE FROM loose WHERE text = 'a'",
    );
    let dump = |path: &std::path::Path| {
        let connection = Connection::open(path).unwrap();
        let tables = ["users", "meetings", "meeting_participants", "notifications", "loose"];
        tables.map(|table| rows(&connection, &format!("SELECT rowid, * FROM {table}"), []))
    };
    let before = dump(&scratch.path);
    scratch.migrate();
    assert_eq!(dump(&scratch.beside(".before-quorate")), before);
}
