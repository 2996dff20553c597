//! The state of a meeting: what its journal says, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use quorate_protocol::{
    MeetingId, MeetingStatus, MeetingType, ParticipantId, Presence, Recurrence, RoleKey, Seq,
    SessionId, Settings, Timer, Timestamp, UserId, UserKind,
};

use super::Refusal;
use super::agenda::Agenda;
use super::attendance::Attendance;
use super::bans::Bans;
use super::breakouts::Breakouts;
use super::chat::Chat;
use super::decisions::Records;
use super::event::{Event, Fact, Personal, SYSTEM};
use super::feedback::Feedback;
use super::invitees::Invitees;
use super::names::{self, Names};
use super::person::{Bot, Exit, Person, Place, Session};
use super::polls::Polls;
use super::retention::Retention;
use super::roles::CustomRole;
use super::series::{Followed, Occurrences};
use super::summary::Summary;

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
    /// People who are in, lost ones included; bots are counted apart.
    pub present: u32,
    /// Who waits, in order of arrival, by the event with which they came.
    pub waiting: BTreeMap<Seq, ParticipantId>,
    /// Who is invited.
    pub invitees: Invitees,
    /// Who has a hand up, in order.
    pub hands: Vec<ParticipantId>,
    /// Polls that are open, and the last that were closed.
    pub polls: Polls,
    /// The agenda.
    pub agenda: Agenda,
    /// The running timer.
    pub timer: Option<Timer>,
    /// Decisions and action items.
    pub records: Records,
    /// What was written.
    pub chat: Chat,
    /// Who is in, by what their names look like.
    pub(super) names: Names,
    /// Custom roles that were defined for this meeting, or taken over from the server's.
    pub roles: BTreeMap<RoleKey, CustomRole>,
    /// Since when the host is gone, who was there; for as long as the meeting runs.
    pub(super) host_gone: Option<Timestamp>,
    /// Who is in with a rank of staff.
    pub(super) staff: BTreeSet<ParticipantId>,
    /// The open sessions.
    pub sessions: BTreeMap<SessionId, Session>,
    /// The breakout rooms.
    pub breakouts: Breakouts,
    pub(super) by_user: BTreeMap<UserId, ParticipantId>,
    pub(super) bans: Bans,
    /// Of a series: when bans were lifted in it.
    pub(super) bans_lifted: BTreeMap<UserId, Timestamp>,
    pub(super) lost: BTreeSet<SessionId>,
    pub(super) empty_since: Option<Timestamp>,
    /// When it ran.
    pub ran: Attendance,
    /// Of a series: its occurrences.
    pub(super) occurrences: Occurrences,
    /// Of a series: the last event that changed what its occurrences take from it.
    pub series_version: Seq,
    /// Of an occurrence: what it took from its series last.
    pub followed: Option<Box<Followed>>,
    /// The event by which the passcode is what it is.
    pub(super) passcode_since: Seq,
    /// Whether the passcode was set here, and not by the series.
    pub(super) own_passcode: bool,
    /// When it started, or was opened again.
    pub(super) began_at: Timestamp,
    /// Reminders of the planned end whose time was then or before do not come any more.
    pub(super) remind_from: Timestamp,
    /// Bots that are or were here.
    pub(super) bots: BTreeSet<ParticipantId>,
    /// Bots that are in, lost ones included.
    pub(super) bots_present: u32,
    /// Who said what they think of it.
    pub feedback: Feedback,
    /// What was said and agreed in it, in short.
    pub summary: Option<Summary>,
    /// For how long what is personal in it is kept.
    pub(super) retention: Retention,
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
    /// Whether it is to be recorded.
    pub is_recorded: bool,
    /// Whether there is a passcode; its hash is in the table alone.
    pub has_passcode: bool,
    /// Whether the door was locked; see [`Facts::door_locked`].
    pub locked: bool,
    /// Whether all is off, for ranks below staff.
    pub suspended: bool,
    /// Whether it is large: comings and goings of attendees are told to staff alone.
    pub large: bool,
    /// Who scheduled it.
    pub owner: UserId,
    /// Who hosts it.
    pub host: UserId,
    /// For whom the host acts, who lost the seat by being gone; none when the host is host in full.
    pub acting_for: Option<UserId>,
    /// The host's name when they made it.
    pub host_name: String,
    /// The settings.
    pub settings: Settings,
    /// In which zone its times are meant.
    pub time_zone: Option<String>,
    /// Of a series: how it repeats.
    pub recurrence: Option<Recurrence>,
    /// Of an occurrence: its series.
    pub parent: Option<MeetingId>,
    /// Of an occurrence: when the rule puts it.
    pub original_start: Option<Timestamp>,
    /// The last event that changed the meeting itself, and not only who is in it and what they do.
    pub revision: Seq,
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
            is_recorded: false,
            has_passcode: false,
            locked: false,
            suspended: false,
            large: false,
            owner: UserId(0),
            host: UserId(0),
            acting_for: None,
            host_name: String::new(),
            settings: Settings::default(),
            time_zone: None,
            recurrence: None,
            parent: None,
            original_start: None,
            revision: Seq(0),
        }
    }
}

