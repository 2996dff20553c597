//! The JSON Schema of the socket, generated from the types.

use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Value, json};

use crate::{
    Bye, Command, ErrorBody, EventBody, Hello, ParticipantId, Role, Seq, SignalBody, Timestamp,
    Welcome,
};

/// The JSON Schema (2020-12) of every frame, both ways: `$defs/ClientFrame` and `$defs/ServerFrame`.
#[must_use]
pub fn json_schema() -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let client = client_frame(&mut generator);
    let server = server_frame(&mut generator);
    let mut definitions = generator.take_definitions(true);
    definitions.insert("ClientFrame".to_owned(), client);
    definitions.insert("ServerFrame".to_owned(), server);
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Quorate's WebSocket, version 1",
        "oneOf": [{ "$ref": "#/$defs/ClientFrame" }, { "$ref": "#/$defs/ServerFrame" }],
        "$defs": definitions,
    })
}

fn client_frame(generator: &mut SchemaGenerator) -> Value {
    let hello = object(
        "Says which meeting, and who one is. The first frame.",
        &[("type", json!({ "const": "hello" })), ("id", json!({ "const": 1 }))],
        &[("data", reference::<Hello>(generator))],
    );
    let commands = Command::schemas(generator).into_iter().map(|(kind, doc, data)| {
        object(
            &doc,
            &[
                ("type", json!({ "const": kind })),
                ("id", json!({ "type": "integer", "minimum": 2 })),
            ],
            &[("data", data.into()), ("dry_run?", json!({ "type": "boolean" }))],
        )
    });
    json!({ "oneOf": std::iter::once(hello).chain(commands).collect::<Vec<_>>() })
}

fn server_frame(generator: &mut SchemaGenerator) -> Value {
    let id = json!({ "type": "integer", "minimum": 1 });
    let seq = reference::<Seq>(generator);
    let events = EventBody::schemas(generator).into_iter().map(|(kind, doc, data)| {
        let by = json!({ "oneOf": [reference::<ParticipantId>(generator), { "type": "null" }] });
        let name = json!({ "type": "string" });
        let at = reference::<Timestamp>(generator);
        object(
            &doc,
            &[
                ("seq", seq.clone()),
                ("at", at),
                ("by", by),
                ("name?", name),
                ("role?", reference::<Role>(generator)),
            ],
            &[("type", json!({ "const": kind })), ("data", data.into())],
        )
    });
    let events: Vec<_> = events.collect();
    let signals = SignalBody::schemas(generator).into_iter().map(|(kind, doc, data)| {
        object(&doc, &[("type", json!({ "const": kind }))], &[("data", data.into())])
    });
    let signals: Vec<_> = signals.collect();
    let kind = |kind: &str| ("type", json!({ "const": kind }));
    let frame = |doc: &str, name: &str, rest: &[(&str, Value)]| object(doc, &[kind(name)], rest);
    json!({ "oneOf": [
        frame("Answer to hello, or a new standing.", "welcome",
            &[("id?", id.clone()), ("data", reference::<Welcome>(generator))]),
        frame("Done and durable.", "ok",
            &[("id", id.clone()), ("seq?", seq.clone()), ("dry_run?", json!({ "type": "boolean" })),
              ("data", json!({ "type": "object" }))]),
        frame("Refused; nothing changed.", "error",
            &[("id", json!({ "oneOf": [id, { "type": "null" }] })),
              ("error", reference::<ErrorBody>(generator))]),
        frame("Facts.", "events",
            &[("events", json!({ "type": "array", "items": { "oneOf": events } })),
              ("up_to?", seq)]),
        frame("Passing things.", "signals",
            &[("signals", json!({ "type": "array", "items": { "oneOf": signals } }))]),
        frame("The last frame.", "bye", &[("data", reference::<Bye>(generator))]),
    ] })
}

fn reference<T: JsonSchema>(generator: &mut SchemaGenerator) -> Value {
    generator.subschema_for::<T>().into()
}

/// An object with these properties; a name that ends in `?` may be absent.
fn object(doc: &str, first: &[(&str, Value)], rest: &[(&str, Value)]) -> Value {
    let all = || first.iter().chain(rest);
    let properties: serde_json::Map<_, _> = all()
        .map(|(name, schema)| (name.trim_end_matches('?').to_owned(), schema.clone()))
        .collect();
    let required: Vec<_> =
        all().map(|(name, _)| *name).filter(|name| !name.ends_with('?')).collect();
    json!({ "description": doc, "type": "object", "properties": properties, "required": required })
}
