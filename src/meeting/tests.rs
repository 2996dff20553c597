//! The rules, by tables and by chance: `fold` is `live`, a refusal changes nothing, invariants hold.

mod app;
mod bans;
mod bots;
mod breakouts;
mod chance;
mod conduct;
mod custom;
mod docs;
mod door;
mod invitees;
mod large;
mod matrix;
mod model;
mod passes;
mod policy;
mod rights;
mod search;
mod seat;
mod simulation;
mod stage;
mod suspension;
mod tables;
mod texts;
mod waiting;
mod waiting_staff;
mod working;
