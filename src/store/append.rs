//! One batch: is it allowed, then users, events with what follows from them, and the deadline.

use quorate_protocol::{MeetingId, Seq};
use rusqlite::{Connection, params};

use super::heads::{Head, Heads};
use super::{Batch, BatchError, UserRow, journal, projections};
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

fn write(connection: &Connection, mut head: Head, batch: &Batch) -> rusqlite::Result<Head> {
    for user in &batch.users {
        upsert(connection, user)?;
    }
    for event in &batch.events {
        // First what follows from it: the meeting's row must be there before its first event.
        projections::project(connection, batch.meeting, event)?;
        head = journal::append(connection, batch.meeting, head, event)?;
    }
    if let Some(hash) = &batch.passcode {
        set_passcode(connection, batch.meeting, hash.as_deref())?;
    }
    set_deadline(connection, batch.meeting, batch)?;
    Ok(head)
}

/// One who was erased stays so, whoever comes in by what was shown before.
fn upsert(connection: &Connection, user: &UserRow) -> rusqlite::Result<()> {
    let kind = projections::word(&user.kind);
    connection
        .prepare_cached(
            "INSERT INTO users (id, username, full_name, email, kind) VALUES (?1, ?2, ?3, ?4, ?5) \
             ON CONFLICT (id) DO UPDATE SET \
             username = excluded.username, full_name = excluded.full_name, \
             email = excluded.email, kind = excluded.kind \
             WHERE users.username NOT GLOB 'erased:*'",
        )?
        .execute(params![user.id.0, user.username, user.name, user.email, kind])
        .map(drop)
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
    batch: &Batch,
) -> rusqlite::Result<()> {
    let next_deadline = batch.next_deadline.map(|at| at.to_string());
    let last_alive = batch.last_alive.map(|at| at.to_string());
    connection
        .prepare_cached(
            "UPDATE meetings SET next_deadline = ?2, last_alive = coalesce(?3, last_alive) \
             WHERE id = ?1 AND (next_deadline IS NOT ?2 OR ?3 IS NOT NULL)",
        )?
        .execute(params![meeting.0, next_deadline, last_alive])
        .map(drop)
}
