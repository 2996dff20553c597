//! The report of a meeting: what it was like, from its journal and what was measured.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    ActionId, Date, Effectiveness, Engagement, EngagementProfile, EngagementWeights,
    FeedbackSummary, ItemId, MeetingId, MeetingStatus, MeetingType, ParticipantId, PollId, Privacy,
    QualityLevel, RecordedDecision, Role, RoomId, Seq, Timestamp, UserId, UserKind,
};

/// What a meeting was like.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// The version of this shape.
    pub version: u32,
    /// The meeting.
    pub meeting: ReportMeeting,
    /// The last event that is in it.
    pub seq: Seq,
    /// Up to when it goes: the meeting's end, or when it was asked for.
    pub as_of: Timestamp,
    /// Whether the meeting is over; feedback may still change it.
    pub r#final: bool,
    /// What was measured and is shown.
    pub privacy: Privacy,
    /// Everyone together.
    pub totals: ReportTotals,
    /// Those who were there, but for bots and who is excluded: in the order in which they came. Empty for who
    /// may see nobody's.
    pub participants: Vec<ReportPerson>,
    /// How many were there and are excluded.
    pub excluded: u32,
    /// The meeting in slices of equal length, at most 240.
    pub course: Vec<ReportSlice>,
    /// The length of a slice, in seconds.
    pub slice_seconds: u32,
    /// The polls, in order.
    pub polls: Vec<ReportPoll>,
    /// What was decided.
    pub decisions: Vec<RecordedDecision>,
    /// What is to be done.
    pub actions: Vec<ReportAction>,
    /// The agenda as it was last: what was planned, and what it took.
    pub agenda: Vec<ReportItem>,
    /// The breakout rooms that anyone was in.
    pub rooms: Vec<ReportRoom>,
    /// By what engagement is scored here, and connections are measured.
    pub scoring: ReportScoring,
    /// How well it went.
    pub effectiveness: Effectiveness,
    /// What people said of it.
    pub feedback: FeedbackSummary,
    /// What it came to, in words, where someone wrote that.
    pub summary: Option<String>,
}

/// The meeting that a report is of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReportMeeting {
    /// Its id.
    pub id: MeetingId,
    /// Its title.
    pub title: String,
    /// What kind of meeting.
    pub r#type: MeetingType,
    /// Where it stands.
    pub status: MeetingStatus,
    /// When it was to start, by the schedule that held when it first started.
    pub starts_at: Option<Timestamp>,
    /// When it was to end, by the same.
    pub ends_at: Option<Timestamp>,
    /// When it started.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// In which zone its times are meant.
    pub time_zone: Option<String>,
    /// Who hosts it; null where names are not shown.
    pub host: Option<String>,
    /// Of an occurrence: its series.
    pub parent_meeting_id: Option<MeetingId>,
}

/// Everyone together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReportTotals {
    /// How many were there, but for bots and who is excluded.
    pub participants: u32,
    /// How many were there at once, at most.
    pub peak: u32,
    /// For how long the meeting ran, in seconds.
    pub live_seconds: u64,
    /// For how long they were there, all together, in seconds.
    pub present_seconds: u64,
    /// For how long they spoke, all together, in seconds; null where it is not measured.
    pub talk_seconds: Option<u64>,
    /// Messages.
    pub messages: u32,
    /// Hands raised.
    pub hands: u32,
    /// Reactions that count.
    pub reactions: u32,
    /// Required invitees, and how many of them were there for half of the time.
    pub required: u32,
    /// See `required`.
    pub required_present: u32,
    /// How many were there, or waited to be let in, no later than five minutes after it was to start, or where
    /// nothing was planned, after it started.
    pub punctual: u32,
    /// The mean engagement; null where nobody is scored.
    pub engagement: Option<f64>,
    /// Minutes that were measured, all together, by how good the connection was.
    pub quality_minutes: QualityMinutes,
}

/// Someone in a report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReportPerson {
    /// Who; null where names are not shown.
    pub participant: Option<ParticipantId>,
    /// The user behind it; null where names are not shown.
    pub user: Option<UserId>,
    /// Their name, or `Participant 1` and so on where names are not shown.
    pub name: String,
    /// Member or guest.
    pub kind: UserKind,
    /// The role; null where names are not shown, as it would give the host away.
    pub role: Option<Role>,
    /// When they were there, oldest first.
    pub present: Vec<ReportSpan>,
    /// How long that was, in seconds.
    pub present_seconds: u64,
    /// For how long they spoke, in seconds; null where it is not measured.
    pub talk_seconds: Option<u64>,
    /// Messages of theirs that count.
    pub messages: u32,
    /// Hands of theirs that count.
    pub hands: u32,
    /// Reactions of theirs that count.
    pub reactions: u32,
    /// Polls that were opened while they were there, and in how many of them they voted.
    pub polls_seen: u32,
    /// See `polls_seen`.
    pub polls_answered: u32,
    /// The mean R of their connection, 0 to 100; null where it was not measured.
    pub quality_r: Option<f64>,
    /// Minutes that were measured, by how good the connection was.
    pub quality_minutes: QualityMinutes,
    /// How much they took part.
    pub engagement: Engagement,
}

