//! Identifiers. Integers for what the database numbers, UUIDv7 for what lives shorter.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $Name:ident($Inner:ty);)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        pub struct $Name(pub $Inner);

        impl fmt::Display for $Name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

ids! {
    /// A meeting. People share its `code` instead.
    MeetingId(i64);
    /// A user: a member, a guest, a bot, or the system (0).
    UserId(i64);
    /// A user's place in one meeting; kept when they leave and come back.
    ParticipantId(i64);
    /// A chat message: the `seq` of the event that brought it.
    MessageId(u64);
    /// A breakout room; counted from 1 in each meeting.
    RoomId(u32);
    /// A poll; counted from 1 in each meeting.
    PollId(u32);
    /// An agenda item; counted from 1 in each meeting.
    ItemId(u32);
    /// A decision; counted from 1 in each meeting.
    DecisionId(u32);
    /// An action item; counted from 1 in each meeting.
    ActionId(u32);
    /// An invitation; counted from 1 in each meeting.
    InviteeId(u32);
    /// An API key or bot token.
    TokenId(i64);
    /// One client's presence in a meeting; outlives its socket by the grace period.
    SessionId(Uuid);
}

/// The number of an event in its meeting's journal: 1, 2, 3 … without a gap; 0 is before the first.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(transparent)]
pub struct Seq(pub u64);

impl Seq {
    /// The number after this one.
    #[must_use]
    pub fn next(self) -> Seq {
        Seq(self.0 + 1)
    }

    /// The number `n` after this one.
    #[must_use]
    pub fn plus(self, n: u64) -> Seq {
        Seq(self.0 + n)
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
