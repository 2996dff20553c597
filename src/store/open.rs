//! Opening: whose file it is, the lock beside it, and how connections are set up.

use std::fs::{self, File, TryLockError};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::Durability;
use super::connections::{connect, set_up_writer};
use super::inspect::lock_file;
use super::maintenance::log_bytes;

/// The database as a new install sees it.
pub(crate) const SCHEMA: &str = include_str!("../../schema.sql");
/// The version of [`SCHEMA`], in `PRAGMA user_version`.
pub(super) const VERSION: u32 = 1;
/// `PRAGMA application_id`, by which a file is known to be ours: "QUOR".
const APPLICATION_ID: u32 = 0x5155_4F52;
/// Why the database cannot be opened. Nothing was altered.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It, or its folder, cannot be read or written.
    #[error("open {path}: {why}; check that its folder exists and may be written to")]
    Unreachable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        why: String,
    },
    /// The file is something else.
    #[error("open {path}: it is no SQLite database; name another file, or move this one away")]
    NotADatabase {
        /// The file.
        path: PathBuf,
    },
    /// It is ours, and broken.
    #[error("open {path}: it is damaged ({why}); restore it from a backup")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where.
        why: String,
    },
    /// A later version made it.
    #[error(
        "open {path}: it was written by a newer quorate (schema {found}, this one knows {VERSION}); \
         start that version, or restore the backup made before it"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema's version.
        found: u32,
    },
    /// The older application made it.
    #[error(
        "open {path}: it is the older application's database; \
         run `quorate migrate --database {path}` first"
    )]
    Old {
        /// The file.
        path: PathBuf,
    },
    /// Some other application made it.
    #[error("open {path}: it is another application's database; name another file")]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// Another server has it open.
    #[error("open {path}: another quorate is using it; stop that one first, or name another file")]
    InUse {
        /// The file.
        path: PathBuf,
    },
}

impl OpenError {
    pub(super) fn unreachable(path: &Path, why: impl ToString) -> OpenError {
        OpenError::Unreachable { path: path.to_owned(), why: why.to_string() }
    }

    pub(super) fn from_sqlite(path: &Path, error: &rusqlite::Error) -> OpenError {
        let why = error.to_string();
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                OpenError::Damaged { path: path.to_owned(), why }
            }
            _ => OpenError::unreachable(path, why),
        }
    }
}

/// A database that is ours, alone.
pub(super) struct Opened {
    /// The connection that writes.
    pub(super) connection: Connection,
    /// Keeps other servers out for as long as it is open.
    pub(super) lock: File,
}

/// What stands at a path.
enum Found {
    Nothing,
    Ours,
}

pub(super) fn open(path: &Path, durability: Durability) -> Result<Opened, OpenError> {
    // Before the lock, whose file stays: what is not ours gets none beside it.
    find(path)?;
    let lock = lock(path)?;
    let connection = match find(path)? {
        Found::Nothing => create(path),
        Found::Ours => connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE),
    };
    let failed = |error| OpenError::from_sqlite(path, &error);
    let connection = connection.map_err(failed)?;
    // Again: what a crashed server last wrote may stand in the log, not yet in the first bytes.
    let version = connection.pragma_query_value(None, "user_version", |row| row.get(0));
    refuse_newer(path, version.map_err(failed)?)?;
    // A migration that was killed is taken back by now.
    if !is_marked(&connection).map_err(failed)? {
        return Err(OpenError::Old { path: path.to_owned() });
    }
    if let Some(why) = missing(&connection).map_err(failed)? {
        return Err(OpenError::Damaged { path: path.to_owned(), why });
    }
    set_up_writer(&connection, durability).map_err(failed)?;
    Ok(Opened { connection, lock })
}

/// Takes the lock, which the system gives back when the process ends, however it ends. The file
/// stays: to delete it would let two servers lock two files of the same name.
fn lock(path: &Path) -> Result<File, OpenError> {
    if path.is_dir() {
        return Err(OpenError::unreachable(path, "it is a folder"));
    }
    let file = File::options().create(true).append(true).open(lock_file(path));
    let file = file.map_err(|error| OpenError::unreachable(path, error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse { path: path.to_owned() }),
        Err(TryLockError::Error(error)) => Err(OpenError::unreachable(path, error)),
    }
}

/// Refuses a file that is not a database of ours which this version can use. It is only read, and
/// by its first bytes where they tell, since SQLite may tidy up a file that it merely opens.
///
/// # Errors
/// When it is something else, or cannot be read.
pub fn check_ours(path: &Path) -> Result<(), OpenError> {
    match find(path)? {
        Found::Ours => Ok(()),
        Found::Nothing => Err(OpenError::unreachable(path, "there is no such database")),
    }
}

