//! What was taken over from the older application, as its rows said.

use quorate_protocol::{
    InviteeId, MeetingId, MeetingStatus, ParticipantId, Settings, Timestamp, UserId,
};
use serde::{Deserialize, Serialize};

/// Participants in one event at most.
pub const IMPORTED_AT_ONCE: usize = 500;

/// A meeting as it stood when it was taken over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MeetingImported {
    /// The meeting's id.
    pub meeting: MeetingId,
    /// The code in links.
    pub code: String,
    /// The title.
    pub title: String,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Who made it, and hosts it; their name is the event's personal part.
    pub host: UserId,
    /// Where it stood: never in progress.
    pub status: MeetingStatus,
    /// When it is to start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<Timestamp>,
    /// When it is to end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<Timestamp>,
    /// When it started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// Whether there is a passcode.
    pub has_passcode: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// The settings.
    pub settings: Settings,
}

/// A participant as they stood when their meeting was taken over: out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportedParticipant {
    /// The participant's id.
    pub participant: ParticipantId,
    /// The user behind it.
    pub user: UserId,
    /// Whether they were let in.
    pub admission: Admission,
    /// The invitation that they have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invitee: Option<InviteeId>,
    /// When they came in for the first time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_joined_at: Option<Timestamp>,
    /// When they last came in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub joined_at: Option<Timestamp>,
    /// When they last left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_at: Option<Timestamp>,
    /// How long they were there.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub total_seconds: i64,
    /// When they were given their place.
    pub created_at: Timestamp,
}

/// Whether someone was let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Admission {
    /// Not decided.
    Pending,
    /// Turned away, or would not come.
    Declined,
    /// May come in.
    Approved,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(seconds: &i64) -> bool {
    *seconds == 0
}
