//! The polls and their counts.

use maud::{Markup, html};
use quorate_protocol::ReportPoll;

use crate::report::html::View;
use crate::report::html::chart::bars::{Bar, bars};
use crate::report::html::figure::{Table, empty, figure, numbers, section, words};
use crate::report::html::ink::Ink;
use crate::report::html::text::{count, counted, line, percent, said, share};

/// The section.
pub(in super::super) fn polls(view: &View<'_>) -> Markup {
    let polls = &view.report.polls;
    let content = html! {
        @if polls.is_empty() { (empty("There was no poll.")) }
        @for poll in polls { (one(view, poll)) }
    };
    section("polls", "Polls", &content)
}

fn one(view: &View<'_>, poll: &ReportPoll) -> Markup {
    let choices: Vec<_> = poll.choices.iter().zip(poll.counts.iter().copied()).collect();
    html! {
        h3 { (said(&poll.question)) }
        p.muted {
            (counted(poll.voters, "person", "people")) " voted, opened " (view.time(poll.opened_at))
            @match poll.closed_at { Some(at) => { ", closed " (view.time(at)) }, None => ", still open" }
            "."
        }
        @if poll.voters == 0 { (empty("Nobody voted.")) }
        @else { (figure("Votes", &drawn(poll, &choices), &table(poll, &choices))) }
    }
}

fn of(poll: &ReportPoll, votes: u32) -> String {
    share(votes, poll.voters).map(percent).unwrap_or_default()
}

fn drawn(poll: &ReportPoll, choices: &[(&String, u32)]) -> Markup {
    let bar = |(choice, votes): &(&String, u32)| Bar {
        label: (*choice).clone(),
        parts: vec![(f64::from(*votes), Ink::Blue)],
        track: f64::from(poll.voters.max(*votes)),
        value: format!("{} · {}", count(*votes), of(poll, *votes)),
    };
    let drawn: Vec<_> = choices.iter().map(bar).collect();
    bars(&format!("Bars: votes for each choice of {}", quoted(&poll.question)), &drawn)
}

/// A question as it is told to who does not see which one it is below.
fn quoted(question: &str) -> String {
    let question = line(question);
    if question.is_empty() {
        "a question that was deleted".to_owned()
    } else {
        format!("“{question}”")
    }
}

fn table(poll: &ReportPoll, choices: &[(&String, u32)]) -> Table<String> {
    let row = |(choice, votes): &(&String, u32)| {
        vec![said(choice), html! { (count(*votes)) }, html! { (of(poll, *votes)) }]
    };
    Table {
        caption: format!("votes by choice of {}", quoted(&poll.question)),
        heads: vec![words("Choice"), numbers("Votes"), numbers("Of those who voted")],
        rows: choices.iter().map(row).collect(),
    }
}
