//! How much one connection may ask.

use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use quorate_protocol::{Command, RATE_REFUSALS_MAX, RATE_WINDOW_SECONDS};
use tokio::time::Instant;

use super::Manners;

/// What a list or a snapshot costs.
const LIST_POINTS: u32 = 10;

/// What setting a passcode costs.
const HASH_POINTS: u32 = 20;

/// One connection's points.
pub(super) struct Rate {
    limiter: DefaultDirectRateLimiter,
    burst: u32,
    window_start: Instant,
    refusals: usize,
}

/// Too fast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooFast {
    /// When it will do, in milliseconds.
    pub(super) retry_after_ms: u64,
    /// So often that the socket is closed.
    pub(super) over: bool,
}

impl Rate {
    pub(super) fn new(manners: Manners) -> Rate {
        let at_least_one = |n: u32| NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_second(at_least_one(manners.points_per_second))
            .allow_burst(at_least_one(manners.burst));
        Rate {
            limiter: RateLimiter::direct(quota),
            burst: manners.burst,
            window_start: Instant::now(),
            refusals: 0,
        }
    }

    /// Spends what a command costs.
    pub(super) fn spend(&mut self, points: u32) -> Result<(), TooFast> {
        // More than ever fits at once costs all there is.
        let points = NonZeroU32::new(points.min(self.burst)).unwrap_or(NonZeroU32::MIN);
        let wait = match self.limiter.check_n(points) {
            Ok(Ok(())) | Err(_) => return Ok(()),
            Ok(Err(not_until)) => not_until.wait_time_from(DefaultClock::default().now()),
        };
        if self.window_start.elapsed() > Duration::from_secs(RATE_WINDOW_SECONDS) {
            self.window_start = Instant::now();
            self.refusals = 0;
        }
        self.refusals += 1;
        let over = self.refusals >= RATE_REFUSALS_MAX;
        let retry_after_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).max(1);
        Err(TooFast { retry_after_ms, over })
    }
}

/// What a command costs, in points.
pub(super) fn cost(command: &Command, data_bytes: usize) -> u32 {
    match command {
        Command::StateGet(_)
        | Command::ParticipantList(_)
        | Command::ChatHistory(_)
        | Command::WaitingList(_)
        | Command::InviteeList(_)
        | Command::BanList(_) => LIST_POINTS,
        // Each KiB beyond the first.
        Command::ParticipantSetAttributes(_) | Command::AppPublish(_) => {
            1 + u32::try_from(data_bytes.saturating_sub(1) / 1024).unwrap_or(u32::MAX - 1)
        }
        // It is hashed, which takes its time on purpose.
        Command::MeetingPolicy(policy) if policy.passcode.is_some() => HASH_POINTS,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kib_beyond_the_first_costs_a_point_more() {
        let parse = |kind: &str, data: &str| {
            let data = serde_json::value::RawValue::from_string(data.to_owned()).unwrap();
            Command::parse(kind, &data).unwrap()
        };
        let publish = parse("app.publish", r#"{"topic":"a","data":1}"#);
        let attributes = parse("participant.set_attributes", r#"{"attributes":{}}"#);
        for (bytes, points) in [(1, 1), (1024, 1), (1025, 2), (8 * 1024, 8)] {
            assert_eq!(cost(&publish, bytes), points, "{bytes}");
            assert_eq!(cost(&attributes, bytes), points, "{bytes}");
        }
        assert_eq!(cost(&parse("ban.list", "{}"), 2), LIST_POINTS);
        assert_eq!(cost(&parse("ping", "{}"), 4000), 1);
    }
}
