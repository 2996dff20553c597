//! What a meeting was like: its journal folded once more, beside whatever runs, with what was measured and
//! what people said of it. `docs/reports.md` says what each figure means.
//!
//! A fold costs time with its length and is done off the runtime's threads, slice by slice, a few at a time.

pub mod chronicle;
mod compute;
mod course;
mod digests;
pub mod effectiveness;
pub mod html;
mod measured;
mod render;
pub mod table;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use quorate_protocol::{MeetingId, Privacy, Report, Seq};
use tokio::sync::Semaphore;

use crate::store::{Store, StoreError};
use chronicle::Story;
pub use compute::Asked;
use compute::Subject;
use measured::Measured;
pub use render::Render;

/// Events read and folded in one go: a few milliseconds of a thread.
const SLICE: usize = 1000;
/// Reports computed at the same time; further ones wait their turn.
const REPORTS_AT_ONCE: usize = 2;
/// Events of a meeting that is reported, at most.
pub const EVENTS_MAX: u64 = 1_000_000;

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// What it is made of cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The rules and the journal do not go together.
    #[error("make a report of meeting {0}: it panicked")]
    Panic(MeetingId),
    /// The journal is longer than [`EVENTS_MAX`].
    #[error("make a report of meeting {meeting}: its journal has {events} events")]
    TooLong {
        /// The meeting.
        meeting: MeetingId,
        /// How many events it has.
        events: u64,
    },
}

/// What the server's settings let reports tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disclosure {
    /// What of people is measured and shown, at most.
    pub privacy: Privacy,
    /// How many must have said what they think of a meeting before it is shown together.
    pub raters_min: u32,
}

/// Makes reports. Clones share their turns.
#[derive(Debug, Clone)]
pub struct Reports {
    store: Store,
    disclosure: Disclosure,
    turns: Arc<Semaphore>,
}

impl Reports {
    /// Makes reports of the meetings in this store.
    #[must_use]
    pub fn new(store: Store, disclosure: Disclosure) -> Reports {
        Reports { store, disclosure, turns: Arc::new(Semaphore::new(REPORTS_AT_ONCE)) }
    }

    /// The report of a meeting, with its events up to this one; of what was measured all is in it that is
    /// written by now.
    ///
    /// # Errors
    /// When the meeting's journal is too long, or cannot be read or folded.
    pub async fn report(
        &self,
        meeting: MeetingId,
        up_to: Seq,
        asked: Asked,
    ) -> Result<Report, ReportError> {
        let _turn = self.turns.acquire().await;
        let head = self.store.journal_head(meeting).await?.map_or(Seq(0), |(seq, _)| seq);
        let events = up_to.min(head).0;
        if events > EVENTS_MAX {
            return Err(ReportError::TooLong { meeting, events });
        }
        let story = self.fold(meeting, Seq(events)).await?;
        let totals = self.store.totals(meeting).await?;
        let ratings = self.store.ratings(meeting).await?;
        let subject = Subject::new(story, self.disclosure, asked);
        let measured = self.store.each_minute(meeting, subject.measured(), Measured::add).await?;
        aside(meeting, move || subject.report(&totals, &measured, &ratings)).await
    }

    async fn fold(&self, meeting: MeetingId, up_to: Seq) -> Result<Story, ReportError> {
        let mut story = Story::default();
        while story.facts.head < up_to {
            let after = story.facts.head;
            let limit = SLICE.min((up_to.0 - after.0) as usize);
            let events = self.store.journal(meeting, after, limit).await?;
            if events.is_empty() {
                break;
            }
            let fold = move || {
                events.iter().for_each(|event| story.apply(event));
                story
            };
            story = aside(meeting, fold).await?;
        }
        Ok(story)
    }
}

/// Works on a meeting's report off the runtime's threads.
async fn aside<T: Send + 'static>(
    meeting: MeetingId,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ReportError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| match error.is_panic() {
        true => ReportError::Panic(meeting),
        // The runtime is shutting down.
        false => StoreError::Closed.into(),
    })
}
