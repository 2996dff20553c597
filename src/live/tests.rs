//! The actor's promises, on the real store: durable before told, each sees what they may, failures heal.

mod ballots;
mod breakouts;
mod chance;
mod checkpoints;
mod crowd;
mod crowds;
mod faults;
mod measuring;
mod pages;
mod quality;
mod retention;
mod revisions;
mod scenes;
mod stage;

pub(super) use faults::trip_over;
