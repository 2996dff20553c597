//! Changing a series: its rule, all of it or from an occurrence on.

use quorate_protocol::{
    MeetingId, MeetingStatus, MeetingType, MeetingUpdate, MeetingUpdated, ParticipantId,
    Permission, Recurrence, Timestamp,
};

use super::{Fresh, Offspring, follow};
use crate::meeting::event::{Audience, Fact};
use crate::meeting::facts::Facts;
use crate::meeting::office::Act;
use crate::meeting::person::Person;
use crate::meeting::{Decision, Refusal, update};
use crate::schedule::{Series, Times};

/// A series is to be another from an occurrence on, or to end before it.
#[derive(Debug, Clone, PartialEq)]
pub struct Split {
    /// Who wants it, and what: `meeting.update` of what goes on as a new series, and what else is to be done in
    /// that; or `meeting.cancel`.
    pub act: Act,
    /// The occurrence's original start; not the first.
    pub at: Timestamp,
    /// The new series.
    pub fresh: Fresh,
    /// A fresh participant id, for their place in that.
    pub participant: ParticipantId,
}

/// What became of a series that was split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SplitOff {
    /// The series that goes on; none where it just ends.
    pub into: Option<MeetingId>,
}

/// A rule with its times, and where the occurrences are now that are meetings.
struct Rescheduled {
    series: Series,
    occurrences: Vec<(MeetingId, Timestamp)>,
}

impl Facts {
    /// Changes a series as a whole. Its times are those of the occurrence `of`, or of the first: all others
    /// move by the same difference.
    pub(in crate::meeting) fn update_series(
        &self,
        me: &Person,
        ask: &MeetingUpdate,
        of: Option<Timestamp>,
    ) -> Result<Decision, Refusal> {
        self.require(me, Permission::MeetingUpdate)?;
        let (title, description) = self.check_words(ask)?;
        let series = self.series().ok_or(BROKEN)?;
        let words = MeetingUpdated { title, description, ..MeetingUpdated::default() };
        let mut decision = Decision::by(me);
        if words != MeetingUpdated::default() {
            let updated = Fact::MeetingUpdated(Box::new(words));
            decision = decision.event(Audience::EVERYONE, updated);
        }
        let of = of.unwrap_or(series.first().starts_at);
        if self.changes_schedule(ask, &series, of) {
            let made = self.occurrences.made.iter().map(|(start, meeting)| (*meeting, *start));
            let new = self.reschedule(&series, ask, of, made.collect())?;
            let first = new.series.first();
            let changed = Fact::SeriesChanged {
                starts_at: first.starts_at,
                ends_at: first.ends_at,
                time_zone: new.series.time_zone().to_owned(),
                recurrence: Box::new(new.series.recurrence()),
                occurrences: new.occurrences,
            };
            decision = decision.event(Audience::EVERYONE, changed);
        }
        match decision.events.is_empty() {
            true => Ok(Decision::already(None)),
            false => Ok(decision),
        }
    }

    fn changes_schedule(&self, ask: &MeetingUpdate, series: &Series, of: Timestamp) -> bool {
        let length = series.first().ends_at.map(|ends_at| ends_at.0 - series.first().starts_at.0);
        let ends_at = length.map(|length| of.plus_ms(length));
        ask.recurrence.as_ref().is_some_and(|it| Some(it) != self.info.recurrence.as_ref())
            || ask.starts_at.is_some_and(|it| it != Some(of))
            || ask.ends_at.is_some_and(|it| it != ends_at)
            || ask.time_zone.as_ref().is_some_and(|it| it.as_deref() != Some(series.time_zone()))
    }

    /// The series as it is asked for.
    fn reschedule(
        &self,
        series: &Series,
        ask: &MeetingUpdate,
        of: Timestamp,
        made: Vec<(MeetingId, Timestamp)>,
    ) -> Result<Rescheduled, Refusal> {
        let needs = |field| Refusal::Invalid { field, message: "is needed by a series" };
        let first = series.first();
        let starts_at = ask.starts_at.unwrap_or(Some(of)).ok_or(needs("starts_at"))?;
        let length = first.ends_at.map(|ends_at| ends_at.0 - first.starts_at.0);
        let ends_at = ask.ends_at.unwrap_or(length.map(|length| starts_at.plus_ms(length)));
        let time_zone = match &ask.time_zone {
            Some(zone) => zone.as_deref().ok_or(needs("time_zone"))?,
            None => series.time_zone(),
        };
        let times = Times { starts_at, ends_at, time_zone };
        let moved = series.moved(of, times);
        let shifted = |made: Vec<(MeetingId, Timestamp)>| match &moved {
            Ok(moved) => {
                let apply = |(meeting, start)| (meeting, moved.shift.apply(start));
                made.into_iter().map(apply).collect()
            }
            Err(_) => made,
        };
        let occurrences = apart(shifted(made));
        let series = match (&ask.recurrence, moved) {
            (Some(recurrence), Ok(moved)) => {
                let starts_at = moved.shift.apply(first.starts_at);
                let length = ends_at.map(|ends_at| ends_at.0.saturating_sub(times.starts_at.0));
                let ends_at = length.map(|length| starts_at.plus_ms(length));
                Series::new(recurrence, Times { starts_at, ends_at, time_zone })
                    .map_err(Refusal::Schedule)?
            }
            // Its old rule cannot be moved so: it begins anew with this one.
            (Some(recurrence), Err(_)) => {
                Series::new(recurrence, times).map_err(Refusal::Schedule)?
            }
            (None, moved) => moved.map_err(Refusal::Schedule)?.series,
        };
        Ok(Rescheduled { series, occurrences })
    }

