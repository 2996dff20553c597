//! Meetings compared: what is kept of their reports in short, and what the tables add up to.

use std::collections::BTreeSet;

use quorate_protocol::{
    AnalyticsWeek, MeetingId, MeetingStatus, MeetingSummary, Timestamp, UserId, UserWeek,
};
use rusqlite::{Row, params};

use super::{all, first, json_if_any, word};
use crate::store::journal::parsed_if_any;
use crate::store::{Store, StoreError};

/// Occurrences of a series that were held, the last first.
pub(in crate::store) const OCCURRENCES_HELD: &str = "SELECT id, title, status, start_time, started_at \
     FROM meetings INDEXED BY idx_meeting_parent_order WHERE parent_meeting_id = ?1 \
     AND coalesce(start_time, created_at) >= ?2 AND coalesce(start_time, created_at) < ?3 \
     AND started_at IS NOT NULL ORDER BY coalesce(start_time, created_at) DESC, id DESC LIMIT ?4";
/// What a kept summary must be of to be good still.
pub(in crate::store) const SUMMARY_STANDING: &str = "SELECT \
     coalesce((SELECT max(seq) FROM meeting_audit_logs WHERE meeting_id = ?1), 0), \
     (SELECT count(*) FROM meeting_participants WHERE meeting_id = ?1 AND feedback IS NOT NULL) \
         + (SELECT count(*) FROM meeting_ballots WHERE meeting_id = ?1), \
     coalesce((SELECT sum(feedback ->> 'rating') FROM meeting_participants \
             WHERE meeting_id = ?1 AND feedback IS NOT NULL), 0) \
         + coalesce((SELECT sum(rating) FROM meeting_ballots WHERE meeting_id = ?1), 0)";
pub(in crate::store) const SUMMARY: &str = "SELECT summary FROM meeting_summaries \
     WHERE meeting_id = ?1 AND seq = ?2 AND raters = ?3 AND ratings = ?4 AND version = ?5";
const KEEP_SUMMARY: &str = "INSERT INTO meeting_summaries \
     (meeting_id, seq, raters, ratings, version, summary) VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
     ON CONFLICT (meeting_id) DO UPDATE SET seq = ?2, raters = ?3, ratings = ?4, version = ?5, summary = ?6 \
     WHERE seq <= ?2";
/// Meetings that are over, where among these rows of all journals is one after which their summary is another,
/// and none is kept that has it.
pub(in crate::store) const UNSUMMARISED: &str = "SELECT a.meeting_id \
     FROM meeting_audit_logs AS a INDEXED BY idx_audit_action JOIN meetings AS m ON m.id = a.meeting_id \
     WHERE a.action IN ('meeting.ended', 'feedback.submitted', 'summary.published') \
     AND a.id > ?1 AND a.id <= ?2 AND m.status IN ('completed', 'cancelled') AND m.started_at IS NOT NULL \
     AND NOT EXISTS (SELECT 1 FROM meeting_summaries AS s WHERE s.meeting_id = m.id \
         AND s.seq = (SELECT max(seq) FROM meeting_audit_logs WHERE meeting_id = m.id))";
pub(in crate::store) const LAST_ROW: &str = "SELECT coalesce(max(id), 0) FROM meeting_audit_logs";
pub(in crate::store) const USER_WEEKS: &str = "SELECT strftime('%G-W%V', m.started_at) AS week, \
     count(*), sum(m.host_id = p.user_id), sum(p.total_time), sum(p.talk_ms) / 1000, \
     avg(iif(p.exclude_from_report, NULL, p.participation_score)) \
     FROM meeting_participants AS p JOIN meetings AS m ON m.id = p.meeting_id \
     WHERE p.user_id = ?1 AND p.first_joined_at IS NOT NULL \
     AND m.started_at >= ?2 AND m.started_at < ?3 GROUP BY week ORDER BY week";
pub(in crate::store) const WEEKS: &str = "SELECT strftime('%G-W%V', m.started_at) AS week, \
     iif(m.parent_meeting_id IS NULL, m.meeting_type, 'recurring') AS kind, count(*), \
     coalesce(sum(s.summary ->> 'participants'), 0), coalesce(sum(s.summary ->> 'present_seconds'), 0), \
     avg(s.summary ->> 'engagement'), avg(s.summary ->> 'effectiveness'), avg(s.summary ->> 'rating'), \
     sum(s.meeting_id IS NULL) \
     FROM meetings AS m INDEXED BY idx_meeting_started \
     LEFT JOIN meeting_summaries AS s ON s.meeting_id = m.id AND m.status <> 'in_progress' \
     WHERE m.started_at >= ?1 AND m.started_at < ?2 GROUP BY week, kind ORDER BY week, kind";

