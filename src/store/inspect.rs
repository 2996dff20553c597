//! A look at a database without opening it as a server does: nothing is locked, written or waited for, and a
//! server may run beside it.

use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use quorate_protocol::{MeetingId, Seq, UserId};
use rusqlite::Connection;

use super::backup::{Newest, newest};
use super::connections::connect_reader;
use super::journal::{self, read_row};
use super::maintenance::log_bytes;
use super::open::{self, OpenError};
use super::queries::{self, StoredUser, all, first};
use super::{StoreError, queries as sql};
use crate::meeting::event::Event;

/// Events read at once.
const SLICE: i64 = 1000;

/// A database that is looked at.
#[derive(Debug)]
pub struct Inspection {
    path: PathBuf,
    connection: Connection,
}

impl Inspection {
    /// Opens a database of ours to be read.
    ///
    /// # Errors
    /// When it is not there, not ours, or cannot be read.
    pub fn open(path: &Path) -> Result<Inspection, OpenError> {
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        open::check_ours(&path)?;
        let connection =
            connect_reader(&path).map_err(|error| OpenError::unreachable(&path, error))?;
        Ok(Inspection { path, connection })
    }

    /// The version of its schema.
    #[must_use]
    pub fn version(&self) -> u32 {
        // A newer one is refused when it is opened, and there is no older one.
        open::VERSION
    }

    /// What of the schema it lacks, if anything.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn missing(&self) -> Result<Option<String>, StoreError> {
        Ok(open::missing(&self.connection)?)
    }

    /// What SQLite finds wrong with its pages, if anything. Reads all of it.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn fault(&self) -> Result<Option<String>, StoreError> {
        let said: String =
            self.connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        Ok((said != "ok").then_some(said))
    }

    /// How many rows refer to what is not there, and the table of the first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn dangling(&self) -> Result<(usize, Option<String>), StoreError> {
        let sql = "SELECT \"table\" FROM pragma_foreign_key_check";
        let tables: Vec<String> = all(&self.connection, sql, [], |row| row.get(0))?;
        Ok((tables.len(), tables.into_iter().next()))
    }

    /// Bytes of the write-ahead log beside it.
    #[must_use]
    pub fn log_bytes(&self) -> u64 {
        log_bytes(&self.path)
    }

    /// The event that was written last.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn newest(&self) -> Result<Option<Newest>, StoreError> {
        Ok(newest(&self.connection)?)
    }

    /// Meetings that have not ended, each once.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn unfinished(&self) -> Result<Vec<MeetingId>, StoreError> {
        let mut meetings = all(&self.connection, sql::UNFINISHED, [], queries::id)?;
        meetings.sort_unstable();
        meetings.dedup();
        Ok(meetings)
    }

    /// The user of that name, exactly, or else of that id.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn user(&self, name: &str) -> Result<Option<StoredUser>, StoreError> {
        let found = first(&self.connection, sql::USER_BY_NAME, [name], queries::user)?;
        match (found, name.parse::<i64>()) {
            (None, Ok(id)) => first(&self.connection, sql::USER_BY_ID, [id], queries::user),
            (found, _) => Ok(found),
        }
    }

    /// Whether there is such a meeting.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn has_meeting(&self, meeting: MeetingId) -> Result<bool, StoreError> {
        let there = |row: &rusqlite::Row<'_>| row.get::<_, i64>(0);
        Ok(first(&self.connection, sql::MEETING_EXISTS, [meeting.0], there)?.is_some())
    }

    /// Whether the user has to do with the meeting, so that it is there for them by its id.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn is_tied(
        &self,
        meeting: MeetingId,
        user: UserId,
        email: Option<&str>,
    ) -> Result<bool, StoreError> {
        let params = (meeting.0, user.0, email);
        let tied = first(&self.connection, sql::USER_MAY_SEE, params, |row| row.get(0))?;
        Ok(tied.unwrap_or(false))
    }

    /// Every event of a meeting, in order.
    ///
    /// # Errors
    /// When the database cannot be read, or a row is not what was once written.
    pub fn journal(
        &self,
        meeting: MeetingId,
        mut each: impl FnMut(Event),
    ) -> Result<(), StoreError> {
        let mut after = Seq(0);
        loop {
            let mut statement = self.connection.prepare_cached(journal::AFTER)?;
            let mut rows = statement.query([meeting.0, after.0.cast_signed(), SLICE])?;
            let before = after;
            while let Some(row) = rows.next()? {
                let event = read_row(meeting, row)?;
                if event.seq != after.next() {
                    let why = format!("it follows {after}: rows are missing");
                    return Err(StoreError::Unreadable { meeting, seq: event.seq, why });
                }
                after = event.seq;
                each(event);
            }
            if after == before {
                return Ok(());
            }
        }
    }
}

/// Whether a server has the database open: whether its lock is held.
///
/// # Errors
/// When the lock cannot be looked at.
pub fn is_served(path: &Path) -> io::Result<bool> {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let file = match File::open(lock_file(&path)) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        file => file?,
    };
    // Held for the moment of asking, together with others who ask.
    match file.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// The file beside a database that keeps a second server out.
#[must_use]
pub fn lock_file(path: &Path) -> PathBuf {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".lock");
    beside.into()
}
