//! What the journal holds: facts in the past tense, who may see each, and what of it is personal.
//!
//! Once written, an event is read for ever: fields are only added, with defaults, and a new meaning is
//! a new variant. Nothing here knows the wire; [`super::wire`] turns an event into what clients see.

mod audience;
mod created;
mod fact;
mod import;
mod subject;

use quorate_protocol::{Attributes, ParticipantId, Role, Seq, SessionId, Timestamp, UserId};
use serde::{Deserialize, Serialize};

pub use super::series::Followed;

pub use audience::{Audience, Group, STAFF_RANK, UnknownAudience, View};
pub use created::MeetingCreated;
pub use fact::{Fact, RoomPlan, SessionEnd};
pub use import::{Admission, IMPORTED_AT_ONCE, ImportedParticipant, MeetingImported};
pub use subject::Subject;

/// The user that acts for timers and for the server itself.
pub const SYSTEM: UserId = UserId(0);

/// One row of a meeting's journal.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its number: 1, 2, 3 … without a gap.
    pub seq: Seq,
    /// When it happened, by the meeting's clock.
    pub at: Timestamp,
    /// The user who did it; [`SYSTEM`] for timers.
    pub user: UserId,
    /// That user's place in the meeting, if they have one.
    pub by: Option<ParticipantId>,
    /// Who may see it.
    pub audience: Audience,
    /// What happened: structure only, never redacted.
    pub fact: Fact,
    /// Names, texts and reasons; gone after a redaction.
    pub personal: Option<Box<Personal>>,
    /// On the last event of a command: which command it was, and its answer.
    pub cause: Option<Box<Cause>>,
    /// Whether it was done by the right of an administrator of the server.
    pub as_admin: bool,
}

/// The command that an event ends, and what was answered, so that a repetition gets the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// The session that sent it.
    pub session: SessionId,
    /// The id it had there.
    pub command: i64,
    /// The answer's data, as JSON text.
    pub answer: Box<str>,
}

/// What of an event concerns a person's privacy; which fields are set depends on the fact.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Personal {
    /// A name as typed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The text of a message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The reason of a removal, ban or decline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// An email address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// A participant's own key-value pairs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attributes: Option<Attributes>,
    /// Texts that belong together: the choices of a poll, the titles of an
    /// agenda, the names of rooms.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub texts: Vec<String>,
    /// With the name, in a large meeting: the role of one who was not announced to all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// What someone thinks of the meeting, 1 to 5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rating: Option<u8>,
}

impl Personal {
    /// As many texts as the fact says there are; empty ones after a redaction.
    pub(super) fn texts(personal: Option<&Personal>, count: usize) -> Vec<String> {
        let mut texts = personal.map(|personal| personal.texts.clone()).unwrap_or_default();
        texts.resize(count, String::new());
        texts
    }
}
