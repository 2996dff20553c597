//! What was measured minute by minute, summed up for a report as it is read.

use std::collections::BTreeMap;

use quorate_protocol::ParticipantId;

use super::course::Course;
use crate::meeting::measures::Minute;

/// From this R on a connection is excellent, good, fair; below it is poor.
const LEVELS: [f64; 3] = [80.0, 65.0, 40.0];
/// How many of these levels are `fair` or better.
const FAIR_OR_BETTER: usize = 3;

/// Minutes by how good the connection was: excellent, good, fair, poor.
pub(super) type Levels = [u32; 4];

/// What was measured of those of whom the report speaks.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Measured {
    course: Course,
    pub(super) people: BTreeMap<ParticipantId, Quality>,
    /// For how long people spoke in each slice, all together, in milliseconds; and the minutes in it.
    pub(super) slices: Vec<(u64, Levels)>,
}

/// Someone's connection.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Quality {
    pub(super) minutes: Levels,
    samples: u32,
    /// The sum of all samples' R.
    r: f64,
}

impl Quality {
    /// The mean R; none where it was not measured.
    pub(super) fn mean_r(&self) -> Option<f64> {
        (self.samples > 0).then(|| self.r / f64::from(self.samples))
    }
}

impl Measured {
    /// Nothing yet, of these people.
    pub(super) fn of(people: impl Iterator<Item = ParticipantId>, course: Course) -> Measured {
        let people = people.map(|id| (id, Quality::default())).collect();
        Measured { course, people, slices: vec![(0, [0; 4]); course.len] }
    }

    /// Takes one more minute.
    pub(super) fn add(&mut self, minute: &Minute) {
        let Some(quality) = self.people.get_mut(&minute.participant) else { return };
        let slice = self.course.slice(minute.at).map(|slice| &mut self.slices[slice]);
        let level = (minute.samples > 0).then(|| level(minute.r));
        if let Some(level) = level {
            quality.minutes[level] += 1;
            quality.samples = quality.samples.saturating_add(minute.samples);
            quality.r += minute.r * f64::from(minute.samples);
        }
        if let Some((talk_ms, levels)) = slice {
            *talk_ms += u64::from(minute.talk_ms);
            if let Some(level) = level {
                levels[level] += 1;
            }
        }
    }

    /// All minutes that were measured.
    pub(super) fn minutes(&self) -> Levels {
        self.people.values().fold([0; 4], |sum, it| plus(sum, it.minutes))
    }
}

/// How many of these minutes were `fair` or better, and how many there are.
pub(super) fn fair(minutes: Levels) -> (u32, u32) {
    (minutes[..FAIR_OR_BETTER].iter().sum(), minutes.iter().sum())
}

fn plus(mut sum: Levels, more: Levels) -> Levels {
    sum.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
    sum
}

fn level(r: f64) -> usize {
    LEVELS.iter().position(|from| r >= *from).unwrap_or(LEVELS.len())
}

#[cfg(test)]
mod tests {
    use quorate_protocol::Timestamp;

    use super::*;

    #[test]
    fn minutes_are_summed_by_person_slice_and_level() {
        let course = Course::new(Some(Timestamp(0)), Timestamp(180_000));
        let mut measured = Measured::of([1, 2].map(ParticipantId).into_iter(), course);
        let minute = |who: i64, minute: i64, samples: u32, r: f64| Minute {
            samples,
            r,
            talk_ms: 1000,
            ..Minute::of(ParticipantId(who), Timestamp(minute * 60_000))
        };
        for it in [
            minute(1, 0, 1, 80.0),
            minute(1, 1, 3, 64.9),
            minute(1, 2, 0, 0.0),
            minute(2, 0, 2, 65.0),
            minute(2, 1, 2, 39.9),
            // Before the meeting began, and of someone of whom nothing is said.
            minute(2, -1, 1, 40.0),
            minute(3, 0, 9, 90.0),
        ] {
            measured.add(&it);
        }
        assert_eq!(measured.people[&ParticipantId(1)].minutes, [1, 0, 1, 0]);
        assert_eq!(measured.people[&ParticipantId(2)].minutes, [0, 1, 1, 1]);
        assert_eq!(measured.people[&ParticipantId(1)].mean_r(), Some((80.0 + 3.0 * 64.9) / 4.0));
        assert_eq!(
            measured.slices,
            [(2000, [1, 1, 0, 0]), (2000, [0, 0, 1, 1]), (1000, [0, 0, 0, 0])]
        );
        assert_eq!((measured.minutes(), fair(measured.minutes())), ([1, 1, 2, 1], (4, 5)));
        assert_eq!(Quality::default().mean_r(), None);
    }
}
