//! The rules, by tables and by chance: `fold` is `live`, a refusal changes nothing, invariants hold.

mod app;
mod bans;
mod bots;
mod chance;
mod large;
mod stage;
mod tables;
