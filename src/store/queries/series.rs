//! Series and their occurrences.

use quorate_protocol::{MeetingId, MeetingStatus, OccurrenceInfo, Timestamp};
use rusqlite::Row;

use super::{all, first, word};
use crate::store::journal::{parsed, parsed_if_any};
use crate::store::{Store, StoreError};

/// Occurrences that have not begun and have not taken what their series says now.
pub(in crate::store) const OCCURRENCES_BEHIND: &str = "SELECT id FROM meetings \
     WHERE parent_meeting_id = ?1 AND status = 'scheduled' AND original_start IS NOT NULL AND id > ?2 \
     AND series_version < (SELECT series_version FROM meetings WHERE id = ?1) ORDER BY id LIMIT ?3";
/// Series of such. Asked once, when the server starts; the index holds only occurrences to come.
pub(in crate::store) const SERIES_BEHIND: &str = "SELECT DISTINCT o.parent_meeting_id \
     FROM meetings AS o INDEXED BY idx_meeting_to_come JOIN meetings AS s ON s.id = o.parent_meeting_id \
     WHERE o.status = 'scheduled' AND o.parent_meeting_id IS NOT NULL \
     AND o.series_version < s.series_version";

/// The occurrence that one joins who comes to the series: the one that runs, or else the next.
pub(in crate::store) const OCCURRENCE_TO_JOIN: &str = "SELECT id FROM meetings WHERE id = coalesce( \
     (SELECT id FROM meetings INDEXED BY idx_meeting_parent \
         WHERE parent_meeting_id = ?1 AND status = 'in_progress' LIMIT 1), \
     (SELECT id FROM meetings INDEXED BY idx_meeting_parent_order \
         WHERE parent_meeting_id = ?1 AND coalesce(start_time, created_at) >= ?3 \
         AND status = 'scheduled' AND (end_time IS NULL OR end_time > ?2) \
         ORDER BY coalesce(start_time, created_at), id LIMIT 1))";
/// What was to start longer ago and did not is not next any more, in milliseconds: a day.
const OVERDUE_MS: i64 = 24 * 3_600_000;

/// Occurrences that are meetings, by where the rule puts them.
pub(in crate::store) const OCCURRENCES_MADE: &str = "SELECT id, original_start, start_time, end_time, \
     title, status FROM meetings \
     WHERE parent_meeting_id = ?1 AND original_start >= ?2 AND original_start < ?3 \
     ORDER BY original_start LIMIT ?4";

/// Occurrences that are not as their series has them: at another time, of another name, called off. The latest.
pub(in crate::store) const OCCURRENCES_CHANGED: &str = "SELECT o.original_start, o.start_time, \
     o.end_time, o.title, o.description, o.status, o.calendar_sequence, o.updated_at \
     FROM meetings AS o JOIN meetings AS s ON s.id = o.parent_meeting_id \
     WHERE o.parent_meeting_id = ?1 AND o.original_start IS NOT NULL AND o.start_time IS NOT NULL \
     AND (o.start_time <> o.original_start OR o.status = 'cancelled' OR o.title <> s.title \
         OR o.description IS NOT s.description \
         OR unixepoch(o.end_time) - unixepoch(o.start_time) \
             IS NOT unixepoch(s.end_time) - unixepoch(s.start_time)) \
     ORDER BY o.original_start DESC LIMIT 2000";

/// An occurrence that is not as its series has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedOccurrence {
    /// When the rule puts it.
    pub original_start: Timestamp,
    /// When it starts.
    pub starts_at: Timestamp,
    /// When it ends.
    pub ends_at: Option<Timestamp>,
    /// Its title.
    pub title: String,
    /// What it is about.
    pub description: Option<String>,
    /// Where it stands.
    pub status: MeetingStatus,
    /// How often it changed for calendars.
    pub sequence: i64,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Store {
    /// The occurrences of a series that are not as it has them.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn changed_occurrences(
        &self,
        series: MeetingId,
    ) -> Result<Vec<ChangedOccurrence>, StoreError> {
        let occurrence = |row: &Row<'_>| {
            Ok(ChangedOccurrence {
                original_start: parsed(row, 0)?,
                starts_at: parsed(row, 1)?,
                ends_at: parsed_if_any(row, 2)?,
                title: row.get(3)?,
                description: row.get(4)?,
                status: word(row, 5)?,
                sequence: row.get(6)?,
                updated_at: parsed(row, 7)?,
            })
        };
        self.read(move |connection| all(connection, OCCURRENCES_CHANGED, [series.0], occurrence))
            .await
    }

    /// The occurrences of a series that are meetings, by where the rule puts them in `[from, to)`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn occurrences_made(
        &self,
        series: MeetingId,
        from: Timestamp,
        to: Timestamp,
        limit: usize,
    ) -> Result<Vec<OccurrenceInfo>, StoreError> {
        let params = (series.0, from.to_string(), to.to_string(), limit as i64);
        let occurrence = |row: &Row<'_>| {
            Ok(OccurrenceInfo {
                id: Some(MeetingId(row.get(0)?)),
                original_start: parsed(row, 1)?,
                starts_at: parsed_if_any(row, 2)?,
                ends_at: parsed_if_any(row, 3)?,
                title: row.get(4)?,
                status: word(row, 5)?,
            })
        };
        self.read(move |connection| all(connection, OCCURRENCES_MADE, params, occurrence)).await
    }

    /// The meeting that one joins who comes to a series: the occurrence that runs, or else the next that is a
    /// meeting. None of what is no series.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn occurrence_to_join(
        &self,
        series: MeetingId,
        now: Timestamp,
    ) -> Result<Option<MeetingId>, StoreError> {
        let overdue = now.plus_ms(-OVERDUE_MS);
        let params = (series.0, now.to_string(), overdue.to_string());
        let meeting = |row: &Row<'_>| row.get(0).map(MeetingId);
        self.read(move |connection| first(connection, OCCURRENCE_TO_JOIN, params, meeting)).await
    }

    /// Occurrences of a series that have not begun, and have not taken what it says now; by id after `after`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn occurrences_behind(
        &self,
        series: MeetingId,
        after: MeetingId,
        limit: usize,
    ) -> Result<Vec<MeetingId>, StoreError> {
        let occurrence = |row: &Row<'_>| row.get(0).map(MeetingId);
        let params = (series.0, after.0, limit as i64);
        self.read(move |connection| all(connection, OCCURRENCES_BEHIND, params, occurrence)).await
    }

    /// Series that have such occurrences.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn series_behind(&self) -> Result<Vec<MeetingId>, StoreError> {
        let series = |row: &Row<'_>| row.get(0).map(MeetingId);
        self.read(move |connection| all(connection, SERIES_BEHIND, [], series)).await
    }
}
