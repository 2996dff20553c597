//! Talk, chat and hands over time.

use maud::{Markup, html};
use quorate_protocol::ReportSlice;

use crate::report::html::View;
use crate::report::html::chart::columns::Columns;
use crate::report::html::figure::{Table, empty, figure, numbers, section, words};
use crate::report::html::ink::Ink;
use crate::report::html::text::{count, duration, measured};

/// The section.
pub(in super::super) fn course(view: &View<'_>) -> Markup {
    let course = &view.report.course;
    let is_any =
        |it: &ReportSlice| it.messages > 0 || it.hands > 0 || it.talk_seconds.unwrap_or(0) > 0;
    let content = html! {
        @if course.iter().any(is_any) {
            p { "In steps of " (duration(u64::from(view.report.slice_seconds))) "." }
            (figure("What happened when", &charts(view), &table(view)))
        } @else {
            (empty("Nobody wrote, raised a hand or was heard."))
        }
    };
    section("course", "Chat, hands and talk over time", &content)
}

fn charts(view: &View<'_>) -> Markup {
    let course = &view.report.course;
    let talk_max = f64::from(view.report.slice_seconds.max(1));
    let talk = |it: &ReportSlice| it.talk_seconds.unwrap_or(0) as f64 / talk_max;
    html! {
        @if course.iter().any(|it| it.messages > 0) {
            h3 { "Messages" }
            (panel(view, "Columns over time: messages", Ink::Blue, 4.0, |it| f64::from(it.messages)))
        }
        @if course.iter().any(|it| it.hands > 0) {
            h3 { "Hands raised" }
            (panel(view, "Columns over time: hands raised", Ink::Orange, 4.0, |it| f64::from(it.hands)))
        }
        @if course.iter().any(|it| it.talk_seconds.unwrap_or(0) > 0) {
            h3 { "Talk, in people who speak at a time" }
            (panel(view, "Columns over time: how many spoke at a time", Ink::Green, 1.0, talk))
        }
    }
}

fn panel(
    view: &View<'_>,
    about: &str,
    ink: Ink,
    least: f64,
    of: impl Fn(&ReportSlice) -> f64,
) -> Markup {
    let column = |slice: &ReportSlice| (slice.at, vec![(of(slice), ink)]);
    let columns = Columns {
        columns: view.report.course.iter().map(column).collect(),
        seconds: view.report.slice_seconds,
        end: view.end(),
        least,
        mark: |number| format!("{number}"),
    };
    columns.chart(about, view.clock)
}

fn table(view: &View<'_>) -> Table {
    let row = |slice: &ReportSlice| {
        vec![
            html! { (view.time(slice.at)) },
            html! { (count(slice.messages)) },
            html! { (count(slice.hands)) },
            measured(slice.talk_seconds),
        ]
    };
    Table {
        caption: "chat, hands and talk over time",
        heads: vec![words("From"), numbers("Messages"), numbers("Hands"), numbers("Talk")],
        rows: view.report.course.iter().map(row).collect(),
    }
}
