//! The commands, one a file.

pub(crate) mod audit;
mod progress;
pub(crate) mod replay;
pub(crate) mod user;
