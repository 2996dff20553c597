//! The other commands: tokens, the audit, and what they say of themselves.

use std::fs;
use std::path::Path;
use std::process::Output;

use quorate_client::protocol::{ChatTo, ClientFrame, Hello, ServerFrame};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::support::raw::chat;
use crate::support::server::{Quorate, hello_as, quorate};
use crate::support::{Heard, Home, Raw};

fn said(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn assert_exit(output: &Output, code: i32, says: &str) {
    let all = format!("{}{}", said(output), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{all}");
    assert!(all.contains(says), "not `{says}`: {all}");
    assert_eq!(all.lines().count(), 1, "not one line: {all}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_printed_alone_and_lets_its_holder_in() {
    let home = Home::new();
    // Before the first start: the key is made, and the server takes it.
    let printed = home.run(["token", "--sub", "ana", "--name", "Ana Ortiz", "--hours", "1"]);
    assert!(printed.status.success() && printed.stderr.is_empty(), "{printed:?}");
    let text = said(&printed);
    let token = text.strip_suffix('\n').unwrap();
    let word = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    assert!(token.split('.').count() == 3 && token.chars().all(word), "{text}");

    let server = home.start();
    let meeting = home.meeting(token).await;
    let (_ana, welcome) = Raw::enter(server.address(), &hello_as(&meeting, token)).await;
    assert_eq!((&*welcome.you.name, &*welcome.meeting.host.name), ("Ana Ortiz", "Ana Ortiz"));

    let elsewhere = Home::new().token("ana");
    let forged = Hello { token: Some(elsewhere), ..hello_as(&meeting, token) };
    let mut stranger = Raw::connect(server.address()).await;
    stranger.say(&ClientFrame::hello_text(&forged)).await;
    let Heard::Frame(ServerFrame::Error(Some(1), error), _) = stranger.next().await else {
        panic!("another server's token let someone in")
    };
    assert_eq!(error.code.name(), "unauthorized");
    assert_eq!(stranger.end().await.1, Some(4501));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_admins_token_says_so() {
    let home = Home::new();
    let printed = home.run(["token", "--sub", "root", "--admin"]);
    let admin = said(&printed).trim().to_owned();
    let server = home.start();
    let role = r#"{"key":"helper","label":"Helper","based_on":"attendee","rank":30}"#;
    for (token, status) in [(home.token("ana"), 403), (admin, 201)] {
        let request = reqwest::Client::new().post(format!("http://{}/api/roles", server.address()));
        let request = request.bearer_auth(token).header("content-type", "application/json");
        assert_eq!(request.body(role).send().await.unwrap().status(), status);
    }
}

#[test]
fn reserved_and_blank_names_get_no_token() {
    let home = Home::new();
    for (name, says) in [
        ("system", "`system` is reserved"),
        ("guest:ana", "`guest:` is reserved"),
        ("bot:7", "`bot:` is reserved"),
        (" ", "must not be blank"),
        ("", "must not be blank"),
    ] {
        let output = home.run(["token", "--sub", name]);
        assert!(output.stdout.is_empty(), "{output:?}");
        assert_exit(&output, 2, says);
    }
    assert!(!home.data().exists(), "a refusal makes no key");
}

#[test]
fn a_token_of_scopes_that_no_bot_has_is_refused_with_those_it_may_have() {
    let home = Home::new();
    let bot = ["token", "--sub", "clock", "--kind", "bot"];
    for (arguments, says) in [
        (
            &["--scopes", "chat.send,fly"][..],
            "`fly` is no scope of a bot; it may have meeting.start,",
        ),
        (&["--scopes", "poll.vote"], "`poll.vote` is no scope of a bot"),
        (&["--kind", "member", "--scopes", "chat.send"], "need --kind bot"),
        (&["--kind", "member", "--owner", "ana"], "need --kind bot"),
    ] {
        let kinds = if arguments[0] == "--kind" { &bot[..3] } else { &bot[..] };
        let output = home.run(kinds.iter().chain(arguments));
        assert!(output.stdout.is_empty(), "{output:?}");
        assert_exit(&output, 2, says);
    }
    assert!(!home.data().exists(), "a refusal makes no key");
    let output = home.run(bot.iter().chain(&["--scopes", "chat.send,media.audio"]));
    assert!(output.status.success() && said(&output).lines().count() == 1, "{output:?}");
}

/// A data folder with two meetings and a signed head, its server gone.
async fn history() -> (Home, String) {
    let home = Home::new();
    let mut server = home.start();
    for name in ["Ada", "Ben"] {
        let token = home.sign_in(name).await;
        let meeting = home.meeting(&token).await;
        let (mut raw, _) = Raw::enter(server.address(), &hello_as(&meeting, &token)).await;
        for id in 2..6 {
            let to = (id == 4).then_some(ChatTo::Staff);
            raw.command(id, &chat(format!("message {id}"), to)).await;
            raw.answer(id).await;
        }
    }
    // Beside the running server, too.
    home.assert_whole();
    server.signal("TERM");
    assert_eq!(server.ended(), Some(0));
    let head = home.run(["audit", "head"]);
    assert!(head.status.success(), "{head:?}");
    assert_eq!(said(&head).lines().count(), 2, "a line for each meeting");
    (home, said(&head))
}

/// A copy of the database and key, altered by this SQL behind the back of the triggers.
fn altered(home: &Home, sql: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in ["quorate.db", "quorate.key"] {
        fs::copy(home.data().join(file), folder.path().join(file)).unwrap();
    }
    let database = Connection::open(folder.path().join("quorate.db")).unwrap();
    let free = "PRAGMA foreign_keys = OFF; \
        DROP TRIGGER journal_is_kept; DROP TRIGGER journal_is_not_altered;";
    database.execute_batch(free).unwrap();
    database.execute_batch(sql).unwrap();
    assert!(sql.is_empty() || database.total_changes() > 0, "nothing altered by {sql}");
    database.close().map_err(|(_, error)| error).unwrap();
    folder
}

fn audit(folder: &Path, arguments: &[&str]) -> Output {
    quorate().arg("audit").args(arguments).arg("--data").arg(folder).output().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_audit_finds_every_alteration() {
    let (home, head) = history().await;
    let whole = altered(&home, "");
    assert_exit(&audit(whole.path(), &["verify"]), 0, "whole: ");
    assert_exit(&audit(whole.path(), &["verify", "--head", &head]), 0, "of 2 meetings");
    assert_exit(&audit(whole.path(), &["verify", "--meeting", "2"]), 0, "of 1 meetings");

    let row = "WHERE meeting_id = 2 AND seq = 6";
    let update = |what: &str| format!("UPDATE meeting_audit_logs SET {what} {row}");
    for sql in [
        update("details = replace(details, '{', '{ ')"),
        update("action = 'chat.deleted'"),
        update("audience = 'nobody'"),
        update("user_id = user_id + 1"),
        update("created_at = '2020-01-01T00:00:00.000Z'"),
        update("command_id = coalesce(command_id, 0) + 1"),
        update("hash = zeroblob(32)"),
        update("hash = substr(hash, 1, 31) || x'00'"),
        format!("DELETE FROM meeting_audit_logs {row}"),
    ] {
        let copy = altered(&home, &sql);
        assert_exit(&audit(copy.path(), &["verify"]), 1, "meeting 2, seq 6: ");
        assert_exit(&audit(copy.path(), &["verify", "--meeting", "1"]), 0, "whole: ");
    }
    let text = "UPDATE meeting_audit_logs SET personal = replace(personal, 'message', 'passage') \
        WHERE meeting_id = 2 AND action = 'chat.sent'";
    let copy = altered(&home, text);
    assert_exit(&audit(copy.path(), &["verify"]), 1, "the personal part was altered");
    let gone = "UPDATE meeting_audit_logs SET personal = NULL, salt = NULL \
        WHERE meeting_id = 2 AND action = 'chat.sent'";
    let copy = altered(&home, gone);
    assert_exit(&audit(copy.path(), &["verify"]), 1, "missing without a redaction");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_kept_elsewhere_finds_an_end_that_was_cut_off() {
    let (home, head) = history().await;
    let cut = "DELETE FROM meeting_audit_logs WHERE meeting_id = 1 AND seq = \
        (SELECT max(seq) FROM meeting_audit_logs WHERE meeting_id = 1)";
    let copy = altered(&home, cut);
    assert_exit(&audit(copy.path(), &["verify"]), 0, "whole: ");
    let verdict = audit(copy.path(), &["verify", "--head", &head]);
    assert_exit(&verdict, 1, "the end of the journal was cut off");
    let first = head.lines().next().unwrap();
    let verdict = audit(copy.path(), &["verify", "--meeting", "1", "--head", first]);
    assert_exit(&verdict, 1, "meeting 1, seq ");
    let printed = home.run(["audit", "head", "--meeting", "1"]);
    assert_eq!(said(&printed).trim_end(), first);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_audit_that_cannot_be_made_is_neither_whole_nor_altered() {
    let (home, head) = history().await;
    let first = head.lines().next().unwrap();
    let forged = first.replace("seq=", "seq=1");
    let data = home.data();
    for (arguments, says) in [
        (&["verify", "--meeting", "99"][..], "there is no meeting 99"),
        (&["verify", "--head", "a head"], "expected a line"),
        (&["verify", "--head", &forged], "not from this server's key"),
        (&["verify", "--meeting", "2", "--head", first], "not the meeting to be verified"),
        (&["head", "--meeting", "99"], "there is no meeting 99"),
    ] {
        assert_exit(&audit(&data, arguments), 2, says);
    }
    let empty = tempfile::tempdir().unwrap();
    assert_exit(&audit(empty.path(), &["verify"]), 2, "quorate.key");
    fs::copy(data.join("quorate.key"), empty.path().join("quorate.key")).unwrap();
    assert_exit(&audit(empty.path(), &["verify"]), 2, "there is no such database");
    fs::write(empty.path().join("quorate.db"), "nothing of the kind").unwrap();
    assert_exit(&audit(empty.path(), &["verify"]), 2, "no SQLite database");
}

#[test]
fn help_names_every_command_and_flag() {
    for (command, names) in [
        (&[][..], &["serve", "token", "audit", "--data", "--config", "--listen", "--database"][..]),
        (&["serve"], &["--data", "--config", "--listen", "--database"]),
        (
            &["token"],
            &[
                "--data",
                "--config",
                "--sub",
                "--name",
                "--email",
                "--hours",
                "--kind",
                "--scopes",
                "--meetings",
                "--owner",
            ],
        ),
        (&["audit"], &["verify", "head"]),
        (&["migrate"], &["--data", "--config", "--database"]),
        (&["audit", "verify"], &["--data", "--config", "--meeting", "--head"]),
        (&["audit", "head"], &["--data", "--config", "--meeting"]),
    ] {
        let output = quorate().args(command).arg("--help").output().unwrap();
        let help = said(&output);
        assert!(output.status.success() && output.stderr.is_empty(), "{command:?}: {output:?}");
        for name in names {
            assert!(help.contains(name), "{command:?} does not name {name}:\n{help}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flags_of_serving_before_the_command_hold_or_are_refused() {
    let home = Home::new();
    let database = home.data().with_file_name("elsewhere.db");
    let mut command = quorate();
    command.arg("--data").arg(home.data()).arg("--database").arg(&database);
    command.args(["--listen", &home.address().to_string(), "serve"]);
    let server = Quorate::start(command);
    assert_eq!(server.address(), home.address());
    assert!(database.exists() && !home.database().exists());
    // What stands behind the command is nearer.
    let nearer = database.with_file_name("nearer.db");
    let mut command = quorate();
    command.arg("--data").arg(home.data()).args(["--listen", "127.0.0.1:0", "--database"]);
    command.arg(&database).args(["serve", "--database"]).arg(&nearer);
    let _second = Quorate::start(command);
    assert!(nearer.exists());

    for (flags, says) in [
        (["--listen", "127.0.0.1:0"], "leave it out"),
        (["--database", "elsewhere.db"], "QUORATE_DATABASE"),
    ] {
        for rest in [&["audit", "verify"][..], &["token", "--sub", "ana"]] {
            let output = home.run([&flags[..], rest].concat());
            assert!(output.stdout.is_empty(), "{output:?}");
            assert_exit(&output, 2, says);
        }
    }
}
