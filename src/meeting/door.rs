//! Who comes in, who waits, who is turned back: `hello` as the rules see it.

use quorate_protocol::{
    MeetingStatus, PARTICIPANTS_MAX, PEOPLE_MAX, Permission, Presence, SESSIONS_PER_PARTICIPANT,
    Timestamp, UserId, UserKind, Via, WaitReason,
};

use super::event::{Audience, Fact, Personal, SessionEnd};
use super::facts::Facts;
use super::passes::Gate;
use super::person::{Exit, Person, Place};
use super::{Decision, Enter, Refusal, Terms, names};

/// How long one who was turned away waits before knocking again, in milliseconds.
const KNOCK_AGAIN_MS: u64 = 60_000;

/// What the door says to one who may come at all.
enum Door {
    Join(Via),
    /// To wait, and by which rule they come in by themselves when they can.
    Wait {
        reason: WaitReason,
        passes: Option<Via>,
    },
}

impl Facts {
    pub(super) fn enter(
        &self,
        now: Timestamp,
        enter: &Enter,
        terms: &Terms,
    ) -> Result<Decision, Refusal> {
        self.not_banned(now, enter.user, enter.email.as_deref())?;
        self.owner_not_banned(now, enter)?;
        let known = self.person_of(enter.user);
        let me = Entrant { known, enter };
        if let Some(person) = known.filter(|person| person.view.here) {
            return Ok(self.open_another(person, &me));
        }
        let gate = self.gate(now, &me, terms)?;
        self.may_come(now, enter, known)?;
        match self.door(now, &me, gate, terms)? {
            Door::Join(via) => Ok(self.join(now, &me, via)),
            // In an ended meeting there is nobody to let them in.
            Door::Wait { .. } if self.info.status.is_over() => Err(Refusal::Ended),
            Door::Wait { reason, passes } => self.wait(&me, reason, passes, gate == Gate::Stranger),
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
        if self.info.status.is_over() && !self.may_reopen(now, enter.user) {
            return Err(Refusal::Ended);
        }
        if let Some(Place::Out(Exit::Declined { at, .. })) = known.map(|person| person.place) {
            let passed = now.ms_since(at);
            if passed < KNOCK_AGAIN_MS {
                return Err(Refusal::Declined { retry_after_ms: KNOCK_AGAIN_MS - passed });
            }
        }
        if self.is_staff(enter.user) {
            return Ok(());
        }
        if known.is_none() && self.people.len() >= PEOPLE_MAX {
            return Err(Refusal::Full);
        }
        if self.door_locked() {
            return Err(Refusal::Locked);
        }
        Ok(())
    }

    fn door(
        &self,
        now: Timestamp,
        me: &Entrant<'_>,
        gate: Gate,
        terms: &Terms,
    ) -> Result<Door, Refusal> {
        let user = me.enter.user;
        // Who is host in full became it since; who only acts has others above.
        if me.known.is_some_and(|person| person.removed) && user != self.rightful_host() {
            return Ok(Door::Wait { reason: WaitReason::RemovedBefore, passes: None });
        }
        let seat = self.has_seat_for(user, me.enter.kind);
        let Some(via) = self.passes_by(now, me, gate, terms) else {
            let reason = if seat { WaitReason::Approval } else { WaitReason::Full };
            return Ok(Door::Wait { reason, passes: None });
        };
        if !self.is_staff(user)
            && let Some(reason) = self.not_yet_for(now, me.enter.kind)
        {
            return Ok(Door::Wait { reason, passes: Some(via) });
        }
        match seat {
            true => Ok(Door::Join(via)),
            false if self.info.requires_approval => {
                Ok(Door::Wait { reason: WaitReason::Full, passes: Some(via) })
            }
            false => Err(self.no_seat(me.enter.kind)),
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

    /// Whether the meeting is this user's: the host's, also one for whom another acts, and the owner's. They
    /// need nobody's approval.
    pub(super) fn is_seated(&self, user: UserId) -> bool {
        user == self.info.owner || user == self.info.host || user == self.rightful_host()
    }

    /// Whether a user is host, owner or co-host, or the one for whom the host acts.
    #[must_use]
    pub fn is_staff(&self, user: UserId) -> bool {
        self.is_seated(user) || self.co_hosts.contains(&user)
    }

    /// People present at most.
    #[must_use]
    pub fn capacity(&self) -> u32 {
        self.info.max_participants.unwrap_or(PARTICIPANTS_MAX)
    }

    /// Whether there is a seat for someone who is known here.
    pub(super) fn has_seat(&self, person: &Person) -> bool {
        self.has_seat_for(person.user, person.kind)
    }

    /// Whether there is a seat for this user: the last one is kept for host or owner; bots have their own.
    fn has_seat_for(&self, user: UserId, kind: UserKind) -> bool {
        match kind {
            UserKind::Bot => self.has_bot_seat_beside(0),
            UserKind::Member | UserKind::Guest => {
                self.present + u32::from(self.keeps_seat(user)) < self.capacity()
            }
        }
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
            MeetingStatus::Scheduled | MeetingStatus::InProgress | MeetingStatus::Cancelled => {}
        }
        let room = self.room_on_coming(&decision, me.id(), user, me.enter.kind);
        decision = self.take_back(decision, me.known);
        let joined = Fact::ParticipantJoined {
            participant: me.id(),
            user,
            kind: me.enter.kind,
            role: self.role_on_joining(&decision, user),
            via,
            room,
            looks_like: self.names.like(&names::skeleton(me.name()), me.id()),
        };
        decision.personal_event(Audience::EVERYONE, joined, me.named()).event(
            Audience::NOBODY,
            Fact::SessionOpened { session: me.enter.session, participant: me.id() },
        )
    }

    fn wait(
        &self,
        me: &Entrant<'_>,
        reason: WaitReason,
        passes: Option<Via>,
        stranger: bool,
    ) -> Result<Decision, Refusal> {
        self.waiting_has_room()?;
        let waiting = Fact::ParticipantWaiting {
            participant: me.id(),
            user: me.enter.user,
            kind: me.enter.kind,
            reason,
            position: self.waiting.len() as u32 + 1,
            invited: self.invitees.has(me.enter.user, me.enter.email.as_deref()),
            passes,
            stranger,
        };
        let audience = Audience::holders(Permission::ParticipantAdmit);
        let opened = Fact::SessionOpened { session: me.enter.session, participant: me.id() };
        Ok(me
            .decision()
            .personal_event(audience, waiting, me.named())
            .event(Audience::NOBODY, opened))
    }

    /// Refuses one more in a waiting room that is full.
    pub(super) fn waiting_has_room(&self) -> Result<(), Refusal> {
        match self.waiting.len() < self.info.settings.max_waiting as usize {
            true => Ok(()),
            false => Err(Refusal::WaitingRoomFull),
        }
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
pub(super) struct Entrant<'a> {
    pub(super) known: Option<&'a Person>,
    pub(super) enter: &'a Enter,
}

impl Entrant<'_> {
    fn id(&self) -> quorate_protocol::ParticipantId {
        self.known.map_or(self.enter.participant, |person| person.id)
    }

    pub(super) fn was_in_within(&self, now: Timestamp, seconds: u32) -> bool {
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

    /// The name to show: the one that they come with, unless someone here gave them another.
    fn name(&self) -> &str {
        let given = self.known.filter(|person| person.name_given && !person.name.is_empty());
        given.map_or(&self.enter.name, |person| &person.name)
    }

    fn named(&self) -> Personal {
        Personal { name: Some(self.name().to_owned()), ..Personal::default() }
    }
}
