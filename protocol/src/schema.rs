//! The JSON Schema and the AsyncAPI document of the socket, generated from the types.

use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Value, json};

use crate::{
    ByRight, Bye, Command, ErrorBody, EventBody, Hello, ParticipantId, Role, Seq, SignalBody,
    Timestamp, Welcome,
};

/// The JSON Schema (2020-12) of every frame, both ways: `$defs/ClientFrame` and `$defs/ServerFrame`.
#[must_use]
pub fn json_schema() -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let one_of = |frames: Vec<(String, Value)>| {
        let frames: Vec<_> = frames.into_iter().map(|(_, schema)| schema).collect();
        json!({ "oneOf": frames })
    };
    let client = one_of(client_frames(&mut generator));
    let server = one_of(server_frames(&mut generator));
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

/// The AsyncAPI 3 document of the socket: the same frames as messages of one channel, seen from the server,
/// which receives commands and answers each, and sends the rest by itself.
#[must_use]
pub fn async_api() -> Value {
    // AsyncAPI's own schemas are a superset of draft 07.
    let settings = SchemaSettings::draft07()
        .with(|settings| settings.definitions_path = "/components/schemas".into());
    let mut generator = settings.into_generator();
    let client = client_frames(&mut generator);
    let server = server_frames(&mut generator);
    let refer = |path: &str, frames: &[(String, Value)]| -> Vec<Value> {
        frames
            .iter()
            .map(|(name, _)| json!({ "$ref": format!("{path}/{}", message(name)) }))
            .collect()
    };
    let channel = "#/channels/meeting/messages";
    let (answers, told): (Vec<_>, Vec<_>) =
        server.iter().cloned().partition(|(name, _)| matches!(&**name, "ok" | "error" | "welcome"));
    let messages = |build: &dyn Fn(&str, &Value) -> Value| -> serde_json::Map<String, Value> {
        let all = client.iter().chain(&server);
        all.map(|(name, schema)| (message(name), build(name, schema))).collect()
    };
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Quorate's WebSocket",
            "version": "1",
            "description": "One JSON object in each text frame. The first is `hello`, within 5 s; a command \
                is answered by `ok` or `error` with its id.",
            "license": { "name": "Apache-2.0 OR MIT" },
        },
        "defaultContentType": "application/json",
        "channels": { "meeting": {
            "address": "/ws",
            "description": "One socket of one person to one meeting; subprotocol `quorate.v1`.",
            "messages": messages(&|name, _| json!({
                "$ref": format!("#/components/messages/{}", message(name))
            })),
            "bindings": { "ws": { "method": "GET", "bindingVersion": "0.1.0" } },
        } },
        "operations": {
            "ask": {
                "action": "receive",
                "channel": { "$ref": "#/channels/meeting" },
                "summary": "A client says hello, and then commands.",
                "messages": refer(channel, &client),
                "reply": {
                    "channel": { "$ref": "#/channels/meeting" },
                    "messages": refer(channel, &answers),
                },
            },
            "tell": {
                "action": "send",
                "channel": { "$ref": "#/channels/meeting" },
                "summary": "What happened, what passes, and the goodbye.",
                "messages": refer(channel, &told),
            },
        },
        "components": {
            "messages": messages(&|name, schema| json!({
                "name": name,
                "summary": schema.get("description"),
                "payload": schema,
            })),
            "schemas": generator.take_definitions(true),
        },
    })
}

/// The key of a message: dots have a meaning in references.
fn message(name: &str) -> String {
    name.replace('.', "_")
}

/// The frames of a client: the name of each, and its schema.
fn client_frames(generator: &mut SchemaGenerator) -> Vec<(String, Value)> {
    let hello = object(
        "Says which meeting, and who one is. The first frame.",
        &[("type", json!({ "const": "hello" })), ("id", json!({ "const": 1 }))],
        &[("data", reference::<Hello>(generator))],
    );
    let commands = Command::schemas(generator).into_iter().map(|(kind, doc, data)| {
        let command = object(
            &doc,
            &[
                ("type", json!({ "const": kind })),
                ("id", json!({ "type": "integer", "minimum": 2 })),
            ],
            &[("data", data.into()), ("dry_run?", json!({ "type": "boolean" }))],
        );
        (kind.to_owned(), command)
    });
    std::iter::once(("hello".to_owned(), hello)).chain(commands).collect()
}

/// The frames of the server: the name of each, and its schema.
fn server_frames(generator: &mut SchemaGenerator) -> Vec<(String, Value)> {
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
                ("via?", reference::<ByRight>(generator)),
            ],
            &[("type", json!({ "const": kind })), ("data", data.into())],
        )
    });
    let events: Vec<_> = events.collect();
    let signals = SignalBody::schemas(generator).into_iter().map(|(kind, doc, data)| {
        object(&doc, &[("type", json!({ "const": kind }))], &[("data", data.into())])
    });
    let signals: Vec<_> = signals.collect();
    let frame = |doc: &str, name: &str, rest: &[(&str, Value)]| {
        let kind = ("type", json!({ "const": name }));
        (name.to_owned(), object(doc, &[kind], rest))
    };
    vec![
        frame(
            "Answer to hello, or a new standing.",
            "welcome",
            &[("id?", id.clone()), ("data", reference::<Welcome>(generator))],
        ),
        frame(
            "Done and durable.",
            "ok",
            &[
                ("id", id.clone()),
                ("seq?", seq.clone()),
                ("dry_run?", json!({ "type": "boolean" })),
                ("data", json!({ "type": "object" })),
            ],
        ),
        frame(
            "Refused; nothing changed.",
            "error",
            &[
                ("id", json!({ "oneOf": [id, { "type": "null" }] })),
                ("error", reference::<ErrorBody>(generator)),
            ],
        ),
        frame(
            "Facts.",
            "events",
            &[
                ("events", json!({ "type": "array", "items": { "oneOf": events } })),
                ("up_to?", seq),
            ],
        ),
        frame(
            "Passing things.",
            "signals",
            &[("signals", json!({ "type": "array", "items": { "oneOf": signals } }))],
        ),
        frame("The last frame.", "bye", &[("data", reference::<Bye>(generator))]),
    ]
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
