//! Splitting a series in two, and moving it.

use chrono::{NaiveDateTime, TimeDelta};
use quorate_protocol::{Recurrence, Timestamp};

use super::Invalid;
use super::series::{End, Series, Times};
use super::shift::moved;
use super::zone::{self, SKEW, instant, wall};

/// A series that was moved, and how its occurrences follow.
#[derive(Debug, Clone)]
pub struct Moved {
    /// The series where it is now.
    pub series: Series,
    /// What maps an occurrence of the old series to the new one.
    pub shift: Shift,
}

/// The difference by which a series was moved, by the clock on the wall.
#[derive(Debug, Clone)]
pub struct Shift {
    from: Series,
    to_zone: chrono_tz::Tz,
    by: TimeDelta,
}

impl Shift {
    /// The `original_start` in the new series of what had this one in the old.
    #[must_use]
    pub fn apply(&self, original_start: Timestamp) -> Timestamp {
        // What is no occurrence (any more) moves by what the clock shows.
        let called = self.from.called(original_start).first().copied();
        let wall = called.unwrap_or_else(|| wall(self.from.zone, original_start));
        instant(self.to_zone, moved(wall, self.by))
    }
}

impl Series {
    /// The recurrence that stops before the occurrence that starts at `start`: with the count of what is left,
    /// or until the occurrence before. None if there is no such occurrence, or it is the first.
    #[must_use]
    pub fn ended_before(&self, start: Timestamp) -> Option<Recurrence> {
        let wall = *self.called(start).first()?;
        let before = self.last_before(start)?;
        let mut ended = self.clone();
        ended.end = match self.end {
            End::Count(..) => {
                let count = self.count_before(wall)?;
                End::Count(count, wall)
            }
            End::Never | End::Until(_) => End::Until(before.starts_at),
        };
        Some(ended.recurrence())
    }

    /// The recurrence of the rest, from the occurrence that starts at `start` on: the first of the new series.
    /// None if there is no such occurrence, or if the clock skipped the whole day on which the rule puts it.
    #[must_use]
    pub fn continued_from(&self, start: Timestamp) -> Option<Recurrence> {
        let called = *self.called(start).first()?;
        let mut rest = self.clone();
        if let End::Count(count, last) = self.end {
            rest.end = End::Count(count - self.count_before(called).unwrap_or(0), last);
        }
        rest.first = called;
        let rest = rest.said(wall(self.zone, start))?;
        // Whoever reads it makes the same of it, or it is not handed out.
        let recurrence = rest.recurrence();
        Series::new(&recurrence, self.times(start)).ok().map(|_| recurrence)
    }

    /// Moves the series as one moves its occurrence at `original_start`: all others by the same difference,
    /// by the clock on the wall. Where the day changes, so do the weekdays, or the day of the month. What
    /// ended at an instant ends with the same occurrence; the length becomes that of `to`.
    ///
    /// # Errors
    ///
    /// [`Invalid::CannotMove`] where the rule cannot say that, or what makes the new times no series.
    pub fn moved(&self, original_start: Timestamp, to: Times<'_>) -> Result<Moved, Invalid> {
        let to_zone = zone::zone(to.time_zone)?;
        let called = self.called(original_start).first().copied();
        let called =
            called.ok_or(Invalid::CannotMove("no occurrence is where it was moved from"))?;
        let by = wall(to_zone, to.starts_at) - called;
        let shift = Shift { from: self.clone(), to_zone, by };
        let first = moved(self.first, by);
        let mut new = self.clone();
        new.rule = self.rule.shifted(self.first, first)?;
        new.first = first;
        new.zone = to_zone;
        if let End::Until(until) = self.end {
            // The last occurrence takes the end along.
            new.end = End::Until(self.last().map_or(until, |it| shift.apply(it.starts_at)));
        }
        new.pattern = new.simplest_pattern();
        let starts_at = instant(to_zone, first);
        let new = new
            .said(wall(to_zone, starts_at))
            .ok_or(Invalid::CannotMove("the clock skips the day of its first occurrence"))?;
        let ends_at = to.ends_at.map(|it| starts_at.plus_ms(it.0.saturating_sub(to.starts_at.0)));
        let times = Times { starts_at, ends_at, time_zone: to.time_zone };
        Ok(Moved { series: Series::new(&new.recurrence(), times)?, shift })
    }

    /// What the rule calls the occurrence at `start`: one time, or several that the clock made one, or none.
    pub(super) fn called(&self, start: Timestamp) -> Vec<NaiveDateTime> {
        if !self.is_occurrence(start) {
            return Vec::new();
        }
        let shown = wall(self.zone, start);
        self.matches(shown - SKEW)
            .take_while(|it| *it <= shown)
            .filter(|it| *it >= self.first && instant(self.zone, *it) == start)
            .collect()
    }

    /// How many matches of the rule come before `wall`; none if there is none.
    fn count_before(&self, wall: NaiveDateTime) -> Option<u32> {
        let matches = self.matches(self.first).filter(|it| *it >= self.first);
        let count = matches.take_while(|it| *it < wall).count();
        u32::try_from(count).ok().filter(|it| *it > 0)
    }

    /// With its time of day said in the rule, if the clock shows another at the start. None if it shows another
    /// day.
    fn said(mut self, shown: NaiveDateTime) -> Option<Series> {
        if shown != self.first {
            if shown.date() != self.first.date() {
                return None;
            }
            self.rule.say_time(self.first.time());
            self.pattern = self.simplest_pattern();
        }
        Some(self)
    }
}
