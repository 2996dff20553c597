//! Meetings compared: the occurrences of a series, the weeks of someone, the weeks of a server.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{MeetingId, MeetingStatus, MeetingType, ReportFormat, Timestamp, UserId};

/// The digest of a report: what a meeting was like in short.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MeetingDigest {
    /// The version of engagement's formula.
    pub engagement_version: u32,
    /// The version of effectiveness' formula.
    pub effectiveness_version: u32,
    /// How many were there, but for bots and who is excluded.
    pub participants: u32,
    /// How many were there at once, at most.
    pub peak: u32,
    /// Required invitees.
    pub required: u32,
    /// How many of them were there for half of the time.
    pub required_present: u32,
    /// How many were there, or waited to be let in, no later than five minutes after it was to start, or where
    /// nothing was planned, after it started.
    pub punctual: u32,
    /// When it was to start, as planned when it first started; null where nothing was planned.
    pub starts_at: Option<Timestamp>,
    /// How long after that it started, in seconds, negative before; null where nothing was planned.
    pub late_seconds: Option<i64>,
    /// For how long it ran, in seconds.
    pub live_seconds: u64,
    /// For how long people were there, all together, in seconds.
    pub present_seconds: u64,
    /// The mean engagement, 0 to 100; null where nobody is scored.
    pub engagement: Option<f64>,
    /// How well it went, 0 to 100; null where no component applies, as where nobody came.
    pub effectiveness: Option<f64>,
    /// How many said what they think of it.
    pub raters: u32,
    /// The mean rating, 1 to 5; null below the least number of raters.
    pub rating: Option<f64>,
}

/// Query of `GET /api/meetings/{id}/trends`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrendsQuery {
    /// Occurrences that start from then on; a year ago where it is not said.
    #[serde(default)]
    pub from: Option<Timestamp>,
    /// Occurrences that start before then; all that were held where it is not said.
    #[serde(default)]
    pub to: Option<Timestamp>,
    /// The format; what `Accept` prefers, if not said.
    #[serde(default)]
    pub format: Option<ReportFormat>,
}

/// How the occurrences of a series went, one after the other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Trends {
    /// The series.
    pub meeting: MeetingId,
    /// Its title.
    pub title: String,
    /// In which zone its times are meant.
    pub time_zone: Option<String>,
    /// From when on.
    pub from: Timestamp,
    /// Until when.
    pub to: Timestamp,
    /// Those that were held, oldest first: the last 100 of the time.
    pub items: Vec<TrendItem>,
    /// Whether there were more than that.
    pub cut: bool,
}

/// How an occurrence went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TrendItem {
    /// The occurrence.
    pub meeting: MeetingId,
    /// Its title.
    pub title: String,
    /// Where it stands: in progress, or completed.
    pub status: MeetingStatus,
    /// When it started.
    pub started_at: Option<Timestamp>,
    /// What it was like.
    pub digest: MeetingDigest,
}

/// Query of `GET /api/users/{id}/analytics` and `GET /api/analytics`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnalyticsQuery {
    /// Meetings that started from then on; twelve weeks ago where it is not said.
    #[serde(default)]
    pub from: Option<Timestamp>,
    /// Meetings that started before then; now where it is not said. At most two years after `from`.
    #[serde(default)]
    pub to: Option<Timestamp>,
    /// The format; what `Accept` prefers, if not said.
    #[serde(default)]
    pub format: Option<ReportFormat>,
}

/// What meetings took of someone, week by week.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct UserAnalytics {
    /// Who.
    pub user: UserId,
    /// What they are called; null where they were erased.
    pub name: Option<String>,
    /// From when on.
    pub from: Timestamp,
    /// Until when.
    pub to: Timestamp,
    /// The weeks in which they were in a meeting, oldest first.
    pub weeks: Vec<UserWeek>,
}

/// What meetings took of someone in a week.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct UserWeek {
    /// The week by ISO 8601, as in `2026-W47`; it begins on Monday, in UTC.
    pub week: String,
    /// Meetings they were in that started in it.
    pub meetings: u32,
    /// How many of these they hosted.
    pub hosted: u32,
    /// For how long they were there, in seconds.
    pub present_seconds: u64,
    /// For how long they spoke, as far as it was measured and may be told, in seconds; null where it may be of
    /// no meeting.
    pub talk_seconds: Option<u64>,
    /// Their mean engagement, 0 to 100, as far as it may be told; null where they were not scored.
    pub engagement: Option<f64>,
}

/// The meetings of a server, by week and type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Analytics {
    /// From when on.
    pub from: Timestamp,
    /// Until when.
    pub to: Timestamp,
    /// The weeks in which there were meetings, oldest first.
    pub weeks: Vec<AnalyticsWeek>,
}

/// The meetings of one type in one week.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AnalyticsWeek {
    /// The week by ISO 8601, as in `2026-W47`; it begins on Monday, in UTC.
    pub week: String,
    /// What kind of meeting; those of a series are `recurring`.
    pub r#type: MeetingType,
    /// Meetings that started in it.
    pub meetings: u32,
    /// How many were in them, all together: who was in two counts twice.
    pub participants: u64,
    /// For how long, all together, in seconds.
    pub present_seconds: u64,
    /// The mean engagement of the meetings, 0 to 100; null where nobody was scored.
    pub engagement: Option<f64>,
    /// The mean effectiveness of the meetings, 0 to 100; null where none is over.
    pub effectiveness: Option<f64>,
    /// The mean of the meetings' mean ratings, 1 to 5; null where none has enough.
    pub rating: Option<f64>,
    /// Meetings whose effectiveness is not reckoned: they go on, or ended a moment ago.
    pub pending: u32,
}