/// Whose view an event changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Renewed {
    /// Nobody's.
    Nobody,
    /// Theirs.
    People(Vec<ParticipantId>),
    /// Everyone's: the meeting ended.
    Ended,
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

    /// Whether nobody new comes in: the door was locked, or the meeting is suspended.
    #[must_use]
    pub fn door_locked(&self) -> bool {
        self.info.locked || self.info.suspended
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
        let host_was_in = self.host_is_in();
        self.apply_fact(event);
        if event.fact.changes_meeting() {
            self.info.revision = event.seq;
        }
        if self.info.recurrence.is_some() && event.fact.changes_occurrences() {
            self.series_version = event.seq;
        }
        debug_assert!(
            self.present <= present_before || self.present <= self.capacity(),
            "nobody comes in beyond the capacity"
        );
        self.note_host(host_was_in, event.at);
        if self.present == 0 && present_before > 0 {
            self.empty_since = Some(event.at);
        } else if self.present > 0 {
            self.empty_since = None;
        }
        let renewed = self.renew(event);
        self.note_participation(event);
        renewed
    }

    fn apply_fact(&mut self, event: &Event) {
        let at = event.at;
        let personal = event.personal.as_deref();
        match &event.fact {
            Fact::MeetingCreated(created) => self.created(created, personal, at),
            Fact::MeetingImported(imported) => self.imported(imported, personal),
            Fact::MeetingStarted {} => self.started(at),
            Fact::MeetingEnded { .. } => self.ended(at),
            Fact::MeetingReopened {} => self.reopened(at),
            Fact::MeetingCancelled {} => {
                self.info.status = MeetingStatus::Cancelled;
                self.retention.over(at);
            }
            Fact::MeetingEndingSoon { .. } => self.remind_from = at,
            Fact::OccurrenceCreated { meeting, original_start } => {
                self.occurrence_made(*meeting, *original_start, at);
            }
            Fact::SeriesChanged { starts_at, ends_at, time_zone, recurrence, occurrences } => {
                (self.info.starts_at, self.info.ends_at) = (Some(*starts_at), *ends_at);
                self.info.time_zone = Some(time_zone.clone());
                self.info.recurrence = Some(Recurrence::clone(recurrence));
                self.rule_changed(occurrences, at);
            }
            Fact::SeriesSplit { at: before, into, recurrence } => {
                self.split_off(*before, into.is_some(), recurrence, at);
            }
            Fact::SeriesFollowed(followed) => {
                self.info.parent = Some(followed.template.series);
                self.info.original_start = Some(followed.template.original_start);
                self.followed = Some(followed.clone());
            }
            Fact::MeetingLocked {} => self.info.locked = true,
            Fact::MeetingUnlocked {} => self.info.locked = false,
            Fact::MeetingSuspended { participants } => self.suspended(participants),
            Fact::MeetingResumed {} => self.info.suspended = false,
            Fact::MeetingPolicyChanged { changes, has_passcode } => {
                self.policy_changed(changes, *has_passcode);
                if has_passcode.is_some() {
                    self.passcode_since = event.seq;
                    self.own_passcode = event.user != SYSTEM;
                }
            }
            Fact::MeetingUpdated(changes) => {
                self.updated(changes);
                self.remind_from = at;
            }
            Fact::MeetingExtended { ends_at } => {
                self.info.ends_at = Some(*ends_at);
                self.remind_from = at;
            }
            Fact::MeetingRecovered { .. } => self.recovered(at),
            Fact::MeetingSizeChanged { large } => self.info.large = *large,
            Fact::SessionOpened { session, participant } => {
                self.session_opened(*session, *participant);
            }
            Fact::SessionLost { session } => self.session_lost(*session, at),
            Fact::SessionResumed { session } => self.session_resumed(*session),
            Fact::SessionClosed { session, .. } => self.session_closed(*session),
            Fact::ParticipantWaiting { participant, user, kind, .. } => {
                self.place_for(*participant, *user, *kind, personal);
                self.knocked(*participant, event);
            }
            Fact::ParticipantAdmitted { participant } => self.admitted(*participant, event.by),
            Fact::ParticipantDeclined { participant } => {
                self.out(*participant, Exit::Declined { at, by: event.by }, at);
            }
            Fact::ParticipantWithdrawn { participant, reason } => {
                self.out(*participant, Exit::of(*reason), at);
            }
            Fact::ReturnedToWaiting { participant } => self.returned(*participant, event),
            Fact::WaitingTold { participant } => self.told(*participant, personal),
            Fact::InviteeAdded { invitee, user, required } => {
                self.invitees.added(*invitee, (event.seq, at), *user, *required, personal);
            }
            Fact::InviteeRemoved { invitee } => self.invitees.removed(*invitee),
            Fact::ParticipantIdentified { participant, user, kind, bot } => {
                self.place_for(*participant, *user, *kind, personal);
                self.identified(*participant, bot.as_ref(), personal);
            }
            Fact::ParticipantJoined { participant, user, kind, room, looks_like, .. } => {
                let person = self.place_for(*participant, *user, *kind, personal);
                person.looks_like = *looks_like;
                // Who comes into the main room still belongs where they are assigned.
                if room.is_some() {
                    self.put_into_room(*participant, *room, event.seq);
                }
                self.joined(*participant, at);
            }
            Fact::ParticipantImported { participants } => {
                self.participants_imported(participants, (event.seq, at));
            }
            Fact::ParticipantLeft { participant, .. } => self.out(*participant, Exit::Left, at),
            Fact::ParticipantRemoved { participant } => {
                self.out(*participant, Exit::Removed, at);
                self.set_removed(*participant, true);
            }
            Fact::ParticipantBanned { .. } => self.banned(event),
            Fact::ParticipantUnbanned { user, participant } => {
                self.unbanned(*user, *participant, at);
            }
            Fact::ReasonGiven { event: of, .. } => self.ban_reason_given(*of, event),
            Fact::AttributesChanged { participant } => {
                self.attributes_changed(*participant, personal, at);
            }
            Fact::ParticipantRenamed { participant, given, looks_like } => {
                self.renamed(*participant, *given, *looks_like, personal);
            }
            Fact::MediaUpdated { participant, media } => {
                if let Some(person) = self.people.get_mut(participant) {
                    person.media = *media;
                    person.microphone_known |= media.audio;
                }
            }
            Fact::ParticipantMuted { participant, media } => self.muted(&[*participant], media),
            Fact::ParticipantsMuted { participants, media, .. } => self.muted(participants, media),
            Fact::RoleAssigned { participant, role } => self.role_assigned(*participant, *role),
            Fact::CohostAdded { user, .. } => self.co_hosts.push(*user),
            Fact::CohostRemoved { user, .. } => self.co_hosts.retain(|id| id != user),
            Fact::PermissionsChanged { participant, granted, denied } => {
                self.permissions_changed(*participant, *granted, *denied);
            }
            Fact::RoleDefined { key, role } => {
                self.roles.insert(*key, CustomRole::clone(role));
            }
            Fact::RoleRemoved { key } => {
                self.roles.remove(key);
            }
            Fact::HostChanged { user, acting_for, co_host, .. } => {
                self.host_changed(*user, *acting_for, *co_host);
            }
            Fact::HandRaised { participant } => self.hand_raised(*participant, at),
            Fact::HandLowered { participant } => self.hand_lowered(*participant),
            Fact::HandCalledOn { participant } => self.hand_lowered(*participant),
            Fact::PollOpened { poll, choices, multiple, anonymous, closes_at } => {
                self.polls.opened(*poll, *choices, (*multiple, *anonymous), *closes_at, personal);
            }
            Fact::PollVoteCast { poll, choices } => self.polls.vote_cast(*poll, event.by, choices),
            Fact::PollClosed { poll, .. } => self.polls.closed(*poll),
            Fact::PollVotesTold { .. } => {}
            Fact::AgendaSet { items } => self.agenda.set(items, personal, at),
            Fact::AgendaMoved { item, .. } => self.agenda.moved(*item, &self.ran, at),
            Fact::TimerStarted { ends_at } => self.timer_started(*ends_at, personal),
            Fact::TimerStopped {} | Fact::TimerEnded {} => self.timer = None,
            Fact::DecisionRecorded { decision } => self.records.decided(*decision, personal),
            Fact::ActionRecorded { action, owner, due } => {
                self.records.agreed(*action, *owner, *due, personal);
            }
            Fact::ChatSent { to, room, reply_to, .. } => {
                self.chat.sent(event, *to, *room, *reply_to);
            }
            Fact::ChatDeleted { message } => self.chat.deleted(*message),
            Fact::BreakoutPrepared { rooms, mode, minutes } => {
                self.rooms_prepared(rooms, *mode, *minutes, personal);
            }
            Fact::BreakoutOpened { rooms, closes_at } => {
                self.rooms_opened(rooms, *closes_at, event.seq);
            }
            Fact::BreakoutAssigned { participant, room } => {
                self.room_assigned(*participant, *room);
            }
            Fact::ParticipantMoved { participant, to, .. } => {
                self.put_into_room(*participant, *to, event.seq);
            }
            Fact::BreakoutExtended { closes_at, room } => self.rooms_close_at(*closes_at, *room),
            Fact::BreakoutClosing { closes_at } => self.rooms_close_at(*closes_at, None),
            Fact::BreakoutClosed { rooms } => self.rooms_closed(rooms),
            Fact::BreakoutHelpRequested { room } => self.room_help(*room, event.by),
            Fact::BreakoutHelpResolved { room } => self.room_help(*room, None),
            // Said, and that is all.
            Fact::BreakoutAnnounced { .. } => {}
            Fact::ChatPinned { message } => self.chat.pinned(*message),
            Fact::ChatUnpinned { message } => self.chat.unpinned(*message),
            // What was said of the meeting or in it, and changes nothing in it.
            Fact::AbuseReported { .. }
            | Fact::CaptionPublished { .. }
            | Fact::PermissionRefused { .. } => {}
            Fact::ExclusionChanged { participant, excluded } => {
                if let Some(person) = self.people.get_mut(participant) {
                    person.excluded = *excluded;
                }
            }
            // Texts of messages went with `chat.deleted`.
            Fact::Redacted { ranges } => {
                self.invitees.redacted(ranges);
                self.bans_redacted(ranges);
            }
            Fact::FeedbackSubmitted { participant } => self.feedback.submitted(*participant),
            Fact::FeedbackClosed {} => self.feedback.closed_at = Some(at),
            Fact::SummaryPublished {} => self.summarised(personal, at),
            Fact::RetentionApplied { .. } => self.retention.applied(event),
            // Follows from the sessions.
            Fact::ConnectionChanged { .. } => {}
        }
    }

    /// The place of a participant, made when it is their first.
    pub(super) fn place_for(
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
            person.skeleton = names::skeleton(name);
        }
        person
    }

    fn identified(
        &mut self,
        participant: ParticipantId,
        bot: Option<&Bot>,
        personal: Option<&Personal>,
    ) {
        if let Some(person) = self.people.get_mut(&participant) {
            person.email = personal.and_then(|personal| personal.email.clone());
            person.bot = bot.cloned();
            if person.bot.is_some() {
                self.bots.insert(participant);
            } else {
                self.bots.remove(&participant);
            }
        }
    }

    fn admitted(&mut self, participant: ParticipantId, by: Option<ParticipantId>) {
        self.stop_waiting(participant);
        if let Some(person) = self.people.get_mut(&participant) {
            person.place = Place::In { admitted_by: by };
            person.sent_back = false;
            let kind = person.kind;
            self.count_in(kind);
        }
    }

    fn joined(&mut self, participant: ParticipantId, at: Timestamp) {
        let Some(person) = self.people.get_mut(&participant) else { return };
        person.joined_at = at;
        self.names.came(&person.skeleton, participant);
        if !person.is_in() {
            person.place = Place::In { admitted_by: None };
            let kind = person.kind;
            self.count_in(kind);
        }
    }

    /// Someone is no longer here: neither in nor waiting.
    pub(super) fn out(&mut self, participant: ParticipantId, exit: Exit, at: Timestamp) {
        self.stop_waiting(participant);
        self.hand_lowered(participant);
        self.name_gone(participant);
        if let Some(person) = self.people.get_mut(&participant) {
            let (was_in, kind) = (person.is_in(), person.kind);
            person.leave(exit, at);
            if was_in {
                self.count_out(kind);
            }
        }
    }

    fn stop_waiting(&mut self, participant: ParticipantId) {
        if let Some(person) = self.people.get_mut(&participant)
            && let Place::Waiting { since, .. } = person.place
        {
            person.told = None;
            self.waiting.remove(&since);
        }
    }

    pub(super) fn set_removed(&mut self, participant: ParticipantId, removed: bool) {
        if let Some(person) = self.people.get_mut(&participant) {
            person.removed = removed;
        }
    }

    /// Everyone out, nobody waits, no session left: the meeting ended.
    pub(super) fn clear_people(&mut self, at: Timestamp) {
        for person in self.people.values_mut() {
            match person.place {
                Place::In { .. } => person.leave(Exit::Left, at),
                Place::Waiting { .. } => person.leave(Exit::Closed, at),
                Place::Out(_) => {}
            }
            person.told = None;
            person.sessions.clear();
        }
        (self.present, self.bots_present, self.info.large) = (0, 0, false);
        self.waiting.clear();
        self.hands.clear();
        self.breakouts.clear();
        self.names = Names::default();
        self.sessions.clear();
        self.lost.clear();
        self.empty_since = None;
    }
}
