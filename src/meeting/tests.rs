//! The rules, by tables and by chance: `fold` is `live`, a refusal changes nothing, invariants hold.

mod chance;
mod custom;
mod matrix;
mod rights;
mod search;
mod seat;
mod stage;
mod tables;
