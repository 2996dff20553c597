//! The envelope: what every frame looks like, both ways.

use std::borrow::Cow;

use serde::ser::{Error as _, SerializeStruct};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::message::parse_data;
use crate::{
    ByRight, Bye, ErrorBody, Event, EventBody, ParseError, ParticipantId, Role, Seq, SignalBody,
    Timestamp, Welcome,
};

/// A frame from a client: `{"type", "id", "data"?, "dry_run"?}`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientFrame<'a> {
    /// `hello`, or a command's type.
    #[serde(borrow)]
    pub r#type: Cow<'a, str>,
    /// The id, still as text: see [`ClientFrame::id`].
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
    /// The data, still as text.
    #[serde(borrow, default)]
    pub data: Option<&'a RawValue>,
    /// Ask what would happen, and change nothing.
    #[serde(default)]
    pub dry_run: bool,
}

impl<'a> ClientFrame<'a> {
    /// Reads a frame; what is in `data` is read by its type.
    ///
    /// # Errors
    /// When it is not JSON of the envelope's shape.
    pub fn parse(text: &'a str) -> Result<Self, MalformedFrame> {
        // Left to itself, serde takes the fields of a struct from an array too, by their position.
        if text.trim_start().starts_with('[') {
            return Err(MalformedFrame("an array".to_owned()));
        }
        serde_json::from_str(text).map_err(|error| MalformedFrame(error.to_string()))
    }

    /// The id: a positive integer, rising within a session; `hello` is 1. None when it is anything else.
    #[must_use]
    pub fn id(&self) -> Option<i64> {
        self.id.and_then(|id| id.get().parse().ok()).filter(|&id| id > 0)
    }

    /// The data as text; absent is the empty object.
    #[must_use]
    pub fn data(&self) -> &'a RawValue {
        self.data.unwrap_or_else(|| serde_json::from_str("{}").expect("a constant that is JSON"))
    }

    /// Reads the data of a `hello`.
    ///
    /// # Errors
    /// When it is of another shape.
    pub fn hello(&self) -> Result<crate::Hello, ParseError> {
        parse_data(self.data())
    }

    /// The text of a frame that carries a command.
    #[must_use]
    pub fn command(id: i64, command: &crate::Command) -> String {
        #[derive(Serialize)]
        struct Frame<'a, D: Serialize> {
            r#type: &'a str,
            id: i64,
            data: D,
        }
        to_text(&Frame { r#type: command.kind(), id, data: command.data() })
    }

    /// The text of a `hello` frame.
    #[must_use]
    pub fn hello_text(hello: &crate::Hello) -> String {
        #[derive(Serialize)]
        struct Frame<'a> {
            r#type: &'a str,
            id: i64,
            data: &'a crate::Hello,
        }
        to_text(&Frame { r#type: "hello", id: 1, data: hello })
    }
}

/// A frame that is not of the envelope's shape, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MalformedFrame(pub String);

/// A frame from the server, as a client reads it.
#[derive(Debug, Clone, PartialEq)]
pub enum ServerFrame {
    /// The answer to `hello` (with its id), or a new standing (without).
    Welcome(Option<i64>, Box<Welcome>),
    /// A command was carried out.
    Ok(OkFrame),
    /// A frame was refused; its id, if it had one.
    Error(Option<i64>, ErrorBody),
    /// Facts.
    Events(EventsFrame),
    /// Passing things.
    Signals(Vec<SignalBody>),
    /// The last frame.
    Bye(Bye),
}

/// A command was carried out.
#[derive(Debug, Clone, PartialEq)]
pub struct OkFrame {
    /// The command's id.
    pub id: i64,
    /// The last event it caused.
    pub seq: Option<Seq>,
    /// It was only asked what would happen.
    pub dry_run: bool,
    /// The answer's data, as JSON text.
    pub data: Box<str>,
}

/// Facts.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct EventsFrame {
    /// The events, rising.
    pub events: Vec<Event>,
    /// Nothing that one may see is missing up to here.
    pub up_to: Option<Seq>,
}

