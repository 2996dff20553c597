//! What people say of a meeting.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{FeedbackMode, ParticipantId, Timestamp};

/// What someone said of a meeting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FeedbackGiven {
    /// 1 to 5, 5 is best.
    pub rating: u8,
    /// In their words.
    #[serde(default)]
    pub comment: Option<String>,
    /// In a word each.
    #[serde(default)]
    pub tags: Vec<String>,
    /// When.
    pub at: Timestamp,
}

/// What people said of a meeting, together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FeedbackSummary {
    /// Whether who said what is known.
    pub mode: FeedbackMode,
    /// Whether one may say something now.
    pub open: bool,
    /// When that ends; null while the meeting goes on.
    pub closes_at: Option<Timestamp>,
    /// How many did; null for who may not see what all said together, and where that was deleted.
    pub raters: Option<u32>,
    /// The mean rating; null below the least number of raters.
    pub mean: Option<f64>,
    /// How many gave 1, 2, 3, 4 and 5; empty below the least number of raters.
    pub counts: Vec<u32>,
    /// The tags and how often each was given, most often first, at most 50; empty below the least number of
    /// raters.
    pub tags: Vec<TagCount>,
    /// What they wrote, at most 200, for those who may read it; below the least number of raters only what stands
    /// beside a name.
    pub comments: Vec<FeedbackComment>,
    /// What one said oneself; null where one said nothing, and where feedback is anonymous.
    pub yours: Option<FeedbackGiven>,
}

/// How often a tag was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TagCount {
    /// The tag.
    pub tag: String,
    /// How often.
    pub count: u32,
}

/// What someone wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FeedbackComment {
    /// Who; null where feedback is anonymous, and for who may not see it of each.
    pub participant: Option<ParticipantId>,
    /// What.
    pub comment: String,
}
