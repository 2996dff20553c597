//! Starting where it cannot: one clear line that says what to do, and nothing altered.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rusqlite::Connection;

use crate::support::raw::chat;
use crate::support::server::{hello_as, quorate};
use crate::support::{Home, Raw};

/// Every file and folder under this one, by its bytes.
fn picture(folder: &Path) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
    let mut picture = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            picture.extend(self::picture(&path));
            picture.insert(path, None);
        } else {
            picture.insert(path.clone(), Some(fs::read(&path).unwrap()));
        }
    }
    picture
}

/// Runs this command, which must fail, say one line with all of `says`, and alter nothing in the folder.
fn refused(mut command: Command, folder: &Path, says: &[&str]) {
    let before = picture(folder);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = String::new();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    if output.read_line(&mut said).unwrap() > 0 {
        child.kill().unwrap();
        child.wait().unwrap();
        panic!("it should say {says:?}, and says: {said}");
    }
    let mut error = String::new();
    child.stderr.take().unwrap().read_to_string(&mut error).unwrap();
    let code = child.wait().unwrap().code();
    assert!(code.is_some_and(|code| code != 0), "exit code {code:?}: {error}");
    assert_eq!(error.lines().count(), 1, "not one line: {error}");
    assert!(says.iter().all(|what| error.contains(what)), "not {says:?}: {error}");
    let after = picture(folder);
    for (path, bytes) in &after {
        assert!(before.get(path) == Some(bytes), "{} was altered or made", path.display());
    }
    assert_eq!(after.len(), before.len(), "something was removed");
}

/// The command that serves this data folder on any port.
fn serve(data: &Path) -> Command {
    let mut command = quorate();
    command.arg("--data").arg(data).args(["--listen", "127.0.0.1:0"]);
    command
}

/// A data folder that was used and left in order.
async fn used() -> Home {
    let home = Home::new();
    let mut server = home.start();
    let (token, meeting) = home.hosted_meeting().await;
    let (mut ada, _) = Raw::enter(server.address(), &hello_as(&meeting, &token)).await;
    ada.command(2, &chat("here", None)).await;
    ada.answer(2).await;
    drop(ada);
    server.signal("TERM");
    assert_eq!(server.ended(), Some(0));
    home
}

#[test]
fn an_address_in_use() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let mut command = quorate();
    command.arg("--data").arg(folder.path().join("data")).args(["--listen", &address]);
    refused(command, folder.path(), &[&address, "in use", "choose another with --listen"]);
}

