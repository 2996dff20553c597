//! R15: a missing permission is an error and changes nothing. Many of them in a minute are answered as
//! one, and the journal tells of them once, when the minute ends.

use std::collections::BTreeMap;

use quorate_protocol::{ParticipantId, REFUSALS_A_MINUTE, SessionId, Timestamp};

use super::event::{Audience, Event, Fact};
use super::pace::Minute;
use super::{Decision, Meeting, Refusal};

/// People of whom the minutes are kept before those that came to nothing are looked for.
const MINUTES_KEPT: usize = 1000;

/// How often each was refused for lack of a permission, in the minute since the first time.
#[derive(Debug, Clone, Default)]
pub(super) struct Refused(BTreeMap<ParticipantId, Minute>);

impl Meeting {
    /// Notes that a command was refused, dry runs too; what to answer.
    pub fn note_refusal(
        &mut self,
        now: Timestamp,
        session: SessionId,
        refusal: Refusal,
    ) -> Refusal {
        let person = self.facts.person_in(session);
        match (&refusal, person) {
            (Refusal::Forbidden(_), Some(person)) => {
                let too_often = self.passing.refused.note(now, person.id);
                too_often.map_or(refusal, |retry_after_ms| Refusal::TooOften { retry_after_ms })
            }
            _ => refusal,
        }
    }

    /// What the journal is to tell now of one whose minute is over.
    pub(super) fn refusals_due(&self, now: Timestamp) -> Option<Decision> {
        let mut over = self.passing.refused.many().filter(|(_, minute)| minute.ends_at() <= now);
        let (participant, minute) = over.next()?;
        let refused = Fact::PermissionRefused { participant, count: minute.count };
        Some(Decision::by_system().event(Audience::STAFF, refused))
    }
}

impl Refused {
    /// One more; from the 21st on, after how many milliseconds it is worth another try.
    fn note(&mut self, now: Timestamp, who: ParticipantId) -> Option<u64> {
        if self.0.len() >= MINUTES_KEPT {
            self.0.retain(|_, it| it.ends_at() > now || it.count > REFUSALS_A_MINUTE);
        }
        let minute = self.0.entry(who).and_modify(|it| {
            // One that is yet to be told of goes on until it is.
            match it.count > REFUSALS_A_MINUTE {
                true => it.count = it.count.saturating_add(1),
                false => it.again(now),
            }
        });
        let minute = minute.or_insert_with(|| Minute::first(now));
        let many = minute.count > REFUSALS_A_MINUTE;
        many.then(|| minute.ends_at().ms_since(now).max(1))
    }

    /// Those of which the journal is to tell.
    fn many(&self) -> impl Iterator<Item = (ParticipantId, Minute)> {
        let many = self.0.iter().filter(|(_, minute)| minute.count > REFUSALS_A_MINUTE);
        many.map(|(id, minute)| (*id, *minute))
    }

    /// When the first of them is to be told of.
    pub(super) fn deadline(&self) -> Option<Timestamp> {
        self.many().map(|(_, minute)| minute.ends_at()).min()
    }

    /// What the journal tells is told.
    pub(super) fn note_written(&mut self, event: &Event) {
        if let Fact::PermissionRefused { participant, .. } = &event.fact {
            self.0.remove(participant);
        }
    }
}
