//! A series: a rule that was checked, with its start, zone and end.

use chrono::{Datelike, NaiveDateTime, TimeDelta};
use chrono_tz::Tz;
use quorate_protocol::{
    OCCURRENCE_DAYS_MAX, RECURRENCE_COUNT, Recurrence, RecurrencePattern, Timestamp,
};

use super::rule::{Matches, Rule, to_wire};
use super::walk::Walk;
use super::zone::{self, SKEW, instant, wall};
use super::{Invalid, text::Written};

/// Years in which the first occurrence may be.
const START_YEARS: std::ops::RangeInclusive<i32> = 1970..=9000;
/// Within how many days after the first there must be a second occurrence: ten years.
const SECOND_WITHIN: TimeDelta = TimeDelta::days(3653);
/// How long a series with a count may go on: a hundred years.
const COUNT_WITHIN: TimeDelta = TimeDelta::days(36_525);

/// When the first occurrence is.
#[derive(Debug, Clone, Copy)]
pub struct Times<'a> {
    /// Its start, on a whole second.
    pub starts_at: Timestamp,
    /// Its end; none if it is open.
    pub ends_at: Option<Timestamp>,
    /// By whose wall clock the series repeats: a name of the IANA database.
    pub time_zone: &'a str,
}

/// One occurrence, where the rule puts it: `starts_at` is what edits know it by, its `original_start`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Occurrence {
    /// Its start.
    pub starts_at: Timestamp,
    /// Its end, if the series has one.
    pub ends_at: Option<Timestamp>,
}

/// A series of occurrences. It has at least one.
#[derive(Debug, Clone)]
pub struct Series {
    pub(super) pattern: RecurrencePattern,
    pub(super) rule: Rule,
    pub(super) zone: Tz,
    /// What the rule calls the first start; the clock may show a later time, if it skips this one.
    pub(super) first: NaiveDateTime,
    pub(super) end: End,
    starts_at: Timestamp,
    length_ms: Option<i64>,
}

/// How a series ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Never,
    /// After so many matches of the rule, the last of them at this time.
    Count(u32, NaiveDateTime),
    /// No start is later.
    Until(Timestamp),
}

impl Series {
    /// Checks a recurrence.
    ///
    /// # Errors
    ///
    /// What is to be changed, with its field.
    pub fn new(recurrence: &Recurrence, times: Times<'_>) -> Result<Series, Invalid> {
        let zone = zone::zone(times.time_zone)?;
        let length_ms = length(times)?;
        let shown = wall(zone, times.starts_at);
        if !START_YEARS.contains(&zone::utc(times.starts_at).year()) {
            return Err(Invalid::StartYear);
        }
        let Written { rule, count, until } = Rule::read(recurrence, shown.date())?;
        let first = first(&rule, zone, shown, times.starts_at)?;
        let end = end(&rule, first, count, until)?;
        if matches!(end, End::Until(until) if until < times.starts_at) {
            return Err(Invalid::UntilBeforeStart);
        }
        let mut series = Series {
            pattern: recurrence.pattern,
            rule,
            zone,
            first,
            end,
            starts_at: times.starts_at,
            length_ms,
        };
        series.pattern = series.simplest_pattern();
        series.check_second()?;
        Ok(series)
    }

    /// A rule that hardly ever matches costs as much as it is of little use.
    fn check_second(&self) -> Result<(), Invalid> {
        if matches!(self.end, End::Count(1, _)) {
            return Ok(());
        }
        let second = self.matches(self.first).find(|it| *it > self.first);
        match second {
            Some(second) if second - self.first <= SECOND_WITHIN => Ok(()),
            _ => Err(Invalid::TooRare),
        }
    }

