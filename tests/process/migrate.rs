//! Taking over the older application's database: served afterwards, killed on the way, kept from writing.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use quorate_client::protocol::{Hello, MeetingRef, ServerFrame};
use rusqlite::Connection;
use rusqlite::types::Value;
use serde_json::{Value as Json, json};
use tempfile::TempDir;

use crate::support::server::{Quorate, hello_as, quorate};
use crate::support::{Heard, Home, Raw, soon};

const BEFORE: &str = include_str!("../migrate/before.sql");
/// Enough that killing comes in time: passcodes to hash, pages to write.
const MORE: &str = "
    WITH RECURSIVE n(i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n WHERE i < 107)
    INSERT INTO meetings SELECT i, 'm', NULL, 1, '2024-01-01', NULL, 'completed', NULL, 'secret' || i,
        '2024-01-01', '2024-01-01' FROM n;
    WITH RECURSIVE n(i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
    INSERT INTO users SELECT i, 'u' || i, 'e' || i, NULL, NULL, 1, '2024-01-01', NULL FROM n;
    INSERT INTO meeting_participants SELECT NULL, 100 + id % 7, id, 'joined', '2024-01-01 10:00', NULL,
        '2024-01-01' FROM users WHERE id >= 100;";

/// A folder with an old database in it.
struct Old {
    folder: TempDir,
    path: PathBuf,
}

impl Old {
    fn new(script: &str) -> Old {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("app.db");
        let old = Old { folder, path };
        old.open().execute_batch(&format!("{BEFORE}; {script}")).unwrap();
        old
    }

    fn open(&self) -> Connection {
        Connection::open(&self.path).unwrap()
    }

    fn beside(&self, end: &str) -> PathBuf {
        self.folder.path().join(format!("app.db{end}"))
    }

    fn command(&self) -> Command {
        let mut command = quorate();
        command.arg("migrate").arg("--database").arg(&self.path);
        command
    }

    fn migrate(&self) -> String {
        let output = self.command().output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        assert!(output.stderr.is_empty(), "no progress where nobody looks: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Every file of the folder.
    fn picture(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let files = fs::read_dir(self.folder.path()).unwrap().map(|file| file.unwrap().path());
        files.map(|path| (path.clone(), fs::read(&path).unwrap_or_default())).collect()
    }

    /// Expects that this fails with one line of this, and changes nothing.
    fn refuses(&self, command: Command, says: &[&str]) {
        let before = self.picture();
        Old::says(command, says);
        assert!(before == self.picture(), "something was changed");
    }

    fn says(mut command: Command, says: &[&str]) {
        let Output { status, stdout, stderr } = command.output().unwrap();
        let error = String::from_utf8(stderr).unwrap();
        assert_eq!(status.code(), Some(2), "{error}");
        assert!(stdout.is_empty() && error.lines().count() == 1, "{error}");
        assert!(says.iter().all(|what| error.contains(what)), "not {says:?}: {error}");
    }

    /// What the older application would read.
    fn contents(&self) -> BTreeMap<&'static str, Vec<Vec<Value>>> {
        let connection = self.open();
        let tables =
            ["users", "meetings", "meeting_participants", "notifications", "alembic_version"];
        let contents = tables.map(|table| {
            let mut statement =
                connection.prepare(&format!("SELECT rowid, * FROM {table}")).unwrap();
            let count = statement.column_count();
            let rows = statement.query_map([], |row| (0..count).map(|at| row.get(at)).collect());
            (table, rows.unwrap().collect::<Result<_, _>>().unwrap())
        });
        BTreeMap::from(contents)
    }

    fn is_old(&self) -> bool {
        let mark: i64 =
            self.open().pragma_query_value(None, "application_id", |row| row.get(0)).unwrap();
        mark == 0
    }

    /// The audit of it, with a key of its own.
    fn assert_whole(&self) {
        let data = self.folder.path().join("data");
        let run = |arguments: &[&str]| {
            let mut command = quorate();
            command.arg("--data").arg(&data).args(arguments).env("QUORATE_DATABASE", &self.path);
            command.output().unwrap()
        };
        assert!(run(&["token", "--sub", "ana"]).status.success());
        let output = run(&["audit", "verify"]);
        assert!(output.stdout.starts_with(b"whole: "), "{output:?}");
        assert!(self.path.exists());
    }
}

async fn get(home: &Home, token: &str, path: &str) -> (u16, Json) {
    let request = reqwest::Client::new().get(format!("{}{path}", home.url())).bearer_auth(token);
    let answer = soon("an answer", request.send()).await.unwrap();
    let status = answer.status().as_u16();
    (status, answer.json().await.unwrap_or_default())
}

/// Says hello, and hears this refusal.
async fn turned_back(server: &Quorate, hello: &Hello) -> String {
    let mut raw = Raw::connect(server.address()).await;
    raw.say(&quorate_client::protocol::ClientFrame::hello_text(hello)).await;
    match raw.next().await {
        Heard::Frame(ServerFrame::Error(_, error), _) => error.code.name().to_owned(),
        other => panic!("no refusal but {other:?}"),
    }
}

fn hello(code: &str, token: &str, passcode: Option<&str>) -> Hello {
    Hello {
        meeting: MeetingRef::Code(code.to_owned()),
        token: Some(token.to_owned()),
        guest: None,
        resume: None,
        passcode: passcode.map(str::to_owned),
        client: None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_taken_over_is_served() {
    let home = Home::new();
    fs::create_dir_all(home.data()).unwrap();
    // What is to come stays to come.
    let before = BEFORE.replace("2030-01-15", "2100-01-15");
    Connection::open(home.database()).unwrap().execute_batch(&before).unwrap();
    let database = home.database();
    let refused = home.run(["serve"]);
    let error = String::from_utf8_lossy(&refused.stderr).into_owned();
    let advice = format!("run `quorate migrate --database {}` first", database.display());
    assert!(error.contains(&advice) && !refused.status.success(), "{error}");
    let output = home.run(["migrate"]);
    assert!(output.status.success(), "{output:?}");
    let [amara, bruno, chen, eoin, fatou] =
        ["amara", "bruno", "chen", "eoin", "fatou"].map(|name| home.token(name));
    home.assert_whole();

    let mut server = home.start();
    let (_, hall) = get(&home, &amara, "/api/meetings/4").await;
    assert_eq!((&hall["title"], &hall["status"]), (&"All hands".into(), &"scheduled".into()));
    assert_eq!(hall["description"], "Line one\nLine two");
    assert_eq!(hall["host"]["name"], "Chen Wei 陈伟");
    assert_eq!(hall["starts_at"], "2100-01-15T16:00:00.000Z");
    for (token, meeting, status) in [
        (&amara, 1, "completed"),
        (&bruno, 2, "completed"),
        (&amara, 3, "cancelled"),
        (&bruno, 6, "completed"),
    ] {
        let (code, body) = get(&home, token, &format!("/api/meetings/{meeting}")).await;
        assert_eq!((code, &body["status"]), (200, &status.into()), "{body}");
        assert_eq!(body["present"], 0);
    }
    assert_eq!(get(&home, &fatou, "/api/meetings/1").await.0, 404, "not hers");

    // What they were like nobody knows, also where something is added.
    let root = said(&home.run(["token", "--sub", "root", "--admin"])).trim().to_owned();
    let put = reqwest::Client::new().put(format!("{}/api/meetings/1/summary", home.url()));
    let put = put.bearer_auth(&root).json(&json!({ "text": "It was long." }));
    assert_eq!(soon("an answer", put.send()).await.unwrap().status(), 200);
    let ran = Connection::open(&database).unwrap();
    let sql =
        "SELECT count(*) FROM meetings WHERE started_at BETWEEN '2024-01-01' AND '2025-12-01'";
    assert!(ran.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap() > 0);
    let path = "/api/analytics?from=2024-01-01T00:00:00Z&to=2025-12-01T00:00:00Z";
    let (code, analytics) = get(&home, &root, path).await;
    assert_eq!((code, &analytics["weeks"]), (200, &json!([])));
    assert_eq!(get(&home, &eoin, "/api/meetings/5").await.0, 401, "switched off");

    // Before its time the host comes in, and who is invited waits for the start.
    let (mut host, welcome) =
        Raw::enter(server.address(), &hello("all-0001-hnd", &chen, None)).await;
    assert_eq!((welcome.you.user.0, welcome.meeting.title.as_str()), (3, "All hands"));
    let (_fatou, welcome) =
        Raw::enter(server.address(), &hello("all-0001-hnd", &fatou, None)).await;
    assert!(welcome.state.is_none(), "she waits");
    assert_eq!(welcome.you.participant.0, 9, "in the place that she had");
    host.command(
        2,
        &quorate_client::protocol::Command::MeetingStart(quorate_client::protocol::Empty {}),
    )
    .await;
    assert!(host.answer(2).await.contains(r#""type":"ok""#));

    // The passcode is asked for, and known by its hash.
    let interview = |passcode| hello("int-5512-qqa", &bruno, passcode);
    assert_eq!(turned_back(&server, &interview(None)).await, "passcode_required");
    assert_eq!(turned_back(&server, &interview(Some("hunter3"))).await, "passcode_wrong");
    let (_bruno, welcome) = Raw::enter(server.address(), &interview(Some("hunter2"))).await;
    assert!(welcome.meeting.has_passcode);
    for code in ["wks-8841-abq", "run-7710-zzt"] {
        assert_eq!(
            turned_back(&server, &hello(code, &amara, None)).await,
            "meeting_ended",
            "{code}"
        );
    }

    // New ids go on after the old ones.
    let made = home.meeting(&amara).await;
    assert_eq!(made.info.id.0, 7);
    let (_amara, welcome) = Raw::enter(server.address(), &hello_as(&made, &amara)).await;
    assert!(welcome.you.participant.0 > 12);
    let again = home.run(["migrate"]);
    assert!(again.status.success() && said(&again).contains("nothing was done"), "{again:?}");
    server.signal("TERM");
    assert_eq!(server.ended(), Some(0));
    home.assert_whole();
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn killed_at_any_point_it_leaves_the_old_database_or_the_new_one() {
    for mode in ["DELETE", "WAL"] {
        let log = if mode == "WAL" { "-wal" } else { "-journal" };
        for (at, least) in [
            (".before-quorate.part", 0),
            (".before-quorate", 0),
            (log, 1),
            (".migration.json.part", 0),
            (".migration.json.part", 1),
            (log, 100_000),
            // In the middle of the commit, where the log is already written.
            ("", 600_000),
            (".migration.json", 0),
        ] {
            let old = Old::new(&format!("{MORE} PRAGMA journal_mode = {mode}"));
            let before = old.contents();
            let is_there = |path: &Path| fs::metadata(path).is_ok_and(|file| file.len() >= least);
            let mut child = old.command().stdout(Stdio::null()).spawn().unwrap();
            let file = old.beside(at);
            while !is_there(&file) && child.try_wait().unwrap().is_none() {
                std::thread::yield_now();
            }
            child.kill().unwrap();
            child.wait().unwrap();
            let integrity: String =
                old.open().query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
            assert_eq!(integrity, "ok", "{mode}, {at}");
            if old.is_old() {
                assert!(old.contents() == before, "{mode}, {at}");
                // The older application goes on with it.
                let touch = "UPDATE users SET last_login = last_login WHERE id = 1";
                assert_eq!(old.open().execute(touch, []).unwrap(), 1);
                // The write above changed the file.
                let _ = fs::remove_file(old.beside(".before-quorate"));
                assert!(old.migrate().contains("is Quorate's now"), "{mode}, {at}");
            } else {
                assert!(old.migrate().contains("nothing was done"), "{mode}, {at}");
            }
            assert!(!old.is_old() && old.beside(".migration.json").exists(), "{mode}, {at}");
            assert!(!old.beside(".migration.json.part").exists(), "{mode}, {at}");
            assert!(!old.beside(".before-quorate.part").exists(), "{mode}, {at}");
            old.assert_whole();
        }
    }
}

#[test]
fn killed_and_run_again_at_once_it_finds_its_own_backup() {
    let old = Old::new(MORE);
    let mut child = old.command().stdout(Stdio::null()).spawn().unwrap();
    while !old.beside(".migration.json.part").exists() {
        assert!(child.try_wait().unwrap().is_none(), "it ended without a report");
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(old.migrate().contains("is Quorate's now"));
    old.assert_whole();
}

#[test]
fn what_a_crash_left_in_journal_and_log_is_taken_in() {
    for (mode, end) in [("DELETE", "-journal"), ("WAL", "-wal")] {
        let crashed = Old::new(&format!("{MORE} PRAGMA journal_mode = {mode}"));
        let writer = crashed.open();
        // So that pages are written before the end of the transaction.
        writer.execute_batch("PRAGMA cache_size = 1; PRAGMA wal_autocheckpoint = 0").unwrap();
        let add = "INSERT INTO users VALUES (7, 'gwen', 'g', NULL, 'Gwen', 1, '2024-01-01', NULL)";
        writer.execute_batch(add).unwrap();
        writer.execute_batch("BEGIN; UPDATE users SET full_name = 'half done'").unwrap();
        let old = Old::new("");
        fs::copy(&crashed.path, &old.path).unwrap();
        fs::copy(crashed.beside(end), old.beside(end)).unwrap();
        assert!(fs::metadata(old.beside(end)).unwrap().len() > 1000, "there is something in it");
        old.migrate();
        let names: Vec<String> = {
            let connection = old.open();
            let sql = "SELECT full_name FROM users WHERE id IN (1, 7) ORDER BY id";
            let mut statement = connection.prepare(sql).unwrap();
            let rows = statement.query_map([], |row| row.get(0)).unwrap();
            rows.collect::<Result<_, _>>().unwrap()
        };
        assert_eq!(names, ["Amara Okafor", "Gwen"], "{mode}");
        old.assert_whole();
    }
}

#[test]
fn a_disk_that_is_full() {
    // Files may not grow beyond so many blocks of 512 bytes: the backup does not fit, then the database.
    for (blocks, says) in [(20, "write the backup"), (120, "nothing was changed")] {
        let old = Old::new("");
        let limited = old.command();
        let mut command = Command::new("sh");
        command.args(["-c", "trap '' XFSZ; ulimit -f \"$0\"; exec \"$@\"", &blocks.to_string()]);
        command.arg(limited.get_program()).args(limited.get_args());
        old.refuses(command, &["app.db", says]);
        old.migrate();
    }
}

#[test]
fn what_may_not_be_written() {
    let old = Old::new("");
    // What may do anything is no test: then it runs as nobody.
    let is_root = fs::metadata("/proc/self").unwrap().uid() == 0;
    let folder = tempfile::tempdir().unwrap();
    let binary = folder.path().join("quorate");
    // By a process of its own: what a test beside this one starts would inherit an open copy, which cannot be run.
    let copied = Command::new("cp").arg(env!("CARGO_BIN_EXE_quorate")).arg(&binary).status();
    assert!(copied.unwrap().success());
    let mode =
        |path: &Path, mode| fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    mode(folder.path(), 0o755);
    let command = || {
        let mut command = Command::new(&binary);
        command.arg("migrate").arg("--database").arg(&old.path);
        if is_root {
            command.uid(65_534).gid(65_534);
        }
        command
    };
    mode(old.folder.path(), 0o777);
    mode(&old.path, 0o444);
    old.refuses(command(), &["it may only be read", "nothing was changed"]);
    mode(&old.path, 0o666);
    mode(old.folder.path(), 0o555);
    old.refuses(command(), &["write the backup", "app.db.before-quorate", "its folder writable"]);
    mode(old.folder.path(), 0o755);
}

#[test]
fn a_file_that_others_use_or_that_is_something_else() {
    let old = Old::new("");
    let other = old.open();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    // Without a look at the file meanwhile: to close it would give the lock back.
    Old::says(old.command(), &["another process is using it", "nothing was changed"]);
    other.execute_batch("COMMIT; ALTER TABLE meetings RENAME TO gatherings").unwrap();
    drop(other);
    old.refuses(old.command(), &["not the older application's database", "no table meetings"]);
    fs::write(&old.path, "a letter").unwrap();
    old.refuses(old.command(), &["it is no SQLite database"]);
    fs::remove_file(&old.path).unwrap();
    old.refuses(old.command(), &["there is no such database"]);
}
