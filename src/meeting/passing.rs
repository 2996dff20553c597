//! What passes: not facts, never compared, gone after a restart.

use std::collections::BTreeMap;

use quorate_protocol::{ParticipantId, Seq, SignalBody, Timestamp, WaitingStanding};

use super::{Meeting, Signal, SignalTo};

/// How often those who wait hear that their standing changed, in milliseconds.
const TELL_EVERY_MS: i64 = 1000;

/// What passes in a meeting.
#[derive(Debug, Clone, Default)]
pub struct Passing {
    /// What each of those who wait was last told.
    told: BTreeMap<ParticipantId, WaitingStanding>,
    /// The head as of which that was.
    told_at: Seq,
    /// Not before then again.
    tell_after: Timestamp,
}

impl Meeting {
    /// What those who wait are to be told now: those whose standing changed, at most once a second.
    pub fn tell_waiting(&mut self, now: Timestamp) -> Vec<Signal> {
        let Meeting { facts, passing, .. } = self;
        if passing.told_at == facts.head || now < passing.tell_after {
            return Vec::new();
        }
        passing.told_at = facts.head;
        if facts.waiting.is_empty() {
            passing.told.clear();
            return Vec::new();
        }
        let line = facts.waiting.values().filter_map(|id| facts.get(*id));
        let standings: BTreeMap<_, _> =
            line.filter_map(|person| Some((person.id, facts.standing(now, person)?))).collect();
        // Who just came read it in `welcome`, and it may have changed since.
        let changed = |id: &ParticipantId, standing: &WaitingStanding| {
            passing.told.get(id).is_none_or(|told| told != standing)
        };
        let signal = |(id, standing): (&ParticipantId, &WaitingStanding)| Signal {
            to: SignalTo::Latest(*id),
            body: SignalBody::WaitingUpdated(standing.clone()),
        };
        let signals: Vec<_> =
            standings.iter().filter(|(id, standing)| changed(id, standing)).map(signal).collect();
        if !signals.is_empty() {
            passing.tell_after = now.plus_ms(TELL_EVERY_MS);
        }
        passing.told = standings;
        signals
    }

    /// When those who wait are to be told next, if anything happened since.
    #[must_use]
    pub fn tell_deadline(&self) -> Option<Timestamp> {
        let Meeting { facts, passing, .. } = self;
        let stale = passing.told_at != facts.head && !facts.waiting.is_empty();
        stale.then_some(passing.tell_after)
    }
}
