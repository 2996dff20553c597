//! How a socket ends: the last frame and the close code.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Code;

/// The close code of a WebSocket. 4000–4499: come back with `resume`. 4500–4999: do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CloseCode(pub u16);

impl CloseCode {
    /// The close code that goes with why a socket is closed.
    #[must_use]
    pub fn of(code: Code) -> CloseCode {
        CloseCode(match code {
            Code::Left => 1000,
            Code::Restarting => 4001,
            Code::SlowConsumer => 4002,
            Code::Unavailable | Code::Internal => 4003,
            Code::PingTimeout => 4004,
            Code::RateLimited => 4029,
            Code::ProtocolError | Code::HelloExpected | Code::BadJson => 4500,
            Code::Unauthorized => 4501,
            Code::Removed | Code::Banned | Code::Declined | Code::Forbidden => 4503,
            Code::NotFound => 4504,
            Code::Replaced => 4509,
            Code::MeetingEnded => 4510,
            Code::TooLarge => 4513,
            _ => 4511,
        })
    }

    /// What the client does next.
    #[must_use]
    pub fn action(self) -> ByeAction {
        match self.0 {
            4000..=4499 => ByeAction::Resume,
            4501 => ByeAction::Rejoin,
            _ => ByeAction::Stop,
        }
    }
}

/// What a client does after `bye`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ByeAction {
    /// Come back with `resume`.
    Resume,
    /// Come back with a fresh `hello`.
    Rejoin,
    /// Do not come back by itself.
    Stop,
}

/// The last frame before a close.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Bye {
    /// Why.
    pub code: Code,
    /// What to do.
    pub action: ByeAction,
    /// When, in milliseconds from now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// The reason that a person gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Bye {
    /// The goodbye for this reason, with the action its close code asks for.
    #[must_use]
    pub fn new(code: Code) -> Self {
        Bye { code, action: CloseCode::of(code).action(), retry_after_ms: None, reason: None }
    }
}
