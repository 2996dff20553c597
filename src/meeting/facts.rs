//! The state of a meeting: what its journal says, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use quorate_protocol::{
    Attributes, Media, MeetingId, MeetingStatus, MeetingType, ParticipantId, PermissionSet,
    Presence, Role, Seq, SessionId, Settings, Timestamp, UserId, UserKind,
};

use super::chat::Chat;
use super::event::{Event, Fact, Personal, View};
use super::{Refusal, roles};

/// The facts of a meeting, folded from its journal by [`Facts::apply`], the only way one changes.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Facts {
    /// The last event's number; 0 before the meeting was made.
    pub head: Seq,
    /// When the last event happened.
    pub at: Timestamp,
    /// The meeting itself.
    pub info: Info,
    /// Everyone who has or had a place here.
    pub people: BTreeMap<ParticipantId, Person>,
    /// Co-hosts, earliest first.
    pub co_hosts: Vec<UserId>,
    /// Who is in, lost ones included.
    pub present: u32,
    /// Who waits, in order of arrival, by the event with which they came.
    pub waiting: BTreeMap<Seq, ParticipantId>,
    /// Who has a hand up, in order.
    pub hands: Vec<ParticipantId>,
    /// What was written.
    pub chat: Chat,
    /// The open sessions.
    pub sessions: BTreeMap<SessionId, Session>,
    pub(super) by_user: BTreeMap<UserId, ParticipantId>,
    pub(super) bans: BTreeMap<UserId, Option<Timestamp>>,
    pub(super) lost: BTreeSet<SessionId>,
    pub(super) empty_since: Option<Timestamp>,
}

/// The meeting itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Info {
    /// The meeting's id.
    pub id: MeetingId,
    /// The code in links.
    pub code: String,
    /// The title.
    pub title: String,
    /// What it is about.
    pub description: Option<String>,
    /// What kind of meeting.
    pub kind: MeetingType,
    /// Where it stands.
    pub status: MeetingStatus,
    /// When it is to start.
    pub starts_at: Option<Timestamp>,
    /// When it is to end.
    pub ends_at: Option<Timestamp>,
    /// When it started.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// People present at most.
    pub max_participants: Option<u32>,
    /// Whether people wait for approval.
    pub requires_approval: bool,
    /// Whether the door is locked.
    pub locked: bool,
    /// Who scheduled it.
    pub owner: UserId,
    /// Who hosts it.
    pub host: UserId,
    /// The host's name when they made it.
    pub host_name: String,
    /// The settings.
    pub settings: Settings,
}

impl Default for Info {
    fn default() -> Self {
        Info {
            id: MeetingId(0),
            code: String::new(),
            title: String::new(),
            description: None,
            kind: MeetingType::Regular,
            status: MeetingStatus::Scheduled,
            starts_at: None,
            ends_at: None,
            started_at: None,
            ended_at: None,
            max_participants: None,
            requires_approval: false,
            locked: false,
            owner: UserId(0),
            host: UserId(0),
            host_name: String::new(),
            settings: Settings::default(),
        }
    }
}

/// A user's place in the meeting; kept when they leave and come back.
#[derive(Debug, Clone, PartialEq)]
pub struct Person {
    /// The participant's id.
    pub id: ParticipantId,
    /// The user behind it.
    pub user: UserId,
    /// The name shown; empty after a redaction.
    pub name: String,
    /// Member or guest.
    pub kind: UserKind,
    /// The role given to them here, below co-host.
    pub role_given: Role,
    /// Where they are.
    pub place: Place,
    /// Whether they were removed, so that they come back only with approval.
    pub removed: bool,
    /// When they were last in.
    pub left_at: Option<Timestamp>,
    /// When they came in.
    pub joined_at: Timestamp,
    /// What they send.
    pub media: Media,
    /// Their own key-value pairs.
    pub attributes: Attributes,
    /// When those changed last.
    pub attributes_at: Option<Timestamp>,
    /// Since when their hand is up.
    pub hand: Option<Timestamp>,
    /// Their sessions, oldest first.
    pub sessions: Vec<SessionId>,
    /// What they may see.
    pub view: View,
    /// The event since which they see just that.
    pub view_since: Seq,
}

/// Where a person is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Not here.
    Out(Exit),
    /// Waiting to be let in.
    Waiting {
        /// Since which event.
        since: Seq,
        /// Since when.
        at: Timestamp,
        /// Whether someone must let them in; else they come in by themselves when they can.
        needs_approval: bool,
    },
    /// In the meeting.
    In {
        /// Who let them in.
        admitted_by: Option<ParticipantId>,
    },
}

