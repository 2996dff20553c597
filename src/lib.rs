//! Quorate, a real-time meeting coordinator: who is in a meeting, what each may do, what happened and when.
//!
//! The rooms of the house, in the order a command travels:
//!
//! | room | what is decided there |
//! |---|---|
//! | [`api`] | every HTTP route, the WebSocket upgrade among them: who is asking, and the reply |
//! | [`connection`] | one socket's life: hello, frames to commands, delivery to frames, goodbye |
//! | [`live`] | the live meetings: an actor each, the ring, delivery and resume |
//! | [`meeting`] | the rules: a plain state machine without I/O, clock or randomness |
//! | [`store`] | the journal, the tables that follow from it, the only SQL |
//!
//! Beside the road: [`identity`] (who someone is), [`schedule`] (recurrence, calendar files), [`replay`]
//! (meetings as they stood), [`report`] (what they were like), [`erasure`] (a person's data goes), [`migrate`] (the older application's
//! database), [`config`] and [`telemetry`] (what is counted). What is on the wire is the crate
//! `quorate_protocol`.

pub mod api;
pub mod config;
pub mod connection;
pub mod erasure;
pub mod identity;
pub mod live;
pub mod meeting;
pub mod migrate;
pub mod replay;
pub mod report;
pub mod schedule;
pub mod server;
pub mod store;
pub mod telemetry;

pub use config::Config;
pub use server::{Server, StartError};
