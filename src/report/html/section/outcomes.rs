//! What came of it: decisions and actions.

use maud::{Markup, html};
use quorate_protocol::ReportAction;

use crate::report::html::View;
use crate::report::html::figure::{Table, empty, section, words};
use crate::report::html::text::{said, written};

/// The two sections.
pub(in super::super) fn outcomes(view: &View<'_>) -> Markup {
    let (decisions, actions) = (&view.report.decisions, &view.report.actions);
    let decided = html! {
        @if decisions.is_empty() {
            (empty("No decision was recorded."))
        } @else {
            ol.decisions { @for decision in decisions { li { (written(&decision.text)) } } }
        }
    };
    let to_do = html! {
        @if actions.is_empty() { (empty("No action item was recorded.")) }
        @else { (table(view, actions).show()) }
    };
    html! {
        (section("decisions", "Decisions", &decided))
        (section("actions", "Action items", &to_do))
    }
}

fn table(view: &View<'_>, actions: &[ReportAction]) -> Table {
    let row = |action: &ReportAction| {
        vec![
            written(&action.text),
            owner(view, action),
            html! {
                @match action.due {
                    Some(due) => time datetime=(due) { (due) },
                    None => span.muted { "no date" },
                }
            },
        ]
    };
    Table {
        caption: "action items",
        heads: vec![words("What"), words("Who"), words("Due")],
        rows: actions.iter().map(row).collect(),
    }
}

/// Who does it; where that is nobody whom the report shows, that there is someone.
fn owner(view: &View<'_>, action: &ReportAction) -> Markup {
    let name = action
        .owner
        .map(|owner| action.owner_name.as_deref().or_else(|| view.names.get(&owner).copied()));
    html! {
        @match name {
            None if !view.report.privacy.names_in_reports => span.muted { "not shown" },
            None => span.muted { "nobody" },
            Some(None) => span.muted { "someone not shown here" },
            Some(Some(name)) => (said(name)),
        }
    }
}
