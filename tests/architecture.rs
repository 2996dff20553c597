//! The arrows between the rooms of `src/`, and what the rules must not know: read from the sources.

#![allow(clippy::unwrap_used, reason = "a test that cannot read the sources has failed")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Which rooms, or modules of rooms, each room may name. The road goes one way; beside it,
/// `identity` and `config` take what they need, and `server` puts all together.
const ALLOWED: &[(&str, &[&str])] = &[
    (
        "api",
        &[
            "connection",
            "erasure",
            "identity",
            "live",
            "meeting",
            "replay",
            "report",
            "schedule",
            "store",
            "telemetry",
        ],
    ),
    ("connection", &["identity", "live", "meeting", "store", "telemetry"]),
    ("live", &["meeting", "schedule", "store", "telemetry"]),
    ("meeting", &["schedule"]),
    // The rules ask it, so that it is as pure as they are.
    ("schedule", &[]),
    ("store", &["meeting::event", "meeting::measures", "schedule", "telemetry"]),
    ("identity", &["live", "meeting", "store"]),
    ("replay", &["meeting", "store"]),
    ("report", &["meeting", "store"]),
    ("erasure", &["live", "meeting", "store"]),
    ("migrate", &["identity::passcode", "live", "meeting", "store"]),
    ("config", &["meeting", "store", "telemetry"]),
    ("telemetry", &[]),
    (
        "server",
        &[
            "api",
            "config",
            "connection",
            "identity",
            "live",
            "meeting",
            "replay",
            "report",
            "store",
            "telemetry",
        ],
    ),
    ("lib", &["config", "server"]),
    ("main", &["cli"]),
    ("cli", &[]),
];

/// Words that no rule may say, for a replay is the same replay: clocks, tasks, randomness, I/O.
const NOT_IN_MEETING: &[&str] = &[
    "tokio",
    "async",
    "await",
    "rand",
    "getrandom",
    "SystemTime",
    "Instant",
    "now_v7",
    "new_v4",
    "Utc",
    "Local",
    "HashMap",
    "HashSet",
    "RandomState",
    "rusqlite",
    "tracing",
    "env",
    "fs",
    "io",
    "net",
    "thread",
    "process",
    "println",
    "eprintln",
    "Mutex",
    "OnceLock",
    "thread_local",
];

/// A source file: its path from `src/`, its room, and its code without comments, strings and inline tests.
struct Source {
    path: String,
    room: String,
    code: String,
}

impl Source {
    /// Tests of a room know its secrets, and may use what it may not.
    fn is_test(&self) -> bool {
        self.path.contains("/tests")
    }
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &mut files);
    assert!(files.len() > 20, "the sources are where they were");
    let source = |file: PathBuf| {
        let path = file.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
        let room = path.split('/').next().unwrap().trim_end_matches(".rs").to_owned();
        Source { path, room, code: code(&fs::read_to_string(&file).unwrap()) }
    };
    files.into_iter().map(source).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|it| it == "rs") {
            files.push(path);
        }
    }
}

/// The text without comments and strings, up to the tests at its end.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let mut code = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if rest.starts_with("//") {
            rest = rest.find('\n').map_or("", |end| &rest[end..]);
        } else if rest.starts_with("r#\"") {
            rest = rest[3..].find("\"#").map_or("", |end| &rest[3 + end + 2..]);
        } else if rest.starts_with("'\"'") {
            rest = &rest[3..];
        } else if c == '"' {
            rest = after_string(&rest[1..]);
        } else {
            code.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    code
}

/// What follows the string that begins here.
fn after_string(text: &str) -> &str {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            '"' if !escaped => return &text[at + 1..],
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    ""
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Every path of this crate that the code names, from the crate's root: `live::ids`, `meeting::event::Fact`.
fn named(source: &Source) -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    // How far up the root is: `src/live/ring.rs` is the module `live::ring`.
    let depth = source.path.split('/').count();
    let root = "super::".repeat(depth);
    for start in ["crate::", &root] {
        for (at, _) in source.code.match_indices(start) {
            let before = source.code[..at].chars().next_back();
            if before.is_some_and(|c| is_word(c) || c == ':') {
                continue;
            }
            expand("", &source.code[at + start.len()..], &mut paths);
        }
    }
    paths
}

