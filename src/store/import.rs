//! What taking over the older application's database needs of the store, and no more.

use std::path::Path;

use quorate_protocol::{MeetingId, Seq};
use rusqlite::{Connection, OpenFlags};

use super::heads::Head;
use super::open::{self, Mark};
use super::{connections, journal};
use crate::meeting::event::Event;

pub(crate) use super::open::{OpenError, SCHEMA};

/// Whether it is ours, by the first bytes of the file. What it was last told may still stand beside it, so
/// that [`is_ours`] has the last word.
///
/// # Errors
/// When it is no database, a newer version made it, it cannot be read, or is not there.
pub(crate) fn looks_ours(path: &Path) -> Result<bool, OpenError> {
    match open::mark(path)? {
        Mark::Nothing => Err(OpenError::unreachable(path, "there is no such database")),
        Mark::Ours => Ok(true),
        Mark::None => Ok(false),
    }
}

/// Whether the open database is ours.
///
/// # Errors
/// When a newer version made it, or it cannot be read.
pub(crate) fn is_ours(path: &Path, connection: &Connection) -> Result<bool, OpenError> {
    let failed = |error| failed(path, &error);
    if !open::is_marked(connection).map_err(failed)? {
        return Ok(false);
    }
    let version = connection.pragma_query_value(None, "user_version", |row| row.get(0));
    open::refuse_newer(path, version.map_err(failed)?)?;
    Ok(true)
}

/// A connection that may write, to a file that is there.
///
/// # Errors
/// When it cannot be opened.
pub(crate) fn connect(path: &Path) -> rusqlite::Result<Connection> {
    connections::connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)
}

/// What SQLite said of the file, as it is told on opening one.
pub(crate) fn failed(path: &Path, error: &rusqlite::Error) -> OpenError {
    OpenError::from_sqlite(path, error)
}

/// A meeting's journal that is being begun.
#[derive(Debug)]
pub(crate) struct Chain {
    meeting: MeetingId,
    head: Head,
}

impl Chain {
    /// Of a meeting that has no journal yet.
    pub(crate) fn begin(meeting: MeetingId) -> Chain {
        Chain { meeting, head: Head::START }
    }

    /// The number of the next event.
    pub(crate) fn next(&self) -> Seq {
        self.head.seq.next()
    }

    /// Appends an event, which must have that number.
    ///
    /// # Errors
    /// When the database refuses it.
    pub(crate) fn append(
        &mut self,
        connection: &Connection,
        event: &Event,
    ) -> rusqlite::Result<()> {
        debug_assert_eq!(event.seq, self.next(), "events come without a gap");
        self.head = journal::append(connection, self.meeting, self.head, event)?;
        Ok(())
    }
}
