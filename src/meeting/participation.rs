//! What part people took, as far as the journal says: when they were there and in which room, what they wrote,
//! asked and answered. What is measured beside the journal is in [`super::measures`].

use std::collections::{BTreeMap, BTreeSet};

use quorate_protocol::{
    MeetingStatus, ParticipantId, Permission, PollId, Presence, RoomId, Timestamp, UserKind,
};

use super::event::{Event, Fact};
use super::facts::Facts;
use super::person::Person;

/// A gap of a dropped connection up to here counts as presence when it was resumed, in milliseconds.
const GAP_MS_MAX: u64 = 30_000;
/// Of messages closer together than this one counts, in milliseconds.
const MESSAGE_EVERY_MS: u64 = 20_000;
/// A message of fewer characters does not count.
pub(super) const MESSAGE_CHARS_MIN: usize = 2;
/// A hand counts that was up for so long, in milliseconds.
const HAND_UP_MS_MIN: u64 = 2_000;
/// Of hands raised closer together than this one counts, in milliseconds.
const HAND_EVERY_MS: u64 = 60_000;

/// A stretch of time without a break, in one room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// From when.
    pub from: Timestamp,
    /// Until when; not before `from`.
    pub to: Timestamp,
    /// The breakout room; none is the main room.
    pub room: Option<RoomId>,
}

impl Span {
    /// How long it is, in milliseconds.
    #[must_use]
    pub fn ms(&self) -> u64 {
        self.to.ms_since(self.from)
    }

    /// How much of it is at or after `since`, in milliseconds.
    #[must_use]
    pub fn ms_after(&self, since: Timestamp) -> u64 {
        self.to.ms_since(self.from.max(since))
    }
}

/// When someone was there, with any of their sessions; or when a meeting ran: went on, and someone was there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Attendance {
    /// What is over, oldest first.
    spans: Vec<Span>,
    /// Since when they are there, and in which room they were then.
    open: Option<(Timestamp, Option<RoomId>)>,
    /// Since when their connection is lost.
    lost_at: Option<Timestamp>,
    /// The room they are in.
    room: Option<RoomId>,
}

impl Attendance {
    /// The times until now, oldest first. While a connection is lost, they end where it was: whether the gap
    /// counts is known when it is resumed.
    pub fn spans(&self, now: Timestamp) -> impl Iterator<Item = Span> + '_ {
        let open = self.open.map(|(from, room)| {
            let to = self.lost_at.unwrap_or(now).max(from);
            Span { from, to, room }
        });
        self.spans.iter().copied().chain(open)
    }

    /// All times until now together, in milliseconds.
    #[must_use]
    pub fn total_ms(&self, now: Timestamp) -> u64 {
        self.spans(now).map(|span| span.ms()).sum()
    }

    /// What of the times until now is at or after `since`, in milliseconds.
    #[must_use]
    pub fn ms_after(&self, since: Timestamp, now: Timestamp) -> u64 {
        self.spans(now).map(|span| span.ms_after(since)).sum()
    }

    /// How long in each breakout room until now, in milliseconds.
    #[must_use]
    pub fn rooms_ms(&self, now: Timestamp) -> BTreeMap<RoomId, u64> {
        let mut rooms = BTreeMap::new();
        for span in self.spans(now) {
            if let Some(room) = span.room {
                *rooms.entry(room).or_default() += span.ms();
            }
        }
        rooms
    }

    /// Whether there was ever any.
    #[must_use]
    pub fn is_any(&self) -> bool {
        self.open.is_some() || !self.spans.is_empty()
    }

    /// Until when they were there; none: they are, or never were.
    fn until(&self) -> Option<Timestamp> {
        self.spans.last().filter(|_| self.open.is_none()).map(|span| span.to)
    }

    fn came(&mut self, at: Timestamp, room: Option<RoomId>) {
        (self.open, self.room, self.lost_at) = (Some((at, room)), room, None);
    }

    fn lost(&mut self, at: Timestamp) {
        if self.open.is_some() {
            self.lost_at.get_or_insert(at);
        }
    }

    /// Answers whether the gap counts.
    fn resumed(&mut self, at: Timestamp) -> bool {
        let Some(lost_at) = self.lost_at.take() else { return true };
        let counts = at.ms_since(lost_at) <= GAP_MS_MAX;
        if counts {
            self.settle(at);
        } else {
            self.close(lost_at);
            self.open = Some((at, self.room));
        }
        counts
    }

    fn moved(&mut self, room: Option<RoomId>, at: Timestamp) {
        self.room = room;
        if self.lost_at.is_none() {
            self.settle(at);
        }
    }

    /// Begins a new span where the room is another than that of the open one.
    fn settle(&mut self, at: Timestamp) {
        if self.open.is_some_and(|(_, room)| room != self.room) {
            self.close(at);
            self.open = Some((at, self.room));
        }
    }

    fn left(&mut self, at: Timestamp) {
        let at = self.lost_at.take().unwrap_or(at);
        self.close(at);
        self.room = None;
    }

    fn close(&mut self, to: Timestamp) {
        if let Some((from, room)) = self.open.take() {
            self.spans.push(Span { from, to: to.max(from), room });
        }
    }
}

