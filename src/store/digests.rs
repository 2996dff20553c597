//! When a digest that is kept is no longer what its meeting was like: noted in the transaction that changes what
//! it is made of.

use quorate_protocol::MeetingId;
use rusqlite::{Connection, params};

use crate::meeting::event::{Event, Fact};

const CHANGED: &str =
    "UPDATE meeting_digests SET changes = changes + 1 WHERE meeting_id = ?1 AND NOT frozen";
/// What is deleted with this batch could not be asked again.
const FREEZE: &str =
    "UPDATE meeting_digests SET frozen = 1 WHERE meeting_id = ?1 AND made IS changes";
/// One that tells what is no longer so, or of before the meeting was opened again, is made of what is left.
const DROP_STALE: &str = "UPDATE meeting_digests \
     SET changes = changes + 1, made = NULL, made_under = NULL, digest = NULL \
     WHERE meeting_id = ?1 AND made IS NOT changes";

/// Notes what these events, which are about to be written, make of the meeting's digest.
pub(super) fn note_events(
    connection: &Connection,
    meeting: MeetingId,
    events: &[Event],
) -> rusqlite::Result<()> {
    let forgets = events.iter().any(|event| matches!(event.fact, Fact::RetentionApplied { .. }));
    let changes = |event: &Event| match event.fact {
        Fact::FeedbackClosed {} | Fact::RetentionApplied { .. } => false,
        Fact::Redacted { .. } => !forgets,
        _ => true,
    };
    if events.iter().any(changes) {
        note_change(connection, meeting)?;
    }
    if forgets {
        connection.prepare_cached(FREEZE)?.execute([meeting.0])?;
        connection.prepare_cached(DROP_STALE)?.execute([meeting.0])?;
    }
    Ok(())
}

/// Notes that something else changed of which the meeting's digest is made: ballots, measurements.
pub(super) fn note_change(connection: &Connection, meeting: MeetingId) -> rusqlite::Result<()> {
    connection.prepare_cached(CHANGED)?.execute(params![meeting.0]).map(drop)
}
