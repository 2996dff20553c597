//! Errors on the wire: a stable code, a sentence that says what to do, and what helps.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{ParticipantId, Permission};

macro_rules! codes {
    ($($(#[doc = $doc:expr])+ $Variant:ident = $name:literal,)+) => {
        /// What went wrong, in one word that never changes; also why a socket was closed.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
        pub enum Code {
            $($(#[doc = $doc])+ #[serde(rename = $name)] $Variant,)+
            /// A code of a later version; never sent.
            #[serde(other, rename = "unknown")]
            Unknown,
        }

        impl Code {
            /// The word on the wire.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Code::$Variant => $name,)+
                    Code::Unknown => "unknown",
                }
            }
        }
    };
}

codes! {
    /// Not JSON of the envelope's shape.
    BadJson = "bad_json",
    /// No command of that type.
    UnknownCommand = "unknown_command",
    /// A field is missing, unknown, or of another shape; `field` names it.
    Invalid = "invalid",
    /// A field or frame over its limit; `field` and `limit` say which.
    TooLarge = "too_large",
    /// Too many commands; wait `retry_after_ms`.
    RateLimited = "rate_limited",
    /// The first frame must be `hello`.
    HelloExpected = "hello_expected",
    /// No credential, or one that does not hold.
    Unauthorized = "unauthorized",
    /// A permission is missing; `permission` names it.
    Forbidden = "forbidden",
    /// The other person's rank is not below one's own.
    RankTooLow = "rank_too_low",
    /// Not there, or not for you.
    NotFound = "not_found",
    /// Does not fit what is; `resolved` says how it was settled before.
    Conflict = "conflict",
    /// Over REST: what `If-Match` names is no longer so.
    PreconditionFailed = "precondition_failed",
    /// Not let in yet.
    Waiting = "waiting",
    /// No free seat.
    MeetingFull = "meeting_full",
    /// No free place in the waiting room.
    WaitingRoomFull = "waiting_room_full",
    /// The door is locked.
    MeetingLocked = "meeting_locked",
    /// Too early.
    MeetingNotStarted = "meeting_not_started",
    /// Over.
    MeetingEnded = "meeting_ended",
    /// Banned; `until` says for how long.
    Banned = "banned",
    /// Turned away.
    Declined = "declined",
    /// There is a passcode, and none was sent.
    PasscodeRequired = "passcode_required",
    /// That is not the passcode.
    PasscodeWrong = "passcode_wrong",
    /// The store failed; nothing changed.
    Unavailable = "unavailable",
    /// The server stops; come back.
    Restarting = "restarting",
    /// Our fault; `incident` is in the server's log.
    Internal = "internal",
    /// Closed because one left.
    Left = "left",
    /// Closed because one did not read.
    SlowConsumer = "slow_consumer",
    /// Closed because no pong came.
    PingTimeout = "ping_timeout",
    /// Closed because the socket was not used as agreed.
    ProtocolError = "protocol_error",
    /// Closed because one was removed.
    Removed = "removed",
    /// Closed because a newer socket took over.
    Replaced = "replaced",
    /// That path does not take that method (REST).
    MethodNotAllowed = "method_not_allowed",
    /// The body is not JSON (REST).
    UnsupportedMediaType = "unsupported_media_type",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What is in `error`: the code, a sentence for people, and what helps a program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorBody {
    /// The stable code.
    pub code: Code,
    /// What is wrong and what to do.
    pub message: String,
    /// Whether the same may succeed later.
    pub retryable: bool,
    /// The permission that is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permission: Option<Permission>,
    /// The field concerned, as a path into `data`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The bound that was passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// When to try again, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// How a ban ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<crate::Timestamp>,
    /// What became of someone who is no longer there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
    /// How it was settled before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved: Option<String>,
    /// Who settled it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<ParticipantId>,
    /// Participants who have the role that was to be removed; the first 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub used_by: Vec<ParticipantId>,
    /// What to look for in the server's log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<String>,
}

impl ErrorBody {
    /// An error with nothing beside its sentence.
    #[must_use]
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        let retryable = matches!(
            code,
            Code::RateLimited
                | Code::Waiting
                | Code::MeetingFull
                | Code::WaitingRoomFull
                | Code::MeetingLocked
                | Code::MeetingNotStarted
                | Code::PasscodeRequired
                | Code::PasscodeWrong
                | Code::Unavailable
                | Code::Restarting
        );
        ErrorBody {
            code,
            message: message.into(),
            retryable,
            permission: None,
            field: None,
            limit: None,
            retry_after_ms: None,
            until: None,
            last: None,
            resolved: None,
            by: None,
            used_by: Vec::new(),
            incident: None,
        }
    }

    /// The field concerned.
    #[must_use]
    pub fn field(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }
}

impl fmt::Display for ErrorBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for ErrorBody {}
