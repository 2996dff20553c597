//! The things that messages speak of: participants, messages, waiting entries, meetings.

use std::collections::BTreeMap;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::Value;

use crate::{
    InviteeId, LIST_DEFAULT, MeetingId, MessageId, ParticipantId, QualityLevel, Role, RoomId,
    Settings, Timestamp, UserId,
};

/// A command or answer without data.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Empty {}

/// What kind of user someone is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UserKind {
    /// With an account.
    Member,
    /// With a name and a device id.
    Guest,
    /// A program, with the scopes of its token.
    Bot,
}

/// Whether someone who is in the meeting is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// At least one session has its socket.
    Present,
    /// No session has; the grace period runs.
    Lost,
}

/// What someone sends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Media {
    /// The microphone is on.
    pub audio: bool,
    /// The camera is on.
    pub video: bool,
    /// The screen is shared.
    pub share: bool,
}

/// One of the things that one sends.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum MediaKind {
    /// The microphone.
    Audio,
    /// The camera.
    Video,
    /// The screen.
    Share,
}

/// A participant's own key-value pairs.
pub type Attributes = BTreeMap<String, Value>;

/// Someone in the meeting, as the roster shows them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Participant {
    /// The participant's id.
    pub id: ParticipantId,
    /// The user behind it.
    pub user: UserId,
    /// The name shown.
    pub name: String,
    /// Member or guest.
    pub kind: UserKind,
    /// The role.
    pub role: Role,
    /// Connected or lost.
    pub status: Presence,
    /// Since when the hand is up.
    pub hand: Option<Timestamp>,
    /// What is sent.
    pub media: Media,
    /// How good the connection is: `unknown` until it was measured, and where it is not for this viewer.
    #[serde(default)]
    pub quality: QualityLevel,
    /// The breakout room they are in; null is the main room.
    pub room: Option<RoomId>,
    /// Someone else who is in, and whose name looks the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub looks_like: Option<ParticipantId>,
    /// When they came in.
    pub joined_at: Timestamp,
    /// Their own key-value pairs; empty beyond the first 50 of a snapshot.
    pub attributes: Attributes,
}

/// To whom a chat message goes: all (absent), one participant, staff, or the room one is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChatTo {
    /// One person.
    Participant(ParticipantId),
    /// Everyone from moderator upwards.
    Staff,
    /// Those in the same room.
    Room,
}

impl Serialize for ChatTo {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            ChatTo::Participant(participant) => participant.serialize(serializer),
            ChatTo::Staff => serializer.serialize_str("staff"),
            ChatTo::Room => serializer.serialize_str("room"),
        }
    }
}

impl<'de> Deserialize<'de> for ChatTo {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ChatToVisitor;
        impl de::Visitor<'_> for ChatToVisitor {
            type Value = ChatTo;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a participant's id, \"staff\" or \"room\"")
            }

            fn visit_u64<E: de::Error>(self, id: u64) -> Result<ChatTo, E> {
                let id = i64::try_from(id).map_err(|_| E::custom("no such participant id"))?;
                Ok(ChatTo::Participant(ParticipantId(id)))
            }

            fn visit_i64<E: de::Error>(self, id: i64) -> Result<ChatTo, E> {
                Ok(ChatTo::Participant(ParticipantId(id)))
            }

            fn visit_str<E: de::Error>(self, word: &str) -> Result<ChatTo, E> {
                match word {
                    "staff" => Ok(ChatTo::Staff),
                    "room" => Ok(ChatTo::Room),
                    _ => Err(E::invalid_value(de::Unexpected::Str(word), &self)),
                }
            }
        }
        deserializer.deserialize_any(ChatToVisitor)
    }
}

impl JsonSchema for ChatTo {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ChatTo".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let participant = generator.subschema_for::<ParticipantId>();
        json_schema!({ "oneOf": [participant, { "enum": ["staff", "room"] }] })
    }
}

/// A chat message as history and snapshots show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChatMessage {
    /// The message's id.
    pub message: MessageId,
    /// When it was sent.
    pub at: Timestamp,
    /// Who sent it.
    pub by: ParticipantId,
    /// The text; null when deleted.
    pub text: Option<String>,
    /// To whom; null is all.
    pub to: Option<ChatTo>,
    /// The breakout room it stays in; null is none.
    pub room: Option<RoomId>,
    /// The message it answers.
    pub reply_to: Option<MessageId>,
    /// Whether it is pinned.
    pub pinned: bool,
    /// Whether it was deleted.
    pub deleted: bool,
}

/// How people get into breakout rooms.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BreakoutMode {
    /// Someone assigns them.
    #[default]
    Manual,
    /// They are dealt out by chance, in rooms whose sizes differ by at most one.
    Random,
    /// They choose themselves.
    SelfSelect,
}

/// A breakout room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Room {
    /// The room's id.
    pub room: RoomId,
    /// Its name.
    pub name: String,
    /// Who is in it; before it is open: who is assigned to it.
    pub participants: Vec<ParticipantId>,
    /// Whether it is open; a room that was closed is no more.
    pub open: bool,
    /// When it closes by itself.
    pub closes_at: Option<Timestamp>,
    /// Whether it asks for help; shown to staff and to those in it.
    pub help: bool,
    /// How people get into it.
    pub mode: BreakoutMode,
}

