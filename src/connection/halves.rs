//! A socket in two halves. The WebSocket library reads; we write.
//!
//! A frame to many is the same bytes for all of them, and the library would copy it into a buffer of each
//! connection, which keeps its largest size for good. So the writing half takes shared frames as they are
//! and writes many with one call. What the library itself has to say (pongs, the answer to a close) it puts
//! aside, and the writing half writes it between frames.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::Notify;
use tokio_tungstenite::tungstenite::Utf8Bytes;

/// Parts given to one write at most; a frame is two, its head and its body.
const PARTS_MAX: usize = 64;
/// Frames for which room is kept between writes.
const QUEUE_KEPT: usize = 4;
/// Bytes put aside at most. A client that pings faster than it reads gets no pong for some.
const ASIDE_BYTES_MAX: usize = 4096;
/// The longest head of a frame towards a client: two bytes, and a length of eight.
const HEAD_BYTES_MAX: usize = 10;

/// First byte of a frame that is whole: FIN and the opcode (RFC 6455, section 5.2).
const TEXT: u8 = 0x81;
const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;

/// The two halves of a socket.
pub(super) fn split(socket: TcpStream) -> (Ear, Mouth) {
    let (reader, writer) = socket.into_split();
    let aside = Arc::new(Aside::default());
    let mouth = Mouth { writer, aside: aside.clone(), queue: VecDeque::new(), written: 0 };
    (Ear { reader, aside }, mouth)
}

/// What the library wants to write.
#[derive(Debug, Default)]
struct Aside {
    bytes: Mutex<Vec<u8>>,
    wake: Notify,
}

impl Aside {
    fn put(&self, frames: &[u8]) {
        let mut bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        if bytes.len() + frames.len() <= ASIDE_BYTES_MAX {
            bytes.extend_from_slice(frames);
        }
        drop(bytes);
        self.wake.notify_one();
    }

    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.bytes.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The reading half, as the library sees its socket.
#[derive(Debug)]
pub(super) struct Ear {
    pub(super) reader: OwnedReadHalf,
    aside: Arc<Aside>,
}

impl AsyncRead for Ear {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.reader).poll_read(cx, buf)
    }
}

