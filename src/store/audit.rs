//! Checking journals: is every row there, and as it was written. Works beside a running server, in
//! memory that does not grow with the journal.

mod check;
mod missing;

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Bound::{Excluded, Unbounded};
use std::path::Path;

use quorate_protocol::{MeetingId, Seq};
use rusqlite::Connection;
use rusqlite::types::Value;

use super::connections::connect_reader;
use super::head::SignedHead;
use super::heads;
pub use super::open::check_ours;
use super::open::{self, OpenError};
use check::Journal;

/// What came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Every row is there and as it was written.
    Whole {
        /// Meetings looked at.
        meetings: u64,
        /// Rows looked at.
        rows: u64,
    },
    /// The first that is not.
    Altered(Flaw),
}

/// The first row that is missing or not as it was written; `meeting 7, seq 42: …` as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// Whose journal.
    pub meeting: MeetingId,
    /// Which row.
    pub seq: Seq,
    /// What is wrong.
    pub why: Why,
}

/// What is wrong with a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// It is not there, and later ones are, or the meeting is and its journal is not.
    #[error("the row is missing")]
    Missing,
    /// Its hash is not that of its columns and the row before.
    #[error("the row was altered, or the hash of the one before")]
    Altered,
    /// Its personal part is gone, and no later `redacted` event names it.
    #[error("the personal part is missing without a redaction")]
    PersonalMissing,
    /// Its personal part is not the one that was sealed.
    #[error("the personal part was altered")]
    PersonalAltered,
    /// The journal ends before it, and a signed head says that it was there.
    #[error("the end of the journal was cut off")]
    CutOff,
    /// It stands under something that is no meeting's id; told as of meeting 0.
    #[error("a row stands under no meeting")]
    Stray,
    /// The row is sound in itself, and not the one that was signed.
    #[error("the row is not the one of the signed head")]
    NotAsSigned,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "meeting {}, seq {}: {}", self.meeting, self.seq, self.why)
    }
}

/// Why journals could not be checked.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The database cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// SQLite failed.
    #[error("read the journal: {0}")]
    Database(#[from] rusqlite::Error),
    /// There is no such meeting, nor a head of it.
    #[error("read the journal: there is no meeting {0}")]
    NoSuchMeeting(MeetingId),
    /// A head was given that would not be looked at.
    #[error("use the head of meeting {0}: it is not the meeting to be verified")]
    OtherMeeting(MeetingId),
}

/// Checks one meeting's journal, or all, against itself and against signed heads. `progress` is told
/// how many rows are done, and of how many.
///
/// # Errors
/// When that could not be done; a journal that is not whole is no error but a verdict.
pub fn verify(
    path: &Path,
    meeting: Option<MeetingId>,
    heads: &[SignedHead],
    mut progress: impl FnMut(u64, u64),
) -> Result<Verdict, VerifyError> {
    if let Some(other) = heads.iter().find(|head| meeting.is_some_and(|id| id != head.meeting())) {
        return Err(VerifyError::OtherMeeting(other.meeting()));
    }
    open::check_ours(path)?;
    let connection = &connect_reader(path)?;
    let total = count(connection, meeting)?;
    let (mut meetings, mut rows) = (0, 0);
    let mut of_meeting: Heads<'_> = BTreeMap::new();
    heads.iter().for_each(|head| of_meeting.entry(head.meeting()).or_default().push(head));
    let heads = &of_meeting;
    let mut id = Id::first(connection, meeting, heads)?;
    while let Id::Meeting(next) = id {
        let mut journal = Journal::new(next, heads.get(&next).cloned().unwrap_or_default());
        if let Err(flaw) = journal.check(connection, |done| progress(rows + done, total))? {
            return Ok(Verdict::Altered(flaw));
        }
        (meetings, rows) = (meetings + 1, rows + journal.rows());
        id = if meeting.is_some() { Id::None } else { Id::after(connection, next, heads)? };
    }
    Ok(match id {
        Id::Stray => Verdict::Altered(Flaw { meeting: MeetingId(0), seq: Seq(0), why: Why::Stray }),
        _ => Verdict::Whole { meetings, rows },
    })
}

