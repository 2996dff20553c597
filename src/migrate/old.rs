//! A table of the older application, read row by row.

use std::cell::Cell;
use std::collections::HashMap;

use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{Connection, Row, ToSql};
use serde_json::{Map, Value as Json};

use super::schema::{Plan, columns, old_name, quoted};
use super::values::json;

/// The highest id that is taken over: what JSON carries exactly, with room for those to come.
const ID_MAX: i64 = 1 << 52;

/// A table of the older application.
pub(super) struct OldTable {
    pub(super) name: &'static str,
    /// The columns that can be read and written, in the order that they are read in.
    columns: Vec<String>,
    places: HashMap<String, usize>,
    /// Those that are not ours.
    extras: Vec<usize>,
    /// How many rows there are.
    pub(super) rows: u64,
    /// The next id for one that cannot keep its own.
    next_id: Cell<i64>,
}

impl OldTable {
    pub(super) fn open(
        connection: &Connection,
        plan: &Plan,
        name: &'static str,
    ) -> rusqlite::Result<OldTable> {
        let stored = columns(connection, &old_name(name))?.into_iter().filter(|it| it.is_stored);
        let columns: Vec<_> = stored.map(|column| column.name).collect();
        let places = columns.iter().enumerate();
        let places = places.map(|(index, name)| (name.to_ascii_lowercase(), index)).collect();
        let extras = plan.extras(name);
        let is_extra = |index: &usize| extras.contains(&columns[*index]);
        let extras = (0..columns.len()).filter(is_extra).collect();
        let sql = format!(
            "SELECT count(*), coalesce(max(id) FILTER (WHERE typeof(id) = 'integer' AND id <= ?1), 0) \
             FROM {}",
            old_name(name)
        );
        let (rows, highest): (i64, i64) =
            connection.query_row(&sql, [ID_MAX], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let next_id = Cell::new(highest.max(0) + 1);
        Ok(OldTable { name, columns, places, extras, rows: rows.cast_unsigned(), next_id })
    }

    /// Reads all of it, in this order.
    pub(super) fn select(&self, order: &str) -> String {
        let columns: Vec<_> = self.columns.iter().map(|name| quoted(name)).collect();
        format!("SELECT {} FROM {} ORDER BY {order}", columns.join(", "), old_name(self.name))
    }

    /// A value of a row; null where there is no such column.
    pub(super) fn cell<'a>(&self, row: &'a Row<'_>, column: &str) -> ValueRef<'a> {
        let place = self.places.get(column);
        place.and_then(|place| row.get_ref(*place).ok()).unwrap_or(ValueRef::Null)
    }

    /// The row's id where it can be kept; else a new one.
    pub(super) fn id(&self, row: &Row<'_>) -> Id {
        match self.cell(row, "id") {
            ValueRef::Integer(id) if (1..=ID_MAX).contains(&id) => Id::Kept(id),
            _ => {
                let id = self.next_id.get();
                self.next_id.set(id + 1);
                Id::New(id)
            }
        }
    }

    /// The whole row.
    pub(super) fn whole(&self, row: &Row<'_>) -> Json {
        let cells = self.columns.iter().enumerate();
        let cells =
            cells.map(|(index, name)| (name.clone(), row.get_ref(index).map_or(Json::Null, json)));
        Json::Object(cells.collect::<Map<_, _>>())
    }

    /// What others keep in the row.
    pub(super) fn extras(&self, row: &Row<'_>) -> rusqlite::Result<Vec<Value>> {
        self.extras.iter().map(|index| row.get(*index)).collect()
    }

    /// A statement that writes these columns of ours, and all of others.
    pub(super) fn insert(&self, ours: &[&str]) -> String {
        let theirs = self.extras.iter().map(|index| quoted(&self.columns[*index]));
        let columns: Vec<_> = ours.iter().map(|name| (*name).to_owned()).chain(theirs).collect();
        let marks = vec!["?"; columns.len()].join(", ");
        format!("INSERT INTO {} ({}) VALUES ({marks})", self.name, columns.join(", "))
    }
}

/// An id, kept or given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Id {
    Kept(i64),
    New(i64),
}

impl Id {
    pub(super) fn get(self) -> i64 {
        let (Id::Kept(id) | Id::New(id)) = self;
        id
    }
}

/// Writes a row: values of ours, then those of others.
pub(super) fn write(
    connection: &Connection,
    sql: &str,
    ours: &[&dyn ToSql],
    extras: &[Value],
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut place = 0;
    for value in ours {
        place += 1;
        statement.raw_bind_parameter(place, value)?;
    }
    for value in extras {
        place += 1;
        statement.raw_bind_parameter(place, ToSqlOutput::Borrowed(value.into()))?;
    }
    statement.raw_execute().map(drop)
}
