//! Who was there when, and how many at a time.

use maud::{Markup, html};
use quorate_protocol::{ReportPerson, ReportSpan, RoomId, Timestamp};

use super::ROWS_MAX;
use crate::report::html::View;
use crate::report::html::chart::columns::Columns;
use crate::report::html::chart::gantt::{Row, gantt};
use crate::report::html::chart::legend;
use crate::report::html::figure::{Table, empty, figure, numbers, only_together, section, words};
use crate::report::html::ink::Ink;
use crate::report::html::text::{count, duration, line, percent, said, score, share};

/// At most so many stretches of someone are written in the table.
const SPANS_MAX: usize = 12;
/// The colours of breakout rooms, in turn; the number on the bar tells them apart.
const ROOM_INKS: [Ink; 3] = [Ink::Green, Ink::Purple, Ink::Vermillion];
/// At most so many breakout rooms are in the legend; their table has all.
const LEGEND_ROOMS_MAX: usize = 11;

/// The section.
pub(in super::super) fn presence(view: &View<'_>) -> Markup {
    let totals = &view.report.totals;
    let content = html! {
        @if totals.participants == 0 {
            (empty("Nobody was there."))
        } @else {
            @if totals.required > 0 {
                p { (count(totals.required_present)) " of " (count(totals.required))
                    " required invitees were there for at least half of the time." }
            }
            @if view.is_aggregate() { (only_together()) } @else { (people(view)) }
            (over_time(view))
        }
    };
    section("presence", "Who was there when", &content)
}

fn people(view: &View<'_>) -> Markup {
    let people = &view.report.participants;
    let row = |person: &ReportPerson| Row {
        label: person.name.clone(),
        spans: person.present.iter().map(|span| drawn(view, span)).collect(),
    };
    let rows: Vec<_> = people.iter().take(ROWS_MAX).map(row).collect();
    let charts = html! {
        @if !view.rooms.is_empty() { (legend(&rooms(view))) }
        @if view.rooms.len() > LEGEND_ROOMS_MAX {
            p.note { "And " (view.rooms.len() - LEGEND_ROOMS_MAX) " more, see “Breakout rooms”." }
        }
        (gantt("Bars over time: when each participant was there", &rows, stretch(view), view.clock))
        @if people.len() > ROWS_MAX {
            p.note { "The first " (ROWS_MAX) " of " (count(people.len() as u64)) " are drawn; the table has everyone." }
        }
    };
    figure("Each participant’s presence, in the order in which they came", &charts, &table(view))
}

/// The time that is drawn: the meeting, and what of someone's presence is beyond it.
fn stretch(view: &View<'_>) -> (Timestamp, Timestamp) {
    let spans = || view.report.participants.iter().flat_map(|person| &person.present);
    let from = spans().map(|span| span.from).min().unwrap_or(view.start());
    let to = spans().map(|span| span.to).max().unwrap_or(view.end());
    (from.min(view.start()), to.max(view.end()))
}

/// How many rooms come before one; none for the main room and for one that is not known.
fn before(view: &View<'_>, room: Option<RoomId>) -> Option<usize> {
    view.rooms.keys().position(|it| Some(*it) == room)
}

fn drawn(view: &View<'_>, span: &ReportSpan) -> (Timestamp, Timestamp, Ink, String) {
    match (span.room, before(view, span.room)) {
        (None, _) => (span.from, span.to, Ink::Blue, String::new()),
        (Some(_), Some(n)) => {
            (span.from, span.to, ROOM_INKS[n % ROOM_INKS.len()], (n + 1).to_string())
        }
        (Some(_), None) => (span.from, span.to, Ink::Muted, String::new()),
    }
}

fn rooms(view: &View<'_>) -> Vec<(Ink, Markup)> {
    let room = |(n, name): (usize, &&str)| {
        (ROOM_INKS[n % ROOM_INKS.len()], html! { (n + 1) " " (said(name)) })
    };
    let rooms = view.rooms.values().take(LEGEND_ROOMS_MAX).enumerate().map(room);
    [(Ink::Blue, html! { "Main room" })].into_iter().chain(rooms).collect()
}

fn table(view: &View<'_>) -> Table {
    let live = view.report.totals.live_seconds as f64;
    let row = |person: &ReportPerson| {
        let there = share(person.present_seconds as f64, live).map(|share| percent(share.min(1.0)));
        vec![
            said(&person.name),
            html! {
                @match &person.role {
                    Some(role) => (role.name().replace('_', " ")),
                    None => span.muted { "not shown" },
                }
            },
            html! { (duration(person.present_seconds)) },
            html! { (there.unwrap_or_default()) },
            stretches(view, &person.present),
        ]
    };
    Table {
        caption: "who was there when",
        heads: vec![
            words("Participant"),
            words("Role"),
            numbers("Present"),
            numbers("Of the meeting"),
            words("When"),
        ],
        rows: view.report.participants.iter().map(row).collect(),
    }
}

fn stretches(view: &View<'_>, spans: &[ReportSpan]) -> Markup {
    let room = |span: &ReportSpan| {
        let room = span.room?;
        Some(view.rooms.get(&room).map_or_else(|| "another room".to_owned(), |name| line(name)))
    };
    // What is over within its minute would be read as none; someone who was there for no longer has a time.
    let read = |span: &ReportSpan| (view.time(span.from), view.time(span.to));
    let is_long = |span: &&ReportSpan| read(span).0 != read(span).1;
    let mut long: Vec<_> = spans.iter().filter(is_long).collect();
    if long.is_empty() {
        long.extend(spans.first());
    }
    html! {
        @for (n, span) in long.iter().take(SPANS_MAX).enumerate() {
            @if n > 0 { ", " }
            @let (from, to) = read(span);
            (from) @if to != from { "–" (to) }
            @if let Some(room) = room(span) { " (" bdi { (room) } ")" }
        }
        @if long.len() > SPANS_MAX { " and " (long.len() - SPANS_MAX) " more" }
    }
}

fn over_time(view: &View<'_>) -> Markup {
    let course = &view.report.course;
    let columns = Columns {
        columns: course.iter().map(|slice| (slice.at, vec![(slice.present, Ink::Blue)])).collect(),
        seconds: view.report.slice_seconds,
        end: view.end(),
        least: 4.0,
        mark: |number| format!("{number}"),
    };
    let row = |slice: &quorate_protocol::ReportSlice| {
        vec![html! { (view.time(slice.at)) }, html! { (score(slice.present)) }]
    };
    let table = Table {
        caption: "people present over time",
        heads: vec![words("From"), numbers("Present, on average")],
        rows: course.iter().map(row).collect(),
    };
    html! {
        @if !course.is_empty() {
            (figure(
                "How many were there",
                &columns.chart("Columns over time: how many were there, on average", view.clock),
                &table,
            ))
        }
    }
}
