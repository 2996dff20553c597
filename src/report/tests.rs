//! What a report says.

mod formula;
mod play;
mod table;
mod times;
