//! The schema: what is in the way, what is kept of others, and the tables made anew.

use std::path::Path;

use rusqlite::{Connection, params_from_iter};

use super::definition::{self, Item};
use super::error::MigrateError;
use super::model;
use super::progress::Progress;
use super::report::{Kind, Odd, Report};

/// The tables of the older application that are ours now.
pub(super) const OTHERS: [&str; 3] = ["users", "meetings", "meeting_participants"];
/// What each must have, for it to be those.
const NEEDED: [&[&str]; 3] =
    [&["id", "username"], &["id", "host_id"], &["id", "meeting_id", "user_id"]];
/// The columns of each that the older application made, and that are ours under their names.
const KNOWN: [&[&str]; 3] = [
    &[
        "id",
        "username",
        "email",
        "password_hash",
        "full_name",
        "is_active",
        "created_at",
        "last_login",
    ],
    &[
        "id",
        "title",
        "description",
        "host_id",
        "start_time",
        "end_time",
        "status",
        "meeting_code",
        "password",
        "created_at",
        "updated_at",
    ],
    &["id", "meeting_id", "user_id", "status", "joined_at", "left_at", "created_at"],
];

/// The name of an old table while the new one is filled.
pub(super) fn old_name(table: &str) -> String {
    format!("quorate_old_{table}")
}

/// A name in SQL, whatever it is.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Something in `sqlite_schema`.
#[derive(Debug)]
struct Thing {
    kind: String,
    name: String,
    table: String,
    sql: Option<String>,
}

fn things(connection: &Connection) -> rusqlite::Result<Vec<Thing>> {
    let sql = "SELECT type, name, tbl_name, sql FROM sqlite_schema \
        WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY rowid";
    let mut statement = connection.prepare(sql)?;
    let things = statement.query_map([], |row| {
        Ok(Thing { kind: row.get(0)?, name: row.get(1)?, table: row.get(2)?, sql: row.get(3)? })
    });
    things?.collect()
}

/// What is to be made of the schema.
#[derive(Debug)]
pub(super) struct Plan {
    /// The schema of a new install.
    ours: Vec<Thing>,
    /// Rows that a new install has.
    model: Connection,
    /// What is not ours: tables and views, and what hangs on them or on ours.
    theirs: Vec<Thing>,
    /// Of each of [`OTHERS`]: columns that are not ours.
    extras: [Vec<String>; 3],
    /// Of each of [`OTHERS`]: its definition with those.
    tables: [String; 3],
    /// What was said of our tables, and is not any more.
    pub(super) dropped: Vec<String>,
}

impl Plan {
    /// Looks at a database and changes nothing.
    pub(super) fn of(connection: &Connection, path: &Path) -> Result<Plan, MigrateError> {
        let failed = |error| MigrateError::of(path, error);
        let model = model().map_err(failed)?;
        let ours = things(&model).map_err(failed)?;
        let all = things(connection).map_err(failed)?;
        let mut plan = Plan {
            ours,
            model,
            theirs: Vec::new(),
            extras: Default::default(),
            tables: Default::default(),
            dropped: Vec::new(),
        };
        let mut taken = Vec::new();
        for thing in all {
            if thing.kind == "table" && is_other(&thing.name) {
                continue;
            }
            let ours = plan.ours.iter().any(|it| it.name.eq_ignore_ascii_case(&thing.name));
            let scratch =
                OTHERS.iter().any(|table| thing.name.eq_ignore_ascii_case(&old_name(table)));
            if ours && thing.kind == "index" && is_other(&thing.table) {
                plan.dropped
                    .push(format!("index {}: ours of that name is in its place", thing.name));
            } else if ours || scratch {
                taken.push(format!("the {} {}", thing.kind, thing.name));
            } else {
                plan.theirs.push(thing);
            }
        }
        for index in 0..OTHERS.len() {
            plan.look_at(connection, index, &mut taken).map_err(|why| match why {
                Why::Sqlite(error) => failed(error),
                Why::Lacks(why) => MigrateError::Unknown { path: path.to_owned(), why },
            })?;
        }
        if taken.is_empty() {
            return Ok(plan);
        }
        Err(MigrateError::Taken { path: path.to_owned(), names: taken.join(", ") })
    }

