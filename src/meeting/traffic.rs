//! How much the clients of a meeting make it carry among them, in bytes a second.
//!
//! Counted is what goes out: the data of `app.publish` and `rtc.send`, once for each session that gets it.
//! A second's worth may go at once; what is more than that waits for a quiet moment, and takes as long.

use quorate_protocol::{TRAFFIC_BYTES_PER_SECOND, Timestamp};

use super::{Decision, Meeting, Refusal};

/// What was carried lately.
#[derive(Debug, Clone, Default)]
pub(super) struct Traffic {
    /// Bytes that were ahead of the rate, and when.
    owed: u64,
    at: Timestamp,
}

impl Traffic {
    fn owed(&self, now: Timestamp) -> u64 {
        let passed = now.ms_since(self.at).saturating_mul(TRAFFIC_BYTES_PER_SECOND).div_ceil(1000);
        self.owed.saturating_sub(passed)
    }

    /// Refuses what is too much just now.
    pub(super) fn allow(&self, now: Timestamp, decision: Decision) -> Result<Decision, Refusal> {
        let (owed, bytes) = (self.owed(now), decision.carried_bytes);
        let over = owed.saturating_add(bytes).saturating_sub(TRAFFIC_BYTES_PER_SECOND);
        // More than ever fits at once goes alone.
        if bytes == 0 || owed == 0 || over == 0 {
            return Ok(decision);
        }
        let wait = over.min(owed).saturating_mul(1000).div_ceil(TRAFFIC_BYTES_PER_SECOND);
        Err(Refusal::TooOften { retry_after_ms: wait })
    }
}

impl Meeting {
    /// Notes what a decision carries, measures and files, when it is carried out.
    pub fn carried(&mut self, now: Timestamp, decision: &Decision) {
        self.measure(now, decision);
        self.passing.voted.extend(decision.ballot.as_ref().map(|ballot| ballot.voter));
        if decision.carried_bytes > 0 {
            let traffic = &mut self.passing.traffic;
            let owed = traffic.owed(now).saturating_add(decision.carried_bytes);
            (traffic.owed, traffic.at) = (owed, now);
        }
    }
}

impl Decision {
    /// With data of so many bytes on the way to so many sessions.
    pub(super) fn carrying(mut self, bytes: usize, sessions: usize) -> Decision {
        self.carried_bytes = (bytes as u64).saturating_mul(sessions as u64);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_never_fits_at_once_goes_alone_and_is_paid_for_by_those_after_it() {
        let mut meeting = Meeting::default();
        let mut now = Timestamp(1000);
        let second = TRAFFIC_BYTES_PER_SECOND as usize;
        let (huge, small) = ((8192, second / 2048), (1024, 1));
        let ask = |meeting: &mut Meeting, now, (bytes, sessions): (usize, usize)| {
            let decision = Decision::by_system().carrying(bytes, sessions);
            let decision = meeting.passing.traffic.allow(now, decision)?;
            meeting.carried(now, &decision);
            Ok(())
        };
        let wait = |retry_after_ms| Err(Refusal::TooOften { retry_after_ms });
        assert_eq!(ask(&mut meeting, now, small), Ok(()));
        assert_eq!(ask(&mut meeting, now, huge), wait(1), "not beside anything");
        now = now.plus_ms(1);
        assert_eq!(ask(&mut meeting, now, huge), Ok(()));
        assert_eq!(ask(&mut meeting, now, small), wait(3001), "four seconds, of which one at once");
        assert_eq!(ask(&mut meeting, now.plus_ms(3000), small), wait(1));
        assert_eq!(ask(&mut meeting, now.plus_ms(3001), small), Ok(()));
    }
}
