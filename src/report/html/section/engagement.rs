//! How much each took part, and what that is made of.

use maud::{Markup, html};
use quorate_protocol::{Confidence, Engagement, ReportPerson};

use super::ROWS_MAX;
use crate::meeting::engagement::key;
use crate::report::html::View;
use crate::report::html::chart::bars::{Bar, drawings};
use crate::report::html::chart::legend;
use crate::report::html::figure::{Table, empty, figure, numbers, only_together, section, words};
use crate::report::html::ink::Ink;
use crate::report::html::text::{count, name, said, score, whole};

/// The components in the order in which they are drawn: neighbours differ in lightness.
const COMPONENTS: [(&str, Ink); 5] = [
    (key::PRESENCE, Ink::Blue),
    (key::VOICE, Ink::Sky),
    (key::CHAT, Ink::Purple),
    (key::RESPONSE, Ink::Orange),
    (key::SIGNAL, Ink::Green),
];

/// The section.
pub(in super::super) fn engagement(view: &View<'_>) -> Markup {
    let totals = &view.report.totals;
    let content = html! {
        @if let Some(mean) = totals.engagement {
            p { "On average " strong { (score(mean)) } " of 100 points." }
        }
        @if view.is_aggregate() {
            (only_together())
        } @else if view.report.participants.is_empty() {
            (empty("Nobody is scored."))
        } @else {
            (scores(view))
        }
    };
    section("engagement", "Engagement", &content)
}

fn scores(view: &View<'_>) -> Markup {
    let mut people: Vec<_> = view.report.participants.iter().collect();
    people.sort_by(|one, other| other.engagement.score.total_cmp(&one.engagement.score));
    let bar = |person: &&ReportPerson| Bar {
        label: person.name.clone(),
        parts: COMPONENTS
            .map(|(key, ink)| (points(&person.engagement, key).unwrap_or(0.0), ink))
            .to_vec(),
        track: 100.0,
        value: match person.engagement.confidence {
            Confidence::Normal => whole(person.engagement.score),
            Confidence::Low => format!("{}, little to go by", whole(person.engagement.score)),
        },
    };
    let drawn: Vec<_> = people.iter().take(ROWS_MAX).map(bar).collect();
    let charts = html! {
        (legend(&COMPONENTS.map(|(key, ink)| (ink, name(key)))))
        (drawings("Bars: each participant’s engagement, by component", &drawn))
        @if people.len() > ROWS_MAX {
            p.note { "The " (ROWS_MAX) " highest of " (count(people.len() as u64)) " are drawn; the table has everyone." }
        }
    };
    figure("Points of 100, by component", &charts, &table(&people))
}

/// The points of a component; none where it does not apply.
fn points(engagement: &Engagement, key: &str) -> Option<f64> {
    let component = engagement.components.iter().find(|it| it.key == key)?;
    component.available.then_some(component.points)
}

fn table(people: &[&ReportPerson]) -> Table {
    let row = |person: &&ReportPerson| {
        let engagement = &person.engagement;
        let cell = |(key, _): (&str, Ink)| {
            html! { @match points(engagement, key) { Some(points) => (score(points)), None => span.muted { "–" } } }
        };
        let mut row = vec![
            said(&person.name),
            html! {
                (score(engagement.score))
                @if engagement.confidence == Confidence::Low { " *" }
            },
        ];
        row.extend(COMPONENTS.map(cell));
        row.push(html! { (count(person.messages)) });
        row.push(html! { (count(person.hands)) });
        row.push(html! { (count(person.reactions)) });
        row.push(html! { (count(person.polls_answered)) "/" (count(person.polls_seen)) });
        row
    };
    Table {
        caption: "engagement by component (–: does not apply; *: little to go by)",
        heads: vec![
            words("Participant"),
            numbers("Score"),
            numbers("Presence"),
            numbers("Voice"),
            numbers("Chat"),
            numbers("Response"),
            numbers("Signal"),
            numbers("Messages"),
            numbers("Hands"),
            numbers("Reactions"),
            numbers("Polls"),
        ],
        rows: people.iter().map(row).collect(),
    }
}
