//! One batch: is it allowed, then users, events with what follows from them, and the deadline.

use quorate_protocol::{MeetingId, Seq, Timestamp};
use rusqlite::{Connection, params};

use super::heads::{Head, Heads};
use super::{
    Batch, BatchError, Newborn, UserRow, ballots, digests, idempotency, journal, measures,
    projections,
};
use crate::meeting::event::Event;

/// Appends a batch within the open transaction. The outer error is the database's, the inner one says
/// why nothing was written.
pub(super) fn append(
    connection: &Connection,
    heads: &mut Heads,
    batch: &Batch,
) -> rusqlite::Result<Result<Seq, BatchError>> {
    if !heads.holds(batch.meeting, batch.generation) {
        return Ok(Err(BatchError::Stale));
    }
    let head = heads.head(connection, batch.meeting)?;
    if head.seq != batch.expected_head || !follow(head.seq, &batch.events) {
        let (expected, found) = (batch.expected_head, head.seq);
        return Ok(Err(BatchError::Head { expected, found }));
    }
    let head = write(connection, head, batch)?;
    let mut born = Vec::new();
    for Newborn { meeting, events, passcode, next_deadline } in &batch.offspring {
        let found = heads.head(connection, *meeting)?.seq;
        if !follow(Seq(0), events) || found != Seq(0) {
            return Ok(Err(BatchError::Head { expected: Seq(0), found }));
        }
        born.push((*meeting, append_all(connection, *meeting, Head::START, events)?));
        if let Some(hash) = passcode {
            set_passcode(connection, *meeting, hash.as_deref())?;
        }
        set_deadline(connection, *meeting, *next_deadline, None)?;
    }
    for (meeting, head) in born {
        heads.set(meeting, head);
    }
    heads.set(batch.meeting, head);
    Ok(Ok(head.seq))
}

fn follow(head: Seq, events: &[Event]) -> bool {
    let mut seq = head;
    events.iter().all(|event| {
        seq = seq.next();
        event.seq == seq
    })
}

fn append_all(
    connection: &Connection,
    meeting: MeetingId,
    mut head: Head,
    events: &[Event],
) -> rusqlite::Result<Head> {
    digests::note_events(connection, meeting, events)?;
    for event in events {
        // First what follows from it: the meeting's row must be there before its first event.
        projections::project(connection, meeting, event)?;
        projections::revise(connection, meeting, event)?;
        head = journal::append(connection, meeting, head, event)?;
    }
    Ok(head)
}

fn write(connection: &Connection, head: Head, batch: &Batch) -> rusqlite::Result<Head> {
    for user in &batch.users {
        upsert(connection, user)?;
    }
    if let Some(cast) = &batch.ballots {
        // First: an event that closes feedback deletes the key.
        ballots::file(connection, batch.meeting, cast)?;
        digests::note_change(connection, batch.meeting)?;
    }
    let head = append_all(connection, batch.meeting, head, &batch.events)?;
    if let Some(hash) = &batch.passcode {
        set_passcode(connection, batch.meeting, hash.as_deref())?;
    }
    if let Some(checkpoint) = &batch.measured {
        measures::write(connection, batch.meeting, checkpoint)?;
        digests::note_change(connection, batch.meeting)?;
    }
    set_deadline(connection, batch.meeting, batch.next_deadline, batch.last_alive)?;
    batch.kept.iter().try_for_each(|kept| idempotency::keep(connection, kept))?;
    Ok(head)
}

/// Writes a user. An address that is known stays where none is given. One who was erased stays so, whoever comes in
/// by what was shown before.
pub(super) fn upsert(connection: &Connection, user: &UserRow) -> rusqlite::Result<()> {
    let kind = projections::word(&user.kind);
    connection
        .prepare_cached(
            "INSERT INTO users (id, username, full_name, email, kind) VALUES (?1, ?2, ?3, ?4, ?5) \
             ON CONFLICT (id) DO UPDATE SET \
             username = excluded.username, full_name = excluded.full_name, \
             email = coalesce(excluded.email, email), kind = excluded.kind \
             WHERE users.username NOT GLOB 'erased:*'",
        )?
        .execute(params![user.id.0, user.username, user.name, user.email, kind])
        .map(drop)
}

/// Writes a user who is not there yet, and leaves one who is.
pub(super) fn insert_missing(connection: &Connection, user: &UserRow) -> rusqlite::Result<()> {
    let there =
        connection.prepare_cached("SELECT 1 FROM users WHERE id = ?1")?.exists([user.id.0])?;
    if there { Ok(()) } else { upsert(connection, user) }
}

/// In the table alone: a hash is in no event.
fn set_passcode(
    connection: &Connection,
    meeting: MeetingId,
    hash: Option<&str>,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE meetings SET password = ?2 WHERE id = ?1")?
        .execute(params![meeting.0, hash])
        .map(drop)
}

/// Most batches change neither: then the row is looked at and not written.
fn set_deadline(
    connection: &Connection,
    meeting: MeetingId,
    next_deadline: Option<Timestamp>,
    last_alive: Option<Timestamp>,
) -> rusqlite::Result<()> {
    let next_deadline = next_deadline.map(|at| at.to_string());
    let last_alive = last_alive.map(|at| at.to_string());
    connection
        .prepare_cached(
            "UPDATE meetings SET next_deadline = ?2, last_alive = coalesce(?3, last_alive) \
             WHERE id = ?1 AND (next_deadline IS NOT ?2 OR ?3 IS NOT NULL)",
        )?
        .execute(params![meeting.0, next_deadline, last_alive])
        .map(drop)
}
