//! The host's seat: handed over, taken back, and who takes it when its host is gone.
//!
//! There is one host. Who was host in full is co-host after a transfer. Who takes the seat because its
//! host is gone is *acting*: host with fewer permissions, until that host or the owner comes in again, and
//! then what they were before.

use quorate_protocol::{
    COHOSTS_MAX, HostTransfer, MeetingStatus, ParticipantId, Permission, Role, Succession,
    Timestamp, UserId, UserKind,
};

use super::event::{Audience, Fact};
use super::facts::Facts;
use super::person::Person;
use super::{Decision, Refusal};

impl Facts {
    pub(super) fn transfer_host(
        &self,
        me: &Person,
        ask: HostTransfer,
    ) -> Result<Decision, Refusal> {
        self.require(me, Permission::RoleTransferHost)?;
        self.hand_over(Decision::by(me), me, "participant", ask.participant)
    }

    /// The owner takes the seat back.
    pub(super) fn reclaim_host(&self, me: &Person) -> Result<Decision, Refusal> {
        if me.user != self.info.owner {
            return Err(Refusal::Forbidden(Permission::RoleTransferHost));
        }
        if me.user == self.info.host && self.info.acting_for.is_none() {
            return Ok(Decision::already(None));
        }
        Ok(Decision::by(me).event(Audience::EVERYONE, self.seated(me)?))
    }

    /// The seat goes to someone whom its host names: a member who is in.
    pub(super) fn hand_over(
        &self,
        decision: Decision,
        me: &Person,
        field: &'static str,
        to: ParticipantId,
    ) -> Result<Decision, Refusal> {
        let person = self.person(to)?;
        if person.id == me.id {
            return Err(Refusal::Invalid { field, message: "cannot be oneself" });
        }
        if person.kind != UserKind::Member {
            return Err(Refusal::Conflict("only members can be host"));
        }
        if !person.is_in() {
            return Err(Refusal::NotFound { what: "participant", last: person.last() });
        }
        Ok(decision.event(Audience::EVERYONE, self.seated(person)?))
    }

    /// Someone becomes host in full, and who was that before co-host.
    fn seated(&self, person: &Person) -> Result<Fact, Refusal> {
        let co_host = self.unseated_by(person.user);
        if co_host.is_some() && !self.has_room_beside(person.user) {
            let message = "you would be co-host, and there are as many as there may be; \
                           take one away first";
            return Err(Refusal::TooMany { message, limit: self.co_hosts_max() });
        }
        Ok(self.host_in_full(person, co_host))
    }

    fn host_in_full(&self, person: &Person, co_host: Option<UserId>) -> Fact {
        let from = self.person_of(self.info.host).map(|host| host.id);
        Fact::HostChanged { from, to: person.id, user: person.user, acting_for: None, co_host }
    }

    /// Who loses the seat in full when this user takes it.
    fn unseated_by(&self, user: UserId) -> Option<UserId> {
        Some(self.rightful_host()).filter(|host| *host != user)
    }

    /// Whether there may be one more co-host when this user is none.
    fn has_room_beside(&self, user: UserId) -> bool {
        let others = self.co_hosts.iter().filter(|other| **other != user).count();
        others < self.co_hosts_max()
    }

    /// Co-hosts at most.
    pub(super) fn co_hosts_max(&self) -> usize {
        COHOSTS_MAX.min(self.info.settings.max_cohosts as usize)
    }

    /// Who is host in full: of an acting host, the one who is gone.
    #[must_use]
    pub fn rightful_host(&self) -> UserId {
        self.info.acting_for.unwrap_or(self.info.host)
    }

    /// Whether the seat is this user's as soon as they come in: it was theirs, or they are the owner, and
    /// the host is only acting.
    fn takes_back(&self, user: UserId) -> bool {
        self.info.acting_for.is_some_and(|away| user == away || user == self.info.owner)
    }

