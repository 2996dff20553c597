//! The people of a meeting over REST.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Attributes, ConnectionQuality, Engagement, InviteeId, Media, ParticipantId, QualityLevel, Role,
    RoomId, Seq, Timestamp, UserId, UserKind, WaitingEntry,
};

/// Which page of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PageQuery {
    /// How many, 1 to 200; 50 where it is not said.
    #[serde(default)]
    #[schemars(range(min = 1, max = 200))]
    pub limit: Option<u32>,
    /// `next` of the page before, asked for with the same filters.
    #[serde(default)]
    pub cursor: Option<String>,
}

/// What to list of the participants of a meeting. A page may be shorter than `limit`, even empty, while there
/// is a next one: for one page at most 10,000 are looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ParticipantQuery {
    /// Only those with this role.
    #[serde(default)]
    pub role: Option<Role>,
    /// Only those who are there so.
    #[serde(default)]
    pub status: Option<ParticipantStatus>,
    /// Only of this kind.
    #[serde(default)]
    pub kind: Option<UserKind>,
    /// Only those whose connection is at this level.
    #[serde(default)]
    pub quality: Option<QualityLevel>,
    /// How many, 1 to 200; 50 where it is not said.
    #[serde(default)]
    #[schemars(range(min = 1, max = 200))]
    pub limit: Option<u32>,
    /// `next` of the page before, asked for with the same filters.
    #[serde(default)]
    pub cursor: Option<String>,
}

/// Someone who has or had a place in a meeting.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MeetingParticipant {
    /// The participant's id.
    pub id: ParticipantId,
    /// The user behind it.
    pub user: UserId,
    /// The name shown.
    pub name: String,
    /// Member, guest or bot.
    pub kind: UserKind,
    /// The role.
    pub role: Role,
    /// Where they are.
    pub status: ParticipantStatus,
    /// Whether they were let in; null for those who may not admit.
    pub admission: Option<Admission>,
    /// Since when the hand is up.
    pub hand: Option<Timestamp>,
    /// What is sent.
    pub media: Media,
    /// The breakout room they are in; null is the main room.
    pub room: Option<RoomId>,
    /// When they first came in.
    pub first_joined_at: Option<Timestamp>,
    /// When they last came in.
    pub joined_at: Option<Timestamp>,
    /// When they last left; null while they are there.
    pub left_at: Option<Timestamp>,
    /// For how long they were there, as far as it is counted, in seconds.
    pub total_time_seconds: u64,
    /// For how long they spoke, in seconds; null where it is not measured, and for those who may not see it.
    pub talk_seconds: Option<u64>,
    /// How engaged they are, as of now or as it was in the end; null for who is not scored, and for those who
    /// may not see it. One's own one sees always, another's with `report.individual`.
    pub engagement: Option<Engagement>,
    /// Whether they are left out of scores and reports; null for those who may not see it.
    pub exclude_from_report: Option<bool>,
    /// How good their connection is; null where it was never measured.
    pub quality: Option<ConnectionQuality>,
    /// Their own key-value pairs, while they are there.
    pub attributes: Attributes,
}

/// Where a participant is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ParticipantStatus {
    /// In, and connected.
    Present,
    /// In, and the connection is lost for now.
    Lost,
    /// Waiting to be let in.
    Waiting,
    /// Was here, or turned away, and is not here.
    Left,
    /// Has a place here, and was never in.
    Invited,
    /// Removed or banned.
    Removed,
}

/// Whether someone was let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Admission {
    /// Not yet.
    Pending,
    /// Yes.
    Approved,
    /// They were turned away.
    Declined,
}

/// Who waits, in order of arrival.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WaitingRoom {
    /// The last event of the meeting as of this list: what `admit-all` takes as `up_to_seq`.
    pub seq: Seq,
    /// Who waits.
    pub items: Vec<WaitingEntry>,
}

/// A co-host, whether they ever came or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CoHost {
    /// Who.
    pub user: UserId,
    /// Their name.
    pub name: String,
    /// Their place here; null when they never came.
    pub participant: Option<ParticipantId>,
    /// Since when.
    pub since: Timestamp,
}

/// An invitation over REST.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Invitation {
    /// The invitation.
    pub id: InviteeId,
    /// The user; null when an address is invited.
    pub user: Option<UserId>,
    /// The name they had here; null when they were never here, and when an address is invited.
    pub name: Option<String>,
    /// The address, in lower case; null when a user is invited, and when it has been redacted.
    pub email: Option<String>,
    /// Whether they are expected, and not only welcome.
    pub required: bool,
    /// When they were invited.
    pub created_at: Timestamp,
}
