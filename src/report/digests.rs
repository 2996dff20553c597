//! Reports in short: made once, and kept as long as nothing happened that they are made of.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::{StreamExt, TryStreamExt, stream};
use quorate_protocol::{MeetingDigest, MeetingId, Report, Seq};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::{Asked, ReportError, Reports, effectiveness};
use crate::meeting::engagement;
use crate::store::StoreError;

/// Digests that are made at the same time for one who asks for many.
const AT_ONCE: usize = 2;
/// Meetings that are looked up at once of those whose digest is to be made.
const MEETINGS_AT_ONCE: u32 = 100;

/// Of which meetings the digest is to be made.
#[derive(Debug, Clone, Copy)]
enum Due {
    /// Of which there is none since they changed last.
    Stale,
    /// Of which there is one that was made under other formulas or settings.
    Outdated,
}

impl Reports {
    /// What of the formulas and of the server's settings makes a digest another.
    #[must_use]
    pub fn made_under(&self) -> String {
        format!(
            "engagement {}, effectiveness {}, raters {}, talk {}",
            engagement::VERSION,
            effectiveness::VERSION,
            self.disclosure.raters_min,
            self.disclosure.privacy.talk_time,
        )
    }

    /// What a meeting was like, in short; while it goes on, as of the last checkpoint.
    ///
    /// # Errors
    /// As [`Reports::report`].
    pub async fn digest(&self, meeting: MeetingId) -> Result<MeetingDigest, ReportError> {
        let stored = self.store.digest(meeting, self.made_under()).await?;
        let kept = stored.as_ref().and_then(|it| it.digest.clone());
        // One that stays as it was may be of when fewer raters were enough.
        let raters_min = self.disclosure.raters_min;
        if let Some(kept) = kept.filter(|it| it.rating.is_none() || it.raters >= raters_min) {
            return Ok(kept);
        }
        // By its own clock: the wall's may have been set meanwhile.
        let now = self.store.last_alive(meeting).await?.unwrap_or_default();
        // As who sees nobody's: of the effectiveness nobody shall reckon back what one or two said.
        let asked = Asked { now, individuals: false };
        let report = Box::pin(self.report(meeting, Seq(u64::MAX), asked)).await?;
        let digest = digest(&report);
        // While it goes on, time alone makes it another.
        if let Some(stored) = stored.filter(|_| report.r#final) {
            let under = self.made_under();
            self.store.keep_digest(meeting, stored.changes, under, &digest).await?;
        }
        Ok(digest)
    }

    /// The same of many meetings, in their order.
    ///
    /// # Errors
    /// As [`Reports::report`].
    pub async fn digests(
        &self,
        meetings: Vec<MeetingId>,
    ) -> Result<Vec<MeetingDigest>, ReportError> {
        let digests = stream::iter(meetings).map(|meeting| self.digest(meeting));
        digests.buffered(AT_ONCE).try_collect().await
    }

    /// Makes the digests of meetings that are over until the server stops: what all meetings were like can be
    /// asked without a fold of their journals. `caught_up` is dropped once those are made that were missing at
    /// the start; after that it looks for them `every` so often.
    pub async fn keep_digests(
        self,
        every: Duration,
        stop: CancellationToken,
        caught_up: oneshot::Sender<()>,
    ) {
        let mut unable = BTreeSet::new();
        stop.run_until_cancelled(self.make_all(Due::Stale, &mut unable)).await;
        drop(caught_up);
        let mut outdated = true;
        let keeping = async {
            loop {
                if outdated {
                    outdated = !self.make_all(Due::Outdated, &mut unable).await;
                }
                tokio::time::sleep(every).await;
                self.make_all(Due::Stale, &mut unable).await;
            }
        };
        stop.run_until_cancelled(keeping).await.unwrap_or(());
    }

    /// Makes all that are due, but for those of meetings that cannot be reported; whether the store had no
    /// trouble.
    async fn make_all(&self, due: Due, unable: &mut BTreeSet<MeetingId>) -> bool {
        let (mut after, mut sound) = (MeetingId(i64::MIN), true);
        loop {
            let meetings = match self.due(due, after).await {
                Ok(meetings) => meetings,
                Err(error) => {
                    tracing::warn!(%error, "failed to look for meetings that are over");
                    return false;
                }
            };
            let Some(last) = meetings.last().copied() else { return sound };
            for meeting in meetings {
                if unable.contains(&meeting) {
                    continue;
                }
                let Err(error) = self.digest(meeting).await else { continue };
                tracing::warn!(%meeting, %error, "failed to sum a meeting up");
                // The store may do better the next time.
                if matches!(error, ReportError::Store(_)) {
                    sound = false;
                } else {
                    unable.insert(meeting);
                }
            }
            after = last;
        }
    }

    async fn due(&self, due: Due, after: MeetingId) -> Result<Vec<MeetingId>, StoreError> {
        match due {
            Due::Stale => self.store.stale_digests(after, MEETINGS_AT_ONCE).await,
            Due::Outdated => {
                let under = self.made_under();
                self.store.outdated_digests(after, MEETINGS_AT_ONCE, under).await
            }
        }
    }
}

fn digest(report: &Report) -> MeetingDigest {
    let totals = &report.totals;
    let (planned, started) = (report.meeting.starts_at, report.meeting.started_at);
    MeetingDigest {
        engagement_version: engagement::VERSION,
        effectiveness_version: effectiveness::VERSION,
        participants: totals.participants,
        peak: totals.peak,
        required: totals.required,
        required_present: totals.required_present,
        punctual: totals.punctual,
        starts_at: planned,
        late_seconds: planned.zip(started).map(|(planned, at)| (at.0 - planned.0) / 1000),
        live_seconds: totals.live_seconds,
        present_seconds: totals.present_seconds,
        engagement: totals.engagement,
        effectiveness: report.effectiveness.score,
        raters: report.feedback.raters.unwrap_or(0),
        rating: report.feedback.mean,
    }
}
