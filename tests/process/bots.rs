//! The example bots as processes of their own, against the real server.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command as Process, Output, Stdio};
use std::sync::OnceLock;
use std::thread;

use quorate::live::clock;
use quorate_client::protocol::*;
use quorate_client::{Client, Notice, Notices, Options};
use tokio::sync::mpsc;

use crate::support::server::{hello_as, hello_guest};
use crate::support::{Home, soon};

/// Where cargo put the examples, built anew if they are not as their sources: a run of these tests alone
/// builds none. As for the whole workspace, as all tests are run: what they built is used.
fn examples() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        // target/debug/deps/process-…
        let test = std::env::current_exe().unwrap();
        let profile = test.ancestors().nth(2).unwrap();
        let mut cargo = Process::new(env!("CARGO"));
        cargo.args(["build", "--quiet", "--workspace", "--locked"]);
        cargo.args(["--example", "greeter_bot", "--example", "timekeeper_bot"]);
        cargo.current_dir(env!("CARGO_MANIFEST_DIR"));
        cargo.arg("--target-dir").arg(profile.parent().unwrap());
        if profile.ends_with("release") {
            cargo.arg("--release");
        }
        assert!(cargo.status().unwrap().success(), "the examples do not build");
        profile.join("examples")
    })
}

fn example(name: &str) -> Process {
    let mut command = Process::new(examples().join(name));
    command.env_remove("QUORATE_TOKEN").stdin(Stdio::null());
    command
}

/// A running bot, and the lines it prints.
struct Bot {
    child: Child,
    lines: mpsc::UnboundedReceiver<String>,
    said: Vec<String>,
}

impl Bot {
    fn start(home: &Home, name: &str, meeting: &Meeting, token: &str, arguments: &[&str]) -> Bot {
        let mut command = example(name);
        command.args(["--server", &home.url(), "--meeting", &meeting.info.code]);
        command.args(arguments).env("QUORATE_TOKEN", token).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = mpsc::unbounded_channel();
        thread::spawn(move || {
            output.lines().map_while(Result::ok).for_each(|line| drop(sender.send(line)));
        });
        Bot { child, lines, said: Vec::new() }
    }

    /// Waits until it prints a line that contains this.
    async fn says(&mut self, text: &str) {
        loop {
            let line = soon(&format!("`{text}` of {:?}", self.said), self.lines.recv()).await;
            let line = line.unwrap_or_else(|| panic!("it ended without `{text}`: {:?}", self.said));
            let found = line.contains(text);
            self.said.push(line);
            if found {
                return;
            }
        }
    }

    /// Ctrl-C; all that it printed.
    async fn interrupt(mut self) -> Vec<String> {
        let pid = self.child.id().to_string();
        assert!(Process::new("kill").args(["-INT", &pid]).status().unwrap().success());
        self.ended().await
    }

    /// Waits for the end; all that it printed.
    async fn ended(&mut self) -> Vec<String> {
        while let Some(line) = soon("the bot's end", self.lines.recv()).await {
            self.said.push(line);
        }
        assert!(self.child.wait().unwrap().success(), "{:?}", self.said);
        std::mem::take(&mut self.said)
    }
}

