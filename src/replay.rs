//! Meetings as they stood: their journals folded again, beside whatever runs, and for reading only.
//!
//! A fold costs time with its length and is done off the runtime's threads, slice by slice, a few at a
//! time; what was folded last is kept, so that reading on page by page goes on where the page before ended.

mod kept;
mod state;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;

use quorate_protocol::{MeetingId, Seq, Timestamp, UserId};
use tokio::sync::Semaphore;

use crate::meeting::event::{SYSTEM, View};
use crate::meeting::office::Actor;
use crate::meeting::{Auditor, Facts, Renewed};
use crate::store::{JournalReader, Store, StoreError};
use kept::Kept;
pub use state::{Moment, Then};

/// Events read and folded in one go: a few milliseconds of a thread.
const SLICE: usize = 1000;
/// Folds at the same time; further ones wait their turn.
const FOLDS_AT_ONCE: usize = 2;

/// Why a meeting could not be folded.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The journal cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The rules and the journal do not go together.
    #[error("fold the journal of meeting {0}: it panicked")]
    Panic(MeetingId),
}

/// Folds journals. Clones share their turns and what is kept.
#[derive(Debug, Clone)]
pub struct Replays {
    store: Store,
    turns: Arc<Semaphore>,
    kept: Arc<Kept>,
}

/// What one user saw of a meeting all along, up to its head.
#[derive(Debug, Clone, PartialEq)]
pub struct Sightings {
    /// How far this goes.
    pub head: Seq,
    /// Their views, each from this event on.
    views: Arc<Vec<(Seq, View)>>,
    /// By what right they audit the meeting, as of the head.
    pub auditor: Option<Auditor>,
}

impl Sightings {
    /// Their view as of an event; none before they had a place in the meeting.
    #[must_use]
    pub fn at(&self, seq: Seq) -> Option<&View> {
        let after = self.views.partition_point(|(from, _)| *from <= seq);
        self.views[..after].last().map(|(_, view)| view)
    }
}

/// A fold under way, and the views of one user in it.
#[derive(Debug, Default)]
struct Fold {
    facts: Facts,
    views: Vec<(Seq, View)>,
}

impl Fold {
    fn apply(&mut self, event: &crate::meeting::Event, user: UserId) {
        let renewed = self.facts.apply(event);
        if renewed != Renewed::Nobody
            && let Some(person) = self.facts.person_of(user)
            && self.views.last().is_none_or(|(_, view)| *view != person.view)
        {
            self.views.push((event.seq, person.view));
        }
    }
}

impl Replays {
    /// Folds journals of this store.
    #[must_use]
    pub fn new(store: Store) -> Replays {
        let turns = Arc::new(Semaphore::new(FOLDS_AT_ONCE));
        Replays { store, turns, kept: Arc::default() }
    }

    /// What someone saw of a meeting, and whether they audit it as of now.
    ///
    /// # Errors
    /// When the journal cannot be read or folded.
    pub async fn sightings(
        &self,
        meeting: MeetingId,
        actor: &Actor,
        now: Timestamp,
    ) -> Result<Sightings, ReplayError> {
        let user = actor.user;
        let _turn = self.turns.acquire().await;
        let fold = self.kept.take(meeting, user);
        let fold = self.fold(meeting, user, fold, Seq(u64::MAX)).await?;
        let sightings = Sightings {
            head: fold.facts.head,
            views: Arc::new(fold.views.clone()),
            auditor: fold.facts.auditor(now, actor),
        };
        self.kept.put(meeting, user, fold);
        Ok(sightings)
    }

    /// How many events a call of [`Replays::sightings`] would have to fold, at most.
    pub async fn cost(&self, meeting: MeetingId, user: UserId) -> Result<u64, ReplayError> {
        let head = self.store.journal_head(meeting).await?.map_or(0, |(seq, _)| seq.0);
        Ok(head.saturating_sub(self.kept.head(meeting, user).0))
    }

    /// Forgets what is kept: something was redacted.
    pub fn forget(&self) {
        self.kept.clear();
    }

    /// Folds on, up to an event or the head.
    async fn fold(
        &self,
        meeting: MeetingId,
        user: UserId,
        mut fold: Fold,
        up_to: Seq,
    ) -> Result<Fold, ReplayError> {
        while fold.facts.head < up_to {
            let limit = SLICE.min(up_to.0.saturating_sub(fold.facts.head.0) as usize);
            let events = self.store.journal(meeting, fold.facts.head, limit).await?;
            let last = events.len() < limit;
            let folded = tokio::task::spawn_blocking(move || {
                events.iter().for_each(|event| fold.apply(event, user));
                fold
            });
            fold = folded.await.map_err(|_| ReplayError::Panic(meeting))?;
            if last {
                break;
            }
        }
        Ok(fold)
    }
}

/// A meeting of a database at a moment, beside a server that may run; and since when it is known, where it
/// was taken over from the older application. None where its journal does not reach.
///
/// # Errors
/// When the journal cannot be read or folded.
pub fn replay(
    database: &Path,
    meeting: MeetingId,
    moment: Moment,
) -> Result<(Option<Then>, Option<Timestamp>), ReplayError> {
    let reader = JournalReader::open(database)?;
    let unknown_before = reader.imported_at(meeting)?;
    let seq = match moment {
        Moment::Seq(seq) => seq,
        Moment::At(at) => reader.seq_at(meeting, at)?,
    };
    let mut fold = Fold::default();
    while fold.facts.head < seq {
        let limit = SLICE.min((seq.0 - fold.facts.head.0) as usize);
        let events = reader.events(meeting, fold.facts.head, limit)?;
        if events.is_empty() {
            break;
        }
        let folded = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            events.iter().for_each(|event| fold.apply(event, SYSTEM));
        }));
        folded.map_err(|_| ReplayError::Panic(meeting))?;
    }
    Ok((Then::new(fold.facts, seq, moment), unknown_before))
}
