//! Quorate, a real-time meeting coordinator.

pub mod meeting;
pub mod store;
