//! What people said of it.

use maud::{Markup, html};
use quorate_protocol::{FeedbackComment, FeedbackMode, FeedbackSummary};

use crate::report::html::View;
use crate::report::html::chart::bars::{Bar, bars};
use crate::report::html::figure::{Table, empty, figure, numbers, section, words};
use crate::report::html::ink::Ink;
use crate::report::html::text::{count, counted, percent, said, score, share, written};

/// The section.
pub(in super::super) fn feedback(view: &View<'_>) -> Markup {
    let given = &view.report.feedback;
    let raters = given.raters.unwrap_or(0);
    let content = html! {
        @if given.mode == FeedbackMode::Off {
            (empty("Feedback was not asked for."))
        } @else if given.raters.is_none() {
            (empty("What people said was deleted."))
        } @else if raters == 0 {
            (empty("Nobody gave feedback."))
        } @else {
            p.lead {
                (counted(raters, "rating", "ratings"))
                @if let Some(mean) = given.mean { ", " strong { (score(mean)) } " of 5 on average" }
                @else { "; too few to show what they were" }
                ". " (standing(view))
            }
            @if given.counts.iter().any(|rated| *rated > 0) {
                (figure("How many gave which rating", &drawn(given), &table(given)))
            }
            (tags(given))
            (comments(view, &given.comments))
        }
    };
    section("feedback", "Feedback", &content)
}

fn standing(view: &View<'_>) -> Markup {
    let given = &view.report.feedback;
    html! {
        @if given.mode == FeedbackMode::Anonymous { "It is anonymous. " }
        @if given.open {
            @match given.closes_at {
                Some(at) => { "It can be given until " (view.clock.stamp(at)) "." },
                None => "It can still be given.",
            }
        }
    }
}

fn stars(rating: usize) -> String {
    match rating {
        1 => "1 (worst)".to_owned(),
        5 => "5 (best)".to_owned(),
        _ => rating.to_string(),
    }
}

/// Ratings, the best first, and how many gave them.
fn ratings(given: &FeedbackSummary) -> impl Iterator<Item = (String, u32)> + '_ {
    given.counts.iter().enumerate().rev().map(|(n, many)| (stars(n + 1), *many))
}

fn drawn(given: &FeedbackSummary) -> Markup {
    let all: u32 = given.counts.iter().sum();
    let bar = |(label, many): (String, u32)| Bar {
        label,
        parts: vec![(f64::from(many), Ink::Blue)],
        track: f64::from(all),
        value: count(many),
    };
    let drawn: Vec<_> = ratings(given).map(bar).collect();
    bars("Bars: how many gave each rating", &drawn)
}

fn table(given: &FeedbackSummary) -> Table {
    let all: u32 = given.counts.iter().sum();
    let row = |(label, many): (String, u32)| {
        let of = share(many, all).map(percent).unwrap_or_default();
        vec![html! { (label) }, html! { (count(many)) }, html! { (of) }]
    };
    Table {
        caption: "ratings",
        heads: vec![words("Rating"), numbers("How many"), numbers("Share")],
        rows: ratings(given).map(row).collect(),
    }
}

fn tags(given: &FeedbackSummary) -> Markup {
    html! {
        @if !given.tags.is_empty() {
            h3 { "In a word" }
            ul.tags { @for tag in &given.tags { li { (said(&tag.tag)) " × " (count(tag.count)) } } }
        }
    }
}

fn comments(view: &View<'_>, comments: &[FeedbackComment]) -> Markup {
    let name = |comment: &FeedbackComment| view.names.get(&comment.participant?).copied();
    html! {
        @if !comments.is_empty() {
            h3 { "In their words" }
            @for comment in comments {
                blockquote {
                    p { (written(&comment.comment)) }
                    @if let Some(name) = name(comment) { footer { (said(name)) } }
                }
            }
        }
    }
}
