//! How a socket ends.

use std::time::Duration;

use futures::StreamExt;
use quorate_protocol::{Bye, CloseCode, Code, ErrorBody, ServerFrame};
use tokio::io;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::halves::{Ear, Mouth};

/// How long a client may take to read what it still gets, and to close.
const LINGER: Duration = Duration::from_secs(10);

/// What is still to be said.
#[derive(Debug)]
pub(super) struct Goodbye {
    /// Frames to write first.
    pub(super) frames: Vec<Utf8Bytes>,
    /// How to close; none when the peer is gone.
    pub(super) close: Option<Closing>,
}

/// How a socket is closed: the code, and why in a word.
#[derive(Debug, Clone, Copy)]
pub(super) struct Closing {
    pub(super) code: CloseCode,
    pub(super) why: Code,
}

impl From<Code> for Closing {
    fn from(why: Code) -> Closing {
        Closing { code: CloseCode::of(why), why }
    }
}

impl Goodbye {
    /// An error, and `bye` for this reason.
    pub(super) fn error(id: Option<i64>, error: ErrorBody, code: Code) -> Goodbye {
        let error = ServerFrame::Error(id, error).to_text().into();
        Goodbye { frames: vec![error, bye(code)], close: Some(code.into()) }
    }

    /// The refusal of a `hello`.
    pub(super) fn refused(id: Option<i64>, error: ErrorBody) -> Goodbye {
        let (why, retry_after_ms) = (error.code, error.retry_after_ms);
        // A field was too large, not the frame, or a passcode tried too often: there is no session to
        // resume.
        let code = match why {
            Code::TooLarge | Code::RateLimited => CloseCode::of(Code::Invalid),
            _ => CloseCode::of(why),
        };
        let error = ServerFrame::Error(id, error).to_text().into();
        let bye = Bye { action: code.action(), retry_after_ms, ..Bye::new(why) };
        let bye = ServerFrame::Bye(bye).to_text().into();
        Goodbye { frames: vec![error, bye], close: Some(Closing { code, why }) }
    }
}

/// The last frame.
pub(super) fn bye(code: Code) -> Utf8Bytes {
    ServerFrame::Bye(Bye::new(code)).to_text().into()
}

/// Writes what is still to be said, closes, and waits a little for the other side to close too, so that
/// nothing written is lost to a reset.
pub(super) async fn say_goodbye(mut ear: WebSocketStream<Ear>, mut mouth: Mouth, goodbye: Goodbye) {
    let farewell = async {
        if let Some(Closing { code, why }) = goodbye.close {
            for frame in goodbye.frames {
                mouth.say(frame);
            }
            mouth.close(code.0, why.name());
        }
        mouth.flush().await?;
        mouth.shut().await?;
        while let Some(Ok(_)) = ear.next().await {}
        // What cannot be read as frames is read as bytes, until the other side closes.
        io::copy(&mut ear.get_mut().reader, &mut io::sink()).await
    };
    // Whether it was read in time or not, it is over.
    let _ = timeout(LINGER, farewell).await;
}
