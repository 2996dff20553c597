//! What someone wrote, asked and answered, as far as it counts.

use std::collections::BTreeSet;

use quorate_protocol::{PollId, Timestamp};

/// Of messages closer together than this one counts, in milliseconds.
const MESSAGE_EVERY_MS: u64 = 20_000;
/// A message of fewer characters does not count.
pub(super) const MESSAGE_CHARS_MIN: usize = 2;
/// A hand counts that was up for so long, in milliseconds.
const HAND_UP_MS_MIN: u64 = 2_000;
/// Of hands raised closer together than this one counts, in milliseconds.
const HAND_EVERY_MS: u64 = 60_000;

/// What someone did that counts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Activity {
    /// Messages, at most one in 20 s, of two characters or more.
    pub messages: u32,
    last_message: Option<Timestamp>,
    /// Hands raised for 2 s or more, at most one a minute, without the one that is up.
    hands: u32,
    last_hand: Option<Timestamp>,
    pub(super) hand_up: Option<Timestamp>,
    /// Polls that were opened while they were there and might vote.
    pub polls_seen: u32,
    /// Those of them in which they voted.
    pub polls_answered: u32,
    pub(super) polls_open: BTreeSet<PollId>,
    /// Polls that were opened while their connection was lost: whether they were there is known when it is resumed.
    pub(super) polls_missed: BTreeSet<PollId>,
    /// Whether they voted in any poll.
    pub voted: bool,
    /// Whether they might write at any time while they were there.
    pub could_chat: bool,
}

impl Activity {
    /// Hands raised that count, the one that is up included.
    #[must_use]
    pub fn hands(&self, now: Timestamp) -> u32 {
        self.hands + u32::from(self.hand_up.is_some_and(|up| self.counts(up, now)))
    }

    fn counts(&self, up: Timestamp, down: Timestamp) -> bool {
        let lately = self.last_hand.is_some_and(|last| up.ms_since(last) < HAND_EVERY_MS);
        down.ms_since(up) >= HAND_UP_MS_MIN && !lately
    }

    pub(super) fn wrote(&mut self, at: Timestamp) {
        if self.last_message.is_none_or(|last| at.ms_since(last) >= MESSAGE_EVERY_MS) {
            (self.messages, self.last_message) = (self.messages + 1, Some(at));
        }
    }

    pub(super) fn hand_lowered(&mut self, at: Timestamp) {
        if let Some(up) = self.hand_up.take()
            && self.counts(up, at)
        {
            (self.hands, self.last_hand) = (self.hands + 1, Some(up));
        }
    }

    pub(super) fn saw(&mut self, poll: PollId) {
        self.polls_seen += 1;
        self.polls_open.insert(poll);
    }

    /// The connection is back; whether they count as having been there meanwhile.
    pub(super) fn back(&mut self, was_there: bool) {
        let missed = std::mem::take(&mut self.polls_missed).into_iter();
        missed.filter(|_| was_there).for_each(|poll| self.saw(poll));
    }

    pub(super) fn answered(&mut self, poll: PollId) {
        self.voted = true;
        self.polls_answered += u32::from(self.polls_open.remove(&poll));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp(seconds * 1000)
    }

    #[test]
    fn messages_and_hands_count_at_their_pace_and_more_never_count_for_less() {
        let mut activity = Activity::default();
        [0, 5, 20, 39, 40].into_iter().for_each(|time| activity.wrote(at(time)));
        assert_eq!(activity.messages, 3);
        for (up, down) in [(0, 1), (10, 12), (70, 80), (129, 131)] {
            activity.hand_up = Some(at(up));
            activity.hand_lowered(at(down));
        }
        assert_eq!(activity.hands(at(999)), 2, "at 10 and 70: 129 is within the minute");
        activity.hand_up = Some(at(200));
        assert_eq!((activity.hands(at(201)), activity.hands(at(202))), (2, 3));
    }
}
