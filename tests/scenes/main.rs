//! Scenes: one behaviour each, seen from outside, over real sockets.
//!
//! [`stage`] sets the server up and brings the people in. To wait, a scene awaits the event.

#![allow(clippy::unwrap_used, reason = "a scene that cannot go on has failed")]

mod asking;
mod stage;

mod app;
mod bad_input;
mod bans;
mod bots;
mod breakouts;
mod chat;
mod conduct;
mod dry_run;
mod every_command;
mod hello;
mod host;
mod lifecycle;
mod meeting_changes;
mod moderation;
mod people;
mod people_changes;
mod policy;
mod private;
mod racing;
mod repeats;
mod rest;
mod resume;
mod rights;
mod roles;
mod server_roles;
mod sessions;
mod waiting;
mod waiting_staff;
mod working;
