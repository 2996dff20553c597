//! Bodies of the audit: who did what when, the feed of events, a meeting as it stood.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{MeetingId, ParticipantId, Seq, Snapshot, Timestamp, UserId};

/// Query of `GET /api/meetings/{id}/audit`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuditQuery {
    /// Only events of this type, as in `participant.joined`.
    #[serde(default)]
    pub action: Option<String>,
    /// Only what this user did; 0 is the system.
    #[serde(default)]
    pub user: Option<UserId>,
    /// From this time on.
    #[serde(default)]
    pub from: Option<Timestamp>,
    /// Before this time.
    #[serde(default)]
    pub to: Option<Timestamp>,
    /// Items at most, 1 to 200; 50 where it is not said.
    #[serde(default)]
    pub limit: Option<u32>,
    /// `next` of the page before.
    #[serde(default)]
    pub cursor: Option<String>,
}

/// A row of a meeting's journal, as far as the reader may read it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AuditItem {
    /// Its number in the meeting's journal.
    pub seq: Seq,
    /// When it happened.
    pub at: Timestamp,
    /// Who did it; 0 is the system. Null where that is nobody else's to know: a vote.
    pub user: Option<UserId>,
    /// Their place in the meeting, if they have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub participant: Option<ParticipantId>,
    /// What happened: the event's type.
    pub action: String,
    /// Ids, roles, times; null where that is nobody else's to know.
    pub details: Value,
    /// Names, texts, reasons and addresses, where they were for the reader and were not redacted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub personal: Option<Value>,
    /// `admin`: by the right of an administrator of the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<String>,
    /// The hash of the row, in hex: each is over the one before.
    pub hash: String,
}

/// Answer to `GET /api/meetings/{id}/audit/verify`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AuditVerdict {
    /// Whether every row is there and as it was written.
    pub ok: bool,
    /// Rows found sound, from the first.
    pub rows: u64,
    /// The hash of the last of them, in hex; null when there is none. That the end was cut off only a head
    /// shows that was kept elsewhere.
    pub head: Option<String>,
    /// The first row that is not as it was written, or is not there.
    pub first_bad: Option<BadRow>,
}

/// A row that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BadRow {
    /// Its number.
    pub seq: Seq,
    /// What is wrong with it, in a sentence.
    pub why: String,
}

/// Query of `GET /api/meetings/{id}/state`: one of the two.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StateQuery {
    /// After this event.
    #[serde(default)]
    pub seq: Option<Seq>,
    /// At this time.
    #[serde(default)]
    pub at: Option<Timestamp>,
}

/// A meeting as it stood.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StateThen {
    /// When: the time asked for, or that of the event.
    pub at: Timestamp,
    /// The meeting was taken over from the older application then: what was before is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unknown_before: Option<Timestamp>,
    /// The snapshot, as it was seen then. What was redacted since is not in it.
    #[serde(flatten)]
    pub state: Snapshot,
}

/// Query of `GET /api/events`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventsQuery {
    /// `next` of the answer before; absent: from the beginning.
    #[serde(default)]
    pub after: Option<String>,
    /// Items at most, 1 to 200; 50 where it is not said.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// What happened in meetings, in order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EventFeed {
    /// The events; there may be fewer than asked for, and more to come.
    pub items: Vec<FeedItem>,
    /// What to send as `after` to go on; the same again when nothing happened since.
    pub next: String,
    /// Whether there is more already: ask again at once.
    pub more: bool,
}

/// An event of a meeting.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FeedItem {
    /// Which meeting.
    pub meeting: MeetingId,
    /// Its number in the meeting's journal.
    pub seq: Seq,
    /// When it happened.
    pub at: Timestamp,
    /// The user who did it; null is the system.
    pub by: Option<UserId>,
    /// What happened: the event's type, as on the socket.
    pub r#type: String,
    /// Its data, as on the socket; names and texts are empty or absent where they were not for the reader.
    pub data: Value,
}

/// Query of `GET /api/users/{id}/activity`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ActivityQuery {
    /// Only events of this type.
    #[serde(default)]
    pub action: Option<String>,
    /// From this time on.
    #[serde(default)]
    pub from: Option<Timestamp>,
    /// Before this time.
    #[serde(default)]
    pub to: Option<Timestamp>,
    /// Items at most, 1 to 200; 50 where it is not said.
    #[serde(default)]
    pub limit: Option<u32>,
    /// `next` of the page before.
    #[serde(default)]
    pub cursor: Option<String>,
}

/// Something that a user did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ActivityItem {
    /// In which meeting.
    pub meeting: MeetingId,
    /// The row of its journal.
    #[serde(flatten)]
    pub row: AuditItem,
}

/// Answer to `POST /api/users/{id}/erase`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Erased {
    /// Who.
    pub user: UserId,
    /// Meetings in whose journals something was redacted.
    pub meetings: u64,
    /// Rows of journals whose names, texts, reasons and addresses are gone.
    pub events: u64,
}
