//! Passcodes that were tried: after a few wrong ones within a minute, the next is not even looked at.

use quorate_protocol::{HELLO_TRIES_MAX, MeetingId, UserId};
use tokio::time::Instant;

use crate::identity::Windows;

/// Wrong passcodes of one person a minute: those of one socket, and not the next socket's too.
const PER_PERSON: u32 = HELLO_TRIES_MAX + 1;
/// Wrong passcodes for one meeting a minute, whoever tries.
const PER_MEETING: u32 = 30;

/// Wrong passcodes of the last minute.
#[derive(Debug, Default)]
pub struct Tries {
    people: Windows<UserId>,
    meetings: Windows<MeetingId>,
}

impl Tries {
    /// Refuses a try where there were too many wrong ones, with the milliseconds after which it may come.
    pub(super) fn check(
        &mut self,
        now: Instant,
        user: UserId,
        meeting: MeetingId,
    ) -> Result<(), u64> {
        // The meeting first: what it refuses makes no person to be remembered.
        self.meetings.check(now, meeting, PER_MEETING)?;
        self.people.check(now, user, PER_PERSON)
    }

    /// Notes that a try was wrong.
    pub(super) fn wrong(&mut self, now: Instant, user: UserId, meeting: MeetingId) {
        self.meetings.count(now, meeting);
        self.people.count(now, user);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::identity::windows::{REMEMBERED_MAX, WINDOW};

    /// Someone tries a wrong one, if they may.
    fn err(tries: &mut Tries, now: Instant, user: i64, meeting: i64) -> Result<(), u64> {
        let (user, meeting) = (UserId(user), MeetingId(meeting));
        tries.check(now, user, meeting)?;
        tries.wrong(now, user, meeting);
        Ok(())
    }

    #[test]
    fn a_person_has_a_few_tries_a_minute() {
        let (mut tries, start) = (Tries::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        for n in 0..PER_PERSON {
            assert_eq!(err(&mut tries, at(n.into()), 1, 1), Ok(()));
        }
        assert_eq!(err(&mut tries, at(20), 1, 1), Err(40_000));
        assert_eq!(err(&mut tries, at(20), 1, 2), Err(40_000), "wherever they try");
        assert_eq!(err(&mut tries, at(20), 2, 1), Ok(()), "others are not concerned");
        assert_eq!(err(&mut tries, at(59), 1, 1), Err(1000));
        for _ in 0..PER_PERSON {
            assert_eq!(err(&mut tries, at(60), 1, 1), Ok(()), "anew");
        }
        assert_eq!(err(&mut tries, at(60), 1, 1), Err(60_000));
    }

    #[test]
    fn a_meeting_is_tried_at_thirty_times_a_minute_by_however_many() {
        let (mut tries, start) = (Tries::default(), Instant::now());
        for user in 0..30 {
            assert_eq!(err(&mut tries, start, user, 1), Ok(()));
        }
        assert_eq!(err(&mut tries, start, 30, 1), Err(60_000));
        assert!(!tries.people.remembers(UserId(30)), "and is not remembered");
        assert_eq!(err(&mut tries, start, 30, 2), Ok(()));
        assert_eq!(err(&mut tries, start + WINDOW, 30, 1), Ok(()));
    }

    #[test]
    fn what_is_remembered_has_a_bound_and_is_forgotten_after_a_minute() {
        let (mut tries, now) = (Tries::default(), Instant::now());
        let most = REMEMBERED_MAX as i64;
        for n in 0..most {
            assert_eq!(err(&mut tries, now, n, n), Ok(()));
        }
        assert_eq!(err(&mut tries, now, most, most), Err(60_000));
        assert_eq!(err(&mut tries, now, 0, 0), Ok(()), "who is remembered is not cut off");
        assert_eq!(err(&mut tries, now + WINDOW, most, most), Ok(()));
        assert_eq!((tries.people.len(), tries.meetings.len()), (1, 1));
    }
}
