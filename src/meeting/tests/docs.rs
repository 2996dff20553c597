//! The pages for people say what the rules do.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use quorate_protocol::Permission;

use crate::meeting::roles;
use crate::meeting::roles::MATRIX;

const PERMISSIONS: &str = include_str!("../../../docs/permissions.md");

/// What a mark of the page means.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Mark {
    Always,
    Default,
    Grantable,
    Never,
}

/// How the page has a permission for a built-in role.
pub(super) fn mark(permission: Permission, role: &str) -> Mark {
    let columns = ["host", "co_host", "moderator", "presenter", "attendee"];
    let column = columns.iter().position(|name| *name == role).unwrap();
    match marks(permission)[column] {
        "●" => Mark::Always,
        "○" => Mark::Default,
        "◌" => Mark::Grantable,
        _ => Mark::Never,
    }
}

/// Whether the page has it as a scope of a bot's token.
pub(super) fn is_scope(permission: Permission) -> bool {
    marks(permission)[5] == "s"
}

fn marks(permission: Permission) -> &'static [&'static str] {
    static MARKS: LazyLock<Vec<Vec<&str>>> = LazyLock::new(|| {
        let page = matrix_of_the_page();
        Permission::ALL.iter().map(|permission| page[permission.name()].clone()).collect()
    });
    &MARKS[permission as usize]
}

/// The matrix as the page has it: the marks of each permission, the bot's last.
fn matrix_of_the_page() -> BTreeMap<&'static str, Vec<&'static str>> {
    let rows = PERMISSIONS.lines().filter_map(|line| line.strip_prefix("| `"));
    let cells = rows.filter_map(|row| row.split_once("` |"));
    cells
        .map(|(name, rest)| {
            let marks = rest.trim_end_matches('|').split('|').skip(1).map(str::trim);
            (name, marks.collect::<Vec<_>>())
        })
        .filter(|(_, marks)| marks.len() == 6)
        .collect()
}

#[test]
fn the_matrix_is_the_one_of_the_page() {
    let page = matrix_of_the_page();
    assert_eq!(page.len(), Permission::ALL.len());
    for (permission, marks, scope) in MATRIX {
        let shown = marks.iter().map(|mark| match mark {
            roles::Mark::Always => "●",
            roles::Mark::Default => "○",
            roles::Mark::Grantable => "◌",
            roles::Mark::Never => "–",
        });
        let shown: Vec<_> = shown.chain([if *scope { "s" } else { "–" }]).collect();
        assert_eq!(page.get(permission.name()), Some(&shown), "{permission}");
    }
}

#[test]
fn every_action_of_the_journal_has_a_row_on_its_page() {
    let page = include_str!("../../../docs/journal.md");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `"));
    let described: Vec<_> = rows.filter_map(|row| row.split('`').next()).collect();
    // Each fact is named once, in the attribute that names it in the journal.
    let facts = include_str!("../event/fact.rs").split("pub enum Fact {").nth(1).unwrap();
    let facts = facts.split("\n}\n").next().unwrap();
    let actions = facts.split("#[serde(rename = \"").skip(1);
    let actions: Vec<_> = actions.filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(described, actions, "in the order of the code");
}
