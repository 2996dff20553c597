//! The rules, by tables and by chance: `fold` is `live`, a refusal changes nothing, invariants hold.

mod chance;
mod invitees;
mod passes;
mod stage;
mod tables;
mod waiting;
mod waiting_staff;
