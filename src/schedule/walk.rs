//! From one occurrence to the next.

use std::collections::BTreeSet;

use chrono::NaiveDateTime;
use chrono_tz::Tz;
use quorate_protocol::Timestamp;

use super::rule::Matches;
use super::zone::{SKEW, instant};

/// The starts of a series, rising, each once.
///
/// Where the clock is put forward, a time that moved may come after one that did not, or meet it. So what was
/// found waits until nothing earlier can come.
pub(super) struct Walk {
    matches: Matches,
    zone: Tz,
    /// The wall-clock times that belong to it.
    walls: std::ops::RangeInclusive<NaiveDateTime>,
    /// The instants that belong to it.
    instants: std::ops::RangeInclusive<Timestamp>,
    found: BTreeSet<Timestamp>,
    /// Nothing earlier than this can still be found; none once all has been.
    settled: Option<Timestamp>,
    drawn: usize,
}

impl Walk {
    pub(super) fn new(
        matches: Matches,
        zone: Tz,
        walls: std::ops::RangeInclusive<NaiveDateTime>,
        instants: std::ops::RangeInclusive<Timestamp>,
    ) -> Walk {
        let settled = Some(Timestamp(i64::MIN));
        Walk { matches, zone, walls, instants, found: BTreeSet::new(), settled, drawn: 0 }
    }

    /// How many matches the rule was asked for.
    #[cfg(test)]
    pub(super) fn drawn(&self) -> usize {
        self.drawn
    }

    fn draw(&mut self) {
        self.drawn += 1;
        let wall = self.matches.next().filter(|it| it <= self.walls.end());
        let Some(wall) = wall else {
            self.settled = None;
            return;
        };
        let at = instant(self.zone, wall);
        let settled = Timestamp(at.0 - SKEW.num_milliseconds());
        self.settled = (settled <= *self.instants.end()).then_some(settled);
        if self.walls.contains(&wall) && self.instants.contains(&at) {
            self.found.insert(at);
        }
    }
}

impl Iterator for Walk {
    type Item = Timestamp;

    fn next(&mut self) -> Option<Timestamp> {
        while let Some(settled) = self.settled
            && self.found.first().is_none_or(|it| *it > settled)
        {
            self.draw();
        }
        self.found.pop_first()
    }
}