impl AsyncWrite for Ear {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        frames: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.aside.put(frames);
        Poll::Ready(Ok(frames.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// The writing half. What is queued stays queued when a flush is given up half-way, and goes out whole.
#[derive(Debug)]
pub(super) struct Mouth {
    writer: OwnedWriteHalf,
    aside: Arc<Aside>,
    queue: VecDeque<Frame>,
    /// Bytes of the first frame in the queue that are written.
    written: usize,
}

/// A frame to be written: its head, and the body it shares with others.
#[derive(Debug)]
struct Frame {
    head: [u8; HEAD_BYTES_MAX],
    head_bytes: u8,
    body: Bytes,
}

impl Frame {
    fn new(first: u8, body: Bytes) -> Frame {
        let mut head = [0; HEAD_BYTES_MAX];
        head[0] = first;
        let length = body.len() as u64;
        let head_bytes = match length {
            0..=125 => {
                head[1] = length as u8;
                2
            }
            126..=0xFFFF => {
                head[1] = 126;
                head[2..4].copy_from_slice(&(length as u16).to_be_bytes());
                4
            }
            _ => {
                head[1] = 127;
                head[2..].copy_from_slice(&length.to_be_bytes());
                10
            }
        };
        Frame { head, head_bytes, body }
    }

    /// Frames that have their heads already.
    fn raw(body: Bytes) -> Frame {
        Frame { head: [0; HEAD_BYTES_MAX], head_bytes: 0, body }
    }

    fn parts(&self) -> [&[u8]; 2] {
        [&self.head[..usize::from(self.head_bytes)], &self.body]
    }

    fn bytes(&self) -> usize {
        usize::from(self.head_bytes) + self.body.len()
    }
}

impl Mouth {
    /// Queues a text frame.
    pub(super) fn say(&mut self, text: Utf8Bytes) {
        self.queue.push_back(Frame::new(TEXT, text.into()));
    }

    /// Queues a ping.
    pub(super) fn ping(&mut self, payload: [u8; 8]) {
        self.queue.push_back(Frame::new(PING, payload.to_vec().into()));
    }

    /// Queues the closing frame: nothing is to follow it.
    pub(super) fn close(&mut self, code: u16, reason: &str) {
        let body = [&code.to_be_bytes(), reason.as_bytes()].concat();
        self.queue.push_back(Frame::new(CLOSE, body.into()));
    }

    /// Waits until the library has put something aside.
    pub(super) async fn prompted(&self) {
        self.aside.wake.notified().await;
    }

    /// Writes all that is queued and put aside.
    ///
    /// # Errors
    /// When the socket is broken.
    pub(super) async fn flush(&mut self) -> io::Result<()> {
        let aside = self.aside.take();
        if !aside.is_empty() {
            self.queue.push_back(Frame::raw(aside.into()));
        }
        poll_fn(|cx| self.poll_flush(cx)).await
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.queue.is_empty() {
            let mut parts = [IoSlice::new(&[]); PARTS_MAX];
            let count = fill(&mut parts, &self.queue, self.written);
            let writer = Pin::new(&mut self.writer);
            let written = ready!(writer.poll_write_vectored(cx, &parts[..count]))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.advance(written);
        }
        self.queue.shrink_to(QUEUE_KEPT);
        Poll::Ready(Ok(()))
    }

    fn advance(&mut self, written: usize) {
        self.written += written;
        while let Some(frame) = self.queue.front()
            && frame.bytes() <= self.written
        {
            self.written -= frame.bytes();
            self.queue.pop_front();
        }
    }

    /// Says that nothing more is written.
    ///
    /// # Errors
    /// When the socket is broken.
    pub(super) async fn shut(&mut self) -> io::Result<()> {
        poll_fn(|cx| Pin::new(&mut self.writer).poll_shutdown(cx)).await
    }
}

/// Puts what is queued into the parts of one write, but for what is written; answers how many there are.
fn fill<'a>(
    parts: &mut [IoSlice<'a>; PARTS_MAX],
    queue: &'a VecDeque<Frame>,
    written: usize,
) -> usize {
    let mut skip = written;
    let queued = queue.iter().flat_map(Frame::parts).filter_map(|part| {
        let rest = part.get(skip..).unwrap_or_default();
        skip = skip.saturating_sub(part.len());
        (!rest.is_empty()).then(|| IoSlice::new(rest))
    });
    let mut count = 0;
    for (slot, part) in parts.iter_mut().zip(queued) {
        *slot = part;
        count += 1;
    }
    count
}

#[cfg(test)]
mod tests {
    use futures::StreamExt;
    use tokio::net::TcpListener;
    use tokio_tungstenite::WebSocketStream;
    use tokio_tungstenite::tungstenite::protocol::Role;
    use tokio_tungstenite::tungstenite::{Bytes as MessageBytes, Message};

    use super::*;

    /// Frames of every length class, more than one write takes, read back by the library.
    #[tokio::test]
    async fn what_is_said_is_read_by_the_library_frame_by_frame() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (_ear, mut mouth) = split(listener.accept().await.unwrap().0);
        let mut client = WebSocketStream::from_raw_socket(client, Role::Client, None).await;
        let lengths = [0usize, 1, 125, 126, 127, 65_535, 65_536, 900_000];
        let texts: Vec<_> = lengths.iter().cycle().take(80).map(|n| "é".repeat(n / 2)).collect();
        for text in &texts {
            mouth.say(text.clone().into());
        }
        mouth.ping(*b"12345678");
        mouth.close(4001, "restarting");
        let said = tokio::spawn(async move {
            mouth.flush().await.unwrap();
            mouth
        });
        for text in &texts {
            assert_eq!(client.next().await.unwrap().unwrap().into_text().unwrap(), text.as_str());
        }
        let ping = client.next().await.unwrap().unwrap();
        assert_eq!(ping, Message::Ping(MessageBytes::from_static(b"12345678")));
        let Message::Close(Some(frame)) = client.next().await.unwrap().unwrap() else {
            panic!("expected a close");
        };
        assert_eq!((u16::from(frame.code), frame.reason.as_str()), (4001, "restarting"));
        assert!(said.await.unwrap().queue.capacity() <= 8, "little room is kept");
    }
}
