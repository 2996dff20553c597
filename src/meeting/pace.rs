//! How often people may write and report: slow mode, and the bounds on reports of abuse and on feedback.

use std::collections::BTreeMap;

use quorate_protocol::{
    ABUSE_REPORTS_A_MINUTE, ChatSend, ChatTo, FEEDBACK_A_MINUTE, ParticipantId, Timestamp,
};

use super::event::{Event, Fact, STAFF_RANK};
use super::facts::Facts;
use super::person::Person;
use super::{Decision, Meeting, Refusal};

const MINUTE_MS: i64 = 60_000;

/// How lately people wrote and reported.
#[derive(Debug, Clone, Default)]
pub(super) struct Pace {
    /// When each wrote last, while slow mode is on.
    wrote: BTreeMap<ParticipantId, Timestamp>,
    reports: BTreeMap<ParticipantId, Minute>,
    feedback: BTreeMap<ParticipantId, Minute>,
}

/// How often something happened in the minute since it first did.
#[derive(Debug, Clone, Copy)]
pub(super) struct Minute {
    since: Timestamp,
    pub(super) count: u32,
}

impl Minute {
    /// The first time.
    pub(super) fn first(now: Timestamp) -> Minute {
        Minute { since: now, count: 1 }
    }

    pub(super) fn ends_at(&self) -> Timestamp {
        self.since.plus_ms(MINUTE_MS)
    }

    /// Once more, in this minute or in one that begins now.
    pub(super) fn again(&mut self, now: Timestamp) {
        *self = match now < self.ends_at() {
            true => Minute { count: self.count.saturating_add(1), ..*self },
            false => Minute::first(now),
        };
    }
}

impl Meeting {
    /// A message, if slow mode lets it pass. Staff may always write, and always be written to.
    pub(super) fn send_chat(
        &self,
        now: Timestamp,
        me: &Person,
        ask: &ChatSend,
    ) -> Result<Decision, Refusal> {
        let decision = self.facts.send_chat(me, ask)?;
        let every = self.facts.info.settings.slow_mode_seconds;
        if me.view.rank < STAFF_RANK && ask.to != Some(ChatTo::Staff) {
            self.passing.pace.may_write(now, me.id, every)?;
        }
        Ok(decision)
    }
}

impl Pace {
    fn may_write(&self, now: Timestamp, me: ParticipantId, every: u32) -> Result<(), Refusal> {
        let next = self.wrote.get(&me).map(|at| at.plus_seconds(every));
        not_before(now, next)
    }

    pub(super) fn may_report(&self, now: Timestamp, me: ParticipantId) -> Result<(), Refusal> {
        let minute = self.reports.get(&me).filter(|it| it.count >= ABUSE_REPORTS_A_MINUTE);
        not_before(now, minute.map(Minute::ends_at))
    }

    pub(super) fn may_rate(&self, now: Timestamp, me: ParticipantId) -> Result<(), Refusal> {
        let minute = self.feedback.get(&me).filter(|it| it.count >= FEEDBACK_A_MINUTE);
        not_before(now, minute.map(Minute::ends_at))
    }

    pub(super) fn note(&mut self, facts: &Facts, event: &Event) {
        let Some(by) = event.by else { return };
        match event.fact {
            Fact::ChatSent { to, .. } if to != Some(ChatTo::Staff) => {
                match facts.info.settings.slow_mode_seconds {
                    0 => self.wrote.clear(),
                    _ => drop(self.wrote.insert(by, event.at)),
                }
            }
            Fact::AbuseReported { .. } => {
                let first = Minute::first(event.at);
                let minute = self.reports.entry(by);
                minute.and_modify(|minute| minute.again(event.at)).or_insert(first);
            }
            Fact::FeedbackSubmitted { .. } => {
                let first = Minute::first(event.at);
                let minute = self.feedback.entry(by);
                minute.and_modify(|minute| minute.again(event.at)).or_insert(first);
            }
            Fact::MeetingEnded { .. } => *self = Pace::default(),
            _ => {}
        }
    }
}

fn not_before(now: Timestamp, next: Option<Timestamp>) -> Result<(), Refusal> {
    match next.filter(|next| now < *next) {
        Some(next) => Err(Refusal::TooOften { retry_after_ms: next.ms_since(now) }),
        None => Ok(()),
    }
}