/// Signs the heads of one meeting's journal, or of all, by id.
///
/// # Errors
/// When they cannot be read, or the meeting has no journal.
pub fn sign_heads(
    path: &Path,
    meeting: Option<MeetingId>,
    key: &[u8],
    mut each: impl FnMut(SignedHead),
) -> Result<(), VerifyError> {
    open::check_ours(path)?;
    let connection = &connect_reader(path)?;
    let mut id = Id::first(connection, meeting, &Heads::new())?;
    while let Id::Meeting(next) = id {
        if let Some(head) = heads::read(connection, next)? {
            each(SignedHead::sign(next, head.seq, head.hash, key));
        }
        id = if meeting.is_some() { Id::None } else { Id::after(connection, next, &Heads::new())? };
    }
    Ok(())
}

/// What came out of one meeting's journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// Rows found sound, from the first.
    pub rows: u64,
    /// The hash of the last of them.
    pub head: [u8; 32],
    /// The first that is not.
    pub flaw: Option<Flaw>,
}

/// Checks one meeting's journal against itself.
///
/// # Errors
/// When that could not be done.
pub fn check_meeting(path: &Path, meeting: MeetingId) -> Result<Checked, VerifyError> {
    let connection = &connect_reader(path)?;
    let mut journal = Journal::new(meeting, Vec::new());
    let flaw = journal.check(connection, |_| ())?.err();
    Ok(Checked { rows: journal.rows(), head: journal.head(), flaw })
}

/// How many rows there are to be told progress by: rows are numbered and never deleted, so that the last
/// number is their count, and nothing is counted.
fn count(connection: &Connection, meeting: Option<MeetingId>) -> rusqlite::Result<u64> {
    let last: Value = match meeting {
        None => {
            connection.query_row("SELECT max(id) FROM meeting_audit_logs", [], |row| row.get(0))
        }
        Some(meeting) => connection.query_row(
            "SELECT max(seq) FROM meeting_audit_logs WHERE meeting_id = ?1",
            [meeting.0],
            |row| row.get(0),
        ),
    }?;
    // What was altered is no number, and is found below.
    Ok(if let Value::Integer(last) = last { last.max(0).cast_unsigned() } else { 0 })
}

/// The signed heads of each meeting.
type Heads<'a> = BTreeMap<MeetingId, Vec<&'a SignedHead>>;

/// Whose journal is next.
enum Id {
    Meeting(MeetingId),
    /// Rows under what is no id.
    Stray,
    None,
}

impl Id {
    fn first(
        connection: &Connection,
        meeting: Option<MeetingId>,
        heads: &Heads<'_>,
    ) -> Result<Id, VerifyError> {
        // Ids are positive, and what was altered may stand before them.
        let Some(meeting) = meeting else {
            return Ok(Id::after(connection, MeetingId(i64::MIN), heads)?);
        };
        let known: bool = connection.query_row(
            "SELECT EXISTS (SELECT 1 FROM meetings WHERE id = ?1) \
             OR EXISTS (SELECT 1 FROM meeting_audit_logs WHERE meeting_id = ?1)",
            [meeting.0],
            |row| row.get(0),
        )?;
        if known || !heads.is_empty() {
            return Ok(Id::Meeting(meeting));
        }
        Err(VerifyError::NoSuchMeeting(meeting))
    }

    /// The next by number that a row, a meeting or a head names.
    fn after(
        connection: &Connection,
        meeting: MeetingId,
        heads: &Heads<'_>,
    ) -> rusqlite::Result<Id> {
        let stored: Value = connection
            .prepare_cached(
                "SELECT min(id) FROM ( \
                 SELECT min(meeting_id) AS id FROM meeting_audit_logs WHERE meeting_id > ?1 \
                 UNION ALL SELECT min(id) FROM meetings WHERE id > ?1)",
            )?
            .query_row([meeting.0], |row| row.get(0))?;
        let signed = heads.range((Excluded(meeting), Unbounded)).next().map(|(id, _)| *id);
        Ok(match (stored, signed) {
            (Value::Integer(id), Some(signed)) => Id::Meeting(signed.min(MeetingId(id))),
            (Value::Integer(id), None) => Id::Meeting(MeetingId(id)),
            (_, Some(signed)) => Id::Meeting(signed),
            (Value::Null, None) => Id::None,
            (_, None) => Id::Stray,
        })
    }
}
