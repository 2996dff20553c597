//! Who comes in, who waits, who is turned back: `hello` as the rules see it.

use quorate_protocol::{
    MeetingStatus, PARTICIPANTS_MAX, PEOPLE_MAX, Permission, Presence, Role,
    SESSIONS_PER_PARTICIPANT, Timestamp, UserId, UserKind, Via, WaitReason,
};

use super::event::{Audience, Fact, Personal, SessionEnd};
use super::facts::Facts;
use super::person::{Exit, Person, Place};
use super::{Decision, Enter, Refusal, Terms};

/// How long one who was turned away waits before knocking again, in milliseconds.
const KNOCK_AGAIN_MS: u64 = 60_000;

/// What the door says to one who may come at all.
enum Door {
    Join(Via),
    Wait(WaitReason),
}

impl Facts {
    pub(super) fn enter(
        &self,
        now: Timestamp,
        enter: &Enter,
        terms: &Terms,
    ) -> Result<Decision, Refusal> {
        if self.is_banned(enter.user, now) {
            let until = self.bans.get(&enter.user).copied().flatten();
            return Err(Refusal::Banned { until });
        }
        let known = self.person_of(enter.user);
        let me = Entrant { known, enter };
        if let Some(person) = known.filter(|person| person.view.here) {
            return Ok(self.open_another(person, &me));
        }
        self.may_come(now, enter, known)?;
        match self.door(now, &me, terms)? {
            Door::Join(via) => Ok(self.join(now, &me, via)),
            Door::Wait(reason) => self.wait(&me, reason),
        }
    }

    /// Refuses who may not even wait.
    fn may_come(
        &self,
        now: Timestamp,
        enter: &Enter,
        known: Option<&Person>,
    ) -> Result<(), Refusal> {
        if enter.kind == UserKind::Guest && !self.info.settings.guests {
            return Err(Refusal::Unauthorized("this meeting takes no guests; sign in"));
        }
        // Who was removed waits for approval, and in an ended meeting there is nobody to give it.
        let removed = known.is_some_and(|person| person.removed);
        if self.info.status == MeetingStatus::Completed
            && (removed || !self.may_reopen(now, enter.user))
        {
            return Err(Refusal::Ended);
        }
        if let Some(Place::Out(Exit::Declined { at, .. })) = known.map(|person| person.place) {
            let passed = now.ms_since(at);
            if passed < KNOCK_AGAIN_MS {
                return Err(Refusal::Declined { retry_after_ms: KNOCK_AGAIN_MS - passed });
            }
        }
        if known.is_none() && self.people.len() >= PEOPLE_MAX {
            return Err(Refusal::Full);
        }
        if self.info.locked && !self.is_staff(enter.user) {
            return Err(Refusal::Locked);
        }
        Ok(())
    }

    fn door(&self, now: Timestamp, me: &Entrant<'_>, terms: &Terms) -> Result<Door, Refusal> {
        if me.known.is_some_and(|person| person.removed) {
            return Ok(Door::Wait(WaitReason::RemovedBefore));
        }
        let user = me.enter.user;
        let via = if self.is_staff(user) {
            Via::Staff
        } else if !self.info.requires_approval {
            Via::Open
        } else if me.was_in_within(now, terms.return_seconds) {
            Via::Returning
        } else {
            let full = !self.has_seat(user);
            return Ok(Door::Wait(if full { WaitReason::Full } else { WaitReason::Approval }));
        };
        if via != Via::Staff
            && let Some(reason) = self.not_yet(now)
        {
            return Ok(Door::Wait(reason));
        }
        match self.has_seat(user) {
            true => Ok(Door::Join(via)),
            false if self.info.requires_approval => Ok(Door::Wait(WaitReason::Full)),
            false => Err(Refusal::Full),
        }
    }

    /// Why the meeting is not open yet for people who are not staff.
    pub(super) fn not_yet(&self, now: Timestamp) -> Option<WaitReason> {
        let open = self.info.settings.join_before_host || self.host_present();
        match self.info.status {
            MeetingStatus::InProgress | MeetingStatus::Completed if open => None,
            MeetingStatus::Scheduled if open && self.may_start_by_itself(now) => None,
            MeetingStatus::Scheduled if !self.may_start_by_itself(now) => {
                Some(WaitReason::NotStarted)
            }
            _ => Some(WaitReason::HostAbsent),
        }
    }

    /// Whether a user is host, owner or co-host, or the one for whom the host acts.
    #[must_use]
    pub fn is_staff(&self, user: UserId) -> bool {
        let seated = user == self.info.owner || user == self.rightful_host();
        seated || matches!(self.role_of(user), Role::Host | Role::CoHost)
    }

    /// Whether a user is banned at this time.
    pub(super) fn is_banned(&self, user: UserId, now: Timestamp) -> bool {
        self.bans.get(&user).is_some_and(|until| until.is_none_or(|until| until > now))
    }

