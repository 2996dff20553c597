//! Removing, and the reasons that are given.

use quorate_protocol::{ParticipantId, Permission, PersonReason, REASON_CHARS_MAX};

use super::event::{Audience, Fact, Personal, STAFF_RANK, SessionEnd};
use super::facts::Facts;
use super::person::Person;
use super::{Decision, Refusal, text};

impl Facts {
    pub(super) fn remove(&self, me: &Person, ask: &PersonReason) -> Result<Decision, Refusal> {
        self.require(me, Permission::ParticipantRemove)?;
        text::check_some("reason", ask.reason.as_deref(), REASON_CHARS_MAX)?;
        self.not_oneself(me, ask.participant)?;
        let person = self.target(me, ask.participant)?;
        if !person.is_in() {
            return Err(Refusal::NotFound { what: "participant", last: person.last() });
        }
        let removed = Fact::ParticipantRemoved { participant: person.id };
        Ok(Decision::by(me)
            .event(Audience::EVERYONE, removed)
            .reason(self, Some(person.id), ask.reason.as_deref())
            .close_sessions(person, SessionEnd::Removed))
    }

    pub(super) fn not_oneself(&self, me: &Person, other: ParticipantId) -> Result<(), Refusal> {
        if me.id == other {
            return Err(Refusal::Invalid { field: "participant", message: "cannot be oneself" });
        }
        Ok(())
    }
}

impl Decision {
    /// The reason of the last event, told to staff and to the person it concerns.
    pub(super) fn reason(
        self,
        facts: &Facts,
        participant: Option<ParticipantId>,
        reason: Option<&str>,
    ) -> Decision {
        let Some(reason) = reason else { return self };
        let event = facts.head.plus(self.events.len() as u64);
        let audience = Audience {
            group: super::event::Group::Rank(STAFF_RANK),
            also: participant.into_iter().collect(),
        };
        let personal = Personal { reason: Some(reason.to_owned()), ..Personal::default() };
        self.personal_event(audience, Fact::ReasonGiven { event, participant }, personal)
    }
}