#[test]
fn a_data_folder_that_cannot_be_made() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "not a folder").unwrap();
    for data in [Path::new("/dev/null/x").to_owned(), file.join("data"), file] {
        refused(serve(&data), folder.path(), &[data.to_str().unwrap(), "another with --data"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_none_or_damaged() {
    let home = used().await;
    let whole = fs::read(home.database()).unwrap();
    let garbage: Vec<u8> =
        (0..8192_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let mut torn = whole.clone();
    torn[100..4096].fill(0xA5);
    let no_database = ["no SQLite database", "name another file"];
    let damaged = ["it is damaged", "restore it from a backup"];
    for (bytes, says) in [
        (&garbage[..], no_database),
        (&garbage[..50], no_database),
        (&whole[..50], no_database),
        (&whole[..100], damaged),
        (&whole[..4096], damaged),
        (&whole[..whole.len() / 2], damaged),
        (&whole[..whole.len() - 4096], damaged),
        (&torn, damaged),
    ] {
        fs::write(home.database(), bytes).unwrap();
        refused(serve(&home.data()), &home.data(), &says);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_not_of_this_version_or_not_ours() {
    let home = used().await;
    let database = Connection::open(home.database()).unwrap();
    database.pragma_update(None, "user_version", 99).unwrap();
    close(database);
    refused(serve(&home.data()), &home.data(), &["newer quorate", "99", "start that version"]);

    let old = "CREATE TABLE users (id INTEGER PRIMARY KEY, username VARCHAR(80) NOT NULL);
        CREATE TABLE meetings (id INTEGER PRIMARY KEY, title VARCHAR(200), host_id INTEGER);
        CREATE TABLE meeting_participants (id INTEGER PRIMARY KEY, meeting_id INTEGER);
        CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL);
        INSERT INTO users VALUES (1, 'ana');
        INSERT INTO meetings VALUES (1, 'Weekly', 1);
        INSERT INTO alembic_version VALUES ('4f1c2d3e');";
    let foreign = "CREATE TABLE songs (id INTEGER PRIMARY KEY); INSERT INTO songs VALUES (1);";
    for (sql, says) in [
        (old, ["older application's database", "run `quorate migrate --database"]),
        (foreign, ["another application's database", "name another file"]),
    ] {
        for mode in ["DELETE", "WAL"] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("quorate.db");
            let database = Connection::open(&path).unwrap();
            database.pragma_update(None, "journal_mode", mode).unwrap();
            database.execute_batch(sql).unwrap();
            close(database);
            refused(serve(folder.path()), folder.path(), &says);
        }
    }
}

fn close(database: Connection) {
    database.close().map_err(|(_, error)| error).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_server_on_the_same_folder() {
    let home = Home::new();
    let server = home.start();
    let (token, meeting) = home.hosted_meeting().await;
    // Halted, so that it alters nothing itself.
    server.signal("STOP");
    let says = ["another quorate is using it", "stop that one first"];
    refused(serve(&home.data()), &home.data(), &says);
    server.signal("CONT");
    let (mut ada, _) = Raw::enter(server.address(), &hello_as(&meeting, &token)).await;
    ada.command(2, &chat("still here", None)).await;
    assert!(ada.answer(2).await.contains(r#""type":"ok""#));
    server.kill();
    // A lock of a server that was killed is no lock.
    home.start().kill();
    home.assert_whole();
}

#[test]
fn a_setting_that_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("quorate.toml");
    let name = file.to_str().unwrap();
    for (text, says) in [
        ("grace = 5\n", [name, "unknown field `grace`", "`grace_seconds`"]),
        ("[limits]\nbursts = 5\n", [name, "unknown field `bursts`", "`burst`"]),
        ("grace_seconds = \"long\"\n", [name, "invalid type", "u32"]),
        ("grace_seconds = 0\n", ["grace_seconds", "must be at least 1", ""]),
        ("grace_seconds 5\n", [name, "is not TOML", ""]),
    ] {
        fs::write(&file, text).unwrap();
        let mut command = serve(&folder.path().join("data"));
        command.arg("--config").arg(&file);
        refused(command, folder.path(), &says);
    }
    for (variable, value, says) in [
        ("QUORATE_GRACE", "5", ["QUORATE_GRACE", "unknown field `grace`", "`grace_seconds`"]),
        ("QUORATE_LIMITS__BURSTS", "5", ["QUORATE_LIMITS__BURSTS", "`bursts`", "`burst`"]),
        ("QUORATE_GRACE_SECONDS", "long", ["QUORATE_GRACE_SECONDS", "invalid type", "u32"]),
    ] {
        let mut command = serve(&folder.path().join("data"));
        command.env(variable, value);
        refused(command, folder.path(), &says);
    }
    let mut command = serve(&folder.path().join("data"));
    command.arg("--config").arg(folder.path().join("nowhere.toml"));
    refused(command, folder.path(), &["failed to read", "nowhere.toml", "No such file"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_is_none() {
    let says = ["quorate.key is not a key of Quorate", "restore it from a backup"];
    let home = used().await;
    for key in ["short", "", "not base64 but of the right length, or nearly so"] {
        fs::write(home.data().join("quorate.key"), key).unwrap();
        refused(serve(&home.data()), &home.data(), &says);
    }
    // Where there is no database yet, none is made.
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("quorate.key"), "short").unwrap();
    refused(serve(folder.path()), folder.path(), &says);
    fs::write(folder.path().join("quorate.key"), [0xFF, 0xFE]).unwrap();
    refused(serve(folder.path()), folder.path(), &says);
}
