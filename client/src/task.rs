//! The task that holds the socket, and comes back when it is lost.
//!
//! Here it speaks and listens; [`come_back`] is what it does without a socket. It reads no further than the application does: see [`crate::Notices`].

mod come_back;

use std::ops::ControlFlow::{self, Break, Continue};
use std::pin::pin;
use std::time::Duration;

use quorate_protocol::{Bye, ServerFrame, Welcome};
use tokio::select;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tracing::{Instrument, debug, debug_span, warn};

use crate::handle::{Batch, Request};
use crate::session::{Session, last_seq};
use crate::socket::{Gone, Socket};
use crate::{CommandError, Done, Notice, Options};

/// Heartbeats of silence after which a connection counts as lost.
const SILENT_HEARTBEATS: u32 = 3;
/// How long a goodbye may take.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// What the handle orders, beside commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// Drop the socket without a word, and resume.
    DropSocket,
    /// Go away.
    Stop,
}

/// Why a socket is not used any more.
#[derive(Debug)]
enum End {
    /// It broke, was silent, or brought what cannot be read.
    Lost,
    /// The application wanted it dropped.
    Dropped,
    /// The server said goodbye.
    Bye(Bye),
    /// The application goes, or went without a word.
    Stopped,
}

/// What wakes the task.
enum Wake {
    Order(Order),
    Request(Option<Request>),
    Heard(Result<Option<ServerFrame>, Gone>),
    Quiet,
    Abandoned,
}

pub(crate) struct Task {
    options: Options,
    session: Session,
    requests: mpsc::Receiver<Request>,
    orders: mpsc::Receiver<Order>,
    notices: mpsc::Sender<Batch>,
    /// Every `Client` was dropped.
    no_clients: bool,
    silence_max: Duration,
    /// Attempts to come back since a connection has last held: for as long as the next wait may be.
    attempts: u32,
    /// A fresh `hello` was said since a connection has last held, because the server asked for one.
    rejoined: bool,
}

impl Task {
    pub(crate) fn new(
        options: Options,
        requests: mpsc::Receiver<Request>,
        orders: mpsc::Receiver<Order>,
        notices: mpsc::Sender<Batch>,
    ) -> Self {
        Task {
            options,
            session: Session::new(),
            requests,
            orders,
            notices,
            no_clients: false,
            silence_max: Duration::MAX,
            attempts: 0,
            rejoined: false,
        }
    }

    /// Starts it, with the socket of the first hello.
    pub(crate) fn spawn(self, socket: Socket, welcome: Box<Welcome>) {
        let span = debug_span!("client", participant = %welcome.you.participant);
        tokio::spawn(self.run(socket, welcome).instrument(span));
    }

    async fn run(mut self, mut socket: Socket, mut welcome: Box<Welcome>) {
        loop {
            let since = Instant::now();
            let end = match self.welcomed(welcome).await {
                Continue(()) => self.converse(&mut socket).await,
                Break(end) => end,
            };
            debug!(?end, "the socket is done");
            if let End::Stopped = end {
                // A server that does not read must not keep the application waiting.
                let _ = timeout(CLOSE_TIMEOUT, socket.close()).await;
                return;
            }
            drop(socket);
            // A connection that is lost as soon as it is there is no reason to come back faster.
            let longest_wait = self.options.backoff.delay(self.attempts, 1.0);
            if since.elapsed() >= longest_wait || matches!(end, End::Dropped) {
                (self.attempts, self.rejoined) = (0, false);
            }
            match self.come_back(end).await {
                Some(next) => (socket, welcome) = next,
                None => return,
            }
        }
    }

    /// Speaks and listens until the socket is done.
    async fn converse(&mut self, socket: &mut Socket) -> End {
        if self.repeat_unanswered(socket).await.is_break() {
            return End::Lost;
        }
        let mut heard_at = Instant::now();
        let mut quiet = pin!(sleep(self.silence_max));
        loop {
            // Orders first, as they end it. Commands before frames, or a flood of frames would hold
            // them back; frames have their turn, as few commands may go without an answer.
            let wake = select! {
                biased;
                Some(order) = self.orders.recv() => Wake::Order(order),
                request = self.requests.recv(), if self.session.has_room() && !self.no_clients => Wake::Request(request),
                heard = socket.next() => Wake::Heard(heard),
                () = self.notices.closed(), if self.no_clients => Wake::Abandoned,
                () = &mut quiet => Wake::Quiet,
            };
            let flow = match wake {
                Wake::Order(order) => Break(order.into()),
                Wake::Request(None) => self.note_no_clients(),
                Wake::Request(Some(request)) => self.send(socket, request).await,
                Wake::Heard(heard) => {
                    let flow = self.hear(heard).await;
                    heard_at = Instant::now();
                    flow
                }
                Wake::Abandoned => Break(End::Stopped),
                Wake::Quiet if heard_at.elapsed() >= self.silence_max => Break(End::Lost),
                Wake::Quiet => {
                    quiet.set(sleep_until(heard_at + self.silence_max));
                    Continue(())
                }
            };
            if let Break(end) = flow {
                return end;
            }
        }
    }

