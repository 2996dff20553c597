//! The planned end: everyone is reminded of it before it comes, and some time after it the meeting is ended.

use quorate_protocol::{MeetingStatus, Timestamp};

use super::Decision;
use super::event::{Audience, Fact};
use super::facts::Facts;

const MINUTE_MS: i64 = 60_000;

impl Facts {
    /// When the next reminder is due.
    pub(super) fn next_reminder(&self) -> Option<Timestamp> {
        self.reminders().map(|(at, _)| at).min()
    }

    /// Reminds of the end; of several that are due, the last counts.
    pub(super) fn remind(&self, decision: Decision, now: Timestamp) -> Decision {
        let due = self.reminders().filter(|(at, _)| *at <= now).max();
        let (Some(ends_at), Some((_, minutes))) = (self.info.ends_at, due) else { return decision };
        decision.event(Audience::EVERYONE, Fact::MeetingEndingSoon { ends_at, minutes })
    }

    /// The reminders to come, and how many minutes before the end each is. Those whose time had passed when
    /// the meeting began, or when its end was set anew, do not come any more.
    fn reminders(&self) -> impl Iterator<Item = (Timestamp, u32)> {
        let ends_at = self.end_of_running();
        let minutes = self.info.settings.remind_minutes.iter();
        minutes.filter_map(move |&minutes| {
            let at = ends_at?.plus_ms(-i64::from(minutes) * MINUTE_MS);
            (at > self.remind_from).then_some((at, minutes))
        })
    }

    /// When a meeting is ended that goes on beyond its planned end. One that began later than that goes on.
    pub(super) fn hard_stop(&self) -> Option<Timestamp> {
        let minutes = self.info.settings.hard_stop_minutes?;
        let stop = self.end_of_running()?.plus_ms(i64::from(minutes) * MINUTE_MS);
        (stop > self.began_at).then_some(stop)
    }

    fn end_of_running(&self) -> Option<Timestamp> {
        self.info.ends_at.filter(|_| self.info.status == MeetingStatus::InProgress)
    }
}
