//! Talk in a meeting from a terminal: the smallest whole use of the client.
//!
//! `cargo run --example talk` makes a meeting and says how a second person joins it.

mod rest;

use std::collections::BTreeMap;
use std::io::BufRead;
use std::process::ExitCode;
use std::thread;

use anyhow::{Context, Result, anyhow};
use clap::Parser;
use quorate_client::protocol::*;
use quorate_client::{Client, CommandError, ConnectError, Notice, Notices, Options};
use rest::Rest;
use tokio::sync::mpsc;

/// Lines typed ahead of what is sent.
const LINES_MAX: usize = 16;

const HELP: &str = "A line is sent as chat to all. Besides:
  /to ID text    write to one person; /to staff text, to those who run the meeting
  /hand          raise the hand, or lower it
  /react 👋      send a reaction
  /who           list who is there
  /do TYPE DATA  any other command, as in /do participant.admit {\"participant\":2}
  /leave         leave the meeting
  /quit          go away without leaving: one can come back for a minute as if nothing was
  /help          this";

/// Talk in a meeting from a terminal.
#[derive(Parser)]
#[command(after_help = HELP)]
struct Args {
    /// The server.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    server: String,
    /// The meeting's code, as in abc-defg-hij; without one, a meeting is made.
    #[arg(long, value_name = "CODE")]
    meeting: Option<String>,
    /// Your name.
    #[arg(long, default_value_t = user_name())]
    name: String,
    /// A bearer token, as `quorate token` makes them; without one you are a guest.
    #[arg(long)]
    token: Option<String>,
    /// The meeting's passcode.
    #[arg(long)]
    passcode: Option<String>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(&Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: &Args) -> Result<()> {
    let rest = Rest::new(&args.server);
    let hello = prepare(args, &rest).await?;
    let connected = Client::connect(Options::new(rest.socket_url(), hello)).await;
    let (client, notices) = connected.map_err(|error| match error {
        ConnectError::Socket(_) => anyhow!(error).context(rest.nobody_there()),
        error => anyhow!(error),
    })?;
    talk(client, notices).await;
    Ok(())
}

/// Who sits at this terminal, as far as it says.
fn user_name() -> String {
    std::env::var("USER").ok().filter(|name| !name.is_empty()).unwrap_or_else(|| "Guest".to_owned())
}

/// Who to be and where: makes a meeting if none is named.
async fn prepare(args: &Args, rest: &Rest) -> Result<Hello> {
    let guest = rest::guest(&args.name, &mut rand::rng());
    let mut token = args.token.clone();
    let code = match &args.meeting {
        Some(code) => code.clone(),
        None => {
            let bearer = match &token {
                Some(token) => token.clone(),
                None => rest.sign_in(guest.clone()).await?,
            };
            let meeting = rest::titled("A talk".to_owned());
            let meeting = CreateMeeting { passcode: args.passcode.clone(), ..meeting };
            let meeting = rest.create_meeting(&bearer, &meeting).await?;
            token = Some(bearer);
            let (id, code) = (meeting.info.id, meeting.info.code);
            println!("This is meeting {id}, {code}. A second person joins it with\n");
            let passcode = args.passcode.as_ref().map(|it| format!(" --passcode '{it}'"));
            let passcode = passcode.unwrap_or_default();
            println!("  cargo run --example talk -- --meeting {code} --name Ben{passcode}\n");
            code
        }
    };
    let guest = token.is_none().then_some(guest);
    Ok(Hello { passcode: args.passcode.clone(), ..rest::hello(&code, token, guest) })
}

/// Shows what happens and sends what is typed, until either ends.
async fn talk(client: Client, mut notices: Notices) {
    let mut lines = typed_lines();
    // Answers are awaited beside the reading, since they come the same way as what happens.
    let (commands, mut queue) = mpsc::channel::<(Command, bool)>(LINES_MAX);
    let sender = client.clone();
    let mut sending = tokio::spawn(async move {
        while let Some((command, shows)) = queue.recv().await {
            match sender.send(command).await {
                Ok(done) if shows => println!("= {}", done.data),
                Err(CommandError::Refused(error)) => println!("! {}", error.message),
                _ => {}
            }
        }
    });
    let mut room = Room::default();
    loop {
        tokio::select! {
            notice = notices.next() => match notice {
                Some(notice) => room.show(notice),
                None => return,
            },
            line = lines.recv() => match line.as_deref().map(|line| room.understand(line)) {
                Some(Typed::Send(command)) => { let _ = commands.send((command, false)).await; }
                Some(Typed::Ask(command)) => { let _ = commands.send((command, true)).await; }
                Some(Typed::Done) => {}
                Some(Typed::Quit) | None => break,
            },
        }
    }
    // What was typed before is still sent, and answered.
    drop(commands);
    loop {
        tokio::select! {
            _ = &mut sending => break,
            notice = notices.next() => match notice {
                Some(notice) => room.show(notice),
                None => return,
            },
        }
    }
    client.close().await;
}

/// Lines from the keyboard; a thread reads them, which ends with the process.
fn typed_lines() -> mpsc::Receiver<String> {
    let (sender, lines) = mpsc::channel(LINES_MAX);
    thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if sender.blocking_send(line).is_err() {
                break;
            }
        }
    });
    lines
}

