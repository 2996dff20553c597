//! A meeting at a moment.

use quorate_protocol::{MeetingId, Seq, Snapshot, Timestamp, UserId};

use super::{Fold, ReplayError, Replays};
use crate::meeting::event::SYSTEM;
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
    /// None where the journal does not reach there.
    pub(super) fn new(facts: Facts, seq: Seq, moment: Moment) -> Option<Then> {
        if seq == Seq(0) || facts.head < seq {
            return None;
        }
        let at = match moment {
            // The end of the journal, when it is asked for by no time there is.
            Moment::At(at) if at < Timestamp(i64::MAX) => at,
            _ => facts.at,
        };
        Some(Then { facts, at })
    }

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

    /// The snapshot for who has the database: all who were in, what was written to all and to staff. What
    /// was written to one person is for the two of them.
    #[must_use]
    pub fn for_the_operator(&self) -> Snapshot {
        self.audited_by(SYSTEM, Auditor::admin())
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
        Ok(Then::new(facts, seq, moment))
    }
}
