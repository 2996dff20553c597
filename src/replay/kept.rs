//! Folds that were made last, to go on from.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use quorate_protocol::{MeetingId, Seq, UserId};

use super::Fold;

/// Events behind all that is kept, together: about 100 bytes each.
const EVENTS_MAX: u64 = 500_000;
/// Folds kept at most.
const FOLDS_MAX: usize = 256;

/// See the module; the newest is last.
#[derive(Debug, Default)]
pub(super) struct Kept(Mutex<VecDeque<(MeetingId, UserId, Fold)>>);

impl Kept {
    fn lock(&self) -> MutexGuard<'_, VecDeque<(MeetingId, UserId, Fold)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a fold out; an empty one where none is kept.
    pub(super) fn take(&self, meeting: MeetingId, user: UserId) -> Fold {
        let mut kept = self.lock();
        let index = kept.iter().position(|(m, u, _)| (*m, *u) == (meeting, user));
        index.and_then(|index| kept.remove(index)).map_or_else(Fold::default, |(_, _, fold)| fold)
    }

    /// Keeps a fold, and lets go of the oldest beyond the bounds.
    pub(super) fn put(&self, meeting: MeetingId, user: UserId, fold: Fold) {
        let mut kept = self.lock();
        kept.retain(|(m, u, _)| (*m, *u) != (meeting, user));
        kept.push_back((meeting, user, fold));
        let mut events: u64 = kept.iter().map(|(_, _, fold)| fold.facts.head.0).sum();
        while events > EVENTS_MAX || kept.len() > FOLDS_MAX {
            let Some((_, _, gone)) = kept.pop_front() else { break };
            events -= gone.facts.head.0;
        }
    }

    /// How far a kept fold goes; 0 where none is kept.
    pub(super) fn head(&self, meeting: MeetingId, user: UserId) -> Seq {
        let kept = self.lock();
        let found = kept.iter().find(|(m, u, _)| (*m, *u) == (meeting, user));
        found.map_or(Seq(0), |(_, _, fold)| fold.facts.head)
    }

    pub(super) fn clear(&self) {
        self.lock().clear();
    }
}
