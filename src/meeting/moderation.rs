//! Removing and banning.

use quorate_protocol::{
    BANS_MAX, Ban, ParticipantId, Permission, PersonReason, REASON_CHARS_MAX, Timestamp, UserId,
    WithdrawReason,
};

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

    pub(super) fn ban(&self, now: Timestamp, me: &Person, ask: &Ban) -> Result<Decision, Refusal> {
        self.require(me, Permission::ParticipantBan)?;
        text::check_some("reason", ask.reason.as_deref(), REASON_CHARS_MAX)?;
        let (user, person) = self.whom(ask.participant, ask.user)?;
        if user == me.user {
            return Err(Refusal::Invalid { field: "participant", message: "cannot be oneself" });
        }
        self.outrank(me, user)?;
        if ask.until.is_some_and(|until| until <= now) {
            return Err(Refusal::Invalid { field: "until", message: "must be in the future" });
        }
        if self.is_banned(user, now) && self.bans.get(&user) == Some(&ask.until) {
            return Ok(Decision::already(None));
        }
        if self.bans.len() >= BANS_MAX {
            return Err(Refusal::Conflict("there are too many bans; lift some first"));
        }
        let participant = person.map(|person| person.id);
        let mut decision = Decision::by(me);
        if let Some(person) = person.filter(|person| person.is_waiting()) {
            let reason = WithdrawReason::Banned;
            let withdrawn = Fact::ParticipantWithdrawn { participant: person.id, reason };
            let audience = Audience::holders(Permission::ParticipantAdmit);
            decision = decision.event(audience, withdrawn);
        }
        let was_in = person.is_some_and(Person::is_in);
        let audience = if was_in { Audience::EVERYONE } else { Audience::STAFF };
        decision = decision
            .event(audience, Fact::ParticipantBanned { user, participant, until: ask.until })
            .reason(self, participant, ask.reason.as_deref());
        Ok(match person {
            Some(person) => decision.close_sessions(person, SessionEnd::Banned),
            None => decision,
        })
    }

    pub(super) fn unban(&self, me: &Person, user: UserId) -> Result<Decision, Refusal> {
        self.require(me, Permission::ParticipantUnban)?;
        if !self.bans.contains_key(&user) {
            return Err(Refusal::NotFound { what: "ban", last: None });
        }
        let participant = self.person_of(user).map(|person| person.id);
        let unbanned = Fact::ParticipantUnbanned { user, participant };
        Ok(Decision::by(me).event(Audience::STAFF, unbanned))
    }

    fn whom(
        &self,
        participant: Option<ParticipantId>,
        user: Option<UserId>,
    ) -> Result<(UserId, Option<&Person>), Refusal> {
        match (participant, user) {
            (Some(id), None) => self.person(id).map(|person| (person.user, Some(person))),
            (None, Some(user)) if user.0 > 0 => Ok((user, self.person_of(user))),
            (None, Some(_)) => Err(Refusal::NotFound { what: "user", last: None }),
            _ => {
                let message = "name either a participant or a user";
                Err(Refusal::Invalid { field: "participant", message })
            }
        }
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
    fn reason(
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
