//! What becomes of old databases.

mod chance;
mod folding;
mod keeping;
mod mapping;
mod odd;
mod refusing;

use std::fs;
use std::path::PathBuf;

use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, Params};
use serde_json::Value as Json;
use tempfile::TempDir;

use super::{MigrateError, Outcome, Summary, file, migrate};

/// A database as the older application left it.
const BEFORE: &str = include_str!("../../tests/migrate/before.sql");

/// A folder that goes away by itself, and an old database in it.
struct Scratch {
    folder: TempDir,
    path: PathBuf,
}

impl Scratch {
    /// The one above, and then this.
    fn before(script: &str) -> Scratch {
        Scratch::of(&format!("{BEFORE}; {script}"))
    }

    /// The same tables, with only this in them.
    fn empty(script: &str) -> Scratch {
        let (tables, _) = BEFORE.split_once("INSERT INTO").unwrap();
        Scratch::of(&format!("{tables} {script}; COMMIT"))
    }

    fn of(script: &str) -> Scratch {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("app.db");
        let scratch = Scratch { folder, path };
        scratch.open().execute_batch(script).unwrap();
        scratch
    }

    fn open(&self) -> Connection {
        Connection::open(&self.path).unwrap()
    }

    fn try_migrate(&self) -> Result<Outcome, MigrateError> {
        migrate(&self.path, |_| {})
    }

    fn migrate(&self) -> Migrated {
        let Outcome::Migrated(summary) = self.try_migrate().unwrap() else { panic!("was ours") };
        let text = fs::read_to_string(self.beside(".migration.json")).unwrap();
        let report = serde_json::from_str(&text).unwrap();
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
        let connection = Connection::open_with_flags(&self.path, flags).unwrap();
        Migrated { connection, summary: *summary, report }
    }

    fn beside(&self, end: &str) -> PathBuf {
        file::beside(&self.path, end)
    }
}

/// What came of it.
struct Migrated {
    connection: Connection,
    summary: Summary,
    report: Json,
}

impl Migrated {
    /// All rows, each as text with `|` between its values.
    fn rows(&self, sql: &str) -> Vec<String> {
        rows(&self.connection, sql, [])
    }

    fn row(&self, sql: &str) -> String {
        self.rows(sql).join("\n")
    }

    /// The odd rows of that kind in the report.
    fn odd(&self, kind: &str) -> Vec<&Json> {
        let all = self.report["odd"].as_array().unwrap();
        all.iter().filter(|odd| odd["kind"] == kind).collect()
    }
}

fn rows(connection: &Connection, sql: &str, params: impl Params) -> Vec<String> {
    let mut statement = connection.prepare(sql).unwrap();
    let count = statement.column_count();
    let rows = statement.query_map(params, |row| {
        let values = (0..count).map(|index| Ok(shown(row.get(index)?)));
        Ok(values.collect::<rusqlite::Result<Vec<_>>>()?.join("|"))
    });
    rows.unwrap().collect::<Result<_, _>>().unwrap()
}

fn shown(value: Value) -> String {
    match value {
        Value::Null => "–".to_owned(),
        Value::Integer(value) => value.to_string(),
        Value::Real(value) => value.to_string(),
        Value::Text(text) => text,
        Value::Blob(bytes) => format!("{bytes:?}"),
    }
}
