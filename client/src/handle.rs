//! What the application holds: a handle to send with, and the stream of what happens.

use std::collections::VecDeque;

use quorate_protocol::{Bye, Command, Event, EventsFrame, Seq, SignalBody, Welcome};
use serde::de::DeserializeOwned;
use tokio::sync::{mpsc, oneshot};

use crate::socket::Socket;
use crate::task::{Order, Task};
use crate::{CommandError, ConnectError, Options};

/// Commands on their way to the task. Filled by [`Client::send`], which waits when it is full.
const REQUESTS_MAX: usize = 16;
/// Orders on their way to the task. Filled by [`Client::drop_socket`], which does nothing when it is full.
const ORDERS_MAX: usize = 2;
/// Frames that the application has not read. Filled by the task, which stops reading the socket when it is full.
const NOTICES_MAX: usize = 64;

/// A connection to a meeting: a cheap handle, to be cloned.
///
/// The connection stays while a `Client` or the [`Notices`] are held.
#[derive(Debug, Clone)]
pub struct Client {
    requests: mpsc::Sender<Request>,
    orders: mpsc::Sender<Order>,
}

/// A command, and where its answer goes.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) command: Command,
    pub(crate) answer: oneshot::Sender<Result<Done, CommandError>>,
}

impl Client {
    /// Connects and says hello; resolves when the server has welcomed or refused.
    ///
    /// # Errors
    /// When there is no server, or it refuses: see [`ConnectError`]. It is not tried again; only a
    /// connection that was there is restored by itself.
    pub async fn connect(options: Options) -> Result<(Client, Notices), ConnectError> {
        let (socket, welcome) = Socket::open(&options, &options.hello).await?;
        let (request_sender, requests) = mpsc::channel(REQUESTS_MAX);
        let (order_sender, orders) = mpsc::channel(ORDERS_MAX);
        let (notices, queue) = mpsc::channel(NOTICES_MAX);
        Task::new(options, requests, orders, notices).spawn(socket, welcome);
        let client = Client { requests: request_sender, orders: order_sender };
        Ok((client, Notices { queue, ready: VecDeque::new() }))
    }

    /// Sends a command and waits for its answer, across lost connections if need be. Dropping the
    /// future does not take the command back.
    ///
    /// # Errors
    /// When it was refused, or no answer can come any more.
    pub async fn send(&self, command: Command) -> Result<Done, CommandError> {
        let (answer, answered) = oneshot::channel();
        let request = Request { command, answer };
        self.requests.send(request).await.map_err(|_| CommandError::Closed)?;
        answered.await.map_err(|_| CommandError::Closed)?
    }

    /// Drops the TCP connection without a word, as a failing network would; the client then resumes.
    /// For tests and load.
    pub fn drop_socket(&self) {
        // When the queue is full, one such order is under way already.
        let _ = self.orders.try_send(Order::DropSocket);
    }

    /// Goes away without leaving: the session can be resumed within its grace period, but not by this
    /// client. All its handles are closed; resolves when the socket is.
    pub async fn close(self) {
        if self.orders.send(Order::Stop).await.is_ok() {
            self.orders.closed().await;
        }
    }
}

/// A command was carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// The last event it caused.
    pub seq: Option<Seq>,
    /// The answer's data, as JSON text.
    pub data: Box<str>,
}

impl Done {
    /// Reads the answer's data.
    ///
    /// # Errors
    /// When it is of another shape.
    pub fn data<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(&self.data)
    }
}

/// What happens, in order.
#[derive(Debug, Clone, PartialEq)]
pub enum Notice {
    /// One is there, or stands differently with the meeting: first of all, when one is let in or sent
    /// back to wait, and after each reconnect. `resumed` says whether the missed events follow; if
    /// not, what was known before is void.
    Welcome(Box<Welcome>),
    /// A fact.
    Event(Event),
    /// Nothing that one may see is missing up to here.
    UpTo(Seq),
    /// Something that passes.
    Signal(SignalBody),
    /// The socket is gone; the client is coming back.
    Lost,
    /// The server said goodbye. When its action is `resume` the client comes back; else this is the last.
    Bye(Bye),
}

/// The stream of what happens.
///
/// It must be read: when the application falls behind by more than a few frames the client stops
/// reading its socket, answers to commands and to pings wait too, and the server in the end closes
/// the connection as one of a slow consumer (from which it resumes). So do not await
/// [`Client::send`] in the only task that reads. Dropped, what happens is dropped too.
#[derive(Debug)]
pub struct Notices {
    queue: mpsc::Receiver<Batch>,
    ready: VecDeque<Notice>,
}

impl Notices {
    /// The next thing that happens; none when it is over. Cancel safe.
    pub async fn next(&mut self) -> Option<Notice> {
        while self.ready.is_empty() {
            let batch = self.queue.recv().await?;
            batch.unpack(&mut self.ready);
        }
        self.ready.pop_front()
    }
}

/// What one frame brings, in one piece of the queue.
#[derive(Debug)]
pub(crate) enum Batch {
    One(Box<Notice>),
    Events(EventsFrame),
    Signals(Vec<SignalBody>),
}

impl Batch {
    fn unpack(self, ready: &mut VecDeque<Notice>) {
        match self {
            Batch::One(notice) => ready.push_back(*notice),
            Batch::Events(frame) => {
                ready.extend(frame.events.into_iter().map(Notice::Event));
                ready.extend(frame.up_to.map(Notice::UpTo));
            }
            Batch::Signals(signals) => ready.extend(signals.into_iter().map(Notice::Signal)),
        }
    }
}
