//! The commands, one a file.

pub(crate) mod audit;
pub(crate) mod backup;
pub(crate) mod doctor;
pub(crate) mod migrate;
mod progress;
pub(crate) mod replay;
pub(crate) mod user;