impl ServerFrame {
    /// Reads a frame.
    ///
    /// # Errors
    /// When it is not of the envelope's shape. Events and signals of unknown types are kept as `Unknown`.
    pub fn parse(text: &str) -> Result<ServerFrame, MalformedFrame> {
        #[derive(Deserialize)]
        struct Raw<'a> {
            #[serde(borrow)]
            r#type: Cow<'a, str>,
            id: Option<i64>,
            seq: Option<Seq>,
            #[serde(default)]
            dry_run: bool,
            up_to: Option<Seq>,
            error: Option<ErrorBody>,
            #[serde(borrow)]
            data: Option<&'a RawValue>,
            #[serde(borrow)]
            events: Option<Vec<RawEvent<'a>>>,
            #[serde(borrow)]
            signals: Option<Vec<RawSignal<'a>>>,
        }
        #[derive(Deserialize)]
        struct RawEvent<'a> {
            seq: Seq,
            at: Timestamp,
            by: Option<ParticipantId>,
            name: Option<String>,
            role: Option<Role>,
            #[serde(default)]
            via: Option<ByRight>,
            #[serde(borrow)]
            r#type: Cow<'a, str>,
            #[serde(borrow)]
            data: &'a RawValue,
        }
        #[derive(Deserialize)]
        struct RawSignal<'a> {
            #[serde(borrow)]
            r#type: Cow<'a, str>,
            #[serde(borrow)]
            data: &'a RawValue,
        }

        let malformed = |what: &str| MalformedFrame(what.to_owned());
        let raw: Raw<'_> =
            serde_json::from_str(text).map_err(|error| MalformedFrame(error.to_string()))?;
        let data = || raw.data.ok_or_else(|| malformed("no data"));
        let wrong = |error: ParseError| MalformedFrame(format!("{}: {error:?}", raw.r#type));
        Ok(match &*raw.r#type {
            "welcome" => ServerFrame::Welcome(raw.id, parse_data(data()?).map_err(wrong)?),
            "ok" => ServerFrame::Ok(OkFrame {
                id: raw.id.ok_or_else(|| malformed("ok without id"))?,
                seq: raw.seq,
                dry_run: raw.dry_run,
                data: raw.data.map_or("{}", RawValue::get).into(),
            }),
            "error" => ServerFrame::Error(raw.id, raw.error.ok_or_else(|| malformed("no error"))?),
            "events" => {
                let events = raw.events.unwrap_or_default().into_iter().map(|event| {
                    let body = EventBody::parse(&event.r#type, event.data).map_err(wrong)?;
                    let RawEvent { seq, at, by, name, role, via, .. } = event;
                    Ok(Event { seq, at, by, name, role, via, body })
                });
                let events = events.collect::<Result<_, _>>()?;
                ServerFrame::Events(EventsFrame { events, up_to: raw.up_to })
            }
            "signals" => {
                let signals = raw.signals.unwrap_or_default().into_iter();
                let signals = signals
                    .map(|signal| SignalBody::parse(&signal.r#type, signal.data).map_err(wrong));
                ServerFrame::Signals(signals.collect::<Result<_, _>>()?)
            }
            "bye" => ServerFrame::Bye(parse_data(data()?).map_err(wrong)?),
            other => return Err(MalformedFrame(format!("unknown frame type `{other}`"))),
        })
    }

    /// The text of this frame.
    #[must_use]
    pub fn to_text(&self) -> String {
        to_text(self)
    }
}

impl Serialize for ServerFrame {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut frame = serializer.serialize_struct("ServerFrame", 4)?;
        match self {
            ServerFrame::Welcome(id, welcome) => {
                frame.serialize_field("type", "welcome")?;
                if let Some(id) = id {
                    frame.serialize_field("id", id)?;
                }
                frame.serialize_field("data", welcome)?;
            }
            ServerFrame::Ok(ok) => {
                frame.serialize_field("type", "ok")?;
                frame.serialize_field("id", &ok.id)?;
                if let Some(seq) = ok.seq {
                    frame.serialize_field("seq", &seq)?;
                }
                if ok.dry_run {
                    frame.serialize_field("dry_run", &true)?;
                }
                let data: &RawValue = serde_json::from_str(&ok.data).map_err(S::Error::custom)?;
                frame.serialize_field("data", data)?;
            }
            ServerFrame::Error(id, error) => {
                frame.serialize_field("type", "error")?;
                frame.serialize_field("id", id)?;
                frame.serialize_field("error", error)?;
            }
            ServerFrame::Events(events) => {
                frame.serialize_field("type", "events")?;
                frame.serialize_field("events", &events.events)?;
                if let Some(up_to) = events.up_to {
                    frame.serialize_field("up_to", &up_to)?;
                }
            }
            ServerFrame::Signals(signals) => {
                frame.serialize_field("type", "signals")?;
                frame.serialize_field("signals", signals)?;
            }
            ServerFrame::Bye(bye) => {
                frame.serialize_field("type", "bye")?;
                frame.serialize_field("data", bye)?;
            }
        }
        frame.end()
    }
}

/// Text of a value whose serialisation cannot fail: strings for keys, no I/O.
fn to_text(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("wire types serialise")
}
