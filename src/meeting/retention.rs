//! For how long what is personal is kept: so many days after the meeting, names, texts and measurements go.
//! Where nobody ever came, they are days after it was to end.
//!
//! What is kept is the structure: who (by number) was there when, and what they did. What came to a meeting
//! after that, as a summary that was published late, goes when as many days have passed again.

use quorate_protocol::{MeetingStatus, Privacy, Seq, Timestamp};

use super::Decision;
use super::event::{Audience, Event, Fact};
use super::facts::Facts;

const DAY_MS: i64 = 86_400_000;

/// Since when there is what is to go, and what is gone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Retention {
    /// Since when the meeting is over.
    over_since: Option<Timestamp>,
    /// The event by which what was personal went last, and when.
    applied: Option<(Seq, Timestamp)>,
}

impl Retention {
    /// The meeting is over, if it was not before.
    pub(super) fn over(&mut self, at: Timestamp) {
        self.over_since.get_or_insert(at);
    }

    /// Whether what was measured is gone.
    pub(super) fn is_applied(&self) -> bool {
        self.applied.is_some()
    }

    pub(super) fn applied(&mut self, event: &Event) {
        self.applied = Some((event.seq, event.at));
    }
}

/// So many days later.
pub(super) fn after_days(at: Timestamp, days: u32) -> Timestamp {
    at.plus_ms(i64::from(days) * DAY_MS)
}

impl Facts {
    /// What is measured, shown and kept: what the server, whose settings these are, and the meeting both allow.
    #[must_use]
    pub fn privacy(&self, server: Privacy) -> Privacy {
        server.and(self.info.settings.privacy)
    }

    /// When what was personal and measured went last.
    #[must_use]
    pub fn forgotten_at(&self) -> Option<Timestamp> {
        self.retention.applied.map(|(_, at)| at)
    }

    /// Whether it is gone what was measured and said: the meeting did not go on after that.
    #[must_use]
    pub fn is_forgotten(&self) -> bool {
        self.forgotten_at().is_some_and(|at| self.ran.ms_after(at, Timestamp::LAST) == 0)
    }

    /// When what is personal is to go, and after how many days; `privacy` is the server's.
    pub(super) fn retention_due(&self, privacy: Privacy) -> Option<(Timestamp, u32)> {
        let days = self.privacy(privacy).retention_days?;
        let over = self.over_since().filter(|_| !self.has_anyone())?;
        let since = match self.retention.applied {
            None => over,
            Some((seq, at)) if self.head > seq => at.max(over),
            Some(_) => return None,
        };
        Some((after_days(since, days), days))
    }

    /// Since when it is over. One that was never held is when it was to end, or when something happened in it
    /// last, if that was later: whoever still prepares it does not lose what they prepared.
    fn over_since(&self) -> Option<Timestamp> {
        match self.info.status {
            MeetingStatus::Scheduled => self.planned_end().map(|at| at.max(self.at)),
            MeetingStatus::InProgress => None,
            MeetingStatus::Completed | MeetingStatus::Cancelled => self.retention.over_since,
        }
    }

    /// When it is to end, or to start where no end is planned; of a series, its last occurrence.
    fn planned_end(&self) -> Option<Timestamp> {
        match self.info.recurrence {
            Some(_) => self.occurrences.last_end(),
            None => self.info.ends_at.or(self.info.starts_at),
        }
    }

    /// Redacts all that was not redacted by this before.
    pub(super) fn forget(&self, decision: Decision, days: u32) -> Decision {
        let first = self.retention.applied.map_or(Seq(1), |(seq, _)| seq.next());
        decision
            .event(Audience::NOBODY, Fact::Redacted { ranges: vec![(first, self.head)] })
            .event(Audience::STAFF, Fact::RetentionApplied { days })
    }
}
