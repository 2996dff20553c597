//! A bot that says in the chat how much time is left.
//!
//! `cargo run --example timekeeper_bot -- --help` says how it gets its token.

mod bot;

use std::future::pending;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use bot::{Bot, Place};
use clap::Parser;
use quorate_client::Notice;
use quorate_client::protocol::*;
use tokio::time::sleep;

/// Minutes before the end at which it speaks.
const BEFORE: [i64; 4] = [10, 5, 1, 0];
/// How late an announcement may come; later, the next one will do.
const LATE_MS: u64 = 30_000;

const HELP: &str = "It needs a bot's token, from whoever has the server's data folder:

  quorate token --sub timekeeper --name Timekeeper --kind bot --owner ana --scopes chat.send

The bot reaches the meetings that its owner hosts (or those of --meetings, in the token), and may no more
than its owner may there. It speaks 10, 5 and 1 minutes before the end, at the end, and every few minutes
after it; where the end is moved, it follows. It waits until someone starts the meeting, comes back by itself when the connection is lost, and
goes with Ctrl-C or when the meeting ends.";

/// Says in the chat how much time is left.
#[derive(Parser)]
#[command(after_help = HELP)]
struct Options {
    #[command(flatten)]
    place: Place,
    /// How long a meeting without an end is to take, from its start
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1440))]
    minutes: Option<u32>,
    /// How often to speak after the end, in minutes
    #[arg(long, value_name = "N", default_value_t = 5,
        value_parser = clap::value_parser!(u32).range(1..=1440))]
    every: u32,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(&Options::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: &Options) -> Result<()> {
    let mut bot = Bot::enter(&options.place).await?;
    let mut watch = Watch { every: options.every.into(), end: None, said: i64::MAX };
    // The end of a meeting that has none of its own.
    let mut planned = None;
    loop {
        let wait = watch.next_at().map(|at| Duration::from_millis(at.ms_since(bot.now())));
        let due = async {
            match wait {
                Some(wait) => sleep(wait).await,
                None => pending().await,
            }
        };
        let notice = tokio::select! {
            notice = bot.next() => notice,
            () = due => {
                if let Some(text) = watch.speak(bot.now()) {
                    println!("{text}");
                    bot.say(Command::ChatSend(ChatSend { text, to: None, reply_to: None }));
                }
                continue;
            }
        };
        match notice {
            None => return Ok(()),
            Some(Notice::Welcome(welcome)) if welcome.waiting.is_none() => {
                bot::tell_missing(&welcome.you.can, &[Permission::ChatSend]);
                let Welcome { meeting, server, .. } = *welcome;
                let started = meeting.started_at.unwrap_or(server.time);
                planned = options.minutes.map(|minutes| started.plus_seconds(60 * minutes));
                watch.ends_at(meeting.ends_at.or(planned));
                if watch.end.is_none() {
                    anyhow::bail!("this meeting has no end; say how long it is with --minutes");
                }
            }
            Some(Notice::Event(event)) => match event.body {
                EventBody::MeetingExtended(extended) => watch.ends_at(Some(extended.ends_at)),
                EventBody::MeetingUpdated(MeetingUpdated { ends_at: Some(ends_at), .. }) => {
                    watch.ends_at(ends_at.or(planned));
                }
                _ => {}
            },
            Some(_) => {}
        }
    }
}

/// What is left, and what was said of it.
struct Watch {
    every: i64,
    end: Option<Timestamp>,
    /// The minutes left of which was spoken last; below zero after the end.
    said: i64,
}

impl Watch {
    /// The meeting ends then, or nobody knows when; what was said holds no longer when that is news.
    fn ends_at(&mut self, end: Option<Timestamp>) {
        if self.end != end {
            (self.end, self.said) = (end, i64::MAX);
        }
    }

    /// The minutes left of which is to be spoken next.
    fn next(&self) -> i64 {
        let before = BEFORE.into_iter().find(|minutes| *minutes < self.said);
        before.unwrap_or(self.said - self.every)
    }

    fn next_at(&self) -> Option<Timestamp> {
        Some(self.end?.plus_ms(-60_000 * self.next()))
    }

    /// Passes what is due; what to say of it, unless it is too late for that.
    fn speak(&mut self, now: Timestamp) -> Option<String> {
        let at = self.next_at().filter(|at| *at <= now)?;
        self.said = self.next();
        (now.ms_since(at) <= LATE_MS).then(|| text(self.said))
    }
}

fn text(minutes: i64) -> String {
    let count = match minutes.abs() {
        1 => "1 minute".to_owned(),
        more => format!("{more} minutes"),
    };
    match minutes {
        0 => "Time is up.".to_owned(),
        1.. => format!("{count} left."),
        _ => format!("{count} over time."),
    }
}
