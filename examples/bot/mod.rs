//! What the bots share: a token, a connection that comes back by itself, the server's clock, a mouth.

use anyhow::{Context, Result, anyhow};
use clap::Args;
use quorate_client::protocol::*;
use quorate_client::{Client, CommandError, ConnectError, Notice, Notices, Options};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::Instant;

/// Commands that wait to be said; beyond, they are dropped with a word.
const COMMANDS_MAX: usize = 256;

/// Where a bot goes, and by whose leave.
#[derive(Args)]
pub(crate) struct Place {
    /// The server
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    server: String,
    /// The meeting's code, as in abc-defg-hij
    #[arg(long, value_name = "CODE")]
    meeting: String,
    /// The bot's token [default: the variable QUORATE_TOKEN]
    #[arg(long)]
    token: Option<String>,
}

/// A bot in a meeting, or on its way there.
pub(crate) struct Bot {
    notices: Notices,
    commands: mpsc::Sender<Command>,
    interrupt: Signal,
    leaving: bool,
    /// The server's time, and when it was that.
    clock: (Timestamp, Instant),
}

impl Bot {
    /// Connects, or says what is wrong.
    pub(crate) async fn enter(place: &Place) -> Result<Bot> {
        let token = place.token.clone().or_else(|| std::env::var("QUORATE_TOKEN").ok());
        let token = token.context("a bot needs a token: --token, or the variable QUORATE_TOKEN")?;
        let server = place.server.trim_end_matches('/');
        let hello = Hello {
            meeting: MeetingRef::Code(place.meeting.clone()),
            token: Some(token),
            guest: None,
            resume: None,
            passcode: None,
            client: Some(ClientInfo { name: env!("CARGO_CRATE_NAME").to_owned(), version: None }),
        };
        let url = format!("{}/ws", server.replacen("http", "ws", 1));
        let connected = Client::connect(Options::new(url, hello)).await;
        let (client, notices) = connected.map_err(|error| match error {
            ConnectError::Socket(_) => {
                anyhow!(error).context(format!("nothing answers at {server}"))
            }
            error => anyhow!(error),
        })?;
        let interrupt = signal(SignalKind::interrupt())?;
        let clock = (Timestamp(0), Instant::now());
        Ok(Bot { notices, commands: mouth(client), interrupt, leaving: false, clock })
    }

    /// The next thing that happens; none when it is over. Ctrl-C leaves, and twice goes. Cancel safe.
    pub(crate) async fn next(&mut self) -> Option<Notice> {
        loop {
            let notice = tokio::select! {
                notice = self.notices.next() => notice?,
                _ = self.interrupt.recv() => {
                    if std::mem::replace(&mut self.leaving, true) {
                        return None;
                    }
                    self.say(Command::Leave(Leave::default()));
                    continue;
                }
            };
            match &notice {
                Notice::Welcome(welcome) => {
                    self.clock = (welcome.server.time, Instant::now());
                    match &welcome.waiting {
                        Some(waiting) => println!("waiting to be let in: {:?}", waiting.reason),
                        None => println!("in the meeting “{}”", welcome.meeting.title),
                    }
                }
                Notice::Lost => println!("connection lost, coming back"),
                Notice::Bye(bye) => println!("goodbye: {}", bye.code),
                Notice::Event(_) | Notice::Signal(_) | Notice::UpTo(_) => {}
            }
            return Some(notice);
        }
    }

    /// Says something; what is refused is told on the terminal.
    pub(crate) fn say(&self, command: Command) {
        if self.commands.try_send(command).is_err() {
            println!("! too much to say at once; something was not said");
        }
    }

    /// The server's time.
    pub(crate) fn now(&self) -> Timestamp {
        let (server, at) = self.clock;
        server.plus_ms(i64::try_from(at.elapsed().as_millis()).unwrap_or(i64::MAX))
    }
}

/// Commands go through a task of their own: answers come the same way as what happens, so who waits for
/// one must not be who reads.
fn mouth(client: Client) -> mpsc::Sender<Command> {
    let (commands, mut queue) = mpsc::channel::<Command>(COMMANDS_MAX);
    tokio::spawn(async move {
        while let Some(command) = queue.recv().await {
            match client.send(command).await {
                Err(CommandError::Refused(error)) => match error.permission {
                    Some(scope) => println!("! {}", lacks(scope)),
                    None => println!("! refused: {}", error.message),
                },
                Err(error) => println!("! {error}"),
                Ok(_) => {}
            }
        }
    });
    commands
}

/// Says which of these the bot may not.
pub(crate) fn tell_missing(can: &Grants, needed: &[Permission]) {
    for scope in needed.iter().filter(|scope| !can.allow(**scope)) {
        println!("! {}", lacks(*scope));
    }
}

fn lacks(scope: Permission) -> String {
    format!("the scope {scope} is missing: in the bot's token, or its owner may not so either")
}
