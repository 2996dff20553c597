//! How well it went: the score, what it is made of, and what cost most.

use maud::{Markup, html};
use quorate_protocol::{Effectiveness, ScoreComponent};

use crate::report::effectiveness::key;
use crate::report::html::View;
use crate::report::html::chart::bars::{Bar, bars};
use crate::report::html::figure::{Table, empty, figure, numbers, section, words};
use crate::report::html::ink::Ink;
use crate::report::html::text::{NB, finite, line, listed, name, percent, score};

/// The section.
pub(in super::super) fn effectiveness(view: &View<'_>) -> Markup {
    let scored = &view.report.effectiveness;
    let content = html! {
        @if let Some(points) = scored.score {
            p.lead { strong { (score(points)) } " of 100 points. " (losses(scored)) }
            (figure("Points reached, of those that could be had", &drawn(scored), &table(scored)))
        } @else {
            (empty("There is nothing by which to say how well it went."))
        }
    };
    section("effectiveness", "How well it went", &content)
}

/// The points that a component could have given.
fn most(scored: &Effectiveness, component: &ScoreComponent) -> f64 {
    let applies = scored.components.iter().filter(|it| it.available);
    let weights: f64 = applies.map(|it| finite(it.weight)).sum();
    if component.available && weights > 0.0 { 100.0 * component.weight / weights } else { 0.0 }
}

fn losses(scored: &Effectiveness) -> String {
    let component = |key: &String| scored.components.iter().find(|it| &it.key == key);
    let lost = |it: &ScoreComponent| most(scored, it) - it.points;
    let told = |it: &ScoreComponent| {
        format!(
            "{} ({}{NB}points: {})",
            name(&it.key).to_lowercase(),
            score(lost(it)),
            costs(&it.key)
        )
    };
    let told: Vec<_> = scored.losses.iter().filter_map(component).map(told).collect();
    match told.len() {
        0 => "Nothing cost points worth a word.".to_owned(),
        _ => format!("Most points were lost on {}.", listed(&told)),
    }
}

fn drawn(scored: &Effectiveness) -> Markup {
    let bar = |it: &ScoreComponent| {
        let most = most(scored, it);
        Bar {
            label: name(&it.key),
            parts: vec![(it.points, Ink::Blue)],
            track: most,
            value: if it.available {
                format!("{} of {}", score(it.points), score(most))
            } else {
                "does not apply".to_owned()
            },
        }
    };
    let drawn: Vec<_> = scored.components.iter().map(bar).collect();
    bars("Bars: points of effectiveness by component", &drawn)
}

fn table(scored: &Effectiveness) -> Table {
    let row = |it: &ScoreComponent| {
        let reached = it.x.map(percent).unwrap_or_default();
        vec![
            html! { (name(&it.key)) },
            html! { (weight(it.weight)) },
            html! { (reached) },
            html! { @if it.available { (score(it.points)) } },
            html! { @if it.available { (score(most(scored, it))) } },
            html! { (it.why.as_deref().map_or_else(|| measures(&it.key).to_owned(), |why| format!("Does not apply: {}", line(why)))) },
        ]
    };
    Table {
        caption: "components of effectiveness",
        heads: vec![
            words("Component"),
            numbers("Weight"),
            numbers("Reached"),
            numbers("Points"),
            numbers("At most"),
            words("What it tells"),
        ],
        rows: scored.components.iter().map(row).collect(),
    }
}

/// A weight: with a decimal only where it has one.
fn weight(weight: f64) -> String {
    format!("{}", (finite(weight) * 10.0).round() / 10.0)
}

fn measures(key: &str) -> &'static str {
    match key {
        key::STRUCTURE => "An agenda that was there before the start, and how much of it was done",
        key::TIMELINESS => "A start and an end on time",
        key::ATTENDANCE => "Required invitees who were there for at least half of it",
        key::PARTICIPATION => "How many spoke, wrote or voted, and how evenly talk was spread",
        key::OUTCOMES => "Decisions, action items with an owner, a summary within a day",
        key::QUALITY => "Minutes with a connection that was fair or better",
        key::FEEDBACK => "What people said of it",
        _ => "",
    }
}

/// What it means that a component lost points.
fn costs(key: &str) -> &'static str {
    match key {
        key::STRUCTURE => "no agenda before the start, or less of it done than planned",
        key::TIMELINESS => "it started late or ran over",
        key::ATTENDANCE => "required invitees were missing",
        key::PARTICIPATION => "few took part, or few had most of the talk",
        key::OUTCOMES => "decisions, owners of action items or a summary are missing",
        key::QUALITY => "connections were poor",
        key::FEEDBACK => "people rated it lower",
        _ => "less was reached than could be",
    }
}
