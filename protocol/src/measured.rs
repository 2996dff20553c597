//! What is measured of a meeting, and what is made of it: connection quality, scores and their components.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ParticipantId;

/// How good a connection is, in a word.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum QualityLevel {
    /// Never measured, or not to be seen by this viewer.
    #[default]
    Unknown,
    /// No answer to two pings, or in grace.
    Lost,
    /// R below 40.
    Poor,
    /// R of 40 or more.
    Fair,
    /// R of 65 or more.
    Good,
    /// R of 80 or more.
    Excellent,
}

/// How good a connection is: the participant's best session.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ConnectionQuality {
    /// The version of the formula.
    #[serde(default = "first")]
    pub version: u32,
    /// In a word.
    pub level: QualityLevel,
    /// The R factor of the E-model (ITU-T G.107), 0 to 100, smoothed.
    #[serde(default)]
    pub r: Option<f64>,
    /// The mean opinion score that goes with it, 1 to 4.5.
    #[serde(default)]
    pub mos: Option<f64>,
    /// The round trip of the last report, in milliseconds.
    #[serde(default)]
    pub rtt_ms: Option<f64>,
    /// The jitter of the last report, in milliseconds.
    #[serde(default)]
    pub jitter_ms: Option<f64>,
    /// Packets lost as of the last report, in percent.
    #[serde(default)]
    pub loss_pct: Option<f64>,
    /// Whether the round trip to this server is more than 300 ms above that of the media: commands are slow,
    /// the media are not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub slow_signalling: bool,
}

fn first() -> u32 {
    1
}

/// Data of `quality.report`: what the media of this session go through, as its client measured it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QualityReport {
    /// The round trip of the media, in milliseconds, up to 60,000.
    #[schemars(range(min = 0, max = 60_000))]
    pub rtt_ms: f64,
    /// The jitter of what arrives, in milliseconds, up to 10,000.
    #[schemars(range(min = 0, max = 10_000))]
    pub jitter_ms: f64,
    /// Packets lost, in percent.
    #[schemars(range(min = 0, max = 100))]
    pub loss_pct: f64,
    /// What is sent and received together, in kilobits a second, up to 10,000,000; checked, and not part of
    /// the formula.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 10_000_000))]
    pub bitrate_kbps: Option<f64>,
    /// Whether lost packets are made up for by forward error correction.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub fec: bool,
}

/// Data of `quality.changed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct QualityChanged {
    /// Whose connection.
    pub participant: ParticipantId,
    /// What was told last.
    pub from: QualityLevel,
    /// What it is now.
    pub to: QualityLevel,
}

/// Who says that someone speaks.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum TalkSource {
    /// Their own client.
    Client,
    /// A bot that listens.
    Bot,
    /// The media server, by a bot.
    Sfu,
}

/// What a score is made of: one part of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ScoreComponent {
    /// Its name, as `presence` or `structure`.
    pub key: String,
    /// What was counted or measured, in the component's own unit; null where nothing was.
    pub raw: Option<f64>,
    /// What that is measured against, in the same unit; null where it is against nothing.
    pub of: Option<f64>,
    /// How much of it was reached, 0 to 1; null where it does not apply.
    pub x: Option<f64>,
    /// How much it weighs among the others.
    pub weight: f64,
    /// How many of the 100 points it gave; the points of all components are the score.
    pub points: f64,
    /// Whether it applies; if not, its weight is on the others.
    pub available: bool,
    /// Why it does not apply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// How much a score is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// Under five minutes present, or fewer than two components apply.
    Low,
    /// Enough to go by.
    Normal,
}

/// How much someone took part: never an input are camera, face, keystrokes, window focus and IP address.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Engagement {
    /// The version of the formula.
    pub version: u32,
    /// 0 to 100.
    pub score: f64,
    /// How much it is worth.
    pub confidence: Confidence,
    /// What it is made of: `presence`, `voice`, `chat`, `response`, `signal`.
    pub components: Vec<ScoreComponent>,
}

/// How well the meeting went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Effectiveness {
    /// The version of the formula.
    pub version: u32,
    /// 0 to 100; null where no component applies, as of a meeting that never ran.
    pub score: Option<f64>,
    /// What it is made of: `structure`, `timeliness`, `attendance`, `participation`, `outcomes`, `quality`,
    /// `feedback`.
    pub components: Vec<ScoreComponent>,
    /// The components that cost most points, at most two, the dearest first.
    pub losses: Vec<String>,
}
