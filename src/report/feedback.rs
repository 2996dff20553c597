//! What people said of a meeting, together.

use std::collections::BTreeMap;

use quorate_protocol::{
    FeedbackComment, FeedbackMode, FeedbackSummary, MeetingStatus, TagCount, Timestamp,
};

use super::effectiveness::RATERS_MIN;
use crate::meeting::Facts;
use crate::store::Rating;

/// Tags told at most.
const TAGS_MAX: usize = 50;
/// Comments told at most.
const COMMENTS_MAX: usize = 200;
/// The length of a day, in milliseconds.
const DAY_MS: i64 = 24 * 3_600_000;

/// What people said, for one who may read what each wrote or may not; `names`: and who did.
pub(super) fn summary(
    facts: &Facts,
    ratings: &[Rating],
    now: Timestamp,
    individuals: bool,
    names: bool,
) -> FeedbackSummary {
    let (mode, days) = (facts.info.settings.feedback, facts.info.settings.feedback_days);
    let closes_at = facts.info.ended_at.map(|at| at.plus_ms(i64::from(days) * DAY_MS));
    let began = matches!(facts.info.status, MeetingStatus::InProgress | MeetingStatus::Completed);
    let open = mode != FeedbackMode::Off && began && closes_at.is_none_or(|at| now < at);
    let raters = ratings.len() as u32;
    let told = raters >= RATERS_MIN;
    let of = |value: u8| ratings.iter().filter(|it| it.rating == value).count() as u32;
    let sum: u32 = ratings.iter().map(|it| u32::from(it.rating)).sum();
    let written = individuals && (told || mode != FeedbackMode::Anonymous);
    let comment = |it: &Rating| {
        let participant = it.participant.filter(|_| names);
        Some(FeedbackComment { participant, comment: it.comment.clone()? })
    };
    FeedbackSummary {
        mode,
        open,
        closes_at,
        raters,
        mean: told.then(|| f64::from(sum) / f64::from(raters)),
        counts: if told { (1..=5).map(of).collect() } else { Vec::new() },
        tags: if told { tags(ratings) } else { Vec::new() },
        comments: match written {
            true => ratings.iter().filter_map(comment).take(COMMENTS_MAX).collect(),
            false => Vec::new(),
        },
    }
}

/// The tags, most often given first.
fn tags(ratings: &[Rating]) -> Vec<TagCount> {
    let mut counts: BTreeMap<&String, u32> = BTreeMap::new();
    for tag in ratings.iter().flat_map(|it| &it.tags) {
        *counts.entry(tag).or_default() += 1;
    }
    let mut tags: Vec<_> = counts.into_iter().collect();
    tags.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    tags.truncate(TAGS_MAX);
    tags.into_iter().map(|(tag, count)| TagCount { tag: tag.clone(), count }).collect()
}
