//! How good the connections were.

use maud::{Markup, html};
use quorate_protocol::{QualityLevel, QualityMinutes, ReportSlice};

use crate::report::html::View;
use crate::report::html::chart::columns::Columns;
use crate::report::html::chart::legend;
use crate::report::html::figure::{Table, empty, figure, numbers, section, words};
use crate::report::html::ink::Ink;
use crate::report::html::text::{count, counted, percent, said, score, share};

/// The levels from the best, and their colours.
const LEVELS: [(&str, Ink, QualityLevel); 4] = [
    ("Excellent", Ink::Excellent, QualityLevel::Excellent),
    ("Good", Ink::Good, QualityLevel::Good),
    ("Fair", Ink::Fair, QualityLevel::Fair),
    ("Poor", Ink::Poor, QualityLevel::Poor),
];

/// The share of minutes that were at least so good; none where nothing was measured.
pub(super) fn at_least(level: QualityLevel, minutes: QualityMinutes) -> Option<f64> {
    share(minutes.at_least(level) as f64, minutes.all() as f64)
}

/// The section.
pub(in super::super) fn quality(view: &View<'_>) -> Markup {
    let minutes = view.report.totals.quality_minutes;
    let content = html! {
        @match at_least(QualityLevel::Good, minutes) {
            None => (empty("Connections were not measured.")),
            Some(good) => {
                p { "Of " (counted(minutes.all(), "minute", "minutes")) " that were measured of everyone together, "
                    (percent(good)) " were good or excellent." }
                (over_time(view))
                (people(view))
            }
        }
    };
    section("quality", "Connection quality", &content)
}

/// The shares of a slice's minutes, from the best.
fn shares(minutes: QualityMinutes) -> Option<[f64; 4]> {
    let all = minutes.all() as f64;
    (all > 0.0).then(|| LEVELS.map(|(_, _, level)| f64::from(minutes.of(level)) / all))
}

fn over_time(view: &View<'_>) -> Markup {
    let course = &view.report.course;
    let column = |slice: &ReportSlice| {
        let parts = shares(slice.quality_minutes).unwrap_or_default();
        (slice.at, parts.into_iter().zip(LEVELS).map(|(part, (_, ink, _))| (part, ink)).collect())
    };
    let columns = Columns {
        columns: course.iter().map(column).collect(),
        seconds: view.report.slice_seconds,
        end: view.end(),
        least: 1.0,
        mark: percent,
    };
    let charts = html! {
        (legend(&LEVELS.map(|(name, ink, _)| (ink, name.to_owned()))))
        (columns.chart("Columns over time: the share of minutes that were excellent, good, fair and poor", view.clock))
    };
    html! { @if !course.is_empty() { (figure("Share of measured minutes", &charts, &table(view))) } }
}

fn table(view: &View<'_>) -> Table {
    let row = |slice: &ReportSlice| {
        let all = count(slice.quality_minutes.all());
        let mut row = vec![html! { (view.time(slice.at)) }, html! { (all) }];
        let shares = shares(slice.quality_minutes).map(|shares| shares.map(percent));
        row.extend(shares.unwrap_or([const { String::new() }; 4]).map(|it| html! { (it) }));
        row
    };
    Table {
        caption: "connection quality over time",
        heads: vec![
            words("From"),
            numbers("Minutes measured"),
            numbers("Excellent"),
            numbers("Good"),
            numbers("Fair"),
            numbers("Poor"),
        ],
        rows: view.report.course.iter().map(row).collect(),
    }
}

/// Each one's connection, in a table only.
fn people(view: &View<'_>) -> Markup {
    let measured = view.report.participants.iter().filter(|person| person.quality_r.is_some());
    let rows: Vec<_> = measured
        .map(|person| {
            let mut row = vec![
                said(&person.name),
                html! { (person.quality_r.map(score).unwrap_or_default()) },
            ];
            let minutes = |(_, _, level)| html! { (count(person.quality_minutes.of(level))) };
            row.extend(LEVELS.map(minutes));
            row
        })
        .collect();
    let table = Table {
        caption: "minutes of each participant by quality",
        heads: vec![
            words("Participant"),
            numbers("Mean R"),
            numbers("Excellent"),
            numbers("Good"),
            numbers("Fair"),
            numbers("Poor"),
        ],
        rows,
    };
    html! {
        @if !table.rows.is_empty() {
            details { summary { "As a table: " (table.caption) } (table.show()) }
        }
    }
}
