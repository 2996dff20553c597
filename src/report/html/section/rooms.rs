//! The breakout rooms.

use maud::{Markup, html};
use quorate_protocol::ReportRoom;

use crate::report::html::View;
use crate::report::html::figure::{Table, empty, numbers, section, words};
use crate::report::html::text::{count, duration, said};

/// The section.
pub(in super::super) fn rooms(view: &View<'_>) -> Markup {
    let rooms = &view.report.rooms;
    // The numbers are those in the chart of who was there when.
    let row = |(number, room): (usize, &ReportRoom)| {
        let mean = room.present_seconds / u64::from(room.participants.max(1));
        vec![
            html! { (number) " " (said(&room.name)) },
            html! { (count(room.participants)) },
            html! { (duration(room.present_seconds)) },
            html! { (duration(mean)) },
        ]
    };
    let table = Table {
        caption: "breakout rooms",
        heads: vec![
            words("Room"),
            numbers("People"),
            numbers("All together"),
            numbers("Each, on average"),
        ],
        rows: (1..).zip(rooms).map(row).collect(),
    };
    let content = html! {
        @if rooms.is_empty() { (empty("Nobody was in a breakout room.")) }
        @else { (table.show()) }
    };
    section("rooms", "Breakout rooms", &content)
}
