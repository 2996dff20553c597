//! The room's own tests. Against python-dateutil and other calendars: `tests/calendar/`.

mod calendar;
mod clocks;
mod edits;
mod properties;
mod refusals;

use quorate_protocol::{Recurrence, RecurrencePattern, Timestamp};

use super::{Invalid, Series, Times};

/// The instant in `2026-03-28T01:30:00Z`, or in the same without seconds.
fn at(text: &str) -> Timestamp {
    let seconds = if text.matches(':').count() == 1 { ":00Z" } else { "" };
    let text = if seconds.is_empty() { text.to_owned() } else { text.replace('Z', seconds) };
    text.parse().unwrap_or_else(|_| panic!("{text} is a time"))
}

fn hours(count: i64) -> i64 {
    count * 3_600_000
}

/// A series of one-hour meetings.
fn try_series(zone: &str, start: &str, recurrence: &Recurrence) -> Result<Series, Invalid> {
    let starts_at = at(start);
    let ends_at = Some(starts_at.plus_ms(hours(1)));
    Series::new(recurrence, Times { starts_at, ends_at, time_zone: zone })
}

fn series(zone: &str, start: &str, recurrence: &Recurrence) -> Series {
    try_series(zone, start, recurrence)
        .unwrap_or_else(|refused| panic!("{recurrence:?}: {refused}"))
}

fn custom(zone: &str, start: &str, rrule: &str) -> Series {
    series(zone, start, &Recurrence::custom(rrule))
}

fn every(pattern: RecurrencePattern) -> Recurrence {
    Recurrence::every(pattern)
}

/// The first starts, as `2026-03-28T01:30Z`.
fn starts(series: &Series, count: usize) -> Vec<String> {
    starts_from(series, Timestamp(i64::MIN), count)
}

fn starts_from(series: &Series, from: Timestamp, count: usize) -> Vec<String> {
    let found = series.occurrences(from, Timestamp(i64::MAX), count);
    found.iter().map(|it| it.starts_at.to_string().replace(":00.000Z", "Z")).collect()
}
