//! The file: opened for us alone, its freed pages overwritten, closed.

use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::error::MigrateError;
use crate::store::import::{connect, is_ours, looks_ours};

/// Free pages overwritten in one statement.
const PAGES_AT_ONCE: i64 = 10_000;

/// What was found.
pub(super) enum Found {
    /// A database of Quorate.
    Ours,
    /// One that is not, and that nobody else has open until the connection is closed.
    Old(Connection),
}

/// The file of that name with this at its end.
pub(super) fn beside(database: &Path, end: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(end);
    name.into()
}

/// Opens it. What a crash left in its journal or log is taken in, as the older application would do.
pub(super) fn open(path: &Path) -> Result<Found, MigrateError> {
    let failed = |error| MigrateError::of(path, error);
    if looks_ours(path)? {
        // Beside a running server, too.
        let connection = connect(path).map_err(failed)?;
        if is_ours(path, &connection)? {
            return Ok(Found::Ours);
        }
    }
    let connection = connect(path).map_err(failed)?;
    if connection.is_readonly("main").map_err(failed)? {
        return Err(MigrateError::ReadOnly { path: path.to_owned() });
    }
    set_up(&connection).map_err(failed)?;
    if is_ours(path, &connection)? {
        return Ok(Found::Ours);
    }
    Ok(Found::Old(connection))
}

fn set_up(connection: &Connection) -> rusqlite::Result<()> {
    // Before the first look at it: in WAL mode, too, the file is then ours alone, and stays so between
    // transactions.
    let exclusive = "PRAGMA locking_mode = EXCLUSIVE";
    connection.query_row(exclusive, [], |_| Ok(()))?;
    connection.execute_batch("BEGIN EXCLUSIVE; COMMIT")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // The rules for altering tables that others refer to: https://sqlite.org/lang_altertable.html, 7.
    connection.pragma_update(None, "foreign_keys", false)?;
    connection.pragma_update(None, "legacy_alter_table", true)?;
    connection.pragma_update(None, "recursive_triggers", false)?;
    // What is dropped is overwritten, not only unlinked.
    connection.query_row("PRAGMA secure_delete = ON", [], |_| Ok(()))?;
    // 96 MiB of pages; what is sorted beyond goes to temporary files.
    connection.pragma_update(None, "cache_size", -98_304)?;
    connection.pragma_update(None, "temp_store", "FILE")
}

/// Fills the pages that the older application freed, and frees them again: they may hold what it deleted.
pub(super) fn overwrite_free_pages(connection: &Connection) -> rusqlite::Result<()> {
    let free = || connection.pragma_query_value(None, "freelist_count", |row| row.get::<_, i64>(0));
    let size: i64 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
    connection.execute_batch("CREATE TABLE quorate_free_pages (filler BLOB)")?;
    loop {
        let pages = free()?.min(PAGES_AT_ONCE);
        if pages == 0 {
            break;
        }
        // A row's last page holds four bytes less than it is long, as the others do.
        let filler = "INSERT INTO quorate_free_pages VALUES (zeroblob(?1))";
        connection.execute(filler, [pages * (size - 4)])?;
    }
    connection.execute_batch("DROP TABLE quorate_free_pages")
}

/// Brings the write-ahead log into the file, where there is one, and closes it. Where that fails the log
/// stays, with all that was committed, and whoever opens the file next does it.
pub(super) fn close(connection: Connection) {
    let _ = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    drop(connection);
}