/// Why someone waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WaitReason {
    /// Someone must let them in.
    Approval,
    /// The host is not there yet.
    HostAbsent,
    /// The meeting has not started.
    NotStarted,
    /// They were removed before.
    RemovedBefore,
    /// No free seat.
    Full,
}

/// Someone who waits, as staff sees them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WaitingEntry {
    /// The participant's id.
    pub participant: ParticipantId,
    /// The user behind it.
    pub user: UserId,
    /// The name they gave.
    pub name: String,
    /// Member or guest.
    pub kind: UserKind,
    /// Whether a token vouches for them.
    pub verified: bool,
    /// Whether they are invited.
    pub invited: bool,
    /// Whether they were removed from this meeting before.
    pub removed_before: bool,
    /// Why they wait.
    pub reason: WaitReason,
    /// Their place, from 1.
    pub position: u32,
    /// For how long, in seconds.
    pub waited_seconds: u64,
    /// Whether their socket is there.
    pub connected: bool,
    /// Since when.
    pub since: Timestamp,
}

/// An invitation: of a user, or of whoever has an email address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Invitee {
    /// The invitation.
    pub invitee: InviteeId,
    /// The user; null when an address is invited.
    pub user: Option<UserId>,
    /// The address, in lower case; null when a user is invited, and when it has been redacted.
    pub email: Option<String>,
    /// Whether they are expected, and not only welcome.
    pub required: bool,
}

/// How a participant came in without approval, or that it was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// The door was open.
    Open,
    /// Someone let them in.
    Approval,
    /// They are host or co-host.
    Staff,
    /// They were in shortly before and not removed.
    Returning,
    /// They are invited.
    Invited,
    /// Their email domain is let in.
    Domain,
    /// They knew the passcode.
    Passcode,
    /// A scope of the bot's token.
    BotScope,
    /// They have an account.
    Members,
}

/// What kind of meeting it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MeetingType {
    /// A one-time meeting.
    #[default]
    Regular,
    /// For those who are invited, or know the passcode.
    Private,
    /// Repeats: a series, whose occurrences are meetings.
    Recurring,
}

/// Where a meeting stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MeetingStatus {
    /// Not started.
    Scheduled,
    /// Going on.
    InProgress,
    /// Ended.
    Completed,
    /// Called off.
    Cancelled,
}

impl MeetingStatus {
    /// Whether it will not go on, unless it is opened again.
    #[must_use]
    pub fn is_over(self) -> bool {
        matches!(self, MeetingStatus::Completed | MeetingStatus::Cancelled)
    }
}

/// The meeting as `welcome` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MeetingInfo {
    /// The meeting's id.
    pub id: MeetingId,
    /// The code in links.
    pub code: String,
    /// The title.
    pub title: String,
    /// What it is about; null while one waits.
    pub description: Option<String>,
    /// What kind of meeting.
    pub r#type: MeetingType,
    /// Where it stands.
    pub status: MeetingStatus,
    /// When it is to start.
    pub starts_at: Option<Timestamp>,
    /// When it is to end.
    pub ends_at: Option<Timestamp>,
    /// When it started.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// People present at most.
    pub max_participants: Option<u32>,
    /// Whether people wait for approval.
    pub requires_approval: bool,
    /// Whether it is to be recorded.
    pub is_recorded: bool,
    /// Whether there is a passcode.
    pub has_passcode: bool,
    /// Who hosts it.
    pub host: UserRef,
    /// Whether the door is locked.
    pub locked: bool,
    /// Whether all is off, as `meeting.suspend` does.
    pub suspended: bool,
    /// The settings; absent while one waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<Settings>,
}

/// How far a ban reaches.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BanScope {
    /// This meeting.
    #[default]
    Meeting,
    /// Every meeting of the series it belongs to.
    Series,
}

/// Whom a ban keeps out: the widest that it holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BanKey {
    /// The user alone.
    #[default]
    User,
    /// The user, and whoever else has the verified email address that they had.
    Email,
    /// A guest, whom their device makes who they are.
    Device,
}

/// A ban, as those see it who may lift it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BanEntry {
    /// Who.
    pub user: UserId,
    /// Their place here; null when they were never here.
    pub participant: Option<ParticipantId>,
    /// The name they had here; null when they were never here.
    pub name: Option<String>,
    /// Whom it keeps out.
    pub key: BanKey,
    /// How far it reaches.
    pub scope: BanScope,
    /// Why; null when nobody said.
    pub reason: Option<String>,
    /// Until when; null is for as long as the meeting lives.
    pub until: Option<Timestamp>,
    /// Who banned them.
    pub by: Option<ParticipantId>,
    /// When.
    pub at: Timestamp,
}

/// A user, by id and name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UserRef {
    /// The user's id.
    pub id: UserId,
    /// The name shown.
    pub name: String,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// What to ask for to get the next page; null at the end.
    pub next: Option<i64>,
}

/// How many items a list gives when the request does not say.
#[must_use]
pub(crate) fn list_default() -> u32 {
    LIST_DEFAULT
}
