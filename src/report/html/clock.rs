//! Times as the meeting's zone has them.

use std::collections::BTreeSet;

use chrono::{DateTime, DurationRound as _, MappedLocalTime, TimeDelta, TimeZone as _, Utc};
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

    /// A time as `format` says it; with the zone's offset where the clock shows that time twice.
    fn told(self, at: Timestamp, format: &str) -> String {
        let at = self.local(at);
        let told = at.format(format);
        match self.zone.from_local_datetime(&at.naive_local()) {
            MappedLocalTime::Ambiguous(..) => format!("{told} (UTC{})", at.format("%:z")),
            _ => told.to_string(),
        }
    }

    /// `Europe/Berlin (UTC+01:00)`, as of a time and of a later one.
    pub(super) fn zone(self, from: Timestamp, to: Timestamp) -> String {
        let offset = |at| self.local(at).format("UTC%:z").to_string();
        match (self.zone, offset(from), offset(to)) {
            (Tz::UTC, ..) => "UTC".to_owned(),
            (zone, from, to) if from == to => format!("{zone} ({from})"),
            (zone, from, to) => format!("{zone} ({from}, later {to})"),
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
        let is_same_day = self.local(start).date_naive() == self.local(at).date_naive();
        self.told(at, if is_same_day { "%H:%M" } else { "%-d %b %H:%M" })
    }

    /// `Sunday, 22 November 2026, 10:00 to 11:23`.
    pub(super) fn stretch(self, from: Timestamp, to: Timestamp) -> String {
        let is_same_day = self.local(from).date_naive() == self.local(to).date_naive();
        let whole = "%A, %-d %B %Y, %H:%M";
        let end = self.told(to, if is_same_day { "%H:%M" } else { whole });
        format!("{} to {end}", self.told(from, whole))
    }

    /// At most `most` marks, at round times of this zone.
    pub(super) fn ticks(self, from: Timestamp, to: Timestamp, most: usize) -> Vec<Tick> {
        let elapsed = TimeDelta::milliseconds(to.ms_since(from) as i64);
        let (start, end) = (self.local(from).naive_local(), self.local(to).naive_local());
        // What the clock shows meanwhile, also where it is set forward or back.
        let (low, high) = (start.min(end), end.max(start + elapsed));
        let seconds = (high - low).num_seconds();
        let most = (most as i64).max(1);
        let days = || (seconds / most / DAY_S + 1) * DAY_S;
        let step = STEPS_S.into_iter().find(|step| seconds / step < most).unwrap_or_else(days);
        let format = match step {
            DAY_S.. => "%-d %b",
            _ if seconds > DAY_S => "%-d %b %H:%M",
            60.. => "%H:%M",
            _ => "%H:%M:%S",
        };
        let first = low.duration_trunc(TimeDelta::seconds(step)).unwrap_or(low);
        let round = (0..).map(|n| first + TimeDelta::seconds(n * step));
        let marks = round.take_while(|at| *at <= high).flat_map(|at| {
            let at = self.zone.from_local_datetime(&at);
            [at.earliest(), at.latest()]
                .into_iter()
                .flatten()
                .map(|at| Timestamp(at.timestamp_millis()))
        });
        let marks: BTreeSet<_> = marks.filter(|at| (from..=to).contains(at)).collect();
        marks.into_iter().map(|at| Tick { at, label: self.told(at, format) }).collect()
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
    fn marks_stay_round_where_the_clock_is_changed() {
        let days = ["24 Oct", "25 Oct", "26 Oct", "27 Oct"];
        check("Europe/Berlin", "2026-10-23T20:00:00Z", 302_400, 4, &days);
        let spring = ["00:00", "06:00", "12:00", "18:00"];
        check("Europe/Berlin", "2026-03-28T23:00:00Z", 72_000, 4, &spring);
        let twice = ["02:00 (UTC+02:00)", "02:30 (UTC+02:00)", "02:00 (UTC+01:00)"];
        check("Europe/Berlin", "2026-10-24T23:50:00Z", 4_800, 4, &twice);
        check("Europe/Berlin", "2026-10-25T00:50:00Z", 1_500, 2, &["02:00 (UTC+01:00)"]);
    }

    #[test]
    fn a_time_that_the_clock_shows_twice_has_its_offset() {
        let (from, to) =
            ("2026-10-24T23:50:00Z".parse().unwrap(), "2026-10-25T01:10:00Z".parse().unwrap());
        let berlin = Clock::of(Some("Europe/Berlin"));
        let stretch = "Sunday, 25 October 2026, 01:50 to 02:10 (UTC+01:00)";
        assert_eq!(berlin.stretch(from, to), stretch);
        assert_eq!(berlin.within(from, from.plus_seconds(1_200)), "02:10 (UTC+02:00)");
        assert_eq!(berlin.zone(from, to), "Europe/Berlin (UTC+02:00, later UTC+01:00)");
    }

    #[test]
    fn a_zone_that_is_none_is_utc_and_says_so() {
        let at = "2026-07-01T09:50:00Z".parse().unwrap();
        assert_eq!(Clock::of(Some("Europe/Berlin")).zone(at, at), "Europe/Berlin (UTC+02:00)");
        assert_eq!(Clock::of(Some("Mars/Olympus")).zone(at, at), "UTC");
        assert_eq!(
            Clock::of(None).stretch(at, at.plus_seconds(4_980)),
            "Wednesday, 1 July 2026, 09:50 to 11:13"
        );
    }
}
