//! What passes: never stored, merged or dropped under load, but where a line says otherwise.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::message::messages;
use crate::taking_part::{Speaking, Stats};
use crate::working::PollTally;
use crate::{Grants, MediaKind, ParticipantId, SessionId, WaitReason, WaitingEntry};

messages! {
    /// A signal.
    SignalBody {
        /// A reaction, to everyone.
        Reaction(Reaction) = "reaction",
        /// A message of the application's own.
        App(App) = "app",
        /// How many people are in a large meeting; at most once a second.
        RosterCount(RosterCount) = "roster.count",
        /// WebRTC signalling from another participant; never dropped.
        Rtc(Rtc) = "rtc",
        /// What one may do has changed; never dropped.
        Can(CanChanged) = "can",
        /// How a poll stands, to everyone, at most twice a second.
        PollVoted(PollTally) = "poll.voted",
        /// Someone asks one to turn something on again; a newer request takes an older one's place.
        UnmuteRequested(UnmuteRequested) = "unmute_requested",
        /// A caption, to the publisher's room.
        Caption(Caption) = "caption",
        /// Where one stands in the waiting room.
        WaitingUpdated(WaitingStanding) = "waiting.updated",
        /// Someone begins to speak, or stops, to those in the same room.
        Speaking(Speaking) = "speaking",
        /// How the meeting goes, to those who may `report.aggregate`: at most every 2 s, while it changes. A
        /// newer one takes an older one's place.
        Stats(Box<Stats>) = "stats",
        else Unknown
    }
}

/// Data of `reaction`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reaction {
    /// Whose.
    pub participant: ParticipantId,
    /// The emoji.
    pub emoji: String,
}

/// Data of `app`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct App {
    /// From whom.
    pub from: ParticipantId,
    /// What it is about.
    pub topic: String,
    /// The application's.
    pub data: Value,
}

/// Data of `roster.count`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RosterCount {
    /// How many people are in, bots not counted.
    pub total: u32,
}

/// Data of `rtc`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Rtc {
    /// From whom.
    pub from: ParticipantId,
    /// From which of their sessions.
    pub from_session: SessionId,
    /// The application's.
    pub data: Value,
}

/// Data of `can`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CanChanged {
    /// Every permission, granted or why not.
    pub can: Grants,
    /// Who waits, for one who may admit since now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<Vec<WaitingEntry>>,
}

/// Data of `unmute_requested`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UnmuteRequested {
    /// Who asks.
    pub by: ParticipantId,
    /// For what.
    pub media: Vec<MediaKind>,
}

/// Data of `caption`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Caption {
    /// Who publishes it.
    pub by: ParticipantId,
    /// What is said.
    pub text: String,
    /// Who says it; null where that is not known.
    pub speaker: Option<ParticipantId>,
    /// Whether it will change no more.
    pub r#final: bool,
    /// The language, as a BCP 47 tag.
    pub lang: Option<String>,
    /// When it began to be said, in milliseconds from a start of the publisher's choice.
    pub start_ms: Option<u64>,
    /// When it was said, by the same count.
    pub end_ms: Option<u64>,
}

/// Where someone stands in the waiting room, as they see it themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WaitingStanding {
    /// Their place, from 1.
    pub position: u32,
    /// Why they wait.
    pub reason: WaitReason,
    /// Whether a host or co-host is in the meeting.
    pub host_present: bool,
    /// What the meeting tells those who wait, or staff wrote to one last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}
