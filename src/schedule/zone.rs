//! Wall-clock times and instants.

use chrono::{DateTime, LocalResult, NaiveDateTime, Offset, TimeDelta, TimeZone};
use chrono_tz::{GapInfo, OffsetComponents, OffsetName, Tz};
use quorate_protocol::Timestamp;

use super::Invalid;

/// The most by which the order of two instants may differ from that of their wall-clock times, and the most
/// that lies between an instant and its wall-clock time read as UTC: zones go from UTC-12 to UTC+14, and a few
/// skipped a day.
pub(super) const SKEW: TimeDelta = TimeDelta::hours(26);

/// From when on the zones' data has no further changes: the last offset holds.
pub(super) const DATA_ENDS: Timestamp = Timestamp(4_102_444_800_000);

/// Whether the IANA database has a zone of this name, written this way.
#[must_use]
pub fn is_time_zone(name: &str) -> bool {
    zone(name).is_ok()
}

pub(super) fn zone(name: &str) -> Result<Tz, Invalid> {
    name.parse().map_err(|_| Invalid::Zone)
}

/// When the wall clock shows this time: the first of two; where it never does, the time goes on as if the
/// clock had not been changed yet, which is later by the length of the gap.
pub(super) fn instant(zone: Tz, wall: NaiveDateTime) -> Timestamp {
    let offset = match zone.offset_from_local_datetime(&wall) {
        LocalResult::Single(offset) | LocalResult::Ambiguous(offset, _) => offset.fix(),
        // There is always an offset before a gap; were there none, the clock's own is as good as any.
        LocalResult::None => GapInfo::new(&wall, &zone)
            .and_then(|gap| gap.begin)
            .map_or_else(|| zone.offset_from_utc_datetime(&wall), |(_, before)| before)
            .fix(),
    };
    // Also beyond what can be written: who walks there is to see that it is over.
    Timestamp(wall.and_utc().timestamp_millis() - i64::from(offset.local_minus_utc()) * 1000)
}

/// What the wall clock shows at this instant; to the second.
pub(super) fn wall(zone: Tz, at: Timestamp) -> NaiveDateTime {
    let utc = utc(at);
    utc + zone.offset_from_utc_datetime(&utc).fix()
}

/// The instant in UTC, to the second; at most the years that can be written.
pub(super) fn utc(at: Timestamp) -> NaiveDateTime {
    const YEARS_0_TO_9999: std::ops::RangeInclusive<i64> = -62_167_219_200..=253_402_300_799;
    let seconds = at.0.div_euclid(1000).clamp(*YEARS_0_TO_9999.start(), *YEARS_0_TO_9999.end());
    DateTime::from_timestamp(seconds, 0).unwrap_or_default().naive_utc()
}

/// A change of a zone's clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Transition {
    /// The first instant at which the new offset holds.
    pub at: Timestamp,
    /// The offset before.
    pub from: Observance,
    /// The offset from then on.
    pub to: Observance,
}

impl Transition {
    /// What the old clock shows at the change.
    pub(super) fn wall(&self) -> NaiveDateTime {
        utc(self.at) + TimeDelta::seconds(i64::from(self.from.offset))
    }
}

/// An offset of a zone, with what it is called.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Observance {
    /// Seconds east of UTC.
    pub offset: i32,
    /// Whether it is daylight-saving time.
    pub daylight: bool,
    /// Its abbreviation, such as `CET`.
    pub name: String,
}

/// What holds at an instant.
pub(super) fn observance(zone: Tz, at: Timestamp) -> Observance {
    let offset = zone.offset_from_utc_datetime(&utc(at));
    Observance {
        offset: offset.fix().local_minus_utc(),
        daylight: offset.dst_offset() != TimeDelta::zero(),
        name: offset.abbreviation().map_or_else(|| offset.to_string(), str::to_owned),
    }
}

/// The changes after `from` and up to `to`, rising; to the second. Two of them are never nearer than a few weeks, so that
/// looking every third day finds each.
pub(super) fn transitions(zone: Tz, from: Timestamp, to: Timestamp) -> Vec<Transition> {
    const STEP_MS: i64 = 3 * 86_400_000;
    let to = to.min(DATA_ENDS);
    let offset = |at: Timestamp| zone.offset_from_utc_datetime(&utc(at));
    let mut found = Vec::new();
    let (mut low, mut before) = (from, offset(from));
    while low < to {
        let high = low.plus_ms(STEP_MS).min(to);
        let after = offset(high);
        if after != before {
            let at = first_second(low, high, |at| offset(at) != before);
            found.push(Transition { at, from: observance(zone, low), to: observance(zone, at) });
        }
        (low, before) = (high, after);
    }
    found
}

/// The first whole second after `low` and up to `high` from which on `holds`.
fn first_second(low: Timestamp, high: Timestamp, holds: impl Fn(Timestamp) -> bool) -> Timestamp {
    let (mut low, mut high) = (low.0.div_euclid(1000), high.0.div_euclid(1000));
    while high - low > 1 {
        let middle = low.midpoint(high);
        if holds(Timestamp(middle * 1000)) { high = middle } else { low = middle }
    }
    Timestamp(high * 1000)
}
