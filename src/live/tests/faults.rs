//! Failures that heal: a panic, a poisoned command, a dead handle.
