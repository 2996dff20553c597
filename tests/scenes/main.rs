//! Scenes: one behaviour each, seen from outside, over real sockets.
//!
//! [`stage`] sets the server up and brings the people in. To wait, a scene awaits the event.

#![allow(clippy::unwrap_used, reason = "a scene that cannot go on has failed")]

mod asking;
mod stage;

mod app;
mod audit;
mod bad_input;
mod bans;
mod bots;
mod breakouts;
mod chat;
mod conduct;
mod described;
mod dry_run;
mod erasure;
mod every_command;
mod feedback;
mod hello;
mod host;
mod invitation_links;
mod issuer;
mod lifecycle;
mod measuring;
mod meeting_changes;
mod moderation;
mod operating;
mod people;
mod people_changes;
mod policy;
mod private;
mod quality;
mod racing;
mod reads;
mod repeats;
mod reports;
mod rest;
mod resume;
mod retention;
mod rights;
mod roles;
mod series;
mod server_roles;
mod sessions;
mod sign_in;
mod stats;
mod talk;
mod time_travel;
mod tokens;
mod trends;
mod waiting;
mod waiting_staff;
mod who_may;
mod working;
