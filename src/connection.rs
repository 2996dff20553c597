//! One socket's life: hello, the two halves side by side, goodbye.
//!
//! One task per socket. The reader and the writer are two futures in it, so that waiting in one never
//! stops the other. Whatever ends the socket, dropping the session's delivery tells its meeting.

mod goodbye;
mod halves;
mod hello;
mod pulse;
mod rate;
mod reader;
mod tries;
mod writer;

use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use quorate_protocol::{Code, FRAME_BYTES_MAX};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tracing::field::display;

use crate::identity::Identity;
use crate::live::{Attached, CommandPort, Live};
use crate::store::Store;
use crate::telemetry::SocketMetrics;
use goodbye::{Goodbye, say_goodbye};
use halves::{Ear, Mouth};
use pulse::Pulse;
pub use tries::Tries;

/// Bytes read from a socket at once. The library's default of 128 KiB would be kept by every idle
/// connection.
const READ_BUFFER_BYTES: usize = 2048;

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
    /// Passcodes that were tried.
    pub tries: Mutex<Tries>,
    /// What is counted here.
    pub metrics: SocketMetrics,
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
pub async fn serve(socket: TcpStream, already_read: Vec<u8>, door: Arc<Door>) {
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        // What the library writes itself goes straight to the writing half.
        .write_buffer_size(0)
        .max_message_size(Some(FRAME_BYTES_MAX))
        .max_frame_size(Some(FRAME_BYTES_MAX));
    let _open = door.metrics.opened();
    let (ear, mut mouth) = halves::split(socket);
    let ear = WebSocketStream::from_partially_read(ear, already_read, Role::Server, Some(config));
    let mut ear = ear.await;
    // Boxed, so that an idle connection keeps no room for its beginning and its end.
    let goodbye = match Box::pin(hello::wait(&mut ear, &mut mouth, &door)).await {
        Ok(attached) => attend(&mut ear, &mut mouth, attached, &door).await,
        Err(goodbye) => goodbye,
    };
    door.metrics.closed(goodbye.close.map_or("gone", |closing| closing.why.name()));
    Box::pin(say_goodbye(ear, mouth, goodbye)).await;
}

/// The two halves side by side, until either ends.
async fn attend(
    ear: &mut WebSocketStream<Ear>,
    mouth: &mut Mouth,
    attached: Attached,
    door: &Door,
) -> Goodbye {
    let Attached { port, mut delivery } = attached;
    let span = tracing::Span::current();
    span.record("meeting", display(delivery.meeting()));
    span.record("session", display(delivery.session()));
    tracing::debug!("a session has its socket");
    let pulse = Pulse::new(door.manners.heartbeat);
    // Dropping the delivery tells the meeting, however long the goodbye takes.
    let goodbye = tokio::select! {
        ended = listen(ear, &port, &pulse, door) => ended,
        ended = writer::write(mouth, &mut delivery, &pulse) => ended,
    };
    // Why in a word: what else is said may be for their eyes.
    let why = goodbye.close.map_or("gone", |closing| closing.why.name());
    tracing::debug!(why, rtt_ms = pulse.rtt_ms(), "a socket ended");
    goodbye
}

/// The reading half. What was answered before it ends goes out before: the writer has the last word.
async fn listen(
    ear: &mut WebSocketStream<Ear>,
    port: &CommandPort,
    pulse: &Pulse,
    door: &Door,
) -> Goodbye {
    let goodbye = reader::read(ear, port, pulse, door).await;
    let Some(closing) = goodbye.close else { return goodbye };
    port.part(goodbye.frames, closing.why);
    pending().await
}

/// Why the reading half ends at once: the peer is gone.
const GONE: Goodbye = Goodbye { frames: Vec::new(), close: None };

/// A goodbye whose last frame is written already.
fn after_bye(code: Code) -> Goodbye {
    Goodbye { frames: Vec::new(), close: Some(code.into()) }
}
