//! The database: whose, whole, in time; and whether its meetings can be restored.

use indicatif::HumanBytes;
use quorate::Config;
use quorate::live::clock;
use quorate::store::StoreError;
use quorate::store::inspect::Inspection;
use quorate_protocol::MeetingId;

use super::Check;
use super::journal::{Folded, fold};
use super::machine::Server;

/// The server cuts its log to nothing beyond 256 MiB; twice that, something keeps it from it.
const LOG_BYTES_HIGH: u64 = 512 * 1024 * 1024;
/// By how much the clock may be behind the journal, in milliseconds.
const BEHIND_MS_MAX: u64 = 5000;
/// Broken meetings that are named.
const NAMED_MAX: usize = 5;

/// A check of the database.
type Look = fn(&Inspection) -> Result<Check, StoreError>;

pub(super) fn checks(config: &Config, server: &Server) -> Vec<Check> {
    let (name, path) = ("database", config.database());
    if !path.exists() {
        let todo = "it is made on first start; name it with --data if it should be there";
        return vec![Check::warn(name, format!("{} is not there", path.display()), todo)];
    }
    let inspection = match Inspection::open(&path) {
        Ok(inspection) => inspection,
        // What to do it says itself.
        Err(error) => {
            return vec![Check { todo: None, ..Check::fail(name, error.to_string(), "") }];
        }
    };
    let look: [Look; 4] = [schema, integrity, references, time];
    let mut checks: Vec<_> =
        look.iter().map(|look| look(&inspection).unwrap_or_else(unreadable)).collect();
    checks.push(log(&inspection, server));
    checks.push(meetings(&inspection, config).unwrap_or_else(unreadable));
    checks
}

fn unreadable(error: StoreError) -> Check {
    let todo = "check the disk; if the file is damaged, restore it from a backup";
    Check::fail("database", error.to_string(), todo)
}

fn schema(database: &Inspection) -> Result<Check, StoreError> {
    Ok(match database.missing()? {
        Some(what) => Check::fail("schema", what, "restore the database from a backup"),
        None => Check::ok("schema", format!("version {}, complete", database.version())),
    })
}

fn integrity(database: &Inspection) -> Result<Check, StoreError> {
    Ok(match database.fault()? {
        Some(fault) => Check::fail(
            "integrity",
            fault.replace('\n', " "),
            "stop the server, keep a copy of the file, and restore it from a backup",
        ),
        None => {
            Check::ok("integrity", "SQLite finds its pages sound; see also `quorate audit verify`")
        }
    })
}

fn references(database: &Inspection) -> Result<Check, StoreError> {
    Ok(match database.dangling()? {
        (0, _) => Check::ok("references", "each row refers to what is there"),
        (count, table) => Check::fail(
            "references",
            format!(
                "{count} rows refer to what is not there, the first in {}",
                table.unwrap_or_default()
            ),
            "someone wrote to the database; PRAGMA foreign_key_check names the rows",
        ),
    })
}

/// Whether the clock is behind what was written already.
fn time(database: &Inspection) -> Result<Check, StoreError> {
    let Some(newest) = database.newest()? else {
        return Ok(Check::ok("journal", "empty"));
    };
    let now = clock::wall();
    let says =
        format!("the last event: meeting {}, seq {}, at {}", newest.meeting, newest.seq, newest.at);
    let behind = newest.at.ms_since(now);
    Ok(if behind > BEHIND_MS_MAX {
        let todo = "set the clock: timedatectl set-ntp true; until then meetings that nobody is \
                    in run at half speed";
        Check::fail(
            "journal",
            format!("{says}, which is {} s ahead of the clock", behind / 1000),
            todo,
        )
    } else {
        Check::ok("journal", says)
    })
}

fn log(database: &Inspection, server: &Server) -> Check {
    let bytes = database.log_bytes();
    let says = format!("write-ahead log of {}", HumanBytes(bytes));
    if bytes < LOG_BYTES_HIGH {
        return Check::ok("log", says);
    }
    let todo = match server.runs {
        true => "something reads the database in one long transaction: find and end it",
        false => "start the server: it brings the log into the database",
    };
    Check::warn("log", says, todo)
}

/// Folds the journal of each meeting that a server would restore.
fn meetings(database: &Inspection, config: &Config) -> Result<Check, StoreError> {
    let unfinished = database.unfinished()?;
    let broken = |id: &MeetingId| match fold(database, *id, config.terms(), |_| {}) {
        Folded::Meeting(_) => None,
        Folded::Not(why) => Some(format!("meeting {id}: {why}")),
    };
    let broken: Vec<_> = unfinished.iter().filter_map(broken).collect();
    Ok(if broken.is_empty() {
        Check::ok("meetings", format!("{} have not ended, and can be restored", unfinished.len()))
    } else {
        let named = broken[..broken.len().min(NAMED_MAX)].join("; ");
        Check::fail(
            "meetings",
            format!(
                "{} of {} cannot be restored, and are set aside: {named}",
                broken.len(),
                unfinished.len()
            ),
            "see `quorate audit verify`; restore the database from a backup, or report this",
        )
    })
}
