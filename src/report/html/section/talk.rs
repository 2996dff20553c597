//! Who spoke for how long.

use maud::{Markup, html};
use quorate_protocol::ReportPerson;

use crate::report::effectiveness::SPOKE_MS_MIN;
use crate::report::html::View;
use crate::report::html::chart::bars::{Bar, bars};
use crate::report::html::figure::{Table, empty, figure, numbers, only_together, section, words};
use crate::report::html::ink::Ink;
use crate::report::html::text::{NB, counted, duration, measured, percent, said, share};

/// At most so many are drawn, those who spoke most; the rest are one bar.
const BARS_MAX: usize = 24;

/// The section.
pub(in super::super) fn talk(view: &View<'_>) -> Markup {
    let totals = &view.report.totals;
    let content = html! {
        @match totals.talk_seconds {
            None => (empty("It was not measured for how long people spoke.")),
            Some(0) => (empty("Nobody spoke, as far as anyone told.")),
            Some(all) => {
                p { (duration(all)) " of talk" (spoke(view)) }
                @if view.is_aggregate() { (only_together()) } @else { (shares(view, all)) }
            }
        }
    };
    section("talk", "Talk", &content)
}

fn spoke(view: &View<'_>) -> String {
    let people = &view.report.participants;
    let seconds_min = SPOKE_MS_MIN / 1000;
    let spoke = people.iter().filter(|it| it.talk_seconds >= Some(seconds_min)).count();
    match people.len() {
        0 => ", everyone together.".to_owned(),
        all => format!(
            ". {spoke} of {} spoke for {} or more.",
            counted(all as u64, "participant", "participants"),
            duration(seconds_min)
        ),
    }
}

fn shares(view: &View<'_>, all: u64) -> Markup {
    let mut people: Vec<_> = view.report.participants.iter().collect();
    people.sort_by_key(|person| std::cmp::Reverse(person.talk_seconds));
    let bar = |label: String, seconds: u64, ink: Ink| Bar {
        label,
        parts: vec![(seconds as f64, ink)],
        track: 0.0,
        value: format!("{} · {}", of(seconds, all), duration(seconds)),
    };
    let one = |person: &&ReportPerson| {
        bar(person.name.clone(), person.talk_seconds.unwrap_or(0), Ink::Blue)
    };
    let mut drawn: Vec<_> = people.iter().take(BARS_MAX).map(one).collect();
    let rest = people.get(BARS_MAX..).unwrap_or_default();
    if !rest.is_empty() {
        let seconds = rest.iter().filter_map(|person| person.talk_seconds).sum();
        drawn.push(bar(format!("{} others together", rest.len()), seconds, Ink::Muted));
    }
    figure(
        "Share of the talk",
        &bars("Bars: each participant’s share of the talk", &drawn),
        &table(&people, all),
    )
}

fn of(seconds: u64, all: u64) -> String {
    share(seconds as f64, all as f64).map_or_else(|| format!("0{NB}%"), percent)
}

fn table(people: &[&ReportPerson], all: u64) -> Table {
    let row = |person: &&ReportPerson| {
        vec![
            said(&person.name),
            measured(person.talk_seconds),
            html! { @if let Some(seconds) = person.talk_seconds { (of(seconds, all)) } },
        ]
    };
    Table {
        caption: "who spoke for how long",
        heads: vec![words("Participant"), numbers("Spoke"), numbers("Share")],
        rows: people.iter().map(row).collect(),
    }
}
