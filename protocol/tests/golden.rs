//! One example of every message in `golden/`, and the schema in `schema/`: both are what clients in
//! other languages build on. `UPDATE_GOLDEN=1 cargo test -p quorate-protocol` writes them anew.

#![allow(clippy::unwrap_used, reason = "a failing unwrap is a failing test")]

mod examples;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::{env, fs};

use examples::Wire;
use quorate_protocol::{Command, EventBody, SignalBody, async_api, json_schema};
use serde_json::Value;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter};

#[test]
fn every_example_is_written_as_its_file_says() {
    for (name, wire) in examples::all() {
        let path = golden(&name);
        assert_eq!(read(&path), pretty(&wire.text()), "{}", path.display());
    }
}

#[test]
fn every_file_is_read_as_its_example() {
    for (name, wire) in examples::all() {
        // The data of an answer is kept as text, so its spaces would count.
        let text = compact(&read(&golden(&name)));
        assert_eq!(wire.parse_same(&text), wire, "{name}");
    }
}

#[test]
fn every_type_has_an_example_and_every_file_is_one() {
    let types = |prefix: &'static str, types: &'static [&'static str]| {
        types.iter().map(move |kind| format!("{prefix}.{kind}"))
    };
    let expected = types("command", Command::TYPES)
        .chain(types("event", EventBody::TYPES))
        .chain(types("signal", SignalBody::TYPES))
        .chain(types("frame", &["hello", "welcome", "ok", "error", "events", "signals", "bye"]));
    let examples: BTreeSet<String> = examples::all().into_iter().map(|(name, _)| name).collect();
    let missing: Vec<_> = expected.filter(|name| !examples.contains(name)).collect();
    assert!(missing.is_empty(), "no example of {missing:?}");

    update();
    let files = fs::read_dir(dir("golden")).unwrap();
    let stems = files.map(|file| file.unwrap().path().file_stem().unwrap().to_owned());
    let stray: Vec<_> = stems.filter(|stem| !examples.contains(stem.to_str().unwrap())).collect();
    assert!(stray.is_empty(), "files without an example: {stray:?}");
}

#[test]
fn the_schema_and_the_asyncapi_document_are_what_the_types_say() {
    for (file, document) in documents() {
        let path = dir("schema").join(file);
        let written: Value = serde_json::from_str(&read(&path)).unwrap();
        assert!(written == document, "{} is stale: run with UPDATE_GOLDEN=1", path.display());
    }
}

#[test]
fn every_example_is_valid_by_the_schema() {
    let validator = jsonschema::validator_for(&json_schema()).unwrap();
    for (name, wire) in examples::all() {
        let frame: Value = serde_json::from_str(&wire.text()).unwrap();
        assert!(validator.is_valid(&frame), "{name} does not fit the schema: {frame:#}");
    }
}

#[test]
fn the_schema_refuses_what_the_types_refuse() {
    let validator = jsonschema::validator_for(&json_schema()).unwrap();
    for text in [
        r#"{"type":"chat.send","id":7,"data":{"txt":"hello"}}"#,
        r#"{"type":"chat.send","id":0,"data":{"text":"hello"}}"#,
        r#"{"type":"chat.shout","id":7,"data":{"text":"hello"}}"#,
        r#"{"type":"bye","data":{"code":"restarting","action":"perhaps"}}"#,
    ] {
        assert!(!validator.is_valid(&serde_json::from_str(text).unwrap()), "{text}");
    }
}

#[test]
fn examples_differ_in_name() {
    let names: Vec<String> = examples::all().into_iter().map(|(name, _)| name).collect();
    let distinct: BTreeSet<&String> = names.iter().collect();
    assert_eq!(names.len(), distinct.len());
}

#[test]
fn a_message_of_a_later_version_is_kept() {
    let text = r#"{"type":"signals","signals":[{"type":"smell","data":{"of":"coffee"}}]}"#;
    let example = Wire::Server(quorate_protocol::ServerFrame::Signals(vec![SignalBody::Unknown(
        "smell".to_owned(),
    )]));
    assert_eq!(example.parse_same(text), example);
}

/// The documents in `schema/`.
fn documents() -> [(&'static str, Value); 2] {
    [("quorate.schema.json", json_schema()), ("asyncapi.json", async_api())]
}

/// Writes all files anew where that is asked for, once and before any test reads one.
fn update() {
    static UPDATED: Once = Once::new();
    UPDATED.call_once(|| {
        if env::var_os("UPDATE_GOLDEN").is_none() {
            return;
        }
        for (name, wire) in examples::all() {
            fs::write(golden(&name), pretty(&wire.text())).unwrap();
        }
        for (file, document) in documents() {
            let text = serde_json::to_string_pretty(&document).unwrap() + "\n";
            fs::write(dir("schema").join(file), text).unwrap();
        }
    });
}

fn read(path: &Path) -> String {
    update();
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn golden(name: &str) -> PathBuf {
    dir("golden").join(format!("{name}.json"))
}

fn dir(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The same JSON over several lines, its keys in the order they had.
fn pretty(text: &str) -> String {
    rewrite(text, PrettyFormatter::new()) + "\n"
}

/// The same JSON without spaces.
fn compact(text: &str) -> String {
    rewrite(text, CompactFormatter)
}

fn rewrite(text: &str, formatter: impl Formatter) -> String {
    let mut bytes = Vec::new();
    let mut from = serde_json::Deserializer::from_str(text);
    let mut to = serde_json::Serializer::with_formatter(&mut bytes, formatter);
    serde_transcode::transcode(&mut from, &mut to).unwrap();
    String::from_utf8(bytes).unwrap()
}
