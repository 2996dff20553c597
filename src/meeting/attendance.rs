//! When someone was there and in which room, and when a meeting ran: stretches of time, and what a gap of a dropped
//! connection makes of them.

use std::collections::BTreeMap;

use quorate_protocol::{RoomId, Timestamp};

/// A gap of a dropped connection up to here counts as presence when it was resumed, in milliseconds.
const GAP_MS_MAX: u64 = 30_000;

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
    pub(super) open: Option<(Timestamp, Option<RoomId>)>,
    /// Since when their connection is lost.
    pub(super) lost_at: Option<Timestamp>,
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

    /// Whether they are there now, and not cut off.
    pub(super) fn is_there(&self) -> bool {
        self.open.is_some() && self.lost_at.is_none()
    }

    pub(super) fn came(&mut self, at: Timestamp, room: Option<RoomId>) {
        (self.open, self.room, self.lost_at) = (Some((at, room)), room, None);
    }

    pub(super) fn lost(&mut self, at: Timestamp) {
        if self.open.is_some() {
            self.lost_at.get_or_insert(at);
        }
    }

    /// Answers whether the gap counts.
    pub(super) fn resumed(&mut self, at: Timestamp) -> bool {
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

    pub(super) fn moved(&mut self, room: Option<RoomId>, at: Timestamp) {
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

    pub(super) fn left(&mut self, at: Timestamp) {
        let at = self.lost_at.take().unwrap_or(at);
        self.close(at);
        self.room = None;
    }

    /// A moment is a span only where it is all there is.
    fn close(&mut self, to: Timestamp) {
        let Some((from, room)) = self.open.take() else { return };
        if to > from || self.spans.is_empty() {
            self.spans.push(Span { from, to: to.max(from), room });
        }
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
    fn a_moment_in_another_room_is_no_time_there_and_a_moment_is_enough_to_have_been_there() {
        let mut attendance = Attendance::default();
        attendance.came(at(0), Some(RoomId(1)));
        attendance.moved(None, at(10));
        attendance.left(at(10));
        assert_eq!(
            attendance.spans(at(99)).map(|span| span.room).collect::<Vec<_>>(),
            [Some(RoomId(1))]
        );

        let mut attendance = Attendance::default();
        attendance.came(at(10), None);
        attendance.left(at(10));
        assert!(attendance.is_any());
        assert_eq!(seconds(&attendance, 99), 0);
    }
}
