//! Series: a meeting that repeats, and the meetings that are its occurrences.
//!
//! A series is a meeting nobody is in. Its rule says when its occurrences are; one becomes a meeting of its
//! own, with its own journal, when it is edited or close. The series knows which have: `occurrence.created`
//! is in its journal, in the same transaction as the new meeting's first events. What an occurrence is comes
//! from its series ([`follow`]), until it is changed by itself, and only while it has not begun.

mod edit;
pub mod follow;

use std::collections::BTreeMap;

use quorate_protocol::{BanKey, BanScope, MeetingId, MeetingStatus, Recurrence, Timestamp, UserId};

use super::event::{Audience, Event, Fact, SYSTEM};
use super::facts::Facts;
use super::{Decision, Draft, Refusal};
use crate::schedule::{Occurrence, Series, Times};
pub use edit::{Split, SplitOff};
pub use follow::{Followed, News, Template};

/// How long before its start an occurrence becomes a meeting, in milliseconds: two weeks.
pub const AHEAD_MS: i64 = 14 * 24 * 3_600_000;
/// Occurrences that are meetings at most; a series that has as many makes no more by itself.
const OCCURRENCES_MAX: usize = 10_000;

/// What a series knows of its occurrences.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Occurrences {
    /// Those that are meetings, by their original start.
    made: BTreeMap<Timestamp, MeetingId>,
    /// Up to here all are made that are to be.
    until: Timestamp,
    /// The next that is to be made.
    next: Option<Timestamp>,
    /// When the last ends, by the rule; none where there is no last.
    last_end: Option<Timestamp>,
}

impl Occurrences {
    /// When the last ends, or starts where they have no end; none where there is no last.
    pub(super) fn last_end(&self) -> Option<Timestamp> {
        self.last_end
    }
}

/// A meeting that comes to be with a decision of another.
#[derive(Debug, Clone, PartialEq)]
pub struct Offspring {
    /// The new meeting.
    pub meeting: MeetingId,
    /// Its first events.
    pub events: Vec<Draft>,
    /// The hash of a passcode of its own, or that there is none; for the table, and in no event.
    pub passcode: Option<Option<String>>,
}

/// A ban in an occurrence that is to hold in its whole series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeriesBan {
    /// Who is banned.
    pub user: UserId,
    /// Until when.
    pub until: Option<Timestamp>,
    /// By what.
    pub key: BanKey,
    /// The verified address that it keeps out.
    pub email: Option<String>,
    /// When it was given.
    pub at: Timestamp,
}

/// A fresh meeting's id and code, handed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fresh {
    /// The id.
    pub meeting: MeetingId,
    /// The code in links.
    pub code: String,
}

impl Facts {
    /// The rule, where this is a series.
    #[must_use]
    pub fn series(&self) -> Option<Series> {
        let (recurrence, starts_at) = (self.info.recurrence.as_ref()?, self.info.starts_at?);
        let time_zone = self.info.time_zone.as_deref()?;
        let times = Times { starts_at, ends_at: self.info.ends_at, time_zone };
        // It was checked when it came; a later version of the zones or the rules may see it otherwise.
        Series::new(recurrence, times).ok()
    }

    /// Checks the schedule of what is to be a series.
    pub(super) fn check_series(
        recurrence: &Recurrence,
        starts_at: Option<Timestamp>,
        ends_at: Option<Timestamp>,
        time_zone: Option<&str>,
    ) -> Result<Series, Refusal> {
        let needs = |field| Refusal::Invalid { field, message: "is needed by a series" };
        let starts_at = starts_at.ok_or(needs("starts_at"))?;
        let time_zone = time_zone.ok_or(needs("time_zone"))?;
        Series::new(recurrence, Times { starts_at, ends_at, time_zone }).map_err(Refusal::Schedule)
    }

    /// The occurrences that are meetings, by their original start.
    #[must_use]
    pub fn occurrences_made(&self) -> &BTreeMap<Timestamp, MeetingId> {
        &self.occurrences.made
    }

    /// The occurrence that is to become a meeting next, and when.
    #[must_use]
    pub fn occurrence_due(&self) -> Option<(Timestamp, Timestamp)> {
        let next =
            self.occurrences.next.filter(|_| self.info.status == MeetingStatus::Scheduled)?;
        Some((next.plus_ms(-AHEAD_MS), next))
    }

