//! Reports in short: made once, and kept as long as nothing happened that they are made of.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::{StreamExt, TryStreamExt, stream};
use quorate_protocol::{MeetingId, MeetingSummary, Report, Seq, Timestamp};
use tokio_util::sync::CancellationToken;

use super::{Asked, ReportError, Reports};
use crate::meeting::engagement;

/// Summaries that are made at the same time for one who asks for many.
const AT_ONCE: usize = 2;
/// How often it is looked which are to be made.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// Rows of all journals that are looked through at once.
const ROWS_AT_ONCE: i64 = 200_000;

impl Reports {
    /// What a meeting was like, in short.
    ///
    /// # Errors
    /// As [`Reports::report`].
    pub async fn summary(
        &self,
        meeting: MeetingId,
        now: Timestamp,
    ) -> Result<MeetingSummary, ReportError> {
        let (standing, kept) = self.store.summary(meeting, engagement::VERSION).await?;
        if let Some(kept) = kept {
            return Ok(kept);
        }
        // As who sees nobody's: of the effectiveness nobody shall reckon back what one or two said.
        let asked = Asked { now, individuals: false };
        let report = self.report(meeting, Seq(u64::MAX), asked).await?;
        let summary = summary(&report);
        // While it goes on, time alone makes it another.
        if report.r#final {
            self.store.keep_summary(meeting, standing, &summary).await?;
        }
        Ok(summary)
    }

    /// The same of many meetings, in their order.
    ///
    /// # Errors
    /// As [`Reports::report`].
    pub async fn summaries(
        &self,
        meetings: Vec<MeetingId>,
        now: Timestamp,
    ) -> Result<Vec<MeetingSummary>, ReportError> {
        let summaries = stream::iter(meetings).map(|meeting| self.summary(meeting, now));
        summaries.buffered(AT_ONCE).try_collect().await
    }

    /// Makes the summaries of meetings that are over, from those before the server started on, until it stops:
    /// what all meetings were like can be asked without a fold of their journals.
    pub async fn keep_summaries(self, now: fn() -> Timestamp, stop: CancellationToken) {
        let mut after = 0;
        loop {
            let looked = self.store.unsummarised(after, ROWS_AT_ONCE).await;
            let (meetings, last) = looked.unwrap_or_else(|error| {
                tracing::warn!(%error, "failed to look for meetings that are over");
                (BTreeSet::new(), after)
            });
            for meeting in meetings {
                let made = stop.run_until_cancelled(self.summary(meeting, now())).await;
                if let Some(Err(error)) = made {
                    tracing::warn!(%meeting, %error, "failed to sum a meeting up");
                }
            }
            let more = last == after + ROWS_AT_ONCE;
            after = last;
            let pause = if more { Duration::ZERO } else { LOOK_EVERY };
            if stop.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
                return;
            }
        }
    }
}

fn summary(report: &Report) -> MeetingSummary {
    let totals = &report.totals;
    let (planned, started) = (report.meeting.starts_at, report.meeting.started_at);
    MeetingSummary {
        version: engagement::VERSION,
        participants: totals.participants,
        peak: totals.peak,
        required: totals.required,
        required_present: totals.required_present,
        punctual: totals.punctual,
        late_seconds: planned.zip(started).map(|(planned, at)| (at.0 - planned.0) / 1000),
        live_seconds: totals.live_seconds,
        present_seconds: totals.present_seconds,
        engagement: totals.engagement,
        effectiveness: report.effectiveness.score.unwrap_or(0.0),
        raters: report.feedback.raters,
        rating: report.feedback.mean,
    }
}
