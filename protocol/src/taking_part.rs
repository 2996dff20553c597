//! What part people take: who speaks, how engaged each is, and how a meeting goes while it runs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Engagement, EngagementProfile, EngagementWeights, ParticipantId, QualityLevel, TalkSource,
    Timestamp,
};

/// Data of `speaking.report`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SpeakingReport {
    /// Whether they speak. True holds for 15 s; it is said again every 10 s while they do.
    pub speaking: bool,
    /// Who; absent is oneself. Another only by a bot that may `caption.publish`: it listens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub participant: Option<ParticipantId>,
    /// How a bot knows that another speaks: `bot` if not said, or `sfu`, the media server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<TalkSource>,
}

/// Data of `speaking`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Speaking {
    /// Who.
    pub participant: ParticipantId,
    /// Whether they speak from now on.
    pub speaking: bool,
}

/// Data of `engagement.get`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EngagementGet {
    /// Whose; absent is one's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub participant: Option<ParticipantId>,
}

/// Answer to `engagement.get`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EngagementShown {
    /// The score as of now; null for bots, for who was never in, and for who is excluded from reports.
    pub engagement: Option<Engagement>,
    /// How engagement is scored here.
    pub profile: EngagementProfile,
    /// What the components weigh: as the profile says, or as the meeting does.
    pub weights: EngagementWeights,
}

/// Data of `report.exclude`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportExclude {
    /// Who.
    pub participant: ParticipantId,
    /// Whether they are left out of scores and reports.
    pub excluded: bool,
}

/// Data of `report.exclusion_changed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExclusionChanged {
    /// Who.
    pub participant: ParticipantId,
    /// Whether they are left out of scores and reports from now on.
    pub excluded: bool,
}

/// Data of `stats`: how the meeting goes. Bots, those who are excluded from reports and those who wait are in
/// none of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Stats {
    /// How many people are in.
    pub present: u32,
    /// How the talk is shared among all who are or were in; null where it is not measured.
    pub talk: Option<TalkBalance>,
    /// Who is in and has not spoken yet; null where it is not measured.
    pub silent: Option<Silent>,
    /// Whose hand has been up the longest; null where none is.
    pub longest_hand: Option<LongestHand>,
    /// How many of those who are in have a connection of each level.
    pub quality: QualityCounts,
    /// How it goes with each who is in, at most 200, who spoke most first. Only for those who may
    /// `report.individual`, and only where reports say who is who.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub people: Option<Vec<PersonStats>>,
}

/// How talk is shared among people.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TalkBalance {
    /// For how long all of them spoke together, in seconds.
    pub talk_seconds: u64,
    /// What share of it is by the one who spoke most, 0 to 1; null while nobody spoke.
    pub largest_share: Option<f64>,
    /// How even it is: 1 where everyone spoke for equally long, 0 where one alone did. 1 − G·n/(n−1), G the
    /// Gini coefficient, silent people included; null while nobody spoke, and for one alone.
    pub balance: Option<f64>,
}

/// Who has not spoken yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Silent {
    /// How many.
    pub count: u32,
    /// Who, in the order of their ids, at most 50; nobody where reports do not say who is who.
    pub participants: Vec<ParticipantId>,
}

/// Whose hand has been up the longest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LongestHand {
    /// Whose.
    pub participant: ParticipantId,
    /// Since when.
    pub since: Timestamp,
}

/// How many people have a connection of each level.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct QualityCounts {
    /// R of 80 or more.
    pub excellent: u32,
    /// R of 65 or more.
    pub good: u32,
    /// R of 40 or more.
    pub fair: u32,
    /// R below 40.
    pub poor: u32,
    /// No answer, or in grace.
    pub lost: u32,
    /// Never measured.
    pub unknown: u32,
}

impl QualityCounts {
    /// One more of this level.
    pub fn count(&mut self, level: QualityLevel) {
        *match level {
            QualityLevel::Excellent => &mut self.excellent,
            QualityLevel::Good => &mut self.good,
            QualityLevel::Fair => &mut self.fair,
            QualityLevel::Poor => &mut self.poor,
            QualityLevel::Lost => &mut self.lost,
            QualityLevel::Unknown => &mut self.unknown,
        } += 1;
    }
}

/// How it goes with someone.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PersonStats {
    /// Who.
    pub participant: ParticipantId,
    /// For how long they spoke, in seconds; null where it is not measured.
    pub talk_seconds: Option<u64>,
    /// How engaged they are, 0 to 100, to one decimal; the components are told by `engagement.get`.
    pub score: Option<f64>,
    /// How good their connection is.
    pub level: QualityLevel,
}