    /// Ends a series before an occurrence; what comes from there on is a new series, or called off.
    pub(in crate::meeting) fn split(
        &self,
        me: &Person,
        split: &Split,
        patch: Option<&MeetingUpdate>,
    ) -> Result<Decision, Refusal> {
        self.require(
            me,
            if patch.is_some() { Permission::MeetingUpdate } else { Permission::MeetingDelete },
        )?;
        let none = Refusal::NotFound { what: "occurrence", last: None };
        let series = self.series().ok_or(none.clone())?;
        if !series.is_occurrence(split.at) {
            return Err(none);
        }
        if self.info.status != MeetingStatus::Scheduled {
            return Err(Refusal::Ended);
        }
        let first = "this is the first occurrence; change all of the series";
        let ended = series.ended_before(split.at).ok_or(Refusal::Conflict(first))?;
        let into = patch.map(|_| split.fresh.meeting);
        let fact = Fact::SeriesSplit { at: split.at, into, recurrence: Box::new(ended) };
        let mut decision = Decision::by(me).event(Audience::EVERYONE, fact);
        if let Some(patch) = patch {
            decision.offspring.push(self.rest(me, &series, split, patch)?);
        }
        Ok(decision.answer(&SplitOff { into }))
    }

    /// What goes on from the split as a series of its own.
    fn rest(
        &self,
        me: &Person,
        series: &Series,
        split: &Split,
        patch: &MeetingUpdate,
    ) -> Result<Offspring, Refusal> {
        let (title, description) = self.check_words(patch)?;
        let rest = self.rest_of(series, split.at)?;
        let later = self.occurrences.made.range(split.at..);
        let later = later.map(|(start, meeting)| (*meeting, *start)).collect();
        let new = self.reschedule(&rest, patch, split.at, later)?;
        let first = new.series.first();
        let mut news = self.news(first.starts_at, Some(&first));
        let template = &mut news.template;
        template.title = title.unwrap_or_else(|| template.title.clone());
        template.description = description.unwrap_or_else(|| template.description.clone());
        template.time_zone = Some(new.series.time_zone().to_owned());
        let mut events = follow::born(&news, self, &split.fresh);
        // A series follows none.
        events.pop();
        if let Some(Fact::MeetingCreated(created)) = events.first_mut().map(|it| &mut it.fact) {
            created.kind = MeetingType::Recurring;
            created.recurrence = Some(new.series.recurrence());
            (created.parent, created.original_start) = (None, None);
            created.follows = Some(self.info.id);
            created.occurrences = new.occurrences;
        }
        for draft in &mut events {
            draft.user = me.user;
        }
        Ok(Offspring { meeting: split.fresh.meeting, events, passcode: None })
    }

    fn rest_of(&self, series: &Series, at: Timestamp) -> Result<Series, Refusal> {
        let recurrence = series.continued_from(at);
        let cannot = "the series cannot be split here; give the rest a recurrence of its own";
        let recurrence: Recurrence = recurrence.ok_or(Refusal::Conflict(cannot))?;
        let occurrence = series.occurrences(at, at.plus_ms(1), 1).pop();
        let ends_at = occurrence.and_then(|it| it.ends_at);
        let times = Times { starts_at: at, ends_at, time_zone: series.time_zone() };
        Series::new(&recurrence, times).map_err(Refusal::Schedule)
    }

    /// Title and description as an update has them, where they are others.
    fn check_words(
        &self,
        ask: &MeetingUpdate,
    ) -> Result<(Option<String>, Option<Option<String>>), Refusal> {
        ask.title.as_deref().map_or(Ok(()), update::check_title)?;
        update::check_description(ask.description.as_ref().and_then(Option::as_deref))?;
        let title = ask.title.clone().filter(|title| *title != self.info.title);
        let description = ask.description.clone().filter(|it| *it != self.info.description);
        Ok((title, description))
    }
}

/// Of two that the clock made one, the first is it. The other is put where no rule ever puts one, beside a whole
/// second: so it is called off.
fn apart(mut occurrences: Vec<(MeetingId, Timestamp)>) -> Vec<(MeetingId, Timestamp)> {
    occurrences.sort_by_key(|(meeting, start)| (*start, *meeting));
    let mut last = None;
    for (_, start) in &mut occurrences {
        if last.is_some_and(|last| *start <= last) {
            *start = last.unwrap_or(*start).plus_ms(1);
        }
        last = Some(*start);
    }
    occurrences
}

/// What was a series once, and is none by the zones or rules of today.
const BROKEN: Refusal =
    Refusal::Conflict("the rule of this series holds no longer; give it a new recurrence");