    fn note_no_clients(&mut self) -> ControlFlow<End> {
        self.no_clients = true;
        Continue(())
    }

    /// Sends this command and those that wait behind it, and writes them out together.
    async fn send(&mut self, socket: &mut Socket, first: Request) -> ControlFlow<End> {
        let work = async {
            socket.feed(self.session.number(first)).await?;
            while self.session.has_room()
                && let Ok(request) = self.requests.try_recv()
            {
                socket.feed(self.session.number(request)).await?;
            }
            socket.flush().await
        };
        written(timeout(self.silence_max, work).await)
    }

    async fn repeat_unanswered(&mut self, socket: &mut Socket) -> ControlFlow<End> {
        let work = async {
            for text in self.session.unanswered() {
                socket.feed(text).await?;
            }
            socket.flush().await
        };
        written(timeout(self.silence_max, work).await)
    }

    async fn hear(&mut self, heard: Result<Option<ServerFrame>, Gone>) -> ControlFlow<End> {
        match heard {
            Ok(Some(frame)) => self.read(frame).await,
            Ok(None) => Continue(()),
            Err(Gone::Closed(bye)) => Break(End::Bye(bye)),
            Err(Gone::Lost) => Break(End::Lost),
            Err(Gone::Malformed(why)) => {
                warn!(why, "the server sent what cannot be read");
                Break(End::Lost)
            }
        }
    }

    async fn read(&mut self, frame: ServerFrame) -> ControlFlow<End> {
        match frame {
            ServerFrame::Welcome(_, welcome) => return self.welcomed(welcome).await,
            ServerFrame::Ok(ok) => {
                self.session.answered(ok.id, Ok(Done { seq: ok.seq, data: ok.data }));
            }
            ServerFrame::Error(Some(id), error) => {
                self.session.answered(id, Err(CommandError::Refused(error)));
            }
            ServerFrame::Error(None, error) => warn!(%error, "the server could not read a frame"),
            ServerFrame::Events(frame) => {
                let seq = last_seq(&frame);
                self.deliver(Batch::Events(frame)).await?;
                self.session.reached(seq);
            }
            ServerFrame::Signals(signals) => return self.deliver(Batch::Signals(signals)).await,
            ServerFrame::Bye(bye) => return Break(End::Bye(bye)),
        }
        Continue(())
    }

    async fn welcomed(&mut self, welcome: Box<Welcome>) -> ControlFlow<End> {
        self.silence_max =
            Duration::from_secs(welcome.heartbeat_seconds.max(1).into()) * SILENT_HEARTBEATS;
        self.session.welcomed(&welcome);
        self.deliver(Batch::One(Box::new(Notice::Welcome(welcome)))).await
    }

    /// Hands something to the application, and waits while its queue is full. What was read from the
    /// socket is not lost by an order to drop the socket: that is done after.
    async fn deliver(&mut self, batch: Batch) -> ControlFlow<End> {
        let mut flow = Continue(());
        let mut sending = pin!(self.notices.send(batch));
        loop {
            select! {
                biased;
                Some(order) = self.orders.recv() => flow = Break(order.into()),
                // Nobody may be reading, which is the application's choice.
                _ = &mut sending => return flow,
            }
            if let Break(End::Stopped) = flow {
                return flow;
            }
        }
    }
}

impl From<Order> for End {
    fn from(order: Order) -> Self {
        match order {
            Order::DropSocket => End::Dropped,
            Order::Stop => End::Stopped,
        }
    }
}

/// Whether what was written in time was written.
fn written<E, T>(result: Result<Result<(), E>, T>) -> ControlFlow<End> {
    if let Ok(Ok(())) = result { Continue(()) } else { Break(End::Lost) }
}
