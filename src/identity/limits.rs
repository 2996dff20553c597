//! How often strangers may fail to sign in, and members may look each other up.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};

use quorate_protocol::{Code, ErrorBody, UserId};
use tokio::time::Instant;

use super::{Identity, Windows};

/// Failed attempts at signing in a minute from one address.
const FAILURES_MAX: u32 = 20;
/// Look-ups of users a minute by one caller.
const LOOKUPS_MAX: u32 = 30;

/// What is counted.
#[derive(Default)]
pub(super) struct Limits {
    failures: Mutex<Windows<IpAddr>>,
    lookups: Mutex<Windows<UserId>>,
}

impl Identity {
    /// Carries an attempt at signing in from this address out, unless too many failed there.
    ///
    /// # Errors
    /// `rate_limited` with the time to wait; what the attempt answers.
    pub async fn attempt<T>(
        &self,
        from: IpAddr,
        attempt: impl Future<Output = Result<T, ErrorBody>>,
    ) -> Result<T, ErrorBody> {
        let from = network(from);
        let failures = || self.limits.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let free = failures().check(Instant::now(), from, FAILURES_MAX);
        free.map_err(|ms| too_often("too many attempts to sign in failed; wait a moment", ms))?;
        let done = attempt.await;
        if done.is_err() {
            failures().count(Instant::now(), from);
        }
        done
    }

    /// Counts a look-up of users by this caller.
    ///
    /// # Errors
    /// `rate_limited` with the time to wait.
    pub fn count_lookup(&self, caller: UserId) -> Result<(), ErrorBody> {
        let mut lookups = self.limits.lookups.lock().unwrap_or_else(PoisonError::into_inner);
        let free = lookups.check(Instant::now(), caller, LOOKUPS_MAX);
        free.map_err(|ms| too_often("too many look-ups; wait a moment", ms))?;
        lookups.count(Instant::now(), caller);
        Ok(())
    }
}

fn too_often(message: &str, ms: u64) -> ErrorBody {
    ErrorBody { retry_after_ms: Some(ms), ..ErrorBody::new(Code::RateLimited, message) }
}

/// Whose address it is: of IPv6 a whole network belongs to one.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        v4 => v4,
    }
}
