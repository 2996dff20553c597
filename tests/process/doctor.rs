//! What `quorate doctor` says of data in order and in disorder, and of people; and that it says what the server
//! does.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::Output;

use quorate_client::protocol::{
    Admit, Ban, Command, Empty, ErrorBody, Hello, InviteeAdd, Meeting, ParticipantId, Permission,
    PersonPermissions, PersonReason, ServerFrame, UserId, Welcome,
};
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::support::journal::meddle;
use crate::support::server::{Quorate, hello_as, hello_guest, quorate};
use crate::support::{Heard, Home, Raw};

fn said(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The checks, as data; and the exit code.
fn checks(home: &Home) -> (Vec<Value>, i32) {
    let output = home.run(["doctor", "--json"]);
    let report: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
    let code = output.status.code().unwrap();
    assert_eq!(report["ok"], code == 0, "{report}");
    (report["checks"].as_array().unwrap().clone(), code)
}

/// The check of this name.
fn check<'a>(checks: &'a [Value], name: &str) -> &'a Value {
    checks
        .iter()
        .find(|check| check["check"] == name)
        .unwrap_or_else(|| panic!("{name}: {checks:#?}"))
}

/// What a check ends with, and what it says in all.
fn assert_check(home: &Home, name: &str, status: &str, says: &str) {
    let (checks, code) = checks(home);
    let check = check(&checks, name);
    assert_eq!(check["status"], status, "{check}");
    assert!(check.to_string().contains(says), "not `{says}`: {check}");
    assert_eq!(code == 1, status == "fail", "{checks:#?}");
    if status == "fail" && name != "database" && name != "key" {
        assert!(check["todo"].as_str().is_some_and(|todo| !todo.is_empty()), "{check}");
    }
}

