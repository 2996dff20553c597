//! How connections are set up: every setting on purpose.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::Durability;

/// How long a statement waits for another process that holds the database.
pub(super) const BUSY_WAIT: Duration = Duration::from_secs(2);
/// Statements kept ready per connection; more than there are.
const STATEMENTS_MAX: usize = 64;

/// A connection as all are.
pub(super) fn connect(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    // Each connection is used by one thread at a time: no mutex.
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY_WAIT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    Ok(connection)
}

/// The writer's connection again, after a transaction failed.
pub(super) fn reopen(path: &Path, durability: Durability) -> rusqlite::Result<Connection> {
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    set_up_writer(&connection, durability)?;
    Ok(connection)
}

/// Makes it the connection that writes.
pub(super) fn set_up_writer(
    connection: &Connection,
    durability: Durability,
) -> rusqlite::Result<()> {
    // Readers never wait for the writer, nor the writer for them.
    let mode: String =
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
    if mode != "wal" || connection.is_readonly("main")? {
        let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_READONLY);
        let why = "it may only be read, or its file system cannot share memory".to_owned();
        return Err(rusqlite::Error::SqliteFailure(code, Some(why)));
    }
    // FULL: a commit waits for the disk. NORMAL: only checkpoints do.
    let synchronous = match durability {
        Durability::Full => "FULL",
        Durability::Normal => "NORMAL",
    };
    connection.pragma_update(None, "synchronous", synchronous)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // Checkpoints are the maintenance thread's: in the middle of a commit one is a spike.
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    // What is redacted is overwritten, not only unlinked.
    connection.pragma_update(None, "secure_delete", true)?;
    // 16 MiB of pages: the upper levels of the journal's indexes.
    connection.pragma_update(None, "cache_size", -16_384)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    // No memory mapping: under it a failing disk is a signal that ends the process, not an error.
    connection.pragma_update(None, "mmap_size", 0)
}

/// A connection that cannot change anything.
pub(super) fn connect_reader(path: &Path) -> rusqlite::Result<Connection> {
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    connection.pragma_update(None, "query_only", true)?;
    // 4 MiB of pages each.
    connection.pragma_update(None, "cache_size", -4096)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    Ok(connection)
}

/// The connection that brings the write-ahead log into the database.
pub(super) fn connect_checkpointer(path: &Path) -> rusqlite::Result<Connection> {
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    // Any level but OFF: pages are on disk before the log is used again from its start.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    Ok(connection)
}
