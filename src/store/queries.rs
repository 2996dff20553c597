//! What the server asks of the tables. Every query has its index; a test looks at the plans.

mod analytics;
mod audit;
pub(super) mod feedback;
mod measures;
pub(super) mod meetings;
pub(super) mod people;
pub(super) mod series;

use quorate_protocol::{
    MeetingId, MeetingInfo, ParticipantId, Seq, Timestamp, UserId, UserKind, UserRef,
};
use rusqlite::{Connection, OptionalExtension, Params, Row};
use serde::de::DeserializeOwned;

use super::journal::{parsed, parsed_if_any, unreadable};
use super::{Store, StoreError};

pub use analytics::{HeldOccurrence, StoredDigest, UserMeeting};
pub use audit::{AuditFilter, AuditRow, JournalReader};

/// A user as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredUser {
    /// The id.
    pub id: UserId,
    /// The subject of their token.
    pub username: String,
    /// The name shown; the username where there is none.
    pub name: String,
    /// The email address.
    pub email: Option<String>,
    /// What kind of user; none for the system, who does not sign in.
    pub kind: Option<UserKind>,
    /// False: may no longer come in.
    pub is_active: bool,
    /// Administers the server.
    pub is_admin: bool,
    /// How often their private calendar address was made anew.
    pub calendar_version: i64,
}

/// A meeting as its row has it, for REST.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredMeeting {
    /// What `welcome` shows too.
    pub info: MeetingInfo,
    /// Who made it.
    pub owner: UserRef,
    /// Where its wall-clock times are meant.
    pub time_zone: Option<String>,
    /// Of a series: how it repeats.
    pub recurrence: Option<serde_json::Value>,
    /// Of an occurrence: its series.
    pub parent: Option<MeetingId>,
    /// Of an occurrence: when the rule puts it.
    pub original_start: Option<Timestamp>,
    /// Where its recording is.
    pub recording_url: Option<String>,
    /// The last event that changed the meeting itself.
    pub revision: Seq,
    /// How often it changed for calendars.
    pub calendar_sequence: i64,
    /// People in it; bots are not counted.
    pub present: u32,
    /// People waiting.
    pub waiting: u32,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// The highest ids given out so far; 0 where there are none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HighestIds {
    /// Of users.
    pub user: UserId,
    /// Of meetings.
    pub meeting: MeetingId,
    /// Of participants.
    pub participant: ParticipantId,
}

pub(super) const USER_BY_NAME: &str = "SELECT id, username, coalesce(full_name, username), email, kind, is_active, \
     is_admin, calendar_version FROM users WHERE username = ?1";
pub(super) const USER_BY_ID: &str = "SELECT id, username, coalesce(full_name, username), email, kind, is_active, \
     is_admin, calendar_version FROM users WHERE id = ?1";
const MEETING_BY_CODE: &str = "SELECT id FROM meetings WHERE meeting_code = ?1";
pub(super) const MEETING_EXISTS: &str = "SELECT 1 FROM meetings WHERE id = ?1";
const MEETING_ROW: &str = "SELECT m.id, coalesce(m.meeting_code, ''), m.title, m.description, \
     m.meeting_type, m.status, m.start_time, m.end_time, m.started_at, m.ended_at, \
     m.max_participants, m.requires_approval, h.id, coalesce(h.full_name, h.username), m.locked, \
     m.settings, o.id, coalesce(o.full_name, o.username), \
     m.suspended, m.is_recorded, m.password IS NOT NULL, \
     (SELECT count(*) FROM meeting_participants AS p WHERE p.meeting_id = m.id \
         AND p.joined_at IS NOT NULL AND p.left_at IS NULL \
         AND NOT EXISTS (SELECT 1 FROM users AS u WHERE u.id = p.user_id AND u.kind = 'bot')), \
     (SELECT count(*) FROM meeting_participants AS p WHERE p.meeting_id = m.id \
         AND p.waiting_since IS NOT NULL), \
     m.created_at, m.updated_at, m.time_zone, m.recurring_pattern, m.parent_meeting_id, \
     m.original_start, m.recording_url, m.revision, m.calendar_sequence \
     FROM meetings AS m JOIN users AS h ON h.id = m.host_id JOIN users AS o ON o.id = m.owner_id \
     WHERE m.id = ?1";
