//! What is written down of the measurements, and when: only what changed since it was written last.

use std::collections::{BTreeMap, BTreeSet};

use quorate_protocol::{MeetingStatus, ParticipantId, Presence, Timestamp};

use super::{Checkpoint, Measures, PersonMeasured, Totals};
use crate::meeting::Meeting;
use crate::meeting::engagement::Scoring;
use crate::meeting::event::{Event, Fact};

/// While the meeting goes on a score is written again when it moved so far: those of people who are gone drift
/// all the time. What is written at the end is exact.
const SCORE_STEP: f64 = 0.05;

impl PersonMeasured {
    fn differs_from(&self, written: &PersonMeasured) -> bool {
        let moved = match (self.score, written.score) {
            (Some(score), Some(written)) => (score - written).abs() >= SCORE_STEP,
            (score, written) => score != written,
        };
        moved
            || self.total_time != written.total_time
            || self.totals != written.totals
            || self.quality != written.quality
            || self.engagement != written.engagement
    }
}

impl Measures {
    /// Goes on from what was written before a restart.
    pub fn restore(&mut self, totals: BTreeMap<ParticipantId, Totals>) {
        for (participant, totals) in totals {
            self.people.entry(participant).or_default().totals = totals;
        }
    }
}

impl Meeting {
    /// What is to be written now of everyone who was ever in. It counts as written then: when it is not, the
    /// meeting must be restored.
    pub fn checkpoint(&mut self, now: Timestamp) -> Checkpoint {
        self.checkpoint_of(now, |_| true)
    }

    /// What is to be written together with these events, which were applied already: how it stands with those whose
    /// presence they end or break off, and with everyone where the meeting is over. None: nothing.
    pub fn checkpoint_with(&mut self, now: Timestamp, events: &[Event]) -> Option<Checkpoint> {
        if events.iter().any(|event| matches!(event.fact, Fact::MeetingEnded { .. })) {
            return Some(self.checkpoint(now));
        }
        let gone: BTreeSet<_> = events.iter().filter_map(|event| gone(&event.fact)).collect();
        (!gone.is_empty()).then(|| self.checkpoint_of(now, |participant| gone.contains(&participant)))
    }

    fn checkpoint_of(
        &mut self,
        now: Timestamp,
        concerns: impl Fn(ParticipantId) -> bool,
    ) -> Checkpoint {
        let people = self.measured(now, &concerns);
        let measures = &mut self.passing.measures;
        let mut checkpoint = Checkpoint::default();
        for person in people {
            let written = measures.written.get(&person.participant);
            if written.is_none_or(|written| person.differs_from(written)) {
                measures.written.insert(person.participant, person.clone());
                checkpoint.people.push(person);
            }
        }
        for (_, measure) in measures.people.iter_mut().filter(|(id, _)| concerns(**id)) {
            checkpoint.minutes.extend(std::mem::take(&mut measure.minutes).into_values());
        }
        checkpoint
    }

    /// How it stands now with everyone concerned who was ever in.
    fn measured(
        &self,
        now: Timestamp,
        concerns: impl Fn(ParticipantId) -> bool,
    ) -> Vec<PersonMeasured> {
        let facts = &self.facts;
        let totals = self.passing.measures.totals();
        let privacy = self.terms.privacy.and(facts.info.settings.privacy);
        let scoring = Scoring::new(facts, &totals, privacy, now);
        let over = facts.info.status == MeetingStatus::Completed;
        let people = facts.people.values();
        let people = people.filter(|person| person.attendance.is_any() && concerns(person.id));
        let measured = people.map(|person| {
            let engagement = scoring.of(person);
            PersonMeasured {
                participant: person.id,
                total_time: person.total_seconds(now),
                totals: totals.get(&person.id).copied().unwrap_or_default(),
                quality: None,
                score: engagement.as_ref().map(|engagement| engagement.score),
                engagement: engagement.filter(|_| over).map(Box::new),
            }
        });
        measured.collect()
    }
}

/// Whose presence ends or breaks off with this.
fn gone(fact: &Fact) -> Option<ParticipantId> {
    match fact {
        Fact::ParticipantLeft { participant, .. }
        | Fact::ParticipantRemoved { participant }
        | Fact::ParticipantBanned { participant: Some(participant), .. }
        | Fact::ConnectionChanged { participant, status: Presence::Lost } => Some(*participant),
        _ => None,
    }
}
