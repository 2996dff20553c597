//! People.

use std::borrow::Cow;
use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, Row};
use unicode_segmentation::UnicodeSegmentation;

use quorate_protocol::{NAME_GRAPHEMES_MAX, Timestamp};

use super::Work;
use super::old::{Id, OldTable, write};
use super::progress::{Counter, Progress};
use super::report::{Kind, Odd, Report};
use super::values::{Read, flag, is_text, json, text, time};
use crate::meeting::text::{disturbs, name};

/// What stands before a name that nobody may have here.
const RENAMED: &str = "legacy:";
/// Names that others have here: the system's, and what those of guests and bots begin with.
const RESERVED: [&str; 3] = ["system", "guest:", "bot:"];

/// Who is there: ids as they were, and as they are.
pub(super) type Users = HashMap<i64, i64>;

const OURS: [&str; 8] = [
    "id",
    "username",
    "email",
    "password_hash",
    "full_name",
    "is_active",
    "created_at",
    "last_login",
];

pub(super) fn take_over(
    work: &Work<'_>,
    old: &OldTable,
    report: &mut Report,
    progress: &mut dyn FnMut(Progress),
) -> rusqlite::Result<Users> {
    let mut statement = work.connection.prepare(&old.select("id"))?;
    let mut rows = statement.query([])?;
    let mut counter = Counter::new("users", old.rows, progress);
    let insert = old.insert(&OURS);
    let mut users = Users::new();
    report.rows(old.name).found = old.rows;
    while let Some(row) = rows.next()? {
        let mut looked = Looked { work, old, row, report: &mut *report };
        let (before, id) = looked.take_over(&insert)?;
        users.extend(before.map(|before| (before, id)));
        report.rows(old.name).taken_over += 1;
        counter.one_more();
    }
    Ok(users)
}

/// A row that is looked at.
pub(super) struct Looked<'a, 'r> {
    pub(super) work: &'a Work<'a>,
    pub(super) old: &'a OldTable,
    pub(super) row: &'a Row<'r>,
    pub(super) report: &'a mut Report,
}

impl Looked<'_, '_> {
    fn take_over(&mut self, insert: &str) -> rusqlite::Result<(Option<i64>, i64)> {
        let id = self.id();
        let username = self.username(id)?;
        let (email, hash) = (self.text("email"), self.text("password_hash"));
        let full_name = self.full_name();
        let is_active = self.is_active();
        let created = self.time("created_at");
        let created_at = self.or(created, &[self.work.now], "created_at").to_string();
        let last_login = self.time("last_login").map(|at| at.to_string());
        let extras = self.old.extras(self.row)?;
        write(
            self.work.connection,
            insert,
            &[&id, &username, &email, &hash, &full_name, &is_active, &created_at, &last_login],
            &extras,
        )?;
        let before = self.old.cell(self.row, "id").as_i64().ok();
        Ok((before, id))
    }

    /// The row's id, or a new one.
    pub(super) fn id(&mut self) -> i64 {
        let id = self.old.id(self.row);
        if let Id::New(id) = id {
            self.odd(
                Kind::Id,
                "id",
                format!("it is {id} now, here; other tables were not touched"),
            );
        }
        id.get()
    }

    /// Says that a column is odd.
    pub(super) fn odd(&mut self, kind: Kind, column: &str, done: String) {
        let was = json(self.old.cell(self.row, column));
        self.report.odd(Odd {
            kind,
            table: self.old.name,
            row: json(self.old.cell(self.row, "id")),
            column: Some(column),
            was: Some(was),
            done,
            whole: None,
        });
    }

    /// A time; one that does not parse is left out.
    pub(super) fn time(&mut self, column: &str) -> Option<Timestamp> {
        match time(self.old.cell(self.row, column)) {
            Read::Is(at) => Some(at),
            Read::Nothing => None,
            Read::Odd => {
                self.odd(Kind::Time, column, "left out".to_owned());
                None
            }
        }
    }

    /// A time that must be: where it is not, the first of these.
    pub(super) fn or(
        &mut self,
        at: Option<Timestamp>,
        others: &[Timestamp],
        column: &str,
    ) -> Timestamp {
        at.unwrap_or_else(|| {
            let instead = others.first().copied().unwrap_or(self.work.now);
            self.odd(Kind::Time, column, format!("{instead} in its place"));
            instead
        })
    }

    /// A text that is kept as it is; blank is none.
    fn text(&mut self, column: &str) -> Option<String> {
        let cell = self.old.cell(self.row, column);
        let text = text(cell)?.into_owned();
        if !is_text(cell) {
            self.odd(Kind::Text, column, "written as text".to_owned());
        }
        Some(text).filter(|text| !text.trim().is_empty())
    }

    fn username(&mut self, id: i64) -> rusqlite::Result<String> {
        let cell = self.old.cell(self.row, "username");
        let typed = text(cell).unwrap_or_default().into_owned();
        let blank = typed.trim().is_empty();
        let reserved = RESERVED.iter().any(|name| match name.ends_with(':') {
            true => typed.starts_with(name),
            false => typed == *name,
        });
        let mut username = match (blank, reserved) {
            (true, _) => format!("{RENAMED}{id}"),
            (false, true) => format!("{RENAMED}{typed}"),
            (false, false) => typed.clone(),
        };
        while is_taken(self.work.connection, &username)? {
            username = format!("{RENAMED}{username}-{id}");
        }
        if username != typed {
            self.odd(Kind::Username, "username", format!("they are `{username}` now"));
        } else if !is_text(cell) {
            self.odd(Kind::Username, "username", "written as text".to_owned());
        }
        Ok(username)
    }

    /// The name shown; where it may not be shown as it is, what is left of it.
    fn full_name(&mut self) -> Option<String> {
        let typed = text(self.old.cell(self.row, "full_name"))?.into_owned();
        if typed.trim().is_empty() {
            return None;
        }
        if name("full_name", &typed).is_ok() && is_text(self.old.cell(self.row, "full_name")) {
            return Some(typed);
        }
        let plain: String = typed.chars().filter(|c| !disturbs(*c)).collect();
        let short: Cow<'_, str> = plain.trim().graphemes(true).take(NAME_GRAPHEMES_MAX).collect();
        let mended = name("full_name", &short).ok();
        let done = mended.as_ref().map_or("left out".to_owned(), |name| format!("`{name}` now"));
        self.odd(Kind::Text, "full_name", done);
        mended
    }

    fn is_active(&mut self) -> bool {
        match flag(self.old.cell(self.row, "is_active")) {
            Read::Is(active) => active,
            Read::Nothing => true,
            Read::Odd => {
                self.odd(Kind::Flag, "is_active", "switched off, to be safe".to_owned());
                false
            }
        }
    }
}

fn is_taken(connection: &Connection, username: &str) -> rusqlite::Result<bool> {
    let mut statement = connection.prepare_cached("SELECT 1 FROM users WHERE username = ?1")?;
    Ok(statement.query_row([username], |_| Ok(())).optional()?.is_some())
}
