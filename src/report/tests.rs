//! What a report says.

mod formula;
mod names;
mod play;
mod start;
mod table;
mod times;
