//! What can go wrong: before one is in, and with one command.

use quorate_protocol::{Bye, ErrorBody};
use thiserror::Error;
use tokio_tungstenite::tungstenite;

/// Why there is no connection.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The server said no to `hello`.
    #[error("the server refused: {0}")]
    Refused(ErrorBody),
    /// The server closed the connection before it answered.
    #[error("the server closed the connection: {}", .0.code)]
    Closed(Bye),
    /// No server answers there, or not with a WebSocket.
    #[error("failed to connect")]
    Socket(#[source] Box<tungstenite::Error>),
    /// What came is not on Quorate's wire.
    #[error("failed to read the server's answer: {0}")]
    Malformed(String),
    /// No answer in time.
    #[error("failed to connect: no answer in time")]
    TimedOut,
}

impl From<tungstenite::Error> for ConnectError {
    fn from(error: tungstenite::Error) -> Self {
        ConnectError::Socket(Box::new(error))
    }
}

/// Why a command has no answer that says `ok`.
#[allow(clippy::large_enum_variant, reason = "errors are few, and no collection holds them")]
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CommandError {
    /// The server said no; nothing changed.
    #[error("{0}")]
    Refused(ErrorBody),
    /// The session ended before the answer came: whether it was carried out is not known.
    #[error("the session was lost before the answer came")]
    SessionLost,
    /// The client is closed, or the server sent it away.
    #[error("the connection is closed")]
    Closed,
}
