//! `replay`, `user erase`, and the audit's lines in a file: what the commands print and do.

use std::fs;
use std::process::Output;

use quorate_client::protocol::ChatTo;
use serde_json::Value;

use crate::support::raw::chat;
use crate::support::server::hello_as;
use crate::support::{Home, Raw};

fn said(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn all(output: &Output) -> String {
    format!("{}{}", said(output), String::from_utf8_lossy(&output.stderr))
}

/// A meeting in which Zelda said something to all and something to one, and the server stopped.
async fn history() -> Home {
    let home = Home::new();
    let mut server = home.start();
    let ana = home.token("ana");
    let meeting = home.meeting(&ana).await;
    let zelda = said(&home.run([
        "token",
        "--sub",
        "zelda.q",
        "--name",
        "Zelda Quimby",
        "--email",
        "zelda@example.org",
    ]));
    let (mut host, welcome) = Raw::enter(server.address(), &hello_as(&meeting, &ana)).await;
    let (mut guest, _) = Raw::enter(server.address(), &hello_as(&meeting, zelda.trim())).await;
    guest.command(2, &chat("a recipe", None)).await;
    guest.answer(2).await;
    let to = Some(ChatTo::Participant(welcome.you.participant));
    guest.command(3, &chat("a whisper", to)).await;
    guest.answer(3).await;
    host.command(2, &chat("an answer", None)).await;
    host.answer(2).await;
    server.signal("TERM");
    assert_eq!(server.ended(), Some(0));
    home
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_meeting_is_printed_as_it_stood() {
    let home = history().await;
    let replay = |more: &[&str]| {
        let output = home.run(["replay", "--meeting", "1"].iter().chain(more));
        assert!(output.status.success() && output.stderr.is_empty(), "{}", all(&output));
        serde_json::from_str::<Value>(&said(&output)).unwrap()
    };
    let texts = |state: &Value| -> Vec<String> {
        let chat = state["chat"].as_array().unwrap().iter();
        chat.map(|message| message["text"].as_str().unwrap().to_owned()).collect()
    };
    let end = replay(&[]);
    assert_eq!(texts(&end), ["a recipe", "an answer"], "and nothing that was for one person");
    let first = replay(&["--seq", "1"]);
    assert_eq!((&first["seq"], &first["total"]), (&1.into(), &0.into()));
    assert_eq!(replay(&["--at", "2100-01-01T00:00:00Z"])["chat"], end["chat"]);
    for (arguments, says) in [
        (&["--meeting", "1", "--seq", "9999"][..], "does not reach there"),
        (&["--meeting", "1", "--at", "2001-01-01T00:00:00Z"], "does not reach there"),
        (&["--meeting", "99"], "does not reach there"),
        (&["--meeting", "1", "--at", "yesterday"], "invalid value"),
        (&["--meeting", "1", "--seq", "1", "--at", "2100-01-01T00:00:00Z"], "cannot be used with"),
    ] {
        let output = home.run(["replay"].iter().chain(arguments));
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(all(&output).contains(says), "{arguments:?}: {}", all(&output));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_is_erased_from_every_byte_and_the_journal_stays_whole() {
    let home = history().await;
    let heads = home.data().join("heads");
    fs::write(&heads, said(&home.run(["audit", "head"]))).unwrap();
    let unasked = home.run(["user", "erase", "zelda.q"]);
    assert_eq!(unasked.status.code(), Some(2));
    assert!(all(&unasked).contains("confirm with --yes"), "{}", all(&unasked));
    let holds = |text: &str| {
        let bytes = fs::read(home.database()).unwrap();
        bytes.windows(text.len()).any(|it| it == text.as_bytes())
    };
    for text in ["Zelda", "zelda.q", "zelda@example.org", "a recipe", "a whisper", "an answer"] {
        assert!(holds(text), "`{text}` is there before");
    }
    let server = home.start();
    let busy = home.run(["user", "erase", "zelda.q", "--yes"]);
    assert_eq!(busy.status.code(), Some(2));
    assert!(all(&busy).contains("stop it first"), "{}", all(&busy));
    server.signal("TERM");
    let mut server = server;
    assert_eq!(server.ended(), Some(0));

    let erased = home.run(["user", "erase", "zelda.q", "--yes"]);
    assert!(erased.status.success() && erased.stderr.is_empty(), "{}", all(&erased));
    assert!(
        said(&erased).contains("Zelda Quimby, zelda.q <zelda@example.org>"),
        "{}",
        said(&erased)
    );
    for text in ["Zelda", "zelda", "a recipe", "a whisper"] {
        assert!(!holds(text), "`{text}` is still in the file");
    }
    assert!(holds("an answer"));
    home.assert_whole();
    let heads = heads.to_str().unwrap();
    let verdict = home.run(["audit", "verify", "--heads", heads]);
    assert!(said(&verdict).starts_with("whole: "), "heads from before hold: {}", all(&verdict));
    let again = home.run(["user", "erase", "zelda.q", "--yes"]);
    assert!(all(&again).contains("there is no user `zelda.q`"), "{}", all(&again));
    let again = home.run(["user", "erase", "erased:2", "--yes"]);
    assert!(said(&again).contains("0 events of 0 meetings"), "{}", all(&again));
}
