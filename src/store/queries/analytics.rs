//! Meetings compared: what is kept of their reports in short, and what the tables add up to.

use quorate_protocol::{
    AnalyticsWeek, Engagement, MeetingDigest, MeetingId, MeetingStatus, Privacy, Timestamp, UserId,
};
use rusqlite::{Row, params};

use super::{all, first, json_if_any, word};
use crate::store::journal::parsed_if_any;
use crate::store::{Store, StoreError};

/// Occurrences of a series that were held, the last first.
pub(in crate::store) const OCCURRENCES_HELD: &str = "SELECT id, title, status, started_at \
     FROM meetings INDEXED BY idx_meeting_parent_order WHERE parent_meeting_id = ?1 \
     AND coalesce(start_time, created_at) >= ?2 AND coalesce(start_time, created_at) < ?3 \
     AND started_at IS NOT NULL ORDER BY coalesce(start_time, created_at) DESC, id DESC LIMIT ?4";
pub(in crate::store) const DIGEST: &str = "SELECT changes, \
     iif(made IS changes AND (frozen OR made_under = ?2), digest, NULL) \
     FROM meeting_digests WHERE meeting_id = ?1";
const KEEP_DIGEST: &str = "UPDATE meeting_digests SET made = ?2, made_under = ?3, digest = ?4 \
     WHERE meeting_id = ?1 AND changes = ?2 AND NOT frozen";
/// Meetings that are over, of which no digest was made since they changed last.
pub(in crate::store) const STALE: &str = "SELECT s.meeting_id \
     FROM meeting_digests AS s INDEXED BY idx_digest_stale JOIN meetings AS m ON m.id = s.meeting_id \
     WHERE s.made IS NOT s.changes AND s.meeting_id > ?1 AND m.status IN ('completed', 'cancelled') \
     ORDER BY s.meeting_id LIMIT ?2";
/// Meetings whose digest was made under other formulas or settings than these.
pub(in crate::store) const OUTDATED: &str = "SELECT meeting_id FROM meeting_digests \
     WHERE made IS changes AND NOT frozen AND made_under <> ?3 AND meeting_id > ?1 \
     ORDER BY meeting_id LIMIT ?2";
pub(in crate::store) const USER_MEETINGS: &str = "SELECT strftime('%G-W%V', m.started_at), \
     m.host_id = p.user_id, p.total_time, p.talk_ms, p.engagement, p.exclude_from_report, \
     m.settings -> 'privacy' \
     FROM meeting_participants AS p JOIN meetings AS m ON m.id = p.meeting_id \
     WHERE p.user_id = ?1 AND p.first_joined_at IS NOT NULL \
     AND m.started_at >= ?2 AND m.started_at < ?3";
/// Meetings of the older application that never ran here are in none: nothing is known of what they were like. A
/// rating that so few gave as may not be told now is told by no score either.
pub(in crate::store) const WEEKS: &str = "SELECT strftime('%G-W%V', m.started_at) AS week, \
     iif(m.parent_meeting_id IS NULL, m.meeting_type, 'recurring') AS kind, count(*), \
     coalesce(sum(s.digest ->> 'participants'), 0), coalesce(sum(s.digest ->> 'present_seconds'), 0), \
     avg(s.digest ->> 'engagement'), \
     avg(iif(s.digest ->> 'rating' IS NULL OR s.digest ->> 'raters' >= ?4, \
         s.digest ->> 'effectiveness', NULL)), \
     avg(iif(s.digest ->> 'raters' >= ?4, s.digest ->> 'rating', NULL)), \
     sum(s.meeting_id IS NULL) \
     FROM meetings AS m INDEXED BY idx_meeting_started \
     LEFT JOIN meeting_digests AS s ON s.meeting_id = m.id AND m.status <> 'in_progress' \
         AND s.made IS s.changes AND (s.frozen OR s.made_under = ?3) \
     WHERE m.started_at >= ?1 AND m.started_at < ?2 AND (m.status = 'in_progress' \
         OR EXISTS (SELECT 1 FROM meeting_digests WHERE meeting_id = m.id)) \
     GROUP BY week, kind ORDER BY week, kind";

/// An occurrence that was held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldOccurrence {
    /// The occurrence.
    pub meeting: MeetingId,
    /// Its title.
    pub title: String,
    /// Where it stands.
    pub status: MeetingStatus,
    /// When it started.
    pub started_at: Option<Timestamp>,
}

