//! Taking over the older application's database, in place: `quorate migrate`.
//!
//! What it promises:
//! - It is one transaction. Killed at any point it leaves the old file, which the older application goes on
//!   with, or the new one, whole; nothing between.
//! - Before it, a copy of the file stands beside it, on disk.
//! - Nothing is lost: every row of the old tables is in the new ones, merged into another, which the report
//!   says with the row itself, or whole in `migration_quarantine`. Tables, columns, indexes, triggers and views
//!   that are not ours stay as they are.
//! - Its schema is that of a new install, and its tables are what its journals say.
//! - No passcode stands in it in clear, nor in its freed pages.

mod backup;
mod definition;
mod error;
mod file;
mod hashing;
mod meetings;
mod old;
mod participants;
mod progress;
mod report;
mod schema;
#[cfg(test)]
mod tests;
mod users;
mod values;

use std::path::{Path, PathBuf};

use quorate_protocol::Timestamp;
use rusqlite::Connection;

use crate::live::clock;
use crate::store::import::SCHEMA;

pub use error::MigrateError;
use file::Found;
use hashing::Hashing;
use old::OldTable;
pub use progress::Progress;
use report::Report;
pub use report::Summary;
use schema::{OTHERS, Plan};

/// What came of it.
#[derive(Debug)]
pub enum Outcome {
    /// It was Quorate's already; nothing was done.
    Already,
    /// It is Quorate's now.
    Migrated(Box<Summary>),
}

/// Takes the database over. `progress` is told how far it is.
///
/// # Errors
/// When that cannot be done; nothing was changed then, and the error says what to do.
pub fn migrate(
    database: &Path,
    mut progress: impl FnMut(Progress),
) -> Result<Outcome, MigrateError> {
    let database = database.canonicalize().unwrap_or_else(|_| database.to_owned());
    let reports = Reports::beside(&database);
    let connection = match file::open(&database)? {
        Found::Ours => {
            // Killed between the end of the transaction and here.
            reports.finish()?;
            return Ok(Outcome::Already);
        }
        Found::Old(connection) => connection,
    };
    let work = Work { connection: &connection, database: &database, now: clock::wall() };
    let plan = Plan::of(&connection, &database)?;
    let backup = backup::make(&connection, &database, &mut progress)?;
    let done = work.carry_out(&plan, &reports, &backup.path, &mut progress);
    let summary = match done {
        Ok(summary) => summary,
        Err(error) => {
            // The connection first: it takes everything back.
            drop(connection);
            reports.discard();
            backup.discard();
            return Err(error);
        }
    };
    file::close(connection);
    reports.finish()?;
    Ok(Outcome::Migrated(Box::new(summary)))
}

/// Where the report is written, and where it stands in the end.
#[derive(Debug)]
struct Reports {
    part: PathBuf,
    whole: PathBuf,
}

impl Reports {
    fn beside(database: &Path) -> Reports {
        let part = file::beside(database, ".migration.json.part");
        Reports { part, whole: file::beside(database, ".migration.json") }
    }

    /// Gives a report that is complete its name.
    fn finish(&self) -> Result<(), MigrateError> {
        match std::fs::rename(&self.part, &self.whole) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(MigrateError::Report { path: self.part.clone(), why: error.to_string() })
            }
            _ => Ok(()),
        }
    }

    fn discard(&self) {
        // It may not be there yet.
        let _ = std::fs::remove_file(&self.part);
    }
}

/// What every part of the work needs.
struct Work<'a> {
    connection: &'a Connection,
    database: &'a Path,
    /// The time of all that it writes.
    now: Timestamp,
}

impl Work<'_> {
    fn carry_out(
        &self,
        plan: &Plan,
        reports: &Reports,
        backup: &Path,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Summary, MigrateError> {
        let failed = |error| MigrateError::of(self.database, error);
        let unwritten = |why: std::io::Error| MigrateError::Report {
            path: reports.part.clone(),
            why: why.to_string(),
        };
        let mut report = Report::begin(&reports.part).map_err(unwritten)?;
        self.connection.execute_batch("BEGIN EXCLUSIVE").map_err(failed)?;
        let mut summary = self.transaction(plan, &mut report, progress).map_err(failed)?;
        summary.database = self.database.to_owned();
        summary.backup = backup.to_owned();
        summary.report = reports.whole.clone();
        // Before the end of the transaction: there is no new database without its report.
        report.end(&summary).map_err(unwritten)?;
        self.connection.execute_batch("COMMIT").map_err(failed)?;
        Ok(summary)
    }

    fn transaction(
        &self,
        plan: &Plan,
        report: &mut Report,
        progress: &mut dyn FnMut(Progress),
    ) -> rusqlite::Result<Summary> {
        let connection = self.connection;
        file::overwrite_free_pages(connection)?;
        plan.make_tables(connection, report)?;
        let [users, meetings, people] = OTHERS.map(|name| OldTable::open(connection, plan, name));
        let (users, meetings, people) = (users?, meetings?, people?);
        let users = users::take_over(self, &users, report, progress)?;
        let hashing = Hashing::start();
        meetings::take_over(self, &meetings, &people, &users, &hashing, report, progress)?;
        hashing.finish(connection, report, progress)?;
        plan.finish(connection, report, progress)?;
        report.summary(self, plan)
    }
}

/// The schema of a new install, in a database of its own, to look things up in.
fn model() -> rusqlite::Result<Connection> {
    let model = Connection::open_in_memory()?;
    model.execute_batch(SCHEMA)?;
    Ok(model)
}
