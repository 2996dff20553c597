//! What people say of a meeting: under their name, or so that nobody can know who said what.
//!
//! What is said under a name is the personal part of its event, and is shown to that person and to whom the
//! settings let see each. What is said anonymously is in no event: it is a ballot, filed under what only the
//! holder of a key can make of a user, and the key is gone when feedback closes. The journal says that someone
//! said something, once for each.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use quorate_protocol::{
    FEEDBACK_COMMENT_CHARS_MAX, FEEDBACK_TAG_CHARS_MAX, FEEDBACK_TAGS_MAX, FeedbackComment,
    FeedbackGiven, FeedbackMode, FeedbackSubmit, FeedbackSummary, MeetingId, ParticipantId,
    Permission, Privacy, TagCount, Timestamp, UserId,
};

use super::event::{Audience, Fact, Personal};
use super::facts::Facts;
use super::person::Person;
use super::retention::after_days;
use super::{Decision, Meeting, Refusal, text};

/// Comments in a summary at most.
const COMMENTS_MAX: usize = 200;
/// Tags in a summary at most.
const TAGS_MAX: usize = 50;

/// What a ballot is filed under.
pub type Voter = [u8; 32];

type VoterOf = dyn Fn(MeetingId, UserId) -> Voter + Send + Sync;

/// Makes of a user what their ballots in a meeting are filed under; always the same.
#[derive(Clone)]
pub struct Voters(Arc<VoterOf>);

impl Voters {
    /// By this.
    pub fn new(of: impl Fn(MeetingId, UserId) -> Voter + Send + Sync + 'static) -> Voters {
        Voters(Arc::new(of))
    }
}

impl fmt::Debug for Voters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Voters(…)")
    }
}

/// What someone says anonymously; it takes the place of what they said before.
#[derive(Clone, PartialEq, Eq)]
pub struct Ballot {
    /// What it is filed under.
    pub voter: Voter,
    /// 1 to 5.
    pub rating: u8,
    /// In their words.
    pub comment: Option<String>,
    /// In a word each.
    pub tags: Vec<String>,
}

/// A log shall not tell what was said.
impl fmt::Debug for Ballot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ballot(…)")
    }
}

/// Who said what they think of the meeting.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Feedback {
    /// Who did under their name.
    raters: BTreeSet<ParticipantId>,
    /// How many did anonymously.
    ballots: u32,
    /// When it was closed since the meeting ended.
    pub(super) closed_at: Option<Timestamp>,
}

impl Feedback {
    /// Whether anyone said anything, named or not.
    #[must_use]
    pub fn is_given(&self) -> bool {
        self.count() > 0
    }

    /// How many said something. In an anonymous meeting that went on after feedback had closed, who said
    /// something again counts again.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.ballots + u32::try_from(self.raters.len()).unwrap_or(u32::MAX)
    }

    /// Whether anyone said something anonymously.
    #[must_use]
    pub fn has_ballots(&self) -> bool {
        self.ballots > 0
    }

    pub(super) fn submitted(&mut self, participant: Option<ParticipantId>) {
        match participant {
            Some(participant) => drop(self.raters.insert(participant)),
            None => self.ballots += 1,
        }
    }
}

/// How feedback on a meeting is taken just now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Whether who said what is known.
    pub mode: FeedbackMode,
    /// Whether it is taken.
    pub open: bool,
    /// When that ends; none while the meeting goes on.
    pub closes_at: Option<Timestamp>,
    /// Whether what was said is gone.
    pub is_forgotten: bool,
}