/// How a person came to be out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Left, or was lost, or the meeting ended.
    Left,
    /// Gave up waiting.
    Withdrawn,
    /// Was turned away.
    Declined {
        /// When.
        at: Timestamp,
        /// By whom.
        by: Option<ParticipantId>,
    },
    /// Was removed or banned.
    Removed,
}

/// One client's presence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Whose.
    pub participant: ParticipantId,
    /// Since when its socket is lost; none while it is there.
    pub lost_at: Option<Timestamp>,
}

/// Whose view an event changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renewed {
    /// Nobody's.
    Nobody,
    /// One person's.
    One(ParticipantId),
    /// Everyone is out.
    Everyone,
}

impl Person {
    fn new(id: ParticipantId, user: UserId, kind: UserKind) -> Person {
        let view = View {
            participant: id,
            here: false,
            joined: false,
            rank: 0,
            permissions: PermissionSet::NONE,
        };
        Person {
            id,
            user,
            name: String::new(),
            kind,
            role_given: Role::Attendee,
            place: Place::Out(Exit::Left),
            removed: false,
            left_at: None,
            joined_at: Timestamp::default(),
            media: Media::default(),
            attributes: Attributes::new(),
            attributes_at: None,
            hand: None,
            sessions: Vec::new(),
            view,
            view_since: Seq(0),
        }
    }

    /// Whether they are in the meeting, lost ones included.
    #[must_use]
    pub fn is_in(&self) -> bool {
        matches!(self.place, Place::In { .. })
    }

    /// Whether they wait.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        matches!(self.place, Place::Waiting { .. })
    }

    /// What became of someone who is not here, in a word.
    pub(super) fn last(&self) -> Option<&'static str> {
        Some(match self.place {
            Place::In { .. } => "joined",
            Place::Waiting { .. } => "waiting",
            Place::Out(Exit::Left) => "left",
            Place::Out(Exit::Withdrawn) => "withdrawn",
            Place::Out(Exit::Declined { .. }) => "declined",
            Place::Out(Exit::Removed) => "removed",
        })
    }

    fn leave(&mut self, exit: Exit, at: Timestamp) {
        if self.is_in() {
            self.left_at = Some(at);
        }
        self.place = Place::Out(exit);
        self.media = Media::default();
        self.attributes.clear();
        self.hand = None;
    }
}

impl Facts {
    /// A person by id.
    pub(super) fn person(&self, id: ParticipantId) -> Result<&Person, Refusal> {
        self.people.get(&id).ok_or(Refusal::NotFound { what: "participant", last: None })
    }

    /// The person of that id, if there is one.
    #[must_use]
    pub fn get(&self, id: ParticipantId) -> Option<&Person> {
        self.people.get(&id)
    }

    /// A user's place here.
    #[must_use]
    pub fn person_of(&self, user: UserId) -> Option<&Person> {
        self.people.get(self.by_user.get(&user)?)
    }

    /// The person behind an open session.
    #[must_use]
    pub fn person_in(&self, session: SessionId) -> Option<&Person> {
        self.people.get(&self.sessions.get(&session)?.participant)
    }

    /// Whether any of a person's sessions has its socket.
    #[must_use]
    pub fn connected(&self, person: &Person) -> bool {
        person.sessions.iter().any(|id| self.sessions.get(id).is_some_and(|s| s.lost_at.is_none()))
    }

    /// Connected or lost, for one who is in.
    #[must_use]
    pub fn presence(&self, person: &Person) -> Presence {
        if self.connected(person) { Presence::Present } else { Presence::Lost }
    }

    /// Whether a host or co-host is in.
    #[must_use]
    pub fn host_present(&self) -> bool {
        let is_in = |user: &UserId| self.person_of(*user).is_some_and(Person::is_in);
        is_in(&self.info.host) || self.co_hosts.iter().any(is_in)
    }

    /// The only way a fact changes. Refuses nothing: what is in the journal happened. Answers whose
    /// view changed with it.
    pub fn apply(&mut self, event: &Event) -> Renewed {
        debug_assert_eq!(event.seq, self.head.next(), "events come without a gap");
        self.head = event.seq;
        self.at = event.at;
        let present_before = self.present;
        self.apply_fact(event);
        if self.present == 0 && present_before > 0 {
            self.empty_since = Some(event.at);
        } else if self.present > 0 {
            self.empty_since = None;
        }
        self.renew_views(event)
    }