/// What is known of the digest of a meeting that ran and was over.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredDigest {
    /// How often what it is made of was changed.
    pub changes: i64,
    /// The digest, where it is of just that.
    pub digest: Option<MeetingDigest>,
}

/// Someone's part in a meeting.
#[derive(Debug, Clone, PartialEq)]
pub struct UserMeeting {
    /// The week in which it started.
    pub week: String,
    /// Whether they hosted it.
    pub hosted: bool,
    /// For how long they were there, in seconds.
    pub present_seconds: u64,
    /// For how long they spoke, in milliseconds.
    pub talk_ms: u64,
    /// Their score.
    pub engagement: Option<Engagement>,
    /// Whether reports leave them out.
    pub excluded: bool,
    /// The meeting's own settings.
    pub privacy: Privacy,
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
                started_at: parsed_if_any(row, 3)?,
            })
        };
        self.read(move |connection| all(connection, OCCURRENCES_HELD, params, held)).await
    }

    /// What is kept of what a meeting was like, made under these formulas and settings; none for one that never
    /// ran, or is not over yet for the first time.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn digest(
        &self,
        meeting: MeetingId,
        under: String,
    ) -> Result<Option<StoredDigest>, StoreError> {
        let stored =
            |row: &Row<'_>| Ok(StoredDigest { changes: row.get(0)?, digest: json_if_any(row, 1)? });
        self.read(move |connection| first(connection, DIGEST, params![meeting.0, under], stored))
            .await
    }

    /// Keeps a digest that was made after so many changes, unless there was another since.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn keep_digest(
        &self,
        meeting: MeetingId,
        changes: i64,
        under: String,
        digest: &MeetingDigest,
    ) -> Result<(), StoreError> {
        let text = crate::store::projections::json(digest);
        self.write(move |connection| {
            let params = params![meeting.0, changes, under, text];
            connection.prepare_cached(KEEP_DIGEST)?.execute(params).map(drop)
        })
        .await
    }

    /// The next meetings after this one that are over, and whose digest is to be made, or made anew.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn stale_digests(
        &self,
        after: MeetingId,
        limit: u32,
    ) -> Result<Vec<MeetingId>, StoreError> {
        let params = (after.0, limit);
        self.read(move |connection| all(connection, STALE, params, super::id)).await
    }

    /// The next meetings after this one whose digest was made under other formulas or settings than these.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn outdated_digests(
        &self,
        after: MeetingId,
        limit: u32,
        under: String,
    ) -> Result<Vec<MeetingId>, StoreError> {
        let params = (after.0, limit, under);
        self.read(move |connection| all(connection, OUTDATED, params, super::id)).await
    }

    /// The meetings that someone was in and that started in `[from, to)`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn user_meetings(
        &self,
        user: UserId,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<UserMeeting>, StoreError> {
        let params = (user.0, from.to_string(), to.to_string());
        let meeting = |row: &Row<'_>| {
            Ok(UserMeeting {
                week: row.get(0)?,
                hosted: row.get(1)?,
                present_seconds: count(row, 2)?,
                talk_ms: count(row, 3)?,
                engagement: json_if_any(row, 4)?,
                excluded: row.get(5)?,
                privacy: json_if_any(row, 6)?.unwrap_or_default(),
            })
        };
        self.read(move |connection| all(connection, USER_MEETINGS, params, meeting)).await
    }

    /// The meetings that started in `[from, to)`, by week and type; of those that are summed up under these
    /// formulas and settings, with the ratings of so many raters or more.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn weeks(
        &self,
        from: Timestamp,
        to: Timestamp,
        under: String,
        raters_min: u32,
    ) -> Result<Vec<AnalyticsWeek>, StoreError> {
        let params = (from.to_string(), to.to_string(), under, raters_min);
        let week = |row: &Row<'_>| {
            Ok(AnalyticsWeek {
                week: row.get(0)?,
                r#type: word(row, 1)?,
                meetings: row.get(2)?,
                participants: count(row, 3)?,
                present_seconds: count(row, 4)?,
                engagement: row.get(5)?,
                effectiveness: row.get(6)?,
                rating: row.get(7)?,
                pending: row.get(8)?,
            })
        };
        self.read(move |connection| all(connection, WEEKS, params, week)).await
    }
}

/// A number, or a sum, that is never negative.
fn count(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(column).map(|number| number.max(0).cast_unsigned())
}