const HOST_OF: &str = "SELECT host_id FROM meetings WHERE id = ?1";
pub(super) const USER_MAY_SEE: &str = "SELECT EXISTS (SELECT 1 FROM meetings \
         WHERE id = ?1 AND (host_id = ?2 OR owner_id = ?2)) \
     OR EXISTS (SELECT 1 FROM meeting_co_hosts WHERE meeting_id = ?1 AND user_id = ?2) \
     OR EXISTS (SELECT 1 FROM meeting_participants WHERE meeting_id = ?1 AND user_id = ?2) \
     OR EXISTS (SELECT 1 FROM meeting_invitees WHERE meeting_id = ?1 AND user_id = ?2) \
     OR EXISTS (SELECT 1 FROM meeting_invitees WHERE meeting_id = ?1 AND email = ?3)";
const PASSCODE_HASH: &str = "SELECT password FROM meetings WHERE id = ?1";
const DUE_MEETINGS: &str = "SELECT id FROM meetings \
     WHERE next_deadline <= ?1 ORDER BY next_deadline LIMIT ?2";
pub(super) const UNFINISHED: &str = "SELECT id FROM meetings WHERE status = 'in_progress' \
     UNION ALL SELECT DISTINCT meeting_id FROM meeting_participants \
         WHERE joined_at IS NOT NULL AND left_at IS NULL \
     UNION ALL SELECT DISTINCT meeting_id FROM meeting_participants \
         WHERE waiting_since IS NOT NULL";
const HIGHEST_IDS: &str = "SELECT coalesce((SELECT max(id) FROM users), 0), \
     coalesce((SELECT max(id) FROM meetings), 0), \
     coalesce((SELECT max(id) FROM meeting_participants), 0)";
const LAST_ALIVE: &str = "SELECT last_alive FROM meetings WHERE id = ?1";

