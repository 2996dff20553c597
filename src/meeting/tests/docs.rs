//! The pages for people say what the rules do.

use std::collections::BTreeMap;

use quorate_protocol::Permission;

use crate::meeting::roles::{MATRIX, Mark};

const PERMISSIONS: &str = include_str!("../../../docs/permissions.md");

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
            Mark::Always => "●",
            Mark::Default => "○",
            Mark::Grantable => "◌",
            Mark::Never => "–",
        });
        let shown: Vec<_> = shown.chain([if *scope { "s" } else { "–" }]).collect();
        assert_eq!(page.get(permission.name()), Some(&shown), "{permission}");
    }
}
