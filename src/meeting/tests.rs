//! The rules, by tables and by chance: `fold` is `live`, a refusal changes nothing, invariants hold.

mod chance;
mod conduct;
mod policy;
mod stage;
mod suspension;
mod tables;
mod texts;
