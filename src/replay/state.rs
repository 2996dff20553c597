//! A meeting at a moment.

use quorate_protocol::{MeetingId, Seq, Snapshot, Timestamp, UserId};

use super::{Fold, ReplayError, Replays};
use crate::meeting::{Auditor, Facts};

/// Which moment of a meeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// After this event, and at its time.
    Seq(Seq),
    /// At this time.
    At(Timestamp),
}

/// A meeting as it stood.
#[derive(Debug, Clone, PartialEq)]
pub struct Then {
    /// Its facts.
    pub facts: Facts,
    /// The time of the moment.
    pub at: Timestamp,
}

impl Then {
    /// The snapshot as a user saw it; none when they were not in.
    #[must_use]
    pub fn seen_by(&self, user: UserId) -> Option<Snapshot> {
        let person = self.facts.person_of(user).filter(|person| person.is_in())?;
        Some(complete(self.facts.snapshot(person, self.at)))
    }

    /// The snapshot for one who audits the meeting and was not in.
    #[must_use]
    pub fn audited_by(&self, user: UserId, auditor: Auditor) -> Snapshot {
        complete(self.facts.snapshot(&self.facts.onlooker(user, auditor), self.at))
    }
}

/// A text that is not there was redacted since, and shows as every message without a text does.
fn complete(mut snapshot: Snapshot) -> Snapshot {
    for message in &mut snapshot.chat {
        message.deleted |= message.text.is_none();
    }
    snapshot
}

impl Replays {
    /// A meeting at a moment; none where its journal does not reach: before its first event, or at a `seq`
    /// above its head.
    ///
    /// # Errors
    /// When the journal cannot be read or folded.
    pub async fn then(
        &self,
        meeting: MeetingId,
        moment: Moment,
    ) -> Result<Option<Then>, ReplayError> {
        let seq = match moment {
            Moment::Seq(seq) => seq,
            Moment::At(at) => self.store.seq_at(meeting, at).await?,
        };
        let _turn = self.turns.acquire().await;
        let nobody = UserId(0);
        let Fold { facts, .. } = self.fold(meeting, nobody, Fold::default(), seq).await?;
        if seq == Seq(0) || facts.head < seq {
            return Ok(None);
        }
        let at = match moment {
            Moment::Seq(_) => facts.at,
            Moment::At(at) => at,
        };
        Ok(Some(Then { facts, at }))
    }
}
