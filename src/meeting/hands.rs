//! Raised hands, in order.

use quorate_protocol::{HandCallOn, HandLower, ParticipantId, Permission, Timestamp};

use super::event::{Audience, Fact};
use super::facts::Facts;
use super::person::Person;
use super::{Decision, Refusal};

impl Facts {
    pub(super) fn raise_hand(&self, me: &Person) -> Result<Decision, Refusal> {
        self.require(me, Permission::HandRaise)?;
        if me.hand.is_some() {
            return Ok(Decision::already(None));
        }
        Ok(Decision::by(me).event(Audience::EVERYONE, Fact::HandRaised { participant: me.id }))
    }

    pub(super) fn lower_hand(&self, me: &Person, ask: HandLower) -> Result<Decision, Refusal> {
        let person = match ask.participant.filter(|id| *id != me.id) {
            None => me,
            Some(other) => {
                self.require(me, Permission::HandManage)?;
                self.target(me, other)?
            }
        };
        if person.hand.is_none() {
            return Ok(Decision::already(None));
        }
        let lowered = Fact::HandLowered { participant: person.id };
        Ok(Decision::by(me).event(Audience::EVERYONE, lowered))
    }

    /// Gives the word to someone whose hand is up. That harms nobody, so no rank is above it.
    pub(super) fn call_on(&self, me: &Person, ask: HandCallOn) -> Result<Decision, Refusal> {
        self.require(me, Permission::HandManage)?;
        let person = self.person(ask.participant)?;
        if person.hand.is_none() {
            return Err(Refusal::Conflict(
                "this hand is not up; one calls on someone who raised theirs",
            ));
        }
        let called = Fact::HandCalledOn { participant: person.id };
        Ok(Decision::by(me).event(Audience::EVERYONE, called))
    }

    pub(super) fn hand_raised(&mut self, participant: ParticipantId, at: Timestamp) {
        if let Some(person) = self.people.get_mut(&participant) {
            person.hand = Some(at);
            self.hands.push(participant);
        }
    }

    pub(super) fn hand_lowered(&mut self, participant: ParticipantId) {
        if let Some(person) = self.people.get_mut(&participant)
            && person.hand.take().is_some()
        {
            self.hands.retain(|id| *id != participant);
        }
    }
}