    /// The name of its zone.
    #[must_use]
    pub fn time_zone(&self) -> &'static str {
        self.zone.name()
    }

    /// The first occurrence.
    #[must_use]
    pub fn first(&self) -> Occurrence {
        self.occurrence(self.starts_at)
    }

    /// The occurrences that start in `[from, to)`, rising; at most `limit`. How far they are from the first
    /// does not matter.
    #[must_use]
    pub fn occurrences(&self, from: Timestamp, to: Timestamp, limit: usize) -> Vec<Occurrence> {
        if to <= from {
            return Vec::new();
        }
        self.walk(from, to.plus_ms(-1)).take(limit).map(|it| self.occurrence(it)).collect()
    }

    /// Whether an occurrence starts at exactly this instant.
    #[must_use]
    pub fn is_occurrence(&self, start: Timestamp) -> bool {
        self.walk(start, start).next().is_some()
    }

    /// The first occurrence that starts later than `at`.
    #[must_use]
    pub fn next_after(&self, at: Timestamp) -> Option<Occurrence> {
        self.walk(at.plus_ms(1), Timestamp(i64::MAX)).next().map(|it| self.occurrence(it))
    }

    /// The last occurrence that starts before `at`.
    #[must_use]
    pub fn last_before(&self, at: Timestamp) -> Option<Occurrence> {
        let at = match self.end {
            End::Never => at,
            // What the count ends with may have been overtaken while the clock was put forward.
            End::Count(_, last) => {
                at.min(instant(self.zone, last).plus_ms(SKEW.num_milliseconds()))
            }
            End::Until(until) => at.min(until.plus_ms(1)),
        };
        // Further and further back, until there is one, or nothing left.
        let mut days = 31;
        loop {
            let from = at.plus_ms(-days * 86_400_000);
            let found = self.walk(from, at.plus_ms(-1)).last();
            if found.is_some() || from <= self.starts_at {
                return found.map(|it| self.occurrence(it));
            }
            days *= 8;
        }
    }

    /// The last occurrence; none if there is no end.
    #[must_use]
    pub fn last(&self) -> Option<Occurrence> {
        (self.end != End::Never).then(|| self.last_before(Timestamp(i64::MAX))).flatten()
    }

    /// The series as a recurrence, in the simplest pattern that says it; its count and until stand beside a rule,
    /// not in it. With the times of [`Series::first`] it makes this series again.
    #[must_use]
    pub fn recurrence(&self) -> Recurrence {
        let mut recurrence = Recurrence::every(self.pattern);
        match self.pattern {
            RecurrencePattern::Custom => recurrence.rrule = Some(self.rule.to_string()),
            _ => recurrence.interval = self.rule.interval,
        }
        if self.pattern == RecurrencePattern::Weekly {
            let days = self.rule.weekdays.iter().map(|it| match it {
                rrule::NWeekday::Every(day) | rrule::NWeekday::Nth(_, day) => to_wire(*day),
            });
            recurrence.weekdays = days.collect();
        }
        if self.pattern == RecurrencePattern::Monthly {
            recurrence.month_day =
                self.rule.month_days.first().and_then(|it| u8::try_from(*it).ok());
        }
        match self.end {
            End::Never => {}
            End::Count(count, _) => recurrence.count = Some(count),
            End::Until(until) => recurrence.until = Some(until),
        }
        recurrence
    }

    /// The pattern it has, if that still says all of its rule.
    pub(super) fn simplest_pattern(&self) -> RecurrencePattern {
        let mut plain = Rule::of(self.rule.frequency);
        plain.interval = self.rule.interval;
        match self.pattern {
            RecurrencePattern::Daily => {}
            RecurrencePattern::Weekly => plain.weekdays.clone_from(&self.rule.weekdays),
            RecurrencePattern::Monthly => plain.month_days.clone_from(&self.rule.month_days),
            RecurrencePattern::Custom => return RecurrencePattern::Custom,
        }
        if plain == self.rule { self.pattern } else { RecurrencePattern::Custom }
    }

    pub(super) fn times(&self, starts_at: Timestamp) -> Times<'static> {
        let ends_at = self.occurrence(starts_at).ends_at;
        Times { starts_at, ends_at, time_zone: self.zone.name() }
    }

    pub(super) fn length_ms(&self) -> Option<i64> {
        self.length_ms
    }

    fn occurrence(&self, starts_at: Timestamp) -> Occurrence {
        Occurrence { starts_at, ends_at: self.length_ms.map(|it| starts_at.plus_ms(it)) }
    }

    /// The starts from `from` to `to`, both included.
    pub(super) fn walk(&self, from: Timestamp, to: Timestamp) -> Walk {
        let (last_wall, until) = match self.end {
            End::Never => (NaiveDateTime::MAX, Timestamp(i64::MAX)),
            End::Count(_, last) => (last, Timestamp(i64::MAX)),
            End::Until(until) => (NaiveDateTime::MAX, until),
        };
        let near = zone::utc(from) - SKEW;
        let walls = self.first..=last_wall;
        let instants = from.max(self.starts_at)..=to.min(until).min(Timestamp::LAST);
        Walk::new(self.matches(near), self.zone, walls, instants)
    }

    pub(super) fn matches(&self, near: NaiveDateTime) -> Matches {
        self.rule.matches(self.first, near.date())
    }
}

fn length(times: Times<'_>) -> Result<Option<i64>, Invalid> {
    if times.starts_at.0 % 1000 != 0 {
        return Err(Invalid::Fraction("starts_at"));
    }
    let Some(ends_at) = times.ends_at else { return Ok(None) };
    let length = ends_at.0.saturating_sub(times.starts_at.0);
    if ends_at.0 % 1000 != 0 {
        return Err(Invalid::Fraction("ends_at"));
    }
    if length <= 0 {
        return Err(Invalid::EndsBeforeStart);
    }
    if length > OCCURRENCE_DAYS_MAX * 86_400_000 {
        return Err(Invalid::TooLong);
    }
    Ok(Some(length))
}

/// What the rule calls the start: what the clock shows then, or a time that it skipped just before.
fn first(
    rule: &Rule,
    zone: Tz,
    shown: NaiveDateTime,
    starts_at: Timestamp,
) -> Result<NaiveDateTime, Invalid> {
    let called = rule
        .matches(shown, shown.date())
        .take_while(|it| *it <= shown)
        .filter(|it| instant(zone, *it) == starts_at)
        .last();
    match called {
        Some(called) if called == shown => Ok(called),
        // With several times a day, some of them would come before the first.
        Some(called) if called.date() == shown.date() && rule.times_a_day() == 1 => Ok(called),
        _ if instant(zone, shown) != starts_at => Err(Invalid::SecondOfTwo),
        _ => Err(Invalid::StartOffRule),
    }
}

fn end(
    rule: &Rule,
    first: NaiveDateTime,
    count: Option<u32>,
    until: Option<Timestamp>,
) -> Result<End, Invalid> {
    match (count, until) {
        (Some(_), Some(_)) => Err(Invalid::CountAndUntil),
        (None, None) => Ok(End::Never),
        (None, Some(until)) => Ok(End::Until(until)),
        (Some(count), None) if RECURRENCE_COUNT.contains(&count) => rule
            .matches(first, first.date())
            .filter(|it| *it >= first)
            .take_while(|it| *it - first <= COUNT_WITHIN)
            .nth(count as usize - 1)
            .map(|last| End::Count(count, last))
            .ok_or(Invalid::Count),
        (Some(_), None) => Err(Invalid::Count),
    }
}
