//! Bodies of the REST interface.

mod audit;
mod changes;
mod feedback;
mod identity;
mod people;
mod report;
mod series;
mod trends;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use identity::*;

use crate::{
    MeetingId, MeetingInfo, MeetingStatus, MeetingType, Permission, Recurrence, Role, Settings,
    Timestamp, UserId, UserRef,
};
pub use changes::*;
pub use feedback::*;
pub use people::*;
pub use report::*;
pub use series::*;
pub use trends::*;

pub use audit::*;

/// A page of a list over REST.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct List<T> {
    /// The items.
    pub items: Vec<T>,
    /// What to send as `cursor` to get the next page; null at the end.
    pub next: Option<String>,
}

/// Body of `POST /api/meetings`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateMeeting {
    /// The title, 1 to 200 characters.
    pub title: String,
    /// What it is about, at most 4000 characters.
    #[serde(default)]
    pub description: Option<String>,
    /// What kind of meeting.
    #[serde(default)]
    pub r#type: MeetingType,
    /// When it is to start; absent: when people come.
    #[serde(default)]
    pub starts_at: Option<Timestamp>,
    /// When it is to end.
    #[serde(default)]
    pub ends_at: Option<Timestamp>,
    /// In which zone its times are meant: a name of the IANA database.
    #[serde(default)]
    pub time_zone: Option<String>,
    /// How it repeats; with `type: "recurring"`, `starts_at` and `time_zone`.
    #[serde(default)]
    pub recurrence: Option<Recurrence>,
    /// People present at most, from 2.
    #[serde(default)]
    pub max_participants: Option<u32>,
    /// Whether people wait for approval.
    #[serde(default)]
    pub requires_approval: bool,
    /// Whether it is to be recorded.
    #[serde(default)]
    pub is_recorded: bool,
    /// Co-hosts from the start.
    #[serde(default)]
    pub co_hosts: Vec<UserId>,
    /// The settings.
    #[serde(default)]
    pub settings: Settings,
    /// The passcode, 4 to 64 characters.
    #[serde(default)]
    pub passcode: Option<String>,
    /// Who is invited, at most 1000; more by `invitee.add`.
    #[serde(default)]
    pub invitees: Vec<Invite>,
}

/// Someone to be invited: exactly one of a user's id, a user's name, and an email address.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Invite {
    /// A user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// A user, by the name they sign in with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// Whoever has this address, verified; at most 320 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Whether they are expected, and not only welcome.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub required: bool,
}

/// A meeting over REST: what `welcome` shows, and what only the back office needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Meeting {
    /// The meeting.
    #[serde(flatten)]
    pub info: MeetingInfo,
    /// Who scheduled it.
    pub owner: UserRef,
    /// The IANA time zone in which its wall-clock times are meant.
    pub time_zone: Option<String>,
    /// Of a series: how it repeats.
    pub recurrence: Option<serde_json::Value>,
    /// Of an occurrence: its series.
    pub parent_meeting_id: Option<MeetingId>,
    /// Of an occurrence: when the rule of its series puts it.
    pub original_start: Option<Timestamp>,
    /// Where its recording is.
    pub recording_url: Option<String>,
    /// People in it; bots are not counted.
    pub present: u32,
    /// People waiting.
    pub waiting: u32,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Where it is.
    pub links: MeetingLinks,
}

/// What to list of the meetings that one may see. A page may be shorter than `limit`, even empty, while there is
/// a next one: for one page at most 10,000 meetings are looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MeetingQuery {
    /// Only of this type.
    #[serde(default)]
    pub r#type: Option<MeetingType>,
    /// Only where it stands so; cancelled ones are shown only when asked for.
    #[serde(default)]
    pub status: Option<MeetingStatus>,
    /// Only those that are planned to go on after this time. One without an end takes no time, one without a
    /// start takes place when it was made.
    #[serde(default)]
    pub from: Option<Timestamp>,
    /// Only those that are planned to begin before this time.
    #[serde(default)]
    pub to: Option<Timestamp>,
    /// Only those whose title or description has this in it, in any case; 1 to 200 characters.
    #[serde(default)]
    #[schemars(length(min = 1, max = 200))]
    pub q: Option<String>,
    /// True: only those that one hosts or co-hosts.
    #[serde(default)]
    pub mine: Option<bool>,
    /// Only the occurrences of this series.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub parent: Option<MeetingId>,
    /// How many, 1 to 200; 50 where it is not said.
    #[serde(default)]
    #[schemars(range(min = 1, max = 200))]
    pub limit: Option<u32>,
    /// `next` of the page before, asked for with the same filters.
    #[serde(default)]
    pub cursor: Option<String>,
}

/// Where a meeting is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MeetingLinks {
    /// Where people join.
    pub join: String,
    /// Its WebSocket.
    pub ws: String,
}

/// Where the interfaces are described: paths on this server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProtocolLinks {
    /// The WebSocket's subprotocol.
    pub subprotocol: String,
    /// The WebSocket.
    pub websocket: String,
    /// The JSON Schema of every frame.
    pub json_schema: String,
    /// The AsyncAPI document of the WebSocket.
    pub async_api: String,
    /// The OpenAPI document of the REST interface.
    pub open_api: String,
    /// A page for people that shows both.
    pub docs: String,
}

/// Body of `PUT /api/roles/{key}`: the role as it is to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PutRole {
    /// The name shown, at most 80 characters.
    pub label: String,
    /// The built-in role it starts from: `moderator`, `presenter` or `attendee`.
    pub based_on: Role,
    /// Its rank, 21 to 79.
    pub rank: u8,
    /// What it has beyond that role; only what that role may be granted.
    #[serde(default)]
    pub grants: Vec<Permission>,
    /// What it lacks of that role; nothing that the role always has.
    #[serde(default)]
    pub denies: Vec<Permission>,
}

/// Someone who has a role somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RoleUser {
    /// In which meeting.
    pub meeting: MeetingId,
    /// Who.
    pub user: UserId,
}
