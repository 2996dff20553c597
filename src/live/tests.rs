//! The actor's promises, on the real store: durable before told, each sees what they may, failures heal.

mod chance;
mod crowds;
mod faults;
mod scenes;
mod stage;

pub(super) use faults::trip_over;