/// Questions to the tables.
impl Store {
    /// The user of that name, exactly.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn user_by_name(&self, username: &str) -> Result<Option<StoredUser>, StoreError> {
        let username = username.to_owned();
        self.read(move |connection| first(connection, USER_BY_NAME, [username], user)).await
    }

    /// The user of that id.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn user_by_id(&self, id: UserId) -> Result<Option<StoredUser>, StoreError> {
        self.read(move |connection| first(connection, USER_BY_ID, [id.0], user)).await
    }

    /// The meeting with that code in its links.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn meeting_by_code(&self, code: &str) -> Result<Option<MeetingId>, StoreError> {
        let code = code.to_owned();
        self.read(move |connection| first(connection, MEETING_BY_CODE, [code], id)).await
    }

    /// Whether there is such a meeting.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn meeting_exists(&self, meeting: MeetingId) -> Result<bool, StoreError> {
        let found = self.read(move |connection| {
            first(connection, MEETING_EXISTS, [meeting.0], |row| row.get::<_, i64>(0))
        });
        Ok(found.await?.is_some())
    }

    /// A meeting as its row has it, with the names of host and owner and how many are there.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn meeting_row(
        &self,
        meeting: MeetingId,
    ) -> Result<Option<StoredMeeting>, StoreError> {
        self.read(move |connection| first(connection, MEETING_ROW, [meeting.0], stored_meeting))
            .await
    }

    /// Who hosts the meeting, if there is one.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn host_of(&self, meeting: MeetingId) -> Result<Option<UserId>, StoreError> {
        let host = |row: &Row<'_>| row.get(0).map(UserId);
        self.read(move |connection| first(connection, HOST_OF, [meeting.0], host)).await
    }

    /// Whether the user has to do with the meeting: as host, owner, co-host or participant, or by an
    /// invitation of theirs or of the address that was verified for them.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn user_may_see(
        &self,
        meeting: MeetingId,
        user: UserId,
        email: Option<&str>,
    ) -> Result<bool, StoreError> {
        let params = (meeting.0, user.0, email.map(str::to_owned));
        let tied =
            self.read(move |connection| first(connection, USER_MAY_SEE, params, |row| row.get(0)));
        Ok(tied.await?.unwrap_or(false))
    }

    /// The hash of the meeting's passcode, if it has one.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn passcode_hash(&self, meeting: MeetingId) -> Result<Option<String>, StoreError> {
        let hash = self.read(move |connection| {
            first(connection, PASSCODE_HASH, [meeting.0], |row| row.get(0))
        });
        Ok(hash.await?.flatten())
    }

    /// At most `limit` meetings whose deadline is `now` or before, the longest overdue first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn due_meetings(
        &self,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<MeetingId>, StoreError> {
        let params = (now.to_string(), limit as i64);
        self.read(move |connection| all(connection, DUE_MEETINGS, params, id)).await
    }

    /// Meetings that have not ended: in progress, or with people who are in or wait; some twice.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn unfinished_meetings(&self) -> Result<Vec<MeetingId>, StoreError> {
        self.read(|connection| all(connection, UNFINISHED, [], id)).await
    }

    /// The highest ids in use, where an allocator goes on from.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn highest_ids(&self) -> Result<HighestIds, StoreError> {
        let ids = |row: &Row<'_>| {
            Ok(HighestIds {
                user: UserId(row.get(0)?),
                meeting: MeetingId(row.get(1)?),
                participant: ParticipantId(row.get(2)?),
            })
        };
        self.read(move |connection| Ok(connection.query_row(HIGHEST_IDS, [], ids)?)).await
    }

    /// When a meeting was last known to be alive; none when it never said, or there is no such meeting.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn last_alive(&self, meeting: MeetingId) -> Result<Option<Timestamp>, StoreError> {
        let at = self.read(move |connection| {
            first(connection, LAST_ALIVE, [meeting.0], |row| parsed_if_any(row, 0))
        });
        Ok(at.await?.flatten())
    }
}

/// The first row, if there is one.
pub(super) fn first<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Option<T>, StoreError> {
    Ok(connection.prepare_cached(sql)?.query_row(params, read).optional()?)
}