impl Meeting {
    /// Takes what someone who was there thinks of the meeting.
    pub(super) fn submit_feedback(
        &self,
        now: Timestamp,
        me: &Person,
        ask: &FeedbackSubmit,
    ) -> Result<Decision, Refusal> {
        let facts = &self.facts;
        facts.require(me, Permission::FeedbackSubmit)?;
        check(ask)?;
        facts.takes_feedback(now, self.terms.privacy)?;
        if !me.attendance.is_any() {
            let message = "only who was in the meeting can say what it was like";
            return Err(Refusal::Conflict(message));
        }
        if facts.info.settings.feedback == FeedbackMode::Anonymous {
            return self.take_ballot(me.user, ask);
        }
        self.passing.pace.may_rate(now, me.id)?;
        let said = Personal {
            rating: Some(ask.rating),
            text: ask.comment.clone(),
            texts: ask.tags.clone(),
            ..Personal::default()
        };
        let submitted = Fact::FeedbackSubmitted { participant: Some(me.id) };
        Ok(Decision::by(me).personal_event(Audience::STAFF.and(me.id), submitted, said))
    }

    /// By nobody: neither the event nor anything beside it says who.
    fn take_ballot(&self, user: UserId, ask: &FeedbackSubmit) -> Result<Decision, Refusal> {
        let Some(voters) = &self.voters else {
            return Err(Refusal::Conflict("ballots are taken where the meeting runs"));
        };
        let voter = (voters.0)(self.facts.info.id, user);
        let mut decision = Decision::by_system();
        if !self.passing.voted.contains(&voter) {
            let submitted = Fact::FeedbackSubmitted { participant: None };
            decision = decision.event(Audience::STAFF, submitted);
        }
        let FeedbackSubmit { rating, comment, tags } = ask.clone();
        decision.ballot = Some(Ballot { voter, rating, comment, tags });
        Ok(decision)
    }
}

fn check(ask: &FeedbackSubmit) -> Result<(), Refusal> {
    let invalid = |field, message| Err(Refusal::Invalid { field, message });
    if !(1..=5).contains(&ask.rating) {
        return invalid("rating", "must be between 1 and 5");
    }
    text::check_some("comment", ask.comment.as_deref(), FEEDBACK_COMMENT_CHARS_MAX)?;
    if ask.tags.len() > FEEDBACK_TAGS_MAX {
        return Err(Refusal::TooLarge { field: "tags", limit: FEEDBACK_TAGS_MAX });
    }
    ask.tags.iter().try_for_each(|tag| text::check("tags", tag, FEEDBACK_TAG_CHARS_MAX))?;
    let different: BTreeSet<_> = ask.tags.iter().collect();
    if different.len() < ask.tags.len() {
        return invalid("tags", "must differ from one another");
    }
    Ok(())
}

impl Facts {
    /// How feedback is taken just now; `privacy` is the server's.
    #[must_use]
    pub fn feedback_standing(&self, now: Timestamp, privacy: Privacy) -> Standing {
        Standing {
            mode: self.info.settings.feedback,
            open: self.takes_feedback(now, privacy).is_ok(),
            closes_at: self.feedback_closes_at(privacy),
            is_forgotten: self.is_forgotten(),
        }
    }

    fn takes_feedback(&self, now: Timestamp, privacy: Privacy) -> Result<(), Refusal> {
        let over = self.feedback_closes_at(privacy).is_some_and(|at| at <= now);
        Err(Refusal::Conflict(match self.info.settings.feedback {
            FeedbackMode::Off => "feedback is off in this meeting; its host may turn it on",
            _ if self.info.started_at.is_none() => {
                "the meeting has not started; say what it was like once it has"
            }
            _ if over => "feedback on this meeting is closed",
            _ => return Ok(()),
        }))
    }

    /// When feedback closes: never later than what was said of the meeting is deleted. What has closed stays closed.
    fn feedback_closes_at(&self, privacy: Privacy) -> Option<Timestamp> {
        if self.feedback.closed_at.is_some() {
            return self.feedback.closed_at;
        }
        let days = self.info.settings.feedback_days;
        let kept = self.privacy(privacy).retention_days.unwrap_or(u32::MAX);
        Some(after_days(self.info.ended_at?, days.min(kept)))
    }

    /// When it is to be said that feedback is closed: where somebody gave any.
    pub(super) fn feedback_due(&self, privacy: Privacy) -> Option<Timestamp> {
        let open = self.feedback.is_given() && self.feedback.closed_at.is_none();
        self.feedback_closes_at(privacy).filter(|_| open)
    }
}

