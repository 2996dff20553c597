//! The copy of the file as it was, beside it.

use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rusqlite::backup::{Backup as Copying, StepResult};

use super::Progress;
use super::error::MigrateError;
use super::file::beside;

/// Pages copied between two words about it.
const PAGES: i32 = 4096;

/// The backup.
pub(super) struct Backup {
    pub(super) path: PathBuf,
    /// Whether it was made now, and not by an earlier run that was killed.
    new: bool,
}

impl Backup {
    /// Takes it away after a failure, so that it is in nobody's way once the older application went on.
    pub(super) fn discard(self) {
        if self.new {
            let _ = fs::remove_file(self.path);
        }
    }
}

/// Makes it, page by page: numbers of rows stay as they are. It is on disk when this returns.
pub(super) fn make(
    connection: &Connection,
    database: &Path,
    progress: &mut dyn FnMut(Progress),
) -> Result<Backup, MigrateError> {
    let path = beside(database, ".before-quorate");
    let part = beside(database, ".before-quorate.part");
    let failed = |why: String| MigrateError::Backup { path: path.clone(), why };
    let made = copy(connection, &part, progress)
        .map_err(|error| error.to_string())
        .and_then(|()| settle(database, &part, &path).map_err(|error| error.to_string()));
    match made {
        Ok(Settled::New) => Ok(Backup { path, new: true }),
        Ok(Settled::Same) => Ok(Backup { path, new: false }),
        Ok(Settled::Other) => {
            Err(MigrateError::OtherBackup { path: database.to_owned(), backup: path })
        }
        Err(why) => {
            let _ = fs::remove_file(&part);
            Err(failed(why))
        }
    }
}

fn copy(
    connection: &Connection,
    to: &Path,
    progress: &mut dyn FnMut(Progress),
) -> rusqlite::Result<()> {
    // Of an earlier run that was killed.
    let _ = fs::remove_file(to);
    let mut target = Connection::open(to)?;
    // A copy that is not complete is no copy; it is synced when it is.
    target.pragma_update(None, "synchronous", "OFF")?;
    target.query_row("PRAGMA journal_mode = OFF", [], |_| Ok(()))?;
    let copying = Copying::new(connection, &mut target)?;
    loop {
        let step = copying.step(PAGES)?;
        let pages = copying.progress();
        let total = pages.pagecount.max(0) as u64;
        let done = total - pages.remaining.max(0) as u64;
        progress(Progress { step: "backup", done, total });
        match step {
            StepResult::Done => break,
            StepResult::More => {}
            // Nobody else has either file open, so that this does not come.
            _ => {
                let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY);
                return Err(rusqlite::Error::SqliteFailure(code, None));
            }
        }
    }
    drop(copying);
    target.close().map_err(|(_, error)| error)
}

enum Settled {
    New,
    Same,
    Other,
}

/// Gives the copy its name, or finds that it stands there already.
fn settle(database: &Path, part: &Path, path: &Path) -> io::Result<Settled> {
    let file = File::open(part)?;
    // As private as the database itself, whose clear passcodes it holds.
    file.set_permissions(fs::metadata(database)?.permissions())?;
    file.sync_all()?;
    if path.exists() {
        let same = same(&file, path)?;
        fs::remove_file(part)?;
        return Ok(if same { Settled::Same } else { Settled::Other });
    }
    fs::rename(part, path)?;
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        File::open(folder)?.sync_all()?;
    }
    Ok(Settled::New)
}

fn same(file: &File, path: &Path) -> io::Result<bool> {
    let other = File::open(path)?;
    if file.metadata()?.len() != other.metadata()?.len() {
        return Ok(false);
    }
    let (mut one, mut other) = (BufReader::new(file), BufReader::new(other));
    let (mut left, mut right) = ([0; 65_536], [0; 65_536]);
    loop {
        let length = fill(&mut one, &mut left)?;
        if fill(&mut other, &mut right)? != length || left[..length] != right[..length] {
            return Ok(false);
        }
        if length == 0 {
            return Ok(true);
        }
    }
}

/// Reads until the buffer is full or the file ends.
fn fill(file: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    while length < buffer.len() {
        match file.read(&mut buffer[length..])? {
            0 => break,
            read => length += read,
        }
    }
    Ok(length)
}
