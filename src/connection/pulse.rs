//! Whether the other side is alive, and how far away.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use tokio::time::{Duration, Instant};

/// Heartbeats of silence after which a socket counts as dead: two pings unanswered.
const SILENT_BEATS_MAX: u32 = 2;

/// The pulse of one socket, shared by its two halves.
#[derive(Debug)]
pub(super) struct Pulse {
    start: Instant,
    pub(super) beat: Duration,
    /// Milliseconds from `start`.
    heard_ms: AtomicU64,
    /// The last round trip in milliseconds, plus one; 0 is unknown.
    rtt_ms: AtomicU64,
}

impl Pulse {
    pub(super) fn new(beat: Duration) -> Pulse {
        let (heard_ms, rtt_ms) = (AtomicU64::new(0), AtomicU64::new(0));
        Pulse { start: Instant::now(), beat, heard_ms, rtt_ms }
    }

    fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Something came.
    pub(super) fn heard(&self) {
        self.heard_ms.store(self.elapsed_ms(), Relaxed);
    }

    /// What a ping carries: when it was sent.
    pub(super) fn ping(&self) -> [u8; 8] {
        self.elapsed_ms().to_be_bytes()
    }

    /// A pong brings back what a ping carried; answers the round trip, in milliseconds.
    pub(super) fn pong(&self, payload: &[u8]) -> Option<u64> {
        let sent = payload.try_into().map(u64::from_be_bytes).ok()?;
        let rtt_ms = self.elapsed_ms().checked_sub(sent)?;
        self.rtt_ms.store(rtt_ms + 1, Relaxed);
        Some(rtt_ms)
    }

    /// The last round trip, in milliseconds.
    pub(super) fn rtt_ms(&self) -> Option<u64> {
        self.rtt_ms.load(Relaxed).checked_sub(1)
    }

    /// When the socket counts as dead if nothing comes.
    pub(super) fn dead_at(&self) -> Instant {
        let heard = self.start + Duration::from_millis(self.heard_ms.load(Relaxed));
        // A ping just sent has half a beat to come back.
        heard + self.beat * SILENT_BEATS_MAX + self.beat / 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_round_trip_is_measured_and_silence_counted_from_the_last_sound() {
        let pulse = Pulse::new(Duration::from_secs(10));
        let ping = pulse.ping();
        assert_eq!(pulse.rtt_ms(), None);
        tokio::time::advance(Duration::from_millis(42)).await;
        assert_eq!(pulse.pong(&ping), Some(42));
        pulse.heard();
        assert_eq!(pulse.rtt_ms(), Some(42));
        assert_eq!(pulse.dead_at() - Instant::now(), Duration::from_secs(25));
        assert_eq!(pulse.pong(b"not ours"), None);
        assert_eq!(pulse.pong(&u64::MAX.to_be_bytes()), None);
        assert_eq!(pulse.rtt_ms(), Some(42));
    }
}
