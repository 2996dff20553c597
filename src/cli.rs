//! The commands that have more to say than fits beside the others, a file each.

pub(crate) mod migrate;
