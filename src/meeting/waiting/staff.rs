//! What staff does beside letting in and turning away: saying something to those who wait, and sending
//! someone who is in back to the line.

use quorate_protocol::{
    LeaveReason, ParticipantId, Permission, SendToWaiting, WAITING_TEXT_CHARS_MAX, WaitingTell,
};

use super::super::event::{Audience, Event, Fact, Personal};
use super::super::facts::Facts;
use super::super::person::{Person, Place};
use super::super::{Decision, Refusal, text};

impl Facts {
    pub(in super::super) fn tell_waiting(
        &self,
        me: &Person,
        ask: &WaitingTell,
    ) -> Result<Decision, Refusal> {
        self.require(me, Permission::ParticipantAdmit)?;
        text::check("text", &ask.text, WAITING_TEXT_CHARS_MAX)?;
        let to = match ask.participant {
            Some(id) => {
                let person = self.person(id)?;
                if !person.is_waiting() {
                    return Err(Refusal::NotFound { what: "entry", last: person.last() });
                }
                vec![id]
            }
            None if self.waiting.is_empty() => return Err(Refusal::Conflict("nobody waits")),
            None => self.waiting.values().copied().collect(),
        };
        let staff = Audience::holders(Permission::ParticipantAdmit);
        let audience = Audience { also: to, ..staff };
        let told = Fact::WaitingTold { participant: ask.participant };
        let personal = Personal { text: Some(ask.text.clone()), ..Personal::default() };
        Ok(Decision::by(me).personal_event(audience, told, personal))
    }

    /// Someone who is in waits again, until someone lets them in: also where the waiting room is off, and
    /// also when they leave and come again.
    pub(in super::super) fn send_to_waiting(
        &self,
        me: &Person,
        ask: &SendToWaiting,
    ) -> Result<Decision, Refusal> {
        self.require(me, Permission::ParticipantSendToWaiting)?;
        text::check_some("message", ask.message.as_deref(), WAITING_TEXT_CHARS_MAX)?;
        self.not_oneself(me, ask.participant)?;
        let person = self.target(me, ask.participant)?;
        if !person.is_in() {
            return Err(Refusal::NotFound { what: "participant", last: person.last() });
        }
        self.waiting_has_room()?;
        let participant = person.id;
        let left = Fact::ParticipantLeft { participant, reason: LeaveReason::Waiting };
        let staff = Audience::holders(Permission::ParticipantAdmit);
        let message = Personal { text: ask.message.clone(), ..Personal::default() };
        let returned = Fact::ReturnedToWaiting { participant };
        Ok(Decision::by(me).event(Audience::EVERYONE, left).personal_event(
            staff.and(participant),
            returned,
            message,
        ))
    }

    pub(in super::super) fn told(
        &mut self,
        participant: Option<ParticipantId>,
        personal: Option<&Personal>,
    ) {
        let text = personal.and_then(|personal| personal.text.as_ref());
        let all = self.waiting.values().copied();
        let to: Vec<_> = participant.map_or_else(|| all.collect(), |id| vec![id]);
        for id in to {
            if let Some(person) = self.people.get_mut(&id).filter(|person| person.is_waiting()) {
                person.told = text.cloned();
            }
        }
    }

    pub(in super::super) fn returned(&mut self, participant: ParticipantId, event: &Event) {
        let Some(person) = self.people.get_mut(&participant) else { return };
        let (since, at) = (event.seq, event.at);
        person.place = Place::Waiting { since, at, passes: None, stranger: false };
        person.sent_back = true;
        person.told = event.personal.as_ref().and_then(|personal| personal.text.clone());
        self.waiting.insert(since, participant);
    }
}