/// What someone did that counts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Activity {
    /// Messages, at most one in 20 s, of two characters or more.
    pub messages: u32,
    last_message: Option<Timestamp>,
    /// Hands raised for 2 s or more, at most one a minute, without the one that is up.
    hands: u32,
    last_hand: Option<Timestamp>,
    hand_up: Option<Timestamp>,
    /// Polls that were opened while they were there and might vote.
    pub polls_seen: u32,
    /// Those of them in which they voted.
    pub polls_answered: u32,
    polls_open: BTreeSet<PollId>,
    /// Polls that were opened while their connection was lost: whether they were there is known when it is resumed.
    polls_missed: BTreeSet<PollId>,
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

    fn wrote(&mut self, at: Timestamp) {
        if self.last_message.is_none_or(|last| at.ms_since(last) >= MESSAGE_EVERY_MS) {
            (self.messages, self.last_message) = (self.messages + 1, Some(at));
        }
    }

    fn hand_lowered(&mut self, at: Timestamp) {
        if let Some(up) = self.hand_up.take()
            && self.counts(up, at)
        {
            (self.hands, self.last_hand) = (self.hands + 1, Some(up));
        }
    }
}

impl Facts {
    /// What an event says of the part that people take; after it was applied.
    pub(super) fn participated(&mut self, event: &Event) {
        let at = event.at;
        match &event.fact {
            Fact::MeetingEnded { .. } => {
                self.people.values_mut().for_each(|person| person.is_gone(at));
            }
            Fact::MeetingRecovered { last_alive } => {
                self.ran.lost(*last_alive);
                self.ran.resumed(at);
                let there = self.people.values_mut().filter(|person| person.is_in());
                there.for_each(|person| person.attendance.lost(*last_alive));
            }
            Fact::ParticipantJoined { participant, .. } => self.came(*participant, at),
            Fact::ParticipantLeft { participant, .. }
            | Fact::ParticipantRemoved { participant }
            | Fact::ParticipantBanned { participant: Some(participant), .. } => {
                self.with(*participant, |person| person.is_gone(at));
            }
            Fact::ConnectionChanged { participant, status } => {
                self.with(*participant, |person| match status {
                    Presence::Lost => person.attendance.lost(at),
                    Presence::Present => {
                        let counts = person.attendance.resumed(at);
                        person.activity.is_back(counts);
                    }
                });
            }
            Fact::ParticipantMoved { participant, .. } => {
                self.with(*participant, |person| person.attendance.moved(person.room, at));
            }
            Fact::BreakoutOpened { .. } | Fact::BreakoutClosed { .. } => {
                for person in self.people.values_mut().filter(|person| person.is_in()) {
                    person.attendance.moved(person.room, at);
                }
            }
            Fact::ChatSent { short: false, .. } => {
                event.by.into_iter().for_each(|by| self.with(by, |it| it.activity.wrote(at)));
            }
            Fact::HandRaised { participant } => {
                self.with(*participant, |person| person.activity.hand_up = Some(at));
            }
            Fact::HandLowered { participant } | Fact::HandCalledOn { participant } => {
                self.with(*participant, |person| person.activity.hand_lowered(at));
            }
            Fact::PollOpened { poll, .. } => self.poll_seen(*poll),
            Fact::PollVoteCast { poll, .. } => {
                event.by.into_iter().for_each(|by| self.with(by, |it| it.activity.answered(*poll)));
            }
            Fact::PollClosed { poll, .. } => {
                for person in self.people.values_mut() {
                    person.activity.polls_open.remove(poll);
                    person.activity.polls_missed.remove(poll);
                }
            }
            _ => {}
        }
        self.note_running(at);
    }

