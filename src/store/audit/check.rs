//! One journal, row by row.

use quorate_protocol::{MeetingId, Seq};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};

use super::missing::Missing;
use super::{Flaw, Why};
use crate::meeting::event::Fact;
use crate::store::SignedHead;
use crate::store::heads::Head;
use crate::store::journal::{HASHED, REDACTED, SALT, chain, hashed, seal};

/// Rows read in one go; between two, the write-ahead log can be brought into the database.
const SLICE: usize = 1000;
/// Where [`hashed`] has the columns that are looked at one by one.
const SEQ: usize = 1;
const ACTION: usize = 4;
const DETAILS: usize = 5;
const PERSONAL_HASH: usize = HASHED - 2;

/// How far the check has come.
pub(super) struct Journal<'a> {
    meeting: MeetingId,
    signed: Vec<&'a SignedHead>,
    head: Head,
    missing: Missing,
}

impl<'a> Journal<'a> {
    pub(super) fn new(meeting: MeetingId, signed: &'a [SignedHead]) -> Journal<'a> {
        let signed = signed.iter().filter(|head| head.meeting() == meeting).collect();
        Journal { meeting, signed, head: Head::START, missing: Missing::default() }
    }

    /// Rows found sound.
    pub(super) fn rows(&self) -> u64 {
        self.head.seq.0
    }

    /// Reads it all; the inner error is the first flaw.
    pub(super) fn check(
        &mut self,
        connection: &Connection,
        mut progress: impl FnMut(u64),
    ) -> rusqlite::Result<Result<(), Flaw>> {
        // What was altered may stand before 1, and shall be seen.
        let mut after = i64::MIN;
        loop {
            let before = self.rows();
            if let Err(flaw) = self.slice(connection, after)? {
                return Ok(Err(flaw));
            }
            progress(self.rows());
            if self.rows() - before < SLICE as u64 {
                return Ok(self.end());
            }
            after = self.head.seq.0.cast_signed();
        }
    }

    fn slice(&mut self, connection: &Connection, after: i64) -> rusqlite::Result<Result<(), Flaw>> {
        let mut statement = connection.prepare_cached(concat!(
            "SELECT ",
            hashed!(),
            ", personal, salt, hash FROM meeting_audit_logs \
             WHERE meeting_id = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3"
        ))?;
        let mut rows = statement.query((self.meeting.0, after, SLICE as i64))?;
        while let Some(row) = rows.next()? {
            if let Err(why) = self.row(row)? {
                let seq = self.head.seq.next();
                return Ok(Err(Flaw { meeting: self.meeting, seq, why }));
            }
        }
        Ok(Ok(()))
    }

    /// The row after the head.
    fn row(&mut self, row: &Row<'_>) -> rusqlite::Result<Result<(), Why>> {
        let seq = self.head.seq.next();
        let mut columns = [ValueRef::Null; HASHED];
        for (index, column) in columns.iter_mut().enumerate() {
            *column = row.get_ref(index)?;
        }
        if matches!(columns[SEQ], ValueRef::Integer(found) if found > seq.0.cast_signed()) {
            return Ok(Err(Why::Missing));
        }
        let hash = chain(&self.head.hash, columns);
        if columns[SEQ] != ValueRef::Integer(seq.0.cast_signed())
            || row.get_ref(HASHED + 2)? != ValueRef::Blob(&hash)
        {
            return Ok(Err(Why::Altered));
        }
        if self.signed.iter().any(|head| head.seq() == seq && *head.hash() != hash) {
            return Ok(Err(Why::NotAsSigned));
        }
        match (row.get_ref(HASHED)?, row.get_ref(HASHED + 1)?, columns[PERSONAL_HASH]) {
            (ValueRef::Null, ValueRef::Null, ValueRef::Null) => {}
            (ValueRef::Null, ValueRef::Null, _) => self.missing.add(seq.0),
            (ValueRef::Text(personal), ValueRef::Blob(salt), ValueRef::Blob(sealed))
                if salt.len() == SALT && sealed == seal(salt, personal) => {}
            _ => return Ok(Err(Why::PersonalAltered)),
        }
        if columns[ACTION] == ValueRef::Text(REDACTED.as_bytes()) {
            self.redact(seq, columns[DETAILS]);
        }
        self.head = Head { seq, hash };
        Ok(Ok(()))
    }

    /// Accounts for the rows that a redaction names; it can only name earlier ones.
    fn redact(&mut self, seq: Seq, details: ValueRef<'_>) {
        let details = details.as_str().unwrap_or_default();
        if let Ok(Fact::Redacted { ranges }) = Fact::from_row(REDACTED, details) {
            ranges
                .iter()
                .for_each(|(first, last)| self.missing.remove(first.0, last.0.min(seq.0 - 1)));
        }
    }

    /// What only the end can tell.
    fn end(&self) -> Result<(), Flaw> {
        let next = self.head.seq.next();
        let (seq, why) = if let Some(seq) = self.missing.first() {
            (Seq(seq), Why::PersonalMissing)
        } else if self.signed.iter().any(|head| head.seq() >= next) {
            (next, Why::CutOff)
        } else if self.head == Head::START {
            (next, Why::Missing)
        } else {
            return Ok(());
        };
        Err(Flaw { meeting: self.meeting, seq, why })
    }
}