/// What a line asks for.
enum Typed {
    Send(Command),
    /// And shows the answer.
    Ask(Command),
    Done,
    Quit,
}

/// Who is there, as far as has been heard.
#[derive(Default)]
struct Room {
    me: Option<ParticipantId>,
    names: BTreeMap<ParticipantId, String>,
    my_hand: bool,
}

impl Room {
    fn understand(&self, line: &str) -> Typed {
        let (word, rest) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
        let chat = |text: &str, to| {
            let text = text.trim().to_owned();
            Typed::Send(Command::ChatSend(ChatSend { text, to, reply_to: None }))
        };
        match (word, rest.trim()) {
            ("", _) => return Typed::Done,
            ("/to", rest) => match rest.split_once(' ').map(|(to, text)| (addressee(to), text)) {
                Some((Some(to), text)) => return chat(text, Some(to)),
                _ => println!("! say to whom and what: /to 3 hello"),
            },
            ("/hand", _) if self.my_hand => {
                return Typed::Send(Command::HandLower(HandLower::default()));
            }
            ("/hand", _) => return Typed::Send(Command::HandRaise(Empty {})),
            ("/react", emoji) => {
                let emoji = if emoji.is_empty() { "👋" } else { emoji }.to_owned();
                return Typed::Send(Command::ReactionSend(ReactionSend { emoji }));
            }
            ("/do", rest) => match any_command(rest) {
                Ok(command) => return Typed::Ask(command),
                Err(why) => println!("! {why}"),
            },
            ("/who", _) => self.list(),
            ("/leave", _) => return Typed::Send(Command::Leave(Leave::default())),
            ("/quit", _) => return Typed::Quit,
            ("/help", _) => println!("{HELP}"),
            (word, _) if word.starts_with('/') => println!("! no command {word}; see /help"),
            _ => return chat(line, None),
        }
        Typed::Done
    }

    fn list(&self) {
        for (id, name) in &self.names {
            let you = if self.me == Some(*id) { " (you)" } else { "" };
            println!("  {id:>4}  {name}{you}");
        }
    }

    fn name(&self, id: ParticipantId) -> String {
        self.names.get(&id).cloned().unwrap_or_else(|| format!("#{id}"))
    }

    fn show(&mut self, notice: Notice) {
        match notice {
            Notice::Welcome(welcome) => self.welcome(*welcome),
            Notice::Event(event) => self.event(event),
            Notice::Signal(signal) => self.signal(signal),
            Notice::UpTo(_) => {}
            Notice::Lost => println!("… connection lost, coming back"),
            Notice::Bye(bye) => match bye.reason {
                Some(reason) => println!("… goodbye: {} ({reason})", bye.code),
                None => println!("… goodbye: {}", bye.code),
            },
        }
    }

    fn welcome(&mut self, welcome: Welcome) {
        self.me = Some(welcome.you.participant);
        if welcome.resumed {
            println!("… back again, nothing was missed");
        }
        if let Some(standing) = welcome.waiting {
            println!("… waiting to be let in, at place {}", standing.position);
            if let Some(message) = standing.message {
                println!("… {message}");
            }
        }
        let Some(state) = welcome.state else { return };
        self.my_hand = state.hands.contains(&welcome.you.participant);
        self.names = state.participants.into_iter().map(|who| (who.id, who.name)).collect();
        println!("You are in “{}”; {} there:", welcome.meeting.title, state.total);
        self.list();
        for message in state.chat {
            let text = message.text.as_deref().unwrap_or("(deleted)");
            println!("{}: {text}", self.name(message.by));
        }
    }

