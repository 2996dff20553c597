//! How a socket ends.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use quorate_protocol::{Bye, CloseCode, Code, ErrorBody, ServerFrame};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

/// How long a client may take to read what it still gets, and to close.
const LINGER: Duration = Duration::from_secs(10);

/// What is still to be said.
#[derive(Debug)]
pub(super) struct Goodbye {
    /// Frames to write first.
    pub(super) frames: Vec<Utf8Bytes>,
    /// Why to close; none when the peer is gone.
    pub(super) close: Option<Code>,
}

impl Goodbye {
    /// An error, and `bye` for this reason.
    pub(super) fn error(id: Option<i64>, error: ErrorBody, code: Code) -> Goodbye {
        let error = ServerFrame::Error(id, error).to_text().into();
        Goodbye { frames: vec![error, bye(code)], close: Some(code) }
    }
}

/// The last frame.
pub(super) fn bye(code: Code) -> Utf8Bytes {
    ServerFrame::Bye(Bye::new(code)).to_text().into()
}

/// Writes what is still to be said, closes, and waits a little for the other side to close too, so that
/// nothing written is lost to a reset.
pub(super) async fn say_goodbye<S>(socket: &mut WebSocketStream<S>, goodbye: Goodbye)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let Some(code) = goodbye.close else { return };
    let farewell = async {
        for frame in goodbye.frames {
            socket.feed(Message::Text(frame)).await?;
        }
        let frame = CloseFrame { code: CloseCode::of(code).0.into(), reason: code.name().into() };
        socket.send(Message::Close(Some(frame))).await?;
        while let Some(message) = socket.next().await {
            message?;
        }
        Ok::<_, tokio_tungstenite::tungstenite::Error>(())
    };
    // Whether it was read in time or not, it is over.
    let _ = timeout(LINGER, farewell).await;
}
