//! Live meetings: one actor each, found through the directory; delivery and resume.
//!
//! What leaves here carries the journal head it was decided upon and leaves when that is committed.
//! A session is a cursor into its meeting's ring: delivering and resuming are one thing. An actor
//! that failed discards itself and is rebuilt from the journal; its clients come back with `resume`.

mod actor;
mod answers;
mod checkpoint;
pub mod clock;
mod delivery;
mod directory;
mod frames;
pub mod ids;
mod mail;
mod outbox;
mod release;
mod restore;
mod revoke;
mod ring;
mod roles;
mod series;
mod step;
mod welcome;

#[cfg(test)]
mod tests;

pub use delivery::{Delivered, Delivery};
pub use directory::Live;
pub use mail::{
    ActAs, Acted, Attached, CommandPort, CreateAs, Credential, EnterAs, Keep, Named, Refused,
    ResumeAs, Revoked, Stand,
};
pub use roles::{RoleInUse, Roles};

use quorate_protocol::{Limits, MeetingId, SessionId};

use crate::meeting::Terms;

/// The secret that resumes a session, made by whoever keeps the server's key.
pub type ResumeTokens = dyn Fn(MeetingId, SessionId, &Credential) -> String + Send + Sync;

/// What live meetings need to know of the server's settings.
#[derive(Clone)]
pub struct Settings {
    /// The settings that the rules depend on.
    pub terms: Terms,
    /// How often a client is pinged, in seconds; told in `welcome`.
    pub heartbeat_seconds: u32,
    /// How often a meeting with people in it notes that it is alive, in seconds.
    pub checkpoint_seconds: u32,
    /// After how many idle seconds a live meeting retires.
    pub retire_after_seconds: u32,
    /// What `welcome` tells of limits.
    pub limits: Limits,
    /// Makes resume tokens.
    pub resume_tokens: std::sync::Arc<ResumeTokens>,
}