/// An occurrence that was held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldOccurrence {
    /// The occurrence.
    pub meeting: MeetingId,
    /// Its title.
    pub title: String,
    /// Where it stands.
    pub status: MeetingStatus,
    /// When it was to start.
    pub starts_at: Option<Timestamp>,
    /// When it started.
    pub started_at: Option<Timestamp>,
}

/// What a summary is made of: another makes another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SummaryStanding {
    /// The last event.
    seq: i64,
    /// How many said what they think of the meeting.
    raters: i64,
    /// The sum of their ratings.
    ratings: i64,
}

impl Store {
    /// The last occurrences of a series that were held, of those that were to start in `[from, to)`; the last
    /// first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn occurrences_held(
        &self,
        series: MeetingId,
        from: Timestamp,
        to: Timestamp,
        limit: usize,
    ) -> Result<Vec<HeldOccurrence>, StoreError> {
        let params = (series.0, from.to_string(), to.to_string(), limit as i64);
        let held = |row: &Row<'_>| {
            Ok(HeldOccurrence {
                meeting: MeetingId(row.get(0)?),
                title: row.get(1)?,
                status: word(row, 2)?,
                starts_at: parsed_if_any(row, 3)?,
                started_at: parsed_if_any(row, 4)?,
            })
        };
        self.read(move |connection| all(connection, OCCURRENCES_HELD, params, held)).await
    }

    /// What a summary of the meeting would be made of now, and the one that is kept, where it is of just that.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn summary(
        &self,
        meeting: MeetingId,
        version: u32,
    ) -> Result<(SummaryStanding, Option<MeetingSummary>), StoreError> {
        self.read(move |connection| {
            let standing = |row: &Row<'_>| {
                let (seq, raters, ratings) = (row.get(0)?, row.get(1)?, row.get(2)?);
                Ok(SummaryStanding { seq, raters, ratings })
            };
            let standing =
                connection.prepare_cached(SUMMARY_STANDING)?.query_row([meeting.0], standing)?;
            let SummaryStanding { seq, raters, ratings } = standing;
            let params = params![meeting.0, seq, raters, ratings, version];
            let kept = first(connection, SUMMARY, params, |row| json_if_any(row, 0))?;
            Ok((standing, kept.flatten()))
        })
        .await
    }

    /// Keeps a summary that was made of this.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn keep_summary(
        &self,
        meeting: MeetingId,
        standing: SummaryStanding,
        summary: &MeetingSummary,
    ) -> Result<(), StoreError> {
        let SummaryStanding { seq, raters, ratings } = standing;
        let version = summary.version;
        let text = crate::store::projections::json(summary);
        self.write(move |connection| {
            let params = params![meeting.0, seq, raters, ratings, version, text];
            connection.prepare_cached(KEEP_SUMMARY)?.execute(params).map(drop)
        })
        .await
    }

    /// Meetings that are over and whose summary is to be made, or made anew, because of what was written after a
    /// row of all journals; at most `rows` rows on, and which row was the last of these.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn unsummarised(
        &self,
        after: i64,
        rows: i64,
    ) -> Result<(BTreeSet<MeetingId>, i64), StoreError> {
        self.read(move |connection| {
            let last: i64 = connection.prepare_cached(LAST_ROW)?.query_row([], |row| row.get(0))?;
            let last = last.min(after.saturating_add(rows));
            let meetings = all(connection, UNSUMMARISED, [after, last], super::id)?;
            Ok((meetings.into_iter().collect(), last))
        })
        .await
    }

    /// What meetings that started in `[from, to)` took of someone, week by week.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn user_weeks(
        &self,
        user: UserId,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<UserWeek>, StoreError> {
        let params = (user.0, from.to_string(), to.to_string());
        let week = |row: &Row<'_>| {
            Ok(UserWeek {
                week: row.get(0)?,
                meetings: row.get(1)?,
                hosted: row.get(2)?,
                present_seconds: seconds(row, 3)?,
                talk_seconds: seconds(row, 4)?,
                engagement: row.get(5)?,
            })
        };
        self.read(move |connection| all(connection, USER_WEEKS, params, week)).await
    }

    /// The meetings that started in `[from, to)`, by week and type.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn weeks(
        &self,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<AnalyticsWeek>, StoreError> {
        let params = (from.to_string(), to.to_string());
        let week = |row: &Row<'_>| {
            Ok(AnalyticsWeek {
                week: row.get(0)?,
                r#type: word(row, 1)?,
                meetings: row.get(2)?,
                participants: seconds(row, 3)?,
                present_seconds: seconds(row, 4)?,
                engagement: row.get(5)?,
                effectiveness: row.get(6)?,
                rating: row.get(7)?,
                pending: row.get(8)?,
            })
        };
        self.read(move |connection| all(connection, WEEKS, params, week)).await
    }
}

/// A sum, which is never negative.
fn seconds(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(column).map(|sum| sum.max(0).cast_unsigned())
}
