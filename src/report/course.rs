//! The course of a meeting, in slices of equal length.

use quorate_protocol::Timestamp;

use crate::meeting::measures::MINUTE_MS;

/// Slices at most.
const SLICES_MAX: u64 = 240;

/// From when to when, in slices of whole minutes; the first begins with a minute, the last may be cut short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Course {
    /// When it begins.
    from: Timestamp,
    /// When the first slice begins: the whole minute that `from` is in.
    base: Timestamp,
    to: Timestamp,
    /// The length of a slice, in milliseconds.
    slice_ms: u64,
    /// How many slices there are.
    pub(super) len: usize,
}

impl Course {
    /// The course of what was from then to then; none at all where it never began.
    pub(super) fn new(from: Option<Timestamp>, to: Timestamp) -> Course {
        let minute = MINUTE_MS.cast_unsigned();
        let Some(from) = from.filter(|from| *from < to) else {
            let from = to;
            return Course { from, base: from, to, slice_ms: minute, len: 0 };
        };
        let base = Timestamp(from.0 - from.0.rem_euclid(MINUTE_MS));
        let minutes = to.ms_since(base).div_ceil(minute);
        let slice_ms = minutes.div_ceil(SLICES_MAX).max(1) * minute;
        let len = to.ms_since(base).div_ceil(slice_ms) as usize;
        Course { from, base, to, slice_ms, len }
    }

    /// The length of a slice, in seconds.
    pub(super) fn slice_seconds(&self) -> u32 {
        (self.slice_ms / 1000) as u32
    }

    /// When a slice begins.
    pub(super) fn start(&self, slice: usize) -> Timestamp {
        self.base.plus_ms((slice as u64 * self.slice_ms).cast_signed())
    }

    /// How long a slice is of what was, in milliseconds: the first and the last are cut short.
    pub(super) fn ms(&self, slice: usize) -> u64 {
        self.start(slice + 1).min(self.to).ms_since(self.start(slice).max(self.from))
    }

    /// The slice that a time is in; what was at the very end is in the last.
    pub(super) fn slice(&self, at: Timestamp) -> Option<usize> {
        if self.len == 0 || at < self.base || at > self.to {
            return None;
        }
        Some(((at.ms_since(self.base) / self.slice_ms) as usize).min(self.len - 1))
    }

    /// The slices that a stretch of time is in, and for how long in each, in milliseconds.
    pub(super) fn slices(
        &self,
        from: Timestamp,
        to: Timestamp,
    ) -> impl Iterator<Item = (usize, u64)> {
        let (from, to) = (from.max(self.from), to.min(self.to));
        let ends = self.slice(from).zip(self.slice(to)).filter(|_| from < to);
        let (course, slices) = (*self, ends.map_or(0..0, |(first, last)| first..last + 1));
        slices.map(move |slice| {
            let (start, end) = (course.start(slice), course.start(slice + 1));
            (slice, to.min(end).ms_since(from.max(start)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp(seconds * 1000)
    }

    #[test]
    fn slices_are_whole_minutes_and_cover_the_meeting_once() {
        let course = Course::new(Some(at(90)), at(200));
        assert_eq!((course.len, course.slice_seconds()), (3, 60));
        assert_eq!([0, 1, 2].map(|it| course.start(it)), [at(60), at(120), at(180)]);
        assert_eq!([0, 1, 2].map(|it| course.ms(it)), [30_000, 60_000, 20_000]);
        let slices = |from, to| course.slices(at(from), at(to)).collect::<Vec<_>>();
        assert_eq!(slices(0, 130), [(0, 30_000), (1, 10_000)]);
        assert_eq!(slices(100, 999), [(0, 20_000), (1, 60_000), (2, 20_000)]);
        assert_eq!(slices(130, 130), []);
        assert_eq!(slices(300, 400), []);
        let found = [59, 60, 119, 120, 200, 201].map(|it| course.slice(at(it)));
        assert_eq!(found, [None, Some(0), Some(0), Some(1), Some(2), None]);
    }

    #[test]
    fn however_long_it_was_there_are_few_slices() {
        for (minutes, len, seconds) in [(1, 1, 60), (240, 240, 60), (241, 121, 120), (9600, 240, 2400)]
        {
            let course = Course::new(Some(at(0)), at(minutes * 60));
            assert_eq!((course.len, course.slice_seconds()), (len, seconds), "{minutes} minutes");
        }
        assert_eq!(Course::new(None, at(9)).len, 0);
        assert_eq!(Course::new(Some(at(9)), at(9)).len, 0);
        assert_eq!(Course::new(None, at(9)).slice(at(9)), None);
    }
}
