//! Our series and calendar files against other people's programs: python-dateutil for rules, and `icalendar`
//! with `recurring-ical-events` for files. `tests/run` installs them under `target/venv`.
//!
//! Differences on purpose, which the oracle takes into account or is not asked about:
//!
//! - a time that does not exist moves forward by the length of the gap, one that exists twice is the first
//!   (dateutil knows no zones: this is put upon its wall-clock times, by Python's own zone data);
//! - times that the clock makes one are one occurrence, and occurrences are in the order of the instants;
//! - `UNTIL` is an instant, and compared as one;
//! - `BYWEEKNO` without `BYDAY` is the weekday of the start, as RFC 5545 says; dateutil takes the whole week;
//! - what common programs read in different ways is refused: weeks 52, 53 and from the end (dateutil takes the
//!   first days of January wrongly), `BYSETPOS` with `FREQ=WEEKLY` (a first week cut short by the start),
//!   `BYDAY` with and without numbers at once (a union in RFC 5545, an intersection in dateutil), and what is no
//!   meeting: `FREQ` below daily, rules that match again only after ten years;
//! - after 2099 the last offset of a zone holds: its data ends there;
//! - an occurrence's length is elapsed time; `recurring-ical-events` adds a duration to the wall clock, so that
//!   ends beyond a change of the clock are not compared.
//!
//! `QUORATE_ORACLE_SEED` and `QUORATE_ORACLE_CASES` choose other cases, and how many.

#![allow(clippy::unwrap_used, reason = "a failing unwrap is a failing test")]

mod cases;
mod files;
mod python;
mod rules;

/// A number from the environment.
fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |it| it.parse().expect("a number"))
}

fn seed() -> u64 {
    setting("QUORATE_ORACLE_SEED", 20_261_122)
}
