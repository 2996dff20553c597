//! Backups: beside a busy server, whole or not at all, and good to go on from.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use quorate_client::protocol::{Command, Empty};
use rusqlite::Connection;
use rusqlite::OpenFlags;

use crate::support::journal::meddle;
use crate::support::raw::chat;
use crate::support::server::{hello_as, quorate};
use crate::support::{Heard, Home, PATIENCE, Raw};

/// Rows of a megabyte each, so that a copy takes many goes.
const FILLER: &str = "CREATE TABLE filler (bytes BLOB);
    WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 30)
    INSERT INTO filler SELECT randomblob(1000000) FROM n";

fn back_up(home: &Home, to: &Path) -> Output {
    home.run(["backup".as_ref(), to.as_os_str()])
}

fn texts(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

/// What begins with the backup's name.
fn beside(backup: &Path) -> Vec<PathBuf> {
    let name = backup.file_name().unwrap().to_str().unwrap();
    let files = fs::read_dir(backup.parent().unwrap()).unwrap().map(|file| file.unwrap().path());
    files.filter(|file| file.file_name().unwrap().to_str().unwrap().starts_with(name)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_beside_a_busy_server_is_whole_and_a_server_goes_on_from_it() {
    let home = Home::unlimited();
    let server = home.start();
    let (token, meeting) = home.hosted_meeting().await;
    let (mut host, _) = Raw::enter(server.address(), &hello_as(&meeting, &token)).await;
    meddle(&home.database()).execute_batch(FILLER).unwrap();
    host.command(2, &chat("before the backup", None)).await;
    while !matches!(host.next().await, Heard::Frame(_, text) if text.contains(r#""type":"ok""#)) {}

    // Someone goes on talking for as long as it takes.
    let elsewhere = tempfile::tempdir().unwrap();
    let file = elsewhere.path().join("backup.db");
    let done = Arc::new(AtomicBool::new(false));
    let backing_up = {
        let (done, file) = (done.clone(), file.clone());
        let mut command = quorate();
        command.arg("--data").arg(home.data()).arg("backup").arg(&file);
        thread::spawn(move || {
            let output = command.output().unwrap();
            done.store(true, Ordering::Release);
            output
        })
    };
    let mut said = 2;
    while !done.load(Ordering::Acquire) {
        said += 1;
        host.command(said, &chat(format!("meanwhile {said}"), None)).await;
        while !matches!(host.next().await, Heard::Frame(_, text) if text.contains(r#""type":"ok""#))
        {
        }
    }
    let output = backing_up.join().unwrap();
    let (out, err) = texts(&output);
    assert_eq!((output.status.code(), &*err), (Some(0), ""), "{out}");
    assert!(out.contains("1 meetings") && out.contains("the last event: meeting 1, seq "), "{out}");
    assert!(out.contains("quorate.key too"), "{out}");
    assert_eq!(beside(&file), std::slice::from_ref(&file), "one file and no more");
    let mode = std::os::unix::fs::MetadataExt::mode(&fs::metadata(&file).unwrap()) & 0o777;
    assert_eq!(mode, 0o600, "it has people's messages in it");
    server.kill();

    let copy = Connection::open_with_flags(&file, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let has = |text: &str| -> bool {
        let sql = "SELECT count(*) FROM meeting_audit_logs WHERE personal LIKE '%' || ?1 || '%'";
        copy.query_row(sql, [text], |row| row.get::<_, i64>(0)).unwrap() > 0
    };
    assert!(has("before the backup"), "what was acknowledged before it");
    drop(copy);

    // The drill: a new data folder of the copy and the key.
    let new = Home::new();
    fs::create_dir_all(new.data()).unwrap();
    fs::copy(&file, new.database()).unwrap();
    fs::copy(home.data().join("quorate.key"), new.data().join("quorate.key")).unwrap();
    new.assert_whole();
    let server = new.start();
    let (mut again, welcome) = Raw::enter(server.address(), &hello_as(&meeting, &token)).await;
    assert_eq!(welcome.meeting.id, meeting.info.id, "the same token, the same meeting");
    again.command(2, &Command::HandRaise(Empty {})).await;
    while !matches!(again.next().await, Heard::Frame(_, text) if text.contains(r#""type":"ok""#)) {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_overwritten_and_what_cannot_be_done_leaves_nothing() {
    let home = Home::new();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("backup.db");
    let refused = |to: &Path, says: &str| {
        let output = back_up(&home, to);
        let (out, err) = texts(&output);
        assert_eq!((output.status.code(), &*out), (Some(2), ""), "{err}");
        assert!(err.contains(says) && err.lines().count() == 1, "not `{says}`: {err}");
    };
    refused(&file, "there is no such database");
    drop(home.start());
    fs::write(&file, "precious").unwrap();
    refused(&file, "it is there already; name another file");
    assert_eq!(fs::read(&file).unwrap(), b"precious");
    refused(&home.database(), "it is there already");
    refused(&folder.path().join("no/such/folder.db"), "check its folder");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);

    // Damage that only the journals' hashes show: there is no backup of it.
    let (server, meeting) = (home.start(), home.hosted_meeting().await);
    drop((server, meeting));
    let database = meddle(&home.database());
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'trigger'";
    let triggers: Vec<String> = {
        let mut triggers = database.prepare(sql).unwrap();
        triggers.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    for trigger in triggers {
        database.execute_batch(&format!("DROP TRIGGER {trigger}")).unwrap();
    }
    database.execute("UPDATE meeting_audit_logs SET user_id = 0 WHERE seq = 1", []).unwrap();
    let altered = folder.path().join("altered.db");
    refused(&altered, "meeting 1, seq 1: the row was altered");
    assert_eq!(beside(&altered), Vec::<PathBuf>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_in_its_middle_it_leaves_nothing_under_its_name_and_the_next_one_goes_through() {
    let home = Home::new();
    drop(home.start());
    meddle(&home.database()).execute_batch(FILLER).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("backup.db");
    let partial = folder.path().join("backup.db.partial");
    let mut child = quorate()
        .arg("--data")
        .arg(home.data())
        .arg("backup")
        .arg(&file)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let began = std::time::Instant::now();
    while fs::metadata(&partial).map_or(0, |file| file.len()) == 0 {
        assert!(
            began.elapsed() < PATIENCE && child.try_wait().unwrap().is_none(),
            "it never began"
        );
        thread::yield_now();
    }
    // Two at once: the second waits for nobody.
    let (_, err) = texts(&back_up(&home, &file));
    assert!(err.contains("another backup is being written there"), "{err}");
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!file.exists() && partial.exists());
    let output = back_up(&home, &file);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(beside(&file), [file]);
}