    /// One of the tables that are to be ours.
    fn look_at(
        &mut self,
        connection: &Connection,
        index: usize,
        taken: &mut Vec<String>,
    ) -> Result<(), Why> {
        let table = OTHERS[index];
        let sql = "SELECT sql FROM sqlite_schema WHERE type = 'table' AND lower(name) = ?1";
        let mut statement = connection.prepare(sql)?;
        let sql: Option<String> = match statement.query_row([table], |row| row.get(0)) {
            Err(rusqlite::Error::QueryReturnedNoRows) => {
                return Err(Why::Lacks(format!("it has no table {table}")));
            }
            sql => sql?,
        };
        let columns = columns(connection, table)?;
        let has = |name: &str| columns.iter().any(|column| column.name.eq_ignore_ascii_case(name));
        if let Some(needed) = NEEDED[index].iter().find(|name| !has(name)) {
            return Err(Why::Lacks(format!("its table {table} has no column {needed}")));
        }
        if columns.iter().any(|column| column.is_key && !column.name.eq_ignore_ascii_case("id")) {
            return Err(Why::Lacks(format!("its table {table} is not known by its id")));
        }
        let ours = self::columns(&self.model, table)?;
        for column in columns {
            let is = |name: &str| name.eq_ignore_ascii_case(&column.name);
            if KNOWN[index].iter().any(|name| is(name)) {
            } else if ours.iter().any(|ours| is(&ours.name)) {
                taken.push(format!("the column {table}.{}", column.name));
            } else {
                self.extras[index].push(column.name);
            }
        }
        let sql = sql.unwrap_or_default();
        self.tables[index] = self.definition(index, &sql).ok_or_else(|| {
            Why::Lacks(format!("the definition of its table {table} cannot be read"))
        })?;
        Ok(())
    }

    /// Our definition of a table with their columns in it.
    fn definition(&mut self, index: usize, theirs: &str) -> Option<String> {
        let table = OTHERS[index];
        let ours = self.ours.iter().find(|it| it.kind == "table" && it.name == table)?;
        let ours = ours.sql.clone()?;
        let (_, their_items, _) = definition::items(theirs)?;
        let extras = &self.extras[index];
        let kept = |item: &Item<'_>| extras.iter().any(|name| item.mentions(name));
        let (mut columns, mut constraints) = (Vec::new(), Vec::new());
        for item in their_items {
            let is_extra = || extras.iter().any(|name| name.eq_ignore_ascii_case(item.name()));
            if item.is_constraint() && kept(&item) {
                constraints.push(item.text.to_owned());
            } else if item.is_constraint() && (item.mentions("CHECK") || item.mentions("UNIQUE")) {
                let text = item.text.split_whitespace().collect::<Vec<_>>().join(" ");
                self.dropped.push(format!("{table}: {text}"));
            } else if !item.is_constraint() && is_extra() {
                let free = item.without_demand();
                if free.is_some() {
                    let name = item.name();
                    self.dropped.push(format!("{table}.{name}: NOT NULL, since it has no default"));
                }
                columns.push(free.unwrap_or_else(|| item.text.to_owned()));
            }
        }
        if columns.is_empty() && constraints.is_empty() {
            return Some(ours);
        }
        let (before, our_items, after) = definition::items(&ours)?;
        let (our_constraints, our_columns): (Vec<_>, Vec<_>) =
            our_items.into_iter().partition(Item::is_constraint);
        let text = |item: Item<'_>| item.text.to_owned();
        let all = our_columns.into_iter().map(text).chain(columns);
        let all = all.chain(our_constraints.into_iter().map(text)).chain(constraints);
        // Each may end in a comment.
        Some(format!("{before}{}\n){after}", all.collect::<Vec<_>>().join("\n,")))
    }

    /// The columns of a table of [`OTHERS`] that are not ours.
    pub(super) fn extras(&self, table: &str) -> &[String] {
        let index = OTHERS.iter().position(|name| *name == table);
        index.map_or(&[], |index| &self.extras[index])
    }

    /// The tables of others, and how many rows each has.
    pub(super) fn untouched(
        &self,
        connection: &Connection,
    ) -> rusqlite::Result<Vec<(String, u64)>> {
        let tables = self.theirs.iter().filter(|it| it.kind == "table");
        tables
            .map(|table| {
                let sql = format!("SELECT count(*) FROM {}", quoted(&table.name));
                let rows: i64 = connection.query_row(&sql, [], |row| row.get(0))?;
                Ok((table.name.clone(), rows.cast_unsigned()))
            })
            .collect()
    }

    /// The indexes, triggers and views of others.
    pub(super) fn kept(&self) -> Vec<String> {
        let kept = self.theirs.iter().filter(|it| it.kind != "table" && it.sql.is_some());
        kept.map(|it| format!("{} {}", it.kind, it.name)).collect()
    }

    /// What hangs on our tables: lost with the old ones, and made again.
    fn hanging(&self, kind: &str) -> impl Iterator<Item = &Thing> {
        let hangs = move |it: &&Thing| it.kind == kind && is_other(&it.table);
        self.theirs.iter().filter(hangs)
    }

