//! Backups: a copy of the database as it is at one moment, taken beside a running server, and checked.
//!
//! The copy is read within one transaction, so that commits made meanwhile neither wait for it nor get into it;
//! the write-ahead log keeps them until it is done. It is written under another name, and gets its own once it
//! is whole, checked and on the disk. What stands under a backup's name is a backup.

use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use quorate_protocol::{MeetingId, Seq, Timestamp};
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags, OptionalExtension};

use super::audit::{self, Flaw, Verdict, VerifyError};
use super::connections::{connect, connect_reader};
use super::journal::parsed;
use super::open::{self, OpenError};

/// Pages copied in one go: 4 MiB.
const STEP_PAGES: i32 = 1024;
/// Between two goes, in which the disk is the server's alone.
const PAUSE: Duration = Duration::from_millis(2);

/// What a backup is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Copying; told in pages.
    Copy,
    /// Having SQLite look at the copy; not told further.
    Check,
    /// Checking the copy's journals; told in rows.
    Verify,
}

/// A backup that was made, and what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// Its size.
    pub bytes: u64,
    /// Meetings in it.
    pub meetings: u64,
    /// Rows of their journals.
    pub rows: u64,
    /// The last event that it has.
    pub newest: Option<Newest>,
}

/// The event that was written last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Newest {
    /// Of which meeting.
    pub meeting: MeetingId,
    /// Its number there.
    pub seq: Seq,
    /// When.
    pub at: Timestamp,
}

/// Why there is no backup. Nothing stands under its name then.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The database cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Something stands under that name.
    #[error("back up to {path}: it is there already; name another file", path = .0.display())]
    Exists(PathBuf),
    /// Another process is writing that backup.
    #[error("back up to {path}: another backup is being written there; wait for it", path = .0.display())]
    Busy(PathBuf),
    /// The file cannot be written.
    #[error("write {path}: {error}; check its folder, and the space there", path = path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// SQLite failed.
    #[error("copy the database: {0}; check the space there")]
    Database(#[from] rusqlite::Error),
    /// The copy is not sound, so the database is not.
    #[error("check the copy: {0}; the database is damaged, see `quorate doctor`")]
    Damaged(String),
    /// The journals cannot be checked.
    #[error("check the copy: {0}")]
    Verify(#[from] VerifyError),
    /// A journal is not whole.
    #[error("check the copy: {0}; see `quorate audit verify`")]
    Altered(Flaw),
}

/// Copies the database at `path` to `to`, where nothing may be yet, and checks the copy. `progress` is told what
/// is done, how far, and of how much; 0 of 0 where that is not known.
///
/// # Errors
/// When the database cannot be read, the copy cannot be written, or it is not sound.
pub fn back_up(
    path: &Path,
    to: &Path,
    mut progress: impl FnMut(Stage, u64, u64),
) -> Result<Made, BackupError> {
    open::check_ours(path)?;
    let partial = Partial::create(to)?;
    copy(path, &partial.path, |done, total| progress(Stage::Copy, done, total))?;
    settle(&partial.path)?;
    progress(Stage::Check, 0, 0);
    let connection = connect_reader(&partial.path)?;
    if let Some(fault) = fault(&connection)? {
        return Err(BackupError::Damaged(fault));
    }
    let newest = newest(&connection)?;
    drop(connection);
    let verdict = audit::verify(&partial.path, None, &[], |done, total| {
        progress(Stage::Verify, done, total);
    });
    match verdict? {
        Verdict::Altered(flaw) => Err(BackupError::Altered(flaw)),
        Verdict::Whole { meetings, rows } => {
            let bytes = partial.keep(to)?;
            Ok(Made { bytes, meetings, rows, newest })
        }
    }
}

/// The last event in the journal.
pub(super) fn newest(connection: &Connection) -> rusqlite::Result<Option<Newest>> {
    let row = connection.query_row(
        "SELECT meeting_id, seq, created_at FROM meeting_audit_logs ORDER BY id DESC LIMIT 1",
        [],
        |row| {
            let seq = Seq(row.get::<_, i64>(1)?.cast_unsigned());
            Ok(Newest { meeting: MeetingId(row.get(0)?), seq, at: parsed(row, 2)? })
        },
    );
    row.optional()
}

/// The first thing that SQLite finds wrong with a whole database, if anything.
fn fault(connection: &Connection) -> rusqlite::Result<Option<String>> {
    let said: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    Ok((said != "ok").then_some(said))
}

fn copy(from: &Path, to: &Path, mut progress: impl FnMut(u64, u64)) -> rusqlite::Result<()> {
    let from = connect_reader(from)?;
    let mut to = connect(to, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    // What is half written is thrown away, and what is whole is synced at its end.
    to.pragma_update(None, "synchronous", "OFF")?;
    to.pragma_update(None, "journal_mode", "OFF")?;
    // Without a transaction of ours each commit of the server would make the copy begin anew.
    from.execute_batch("BEGIN")?;
    from.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    let backup = Backup::new(&from, &mut to)?;
    loop {
        let step = backup.step(STEP_PAGES)?;
        let at = backup.progress();
        let total = u64::try_from(at.pagecount).unwrap_or_default();
        progress(total - u64::try_from(at.remaining).unwrap_or_default().min(total), total);
        if step == StepResult::Done {
            return Ok(());
        }
        thread::sleep(PAUSE);
    }
}

/// Makes it one file, that may be read where nothing may be written. A server puts its log beside it again.
fn settle(copy: &Path) -> rusqlite::Result<()> {
    let connection = connect(copy, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.pragma_update(None, "journal_mode", "DELETE")
}

/// A backup that is being written; gone when it does not come to its end.
struct Partial {
    path: PathBuf,
    /// Keeps others from writing the same.
    file: File,
    kept: bool,
}

impl Partial {
    fn create(to: &Path) -> Result<Partial, BackupError> {
        refuse_existing(to)?;
        let mut path = OsString::from(to);
        path.push(".partial");
        let path = PathBuf::from(path);
        let failed = |error| BackupError::Io { path: path.clone(), error };
        // One that was killed may have left it.
        let file = File::options().create(true).append(true).open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(BackupError::Busy(to.to_owned())),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        private(&file).and_then(|()| file.set_len(0)).map_err(failed)?;
        Ok(Partial { path, file, kept: false })
    }

    /// Gives it its name; answers its size.
    fn keep(mut self, to: &Path) -> Result<u64, BackupError> {
        refuse_existing(to)?;
        let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
        let named = self.file.sync_all().and_then(|()| fs::rename(&self.path, to));
        let named = named.and_then(|()| File::open(folder.unwrap_or(Path::new(".")))?.sync_all());
        let size = named.and_then(|()| self.file.metadata());
        self.kept = true;
        Ok(size.map_err(|error| BackupError::Io { path: to.to_owned(), error })?.len())
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.kept {
            // That there is no backup is being said already.
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn refuse_existing(path: &Path) -> Result<(), BackupError> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Ok(_) => Err(BackupError::Exists(path.to_owned())),
        Err(error) => Err(BackupError::Io { path: path.to_owned(), error }),
    }
}

/// It has names, addresses and messages in it: it is for its owner alone.
fn private(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o600))
}