    /// The role with which a user comes in by this decision.
    pub(super) fn role_on_joining(&self, decision: &Decision, user: UserId) -> Role {
        match taken_by(decision) {
            Some((host, _)) if host == user => Role::Host,
            Some((_, Some(co_host))) if co_host == user => Role::CoHost,
            _ => self.role_of(user),
        }
    }

    /// Someone comes in; from an acting host they take the seat back, if it is theirs, and nobody took it
    /// who comes in with them. Where the owner takes it in place of the one who lost it, that one is
    /// co-host when they come, if there is room.
    pub(super) fn take_back(&self, decision: Decision, coming: Option<&Person>) -> Decision {
        let taken = taken_by(&decision).is_some();
        let Some(person) = coming.filter(|person| !taken && self.takes_back(person.user)) else {
            return decision;
        };
        let room = self.has_room_beside(person.user);
        let co_host = self.unseated_by(person.user).filter(|_| room);
        decision.event(Audience::EVERYONE, self.host_in_full(person, co_host))
    }

    /// Who takes the seat now: the host has gone, and the settings let another act. The co-host who was
    /// appointed earliest, else the moderator who came earliest; connected members only.
    pub(super) fn successor(&self) -> Option<&Person> {
        let settings = &self.info.settings;
        if self.without_host_since().is_none() || settings.succession != Succession::CohostFirst {
            return None;
        }
        let fits = |person: &&Person| {
            person.is_in() && person.kind == UserKind::Member && self.connected(person)
        };
        let mut co_hosts = self.co_hosts.iter().filter_map(|user| self.person_of(*user));
        let moderators = || {
            let staff = self.staff.iter().filter_map(|id| self.people.get(id));
            staff.filter(fits).min_by_key(|person| (person.joined_at, person.id))
        };
        co_hosts.find(fits).or_else(moderators)
    }

    /// The seat goes to someone who acts for the one who is gone.
    pub(super) fn succeed(&self, successor: ParticipantId) -> Decision {
        let decision = Decision::by_system();
        let Some(person) = self.people.get(&successor) else { return decision };
        let changed = Fact::HostChanged {
            from: self.person_of(self.info.host).map(|host| host.id),
            to: person.id,
            user: person.user,
            acting_for: Some(self.rightful_host()),
            co_host: None,
        };
        decision.event(Audience::EVERYONE, changed)
    }

    /// When the meeting ends because its host is gone.
    pub(super) fn hostless_end(&self) -> Option<Timestamp> {
        let settings = &self.info.settings;
        let ends = settings.succession == Succession::EndAfter;
        let gone = self.without_host_since().filter(|_| ends)?;
        Some(gone.plus_ms(i64::from(settings.end_after_minutes) * 60_000))
    }

    /// Since when the running meeting is without its host.
    fn without_host_since(&self) -> Option<Timestamp> {
        let running = self.info.status == MeetingStatus::InProgress;
        self.host_gone.filter(|_| running)
    }

    pub(super) fn host_is_in(&self) -> bool {
        self.person_of(self.info.host).is_some_and(Person::is_in)
    }

    /// Notes that the host went with this event, or is there.
    pub(super) fn note_host(&mut self, was_in: bool, at: Timestamp) {
        if self.host_is_in() || self.info.status.is_over() {
            self.host_gone = None;
        } else if was_in {
            self.host_gone = Some(at);
        }
    }

    pub(super) fn host_changed(
        &mut self,
        user: UserId,
        acting_for: Option<UserId>,
        co_host: Option<UserId>,
    ) {
        self.info.host = user;
        self.info.acting_for = acting_for;
        if acting_for.is_none() {
            self.co_hosts.retain(|id| *id != user);
            self.co_hosts.extend(co_host);
        }
    }
}

/// Who takes the host's seat by this decision, and who is co-host for it.
fn taken_by(decision: &Decision) -> Option<(UserId, Option<UserId>)> {
    decision.events.iter().find_map(|draft| match draft.fact {
        Fact::HostChanged { user, co_host, .. } => Some((user, co_host)),
        _ => None,
    })
}
