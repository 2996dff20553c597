//! What passes: not facts, never compared, gone after a restart. Each part is in the file of its concern.

use quorate_protocol::Timestamp;

use super::large::Counted;
use super::traffic::Traffic;
use super::waiting::Told;
use super::{Meeting, Signal};

/// What passes in a meeting.
#[derive(Debug, Clone, Default)]
pub struct Passing {
    /// What those who wait were told.
    pub(super) waiting: Told,
    /// What those in a large meeting were told of its size.
    pub(super) counted: Counted,
    /// What clients made it carry.
    pub(super) traffic: Traffic,
}

impl Meeting {
    /// The signals that are due because something changed since the last ones; asked at each step's end.
    pub fn tell(&mut self, now: Timestamp) -> Vec<Signal> {
        let Meeting { facts, passing, .. } = self;
        let mut signals = passing.waiting.tell(facts, now);
        signals.extend(passing.counted.tell(facts, now));
        signals
    }

    /// When [`Meeting::tell`] is to be asked next, if anything changed since.
    #[must_use]
    pub fn tell_deadline(&self) -> Option<Timestamp> {
        let Meeting { facts, passing, .. } = self;
        let deadlines = [passing.waiting.deadline(facts), passing.counted.deadline(facts)];
        deadlines.into_iter().flatten().min()
    }
}
