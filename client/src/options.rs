//! Where to connect, as whom, and how patiently.

use std::time::Duration;

use quorate_protocol::Hello;

/// Where to connect and as whom.
#[derive(Debug, Clone)]
pub struct Options {
    /// The server's socket: `ws://host:port/ws`.
    pub url: String,
    /// Which meeting and who one is, without `resume`. It is said again, beside `resume`, on coming back.
    pub hello: Hello,
    /// How long to wait between attempts to come back.
    pub backoff: Backoff,
    /// How long one attempt may take, from the TCP handshake to `welcome`.
    pub connect_timeout: Duration,
}

impl Options {
    /// These, with the usual patience.
    #[must_use]
    pub fn new(url: impl Into<String>, hello: Hello) -> Self {
        let (backoff, connect_timeout) = (Backoff::default(), Duration::from_secs(30));
        Options { url: url.into(), hello, backoff, connect_timeout }
    }
}

/// How long to wait between attempts: a random part of a span that doubles from `first` to `max`.
///
/// All of the span is random ("full jitter"), so that the clients of a server that restarts come
/// back spread over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The span before the first attempt.
    pub first: Duration,
    /// The longest span.
    pub max: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Backoff { first: Duration::from_millis(100), max: Duration::from_secs(10) }
    }
}

impl Backoff {
    /// How long to wait before attempt number `attempt`, from 0; `random` is in `0.0..1.0`.
    #[must_use]
    pub fn delay(&self, attempt: u32, random: f64) -> Duration {
        let span = self.first.saturating_mul(2_u32.saturating_pow(attempt)).min(self.max);
        span.mul_f64(random)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_span_doubles_up_to_its_maximum() {
        let spans: Vec<_> =
            (0..9).map(|attempt| Backoff::default().delay(attempt, 1.0).as_millis()).collect();
        assert_eq!(spans, [100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
        assert_eq!(Backoff::default().delay(u32::MAX, 1.0), Duration::from_secs(10));
    }

    #[test]
    fn all_of_the_span_is_random() {
        assert_eq!(Backoff::default().delay(3, 0.0), Duration::ZERO);
        assert_eq!(Backoff::default().delay(3, 0.5), Duration::from_millis(400));
    }
}
