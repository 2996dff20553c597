//! The agenda: planned against actual.

use maud::{Markup, html};
use quorate_protocol::ReportItem;

use crate::report::html::View;
use crate::report::html::chart::bars::{Bar, bars};
use crate::report::html::chart::legend;
use crate::report::html::figure::{Table, empty, figure, numbers, section, words};
use crate::report::html::ink::Ink;
use crate::report::html::text::{duration, said};

/// The section.
pub(in super::super) fn agenda(view: &View<'_>) -> Markup {
    let items = &view.report.agenda;
    let planned: u64 = items.iter().map(planned).sum();
    let spent: u64 = items.iter().map(|item| item.spent_seconds).sum();
    let content = html! {
        @if items.is_empty() {
            (empty("There was no agenda."))
        } @else {
            p { (duration(planned)) " were planned, " (duration(spent)) " were spent on it." }
            (figure("Time per item, planned and actual", &drawn(items), &table(view, items)))
        }
    };
    section("agenda", "Agenda", &content)
}

fn planned(item: &ReportItem) -> u64 {
    u64::from(item.planned_minutes) * 60
}

fn is_over(item: &ReportItem) -> bool {
    item.spent_seconds > planned(item)
}

fn drawn(items: &[ReportItem]) -> Markup {
    let bar = |item: &ReportItem| {
        let (planned, spent) = (planned(item), item.spent_seconds);
        let (within, over) = (spent.min(planned), spent.saturating_sub(planned));
        Bar {
            label: item.title.clone(),
            parts: vec![(within as f64, Ink::Blue), (over as f64, Ink::Poor)],
            track: planned as f64,
            value: format!("{} of {}", duration(spent), duration(planned)),
        }
    };
    let drawn: Vec<_> = items.iter().map(bar).collect();
    html! {
        (legend(&[
            (Ink::Track, "Planned".to_owned()),
            (Ink::Blue, "Spent".to_owned()),
            (Ink::Poor, "Spent beyond the plan".to_owned()),
        ]))
        (bars("Bars: time spent on each item of the agenda, against the time planned", &drawn))
    }
}

fn table(view: &View<'_>, items: &[ReportItem]) -> Table {
    let row = |item: &ReportItem| {
        let (planned, spent) = (planned(item), item.spent_seconds);
        vec![
            said(&item.title),
            html! { @match item.started_at { Some(at) => (view.time(at)), None => span.muted { "never" } } },
            html! { (duration(planned)) },
            html! { (duration(spent)) },
            html! {
                @if is_over(item) { "+" (duration(spent - planned)) }
                @else { "−" (duration(planned - spent)) }
            },
        ]
    };
    Table {
        caption: "agenda, planned and actual",
        heads: vec![
            words("Item"),
            numbers("Begun"),
            numbers("Planned"),
            numbers("Spent"),
            numbers("Difference"),
        ],
        rows: items.iter().map(row).collect(),
    }
}
