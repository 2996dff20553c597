//! How far it is.

/// A step of the work, and how much of it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Which step, in a word or two.
    pub step: &'static str,
    /// How much is done.
    pub done: u64,
    /// How much there is.
    pub total: u64,
}

/// Rows between two words about it.
const EVERY: u64 = 1000;

/// Counts rows, and tells about each [`EVERY`]th.
pub(super) struct Counter<'a> {
    progress: &'a mut dyn FnMut(Progress),
    now: Progress,
}

impl<'a> Counter<'a> {
    pub(super) fn new(
        step: &'static str,
        total: u64,
        progress: &'a mut dyn FnMut(Progress),
    ) -> Counter<'a> {
        let now = Progress { step, done: 0, total };
        progress(now);
        Counter { progress, now }
    }

    pub(super) fn one_more(&mut self) {
        self.now.done += 1;
        if self.now.done.is_multiple_of(EVERY) || self.now.done == self.now.total {
            (self.progress)(self.now);
        }
    }
}
