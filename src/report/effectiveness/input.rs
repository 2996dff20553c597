//! What effectiveness goes by, of a meeting that is reported.

use std::collections::BTreeMap;

use quorate_protocol::{FeedbackMode, ParticipantId, QualityMinutes, ReportItem, ReportTotals};

use crate::meeting::Person;
use crate::meeting::feedback::Rating;
use crate::meeting::measures::Totals;
use crate::report::chronicle::Story;
use crate::report::compute::Subject;

/// So long after its end a meeting is summed up in time, in milliseconds: a day.
const SUMMED_UP_MS: i64 = 24 * 3_600_000;

/// What the formula goes by.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EffectivenessInput {
    /// Whether it never ran: then there is nothing to score.
    pub never_ran: bool,
    /// When it was to be, and was; none: it was not scheduled, which makes it an ad-hoc meeting.
    pub schedule: Option<ScheduleKept>,
    /// The agenda.
    pub agenda: AgendaKept,
    /// Required invitees.
    pub required: u32,
    /// Those of them who were there for half of the time.
    pub required_present: u32,
    /// What part each of those who were there took.
    pub people: Vec<Contribution>,
    /// Whether it was measured for how long each spoke.
    pub talk_measured: bool,
    /// What was decided.
    pub decisions: u32,
    /// What is to be done.
    pub actions: u32,
    /// What of it someone is to do.
    pub actions_owned: u32,
    /// Whether it was summed up within 24 hours.
    pub summed_up: bool,
    /// Minutes of people in which their connection was measured.
    pub minutes: QualityMinutes,
    /// What each said of it who did, 1 to 5.
    pub ratings: Vec<u8>,
    /// How many might have.
    pub may_rate: u32,
    /// From so many raters on the mean of their ratings is shown.
    pub raters_min: u32,
    /// Whether what fewer said is to stay unknown: then it is left out.
    pub few_hidden: bool,
}

/// How the schedule was kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ScheduleKept {
    /// How much too late it started, in milliseconds; none: it never started.
    pub late_ms: Option<u64>,
    /// How long it was to be, in milliseconds; none: its end was open.
    pub length_ms: Option<u64>,
    /// How much too late it ended, or would by now, in milliseconds.
    pub over_ms: u64,
}

/// How the agenda was kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AgendaKept {
    /// Whether there was one before the start.
    pub published: bool,
    /// How long its items were to take, all together, in milliseconds.
    pub planned_ms: u64,
    /// How much of that was spent on them, each up to what was planned for it, in milliseconds.
    pub done_ms: u64,
}

/// What part someone took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Contribution {
    /// For how long they spoke, in milliseconds.
    pub talk_ms: u64,
    /// Whether they wrote or voted.
    pub acted: bool,
}

impl Subject {
    /// What effectiveness goes by: also what the report tells of everyone together, and of the agenda.
    pub(in crate::report) fn input(
        &self,
        totals: &BTreeMap<ParticipantId, Totals>,
        together: &ReportTotals,
        agenda: &[ReportItem],
        ratings: &[Rating],
    ) -> EffectivenessInput {
        let Story { facts, chronicle } = &self.story;
        let contribution = |person: &Person| Contribution {
            talk_ms: totals.get(&person.id).map_or(0, |totals| totals.talk_ms),
            acted: person.activity.messages > 0 || person.activity.voted,
        };
        EffectivenessInput {
            never_ran: self.course.len == 0,
            schedule: self.schedule(),
            agenda: self.agenda_kept(agenda),
            required: together.required,
            required_present: together.required_present,
            people: self.people().map(contribution).collect(),
            talk_measured: self.privacy.talk_time,
            decisions: chronicle.decisions.len() as u32,
            actions: chronicle.actions.len() as u32,
            actions_owned: chronicle.actions.iter().filter(|it| it.owner.is_some()).count() as u32,
            summed_up: self.summed_up(),
            minutes: together.quality_minutes,
            ratings: ratings.iter().map(|it| it.rating).collect(),
            may_rate: facts.people.values().filter(|person| person.was_there()).count() as u32,
            raters_min: self.disclosure.raters_min,
            // Of the score and what else it is made of anyone could reckon back what one or two said.
            few_hidden: facts.info.settings.feedback == FeedbackMode::Anonymous
                || !self.shows_each(),
        }
    }

    /// How the schedule was kept.
    fn schedule(&self) -> Option<ScheduleKept> {
        let (planned, ends_at) = self.planned();
        let (planned, start) = (planned?, self.story.chronicle.start);
        Some(ScheduleKept {
            late_ms: start.map(|it| it.at.ms_since(planned)),
            length_ms: ends_at.map(|at| at.ms_since(planned)),
            over_ms: ends_at.map_or(0, |at| self.story.facts.ran.ms_after(at, self.as_of)),
        })
    }

    fn agenda_kept(&self, items: &[ReportItem]) -> AgendaKept {
        let published = self.story.chronicle.start.is_some_and(|start| start.agenda);
        let planned_ms = |it: &ReportItem| u64::from(it.planned_minutes) * 60_000;
        let done_ms = |it: &ReportItem| planned_ms(it).min(it.spent_seconds * 1000);
        AgendaKept {
            published,
            planned_ms: items.iter().map(planned_ms).sum(),
            done_ms: items.iter().map(done_ms).sum(),
        }
    }

    /// Whether it was summed up before it ended, or in the day after.
    fn summed_up(&self) -> bool {
        let until = self.as_of.plus_ms(SUMMED_UP_MS);
        self.story.facts.summary.as_ref().is_some_and(|it| it.first_at <= until)
    }
}
