//! A report as a table: CSV (RFC 4180), a row for each participant.

use quorate_protocol::{Report, ReportPerson, Timestamp};
use serde::Serialize;

use crate::meeting::engagement::key;

/// What a text must not begin with: a spreadsheet would take it for a formula, also in its wide forms.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];
/// After these a text begins anew for a spreadsheet that takes them, and not the comma, for the end of a cell, or
/// that lost count of the quotes.
const ENDS: [char; 4] = [';', '\t', '\r', '\n'];
/// The columns.
const HEADER: [&str; 27] = [
    "name",
    "participant",
    "user",
    "kind",
    "role",
    "came_at",
    "left_at",
    "present_seconds",
    "talk_seconds",
    "messages",
    "hands",
    "reactions",
    "polls_seen",
    "polls_answered",
    "quality_r",
    "minutes_excellent",
    "minutes_good",
    "minutes_fair",
    "minutes_poor",
    "engagement",
    "engagement_confidence",
    "engagement_version",
    "points_presence",
    "points_voice",
    "points_chat",
    "points_response",
    "points_signal",
];

/// The participants of a report as CSV.
///
/// # Errors
/// Never in practice: it is written into memory.
pub fn csv(report: &Report) -> csv::Result<Vec<u8>> {
    written(HEADER, report.participants.iter().map(row))
}

/// Rows as CSV: UTF-8, a header row, lines that end in CR LF. What people typed comes as [`text`].
pub(super) fn written<const N: usize>(
    header: [&str; N],
    rows: impl Iterator<Item = [String; N]>,
) -> csv::Result<Vec<u8>> {
    let mut writer =
        csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(header)?;
    for row in rows {
        writer.write_record(row)?;
    }
    writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))
}

fn row(person: &ReportPerson) -> [String; HEADER.len()] {
    let time = |at: Option<Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
    let engagement = &person.engagement;
    // Empty where a component does not apply.
    let points = |key: &str| {
        let component = engagement.components.iter().find(|it| it.key == key && it.available);
        component.map(|it| format!("{:.1}", it.points)).unwrap_or_default()
    };
    [
        text(&person.name),
        person.participant.map(|id| id.to_string()).unwrap_or_default(),
        person.user.map(|id| id.to_string()).unwrap_or_default(),
        word(&person.kind),
        person.role.as_ref().map(word).unwrap_or_default(),
        time(person.present.first().map(|span| span.from)),
        time(person.present.last().map(|span| span.to)),
        person.present_seconds.to_string(),
        person.talk_seconds.map(|it| it.to_string()).unwrap_or_default(),
        person.messages.to_string(),
        person.hands.to_string(),
        person.reactions.to_string(),
        person.polls_seen.to_string(),
        person.polls_answered.to_string(),
        person.quality_r.map(|r| format!("{r:.1}")).unwrap_or_default(),
        person.quality_minutes.excellent.to_string(),
        person.quality_minutes.good.to_string(),
        person.quality_minutes.fair.to_string(),
        person.quality_minutes.poor.to_string(),
        format!("{:.1}", engagement.score),
        word(&engagement.confidence),
        engagement.version.to_string(),
        points(key::PRESENCE),
        points(key::VOICE),
        points(key::CHAT),
        points(key::RESPONSE),
        points(key::SIGNAL),
    ]
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