/// What someone said of a meeting, named or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rating {
    /// Who; none where it was said anonymously.
    pub participant: Option<ParticipantId>,
    /// Whether they are excluded from reports.
    pub excluded: bool,
    /// 1 to 5.
    pub rating: u8,
    /// In their words.
    pub comment: Option<String>,
    /// In a word each.
    pub tags: Vec<String>,
}

/// What someone may see of what people said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Insight {
    /// All of it together: `report.aggregate`.
    pub aggregate: bool,
    /// Who said what: `report.individual`, where names are shown.
    pub each: bool,
    /// How many must have said something before it is shown together.
    pub raters_min: u32,
}

/// Whether what someone said is told beside their name, to one who may see of `each` who said what: not where
/// they are excluded from reports.
#[must_use]
pub fn is_told_by_name(each: bool, excluded: bool) -> bool {
    each && !excluded
}

/// What people said, as someone may see it who said this.
#[must_use]
pub fn summary(
    standing: Standing,
    ratings: &[Rating],
    insight: Insight,
    yours: Option<FeedbackGiven>,
) -> FeedbackSummary {
    let Standing { mode, open, closes_at, is_forgotten } = standing;
    let raters = u32::try_from(ratings.len()).unwrap_or(u32::MAX);
    let Insight { aggregate, each, raters_min } = insight;
    let aggregate = aggregate && !is_forgotten;
    let enough = aggregate && raters >= raters_min.max(1);
    FeedbackSummary {
        mode,
        open,
        closes_at,
        raters: aggregate.then_some(raters),
        mean: mean(ratings).filter(|_| enough),
        counts: if enough { counts(ratings) } else { Vec::new() },
        tags: if enough { tags(ratings) } else { Vec::new() },
        comments: comments(ratings, enough, each),
        yours,
    }
}

/// The mean of what people gave; none where nobody gave anything.
#[must_use]
pub fn mean(ratings: &[Rating]) -> Option<f64> {
    let sum: u64 = ratings.iter().map(|it| u64::from(it.rating)).sum();
    (!ratings.is_empty()).then(|| sum as f64 / ratings.len() as f64)
}

fn counts(ratings: &[Rating]) -> Vec<u32> {
    let of = |rating| ratings.iter().filter(|it| it.rating == rating).count();
    (1..=5).map(|rating| u32::try_from(of(rating)).unwrap_or(u32::MAX)).collect()
}

fn tags(ratings: &[Rating]) -> Vec<TagCount> {
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    for tag in ratings.iter().flat_map(|it| &it.tags) {
        *counts.entry(tag).or_default() += 1;
    }
    let tags = counts.into_iter().map(|(tag, count)| TagCount { tag: tag.to_owned(), count });
    let mut tags: Vec<_> = tags.collect();
    tags.sort_by_key(|tag| std::cmp::Reverse(tag.count));
    tags.truncate(TAGS_MAX);
    tags
}

/// Who may see each reads them however few there are: they stand beside the name in other places too. What was
/// said anonymously has no name that could be shown. Those without a name come last, in the order of their
/// words: that of those who wrote them would tell who did.
fn comments(ratings: &[Rating], enough: bool, each: bool) -> Vec<FeedbackComment> {
    let comment = |it: &Rating| {
        let participant = it.participant.filter(|_| is_told_by_name(each, it.excluded));
        it.comment.clone().map(|comment| FeedbackComment { participant, comment })
    };
    let comments = ratings.iter().filter_map(comment);
    let mut shown: Vec<_> = comments.filter(|it| enough || it.participant.is_some()).collect();
    let order = |it: &FeedbackComment| (it.participant.is_none(), it.participant);
    shown.sort_by(|a, b| (order(a), &a.comment).cmp(&(order(b), &b.comment)));
    shown.truncate(COMMENTS_MAX);
    shown
}
