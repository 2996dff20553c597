//! Why a database could not be taken over. Nothing was changed then.

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use crate::store::import::{OpenError, failed};

/// Why a database could not be taken over. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// It cannot be opened, or is something else.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Another process has it open, or is writing to it.
    #[error(
        "migrate {path}: another process is using it; stop the older application and whatever else has it \
         open, and run this again; nothing was changed"
    )]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// It may only be read.
    #[error(
        "migrate {path}: it may only be read; run this as its owner, or make it and its folder writable; \
         nothing was changed"
    )]
    ReadOnly {
        /// The file.
        path: PathBuf,
    },
    /// It is not the older application's.
    #[error(
        "migrate {path}: it is not the older application's database: {why}; name another file; nothing was \
         changed"
    )]
    Unknown {
        /// The file.
        path: PathBuf,
        /// What it lacks.
        why: String,
    },
    /// It has things of the names that Quorate's own have.
    #[error(
        "migrate {path}: it has {names} already, names that quorate needs for its own; rename them (ALTER \
         TABLE … RENAME …), and run this again; nothing was changed"
    )]
    Taken {
        /// The file.
        path: PathBuf,
        /// Which, as in `the table roles`.
        names: String,
    },
    /// The backup of another state of the file is in the way.
    #[error(
        "migrate {path}: {backup} stands there already, and is another state of it; if that is the state to \
         go on from, put it back, else move it away, and run this again; nothing was changed"
    )]
    OtherBackup {
        /// The file.
        path: PathBuf,
        /// The backup.
        backup: PathBuf,
    },
    /// The backup could not be written.
    #[error(
        "write the backup {path}: {why}; make room beside the database, or its folder writable, and run \
         this again; nothing was changed"
    )]
    Backup {
        /// The backup.
        path: PathBuf,
        /// What the system said.
        why: String,
    },
    /// The report could not be written.
    #[error("write the report {path}: {why}; mend that, and run this again")]
    Report {
        /// The report.
        path: PathBuf,
        /// What the system said.
        why: String,
    },
    /// The disk is full.
    #[error(
        "migrate {path}: the disk is full; it takes about four times the size of the file beside it, and \
         space for temporary files; make room, and run this again; nothing was changed"
    )]
    DiskFull {
        /// The file.
        path: PathBuf,
    },
    /// SQLite failed.
    #[error("migrate {path}: {why}; nothing was changed")]
    Failed {
        /// The file.
        path: PathBuf,
        /// What it said.
        why: String,
    },
}

impl MigrateError {
    /// What SQLite's failure comes to.
    pub(super) fn of(path: &Path, error: rusqlite::Error) -> MigrateError {
        let path = path.to_owned();
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                MigrateError::InUse { path }
            }
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
                MigrateError::ReadOnly { path }
            }
            Some(ErrorCode::DiskFull) => MigrateError::DiskFull { path },
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::CannotOpen) => {
                MigrateError::Open(failed(&path, &error))
            }
            _ => MigrateError::Failed { path, why: error.to_string() },
        }
    }
}
