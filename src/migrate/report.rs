//! The report: what was done, and each row that was odd. The file holds it all; people are shown the counts
//! and the first few.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use quorate_protocol::Timestamp;
use serde::Serialize;
use serde_json::Value as Json;

use super::Work;
use super::schema::Plan;

/// Odd rows of a kind that people are shown.
const SHOWN: usize = 5;
/// Characters of a value that people are shown.
const SHOWN_CHARS: usize = 60;

/// In what way a row is odd.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// It refers to someone or something that is not there.
    #[default]
    Orphan,
    /// It is a second row of one person in one meeting.
    Duplicate,
    /// The meeting was left in progress.
    InProgress,
    /// The presence was left open.
    LeftOpen,
    /// The status is not known.
    Status,
    /// The time does not parse, or cannot be.
    Time,
    /// The username is reserved, missing, or someone else's.
    Username,
    /// The id cannot be kept.
    Id,
    /// The text is too long, missing, or has characters that disturb.
    Text,
    /// The code is someone else's, or no text.
    Code,
    /// Nobody can enter the passcode.
    Passcode,
    /// It should say yes or no.
    Flag,
    /// A row of others refers to what is not there.
    Reference,
}

impl Kind {
    fn said(self) -> &'static str {
        match self {
            Kind::Orphan => "rows that refer to what is not there",
            Kind::Duplicate => "further rows of a person in the same meeting",
            Kind::InProgress => "meetings left in progress",
            Kind::LeftOpen => "presences left open",
            Kind::Status => "statuses that are not known",
            Kind::Time => "times that do not parse, or cannot be",
            Kind::Username => "usernames that are reserved, missing, or twice",
            Kind::Id => "ids that cannot be kept",
            Kind::Text => "texts that are too long, missing, or disturb what is around them",
            Kind::Code => "codes that are twice, or no text",
            Kind::Passcode => "passcodes that nobody can enter",
            Kind::Flag => "values that should be yes or no",
            Kind::Reference => "rows of other tables that refer to what is not there",
        }
    }
}

/// A row that is odd, and what was done with it.
#[derive(Debug, Default, Serialize)]
pub(super) struct Odd<'a> {
    pub(super) kind: Kind,
    pub(super) table: &'a str,
    /// Its id.
    pub(super) row: Json,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) column: Option<&'a str>,
    /// What the column held.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) was: Option<Json>,
    pub(super) done: String,
    /// The whole row, where it is in no table now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) whole: Option<Json>,
}

impl fmt::Display for Odd<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.table, self.row)?;
        if let Some(column) = self.column {
            write!(f, ", {column}")?;
        }
        if let Some(was) = &self.was {
            let was = was.to_string();
            let shown: String = was.chars().take(SHOWN_CHARS).collect();
            let more = if shown.len() < was.len() { "…" } else { "" };
            write!(f, " {shown}{more}")?;
        }
        write!(f, ": {}", self.done)
    }
}

/// What became of the rows of one table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Rows {
    /// The rows that there were.
    pub found: u64,
    /// Those that are in the new table.
    pub taken_over: u64,
    /// Those that were merged into another.
    pub merged: u64,
    /// Those that are in `migration_quarantine`.
    pub quarantined: u64,
}

/// Odd rows of a kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OddRows {
    /// Which kind.
    pub kind: Kind,
    /// How many.
    pub count: u64,
    /// The first few, for people.
    #[serde(skip)]
    pub first: Vec<String>,
}

/// What was done.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Summary {
    /// The file.
    pub database: PathBuf,
    /// The copy of it as it was.
    pub backup: PathBuf,
    /// The report.
    pub report: PathBuf,
    /// The time that its journals begin with.
    pub at: Timestamp,
    /// The version that did it.
    pub version: &'static str,
    /// Rows by table.
    pub rows: BTreeMap<&'static str, Rows>,
    /// Invitations made.
    pub invitees: u64,
    /// Passcodes hashed.
    pub passcodes_hashed: u64,
    /// Codes made for meetings that had none.
    pub codes_made: u64,
    /// Rows of the journals.
    pub events: u64,
    /// Tables that are not ours, and their rows.
    pub untouched: Vec<(String, u64)>,
    /// Indexes, triggers and views that are not ours.
    pub kept: Vec<String>,
    /// What was said of our tables, and is not any more.
    pub dropped: Vec<String>,
    /// What was odd.
    pub odd_counts: Vec<OddRows>,
}

/// The report as it is written. What fails is said at its end.
pub(super) struct Report {
    out: BufWriter<File>,
    failed: Option<io::Error>,
    any: bool,
    odd: BTreeMap<Kind, (u64, Vec<String>)>,
    pub(super) rows: BTreeMap<&'static str, Rows>,
    pub(super) invitees: u64,
    pub(super) passcodes_hashed: u64,
    pub(super) codes_made: u64,
    pub(super) events: u64,
    pub(super) dropped: Vec<String>,
}

