//! The routes and their description in one: what is served is what `/api/openapi.json` tells.
//!
//! Each file of routes lists its operations beside its handlers. The types' own JSON Schemas, which the
//! document of the socket is made of too, describe queries, bodies and answers; OpenAPI 3.1 takes them as
//! they are.

use axum::Router;
use axum::handler::Handler;
use axum::http::StatusCode;
use axum::middleware::map_request;
use axum::routing::{MethodFilter, on};
use quorate_protocol::ErrorBody;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::idempotency::KEY_CHARS_MAX;
use super::query;

/// Draws the schema of a type.
type Draw = fn(&mut SchemaGenerator) -> Schema;

/// One method on one path, described.
pub(super) struct Operation {
    method: MethodFilter,
    name: &'static str,
    path: &'static str,
    summary: &'static str,
    open: bool,
    query: Option<Draw>,
    body: Option<Draw>,
    body_required: bool,
    conditional: bool,
    already: bool,
    answer: (StatusCode, Option<(&'static str, Draw)>),
    texts: Vec<&'static str>,
}

impl Operation {
    fn new(
        method: MethodFilter,
        name: &'static str,
        path: &'static str,
        summary: &'static str,
    ) -> Operation {
        let answer = (StatusCode::OK, None);
        Operation {
            method,
            name,
            path,
            summary,
            open: false,
            query: None,
            body: None,
            body_required: true,
            conditional: false,
            already: false,
            answer,
            texts: Vec::new(),
        }
    }

    /// `GET` of a path, and what it is for in a sentence.
    pub(super) fn get(path: &'static str, summary: &'static str) -> Operation {
        Operation::new(MethodFilter::GET, "get", path, summary)
    }

    /// `POST` to a path.
    pub(super) fn post(path: &'static str, summary: &'static str) -> Operation {
        Operation::new(MethodFilter::POST, "post", path, summary)
    }

    /// `PUT` to a path.
    pub(super) fn put(path: &'static str, summary: &'static str) -> Operation {
        Operation::new(MethodFilter::PUT, "put", path, summary)
    }

    /// `PATCH` of a path.
    pub(super) fn patch(path: &'static str, summary: &'static str) -> Operation {
        Operation::new(MethodFilter::PATCH, "patch", path, summary)
    }

    /// `DELETE` of a path.
    pub(super) fn delete(path: &'static str, summary: &'static str) -> Operation {
        Operation::new(MethodFilter::DELETE, "delete", path, summary)
    }

    /// Needs no bearer token.
    pub(super) fn open(mut self) -> Operation {
        self.open = true;
        self
    }

    /// Takes these query parameters.
    pub(super) fn query<T: JsonSchema>(mut self) -> Operation {
        self.query = Some(|generator| T::json_schema(generator));
        self
    }

    /// Takes this JSON body.
    pub(super) fn body<T: JsonSchema>(self) -> Operation {
        let body: Option<Draw> = Some(|generator| generator.subschema_for::<T>());
        Operation { body, body_required: true, ..self }
    }

    /// Takes this JSON body, or none, which is as good as `{}`.
    pub(super) fn may_take<T: JsonSchema>(self) -> Operation {
        Operation { body_required: false, ..self.body::<T>() }
    }

    /// Honours `If-Match`: [`Acting`](super::acting::Acting) does that.
    pub(super) fn conditional(self) -> Operation {
        Operation { conditional: true, ..self }
    }

    /// Answers the same with 200 where it was so already.
    pub(super) fn or_already(self) -> Operation {
        Operation { already: true, ..self }
    }

    /// Answers this as JSON.
    pub(super) fn answers<T: JsonSchema>(self, status: StatusCode) -> Operation {
        self.answers_as::<T>(status, "application/json")
    }

    /// Answers this in another format.
    pub(super) fn answers_as<T: JsonSchema>(
        mut self,
        status: StatusCode,
        format: &'static str,
    ) -> Operation {
        self.answer = (status, Some((format, |generator| generator.subschema_for::<T>())));
        self
    }

    /// Answers a text in this format too, where that is asked for.
    pub(super) fn or_as(mut self, format: &'static str) -> Operation {
        self.texts.push(format);
        self
    }

    fn describe(&self, generator: &mut SchemaGenerator) -> Value {
        let (status, answer) = &self.answer;
        let mut answered = json!({ "description": status.canonical_reason().unwrap_or_default() });
        if let Some((format, draw)) = answer {
            answered["content"] = json!({ *format: { "schema": draw(generator) } });
        }
        for format in &self.texts {
            answered["content"][format] = json!({ "schema": { "type": "string" } });
        }
        let mut parameters: Vec<_> = path_parameters(self.path).collect();
        if let Some(draw) = self.query {
            parameters.extend(query_parameters(&draw(generator)));
        }
        if self.conditional {
            parameters.push(if_match());
        }
        if self.is_repeatable() {
            parameters.push(idempotency_key());
        }
        let mut responses: Map<String, Value> = self
            .refusals(!parameters.is_empty())
            .map(|status| (status, json!({ "$ref": "#/components/responses/Problem" })))
            .collect();
        if self.already {
            let mut already = answered.clone();
            already["description"] = json!("It was so already; nothing changed.");
            responses.insert(StatusCode::OK.as_str().to_owned(), already);
        }
        responses.insert(status.as_str().to_owned(), answered);
        let mut operation = json!({
            "summary": self.summary,
            "operationId": operation_id(self.name, self.path),
            "tags": [tag(self.path)],
            "parameters": parameters,
            "responses": responses,
        });
        if let Some(draw) = self.body {
            operation["requestBody"] = json!({
                "required": self.body_required,
                "content": { "application/json": { "schema": draw(generator) } },
            });
        }
        if self.open {
            operation["security"] = json!([]);
        }
        operation
    }

    /// Whether it is carried out once, however often it is sent with one key.
    fn is_repeatable(&self) -> bool {
        self.method == MethodFilter::POST && !self.open
    }

    /// With which statuses it may be refused: what it takes says what may be wrong with it.
    fn refusals(&self, takes_parameters: bool) -> impl Iterator<Item = String> {
        let with_body: &[u16] = if self.body.is_some() { &[400, 409, 413, 415, 422] } else { &[] };
        let with_token: &[u16] = if self.open { &[] } else { &[401, 403] };
        let with_parameters: &[u16] = if takes_parameters { &[404, 422] } else { &[] };
        let with_tag: &[u16] = if self.conditional { &[409, 412] } else { &[] };
        let with_key: &[u16] = if self.is_repeatable() { &[409, 413] } else { &[] };
        let all = with_body.iter().chain(with_token).chain(with_parameters);
        let all = all.chain(with_tag).chain(with_key);
        all.map(u16::to_string).chain(["default".to_owned()])
    }
}

/// Routes with their description.
pub(super) struct Routes<S> {
    router: Router<S>,
    operations: Vec<Operation>,
}

impl<S: Clone + Send + Sync + 'static> Routes<S> {
    /// None yet.
    pub(super) fn new() -> Routes<S> {
        Routes { router: Router::new(), operations: Vec::new() }
    }

    /// One more.
    pub(super) fn add<H, T>(mut self, operation: Operation, handler: H) -> Routes<S>
    where
        H: Handler<T, S>,
        T: 'static,
    {
        let mut route = on(operation.method, handler);
        if operation.query.is_none() {
            route = route.layer(map_request(query::none));
        }
        self.router = self.router.route(operation.path, route);
        self.operations.push(operation);
        self
    }

    /// These and those.
    pub(super) fn and(mut self, others: Routes<S>) -> Routes<S> {
        self.router = self.router.merge(others.router);
        self.operations.extend(others.operations);
        self
    }

    /// The router, and the OpenAPI document of what it serves.
    pub(super) fn finish(self) -> (Router<S>, Value) {
        (self.router, document(&self.operations))
    }
}

fn document(operations: &[Operation]) -> Value {
    let settings = SchemaSettings::draft2020_12()
        .with(|settings| settings.definitions_path = "/components/schemas".into());
    let mut generator = settings.into_generator();
    let mut paths = Map::new();
    for operation in operations {
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        path[operation.name] = operation.describe(&mut generator);
    }
    let problem = generator.subschema_for::<ErrorBody>();
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Quorate",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "The back office of meetings. Errors are RFC 9457 problems that carry the protocol's \
                codes; what one may not see is not there.",
            "license": { "name": "Apache-2.0 OR MIT" },
        },
        "security": [{ "bearer": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": { "bearer": { "type": "http", "scheme": "bearer" } },
            "responses": { "Problem": {
                "description": "Refused; nothing changed.",
                "content": { "application/problem+json": { "schema": { "allOf": [
                    {
                        "type": "object",
                        "properties": {
                            "type": { "type": "string" },
                            "title": { "type": "string" },
                            "status": { "type": "integer" },
                            "detail": { "type": "string" },
                        },
                        "required": ["type", "title", "status", "detail"],
                    },
                    problem,
                ] } } },
            } },
            "schemas": generator.take_definitions(true),
        },
    });
    bound(&mut document);
    document
}

