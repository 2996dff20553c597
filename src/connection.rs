//! One socket's life: hello, the two halves side by side, goodbye.
//!
//! One task per socket. The reader and the writer are two futures in it, so that waiting in one never
//! stops the other. Whatever ends the socket, dropping the session's delivery tells its meeting.

mod goodbye;
mod hello;
mod pulse;
mod rate;
mod reader;
mod writer;

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use quorate_protocol::{Code, FRAME_BYTES_MAX};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use crate::identity::Identity;
use crate::live::{Attached, Live};
use crate::store::Store;
use goodbye::{Goodbye, say_goodbye};
use pulse::Pulse;

/// Bytes read from a socket at once. The library's default of 128 KiB would be kept by every idle
/// connection.
const READ_BUFFER_BYTES: usize = 4096;
/// Bytes gathered before they are written.
const WRITE_BUFFER_BYTES: usize = 8192;
/// Bytes that may wait in the library's write buffer: one frame of the largest size, and a batch.
const WRITE_BUFFER_BYTES_MAX: usize = 4 * 1024 * 1024;

/// What connections share.
pub struct Door {
    /// The live meetings.
    pub live: Live,
    /// Who callers are.
    pub identity: Identity,
    /// Where meetings are looked up.
    pub store: Store,
    /// How connections behave.
    pub manners: Manners,
}

/// How connections behave.
#[derive(Debug, Clone, Copy)]
pub struct Manners {
    /// How long a socket may take to say `hello`.
    pub hello: Duration,
    /// How often a client is pinged.
    pub heartbeat: Duration,
    /// Points a second.
    pub points_per_second: u32,
    /// Points at once.
    pub burst: u32,
}

/// Serves one WebSocket, upgraded from HTTP, until it ends.
pub async fn serve<S>(socket: S, already_read: Vec<u8>, door: Arc<Door>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(WRITE_BUFFER_BYTES)
        .max_write_buffer_size(WRITE_BUFFER_BYTES_MAX)
        .max_message_size(Some(FRAME_BYTES_MAX))
        .max_frame_size(Some(FRAME_BYTES_MAX));
    let mut socket =
        WebSocketStream::from_partially_read(socket, already_read, Role::Server, Some(config))
            .await;
    match hello::wait(&mut socket, &door).await {
        Ok(attached) => attend(socket, attached, &door).await,
        Err(goodbye) => say_goodbye(&mut socket, goodbye).await,
    }
}

/// The two halves side by side, until either ends.
async fn attend<S>(socket: WebSocketStream<S>, attached: Attached, door: &Door)
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let Attached { port, mut delivery } = attached;
    let pulse = Pulse::new(door.manners.heartbeat);
    let (mut sink, mut stream) = socket.split();
    let reading = async {
        let goodbye = reader::read(&mut stream, &port, &pulse, door.manners).await;
        let Some(closing) = goodbye.close else { return goodbye };
        // What was answered before goes out before: the writer has the last word.
        port.part(goodbye.frames, closing.why);
        pending().await
    };
    let goodbye = tokio::select! {
        ended = reading => ended,
        ended = writer::write(&mut sink, &mut delivery, &pulse) => ended,
    };
    // The meeting hears of it now, however long the goodbye takes.
    drop(delivery);
    tracing::debug!(?goodbye, rtt_ms = pulse.rtt_ms(), "a socket ended");
    if let Ok(mut socket) = sink.reunite(stream) {
        say_goodbye(&mut socket, goodbye).await;
    }
}

/// Why the reading half ends at once: the peer is gone.
const GONE: Goodbye = Goodbye { frames: Vec::new(), close: None };

/// A goodbye whose last frame is written already.
fn after_bye(code: Code) -> Goodbye {
    Goodbye { frames: Vec::new(), close: Some(code.into()) }
}