impl Drop for Bot {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A token for a bot of Ana's, from the command line.
fn token(home: &Home, scopes: &str) -> String {
    let name = ["token", "--sub", "helper", "--name", "Helper", "--kind", "bot"];
    let output = home.run(name.iter().chain(&["--owner", "ana", "--scopes", scopes]));
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

async fn enter(home: &Home, hello: Hello) -> (Client, Notices) {
    soon("a welcome", Client::connect(Options::new(home.socket_url(), hello))).await.unwrap()
}

/// Waits for an event of which this makes something.
async fn expect<T>(notices: &mut Notices, mut pick: impl FnMut(&EventBody) -> Option<T>) -> T {
    loop {
        let notice = soon("an event", notices.next()).await.expect("it is over");
        if let Notice::Event(event) = notice
            && let Some(found) = pick(&event.body)
        {
            return found;
        }
    }
}

fn text_of(event: &EventBody) -> Option<(String, Option<ChatTo>)> {
    match event {
        EventBody::ChatSent(chat) => Some((chat.text.clone()?, chat.to)),
        _ => None,
    }
}

async fn left(notices: &mut Notices) {
    let left = |event: &EventBody| matches!(event, EventBody::ParticipantLeft(_)).then_some(());
    expect(notices, left).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_greeter_greets_newcomers_and_tells_who_was_there() {
    let home = Home::new();
    let server = home.start();
    let ana_token = home.token("ana");
    let meeting = home.meeting(&ana_token).await;
    let out = home.data().join("attendance.csv");
    let out_flag = ["--greeting", "Hello {name}, have a seat", "--out", out.to_str().unwrap()];
    let token = token(&home, "participant.list,chat.private");
    let mut bot = Bot::start(&home, "greeter_bot", &meeting, &token, &out_flag);
    bot.says("waiting to be let in: NotStarted").await;

    let (ana, mut ana_hears) = enter(&home, hello_as(&meeting, &ana_token)).await;
    bot.says("in the meeting").await;
    let (ben, mut ben_hears) = enter(&home, hello_guest(&meeting, "Ben")).await;
    let (text, to) = expect(&mut ben_hears, text_of).await;
    assert_eq!(text, "Hello Ben, have a seat");
    assert!(matches!(to, Some(ChatTo::Participant(_))), "in private");
    let leaving = tokio::spawn(async move { ben.send(Command::Leave(Leave::default())).await });
    left(&mut ana_hears).await;
    // Not before Ben knows: whose leaving was not answered would come back to leave again.
    soon("the answer to Ben's leaving", leaving).await.unwrap().unwrap();
    drop(ben_hears);

    server.kill();
    let _server = home.start();
    bot.says("connection lost").await;
    let guest = "=1+1 \"Carl\"";
    let (carl, mut carl_hears) = enter(&home, hello_guest(&meeting, guest)).await;
    let (text, _) = expect(&mut carl_hears, text_of).await;
    assert_eq!(text, format!("Hello {guest}, have a seat"), "also after the server was killed");

    let said = bot.interrupt().await;
    let list = said.iter().position(|line| line == "3 stays:");
    let list = list.unwrap_or_else(|| panic!("{said:#?}"));
    for (line, name) in said[list + 1..].iter().zip(["ana", "Ben", guest]) {
        assert!(line.ends_with(name), "{said:?}");
    }
    left(&mut ana_hears).await;
    let csv = std::fs::read_to_string(&out).unwrap();
    let names: Vec<_> = csv.lines().map(|line| line.rsplitn(3, ',').last().unwrap()).collect();
    assert_eq!(names, ["name", "\"ana\"", "\"Ben\"", "\"'=1+1 \"\"Carl\"\"\""], "{csv}");
    drop((ana, carl));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_timekeeper_says_what_is_left_of_a_meeting() {
    let home = Home::new();
    let _server = home.start();
    let ana_token = home.token("ana");
    let token = token(&home, "chat.send");
    // What follows is not to wait for a compiler.
    examples();
    for (seconds, arguments, says) in
        [(Some(60), &[][..], "1 minute left."), (None, &["--minutes", "5"], "5 minutes left.")]
    {
        let ends_at = seconds.map(|seconds| clock::wall().plus_seconds(seconds));
        let meeting = home.meeting_until(&ana_token, ends_at).await;
        let (ana, mut hears) = enter(&home, hello_as(&meeting, &ana_token)).await;
        let mut bot = Bot::start(&home, "timekeeper_bot", &meeting, &token, arguments);
        let (text, to) = expect(&mut hears, text_of).await;
        assert_eq!((&*text, to), (says, None));
        bot.says(says).await;
        let (move_the_end, says) = match seconds {
            Some(_) => (Command::MeetingExtend(MeetingExtend { minutes: 4 }), "5 minutes left."),
            None => {
                let ends_at = Some(Some(clock::wall().plus_seconds(60)));
                let update = MeetingUpdate { ends_at, ..MeetingUpdate::default() };
                (Command::MeetingUpdate(update), "1 minute left.")
            }
        };
        let asks = ana.clone();
        tokio::spawn(async move { asks.send(move_the_end).await });
        assert_eq!(expect(&mut hears, text_of).await.0, says, "it follows");
        tokio::spawn(async move { ana.send(Command::MeetingEnd(Empty {})).await });
        let said = bot.ended().await;
        assert!(said.iter().any(|line| line == "goodbye: meeting_ended"), "{said:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bot_says_which_scope_is_missing_and_what_else_it_needs() {
    let home = Home::new();
    let _server = home.start();
    let ana_token = home.token("ana");
    let meeting = home.meeting(&ana_token).await;
    let (_ana, _hears) = enter(&home, hello_as(&meeting, &ana_token)).await;
    let without = token(&home, "participant.list");
    let mut bot = Bot::start(&home, "greeter_bot", &meeting, &without, &["--public"]);
    bot.says("the scope chat.send is missing").await;
    assert!(bot.interrupt().await.iter().all(|line| !line.contains("participant.list")));

    let run = |name: &str, token: Option<&str>| -> Output {
        let mut command = example(name);
        command.args(["--server", &home.url(), "--meeting", &meeting.info.code]);
        command.envs(token.map(|token| ("QUORATE_TOKEN", token))).output().unwrap()
    };
    for (name, token, says) in [
        ("greeter_bot", None, "a bot needs a token"),
        ("timekeeper_bot", None, "a bot needs a token"),
        ("timekeeper_bot", Some("abc"), "unauthorized"),
        ("timekeeper_bot", Some(&*without), "say how long it is with --minutes"),
    ] {
        let output = run(name, token);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && error.contains(says), "{name}: {output:?}");
    }
    for name in ["greeter_bot", "timekeeper_bot"] {
        let help = example(name).arg("--help").output().unwrap();
        let help = String::from_utf8(help.stdout).unwrap();
        assert!(help.contains("quorate token --sub") && help.contains("QUORATE_TOKEN"), "{help}");
    }
}
