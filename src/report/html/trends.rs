//! Meetings compared, as pages: a series by its occurrences, someone and a server by their weeks.

mod series;
#[cfg(test)]
mod tests;
mod weeks;

use maud::{Markup, html};

use super::chart::bars::{Bar, drawings};
use super::frame;
use super::ink::Ink;
use super::text::{counted, line, said, score};
pub use series::of_series;
pub use weeks::{of_server, of_user};

/// Bars that are drawn at most: further ones are in the table alone.
const BARS_MAX: usize = 120;

/// A page that compares: what it is, of what, of when, and of how much.
fn page(kind: &str, title: &str, when: &Markup, main: &Markup) -> String {
    let body = html! {
        header { p.kind { (kind) } h1 { (said(title)) } p.when { (when) } }
        main { (main) }
        footer { p { "Made by Quorate from the meetings’ journals." } }
    };
    frame(&format!("{} – {}", line(title), kind.to_lowercase()), &body)
}

/// Bars in drawings of a page each; the last ones, where there are too many.
fn drawn(about: &str, all: &[Bar]) -> Markup {
    let last = &all[all.len().saturating_sub(BARS_MAX)..];
    html! {
        (drawings(about, last))
        @if last.len() < all.len() {
            p.note { "The last " (counted(BARS_MAX as u64, "bar is", "bars are")) " drawn; the table has everything." }
        }
    }
}

/// A bar of up to 100 points; one without any, where nothing was scored.
fn points(label: String, points: Option<f64>, ink: Ink) -> Bar {
    let value = points.map_or_else(|| "not scored".to_owned(), score);
    Bar { label, parts: vec![(points.unwrap_or(0.0), ink)], track: 100.0, value }
}

/// A figure with one decimal, in a cell.
fn tenths(figure: Option<f64>) -> Markup {
    html! { @match figure { Some(figure) => (score(figure)), None => span.muted { "–" } } }
}

/// The greatest of some numbers: what bars of counts are drawn against.
fn most(numbers: impl Iterator<Item = f64>) -> f64 {
    numbers.fold(1.0, f64::max)
}