    /// A meeting runs while it goes on and someone is there; bots are nobody.
    fn note_running(&mut self, at: Timestamp) {
        let runs = self.info.status == MeetingStatus::InProgress && self.present > 0;
        match (self.ran.open.is_some(), runs) {
            (false, true) => self.ran.came(at, None),
            (true, false) => {
                // Of those whose connection was lost nobody was there up to now.
                let people = self.people.values().filter(|person| person.kind != UserKind::Bot);
                let last = people.filter_map(|person| person.attendance.until()).max();
                self.ran.left(last.unwrap_or(at));
            }
            _ => {}
        }
    }

    fn with(&mut self, participant: ParticipantId, change: impl FnOnce(&mut Person)) {
        if let Some(person) = self.people.get_mut(&participant) {
            change(person);
        }
    }

    fn came(&mut self, participant: ParticipantId, at: Timestamp) {
        let Some(person) = self.people.get(&participant) else { return };
        // Let in while away. Who comes by themselves has no session yet: it is opened with the next event.
        let away = !person.sessions.is_empty() && !self.connected(person);
        let invited = self.invitees.since(person.user, person.email.as_deref());
        self.with(participant, |person| {
            // Who is invited only when they are there already was expected from the start.
            if !person.attendance.is_any() {
                person.expected_since = invited.unwrap_or_default();
            }
            person.attendance.came(at, person.room);
            if away {
                person.attendance.lost(at);
            }
        });
    }

    fn poll_seen(&mut self, poll: PollId) {
        let votes = |person: &&mut Person| person.view.permissions.has(Permission::PollVote);
        for person in self.people.values_mut().filter(votes) {
            if person.attendance.lost_at.is_none() {
                person.activity.saw(poll);
            } else {
                person.activity.polls_missed.insert(poll);
            }
        }
    }

    /// For how long the meeting ran since someone was expected in it, in milliseconds.
    #[must_use]
    pub fn live_ms(&self, person: &Person, now: Timestamp) -> u64 {
        self.ran.ms_after(person.expected_since, now)
    }
}

impl Activity {
    fn saw(&mut self, poll: PollId) {
        self.polls_seen += 1;
        self.polls_open.insert(poll);
    }

    /// The connection is back; whether they count as having been there meanwhile.
    fn is_back(&mut self, was_there: bool) {
        let missed = std::mem::take(&mut self.polls_missed).into_iter();
        missed.filter(|_| was_there).for_each(|poll| self.saw(poll));
    }

    fn answered(&mut self, poll: PollId) {
        self.voted = true;
        self.polls_answered += u32::from(self.polls_open.remove(&poll));
    }
}

impl Person {
    fn is_gone(&mut self, at: Timestamp) {
        self.attendance.left(at);
        self.activity.hand_lowered(at);
        self.activity.polls_missed.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp(seconds * 1000)
    }

    fn seconds(attendance: &Attendance, now: i64) -> u64 {
        attendance.total_ms(at(now)) / 1000
    }

    #[test]
    fn a_gap_of_up_to_thirty_seconds_counts_once_it_is_resumed() {
        let mut attendance = Attendance::default();
        attendance.came(at(0), None);
        attendance.lost(at(100));
        assert_eq!(seconds(&attendance, 120), 100, "not yet known");
        attendance.resumed(at(130));
        assert_eq!(seconds(&attendance, 140), 140);
        attendance.lost(at(200));
        attendance.resumed(at(231));
        assert_eq!(seconds(&attendance, 240), 209, "a longer one does not");
        attendance.lost(at(300));
        attendance.left(at(360));
        assert_eq!(seconds(&attendance, 999), 269, "nor one that never was");
    }

    #[test]
    fn time_is_of_the_room_it_was_spent_in_also_when_one_is_moved_while_away() {
        let (one, mut attendance) = (RoomId(1), Attendance::default());
        attendance.came(at(0), None);
        attendance.moved(Some(one), at(10));
        attendance.lost(at(20));
        attendance.moved(None, at(25));
        attendance.resumed(at(30));
        attendance.left(at(50));
        assert_eq!(attendance.rooms_ms(at(99)), BTreeMap::from([(one, 20_000)]));
        assert_eq!(seconds(&attendance, 99), 50);
        let spans = attendance.spans(at(99)).map(|span| (span.from, span.to, span.room));
        let expected = [(at(0), at(10), None), (at(10), at(30), Some(one)), (at(30), at(50), None)];
        assert!(spans.eq(expected));
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
