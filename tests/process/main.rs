//! The real binary as a child process: killed, starved, misled and stopped, and what its clients see.
//!
//! Nothing here waits for time to pass: every wait is for something that must come, and gives up after
//! `PATIENCE` only so that a failure ends.

#![allow(clippy::unwrap_used, reason = "a failing unwrap is a failing test")]

mod backup;
mod ballots;
mod bots;
mod command_line;
mod crash;
mod doctor;
mod faults;
mod keys;
mod logs;
mod looking_back;
mod measuring;
mod migrate;
mod repeat;
mod reported;
mod sign_in;
mod silent;
mod start;
mod stop;
mod stuck;
mod support;
