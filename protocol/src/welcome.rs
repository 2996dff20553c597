//! The first exchange: `hello`, and `welcome` with the state to start from.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::working::{ActionItem, Agenda, Poll, RecordedDecision, Timer};
use crate::{
    ChatMessage, CustomRole, Grants, Limits, MeetingId, MeetingInfo, MessageId, Participant,
    ParticipantId, Privacy, Role, Room, Seq, SessionId, Timestamp, UserId, UserKind, WaitingEntry,
    WaitingStanding,
};

/// A meeting, by its code or its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MeetingRef {
    /// The code in links.
    Code(String),
    /// The integer id.
    Id(MeetingId),
}

impl Serialize for MeetingRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            MeetingRef::Code(code) => serializer.serialize_str(code),
            MeetingRef::Id(id) => id.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for MeetingRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MeetingRefVisitor;
        impl de::Visitor<'_> for MeetingRefVisitor {
            type Value = MeetingRef;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a meeting's code or id")
            }

            fn visit_str<E: de::Error>(self, code: &str) -> Result<MeetingRef, E> {
                Ok(MeetingRef::Code(code.to_owned()))
            }

            fn visit_u64<E: de::Error>(self, id: u64) -> Result<MeetingRef, E> {
                i64::try_from(id)
                    .map(|id| MeetingRef::Id(MeetingId(id)))
                    .map_err(|_| E::custom("no such meeting id"))
            }
        }
        deserializer.deserialize_any(MeetingRefVisitor)
    }
}

impl JsonSchema for MeetingRef {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "MeetingRef".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A meeting's code or id.",
            "oneOf": [{ "type": "string" }, { "type": "integer" }]
        })
    }
}

/// Data of `hello`: which meeting, and who one is: a token, a guest, or a session to resume. Beside
/// `resume` a token or guest says who to be if that session is no more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hello {
    /// Which meeting.
    pub meeting: MeetingRef,
    /// A bearer token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// A guest's name and device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guest: Option<Guest>,
    /// A session to go on with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resume: Option<Resume>,
    /// The meeting's passcode, at most 64 characters; of no matter to those who need none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passcode: Option<String>,
    /// What speaks, for the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<ClientInfo>,
}

/// A guest: a name, and a secret that says it is the same device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Guest {
    /// The name shown, at most 80 graphemes.
    pub name: String,
    /// At least 128 random bits (22 or more base64url characters) that the client keeps to itself.
    pub device: String,
}

/// A session to go on with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Resume {
    /// The session's id.
    pub session: SessionId,
    /// The session's secret, from `welcome`.
    pub token: String,
    /// The last `seq` (or `up_to`) that was received.
    pub seq: Seq,
}

/// What speaks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientInfo {
    /// Its name.
    pub name: String,
    /// Its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// Data of `welcome`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Welcome {
    /// One's session: what is needed to resume.
    pub session: SessionInfo,
    /// The journal's head.
    pub seq: Seq,
    /// Whether the missed events follow; if not, `state` is where to start from.
    pub resumed: bool,
    /// Who one is here, and what one may.
    pub you: You,
    /// The meeting.
    pub meeting: MeetingInfo,
    /// The snapshot; absent while waiting, and after `resumed: true`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<Snapshot>,
    /// Where one stands, while waiting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<WaitingStanding>,
    /// What is measured of people here, shown of them, and for how long it is kept.
    #[serde(default)]
    pub privacy: PrivacyTold,
    /// The bounds that apply.
    pub limits: Limits,
    /// How often the server pings.
    pub heartbeat_seconds: u32,
    /// The server.
    pub server: ServerInfo,
}

/// What is measured of people in a meeting, shown of them, and for how long it is kept: what server and meeting
/// both allow.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PrivacyTold {
    /// Whether it is measured for how long each speaks.
    pub talk_time: bool,
    /// Whether reports say who is who.
    pub names_in_reports: bool,
    /// How many days after the meeting names, texts and measurements are deleted; null is never.
    pub retention_days: Option<u32>,
    /// What is measured.
    pub measured: Vec<MeasuredKind>,
}

/// A kind of measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MeasuredKind {
    /// When people were there.
    Presence,
    /// When they spoke, and for how long.
    Talk,
    /// How good their connection was.
    ConnectionQuality,
    /// What part they took, as a score.
    Engagement,
}

impl From<Privacy> for PrivacyTold {
    fn from(privacy: Privacy) -> PrivacyTold {
        let Privacy { talk_time, names_in_reports, retention_days } = privacy;
        let measured = [
            Some(MeasuredKind::Presence),
            talk_time.then_some(MeasuredKind::Talk),
            Some(MeasuredKind::ConnectionQuality),
            Some(MeasuredKind::Engagement),
        ];
        let measured = measured.into_iter().flatten().collect();
        PrivacyTold { talk_time, names_in_reports, retention_days, measured }
    }
}

/// One's session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SessionInfo {
    /// The session's id.
    pub id: SessionId,
    /// The secret that resumes it.
    pub token: String,
    /// For how long it may be resumed after its socket is lost.
    pub grace_seconds: u32,
}

/// Where one stands with a meeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// In.
    Joined,
    /// Waiting to be let in.
    Waiting,
}

/// Who one is in this meeting.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct You {
    /// One's participant id.
    pub participant: ParticipantId,
    /// One's user id.
    pub user: UserId,
    /// The name shown.
    pub name: String,
    /// Member or guest.
    pub kind: UserKind,
    /// The role.
    pub role: Role,
    /// In, or waiting.
    pub status: Standing,
    /// Every permission, granted or why not.
    pub can: Grants,
}

/// The server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ServerInfo {
    /// Its version.
    pub version: String,
    /// Its clock.
    pub time: Timestamp,
}

/// The meeting's state at one `seq`, as one viewer may see it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Snapshot {
    /// The `seq` it stands at: all events up to there are in it.
    pub seq: Seq,
    /// Who is in: staff first, then by id, at most 200, and as many as have 64 KiB of names; the rest by
    /// `participant.list`.
    pub participants: Vec<Participant>,
    /// How many people are in; bots are not counted.
    pub total: u32,
    /// Whether the meeting is large: comings and goings of attendees are told to staff alone, the others
    /// hear how many there are.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub large: bool,
    /// Who waits, in order, for those who may admit: as many as have 64 KiB of names; the rest by
    /// `waiting.list`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<Vec<WaitingEntry>>,
    /// The custom roles that are defined here, by key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<CustomRole>,
    /// Raised hands, in order.
    pub hands: Vec<ParticipantId>,
    /// The open polls, and the last 10 that were closed, cut at 32 KiB; by id.
    pub polls: Vec<Poll>,
    /// The agenda.
    pub agenda: Agenda,
    /// The running timer.
    pub timer: Option<Timer>,
    /// The last 50 decisions, oldest first, cut at 32 KiB.
    pub decisions: Vec<RecordedDecision>,
    /// The last 50 action items, oldest first, cut at 32 KiB.
    pub actions: Vec<ActionItem>,
    /// The last 50 messages, oldest first, cut at 64 KiB; the rest by `chat.history`.
    pub chat: Vec<ChatMessage>,
    /// The breakout rooms, prepared or open.
    pub rooms: Vec<Room>,
    /// Pinned messages, in the order in which they were pinned, at most 20.
    pub pins: Vec<MessageId>,
}