/// A stretch of presence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReportSpan {
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub to: Timestamp,
    /// In which breakout room; null is the main room.
    pub room: Option<RoomId>,
}

/// A slice of the meeting's course.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReportSlice {
    /// When it begins.
    pub at: Timestamp,
    /// How many were there, on average.
    pub present: f64,
    /// For how long people spoke in it, all together, in seconds; null where it is not measured.
    pub talk_seconds: Option<u64>,
    /// Messages in it.
    pub messages: u32,
    /// Hands raised in it.
    pub hands: u32,
    /// Minutes in it that were measured, all together, by how good the connection was.
    pub quality_minutes: QualityMinutes,
}

/// Minutes that were measured, by how good the connection was in the mean.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct QualityMinutes {
    /// R of 80 or more.
    pub excellent: u32,
    /// R of 65 or more.
    pub good: u32,
    /// R of 40 or more.
    pub fair: u32,
    /// R below 40.
    pub poor: u32,
}

impl QualityMinutes {
    /// What a minute can be, from the best.
    pub const LEVELS: [QualityLevel; 4] =
        [QualityLevel::Excellent, QualityLevel::Good, QualityLevel::Fair, QualityLevel::Poor];

    /// How many were of this level.
    #[must_use]
    pub fn of(&self, level: QualityLevel) -> u32 {
        match level {
            QualityLevel::Excellent => self.excellent,
            QualityLevel::Good => self.good,
            QualityLevel::Fair => self.fair,
            QualityLevel::Poor => self.poor,
            QualityLevel::Lost | QualityLevel::Unknown => 0,
        }
    }

    /// How many there are.
    #[must_use]
    pub fn all(&self) -> u64 {
        self.at_least(QualityLevel::Poor)
    }

    /// How many were of this level or better.
    #[must_use]
    pub fn at_least(&self, level: QualityLevel) -> u64 {
        let reached = Self::LEVELS.into_iter().filter(|it| *it >= level);
        reached.map(|it| u64::from(self.of(it))).sum()
    }

    /// One more of this level; one that was not measured is none.
    pub fn count(&mut self, level: QualityLevel) {
        match level {
            QualityLevel::Excellent => self.excellent += 1,
            QualityLevel::Good => self.good += 1,
            QualityLevel::Fair => self.fair += 1,
            QualityLevel::Poor => self.poor += 1,
            QualityLevel::Lost | QualityLevel::Unknown => {}
        }
    }
}

/// A poll in a report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReportPoll {
    /// Its id.
    pub poll: PollId,
    /// The question; empty after a redaction.
    pub question: String,
    /// What could be chosen; empty texts after a redaction.
    pub choices: Vec<String>,
    /// How many chose each.
    pub counts: Vec<u32>,
    /// How many voted.
    pub voters: u32,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When it was closed; null while it is open.
    pub closed_at: Option<Timestamp>,
}

/// An action item in a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReportAction {
    /// Its id.
    pub action: ActionId,
    /// What is to be done; empty after a redaction.
    pub text: String,
    /// Who is to do it; null is nobody, and where names are not shown.
    pub owner: Option<ParticipantId>,
    /// What they are called; null where names are not shown, where theirs was erased, and of who is excluded.
    pub owner_name: Option<String>,
    /// By when.
    pub due: Option<Date>,
}

/// An item of the agenda in a report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReportItem {
    /// Its id.
    pub item: ItemId,
    /// The title; empty after a redaction.
    pub title: String,
    /// How long it was to take, in minutes.
    pub planned_minutes: u32,
    /// How long it took, in seconds.
    pub spent_seconds: u64,
    /// When it first became the current one; null: never.
    pub started_at: Option<Timestamp>,
}

/// A breakout room in a report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReportRoom {
    /// Its id.
    pub room: RoomId,
    /// Its name; empty after a redaction.
    pub name: String,
    /// How many were ever in it.
    pub participants: u32,
    /// For how long, all together, in seconds.
    pub present_seconds: u64,
}

/// By what engagement is scored in a meeting, and connections are measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReportScoring {
    /// The version of the formula of engagement.
    pub engagement_version: u32,
    /// The version of the formula of connection quality.
    pub quality_version: u32,
    /// The profile.
    pub profile: EngagementProfile,
    /// What each component weighs.
    pub weights: EngagementWeights,
}

/// In which format a report is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReportFormat {
    /// All of it, as JSON.
    Json,
    /// A table with a row for each participant, as CSV; for those who may see figures of single people.
    Csv,
    /// All of it, as a page to be read and printed.
    Html,
}

/// Query of `GET /api/meetings/{id}/report`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportQuery {
    /// The format; what `Accept` prefers, if not said.
    #[serde(default)]
    pub format: Option<ReportFormat>,
}
