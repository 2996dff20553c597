//! What was measured minute by minute, summed up for a report as it is read.

use std::collections::BTreeMap;

use quorate_protocol::{ParticipantId, QualityMinutes};

use super::course::Course;
use crate::meeting::measures::Minute;
use crate::meeting::quality::level;

/// What was measured of those of whom the report speaks.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Measured {
    course: Course,
    pub(super) people: BTreeMap<ParticipantId, Quality>,
    /// All minutes in which a connection was measured.
    pub(super) minutes: QualityMinutes,
    /// For how long people spoke in each slice, all together, in milliseconds; and the minutes in it.
    pub(super) slices: Vec<(u64, QualityMinutes)>,
}

/// Someone's connection.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Quality {
    pub(super) minutes: QualityMinutes,
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
        let minutes = QualityMinutes::default();
        Measured { course, people, minutes, slices: vec![(0, minutes); course.len] }
    }

    /// Takes one more minute.
    pub(super) fn add(&mut self, minute: &Minute) {
        let Some(quality) = self.people.get_mut(&minute.participant) else { return };
        let slice = self.course.slice(minute.at).map(|slice| &mut self.slices[slice]);
        let level = (minute.samples > 0).then(|| level(minute.r));
        if let Some(level) = level {
            self.minutes.count(level);
            quality.minutes.count(level);
            quality.samples = quality.samples.saturating_add(minute.samples);
            quality.r += minute.r * f64::from(minute.samples);
        }
        if let Some((talk_ms, minutes)) = slice {
            *talk_ms += u64::from(minute.talk_ms);
            if let Some(level) = level {
                minutes.count(level);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use quorate_protocol::{QualityLevel, Timestamp};

    use super::*;

    fn minutes(excellent: u32, good: u32, fair: u32, poor: u32) -> QualityMinutes {
        QualityMinutes { excellent, good, fair, poor }
    }

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
        assert_eq!(measured.people[&ParticipantId(1)].minutes, minutes(1, 0, 1, 0));
        assert_eq!(measured.people[&ParticipantId(2)].minutes, minutes(0, 1, 1, 1));
        assert_eq!(measured.people[&ParticipantId(1)].mean_r(), Some((80.0 + 3.0 * 64.9) / 4.0));
        assert_eq!(
            measured.slices,
            [(2000, minutes(1, 1, 0, 0)), (2000, minutes(0, 0, 1, 1)), (1000, minutes(0, 0, 0, 0))]
        );
        let all = measured.minutes;
        assert_eq!((all, all.at_least(QualityLevel::Fair), all.all()), (minutes(1, 1, 2, 1), 4, 5));
        assert_eq!(Quality::default().mean_r(), None);
    }
}
