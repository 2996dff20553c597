//! The sections of the page, each with what it says where there is nothing to show.

pub(super) mod agenda;
pub(super) mod course;
pub(super) mod effectiveness;
pub(super) mod engagement;
pub(super) mod feedback;
pub(super) mod head;
pub(super) mod method;
pub(super) mod outcomes;
pub(super) mod polls;
pub(super) mod presence;
pub(super) mod quality;
pub(super) mod rooms;
pub(super) mod talk;

/// People who are drawn in a chart, at most; its table has everyone.
const ROWS_MAX: usize = 100;
