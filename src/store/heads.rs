//! What the writer remembers of each live meeting: who may append to it, and where its journal ends.

use std::collections::HashMap;

use quorate_protocol::{MeetingId, Seq};
use rusqlite::{Connection, OptionalExtension};

use super::Generation;

/// Heads kept; beyond, all are dropped and read again as they are needed.
const HEADS_MAX: usize = 65_536;

pub(super) const HEAD: &str = "SELECT seq, hash FROM meeting_audit_logs WHERE meeting_id = ?1 \
     ORDER BY seq DESC LIMIT 1";

/// Where a journal ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) seq: Seq,
    pub(super) hash: [u8; 32],
}

impl Head {
    /// Before the first event.
    pub(super) const START: Head = Head { seq: Seq(0), hash: [0; 32] };
}

/// Generations, one per live meeting, are kept until the meeting retires: to drop one is to fence its
/// writer off. Heads are a cache.
#[derive(Debug, Default)]
pub(super) struct Heads {
    /// Never goes back, so that a generation is good for one meeting and one time.
    last: u64,
    generations: HashMap<MeetingId, Generation>,
    cached: HashMap<MeetingId, Head>,
}

impl Heads {
    /// A new generation for the meeting; the one before is good no more.
    pub(super) fn begin(&mut self, meeting: MeetingId) -> Generation {
        self.last += 1;
        self.generations.insert(meeting, Generation(self.last));
        Generation(self.last)
    }

    /// Whether it is the newest.
    pub(super) fn holds(&self, meeting: MeetingId, generation: Generation) -> bool {
        self.generations.get(&meeting) == Some(&generation)
    }

    /// Drops what is known of a meeting, if the generation is its newest.
    pub(super) fn forget(&mut self, meeting: MeetingId, generation: Generation) {
        if self.holds(meeting, generation) {
            self.generations.remove(&meeting);
            self.cached.remove(&meeting);
        }
    }

    /// Drops everything: the disk alone knows, and nobody holds a meeting.
    pub(super) fn clear(&mut self) {
        self.generations.clear();
        self.cached.clear();
    }

    /// Where the meeting's journal ends.
    pub(super) fn head(
        &mut self,
        connection: &Connection,
        meeting: MeetingId,
    ) -> rusqlite::Result<Head> {
        if let Some(head) = self.cached.get(&meeting) {
            return Ok(*head);
        }
        let head = read(connection, meeting)?.unwrap_or(Head::START);
        self.set(meeting, head);
        Ok(head)
    }

    /// Notes where it ends now.
    pub(super) fn set(&mut self, meeting: MeetingId, head: Head) {
        if self.cached.len() >= HEADS_MAX {
            self.cached.clear();
        }
        self.cached.insert(meeting, head);
    }
}

/// Where a journal ends, from disk; none when it has no rows.
pub(super) fn read(connection: &Connection, meeting: MeetingId) -> rusqlite::Result<Option<Head>> {
    connection
        .prepare_cached(HEAD)?
        .query_row([meeting.0], |row| {
            let seq = Seq(row.get::<_, i64>(0)?.cast_unsigned());
            Ok(Head { seq, hash: row.get(1)? })
        })
        .optional()
}
