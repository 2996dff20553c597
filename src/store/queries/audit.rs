//! The journal as it is read afterwards: a meeting's rows, what happened in all meetings, what one did.
//!
//! Rows are numbered over all meetings (`id`) by the only thread that writes, in the order in which they
//! are committed, and none is ever deleted: who has read up to a number has missed nothing below it.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::path::Path;

use quorate_protocol::{MeetingId, Seq, Timestamp, UserId};
use rusqlite::{Connection, OptionalExtension, Row};

use super::{all, first};
use crate::meeting::event::Event;
use crate::store::connections::connect_reader;
use crate::store::journal::{columns, events_after, parsed, read_row};
use crate::store::{Store, StoreError, heads};

/// A row of the journal with where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditRow {
    /// Its number over all meetings.
    pub id: i64,
    /// Whose journal.
    pub meeting: MeetingId,
    /// The event.
    pub event: Event,
    /// The row's hash.
    pub hash: [u8; 32],
}

/// Which rows are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Events of this type.
    pub action: Option<String>,
    /// Done by this user.
    pub user: Option<UserId>,
}

pub(super) const SLICE: &str = concat!(
    "SELECT ",
    columns!(),
    ", meeting_id, id, hash FROM meeting_audit_logs \
     WHERE meeting_id = ?1 AND seq > ?2 AND seq <= ?3 AND (?4 IS NULL OR action = ?4) \
     AND (?5 IS NULL OR user_id = ?5) ORDER BY seq LIMIT ?6"
);
pub(super) const AT: &str =
    "SELECT created_at FROM meeting_audit_logs WHERE meeting_id = ?1 AND seq = ?2";
pub(super) const IMPORTED: &str = "SELECT created_at FROM meeting_audit_logs \
     WHERE meeting_id = ?1 AND seq = 1 AND action = 'meeting.imported'";
pub(super) const IS_PARTICIPANT: &str =
    "SELECT 1 FROM meeting_participants WHERE meeting_id = ?1 AND user_id = ?2";
pub(super) const NEXT_OF_MEETING: &str = "SELECT id FROM meeting_audit_logs \
     INDEXED BY idx_audit_meeting WHERE meeting_id = ?1 AND id > ?2 ORDER BY id LIMIT 1";
pub(super) const BY_ROW: &str =
    concat!("SELECT ", columns!(), ", meeting_id, id, hash FROM meeting_audit_logs WHERE id = ?1");
pub(super) const AFTER_ROW: &str = concat!(
    "SELECT ",
    columns!(),
    ", meeting_id, id, hash FROM meeting_audit_logs WHERE id > ?1 ORDER BY id LIMIT ?2"
);
pub(super) const OF_USER: &str = concat!(
    "SELECT ",
    columns!(),
    ", meeting_id, id, hash FROM meeting_audit_logs \
     WHERE user_id = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3"
);
/// A meeting may be named more than once.
pub(super) const MEETINGS_OF_USER: &str = "SELECT id FROM meetings WHERE host_id = ?1 \
     UNION ALL SELECT id FROM meetings WHERE owner_id = ?1 \
     UNION ALL SELECT meeting_id FROM meeting_co_hosts WHERE user_id = ?1 \
     UNION ALL SELECT meeting_id FROM meeting_participants WHERE user_id = ?1 \
     UNION ALL SELECT meeting_id FROM meeting_invitees WHERE user_id = ?1 \
     UNION ALL SELECT meeting_id FROM meeting_invitees WHERE email = ?2";

impl Store {
    /// At most `limit` rows of a meeting after `after` up to `up_to`, in their order.
    ///
    /// # Errors
    /// When the database cannot be read, or a row is not what was once written.
    pub async fn audit_slice(
        &self,
        meeting: MeetingId,
        (after, up_to): (Seq, Seq),
        filter: AuditFilter,
        limit: usize,
    ) -> Result<Vec<AuditRow>, StoreError> {
        self.read(move |connection| {
            let params = rusqlite::params![
                meeting.0,
                after.0.cast_signed(),
                up_to.0.cast_signed(),
                filter.action,
                filter.user.map(|user| user.0),
                limit as i64
            ];
            rows(connection, SLICE, params)
        })
        .await
    }

