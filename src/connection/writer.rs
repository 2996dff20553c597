//! The writing half: takes all that is there, writes, flushes once.

use quorate_protocol::Code;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until};
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::goodbye::{Goodbye, bye};
use super::halves::Mouth;
use super::pulse::Pulse;
use super::{GONE, after_bye};
use crate::live::{Delivered, Delivery};

/// Frames kept room for between batches.
const BATCH_KEPT: usize = 8;

/// Writes until the session or the socket ends.
pub(super) async fn write(mouth: &mut Mouth, delivery: &mut Delivery, pulse: &Pulse) -> Goodbye {
    let mut batch: Vec<Utf8Bytes> = Vec::new();
    let mut beat = interval_at(Instant::now() + pulse.beat, pulse.beat);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let delivered = tokio::select! {
            // A busy meeting must not keep a ping from going out.
            biased;
            _ = beat.tick() => {
                if Instant::now() >= pulse.dead_at() {
                    return said(Code::PingTimeout);
                }
                mouth.ping(pulse.ping());
                Delivered::More
            }
            () = mouth.prompted() => Delivered::More,
            delivered = delivery.next(&mut batch) => delivered,
        };
        for text in batch.drain(..) {
            mouth.say(text);
        }
        batch.shrink_to(BATCH_KEPT);
        let written = tokio::select! {
            biased;
            written = mouth.flush() => written.map(|()| delivered),
            () = delivery.overtaken() => return said(Code::SlowConsumer),
            () = dead(pulse) => return said(Code::PingTimeout),
        };
        match written {
            Ok(Delivered::More) => {}
            Ok(Delivered::Last(code)) => return after_bye(code),
            Err(_) => return GONE,
        }
    }
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
