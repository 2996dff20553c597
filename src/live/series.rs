//! Series over several meetings: occurrences are made, follow, and tell their series.
//!
//! A series' own change and the meetings that come to be with it are one transaction. What its other
//! occurrences take from it they take one by one, each in its own journal; whoever was not reached before a
//! crash is when the server comes back, for the tables say who is behind.

use futures::{StreamExt, stream};
use quorate_protocol::{Code, ErrorBody, MeetingId, Timestamp};

use super::directory::Live;
use super::mail::{ActAs, Acted, Mail};
use crate::meeting::series::{News, SeriesBan, SplitOff};

/// Occurrences told at the same time.
const TOLD_AT_ONCE: usize = 8;
/// Occurrences looked up at once.
const BEHIND_BATCH: usize = 256;

impl Live {
    /// Makes a series another from an occurrence on, or lets it end before it.
    ///
    /// # Errors
    /// The refusal.
    pub async fn split(
        &self,
        series: MeetingId,
        at: Timestamp,
        who: ActAs,
    ) -> Result<SplitOff, ErrorBody> {
        let mail = |reply| Mail::Split { who: Box::new(who.clone()), at, reply };
        let acted: Acted = self.ask(series, mail).await?;
        let split: SplitOff = serde_json::from_str(&acted.data).map_err(|_| unexpected())?;
        self.tell_occurrences(series).await;
        if let Some(into) = split.into {
            self.tell_occurrences(into).await;
            self.wake_one(into).await;
        }
        Ok(split)
    }

    /// The meeting that an occurrence is; it becomes one if it is none yet.
    ///
    /// # Errors
    /// `not_found` where the rule puts no occurrence there.
    pub async fn occurrence(
        &self,
        series: MeetingId,
        original_start: Timestamp,
    ) -> Result<MeetingId, ErrorBody> {
        let acted = self.ask(series, |reply| Mail::Occurrence { original_start, reply }).await?;
        serde_json::from_str(&acted.data).map_err(|_| unexpected())
    }

    /// The occurrence of a series that is to become a meeting next, as that; none of what is no series, or over.
    ///
    /// # Errors
    /// `unavailable`, or `restarting` when the server stops.
    pub async fn next_occurrence(&self, series: MeetingId) -> Result<Option<MeetingId>, ErrorBody> {
        let next = self.look(series, |facts, _| facts.occurrence_due().map(|(_, next)| next));
        match next.await? {
            Some(next) => self.occurrence(series, next).await.map(Some),
            None => Ok(None),
        }
    }

    /// Tells the occurrences of a series that have not begun what they are to take from it, as far as they
    /// have not taken it. Whom it does not reach it reaches after a restart, or with the next change.
    pub(super) async fn tell_occurrences(&self, series: MeetingId) {
        let store = &self.context.store;
        let mut after = MeetingId(0);
        loop {
            let behind = match store.occurrences_behind(series, after, BEHIND_BATCH).await {
                Ok(behind) => behind,
                Err(error) => {
                    return tracing::error!(%series, %error, "failed to look for occurrences");
                }
            };
            let Some(&last) = behind.last() else { return };
            after = last;
            let ask = |reply| Mail::News { occurrences: behind.clone(), reply };
            let Ok(news) = self.ask(series, ask).await else { return };
            let told = behind.into_iter().zip(news);
            let told = told.filter_map(|(meeting, news)| Some((meeting, news?)));
            stream::iter(told)
                .for_each_concurrent(TOLD_AT_ONCE, async |(meeting, news)| {
                    self.tell(meeting, news).await;
                })
                .await;
        }
    }

    async fn tell(&self, occurrence: MeetingId, news: News) {
        let mail = |reply| Mail::Follow { news: Box::new(news.clone()), reply };
        if let Err(error) = self.ask(occurrence, mail).await {
            tracing::warn!(%occurrence, ?error, "an occurrence did not follow its series");
        }
    }

    /// A ban in an occurrence holds in its whole series: that of which it is one now.
    pub(super) async fn ban_in_series(&self, occurrence: MeetingId, ban: SeriesBan) {
        let series = match self.context.store.meeting_row(occurrence).await {
            Ok(row) => row.and_then(|row| row.parent),
            Err(error) => {
                return tracing::error!(%occurrence, %error, "failed to look for its series");
            }
        };
        let Some(series) = series else { return };
        let mail = |reply| Mail::SeriesBan { ban: ban.clone(), reply };
        match self.ask(series, mail).await {
            Ok(()) => self.tell_occurrences(series).await,
            Err(error) => tracing::warn!(%series, ?error, "a series did not take over a ban"),
        }
    }

    /// Tells what was not told before the server stopped.
    pub(super) async fn catch_up_series(&self) {
        match self.context.store.series_behind().await {
            Ok(series) => {
                for series in series {
                    self.tell_occurrences(series).await;
                }
            }
            Err(error) => tracing::error!(%error, "failed to look for series"),
        }
    }
}

/// A meeting answered what it never does.
fn unexpected() -> ErrorBody {
    ErrorBody::new(Code::Internal, "the series did not answer as it should")
}
