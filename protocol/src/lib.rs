//! What is on Quorate's wire, version 1: the contract between the server and everyone who speaks to it.
//!
//! Types and their serialisation, and no I/O. A client sends a [`ClientFrame`] and gets [`ServerFrame`]s;
//! [`Command`], [`EventBody`] and [`SignalBody`] list what there is to say, one documented line each.
//! `golden/` holds one example of every message; `schema/` the JSON Schema generated from these types.

mod close;
mod commands;
mod error;
mod events;
mod frames;
mod ids;
mod limits;
mod measured;
mod message;
mod permissions;
mod recurrence;
mod rest;
mod role;
mod schema;
mod settings;
mod shapes;
mod signals;
mod taking_part;
mod time;
mod welcome;
mod working;

pub use close::{Bye, ByeAction, CloseCode};
pub use commands::*;
pub use error::{Code, ErrorBody};
pub use events::*;
pub use frames::{ClientFrame, EventsFrame, MalformedFrame, OkFrame, ServerFrame};
pub use ids::*;
pub use limits::*;
pub use measured::*;
pub use message::{ParseError, parse_json};
pub use permissions::{Denial, Grant, Grants, Permission, PermissionSet};
pub use recurrence::*;
pub use rest::*;
pub use role::*;
pub use schema::{async_api, json_schema};
pub use settings::*;
pub use shapes::*;
pub use signals::*;
pub use taking_part::*;
pub use time::{Date, InvalidDate, InvalidTimestamp, Timestamp};
pub use welcome::*;
pub use working::*;

/// The WebSocket subprotocol of this version.
pub const SUBPROTOCOL: &str = "quorate.v1";