/// Says of each integer how far it goes, which its format says only to people.
fn bound(value: &mut Value) {
    match value {
        Value::Object(schema) => {
            let ends = match schema.get("format").and_then(Value::as_str) {
                Some("int64") => Some((json!(i64::MIN), json!(i64::MAX))),
                // Rows are numbered with 63 bits.
                Some("uint64") => Some((json!(0), json!(i64::MAX))),
                Some("uint32") => Some((json!(0), json!(u32::MAX))),
                Some("uint16") => Some((json!(0), json!(u16::MAX))),
                Some("uint8") => Some((json!(0), json!(u8::MAX))),
                _ => None,
            };
            if let Some((minimum, maximum)) = ends {
                schema.entry("minimum").or_insert(minimum);
                schema.entry("maximum").or_insert(maximum);
            }
            schema.values_mut().for_each(bound);
        }
        Value::Array(items) => items.iter_mut().for_each(bound),
        _ => {}
    }
}

/// The header by which a change is wanted only of what was seen.
fn if_match() -> Value {
    json!({
        "name": "If-Match", "in": "header", "required": false,
        "description": "`*`, or the ETag of the meeting as it was seen; where it changed since, nothing is done.",
        "schema": { "type": "string", "pattern": r#"^ *(\*|"[0-9]+"( *, *"[0-9]+")*) *$"# },
    })
}

/// The header by which a request that is sent again is carried out once.
fn idempotency_key() -> Value {
    json!({
        "name": "Idempotency-Key", "in": "header", "required": false,
        "description": "Makes the request safe to be sent again within 24 hours: it is carried out once. \
            Printable ASCII.",
        "schema": { "type": "string", "minLength": 1, "maxLength": KEY_CHARS_MAX, "pattern": "^[ -~]*[!-~][ -~]*$" },
    })
}

/// The parameters in a path: the last word tells what it is, and all ids are integers.
fn path_parameters(path: &str) -> impl Iterator<Item = Value> {
    let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    names.map(|name| {
        let schema = match name {
            "original_start" => json!({ "type": "string", "format": "date-time" }),
            _ if name == "id" || name.ends_with("_id") => {
                json!({ "type": "integer", "format": "int64", "minimum": 1 })
            }
            _ => json!({ "type": "string" }),
        };
        json!({ "name": name, "in": "path", "required": true, "schema": schema })
    })
}

/// Each property of the query's type is a parameter.
fn query_parameters(schema: &Schema) -> Vec<Value> {
    let required = schema.get("required").and_then(Value::as_array);
    let is_required = |name: &str| required.is_some_and(|names| names.iter().any(|it| it == name));
    let properties = schema.get("properties").and_then(Value::as_object);
    let parameter = |(name, schema): (&String, &Value)| {
        json!({
            "name": name, "in": "query", "required": is_required(name),
            "description": schema.get("description"), "schema": given(schema.clone()),
        })
    };
    properties.into_iter().flatten().map(parameter).collect()
}

/// What a parameter is where it is given: one that is absent is not null, and has no default to be sent.
fn given(mut schema: Value) -> Value {
    let is_null = |part: &Value| part == "null" || part["type"] == "null";
    for key in ["type", "anyOf", "enum"] {
        let Some(Value::Array(parts)) = schema.get_mut(key) else { continue };
        parts.retain(|part| !is_null(part) && !part.is_null());
        match (key, parts.len()) {
            ("type", 1) => schema[key] = schema[key][0].take(),
            ("anyOf", 1) => return schema[key][0].take(),
            _ => {}
        }
    }
    if let Value::Object(schema) = &mut schema {
        schema.remove("default");
        schema.remove("description");
    }
    schema
}

/// The noun that a path is about.
fn tag(path: &str) -> &str {
    path.split('/').find(|part| !part.is_empty() && *part != "api").unwrap_or("server")
}

/// A name for an operation that generated clients can have as a function's.
fn operation_id(method: &str, path: &str) -> String {
    let words = path.split(['/', '-', '.']).filter(|word| !word.is_empty() && *word != "api");
    let words = words.map(|word| word.trim_matches(['{', '}']));
    std::iter::once(method).chain(words).collect::<Vec<_>>().join("_")
}
