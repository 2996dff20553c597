//! The writing half: takes all that is there, writes, flushes once.

use futures::{Sink, SinkExt};
use quorate_protocol::Code;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until};
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};

use super::goodbye::{Goodbye, bye};
use super::pulse::Pulse;
use super::{GONE, after_bye};
use crate::live::{Delivered, Delivery};

/// Frames kept room for between batches.
const BATCH_KEPT: usize = 8;

/// Writes until the session or the socket ends.
pub(super) async fn write(
    sink: &mut (impl Sink<Message, Error = Error> + Unpin),
    delivery: &mut Delivery,
    pulse: &Pulse,
) -> Goodbye {
    let mut batch: Vec<Utf8Bytes> = Vec::new();
    let mut beat = interval_at(Instant::now() + pulse.beat, pulse.beat);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let delivered = tokio::select! {
            biased;
            delivered = delivery.next(&mut batch) => delivered,
            _ = beat.tick() => {
                if Instant::now() >= pulse.dead_at() {
                    return said(Code::PingTimeout);
                }
                let ping = Message::Ping(pulse.ping().to_vec().into());
                if sink.feed(ping).await.is_err() {
                    return GONE;
                }
                Delivered::More
            }
        };
        let written = tokio::select! {
            biased;
            written = flush(sink, &mut batch) => written.map(|()| delivered),
            () = delivery.overtaken() => return said(Code::SlowConsumer),
            () = dead(pulse) => return said(Code::PingTimeout),
        };
        match written {
            Ok(Delivered::More) => batch.shrink_to(BATCH_KEPT),
            Ok(Delivered::Last(code)) => return after_bye(code),
            Err(_) => return GONE,
        }
    }
}

async fn flush(
    sink: &mut (impl Sink<Message, Error = Error> + Unpin),
    batch: &mut Vec<Utf8Bytes>,
) -> Result<(), Error> {
    for text in batch.drain(..) {
        sink.feed(Message::Text(text)).await?;
    }
    sink.flush().await
}

/// A goodbye with nothing before its `bye`.
fn said(code: Code) -> Goodbye {
    Goodbye { frames: vec![bye(code)], close: Some(code.into()) }
}

/// Waits until nothing was heard for too long.
async fn dead(pulse: &Pulse) {
    while Instant::now() < pulse.dead_at() {
        sleep_until(pulse.dead_at()).await;
    }
}
