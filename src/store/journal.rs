//! The rows of the journal: how an event becomes one, how they are chained, and how they are read.

use std::fmt::Display;
use std::str::FromStr;

use quorate_protocol::{MeetingId, ParticipantId, Seq, SessionId, UserId};
use rand::Rng as _;
use rusqlite::types::{ToSqlOutput, Type, ValueRef};
use rusqlite::{Connection, Row, params_from_iter};

use super::heads::Head;
use super::{Store, StoreError};
use crate::meeting::event::{Cause, Event, Fact, Personal};

/// The columns that the hash covers, in its order. The order is part of every journal there is.
macro_rules! hashed {
    () => {
        "meeting_id, seq, user_id, participant_id, action, details, audience, created_at, \
         session_id, command_id, answer, personal_hash, via"
    };
}
pub(super) use hashed;

/// How many columns [`hashed`] names.
pub(super) const HASHED: usize = 13;
/// Bytes of a salt.
pub(super) const SALT: usize = 16;
/// The name of [`Fact::Redacted`] in the column `action`.
pub(super) const REDACTED: &str = "redacted";
/// What the column `via` says of what an administrator of the server did.
const ADMIN: &str = "admin";
/// Events read by their numbers in one statement.
const NUMBERS_MAX: usize = 1000;

/// The hash of a row: of the row before's, and of each column's storage class, length and bytes.
pub(super) fn chain(before: &[u8; 32], columns: [ValueRef<'_>; HASHED]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(before);
    for column in columns {
        match column {
            ValueRef::Null => field(&mut hasher, 0, &[]),
            ValueRef::Integer(value) => field(&mut hasher, 1, &value.to_le_bytes()),
            ValueRef::Real(value) => field(&mut hasher, 2, &value.to_bits().to_le_bytes()),
            ValueRef::Text(bytes) => field(&mut hasher, 3, bytes),
            ValueRef::Blob(bytes) => field(&mut hasher, 4, bytes),
        }
    }
    hasher.finalize().into()
}

fn field(hasher: &mut blake3::Hasher, class: u8, bytes: &[u8]) {
    hasher.update(&[class]);
    hasher.update(&(bytes.len() as u64).to_le_bytes());
    hasher.update(bytes);
}

/// What stands for a personal part in the chain, with or without the part itself.
pub(super) fn seal(salt: &[u8], personal: &[u8]) -> [u8; 32] {
    blake3::Hasher::new().update(salt).update(personal).finalize().into()
}

/// A personal part as its three columns have it.
struct Sealed {
    personal: String,
    salt: [u8; SALT],
    hash: [u8; 32],
}

impl Sealed {
    fn new(personal: &Personal) -> Sealed {
        let personal = serde_json::to_string(personal).expect("names and texts serialise");
        // Without salt the hash of a short name would tell the name.
        let mut salt = [0; SALT];
        rand::rng().fill_bytes(&mut salt);
        let hash = seal(&salt, personal.as_bytes());
        Sealed { personal, salt, hash }
    }
}

/// Appends one event after `head`, and answers the new head.
pub(super) fn append(
    connection: &Connection,
    meeting: MeetingId,
    head: Head,
    event: &Event,
) -> rusqlite::Result<Head> {
    let (action, details) = event.fact.to_row();
    let (audience, at) = (event.audience.to_string(), event.at.to_string());
    let session = event.cause.as_ref().map(|cause| cause.session.to_string());
    let sealed = event.personal.as_deref().map(Sealed::new);
    let sealed = sealed.as_ref();
    let columns: [ValueRef<'_>; HASHED] = [
        integer(Some(meeting.0)),
        integer(Some(event.seq.0.cast_signed())),
        integer(Some(event.user.0)),
        integer(event.by.map(|participant| participant.0)),
        text(Some(&action)),
        text(Some(&details)),
        text(Some(&audience)),
        text(Some(&at)),
        text(session.as_deref()),
        integer(event.cause.as_ref().map(|cause| cause.command)),
        text(event.cause.as_ref().map(|cause| &*cause.answer)),
        blob(sealed.map(|sealed| &sealed.hash[..])),
        text(event.as_admin.then_some(ADMIN)),
    ];
    let hash = chain(&head.hash, columns);
    let beside = [
        text(sealed.map(|sealed| &*sealed.personal)),
        blob(sealed.map(|sealed| &sealed.salt[..])),
        blob(Some(&hash)),
    ];
    connection
        .prepare_cached(concat!(
            "INSERT INTO meeting_audit_logs (",
            hashed!(),
            ", personal, salt, hash) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)"
        ))?
        .execute(params_from_iter(columns.into_iter().chain(beside).map(ToSqlOutput::Borrowed)))?;
    Ok(Head { seq: event.seq, hash })
}

fn integer(value: Option<i64>) -> ValueRef<'static> {
    value.map_or(ValueRef::Null, ValueRef::Integer)
}

fn text(value: Option<&str>) -> ValueRef<'_> {
    value.map_or(ValueRef::Null, |text| ValueRef::Text(text.as_bytes()))
}

