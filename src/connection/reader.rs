//! The reading half: frames into typed commands, and commands into the meeting.

use std::future::pending;

use futures::{Stream, StreamExt};
use quorate_protocol::{BAD_FRAMES_MAX, ClientFrame, Code, Command, ErrorBody};
use tokio_tungstenite::tungstenite::{Error, Message};

use super::goodbye::Goodbye;
use super::hello::{bad_json, broken, invalid, protocol_error};
use super::pulse::Pulse;
use super::rate::{Rate, cost};
use super::{Door, GONE, goodbye};
use crate::identity::passcode;
use crate::live::CommandPort;
use crate::telemetry::{Commands, Outcome};

/// Reads until the socket ends, or is to be ended.
pub(super) async fn read(
    stream: &mut (impl Stream<Item = Result<Message, Error>> + Unpin),
    port: &CommandPort,
    pulse: &Pulse,
    door: &Door,
) -> Goodbye {
    let rate = Rate::new(door.manners);
    let counted = &door.live.metrics().commands;
    let mut frames = Frames { port, counted, rate, bad_in_a_row: 0, repeated_up_to: 0 };
    loop {
        let Some(message) = stream.next().await else { return GONE };
        pulse.heard();
        let ended = match message {
            Ok(Message::Text(text)) => frames.take(text.as_str()).await,
            Ok(Message::Binary(_)) => Err(protocol_error("frames are text, one JSON object each")),
            Ok(Message::Pong(payload)) => {
                if let Some(ms) = pulse.pong(&payload) {
                    port.round_trip(ms);
                }
                Ok(())
            }
            // After a close the library answers it, and ends.
            Ok(Message::Ping(_) | Message::Frame(_) | Message::Close(_)) => Ok(()),
            Err(error) => Err(broken(&error)),
        };
        if let Err(goodbye) = ended {
            return goodbye;
        }
    }
}

/// What comes in, frame by frame.
struct Frames<'a> {
    port: &'a CommandPort,
    counted: &'a Commands,
    rate: Rate,
    bad_in_a_row: u32,
    /// The highest id that was taken for free, being a repetition.
    repeated_up_to: i64,
}

impl Frames<'_> {
    /// One frame; its answer comes through the session's outbox.
    async fn take(&mut self, text: &str) -> Result<(), Goodbye> {
        let frame = match ClientFrame::parse(text) {
            Ok(frame) => frame,
            Err(malformed) => return self.bad(bad_json(&malformed.0)),
        };
        self.bad_in_a_row = 0;
        let Some(id) = frame.id() else {
            let message = "the id of a command is a positive integer, rising within a session";
            return self.refuse(None, ErrorBody::new(Code::Invalid, message).field("id"));
        };
        if frame.r#type == "hello" {
            let message = "hello was said already on this socket";
            return self.refuse(Some(id), ErrorBody::new(Code::Conflict, message));
        }
        let data = frame.data();
        let command = match Command::parse(&frame.r#type, data) {
            Ok(command) => command,
            Err(error) => return self.refuse(Some(id), invalid(error)),
        };
        // Repeating what was answered before a drop is free, once each: it was paid for.
        let repeats = id <= self.port.answered() && id > self.repeated_up_to;
        if repeats {
            self.repeated_up_to = id;
        } else if !self.may_spend(Some(id), cost(&command, data.get().len()))? {
            return Ok(());
        }
        let command = match hashed(command).await {
            Ok(command) => command,
            Err(error) => {
                self.counted.count(Outcome::invalid);
                self.port.refuse(Some(id), error);
                return Ok(());
            }
        };
        match self.port.send(id, frame.dry_run, command).await {
            true => Ok(()),
            // The meeting has said why it is gone; the writing half ends with that.
            false if self.port.dismissed() => pending().await,
            // The meeting is being rebuilt: the client comes back and sends again.
            false => Err(Goodbye {
                frames: vec![goodbye::bye(Code::Unavailable)],
                close: Some(Code::Unavailable.into()),
            }),
        }
    }

    fn bad(&mut self, error: ErrorBody) -> Result<(), Goodbye> {
        self.bad_in_a_row += 1;
        if self.bad_in_a_row >= BAD_FRAMES_MAX {
            return Err(Goodbye::error(None, error, Code::ProtocolError));
        }
        self.refuse(None, error)
    }

    /// Answers what is no command; that costs a point too.
    fn refuse(&mut self, id: Option<i64>, error: ErrorBody) -> Result<(), Goodbye> {
        self.counted.count(Outcome::invalid);
        self.port.refuse(id, error);
        self.may_spend(None, 1).map(drop)
    }

    /// Whether the points are there; if not, says when they will be.
    fn may_spend(&mut self, id: Option<i64>, points: u32) -> Result<bool, Goodbye> {
        let Err(too_fast) = self.rate.spend(points) else { return Ok(true) };
        if id.is_some() {
            self.counted.count(Outcome::rate_limited);
        }
        let error = ErrorBody {
            retry_after_ms: Some(too_fast.retry_after_ms),
            ..ErrorBody::new(Code::RateLimited, "too many commands; wait, then send it again")
        };
        if too_fast.over {
            return Err(Goodbye::error(id, error, Code::RateLimited));
        }
        if id.is_some() {
            self.port.refuse(id, error);
        }
        Ok(false)
    }
}

/// The command with its passcode hashed, where it sets one: the meeting never sees what was typed.
async fn hashed(mut command: Command) -> Result<Command, ErrorBody> {
    if let Command::MeetingPolicy(policy) = &mut command
        && let Some(Some(typed)) = &mut policy.passcode
    {
        passcode::check("passcode", typed)?;
        *typed = passcode::hash(typed).await?;
    }
    Ok(command)
}
