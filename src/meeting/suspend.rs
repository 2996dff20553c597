//! Suspending: all off at once for ranks below staff, the door locked, and exactly what was before when
//! it is resumed.
//!
//! What the suspension takes is a view of `Info::suspended`, in the rights and at the door: neither
//! grants, denies, locks nor the lock of the door are touched, so that nothing is to be restored. Who
//! locks or unlocks the door meanwhile says how it will be afterwards. Only what people send is turned
//! off, and stays so until they turn it on.

use quorate_protocol::{Media, ParticipantId, Permission};

use super::event::{Audience, Fact, STAFF_RANK};
use super::facts::Facts;
use super::person::Person;
use super::{Decision, Refusal};

impl Facts {
    pub(super) fn suspend(&self, me: &Person) -> Result<Decision, Refusal> {
        self.require(me, Permission::MeetingSuspend)?;
        if self.info.suspended {
            return Ok(Decision::already(None));
        }
        let sends = |person: &&Person| {
            person.is_in() && person.view.rank < STAFF_RANK && person.media != Media::default()
        };
        let participants = self.people.values().filter(sends).map(|person| person.id).collect();
        let suspended = Fact::MeetingSuspended { participants };
        Ok(Decision::by(me).event(Audience::EVERYONE, suspended))
    }

    pub(super) fn end_suspension(&self, me: &Person) -> Result<Decision, Refusal> {
        self.require(me, Permission::MeetingSuspend)?;
        if !self.info.suspended {
            return Ok(Decision::already(None));
        }
        Ok(Decision::by(me).event(Audience::EVERYONE, Fact::MeetingResumed {}))
    }

    pub(super) fn suspended(&mut self, participants: &[ParticipantId]) {
        self.info.suspended = true;
        for id in participants {
            if let Some(person) = self.people.get_mut(id) {
                person.media = Media::default();
            }
        }
    }
}
