//! Coming back: after a lost socket, a goodbye or a refusal, until there is a socket again or it is over.

use std::pin::pin;
use std::time::Duration;

use quorate_protocol::{Bye, ByeAction, Code, ErrorBody, Welcome};
use rand::RngExt;
use tokio::select;
use tokio::sync::mpsc;
use tokio::time::sleep;
use tracing::debug;

use super::{End, Order, Task};
use crate::handle::Batch;
use crate::socket::Socket;
use crate::{ConnectError, Notice};

impl Task {
    /// The next socket, after this end of the one before; none when it is over.
    pub(super) async fn come_back(&mut self, end: End) -> Option<(Socket, Box<Welcome>)> {
        let mut wait = match end {
            End::Bye(bye) => self.after_bye(bye).await?,
            _ => Duration::ZERO,
        };
        self.tell(Notice::Lost).await?;
        loop {
            self.pause(wait).await?;
            let hello = self.session.hello(&self.options.hello);
            let opening = Socket::open(&self.options, &hello);
            wait = match unless_stopped(&mut self.orders, opening).await? {
                Ok(opened) => return Some(opened),
                Err(ConnectError::Refused(error)) => self.after_refusal(error).await?,
                Err(ConnectError::Closed(bye)) => self.after_bye(bye).await?,
                Err(error) => {
                    debug!(%error, attempts = self.attempts, "not yet back");
                    Duration::ZERO
                }
            };
        }
    }

    /// Waits before the next attempt: this long, and a random while.
    async fn pause(&mut self, wait: Duration) -> Option<()> {
        if self.notices.is_closed() && self.requests.is_closed() {
            return None;
        }
        let random = self.options.backoff.delay(self.attempts, rand::rng().random());
        self.attempts = self.attempts.saturating_add(1);
        unless_stopped(&mut self.orders, sleep(wait + random)).await
    }

    /// How long to wait after this goodbye; none when it is for good.
    async fn after_bye(&mut self, bye: Bye) -> Option<Duration> {
        let wait = Duration::from_millis(bye.retry_after_ms.unwrap_or(0));
        match bye.action {
            ByeAction::Resume => self.tell(Notice::Bye(bye)).await?,
            ByeAction::Rejoin if !self.rejoined => {
                self.rejoined = true;
                self.session.forget();
            }
            ByeAction::Rejoin | ByeAction::Stop => {
                self.tell(Notice::Bye(bye)).await?;
                return None;
            }
        }
        Some(wait)
    }

    /// How long to wait after this refusal of `hello`; none when it is for good.
    async fn after_refusal(&mut self, error: ErrorBody) -> Option<Duration> {
        let wait = Duration::from_millis(error.retry_after_ms.unwrap_or(0));
        if error.retryable && error.code == Code::Unauthorized && self.session.resumable() {
            // That session is no more; one can still be here in a new one.
            self.session.forget();
        } else if !error.retryable {
            let (code, reason) = (error.code, Some(error.message));
            let bye = Bye { code, action: ByeAction::Stop, retry_after_ms: None, reason };
            self.tell(Notice::Bye(bye)).await?;
            return None;
        }
        Some(wait)
    }

    /// Hands something to the application while there is no socket; none when it goes away.
    async fn tell(&mut self, notice: Notice) -> Option<()> {
        let sending = self.notices.send(Batch::One(Box::new(notice)));
        unless_stopped(&mut self.orders, sending).await.map(drop)
    }
}

/// Does this, unless told to stop; without a socket there is none to drop.
async fn unless_stopped<T>(
    orders: &mut mpsc::Receiver<Order>,
    work: impl Future<Output = T>,
) -> Option<T> {
    let mut work = pin!(work);
    loop {
        select! {
            biased;
            Some(order) = orders.recv() => if order == Order::Stop { return None },
            done = &mut work => return Some(done),
        }
    }
}
