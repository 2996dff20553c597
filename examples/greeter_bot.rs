//! A bot that greets newcomers and keeps an attendance list.
//!
//! `cargo run --example greeter_bot -- --help` says how it gets its token.

mod bot;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use bot::{Bot, Place};
use clap::Parser;
use quorate_client::Notice;
use quorate_client::protocol::*;

const HELP: &str = "It needs a bot's token, from whoever has the server's data folder:

  quorate token --sub greeter --name Greeter --kind bot --owner ana \\
    --scopes participant.list,chat.private

The bot reaches the meetings that its owner hosts (or those of --meetings, in the token), and may no more
than its owner may there. participant.list is for the attendance list, chat.private for the greeting, and
chat.send instead of it with --public. It waits until someone starts the meeting, comes back by itself when
the connection is lost, and goes with Ctrl-C or when the meeting ends; then it prints who was there.

The list holds up to 200 people who were there before it, and everyone who came later. In a meeting of
more than 500 only staff hears who comes and goes, and a bot is no staff.";

/// Greets newcomers, and keeps a list of who was there from when to when.
#[derive(Parser)]
#[command(after_help = HELP)]
struct Options {
    #[command(flatten)]
    place: Place,
    /// What to say to newcomers
    #[arg(long, value_name = "TEXT", default_value = "Welcome, {name}!")]
    greeting: String,
    /// Greet in front of all, not in private
    #[arg(long)]
    public: bool,
    /// Write the list to this file too, as CSV
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
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
    let mut attendance = Attendance::default();
    while let Some(notice) = bot.next().await {
        match notice {
            Notice::Welcome(welcome) => welcomed(options, &mut attendance, *welcome),
            Notice::Event(event) => match event.body {
                EventBody::ParticipantJoined(joined) => {
                    let who = joined.participant;
                    if attendance.came(&who) {
                        bot.say(greeting(options, &who));
                    }
                }
                EventBody::ParticipantLeft(left) => attendance.went(left.participant, event.at),
                EventBody::ParticipantRemoved(gone) => attendance.went(gone.participant, event.at),
                EventBody::ParticipantBanned(ParticipantBanned {
                    participant: Some(participant),
                    ..
                }) => attendance.went(participant, event.at),
                EventBody::MeetingSizeChanged(MeetingSizeChanged { large: true }) => {
                    println!("! more than 500 people: from now on only staff hears who comes");
                }
                EventBody::MeetingEnded(_) => attendance.all_went(event.at),
                _ => {}
            },
            _ => {}
        }
    }
    attendance.all_went(bot.now());
    print!("{}", attendance.table());
    if let Some(out) = &options.out {
        let written = std::fs::write(out, attendance.csv());
        written.with_context(|| format!("failed to write {}", out.display()))?;
    }
    Ok(())
}

/// The bot is in, again or for the first time, or waits.
fn welcomed(options: &Options, attendance: &mut Attendance, welcome: Welcome) {
    let Some(state) = welcome.state else { return };
    let greets = if options.public { Permission::ChatSend } else { Permission::ChatPrivate };
    bot::tell_missing(&welcome.you.can, &[Permission::ParticipantList, greets]);
    let people = state.participants.iter().filter(|who| who.kind != UserKind::Bot);
    let people: BTreeMap<_, _> = people.map(|who| (who.id, who)).collect();
    // Who is not there any more left while the bot was away; when, nobody told it.
    if people.len() >= state.total as usize {
        attendance.keep(|id| people.contains_key(&id), welcome.server.time);
    }
    for who in people.values() {
        attendance.came(who);
    }
}

fn greeting(options: &Options, who: &Participant) -> Command {
    let text = options.greeting.replace("{name}", &who.name);
    let to = (!options.public).then_some(ChatTo::Participant(who.id));
    Command::ChatSend(ChatSend { text, to, reply_to: None })
}

/// Who was there, from when to when.
#[derive(Default)]
struct Attendance {
    stays: Vec<Stay>,
}

struct Stay {
    who: ParticipantId,
    name: String,
    from: Timestamp,
    to: Option<Timestamp>,
}

impl Attendance {
    /// Someone is there; whether that is the first time. Bots do not count.
    fn came(&mut self, who: &Participant) -> bool {
        let here = self.stays.iter().any(|stay| stay.who == who.id && stay.to.is_none());
        if here || who.kind == UserKind::Bot {
            return false;
        }
        let first = self.stays.iter().all(|stay| stay.who != who.id);
        let (name, from) = (who.name.clone(), who.joined_at);
        self.stays.push(Stay { who: who.id, name, from, to: None });
        first
    }

    fn went(&mut self, who: ParticipantId, at: Timestamp) {
        self.keep(|id| id != who, at);
    }

    fn all_went(&mut self, at: Timestamp) {
        self.keep(|_| false, at);
    }

    /// All but these went.
    fn keep(&mut self, stays: impl Fn(ParticipantId) -> bool, at: Timestamp) {
        for gone in self.stays.iter_mut().filter(|it| it.to.is_none() && !stays(it.who)) {
            gone.to = Some(at.max(gone.from));
        }
    }

    fn table(&self) -> String {
        let mut text = format!("{} stays:\n", self.stays.len());
        for Stay { name, from, to, .. } in &self.stays {
            let to = to.unwrap_or(*from);
            let minutes = to.ms_since(*from) / 60_000;
            let _ = writeln!(text, "  {from} to {to} ({minutes} min)  {name}");
        }
        text
    }

    fn csv(&self) -> String {
        let mut text = "name,from,to\n".to_owned();
        for Stay { name, from, to, .. } in &self.stays {
            // A spreadsheet would take a name that begins so for a formula.
            let guard = if name.starts_with(['=', '+', '-', '@']) { "'" } else { "" };
            let name = name.replace('"', "\"\"");
            let _ = writeln!(text, "\"{guard}{name}\",{from},{}", to.unwrap_or(*from));
        }
        text
    }
}