    /// Where a meeting's journal ends: its last event, and that row's hash. None when it has no rows.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn journal_head(
        &self,
        meeting: MeetingId,
    ) -> Result<Option<(Seq, [u8; 32])>, StoreError> {
        let head = self.read(move |connection| Ok(heads::read(connection, meeting)?)).await?;
        Ok(head.map(|head| (head.seq, head.hash)))
    }

    /// The last event of a meeting at this time or before; 0 when there is none. The times of a journal
    /// never fall, so that halving finds it.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn seq_at(&self, meeting: MeetingId, at: Timestamp) -> Result<Seq, StoreError> {
        self.read(move |connection| seq_at(connection, meeting, at)).await
    }

    /// When the meeting was taken over from the older application, if it was: what was before is not known.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn imported_at(&self, meeting: MeetingId) -> Result<Option<Timestamp>, StoreError> {
        self.read(move |connection| imported_at(connection, meeting)).await
    }

    /// Whether a user has a place in a meeting.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn is_participant(
        &self,
        meeting: MeetingId,
        user: UserId,
    ) -> Result<bool, StoreError> {
        let found = self.read(move |connection| {
            first(connection, IS_PARTICIPANT, [meeting.0, user.0], |row| row.get::<_, i64>(0))
        });
        Ok(found.await?.is_some())
    }

    /// The meetings that a user has to do with; see [`Store::user_may_see`].
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn meetings_of(
        &self,
        user: UserId,
        email: Option<&str>,
    ) -> Result<Vec<MeetingId>, StoreError> {
        let params = (user.0, email.map(str::to_owned));
        let mut meetings = self
            .read(move |connection| {
                all(connection, MEETINGS_OF_USER, params, |row| row.get(0).map(MeetingId))
            })
            .await?;
        meetings.sort_unstable();
        meetings.dedup();
        Ok(meetings)
    }

    /// At most `limit` rows after this one, in their order: of these meetings, or of all. Each meeting
    /// costs one look into an index, each row another.
    ///
    /// # Errors
    /// When the database cannot be read, or a row is not what was once written.
    pub async fn rows_after(
        &self,
        after: i64,
        meetings: Option<Vec<MeetingId>>,
        limit: usize,
    ) -> Result<Vec<AuditRow>, StoreError> {
        self.read(move |connection| match meetings {
            None => rows(connection, AFTER_ROW, (after, limit as i64)),
            Some(meetings) => merged(connection, after, meetings, limit),
        })
        .await
    }

    /// At most `limit` rows of what a user did, in all meetings, newest first, before this one.
    ///
    /// # Errors
    /// When the database cannot be read, or a row is not what was once written.
    pub async fn rows_of_user(
        &self,
        user: UserId,
        before: i64,
        limit: usize,
    ) -> Result<Vec<AuditRow>, StoreError> {
        self.read(move |connection| rows(connection, OF_USER, (user.0, before, limit as i64))).await
    }
}

/// Reads journals without a store: beside a server that may run.
#[derive(Debug)]
pub struct JournalReader(Connection);

impl JournalReader {
    /// Opens a database of ours to read.
    ///
    /// # Errors
    /// When SQLite cannot open it.
    pub fn open(database: &Path) -> Result<JournalReader, StoreError> {
        Ok(JournalReader(connect_reader(database)?))
    }

    /// As [`Store::journal`].
    ///
    /// # Errors
    /// When the database cannot be read, or a row is not what was once written.
    pub fn events(
        &self,
        meeting: MeetingId,
        after: Seq,
        limit: usize,
    ) -> Result<Vec<Event>, StoreError> {
        events_after(&self.0, meeting, after, limit)
    }

    /// As [`Store::seq_at`].
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn seq_at(&self, meeting: MeetingId, at: Timestamp) -> Result<Seq, StoreError> {
        seq_at(&self.0, meeting, at)
    }

    /// As [`Store::imported_at`].
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn imported_at(&self, meeting: MeetingId) -> Result<Option<Timestamp>, StoreError> {
        imported_at(&self.0, meeting)
    }
}

fn imported_at(
    connection: &Connection,
    meeting: MeetingId,
) -> Result<Option<Timestamp>, StoreError> {
    first(connection, IMPORTED, [meeting.0], |row| parsed(row, 0))
}

fn seq_at(connection: &Connection, meeting: MeetingId, at: Timestamp) -> Result<Seq, StoreError> {
    let head = heads::read(connection, meeting)?.map_or(0, |head| head.seq.0);
    let mut statement = connection.prepare_cached(AT)?;
    // All up to `low` are not later; all from `high` on are.
    let (mut low, mut high) = (0, head + 1);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        let params = (meeting.0, middle.cast_signed());
        let then: Timestamp = statement.query_row(params, |row| parsed(row, 0))?;
        if then <= at {
            low = middle;
        } else {
            high = middle;
        }
    }
    Ok(Seq(low))
}

/// The journals of several meetings, merged by row.
fn merged(
    connection: &Connection,
    after: i64,
    meetings: Vec<MeetingId>,
    limit: usize,
) -> Result<Vec<AuditRow>, StoreError> {
    let mut next = connection.prepare_cached(NEXT_OF_MEETING)?;
    let mut next = |meeting: MeetingId, after: i64| {
        let id = next.query_row((meeting.0, after), |row| row.get::<_, i64>(0)).optional()?;
        Ok::<_, StoreError>(id.map(|id| Reverse((id, meeting))))
    };
    let mut heap = BinaryHeap::with_capacity(meetings.len());
    for meeting in meetings {
        heap.extend(next(meeting, after)?);
    }
    let mut found = Vec::new();
    while found.len() < limit
        && let Some(Reverse((id, meeting))) = heap.pop()
    {
        found.extend(rows(connection, BY_ROW, [id])?);
        heap.extend(next(meeting, id)?);
    }
    Ok(found)
}

fn rows(
    connection: &Connection,
    sql: &str,
    params: impl rusqlite::Params,
) -> Result<Vec<AuditRow>, StoreError> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(audit_row(row)?);
    }
    Ok(found)
}

fn audit_row(row: &Row<'_>) -> Result<AuditRow, StoreError> {
    let meeting = MeetingId(row.get(12)?);
    let event = read_row(meeting, row)?;
    Ok(AuditRow { id: row.get(13)?, meeting, event, hash: row.get(14)? })
}
