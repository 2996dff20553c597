//! A report as a table: CSV (RFC 4180), a row for each participant.

use quorate_protocol::{Report, ReportPerson};
use serde::Serialize;

use crate::meeting::engagement::key;

/// What a text must not begin with: a spreadsheet would take it for a formula, also in its wide forms.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];
/// After these a text begins anew for a spreadsheet that takes them, and not the comma, for the end of a cell, or
/// that lost count of the quotes.
const ENDS: [char; 4] = [';', '\t', '\r', '\n'];
/// A column: what it is called, and what is in it of each row's thing.
pub(super) type Column<T> = (&'static str, fn(&T) -> String);

const COLUMNS: &[Column<ReportPerson>] = &[
    ("name", |it| text(&it.name)),
    ("participant", |it| known(it.participant)),
    ("user", |it| known(it.user)),
    ("kind", |it| word(&it.kind)),
    ("role", |it| it.role.as_ref().map(word).unwrap_or_default()),
    ("came_at", |it| known(it.present.first().map(|span| span.from))),
    ("left_at", |it| known(it.present.last().map(|span| span.to))),
    ("present_seconds", |it| it.present_seconds.to_string()),
    ("talk_seconds", |it| known(it.talk_seconds)),
    ("messages", |it| it.messages.to_string()),
    ("hands", |it| it.hands.to_string()),
    ("reactions", |it| it.reactions.to_string()),
    ("polls_seen", |it| it.polls_seen.to_string()),
    ("polls_answered", |it| it.polls_answered.to_string()),
    ("quality_r", |it| tenths(it.quality_r)),
    ("minutes_excellent", |it| it.quality_minutes.excellent.to_string()),
    ("minutes_good", |it| it.quality_minutes.good.to_string()),
    ("minutes_fair", |it| it.quality_minutes.fair.to_string()),
    ("minutes_poor", |it| it.quality_minutes.poor.to_string()),
    ("engagement", |it| tenths(Some(it.engagement.score))),
    ("engagement_confidence", |it| word(&it.engagement.confidence)),
    ("engagement_version", |it| it.engagement.version.to_string()),
    ("points_presence", |it| points(it, key::PRESENCE)),
    ("points_voice", |it| points(it, key::VOICE)),
    ("points_chat", |it| points(it, key::CHAT)),
    ("points_response", |it| points(it, key::RESPONSE)),
    ("points_signal", |it| points(it, key::SIGNAL)),
];

/// The participants of a report as CSV.
///
/// # Errors
/// Never in practice: it is written into memory.
pub fn csv(report: &Report) -> csv::Result<Vec<u8>> {
    written(COLUMNS, &report.participants)
}

/// A row for each of these as CSV: UTF-8, a header row, lines that end in CR LF. What people typed comes as
/// [`text`].
pub(super) fn written<T>(columns: &[Column<T>], rows: &[T]) -> csv::Result<Vec<u8>> {
    let mut writer =
        csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(columns.iter().map(|(name, _)| name))?;
    for row in rows {
        writer.write_record(columns.iter().map(|(_, cell)| cell(row)))?;
    }
    writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))
}

/// The points of a component; empty where it does not apply.
fn points(person: &ReportPerson, key: &str) -> String {
    let mut components = person.engagement.components.iter();
    tenths(components.find(|it| it.key == key && it.available).map(|it| it.points))
}

/// What is known; empty where it is not.
pub(super) fn known(cell: Option<impl ToString>) -> String {
    cell.map(|it| it.to_string()).unwrap_or_default()
}

/// A figure with one decimal; empty where there is none.
pub(super) fn tenths(figure: Option<f64>) -> String {
    known(figure.map(|figure| format!("{figure:.1}")))
}

/// An enum's name on the wire.
pub(super) fn word(value: &impl Serialize) -> String {
    let value = serde_json::to_value(value).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}

/// What someone typed, with an apostrophe before whatever a spreadsheet would take for a formula.
pub(super) fn text(typed: &str) -> String {
    let mut safe = String::with_capacity(typed.len() + 1);
    let mut begins = true;
    for char in typed.chars() {
        if begins && (FORMULA.contains(&char) || (safe.is_empty() && char.is_control())) {
            safe.push('\'');
        }
        // Quotes are taken off, and spaces are passed over.
        begins = ENDS.contains(&char) || (begins && (char == '"' || char.is_whitespace()));
        safe.push(char);
    }
    safe
}
