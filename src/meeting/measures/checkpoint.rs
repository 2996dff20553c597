//! What is written down of the measurements, and when: only what changed since it was written last.

use std::collections::{BTreeMap, BTreeSet};

use quorate_protocol::{ConnectionQuality, ParticipantId, Presence, QualityLevel, Timestamp};

use super::{Checkpoint, Measures, Minute, PersonMeasured, Totals};
use crate::meeting::engagement::Scoring;
use crate::meeting::event::{Event, Fact};
use crate::meeting::quality::level_alone;
use crate::meeting::{Meeting, Person};

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

    /// How good someone's connection is; also that this is not known any more, where it was written that it was.
    fn quality_to_write(&self, person: &Person) -> Option<ConnectionQuality> {
        let written = self.written.get(&person.id).and_then(|written| written.quality);
        let forgotten =
            || written.filter(|_| person.is_in()).map(|_| level_alone(QualityLevel::Unknown));
        self.quality(person.id).or_else(forgotten)
    }

    /// What came to the minutes of everyone concerned since it was taken last.
    fn take_minutes(&mut self, concerns: impl Fn(ParticipantId) -> bool) -> Vec<Minute> {
        let people = self.people.iter_mut().filter(|(id, _)| concerns(**id));
        people.flat_map(|(_, measure)| std::mem::take(&mut measure.minutes).into_values()).collect()
    }
}

impl Meeting {
    /// What is to be written now of everyone who was ever in. It counts as written then: when it is not, the
    /// meeting must be restored.
    pub fn checkpoint(&mut self, now: Timestamp) -> Checkpoint {
        self.checkpoint_of(now, |_| true)
    }

    /// What is to be written together with these events, which were applied already: how it stands with those whose
    /// presence they end or break off, and with everyone where they end or reopen the meeting, go on with it after a
    /// restart, or change what final scores are made of. None: nothing.
    pub fn checkpoint_with(&mut self, now: Timestamp, events: &[Event]) -> Option<Checkpoint> {
        if events.iter().any(|event| self.concerns_all(&event.fact)) {
            return Some(self.checkpoint(now));
        }
        let gone: BTreeSet<_> = events.iter().filter_map(|event| gone(&event.fact)).collect();
        (!gone.is_empty())
            .then(|| self.checkpoint_of(now, |participant| gone.contains(&participant)))
    }

    /// Whether everyone is written with this: no checkpoint may come after it, or what is written of connections
    /// was broken off with them.
    fn concerns_all(&self, fact: &Fact) -> bool {
        let facts = &self.facts;
        match fact {
            Fact::MeetingEnded { .. }
            | Fact::MeetingReopened {}
            | Fact::MeetingRecovered { .. } => true,
            // Of scores that were deleted none is made again.
            Fact::ExclusionChanged { .. } | Fact::MeetingPolicyChanged { .. } => {
                facts.info.status.is_over() && !facts.retention.is_applied()
            }
            _ => false,
        }
    }

    fn checkpoint_of(
        &mut self,
        now: Timestamp,
        concerns: impl Fn(ParticipantId) -> bool,
    ) -> Checkpoint {
        self.passing.measures.settle(now);
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
        checkpoint.minutes = measures.take_minutes(concerns);
        checkpoint
    }

    /// How it stands now with everyone concerned who was ever in.
    fn measured(
        &self,
        now: Timestamp,
        concerns: impl Fn(ParticipantId) -> bool,
    ) -> Vec<PersonMeasured> {
        let facts = &self.facts;
        // Also of one who goes all count: a share of talk is one of everyone's.
        let totals = self.passing.measures.totals();
        let scoring = Scoring::new(facts, &totals, self.privacy(), now);
        let over = facts.info.status.is_over();
        let people = facts.people.values();
        let people = people.filter(|person| person.attendance.is_any() && concerns(person.id));
        let measured = people.map(|person| {
            let engagement = scoring.of(person);
            PersonMeasured {
                participant: person.id,
                total_time: person.total_seconds(now),
                totals: totals.get(&person.id).copied().unwrap_or_default(),
                quality: self.passing.measures.quality_to_write(person),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_are_taken_once_and_of_those_only_whom_it_concerns() {
        let (ada, ben) = (ParticipantId(1), ParticipantId(2));
        let mut measures = Measures::default();
        for (who, at) in [(ada, 60_500), (ada, 119_999), (ada, 120_000), (ben, 61_000)] {
            let minute = Minute::of(who, Timestamp(at));
            let measure = measures.people.entry(who).or_default();
            measure.minutes.entry(minute.at).or_insert(minute).talk_ms += 500;
        }
        let taken = |measures: &mut Measures, whose: Option<ParticipantId>| {
            let minutes = measures.take_minutes(|id| whose.is_none_or(|whose| id == whose));
            let minutes = minutes.iter().map(|it| (it.participant, it.at.0, it.talk_ms));
            minutes.collect::<Vec<_>>()
        };
        let adas = [(ada, 60_000, 1_000), (ada, 120_000, 500)];
        assert_eq!(taken(&mut measures, Some(ada)), adas);
        assert_eq!(taken(&mut measures, None), [(ben, 60_000, 500)]);
        assert_eq!(taken(&mut measures, None), []);
    }
}