/// All rows.
pub(super) fn all<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>, StoreError> {
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(params, read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn id(row: &Row<'_>) -> rusqlite::Result<MeetingId> {
    row.get(0).map(MeetingId)
}

pub(super) fn user(row: &Row<'_>) -> rusqlite::Result<StoredUser> {
    Ok(StoredUser {
        id: UserId(row.get(0)?),
        username: row.get(1)?,
        name: row.get(2)?,
        email: row.get(3)?,
        kind: word(row, 4).ok(),
        is_active: row.get(5)?,
        is_admin: row.get(6)?,
        calendar_version: row.get(7)?,
    })
}

fn stored_meeting(row: &Row<'_>) -> rusqlite::Result<StoredMeeting> {
    let settings: String = row.get(15)?;
    let info = MeetingInfo {
        id: MeetingId(row.get(0)?),
        code: row.get(1)?,
        title: row.get(2)?,
        description: row.get(3)?,
        r#type: word(row, 4)?,
        status: word(row, 5)?,
        starts_at: parsed_if_any(row, 6)?,
        ends_at: parsed_if_any(row, 7)?,
        started_at: parsed_if_any(row, 8)?,
        ended_at: parsed_if_any(row, 9)?,
        max_participants: row.get(10)?,
        requires_approval: row.get(11)?,
        host: UserRef { id: UserId(row.get(12)?), name: row.get(13)? },
        locked: row.get::<_, bool>(14)? || row.get(18)?,
        suspended: row.get(18)?,
        is_recorded: row.get(19)?,
        has_passcode: row.get(20)?,
        settings: serde_json::from_str(&settings)
            .map(Some)
            .map_err(|error| unreadable(15, error))?,
    };
    Ok(StoredMeeting {
        info,
        owner: UserRef { id: UserId(row.get(16)?), name: row.get(17)? },
        present: row.get(21)?,
        waiting: row.get(22)?,
        created_at: parsed(row, 23)?,
        updated_at: parsed(row, 24)?,
        time_zone: row.get(25)?,
        recurrence: json_if_any(row, 26)?,
        parent: row.get::<_, Option<i64>>(27)?.map(MeetingId),
        original_start: parsed_if_any(row, 28)?,
        recording_url: row.get(29)?,
        revision: Seq(row.get::<_, i64>(30)?.cast_unsigned()),
        calendar_sequence: row.get(31)?,
    })
}

/// A column of JSON that may be empty.
fn json_if_any<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<T>> {
    let text: Option<String> = row.get(column)?;
    text.map(|text| serde_json::from_str(&text).map_err(|error| unreadable(column, error)))
        .transpose()
}

/// A plain enum from its name on the wire.
pub(super) fn word<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let word: String = row.get(column)?;
    serde_json::from_value(word.into()).map_err(|error| unreadable(column, error))
}

/// For the test that looks at their plans.
#[cfg(test)]
pub(super) const ALL_QUERIES: &[&str] = &[
    USER_BY_NAME,
    USER_BY_ID,
    analytics::OCCURRENCES_HELD,
    analytics::DIGEST,
    analytics::STALE,
    analytics::OUTDATED,
    analytics::USER_MEETINGS,
    analytics::WEEKS,
    feedback::RATINGS,
    feedback::BALLOTS,
    feedback::FEEDBACK_OF,
    feedback::BALLOT_KEY,
    feedback::VOTERS,
    measures::TOTALS,
    measures::MINUTES,
    MEETING_BY_CODE,
    MEETING_EXISTS,
    MEETING_ROW,
    HOST_OF,
    USER_MAY_SEE,
    PASSCODE_HASH,
    DUE_MEETINGS,
    UNFINISHED,
    HIGHEST_IDS,
    LAST_ALIVE,
    super::journal::AFTER,
    super::journal::BY_NUMBER,
    super::heads::HEAD,
    super::idempotency::KEPT_ANSWER,
    super::idempotency::OLDEST_ANSWERS,
    super::roles::USERS_OF_ROLE,
    meetings::ALL,
    meetings::RUNNING,
    meetings::HOSTED,
    meetings::OWNED,
    meetings::OCCURRENCES,
    meetings::TIED,
    meetings::ONE,
    meetings::SHOWN_WHOLE,
    people::PARTICIPANTS,
    people::PARTICIPANT,
    people::CO_HOSTS,
    people::INVITEES,
    people::BANS,
    people::STANDING,
    people::WAITING_HEAD,
    series::OCCURRENCES_BEHIND,
    series::SERIES_BEHIND,
    series::OCCURRENCE_TO_JOIN,
    series::OCCURRENCES_MADE,
    series::OCCURRENCES_CHANGED,
    super::sign_ins::SIGN_IN,
    super::tokens::TOKEN_BY_SECRET,
    super::tokens::TOKEN_BY_ID,
    super::tokens::TOKENS_OF,
    super::users::HAS_ADMIN,
    super::users::USERS_BY_EMAIL,
    super::users::USER_BY_IDENTITY,
    super::users::INVITEE,
    super::users::RUNS,
    super::erasing::PLACE,
    super::erasing::ACTED_IN,
    super::erasing::NAMING,
    super::erasing::DEADLINE,
    audit::SLICE,
    audit::AT,
    audit::IMPORTED,
    audit::IS_PARTICIPANT,
    audit::NEXT_OF_MEETING,
    audit::BY_ROW,
    audit::AFTER_ROW,
    audit::OF_USER,
    audit::MEETINGS_OF_USER,
];