    /// Puts the old tables aside and makes all of ours, without their indexes.
    pub(super) fn make_tables(
        &self,
        connection: &Connection,
        report: &mut Report,
    ) -> rusqlite::Result<()> {
        for trigger in self.hanging("trigger") {
            connection.execute_batch(&format!("DROP TRIGGER {}", quoted(&trigger.name)))?;
        }
        for table in OTHERS {
            connection
                .execute_batch(&format!("ALTER TABLE {table} RENAME TO {}", old_name(table)))?;
        }
        for table in self.ours.iter().filter(|it| it.kind == "table") {
            let index = OTHERS.iter().position(|name| *name == table.name);
            let sql = index.map_or(table.sql.as_deref(), |index| Some(&self.tables[index]));
            connection.execute_batch(sql.unwrap_or_default())?;
            self.copy_rows(connection, &table.name)?;
        }
        // They keep what is made of our tables, also of what is taken over.
        for trigger in self.ours.iter().filter(|it| it.kind == "trigger") {
            connection.execute_batch(trigger.sql.as_deref().unwrap_or_default())?;
        }
        report.dropped.clone_from(&self.dropped);
        Ok(())
    }

    /// What a new install has in a table.
    fn copy_rows(&self, connection: &Connection, table: &str) -> rusqlite::Result<()> {
        let mut statement = self.model.prepare(&format!("SELECT * FROM {table}"))?;
        let columns = statement.column_names().collect::<Vec<_>>().join(", ");
        let marks = vec!["?"; statement.column_count()].join(", ");
        let count = statement.column_count();
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let values = (0..count).map(|index| row.get::<_, rusqlite::types::Value>(index));
            let values = values.collect::<rusqlite::Result<Vec<_>>>()?;
            let sql = format!("INSERT INTO {table} ({columns}) VALUES ({marks})");
            connection.execute(&sql, params_from_iter(values))?;
        }
        Ok(())
    }

    /// Drops the old tables, makes the indexes, and all of others that hung on them; our mark is last.
    pub(super) fn finish(
        &self,
        connection: &Connection,
        report: &mut Report,
        progress: &mut dyn FnMut(Progress),
    ) -> rusqlite::Result<()> {
        let indexes = self.ours.iter().filter(|it| it.kind == "index");
        let indexes = indexes.chain(self.hanging("index")).filter_map(|it| it.sql.as_deref());
        let triggers = self.hanging("trigger").filter_map(|it| it.sql.as_deref());
        let made: Vec<_> = indexes.chain(triggers).collect();
        let total = (OTHERS.len() + made.len() + 1) as u64;
        let mut done = 0;
        let mut tell = || {
            progress(Progress { step: "indexes", done, total });
            done += 1;
        };
        for table in OTHERS {
            tell();
            connection.execute_batch(&format!("DROP TABLE {}", old_name(table)))?;
        }
        for sql in made {
            tell();
            connection.execute_batch(sql)?;
        }
        tell();
        check_references(connection, report)?;
        for pragma in ["application_id", "user_version"] {
            let value: i64 = self.model.pragma_query_value(None, pragma, |row| row.get(0))?;
            connection.pragma_update(None, pragma, value)?;
        }
        tell();
        Ok(())
    }
}

/// Finds rows that refer to nothing. Ours do not; those of others, and the columns of others in ours, are
/// what they were.
fn check_references(connection: &Connection, report: &mut Report) -> rusqlite::Result<()> {
    let mut statement = connection.prepare("PRAGMA foreign_key_check")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (table, id): (String, Option<i64>) = (row.get(0)?, row.get(1)?);
        let parent: String = row.get(2)?;
        report.odd(Odd {
            kind: Kind::Reference,
            table: &table,
            row: id.into(),
            done: format!("untouched: it refers to a row of {parent} that is not there"),
            ..Odd::default()
        });
    }
    Ok(())
}

/// Why a table is not what it should be.
enum Why {
    Lacks(String),
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for Why {
    fn from(error: rusqlite::Error) -> Why {
        Why::Sqlite(error)
    }
}

fn is_other(table: &str) -> bool {
    OTHERS.iter().any(|name| table.eq_ignore_ascii_case(name))
}

/// A column of a table.
pub(super) struct Column {
    pub(super) name: String,
    is_key: bool,
    /// Whether it can be written, and is not computed.
    pub(super) is_stored: bool,
}

pub(super) fn columns(connection: &Connection, table: &str) -> rusqlite::Result<Vec<Column>> {
    let sql = "SELECT name, pk, hidden FROM pragma_table_xinfo(?1)";
    let mut statement = connection.prepare(sql)?;
    let columns = statement.query_map([table], |row| {
        let is_key = row.get::<_, i64>(1)? > 0;
        Ok(Column { name: row.get(0)?, is_key, is_stored: row.get::<_, i64>(2)? == 0 })
    });
    columns?.collect()
}
