//! Why the answer is no. A refusal changes nothing.

use quorate_protocol::{Code, ErrorBody, ParticipantId, Permission, TRY_AGAIN_MS, Timestamp};

/// Why a meeting refuses an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// A field's value makes no sense here.
    Invalid {
        /// Which field.
        field: &'static str,
        /// What is wrong with it.
        message: &'static str,
    },
    /// A permission makes no sense in this field.
    InvalidPermission {
        /// Which field.
        field: &'static str,
        /// The permission.
        permission: Permission,
        /// What is wrong with it.
        message: &'static str,
    },
    /// A field is over its limit.
    TooLarge {
        /// Which field.
        field: &'static str,
        /// The limit, in the field's own unit.
        limit: usize,
    },
    /// The credential or session does not hold here.
    Unauthorized(&'static str),
    /// A permission is missing.
    Forbidden(Permission),
    /// The other's rank is not below one's own.
    RankTooLow,
    /// There is no such thing here, and what became of it.
    NotFound {
        /// What was looked for.
        what: &'static str,
        /// What became of it, if it was here.
        last: Option<&'static str>,
    },
    /// It does not fit what is.
    Conflict(&'static str),
    /// There are as many as there may be.
    TooMany {
        /// What to do.
        message: &'static str,
        /// How many there may be.
        limit: usize,
    },
    /// People have it.
    InUse {
        /// What to do.
        message: &'static str,
        /// Who; the first of them.
        used_by: Vec<ParticipantId>,
    },
    /// Someone settled it before, the other way.
    Resolved {
        /// How.
        how: &'static str,
        /// Who.
        by: Option<ParticipantId>,
    },
    /// One waits, and may do little.
    StillWaiting,
    /// No free seat.
    Full,
    /// No free seat for a bot.
    FullOfBots {
        /// How many there may be.
        limit: u32,
    },
    /// No free place in the waiting room.
    WaitingRoomFull,
    /// The door is locked.
    Locked,
    /// The meeting is over.
    Ended,
    /// There is a passcode, and none was shown.
    PasscodeRequired,
    /// That is not the passcode.
    PasscodeWrong,
    /// Banned.
    Banned {
        /// Until when.
        until: Option<Timestamp>,
    },
    /// Turned away a moment ago.
    Declined {
        /// When knocking helps again, in milliseconds.
        retry_after_ms: u64,
    },
    /// What was seen of the meeting is no longer so.
    Outdated,
    /// Too often.
    TooOften {
        /// When it will do again, in milliseconds.
        retry_after_ms: u64,
    },
}

impl From<&Refusal> for ErrorBody {
    fn from(refusal: &Refusal) -> ErrorBody {
        let error = |code, message: &str| ErrorBody::new(code, message);
        let again = |code, message: &str| ErrorBody {
            retry_after_ms: Some(TRY_AGAIN_MS),
            ..ErrorBody::new(code, message)
        };
        match *refusal {
            Refusal::Invalid { field, message } => error(Code::Invalid, message).field(field),
            Refusal::InvalidPermission { field, permission, message } => ErrorBody {
                permission: Some(permission),
                ..ErrorBody::new(Code::Invalid, format!("`{permission}` {message}")).field(field)
            },
            Refusal::TooLarge { field, limit } => ErrorBody {
                limit: Some(limit as u64),
                ..ErrorBody::new(Code::TooLarge, format!("`{field}` is over its limit of {limit}"))
                    .field(field)
            },
            Refusal::Unauthorized(message) => {
                ErrorBody { retryable: true, ..error(Code::Unauthorized, message) }
            }
            Refusal::Forbidden(permission) => ErrorBody {
                permission: Some(permission),
                ..ErrorBody::new(
                    Code::Forbidden,
                    format!("needs the permission `{permission}`; ask a host"),
                )
            },
            Refusal::RankTooLow => error(
                Code::RankTooLow,
                "one acts only on people of a lower rank, and nobody on the owner",
            ),
            Refusal::NotFound { what, last } => ErrorBody {
                last: last.map(str::to_owned),
                ..ErrorBody::new(Code::NotFound, format!("there is no such {what} here"))
            },
            Refusal::Conflict(message) => error(Code::Conflict, message),
            Refusal::TooMany { message, limit } => {
                ErrorBody { limit: Some(limit as u64), ..error(Code::Conflict, message) }
            }
            Refusal::InUse { message, ref used_by } => {
                ErrorBody { used_by: used_by.clone(), ..error(Code::Conflict, message) }
            }
            Refusal::Resolved { how, by } => ErrorBody {
                resolved: Some(how.to_owned()),
                by,
                ..ErrorBody::new(Code::Conflict, format!("was {how} already"))
            },
            Refusal::StillWaiting => error(Code::Waiting, "you are not let in yet"),
            Refusal::Full => again(Code::MeetingFull, "no free seat; try again when someone left"),
            Refusal::FullOfBots { limit } => ErrorBody {
                limit: Some(limit.into()),
                ..error(Code::MeetingFull, "there are as many bots as there may be; take one away")
            },
            Refusal::WaitingRoomFull => {
                error(Code::WaitingRoomFull, "the waiting room is full; try again in a while")
            }
            Refusal::Locked => again(Code::MeetingLocked, "the door is locked; ask a host"),
            Refusal::Ended => error(Code::MeetingEnded, "the meeting is over"),
            Refusal::PasscodeRequired => {
                error(Code::PasscodeRequired, "there is a passcode; say hello again with it")
            }
            Refusal::PasscodeWrong => {
                error(Code::PasscodeWrong, "that is not the passcode; say hello again with it")
            }
            Refusal::Banned { until } => {
                ErrorBody { until, ..error(Code::Banned, "you are banned from this meeting") }
            }
            Refusal::Declined { retry_after_ms } => ErrorBody {
                retryable: true,
                retry_after_ms: Some(retry_after_ms),
                ..error(Code::Declined, "you were turned away; you may knock again later")
            },
            Refusal::Outdated => error(
                Code::PreconditionFailed,
                "the meeting was changed meanwhile; read it again, then send its new ETag",
            ),
            Refusal::TooOften { retry_after_ms } => ErrorBody {
                retry_after_ms: Some(retry_after_ms),
                ..error(Code::RateLimited, "too often; wait a moment")
            },
        }
    }
}
