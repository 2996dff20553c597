//! The rules.

pub mod event;
