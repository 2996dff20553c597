//! When a series of meetings takes place, and calendar files.
//!
//! A [`Series`] is a rule that was checked: every question to it has an answer in bounded time. Its rule
//! yields wall-clock times, which the zone turns into instants: a time that does not exist moves forward by
//! the length of the gap, one that exists twice is the first. What an occurrence lasts is elapsed time.
//!
//! No clock, no randomness, no I/O: the rules of meetings ask here while a journal is replayed.
//! `docs/recurring-meetings.md` says what is decided and why.

pub mod calendar;
mod edit;
mod invalid;
mod rule;
mod series;
mod shift;
mod text;
mod walk;
mod zone;

pub use edit::{Moved, Shift};
pub use invalid::Invalid;
pub use series::{Occurrence, Series, Times};
pub use zone::is_time_zone;

#[cfg(test)]
mod tests;