    fn apply_fact(&mut self, event: &Event) {
        let at = event.at;
        let personal = event.personal.as_deref();
        match &event.fact {
            Fact::MeetingCreated(created) => self.created(created, personal, at),
            Fact::MeetingStarted {} => self.started(at),
            Fact::MeetingEnded { .. } => self.ended(at),
            Fact::MeetingReopened {} => self.reopened(at),
            Fact::MeetingLocked {} => self.info.locked = true,
            Fact::MeetingUnlocked {} => self.info.locked = false,
            Fact::MeetingRecovered { .. } => self.recovered(at),
            Fact::SessionOpened { session, participant } => {
                self.session_opened(*session, *participant);
            }
            Fact::SessionLost { session } => self.session_lost(*session, at),
            Fact::SessionResumed { session } => self.session_resumed(*session),
            Fact::SessionClosed { session, .. } => self.session_closed(*session),
            Fact::ParticipantWaiting { participant, user, kind, reason, .. } => {
                let person = self.place_for(*participant, *user, *kind, personal);
                let needs_approval = super::waiting::needs_approval(*reason);
                person.place = Place::Waiting { since: event.seq, at, needs_approval };
                self.waiting.insert(event.seq, *participant);
            }
            Fact::ParticipantAdmitted { participant } => self.admitted(*participant, event.by),
            Fact::ParticipantDeclined { participant } => {
                self.out(*participant, Exit::Declined { at, by: event.by }, at);
            }
            Fact::ParticipantWithdrawn { participant, .. } => {
                self.out(*participant, Exit::Withdrawn, at);
            }
            Fact::ParticipantJoined { participant, user, kind, .. } => {
                self.place_for(*participant, *user, *kind, personal);
                self.joined(*participant, at);
            }
            Fact::ParticipantLeft { participant, .. } => self.out(*participant, Exit::Left, at),
            Fact::ParticipantRemoved { participant } => {
                self.out(*participant, Exit::Removed, at);
                self.set_removed(*participant, true);
            }
            Fact::ParticipantBanned { user, participant, until } => {
                self.bans.insert(*user, *until);
                if let Some(participant) = participant {
                    self.out(*participant, Exit::Removed, at);
                    self.set_removed(*participant, true);
                }
            }
            Fact::ParticipantUnbanned { user, participant } => {
                self.bans.remove(user);
                if let Some(participant) = participant {
                    self.set_removed(*participant, false);
                }
            }
            Fact::AttributesChanged { participant } => {
                self.attributes_changed(*participant, personal, at);
            }
            Fact::MediaUpdated { participant, media } => {
                if let Some(person) = self.people.get_mut(participant) {
                    person.media = *media;
                }
            }
            Fact::RoleAssigned { participant, role } => self.role_assigned(*participant, *role),
            Fact::CohostAdded { user, .. } => self.co_hosts.push(*user),
            Fact::CohostRemoved { user, .. } => self.co_hosts.retain(|id| id != user),
            Fact::HandRaised { participant } => self.hand_raised(*participant, at),
            Fact::HandLowered { participant } => self.hand_lowered(*participant),
            Fact::ChatSent { to, reply_to } => self.chat.sent(event, *to, *reply_to),
            Fact::ChatDeleted { message } => self.chat.deleted(*message),
            // What names the past only: the redacted texts went with `chat.deleted`.
            Fact::ReasonGiven { .. } | Fact::Redacted { .. } => {}
            // Follows from the sessions.
            Fact::ConnectionChanged { .. } => {}
        }
    }

    /// The place of a participant, made when it is their first.
    fn place_for(
        &mut self,
        id: ParticipantId,
        user: UserId,
        kind: UserKind,
        personal: Option<&Personal>,
    ) -> &mut Person {
        self.by_user.insert(user, id);
        let person = self.people.entry(id).or_insert_with(|| Person::new(id, user, kind));
        if let Some(name) = personal.and_then(|personal| personal.name.as_ref()) {
            person.name.clone_from(name);
        }
        person
    }

    fn admitted(&mut self, participant: ParticipantId, by: Option<ParticipantId>) {
        self.stop_waiting(participant);
        if let Some(person) = self.people.get_mut(&participant) {
            person.place = Place::In { admitted_by: by };
            self.present += 1;
        }
    }

    fn joined(&mut self, participant: ParticipantId, at: Timestamp) {
        if let Some(person) = self.people.get_mut(&participant) {
            person.joined_at = at;
            if !person.is_in() {
                person.place = Place::In { admitted_by: None };
                self.present += 1;
            }
        }
    }

    /// Someone is no longer here: neither in nor waiting.
    fn out(&mut self, participant: ParticipantId, exit: Exit, at: Timestamp) {
        self.stop_waiting(participant);
        self.hand_lowered(participant);
        if let Some(person) = self.people.get_mut(&participant) {
            self.present -= u32::from(person.is_in());
            person.leave(exit, at);
        }
    }