    /// Makes an occurrence a meeting; one that is stays as it is.
    pub(super) fn make_occurrence(
        &self,
        original_start: Timestamp,
        fresh: &Fresh,
    ) -> Result<Decision, Refusal> {
        let none = Refusal::NotFound { what: "occurrence", last: None };
        let decision = Decision::by_system();
        if let Some(meeting) = self.occurrences.made.get(&original_start) {
            return Ok(decision.answer(meeting));
        }
        let series = self.series().ok_or(none.clone())?;
        let occurrence = series.occurrences(original_start, original_start.plus_ms(1), 1).pop();
        let occurrence = occurrence.ok_or(none)?;
        if self.info.status != MeetingStatus::Scheduled {
            return Err(Refusal::Ended);
        }
        if self.occurrences.made.len() >= OCCURRENCES_MAX {
            let message = "as many occurrences are meetings as there may be";
            return Err(Refusal::TooMany { message, limit: OCCURRENCES_MAX });
        }
        let made = Fact::OccurrenceCreated { meeting: fresh.meeting, original_start };
        let mut decision = decision.event(Audience::EVERYONE, made).answer(&fresh.meeting);
        decision.offspring.push(self.offspring(&occurrence, fresh));
        Ok(decision)
    }

    /// The occurrence as a new meeting.
    fn offspring(&self, occurrence: &Occurrence, fresh: &Fresh) -> Offspring {
        let news = self.news(occurrence.starts_at, Some(occurrence));
        let events = follow::born(&news, self, fresh);
        Offspring { meeting: fresh.meeting, events, passcode: None }
    }

    /// What became of an occurrence's original start.
    pub(super) fn occurrence_made(
        &mut self,
        meeting: MeetingId,
        original_start: Timestamp,
        at: Timestamp,
    ) {
        self.occurrences.made.insert(original_start, meeting);
        // What was over before the server came back is not made any more.
        self.occurrences.until = self.occurrences.until.max(at.plus_ms(-self.length_ms()));
        self.look_ahead();
    }

    /// The rule is new: what is to be made is found anew.
    pub(super) fn rule_changed(&mut self, made: &[(MeetingId, Timestamp)], at: Timestamp) {
        self.occurrences.made = made.iter().map(|(meeting, start)| (*start, *meeting)).collect();
        // One that goes on just now is still to be made.
        self.occurrences.until = at.plus_ms(-self.length_ms());
        let last = self.series().and_then(|series| series.last());
        self.occurrences.last_end = last.map(|it| it.ends_at.unwrap_or(it.starts_at));
        self.look_ahead();
    }

    fn length_ms(&self) -> i64 {
        match (self.info.starts_at, self.info.ends_at) {
            (Some(starts_at), Some(ends_at)) => ends_at.0 - starts_at.0,
            _ => 0,
        }
    }

    /// The series ended before an occurrence. Those that are meetings go with what goes on, or are called off.
    pub(super) fn split_off(
        &mut self,
        before: Timestamp,
        goes_on: bool,
        recurrence: &Recurrence,
        at: Timestamp,
    ) {
        self.info.recurrence = Some(recurrence.clone());
        if goes_on {
            self.occurrences.made.split_off(&before);
        }
        let made: Vec<_> = self.occurrences.made.iter().map(|(start, it)| (*it, *start)).collect();
        self.rule_changed(&made, at);
    }

    fn look_ahead(&mut self) {
        let Some(series) = self.series() else { return self.occurrences.next = None };
        let mut next = series.next_after(self.occurrences.until);
        while let Some(it) = next
            && self.occurrences.made.contains_key(&it.starts_at)
        {
            self.occurrences.until = it.starts_at;
            next = series.next_after(it.starts_at);
        }
        let room = self.occurrences.made.len() < OCCURRENCES_MAX;
        self.occurrences.next = next.filter(|_| room).map(|it| it.starts_at);
    }

    /// The ban that an event of an occurrence says is to hold in the whole series. Which that is by now, the
    /// tables know: of a split those learn nothing that have begun.
    #[must_use]
    pub fn ban_for_series(&self, event: &Event) -> Option<SeriesBan> {
        match event.fact {
            Fact::ParticipantBanned { user, until, scope: BanScope::Series, key, .. }
                if event.user != SYSTEM && self.info.parent.is_some() =>
            {
                let email = event.personal.as_ref().and_then(|personal| personal.email.clone());
                Some(SeriesBan { user, until, key, email, at: event.at })
            }
            _ => None,
        }
    }

    /// Whose meeting it is when an occurrence is made.
    fn owner(&self) -> UserId {
        self.info.owner
    }
}