    fn event(&mut self, event: Event) {
        let by = event.by.map_or_else(|| "The server".to_owned(), |by| self.name(by));
        match event.body {
            EventBody::ParticipantJoined(ParticipantJoined { participant, .. }) => {
                println!("→ {} came in ({})", participant.name, participant.id);
                self.names.insert(participant.id, participant.name);
            }
            EventBody::ParticipantLeft(ParticipantLeft { participant, reason }) => {
                let how = match reason {
                    LeaveReason::Left => "left",
                    LeaveReason::Lost => "is gone",
                    LeaveReason::Waiting => "was sent back to the waiting room",
                };
                println!("← {} {how}", self.forget(participant));
            }
            EventBody::ParticipantRemoved(ParticipantOnly { participant })
            | EventBody::ParticipantBanned(ParticipantBanned {
                participant: Some(participant),
                ..
            }) => println!("← {} was sent out by {by}", self.forget(participant)),
            EventBody::ConnectionChanged(ConnectionChanged { participant, status }) => {
                let lost = status == Presence::Lost;
                let what = if lost { "lost the connection" } else { "is back" };
                println!("… {} {what}", self.name(participant));
            }
            EventBody::ParticipantWaiting(ParticipantWaiting { entry }) => {
                println!("… {} ({}) waits to be let in", entry.name, entry.participant);
            }
            EventBody::WaitingTold(WaitingTold { text, .. }) => {
                println!("{by} to those who wait: {text}");
            }
            EventBody::HandRaised(whose) => self.hand(whose.participant, true),
            EventBody::HandLowered(whose) | EventBody::HandCalledOn(whose) => {
                self.hand(whose.participant, false);
            }
            EventBody::ChatSent(ChatSentEvent { text, to, .. }) => {
                let text = text.as_deref().unwrap_or("(deleted)");
                match to {
                    None => println!("{by}: {text}"),
                    Some(ChatTo::Staff) => println!("{by} to staff: {text}"),
                    Some(ChatTo::Room) => println!("{by} to the room: {text}"),
                    Some(ChatTo::Participant(to)) => println!("{by} to {}: {text}", self.name(to)),
                }
            }
            EventBody::MeetingStarted(_) => println!("… the meeting starts"),
            EventBody::MeetingEnded(_) => println!("… the meeting ended"),
            EventBody::MeetingRecovered(_) => println!("… the server was restarted"),
            other => {
                let data = serde_json::to_string(&other.data()).unwrap_or_default();
                println!("… {} ({by}) {data}", other.kind());
            }
        }
    }

    fn signal(&self, signal: SignalBody) {
        match signal {
            SignalBody::Reaction(Reaction { participant, emoji }) => {
                println!("{emoji}  {}", self.name(participant));
            }
            SignalBody::WaitingUpdated(standing) => {
                println!("… still waiting, at place {}", standing.position);
            }
            _ => {}
        }
    }

    fn hand(&mut self, participant: ParticipantId, up: bool) {
        if self.me == Some(participant) {
            self.my_hand = up;
        }
        let what = if up { "✋ raises a hand" } else { "lowers the hand" };
        println!("{} {what}", self.name(participant));
    }

    /// Takes someone off the list; gives the name they had.
    fn forget(&mut self, participant: ParticipantId) -> String {
        let name = self.name(participant);
        self.names.remove(&participant);
        name
    }
}

/// A command by its type and its data as JSON, which may be left out.
fn any_command(typed: &str) -> Result<Command> {
    let (kind, data) = typed.split_once(' ').unwrap_or((typed, "{}"));
    let data = serde_json::from_str(data).context("the data is not JSON")?;
    Command::parse(kind, data).map_err(|error| match error {
        ParseError::UnknownType => anyhow!("there is no command {kind}; see protocol/golden"),
        ParseError::Invalid { field, message } => anyhow!("{field}: {message}"),
    })
}

/// `staff`, or a participant's id.
fn addressee(word: &str) -> Option<ChatTo> {
    match word {
        "staff" => Some(ChatTo::Staff),
        id => id.parse().ok().map(|id| ChatTo::Participant(ParticipantId(id))),
    }
}
