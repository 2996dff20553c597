//! A chart with the table behind it.

use maud::{Markup, html};

/// A column's head, and whether its cells are numbers.
pub(super) type Head = (&'static str, bool);

/// Text in a column.
pub(super) const fn words(head: &'static str) -> Head {
    (head, false)
}

/// Numbers in a column, aligned at the right.
pub(super) const fn numbers(head: &'static str) -> Head {
    (head, true)
}

/// A table; the first cell of a row is its name.
pub(super) struct Table<C = &'static str> {
    /// What it is of.
    pub(super) caption: C,
    /// The columns.
    pub(super) heads: Vec<Head>,
    /// The rows.
    pub(super) rows: Vec<Vec<Markup>>,
}

/// The rows of a long, narrow table stand side by side on paper: so many at least.
const LONG: usize = 30;

impl<C: AsRef<str>> Table<C> {
    fn is_long(&self) -> bool {
        self.rows.len() >= LONG
            && self.heads.iter().skip(1).all(|(_, number)| *number)
            && self.heads.len() <= 6
    }

    /// The table; where it is too wide it is moved by itself, by keys too.
    pub(super) fn show(&self) -> Markup {
        html! {
            div.scroll.long[self.is_long()] tabindex="0" role="group" aria-label=(self.caption.as_ref()) {
                table {
                    caption { (self.caption.as_ref()) }
                    thead { tr {
                        @for (head, number) in &self.heads {
                            th scope="col" class=[number.then_some("n")] { (head) }
                        }
                    } }
                    tbody {
                        @for row in &self.rows { tr {
                            @for (n, (cell, (_, number))) in row.iter().zip(&self.heads).enumerate() {
                                @if n == 0 { th scope="row" class=[number.then_some("n")] { (cell) } }
                                @else { td class=[number.then_some("n")] { (cell) } }
                            }
                        } }
                    }
                }
            }
        }
    }
}

/// Charts and, folded, their table; on paper it is open.
pub(super) fn figure(caption: &str, charts: &Markup, table: &Table<impl AsRef<str>>) -> Markup {
    html! {
        figure {
            figcaption { (caption) }
            (charts)
            details {
                summary { "As a table: " (table.caption.as_ref()) }
                (table.show())
            }
        }
    }
}

/// A section of the page.
pub(super) fn section(id: &str, title: &str, content: &Markup) -> Markup {
    let heading = format!("{id}-heading");
    html! {
        section id=(id) aria-labelledby=(heading) {
            h2 id=(heading) { (title) }
            (content)
        }
    }
}

/// What is said where there is nothing to show.
pub(super) fn empty(sentence: &str) -> Markup {
    html! { p.empty { (sentence) } }
}

/// What is said where only figures of all together may be seen.
pub(super) fn only_together() -> Markup {
    empty(
        "You see figures of everyone together. Those of single people are shown to the host and to whom the \
         host gives the permission report.individual.",
    )
}
