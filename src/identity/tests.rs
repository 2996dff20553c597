//! Identity, from inside.
