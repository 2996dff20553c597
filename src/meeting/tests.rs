//! The rules, by tables and by chance: `fold` is `live`, a refusal changes nothing, invariants hold.

mod breakouts;
mod chance;
mod docs;
mod model;
mod simulation;
mod stage;
mod tables;
mod working;
