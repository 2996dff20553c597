//! The only place that reads the wall clock, and a meeting's own time.

use std::time::{SystemTime, UNIX_EPOCH};

use quorate_protocol::Timestamp;
use tokio::time::{Duration, Instant};

/// The wall clock.
#[allow(clippy::disallowed_methods, reason = "the one place that reads it")]
#[must_use]
pub fn wall() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// A meeting's time: the wall clock at its start, not before it was last known to be alive, plus monotonic
/// time. Where it starts ahead of the wall it runs at half speed until they meet; but not once people are in it,
/// whose time it measures. A wall clock that is set later changes nothing.
#[derive(Debug, Clone, Copy)]
pub(super) struct MeetingClock {
    start: Instant,
    base: Timestamp,
    ahead_ms: i64,
}

impl MeetingClock {
    /// A clock that starts now, with the wall's time given, not before `last_alive`; with people in the meeting
    /// already, or not.
    pub(super) fn start(wall: Timestamp, last_alive: Timestamp, people: bool) -> MeetingClock {
        let base = wall.max(last_alive);
        let ahead_ms = if people { 0 } else { base.0 - wall.0 };
        MeetingClock { start: Instant::now(), base, ahead_ms }
    }

    /// From now on it runs at full speed, however far ahead of the wall it is: there are people whose time it
    /// measures.
    pub(super) fn keep_pace(&mut self) {
        if self.ahead_ms > 0 {
            (self.base, self.ahead_ms) = (self.now(), 0);
            self.start = Instant::now();
        }
    }

    /// The meeting's time.
    pub(super) fn now(&self) -> Timestamp {
        self.after(i64::try_from(self.start.elapsed().as_millis()).unwrap_or(i64::MAX))
    }

    fn after(&self, elapsed_ms: i64) -> Timestamp {
        self.base.plus_ms(elapsed_ms - self.ahead_ms.min(elapsed_ms / 2))
    }

    /// When it will be `at`, by the monotonic clock. Not before now, never later than a day.
    pub(super) fn instant(&self, at: Timestamp) -> Instant {
        const DAY_MS: u64 = 86_400_000;
        // At half speed it takes up to twice as long; waking early is harmless, so the slow part is asked
        // for again.
        let wait = at.ms_since(self.now()).min(DAY_MS);
        Instant::now() + Duration::from_millis(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_ahead_of_the_wall_runs_at_half_speed_until_they_meet() {
        let ahead =
            MeetingClock { start: Instant::now(), base: Timestamp(11_000), ahead_ms: 1_000 };
        assert_eq!(ahead.after(0), Timestamp(11_000));
        assert_eq!(ahead.after(1_000), Timestamp(11_500));
        assert_eq!(ahead.after(2_000), Timestamp(12_000));
        assert_eq!(ahead.after(3_000), Timestamp(13_000), "the wall's time, 10 s + 3 s");
    }

    #[test]
    fn a_clock_starts_not_before_the_meeting_was_last_alive() {
        let clock = MeetingClock::start(Timestamp(5), Timestamp(9), false);
        assert!(clock.now() >= Timestamp(9));
        assert_eq!(clock.ahead_ms, 4);
    }

    #[test]
    fn with_people_in_the_meeting_no_clock_runs_slow() {
        let clock = MeetingClock::start(Timestamp(5), Timestamp(9), true);
        assert_eq!(clock.after(1_000), Timestamp(1_009));
    }
}