    /// People present at most.
    #[must_use]
    pub fn capacity(&self) -> u32 {
        self.info.max_participants.unwrap_or(PARTICIPANTS_MAX)
    }

    /// Whether there is a seat for this user: the last one is kept for host or owner.
    pub(super) fn has_seat(&self, user: UserId) -> bool {
        self.present + u32::from(self.keeps_seat(user)) < self.capacity()
    }

    /// Whether a seat is kept from this user for host or owner.
    pub(super) fn keeps_seat(&self, user: UserId) -> bool {
        let (host, owner) = (self.rightful_host(), self.info.owner);
        let is_in = |user| self.person_of(user).is_some_and(Person::is_in);
        user != host && user != owner && !is_in(host) && !is_in(owner)
    }

    fn join(&self, now: Timestamp, me: &Entrant<'_>, via: Via) -> Decision {
        let user = me.enter.user;
        let mut decision = me.decision();
        match self.info.status {
            MeetingStatus::Completed => {
                decision = decision.event(Audience::EVERYONE, Fact::MeetingReopened {});
            }
            MeetingStatus::Scheduled if self.may_start_by_itself(now) => {
                decision = decision.event(Audience::EVERYONE, Fact::MeetingStarted {});
            }
            MeetingStatus::Scheduled | MeetingStatus::InProgress => {}
        }
        decision = self.take_back(decision, me.known);
        let joined = Fact::ParticipantJoined {
            participant: me.id(),
            user,
            kind: me.enter.kind,
            role: self.role_on_joining(user),
            via,
            room: None,
            looks_like: None,
        };
        decision.personal_event(Audience::EVERYONE, joined, me.named()).event(
            Audience::NOBODY,
            Fact::SessionOpened { session: me.enter.session, participant: me.id() },
        )
    }

    fn wait(&self, me: &Entrant<'_>, reason: WaitReason) -> Result<Decision, Refusal> {
        if self.waiting.len() >= self.info.settings.max_waiting as usize {
            return Err(Refusal::WaitingRoomFull);
        }
        let waiting = Fact::ParticipantWaiting {
            participant: me.id(),
            user: me.enter.user,
            kind: me.enter.kind,
            reason,
            position: self.waiting.len() as u32 + 1,
        };
        let audience = Audience::holders(Permission::ParticipantAdmit);
        let opened = Fact::SessionOpened { session: me.enter.session, participant: me.id() };
        Ok(me
            .decision()
            .personal_event(audience, waiting, me.named())
            .event(Audience::NOBODY, opened))
    }

    /// A further session of someone who is here: one more for who is in, the only one for who waits.
    fn open_another(&self, person: &Person, me: &Entrant<'_>) -> Decision {
        let most = if person.is_waiting() { 1 } else { SESSIONS_PER_PARTICIPANT };
        let too_many = (person.sessions.len() + 1).saturating_sub(most);
        let mut decision = me.decision();
        for &session in &person.sessions[..too_many] {
            let replaced = Fact::SessionClosed { session, why: SessionEnd::Replaced };
            decision = decision.event(Audience::NOBODY, replaced);
        }
        let opened = Fact::SessionOpened { session: me.enter.session, participant: person.id };
        decision = decision.event(Audience::NOBODY, opened);
        if person.is_in() && !self.connected(person) {
            let back =
                Fact::ConnectionChanged { participant: person.id, status: Presence::Present };
            decision = decision.event(Audience::EVERYONE, back);
        }
        decision
    }
}

/// Someone at the door.
struct Entrant<'a> {
    known: Option<&'a Person>,
    enter: &'a Enter,
}

impl Entrant<'_> {
    fn id(&self) -> quorate_protocol::ParticipantId {
        self.known.map_or(self.enter.participant, |person| person.id)
    }

    fn was_in_within(&self, now: Timestamp, seconds: u32) -> bool {
        let left_at = self.known.and_then(|person| person.left_at);
        left_at.is_some_and(|left_at| now.ms_since(left_at) <= u64::from(seconds) * 1000)
    }

    /// What their coming begins with: what their credential says of them, where that is news.
    fn decision(&self) -> Decision {
        let mut decision = Decision::by_system();
        decision.by = Some(self.id());
        decision.user = self.enter.user;
        let Enter { user, kind, ref email, ref bot, .. } = *self.enter;
        let known = self.known.map(|person| (&person.email, &person.bot));
        if known.unwrap_or((&None, &None)) == (email, bot) {
            return decision;
        }
        let participant = self.id();
        let identified = Fact::ParticipantIdentified { participant, user, kind, bot: bot.clone() };
        let personal = Personal { email: email.clone(), ..Personal::default() };
        decision.personal_event(Audience::NOBODY, identified, personal)
    }

    fn named(&self) -> Personal {
        Personal { name: Some(self.enter.name.clone()), ..Personal::default() }
    }
}