fn find(path: &Path) -> Result<Found, OpenError> {
    match mark(path)? {
        Mark::Nothing => Ok(Found::Nothing),
        Mark::Ours => Ok(Found::Ours),
        Mark::None => whose(path),
    }
}

/// What the first bytes of a file say.
pub(super) enum Mark {
    /// There is no file, or an empty one.
    Nothing,
    /// It is ours, and this version can use it.
    Ours,
    /// It is a database without our mark.
    None,
}

pub(super) fn mark(path: &Path) -> Result<Mark, OpenError> {
    let header = match header(path) {
        Ok(Some(header)) => header,
        Ok(None) => return Ok(Mark::Nothing),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
            return Err(OpenError::NotADatabase { path: path.to_owned() });
        }
        Err(error) => return Err(OpenError::unreachable(path, error)),
    };
    // https://sqlite.org/fileformat2.html, 1.3
    let field = |at: usize| u32::from_be_bytes(header[at..at + 4].try_into().expect("four bytes"));
    let (version, application) = (field(60), field(68));
    let path = || path.to_owned();
    if !header.starts_with(b"SQLite format 3\0") {
        Err(OpenError::NotADatabase { path: path() })
    } else if application != APPLICATION_ID {
        Ok(Mark::None)
    } else if version == 0 {
        Err(OpenError::Damaged { path: path(), why: "it has no schema version".to_owned() })
    } else {
        refuse_newer(&path(), version).map(|()| Mark::Ours)
    }
}

pub(super) fn refuse_newer(path: &Path, found: u32) -> Result<(), OpenError> {
    if found > VERSION {
        return Err(OpenError::Newer { path: path.to_owned(), found });
    }
    Ok(())
}

/// Whether our mark is in the database itself, whatever its first bytes say.
pub(super) fn is_marked(connection: &Connection) -> rusqlite::Result<bool> {
    let mark: u32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    Ok(mark == APPLICATION_ID)
}

/// The first bytes of a database; none when there is no file, or an empty one.
fn header(path: &Path) -> std::io::Result<Option<[u8; 100]>> {
    let mut file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    if file.metadata()?.len() == 0 {
        return Ok(None);
    }
    let mut header = [0; 100];
    file.read_exact(&mut header)?;
    Ok(Some(header))
}

/// A database without our mark: the older application's, a stranger's, or an empty one.
fn whose(path: &Path) -> Result<Found, OpenError> {
    let tables = peek(path)
        .and_then(|connection| names(&connection, "SELECT name FROM sqlite_schema"))
        .map_err(|error| OpenError::from_sqlite(path, &error))?;
    let has = |name: &str| tables.iter().any(|table| table == name);
    let path = path.to_owned();
    if tables.is_empty() {
        Ok(Found::Nothing)
    } else if has("meetings") && has("users") {
        Err(OpenError::Old { path })
    } else {
        Err(OpenError::Foreign { path })
    }
}

/// Opens a file that is not ours. In WAL mode SQLite would make two files beside it even to read, so it
/// is told that nobody writes, which an empty log says too.
fn peek(path: &Path) -> rusqlite::Result<Connection> {
    let read_only = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let text = path.to_str().filter(|_| log_bytes(path) == 0);
    let Some(text) = text else { return Connection::open_with_flags(path, read_only) };
    let text = text.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let uri = format!("file:{text}?immutable=1");
    Connection::open_with_flags(uri, read_only | OpenFlags::SQLITE_OPEN_URI)
}

/// A file is ours and complete, or it is not there: the schema and our mark are one transaction.
fn create(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
    let connection = connect(path, flags)?;
    let made = connection.execute_batch(&format!("BEGIN EXCLUSIVE;\n{SCHEMA}\nCOMMIT;"));
    if made.is_err() && fs::metadata(path).is_ok_and(|file| file.len() == 0) {
        let _ = fs::remove_file(path);
    }
    made.map(|()| connection)
}

/// The first table, column, index or trigger of the schema that the database lacks. This costs the
/// same for every size; damage to single pages is found when they are read, and by `audit verify`.
pub(super) fn missing(connection: &Connection) -> rusqlite::Result<Option<String>> {
    const PARTS: &str = "
        SELECT type || ' ' || name FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'
        UNION ALL
        SELECT 'column ' || s.name || '.' || c.name
            FROM sqlite_schema AS s, pragma_table_info(s.name) AS c WHERE s.type = 'table'";
    let model = Connection::open_in_memory()?;
    model.execute_batch(SCHEMA)?;
    let there = names(connection, PARTS)?;
    let missing = names(&model, PARTS)?.into_iter().find(|part| !there.contains(part));
    Ok(missing.map(|part| format!("it lacks the {part}")))
}

fn names(connection: &Connection, sql: &str) -> rusqlite::Result<Vec<String>> {
    connection.prepare(sql)?.query_map([], |row| row.get(0))?.collect()
}