/// A database with a meeting in it that has not ended, and no server.
async fn home_with_a_meeting() -> (Home, Meeting) {
    let home = Home::new();
    let server = home.start();
    let (token, meeting) = home.hosted_meeting().await;
    let (_host, _) = Raw::enter(server.address(), &hello_as(&meeting, &token)).await;
    server.kill();
    (home, meeting)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn data_in_order_are_well_beside_a_server_and_without_one_and_before_the_first() {
    let home = Home::new();
    let (before, code) = checks(&home);
    assert_eq!(code, 0, "a warning is none: {before:#?}");
    assert!(!home.data().exists(), "it only looks");

    let server = home.start();
    home.hosted_meeting().await;
    let listen = server.address().to_string();
    let output = quorate()
        .env("QUORATE_LISTEN", &listen)
        .arg("--data")
        .arg(home.data())
        .arg("doctor")
        .output()
        .unwrap();
    let text = said(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("has the database open") && text.contains("is ready at"), "{text}");
    assert!(text.lines().all(|line| ["ok  ", "warn"].contains(&&line[..4])), "{text}");
    server.kill();

    let (after, code) = checks(&home);
    assert_eq!(code, 0, "{after:#?}");
    assert!(check(&after, "server")["says"].as_str().unwrap().starts_with("none runs"));
    let left: Vec<_> =
        fs::read_dir(home.data()).unwrap().map(|it| it.unwrap().file_name()).collect();
    let probes = left.iter().filter(|name| name.to_string_lossy().contains("doctor"));
    assert_eq!(probes.count(), 0, "what it tried with is gone: {left:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_disorder_is_named_with_what_to_do() {
    let (home, _) = home_with_a_meeting().await;
    assert_check(&home, "meetings", "ok", "1 have not ended");

    let key = home.data().join("quorate.key");
    fs::set_permissions(&key, Permissions::from_mode(0o644)).unwrap();
    assert_check(&home, "key", "fail", "chmod 600");
    fs::set_permissions(&key, Permissions::from_mode(0o600)).unwrap();
    let kept = fs::read(&key).unwrap();
    fs::write(&key, "no key").unwrap();
    assert_check(&home, "key", "fail", "is not a key of Quorate; restore it");
    fs::remove_file(&key).unwrap();
    assert_check(&home, "key", "fail", "restore it from where you keep it");
    fs::write(&key, kept).unwrap();
    fs::set_permissions(&key, Permissions::from_mode(0o600)).unwrap();

    fs::set_permissions(home.data(), Permissions::from_mode(0o755)).unwrap();
    assert_check(&home, "data folder", "warn", "chmod 700");
    fs::set_permissions(home.data(), Permissions::from_mode(0o700)).unwrap();

    let database = meddle(&home.database());
    let alter = |sql: &str| {
        database.execute_batch(&format!("PRAGMA foreign_keys = OFF; {sql}")).unwrap();
    };
    alter("INSERT INTO meeting_co_hosts VALUES (1, 77, 77, '2026', '2026')");
    assert_check(&home, "references", "fail", "the first in meeting_co_hosts");
    alter("DELETE FROM meeting_co_hosts");
    alter("DROP INDEX idx_meeting_order");
    assert_check(&home, "schema", "fail", "idx_meeting_order");
    alter("CREATE INDEX idx_meeting_order ON meetings(coalesce(start_time, created_at), id)");
    alter("DROP TRIGGER IF EXISTS meeting_audit_logs_no_update");
    let triggers: Vec<String> = {
        let sql = "SELECT name FROM sqlite_schema WHERE type = 'trigger'";
        let mut triggers = database.prepare(sql).unwrap();
        triggers.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    for trigger in triggers {
        alter(&format!("DROP TRIGGER {trigger}"));
    }
    alter(
        "UPDATE meeting_audit_logs SET created_at = '2199-01-01T00:00:00.000Z' \
           WHERE id = (SELECT max(id) FROM meeting_audit_logs)",
    );
    assert_check(&home, "journal", "fail", "ahead of the clock");
    alter("UPDATE meeting_audit_logs SET details = '{' WHERE seq = 2");
    assert_check(&home, "meetings", "fail", "1 of 1 cannot be restored");
    alter("DELETE FROM meeting_audit_logs WHERE seq = 2");
    assert_check(&home, "meetings", "fail", "rows are missing");
}

#[test]
fn what_is_no_database_of_ours_is_told_with_what_to_run() {
    let home = Home::new();
    fs::create_dir_all(home.data()).unwrap();
    fs::write(
        home.database(),
        "no database at all, and long enough to have a head of a hundred bytes; as one needs",
    )
    .unwrap();
    assert_check(&home, "database", "fail", "it is no SQLite database");
    fs::remove_file(home.database()).unwrap();
    let old = Connection::open(home.database()).unwrap();
    old.execute_batch("CREATE TABLE meetings (id); CREATE TABLE users (id)").unwrap();
    drop(old);
    assert_check(&home, "database", "fail", "quorate migrate --database");
    fs::remove_dir_all(home.data()).unwrap();
    fs::write(home.data(), "a file").unwrap();
    assert_check(&home, "data folder", "fail", "is no folder");

    let settings = home.data().with_extension("toml");
    fs::write(&settings, "grace = 5").unwrap();
    let output = home.run(["doctor".as_ref(), "--config".as_ref(), settings.as_os_str()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).starts_with("FAIL settings: "), "{output:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_that_cannot_be_asked_ends_with_two() {
    let home = Home::new();
    for (arguments, says) in [
        (&["--meeting", "1"][..], "--user"),
        (&["--user", "ana"], "--meeting"),
        (&["--meeting", "one", "--user", "ana"], "invalid value 'one'"),
        (&["--meeting", "1", "--user", "ana"], "there is no such database"),
    ] {
        let output = home.run(["doctor"].iter().chain(arguments));
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(error.contains(says), "not `{says}`: {error}");
    }
    let server = home.start();
    let output = home.run(["doctor", "--meeting", "99999999999", "--user", "ana"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("there is no meeting 99999999999"));
    assert_eq!(output.status.code(), Some(2));
    drop(server);
}

/// A server with a meeting, its host in it.
struct Scene {
    home: Home,
    server: Quorate,
    meeting: Meeting,
    host: Raw,
    next: i64,
}

impl Scene {
    async fn set() -> Scene {
        let home = Home::unlimited();
        let server = home.start();
        let token = home.token("hester");
        let meeting = home.meeting(&token).await;
        let (host, _) = Raw::enter(server.address(), &hello_as(&meeting, &token)).await;
        Scene { home, server, meeting, host, next: 2 }
    }

    /// The host does this.
    async fn order(&mut self, command: Command) -> Value {
        let id = self.next;
        self.next += 1;
        self.host.command(id, &command).await;
        loop {
            match self.host.next().await {
                Heard::Frame(ServerFrame::Ok(ok), text) if ok.id == id => {
                    return serde_json::from_str::<Value>(&text).unwrap()["data"].clone();
                }
                Heard::Frame(ServerFrame::Error(Some(of), error), _) if of == id => {
                    panic!("{command:?}: {error:?}")
                }
                Heard::Frame(..) | Heard::Pong => {}
                Heard::Closed(code) => panic!("closed: {code:?}"),
            }
        }
    }

    async fn policy(&mut self, policy: Value) {
        self.order(Command::MeetingPolicy(serde_json::from_value(policy).unwrap())).await;
    }

    /// What the server says to this hello.
    async fn knock(&self, hello: &Hello) -> Result<Box<Welcome>, Box<ErrorBody>> {
        let mut raw = Raw::connect(self.server.address()).await;
        raw.say(&quorate_client::protocol::ClientFrame::hello_text(hello)).await;
        match raw.next().await {
            Heard::Frame(ServerFrame::Welcome(_, welcome), _) => Ok(welcome),
            Heard::Frame(ServerFrame::Error(_, error), _) => Err(Box::new(error)),
            other => panic!("{other:?}"),
        }
    }

    /// What the doctor says of someone.
    fn doctor(&self, user: &str) -> Value {
        let id = self.meeting.info.id.to_string();
        let output = self.home.run(["doctor", "--json", "--meeting", &id, "--user", user]);
        let report: Value =
            serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
        assert_eq!(
            output.status.code(),
            Some(if report["ok"] == true { 0 } else { 1 }),
            "{report}"
        );
        report
    }

    /// The doctor's word against the server's: what it says before someone comes is what they are told then.
    async fn agrees(&self, user: &str, expected: &str) -> (Value, Option<Welcome>) {
        let report = self.doctor(user);
        let says = report["says"].as_str().unwrap().to_owned();
        assert!(says.contains(expected), "not `{expected}`: {report:#}");
        match self.knock(&hello_as(&self.meeting, &self.home.token(user))).await {
            Ok(welcome) if welcome.state.is_some() => {
                assert_eq!(report["ok"], true, "{user} came in, and the doctor said {says}");
                (report, Some(*welcome))
            }
            Ok(welcome) => {
                let reason =
                    serde_json::to_value(welcome.waiting.as_ref().unwrap().reason).unwrap();
                assert!(says.contains(&format!("waits (`{}`", reason.as_str().unwrap())), "{says}");
                (report, Some(*welcome))
            }
            Err(error) => {
                assert!(
                    says.contains(&format!("is refused (`{}`", error.code.name())),
                    "{says}: {error:?}"
                );
                (report, None)
            }
        }
    }
}

/// All that would help at the first obstacle.
fn first_ways(report: &Value) -> String {
    report["steps"][0]["one_of"].to_string()
}

fn happened(report: &Value, kind: &str) -> bool {
    report["events"].as_array().unwrap().iter().any(|event| event["type"] == kind)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_or_is_kept_out_is_told_as_the_server_tells_them() {
    let mut scene = Scene::set().await;
    let (report, welcome) = scene.agrees("ben", "comes in (by the rule `open`)").await;
    let ben = welcome.unwrap().you;
    assert_eq!(report["steps"], json!([]));
    assert!(report["assumed"].to_string().contains(&scene.meeting.info.code), "by the code alone");

    scene.policy(json!({ "requires_approval": true, "waiting_passes": ["invited"] })).await;
    let (report, _) = scene.agrees("cyd", "waits (`approval`").await;
    for way in ["participant.admit", "invitee.add", "requires_approval"] {
        assert!(first_ways(&report).contains(way), "{way}: {report:#}");
    }
    let (report, welcome) = scene.agrees("cyd", "waits (`approval`").await;
    assert_eq!(report["standing"]["place"], "waiting", "it is seen that they wait");
    let cyd = welcome.unwrap().you;
    let reason = Some("not today".to_owned());
    let decline = PersonReason { participant: cyd.participant, reason };
    scene.order(Command::ParticipantDecline(decline)).await;
    let (report, _) = scene.agrees("cyd", "is refused (`declined`").await;
    assert!(first_ways(&report).contains("knock again in"), "{report:#}");
    assert!(happened(&report, "participant.declined"));

    let invite = |user: UserId| {
        Command::InviteeAdd(InviteeAdd { user: Some(user), ..InviteeAdd::default() })
    };
    let dee = scene.knock(&hello_as(&scene.meeting, &scene.home.token("dee"))).await.unwrap().you;
    scene
        .order(Command::ParticipantDecline(PersonReason {
            participant: dee.participant,
            reason: None,
        }))
        .await;
    scene.order(invite(dee.user)).await;
    let (report, _) = scene.agrees("dee", "is refused (`declined`").await;
    assert_eq!(report["standing"]["invited"], true);
    assert_eq!(report["steps"].as_array().unwrap().len(), 1, "invited, they pass then: {report:#}");

    scene.order(Command::MeetingLock(Empty {})).await;
    let (report, _) = scene.agrees("eve", "is refused (`meeting_locked`").await;
    assert!(first_ways(&report).contains("meeting.unlock {}"), "{report:#}");
    assert_eq!(report["steps"].as_array().unwrap().len(), 2, "and then they wait: {report:#}");
    assert!(happened(&report, "meeting.locked"));
    scene.order(Command::MeetingUnlock(Empty {})).await;

    let ban =
        Ban { participant: Some(ben.participant), ..serde_json::from_value(json!({})).unwrap() };
    scene.order(Command::ParticipantBan(ban)).await;
    let (report, _) = scene.agrees("ben", "is refused (`banned`").await;
    assert!(
        first_ways(&report).contains(&format!("participant.unban {{\\\"user\\\":{}}}", ben.user)),
        "{report:#}"
    );
    let banned = report["events"]
        .as_array()
        .unwrap()
        .iter()
        .find(|event| event["type"] == "participant.banned");
    let banned = banned.unwrap();
    assert!(
        banned["by"].as_str().unwrap().contains("hester") && banned["seq"].as_u64() > Some(1),
        "{banned}"
    );

    scene.policy(json!({ "requires_approval": false, "max_participants": 2 })).await;
    scene.agrees("fay", "comes in").await;
    let (report, _) = scene.agrees("gil", "is refused (`meeting_full`").await;
    assert!(first_ways(&report).contains(r#"{\"max_participants\":3}"#), "{report:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn passcodes_guests_accounts_and_ends_are_told() {
    let mut scene = Scene::set().await;
    scene.policy(json!({ "passcode": "open sesame", "guests": false })).await;
    let (report, _) = scene.agrees("ben", "is refused (`passcode_required`").await;
    assert!(first_ways(&report).contains("passcode with hello"), "{report:#}");
    assert!(!report.to_string().contains("sesame") && !report.to_string().contains("argon2"));

    let guest = scene.home.sign_in("Gus").await;
    scene.policy(json!({ "passcode": null, "guests": true })).await;
    let gus = scene.knock(&hello_as(&scene.meeting, &guest)).await.unwrap().you;
    scene.policy(json!({ "guests": false })).await;
    let remove = PersonReason { participant: gus.participant, reason: None };
    scene.order(Command::ParticipantRemove(remove)).await;
    let report = scene.doctor(&gus.user.to_string());
    assert!(report["says"].as_str().unwrap().contains("takes no guests"), "{report:#}");
    assert_eq!(
        scene.knock(&hello_guest(&scene.meeting, "Gus")).await.unwrap_err().code.name(),
        "unauthorized"
    );
    assert_eq!(
        (&report["user"]["kind"], &report["standing"]["removed"]),
        (&json!("guest"), &json!(true))
    );
    let steps = report["steps"].as_array().unwrap();
    assert!(
        steps.len() == 2 && steps[0].to_string().contains(r#"{\"guests\":true}"#),
        "{report:#}"
    );

    scene.agrees("ben", "comes in").await;
    let switch = meddle(&scene.home.database());
    switch.execute("UPDATE users SET is_active = 0 WHERE username = 'ben'", []).unwrap();
    let (report, _) =
        scene.agrees("ben", "is refused (`unauthorized`): this account is switched off").await;
    assert!(first_ways(&report).contains("users.is_active = 1"), "{report:#}");
    assert_eq!(report["user"]["active"], false);

    scene.order(Command::MeetingEnd(Empty {})).await;
    let (report, _) = scene.agrees("cyd", "is refused (`meeting_ended`").await;
    assert!(first_ways(&report).contains("the host comes again"), "{report:#}");
    assert!(happened(&report, "meeting.ended"));
    assert_eq!(scene.doctor("hester")["ok"], true, "the host reopens it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_may_is_what_the_server_said_and_why_not_is_told_in_words() {
    let mut scene = Scene::set().await;
    let hello = hello_as(&scene.meeting, &scene.home.token("ben"));
    let (mut ben, welcome) = Raw::enter(scene.server.address(), &hello).await;
    let participant: ParticipantId = welcome.you.participant;
    let deny = PersonPermissions { participant, permissions: vec![Permission::ChatPrivate] };
    scene.order(Command::RoleDeny(deny)).await;
    scene.policy(json!({ "locks": ["media.video"] })).await;
    ben.command(2, &Command::ParticipantAdmit(Admit { all: true, ..Admit::default() })).await;
    let report = scene.doctor("ben");
    assert_eq!((&report["ok"], &report["says"]), (&json!(true), &json!("is in")), "{report:#}");
    let able = |permission: &str| report["can"][permission].clone();
    for (permission, no, says) in [
        ("chat.private", "denied", "role.reset"),
        ("media.video", "lock", "meeting.policy"),
        ("participant.admit", "role", "the role attendee never has it; from moderator on one does"),
        ("media.share", "role", "only when granted: role.grant, or a role from presenter on"),
    ] {
        let able = able(permission);
        assert_eq!(
            (&able["may"], &able["no"]),
            (&json!(false), &json!(no)),
            "{permission}: {able}"
        );
        assert!(able["says"].as_str().unwrap().contains(says), "{permission}: {able}");
    }
    assert_eq!(able("chat.send"), json!({ "may": true }));
    assert!(
        happened(&report, "permissions.changed") && happened(&report, "meeting.policy_changed")
    );

    // Whole, and the server's own word.
    let (_again, welcome) = Raw::enter(scene.server.address(), &hello).await;
    for (permission, grant) in &welcome.you.can.0 {
        let may = *grant == quorate_client::protocol::Grant::Yes;
        assert_eq!(able(permission.name())["may"], may, "{permission}");
    }
    scene.order(Command::MeetingSuspend(Empty {})).await;
    let report = scene.doctor("ben");
    assert_eq!(report["can"]["chat.send"]["no"], "suspended");
    assert!(report["can"]["chat.send"]["says"].as_str().unwrap().contains("meeting.resume"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_server_it_says_how_it_would_be_if_it_were_started() {
    let scene = Scene::set().await;
    let id = scene.meeting.info.id.to_string();
    let Scene { home, server, .. } = scene;
    server.kill();
    let output = home.run(["doctor", "--meeting", &id, "--user", "ben"]);
    let text = said(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(
        text.contains("the server does not run") && text.contains("comes in (by the rule `open`)"),
        "{text}"
    );
    assert!(text.contains("may not meeting.start") && text.contains("seq "), "{text}");
    assert!(!text.contains("9223372036854775807"), "an id that nobody has: {text}");
}