impl Report {
    pub(super) fn begin(path: &Path) -> io::Result<Report> {
        let mut out = BufWriter::new(private(path)?);
        out.write_all(b"{\"odd\":[")?;
        Ok(Report {
            out,
            failed: None,
            any: false,
            odd: BTreeMap::new(),
            rows: BTreeMap::new(),
            invitees: 0,
            passcodes_hashed: 0,
            codes_made: 0,
            events: 0,
            dropped: Vec::new(),
        })
    }

    pub(super) fn rows(&mut self, table: &'static str) -> &mut Rows {
        self.rows.entry(table).or_default()
    }

    pub(super) fn odd(&mut self, odd: Odd<'_>) {
        let (count, first) = self.odd.entry(odd.kind).or_default();
        *count += 1;
        if first.len() < SHOWN {
            first.push(odd.to_string());
        }
        if self.failed.is_none() {
            self.failed = self.write(&odd).err();
        }
    }

    fn write(&mut self, odd: &Odd<'_>) -> io::Result<()> {
        let before: &[u8] = if std::mem::replace(&mut self.any, true) { b",\n" } else { b"\n" };
        self.out.write_all(before)?;
        serde_json::to_writer(&mut self.out, odd).map_err(io::Error::from)
    }

    /// What it comes to.
    pub(super) fn summary(&self, work: &Work<'_>, plan: &Plan) -> rusqlite::Result<Summary> {
        let odd = self.odd.iter().map(|(kind, (count, first))| OddRows {
            kind: *kind,
            count: *count,
            first: first.clone(),
        });
        Ok(Summary {
            at: work.now,
            version: env!("CARGO_PKG_VERSION"),
            rows: self.rows.clone(),
            invitees: self.invitees,
            passcodes_hashed: self.passcodes_hashed,
            codes_made: self.codes_made,
            events: self.events,
            untouched: plan.untouched(work.connection)?,
            kept: plan.kept(),
            dropped: self.dropped.clone(),
            odd_counts: odd.collect(),
            ..Summary::default()
        })
    }

    /// Writes the end; it is on disk when this returns.
    pub(super) fn end(mut self, summary: &Summary) -> io::Result<()> {
        if let Some(failed) = self.failed {
            return Err(failed);
        }
        let summary = serde_json::to_string_pretty(summary).map_err(io::Error::from)?;
        // The members of one object: the rows came first, as they were found.
        writeln!(self.out, "\n],{}", &summary[1..])?;
        self.out.into_inner()?.sync_all()
    }
}

/// A file that others may not read: it holds names and texts.
fn private(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = File::options();
    options.write(true).create(true).truncate(true).mode(0o600).open(path)
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} is Quorate's now.\n", self.database.display())?;
        for (table, rows) in &self.rows {
            write!(f, "  {table}: {} of {} rows taken over", rows.taken_over, rows.found)?;
            if rows.merged > 0 {
                write!(f, ", {} merged", rows.merged)?;
            }
            if rows.quarantined > 0 {
                write!(f, ", {} in migration_quarantine", rows.quarantined)?;
            }
            writeln!(f)?;
        }
        let counts = [
            (self.invitees, "invitations"),
            (self.codes_made, "codes made for meetings without one"),
            (self.passcodes_hashed, "passwords hashed"),
            (self.events, "rows in the journals"),
        ];
        for (count, what) in counts {
            writeln!(f, "  {count} {what}")?;
        }
        for (table, rows) in &self.untouched {
            writeln!(f, "  {table}: {rows} rows, untouched")?;
        }
        for kept in &self.kept {
            writeln!(f, "  {kept}: kept")?;
        }
        for dropped in &self.dropped {
            writeln!(f, "  no longer: {dropped}")?;
        }
        if !self.odd_counts.is_empty() {
            writeln!(f, "\nOdd, and what was done:")?;
        }
        for odd in &self.odd_counts {
            writeln!(f, "  {} {}", odd.count, odd.kind.said())?;
            for first in &odd.first {
                writeln!(f, "    {first}")?;
            }
            let more = odd.count - odd.first.len() as u64;
            if more > 0 {
                writeln!(f, "    and {more} more")?;
            }
        }
        let (backup, report) = (self.backup.display(), self.report.display());
        writeln!(f, "\nEach of them stands in {report}.")?;
        writeln!(
            f,
            "As it was: {backup}, which still holds the passwords in clear; delete it when"
        )?;
        writeln!(f, "you will not go back.")?;
        write!(f, "Next: quorate serve --database {}", self.database.display())
    }
}
