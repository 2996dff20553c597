//! Times as the meeting's zone has them.

use chrono::{DateTime, Offset as _, Utc};
use chrono_tz::Tz;
use quorate_protocol::Timestamp;

/// How far apart the marks of an axis may be, in seconds; beyond the last it is days.
const STEPS_S: [i64; 15] =
    [1, 5, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200];
/// A day, in seconds.
const DAY_S: i64 = 86_400;

/// Tells times in one zone.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    zone: Tz,
}

/// A mark on a time axis.
pub(super) struct Tick {
    /// When.
    pub(super) at: Timestamp,
    /// What it says.
    pub(super) label: String,
}

impl Clock {
    /// A clock of the zone with that name; of UTC where there is none.
    pub(super) fn of(zone: Option<&str>) -> Clock {
        Clock { zone: zone.and_then(|name| name.parse().ok()).unwrap_or(Tz::UTC) }
    }

    fn local(self, at: Timestamp) -> DateTime<Tz> {
        let at = at.clamp(Timestamp::FIRST, Timestamp::LAST);
        DateTime::<Utc>::from_timestamp_millis(at.0).unwrap_or_default().with_timezone(&self.zone)
    }

    /// `Europe/Berlin (UTC+01:00)`, as of a time.
    pub(super) fn zone(self, at: Timestamp) -> String {
        match self.zone {
            Tz::UTC => "UTC".to_owned(),
            zone => format!("{zone} (UTC{})", self.local(at).format("%:z")),
        }
    }

    /// `22 November 2026, 10:05`.
    pub(super) fn stamp(self, at: Timestamp) -> String {
        self.local(at).format("%-d %B %Y, %H:%M").to_string()
    }

    /// `Sun, 22 Nov 2026`.
    pub(super) fn day(self, at: Timestamp) -> String {
        self.local(at).format("%a, %-d %b %Y").to_string()
    }

    /// A time of a meeting that began at `start`: with its day where that is another one.
    pub(super) fn within(self, start: Timestamp, at: Timestamp) -> String {
        let (first, at) = (self.local(start), self.local(at));
        let format = if first.date_naive() == at.date_naive() { "%H:%M" } else { "%-d %b %H:%M" };
        at.format(format).to_string()
    }

    /// `Sunday, 22 November 2026, 10:00 to 11:23`.
    pub(super) fn stretch(self, from: Timestamp, to: Timestamp) -> String {
        let (first, last) = (self.local(from), self.local(to));
        let start = first.format("%A, %-d %B %Y, %H:%M");
        if first.date_naive() == last.date_naive() {
            format!("{start} to {}", last.format("%H:%M"))
        } else {
            format!("{start} to {}", last.format("%A, %-d %B %Y, %H:%M"))
        }
    }

    /// At most `most` marks, at round times of this zone.
    pub(super) fn ticks(self, from: Timestamp, to: Timestamp, most: usize) -> Vec<Tick> {
        let offset_ms = i64::from(self.local(from).offset().fix().local_minus_utc()) * 1000;
        let seconds = (to.ms_since(from) / 1000) as i64;
        let most = (most as i64).max(1);
        let days = || (seconds / most / DAY_S + 1) * DAY_S;
        let step = STEPS_S.into_iter().find(|step| seconds / step < most).unwrap_or_else(days);
        let format = match step {
            DAY_S.. => "%-d %b",
            _ if seconds > DAY_S => "%-d %b %H:%M",
            60.. => "%H:%M",
            _ => "%H:%M:%S",
        };
        let step_ms = step * 1000;
        let local = from.0 + offset_ms;
        let first = local + (step_ms - local.rem_euclid(step_ms)) % step_ms - offset_ms;
        let ticks = (0..).map(|n| Timestamp(first + n * step_ms)).take_while(|at| *at <= to);
        let labelled =
            |at: Timestamp| Tick { at, label: self.local(at).format(format).to_string() };
        ticks.map(labelled).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(zone: &str, from: &str, seconds: u32, most: usize, labels: &[&str]) {
        let from: Timestamp = from.parse().unwrap();
        let ticks = Clock::of(Some(zone)).ticks(from, from.plus_seconds(seconds), most);
        assert!(ticks.len() <= most.max(1), "{} marks", ticks.len());
        assert_eq!(ticks.into_iter().map(|tick| tick.label).collect::<Vec<_>>(), labels);
    }

    #[test]
    fn marks_are_at_round_times_of_the_zone() {
        let from = "2026-11-22T09:50:00Z";
        check("Europe/Berlin", from, 4_980, 4, &["11:00", "11:30", "12:00"]);
        check("Asia/Kathmandu", from, 4_980, 4, &["16:00", "16:30"]);
        check("UTC", from, 20, 5, &["09:50:00", "09:50:05", "09:50:10", "09:50:15", "09:50:20"]);
        check("UTC", from, 0, 5, &["09:50:00"]);
        check("UTC", from, 400_000, 3, &["23 Nov", "25 Nov", "27 Nov"]);
        check("America/New_York", "1960-01-01T12:00:00Z", 90_000, 2, &["2 Jan"]);
    }

    #[test]
    fn a_zone_that_is_none_is_utc_and_says_so() {
        let at = "2026-07-01T09:50:00Z".parse().unwrap();
        assert_eq!(Clock::of(Some("Europe/Berlin")).zone(at), "Europe/Berlin (UTC+02:00)");
        assert_eq!(Clock::of(Some("Mars/Olympus")).zone(at), "UTC");
        assert_eq!(
            Clock::of(None).stretch(at, at.plus_seconds(4_980)),
            "Wednesday, 1 July 2026, 09:50 to 11:13"
        );
    }
}