    fn stop_waiting(&mut self, participant: ParticipantId) {
        if let Some(Place::Waiting { since, .. }) = self.people.get(&participant).map(|p| p.place) {
            self.waiting.remove(&since);
        }
    }

    fn set_removed(&mut self, participant: ParticipantId, removed: bool) {
        if let Some(person) = self.people.get_mut(&participant) {
            person.removed = removed;
        }
    }

    /// Everyone out, nobody waits, no session left: the meeting ended.
    pub(super) fn clear_people(&mut self, at: Timestamp) {
        for person in self.people.values_mut() {
            if person.is_in() || person.is_waiting() {
                person.leave(Exit::Left, at);
            }
            person.sessions.clear();
        }
        self.present = 0;
        self.waiting.clear();
        self.hands.clear();
        self.sessions.clear();
        self.lost.clear();
        self.empty_since = None;
    }

    /// Whose view an event may have changed.
    fn renew_views(&mut self, event: &Event) -> Renewed {
        match &event.fact {
            Fact::ParticipantWaiting { participant, .. }
            | Fact::ParticipantAdmitted { participant }
            | Fact::ParticipantDeclined { participant }
            | Fact::ParticipantWithdrawn { participant, .. }
            | Fact::ParticipantJoined { participant, .. }
            | Fact::ParticipantLeft { participant, .. }
            | Fact::ParticipantRemoved { participant }
            | Fact::ParticipantBanned { participant: Some(participant), .. }
            | Fact::RoleAssigned { participant, .. }
            | Fact::CohostAdded { participant: Some(participant), .. }
            | Fact::CohostRemoved { participant: Some(participant), .. } => {
                match self.renew_view(*participant, event.seq) {
                    true => Renewed::One(*participant),
                    false => Renewed::Nobody,
                }
            }
            Fact::MeetingEnded { .. } => {
                for id in self.people.keys().copied().collect::<Vec<_>>() {
                    self.renew_view(id, event.seq);
                }
                Renewed::Everyone
            }
            _ => Renewed::Nobody,
        }
    }

    fn renew_view(&mut self, id: ParticipantId, seq: Seq) -> bool {
        let Some(person) = self.people.get(&id) else { return false };
        let view = self.view_now(person);
        match self.people.get_mut(&id) {
            Some(person) if person.view != view => {
                person.view = view;
                person.view_since = seq;
                true
            }
            _ => false,
        }
    }

    fn view_now(&self, person: &Person) -> View {
        let joined = person.is_in();
        let role = self.role_of(person.user);
        View {
            participant: person.id,
            here: joined || person.is_waiting(),
            joined,
            rank: if joined { roles::rank(role) } else { 0 },
            permissions: if joined { roles::permissions(role) } else { PermissionSet::NONE },
        }
    }

    /// States what is always true between two inputs.
    ///
    /// # Panics
    /// When it is not.
    pub fn assert_sound(&self) {
        let present = self.people.values().filter(|person| person.is_in()).count();
        assert_eq!(present, self.present as usize, "present counts who is in");
        assert!(self.present <= self.capacity(), "nobody is in beyond the capacity");
        for person in self.people.values() {
            assert_eq!(self.by_user.get(&person.user), Some(&person.id), "one place per user");
            assert_eq!(person.view, self.view_now(person), "a view is what the state gives");
            assert!(
                !(person.view.here && self.is_banned(person.user, self.at)),
                "no banned one here"
            );
            assert_eq!(person.view.here, !person.sessions.is_empty(), "who is here has a session");
            assert_eq!(person.hand.is_some(), self.hands.contains(&person.id), "hands agree");
            for session in &person.sessions {
                let owner = self.sessions.get(session).map(|session| session.participant);
                assert_eq!(owner, Some(person.id), "a session belongs to its person");
            }
        }
        let sessions: usize = self.people.values().map(|person| person.sessions.len()).sum();
        assert_eq!(sessions, self.sessions.len(), "no session without a person");
        let lost = self.sessions.iter().filter(|(_, s)| s.lost_at.is_some()).map(|(id, _)| *id);
        assert!(lost.eq(self.lost.iter().copied()), "lost sessions are indexed");
        for (since, id) in &self.waiting {
            let place = self.people.get(id).map(|person| person.place);
            assert!(
                matches!(place, Some(Place::Waiting { since: at, .. }) if at == *since),
                "the line is of those who wait"
            );
        }
        let running = self.info.status == MeetingStatus::InProgress;
        assert!(
            running || self.info.status == MeetingStatus::Scheduled || self.sessions.is_empty()
        );
    }
}