fn blob(value: Option<&[u8]>) -> ValueRef<'_> {
    value.map_or(ValueRef::Null, ValueRef::Blob)
}

/// The columns that [`read_row`] reads, in its order.
macro_rules! read {
    () => {
        "SELECT seq, created_at, user_id, participant_id, audience, action, details, \
         session_id, command_id, answer, personal, via FROM meeting_audit_logs WHERE meeting_id = ?1 "
    };
}

pub(super) const AFTER: &str = concat!(read!(), "AND seq > ?2 ORDER BY seq LIMIT ?3");
pub(super) const BY_NUMBER: &str =
    concat!(read!(), "AND seq IN (SELECT value FROM json_each(?2)) ORDER BY seq");

impl Store {
    /// At most `limit` events of a meeting, from the one after `after`, in their order. What was
    /// redacted has no personal part.
    ///
    /// # Errors
    /// When the database cannot be read, or a row is not what was once written.
    pub async fn journal(
        &self,
        meeting: MeetingId,
        after: Seq,
        limit: usize,
    ) -> Result<Vec<Event>, StoreError> {
        let (after, limit) = (after.0.cast_signed(), limit as i64);
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(AFTER)?;
            let mut rows = statement.query([meeting.0, after, limit])?;
            let mut events = Vec::new();
            while let Some(row) = rows.next()? {
                events.push(read_row(meeting, row)?);
            }
            Ok(events)
        })
        .await
    }

    /// Events of a meeting by their numbers, each once, in the journal's order; a number that is not
    /// there is left out.
    ///
    /// # Errors
    /// When the database cannot be read, or a row is not what was once written.
    pub async fn events_at(
        &self,
        meeting: MeetingId,
        mut seqs: Vec<Seq>,
    ) -> Result<Vec<Event>, StoreError> {
        seqs.sort_unstable();
        seqs.dedup();
        let mut events = Vec::with_capacity(seqs.len());
        // Slice by slice, so that other readers have their turn.
        for seqs in seqs.chunks(NUMBERS_MAX) {
            let numbers = serde_json::to_string(seqs).expect("numbers serialise");
            events.extend(
                self.read(move |connection| by_number(connection, meeting, &numbers)).await?,
            );
        }
        Ok(events)
    }
}

fn by_number(
    connection: &Connection,
    meeting: MeetingId,
    numbers: &str,
) -> Result<Vec<Event>, StoreError> {
    let mut statement = connection.prepare_cached(BY_NUMBER)?;
    let mut rows = statement.query((meeting.0, numbers))?;
    let mut events = Vec::new();
    while let Some(row) = rows.next()? {
        events.push(read_row(meeting, row)?);
    }
    Ok(events)
}

pub(super) fn read_row(meeting: MeetingId, row: &Row<'_>) -> Result<Event, StoreError> {
    let seq = Seq(row.get::<_, i64>(0)?.cast_unsigned());
    event(seq, row).map_err(|error| StoreError::Unreadable { meeting, seq, why: error.to_string() })
}

fn event(seq: Seq, row: &Row<'_>) -> rusqlite::Result<Event> {
    let at = parsed(row, 1)?;
    let user = UserId(row.get(2)?);
    let by = row.get::<_, Option<i64>>(3)?.map(ParticipantId);
    let audience = parsed(row, 4)?;
    let (action, details) = (str(row, 5)?, str(row, 6)?);
    let fact = Fact::from_row(action, details).map_err(|error| unreadable(6, error))?;
    let personal = match row.get_ref(10)? {
        ValueRef::Null => None,
        _ => Some(serde_json::from_str(str(row, 10)?).map_err(|error| unreadable(10, error))?),
    };
    let as_admin = row.get_ref(11)? != ValueRef::Null;
    Ok(Event { seq, at, user, by, audience, fact, personal, cause: cause(row)?, as_admin })
}

fn cause(row: &Row<'_>) -> rusqlite::Result<Option<Box<Cause>>> {
    if row.get_ref(7)? == ValueRef::Null {
        return Ok(None);
    }
    let session = SessionId(parsed(row, 7)?);
    let (command, answer) = (row.get(8)?, str(row, 9)?.into());
    Ok(Some(Box::new(Cause { session, command, answer })))
}

/// A column's text, without copying it.
fn str<'a>(row: &'a Row<'_>, column: usize) -> rusqlite::Result<&'a str> {
    row.get_ref(column)?.as_str().map_err(|error| unreadable(column, error))
}

/// A column's text, read as something else.
pub(super) fn parsed<T: FromStr<Err: Display>>(
    row: &Row<'_>,
    column: usize,
) -> rusqlite::Result<T> {
    str(row, column)?.parse().map_err(|error: T::Err| unreadable(column, error))
}

/// The same, where there may be none.
pub(super) fn parsed_if_any<T: FromStr<Err: Display>>(
    row: &Row<'_>,
    column: usize,
) -> rusqlite::Result<Option<T>> {
    let value = row.get_ref(column)?;
    if value == ValueRef::Null { Ok(None) } else { parsed(row, column).map(Some) }
}

pub(super) fn unreadable(column: usize, why: impl Display) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, why.to_string().into())
}
