//! What passes: not facts, never compared, and a restart may forget it. Each part is in the file of its concern.

use std::collections::BTreeSet;

use quorate_protocol::Timestamp;

use super::feedback::Voter;
use super::large::Counted;
use super::measures::Measures;
use super::pace::Pace;
use super::refusal_rate::Refused;
use super::stats::LiveView;
use super::traffic::Traffic;
use super::waiting::Told;
use super::{Event, Facts, Meeting, Signal, polls};

/// What passes in a meeting.
#[derive(Debug, Clone, Default)]
pub struct Passing {
    /// What those who wait were told.
    pub(super) waiting: Told,
    /// What everyone was told of the open polls.
    pub(super) polls: polls::Told,
    /// How lately people wrote and reported.
    pub(super) pace: Pace,
    /// How often people were refused for lack of a permission.
    pub(super) refused: Refused,
    /// What is measured.
    pub measures: Measures,
    /// What those in a large meeting were told of its size.
    pub(super) counted: Counted,
    /// What clients made it carry.
    pub(super) traffic: Traffic,
    /// What those who watch how it goes were told.
    pub(super) live_view: LiveView,
    /// Under what ballots are filed; restored from their table.
    pub voted: BTreeSet<Voter>,
}

impl Passing {
    /// What passes because this happened.
    pub(super) fn note(&mut self, facts: &Facts, event: &Event) {
        self.pace.note(facts, event);
        self.refused.note_written(event);
        self.measures.links.note(event);
    }
}

impl Meeting {
    /// The signals that are due because something changed since the last ones; asked at each step's end.
    pub fn tell(&mut self, now: Timestamp) -> Vec<Signal> {
        let privacy = self.privacy();
        let Meeting { facts, passing, .. } = self;
        let mut signals = passing.waiting.tell(facts, now);
        signals.extend(passing.polls.tell(facts, now));
        signals.extend(passing.counted.tell(facts, now));
        signals.extend(passing.measures.links.tell(facts, now));
        signals.extend(passing.measures.tell_speaking(facts, now));
        signals.extend(passing.live_view.tell(facts, &passing.measures, privacy, now));
        signals
    }

    /// When [`Meeting::tell`] is to be asked next, if anything changed since.
    #[must_use]
    pub fn tell_deadline(&self) -> Option<Timestamp> {
        let Meeting { facts, passing, .. } = self;
        let waiting = passing.waiting.deadline(facts);
        let polls = passing.polls.deadline(facts);
        let counted = passing.counted.deadline(facts);
        let speaking = passing.measures.speaking_deadline(facts);
        let quality = passing.measures.links.deadline();
        let live_view = passing.live_view.due(facts, &passing.measures);
        [waiting, polls, counted, speaking, quality, live_view].into_iter().flatten().min()
    }
}