/// Takes the tree of paths that begins here apart; answers what follows it.
fn expand<'a>(prefix: &str, text: &'a str, paths: &mut BTreeSet<String>) -> &'a str {
    let end = text.find(|c: char| !is_word(c) && c != ':' && c != '*').unwrap_or(text.len());
    let (path, mut rest) = (format!("{prefix}{}", &text[..end]), &text[end..]);
    if !(path.is_empty() || path.ends_with("::")) || !rest.starts_with('{') {
        paths.insert(path);
        return rest;
    }
    rest = &rest[1..];
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
        if rest.is_empty() || rest.starts_with('}') {
            return rest.get(1..).unwrap_or_default();
        }
        let before = rest.len();
        rest = expand(&path, rest, paths);
        if let Some(renamed) = rest.strip_prefix(" as ") {
            rest = renamed.trim_start_matches(is_word);
        }
        assert!(rest.len() < before, "a path in braces: {path} … {rest:.40}");
    }
}

fn allowed(room: &str, path: &str) -> bool {
    let Some((_, allowed)) = ALLOWED.iter().find(|(name, _)| *name == room) else { return false };
    let within = |target: &str| {
        path.strip_prefix(target).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    };
    within(room) || allowed.iter().any(|target| within(target))
}

#[test]
fn the_rooms_name_each_other_only_along_the_road() {
    let mut wrong = Vec::new();
    let mut arrows = BTreeSet::new();
    for source in sources() {
        let declared = ALLOWED.iter().any(|(room, _)| *room == source.room);
        assert!(
            declared,
            "{}: say in this file which rooms `{}` may name",
            source.path, source.room
        );
        for path in named(&source) {
            if allowed(&source.room, &path) {
                arrows.insert((source.room.clone(), path.split("::").next().unwrap().to_owned()));
            } else {
                wrong.push(format!("{} names {path}", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "arrows that may not be:\n{}", wrong.join("\n"));
    // That the sources are read as they are meant to be: without these there would be no server.
    for (from, to) in [
        ("api", "connection"),
        ("connection", "live"),
        ("live", "meeting"),
        ("live", "store"),
        ("store", "meeting"),
    ] {
        assert!(arrows.contains(&(from.to_owned(), to.to_owned())), "{from} → {to} is not found");
    }
}

#[test]
fn the_road_has_no_way_back() {
    let road = ["api", "connection", "live", "store", "meeting", "schedule"];
    for (at, room) in road.iter().enumerate() {
        for earlier in road[..at].iter().chain(&["server", "lib", "main"]) {
            assert!(!allowed(room, &format!("{earlier}::Anything")), "{room} → {earlier}");
        }
    }
    for beside in ["api", "connection", "identity", "server", "config"] {
        for room in ["live", "meeting", "store"] {
            assert!(!allowed(room, &format!("{beside}::Anything")), "{room} → {beside}");
        }
    }
    assert!(allowed("store", "meeting::event::Fact"));
    assert!(!allowed("store", "meeting::Facts") && !allowed("store", "meeting::eventual"));
}

#[test]
fn the_rules_know_no_clock_no_task_and_no_randomness() {
    let rules = |it: &&Source| matches!(&*it.room, "meeting" | "schedule") && !it.is_test();
    for source in sources().iter().filter(rules) {
        for word in source.code.split(|c| !is_word(c)) {
            assert!(!NOT_IN_MEETING.contains(&word), "{} says `{word}`", source.path);
        }
    }
}

#[test]
fn sql_and_http_each_have_one_room() {
    for source in sources().iter().filter(|source| !source.is_test()) {
        for (krate, rooms) in
            [("rusqlite", &["store", "migrate"][..]), ("axum", &["api", "server"])]
        {
            let says = source.code.split(|c| !is_word(c)).any(|word| word == krate);
            assert!(!says || rooms.contains(&&*source.room), "{} says `{krate}`", source.path);
        }
    }
}

#[test]
fn paths_are_found_however_they_are_written() {
    let source = |path: &str, text: &str| Source {
        path: path.to_owned(),
        room: String::new(),
        code: code(text),
    };
    let text = r##"
        //! crate::comment
        use crate::live::{self, ids::{Ids, session as s}, clock};
        pub(crate) use crate::store::Store as Stored;
        fn f(x: crate::meeting::Facts, y: &str) -> u8 { let _ = "crate::string"; super::super::api::g() }
        use quorate::not_ours; use {crate::config::Config, std::fmt};
    "##;
    let found = named(&source("live/ring.rs", text));
    let found: Vec<_> = found.iter().map(String::as_str).collect();
    assert_eq!(
        found,
        [
            "api::g",
            "config::Config",
            "live::clock",
            "live::ids::Ids",
            "live::ids::session",
            "live::self",
            "meeting::Facts",
            "store::Store",
        ]
    );
    let grouped = named(&source("live.rs", "use crate::{api, store::{Store, *}};"));
    assert!(grouped.iter().eq(["api", "store::*", "store::Store"]), "{grouped:?}");
}
