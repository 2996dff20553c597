//! Series over REST: which of a series a change is of, and its occurrences.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{MeetingId, MeetingStatus, Timestamp};

/// Of how much of a series a change is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Of this occurrence alone.
    #[default]
    This,
    /// Of this occurrence and those after it, which become a series of their own.
    Following,
    /// Of the whole series.
    All,
}

/// Query of `PATCH` and `DELETE` of a meeting.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScopeQuery {
    /// Of an occurrence: of how much of its series the change is; this alone, if absent.
    #[serde(default)]
    pub scope: Option<Scope>,
}

/// Query of `GET /api/meetings/{id}/occurrences`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OccurrencesQuery {
    /// Only those that the rule puts then or later; absent is now.
    #[serde(default)]
    pub from: Option<Timestamp>,
    /// Only those that the rule puts before; absent is 90 days after `from`.
    #[serde(default)]
    pub to: Option<Timestamp>,
    /// How many at once, 1 to 200.
    #[serde(default)]
    #[schemars(range(min = 1, max = 200))]
    pub limit: Option<u32>,
    /// `next` of the page before.
    #[serde(default)]
    pub cursor: Option<String>,
}

/// An occurrence of a series.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OccurrenceInfo {
    /// The meeting that it is; null while it is none yet.
    pub id: Option<MeetingId>,
    /// When the rule puts it: what it is known by.
    pub original_start: Timestamp,
    /// When it starts.
    pub starts_at: Option<Timestamp>,
    /// When it ends.
    pub ends_at: Option<Timestamp>,
    /// Its title.
    pub title: String,
    /// Where it stands.
    pub status: MeetingStatus,
}
