//! The life of a meeting: made, started, locked, ended, reopened; and what happens by itself in time.

use quorate_protocol::{
    COHOSTS_MAX, EndReason, InviteeAdd, MeetingStatus, MeetingType, ParticipantId, Permission,
    PollId, SessionId, Timestamp, UserId, UserKind,
};

use super::event::{Audience, Fact, MeetingCreated, Personal};
use super::facts::{Facts, Info};
use super::person::{Person, Place};
use super::{Decision, Refusal, Terms, policy, update};

/// How long before `starts_at` a scheduled meeting starts by itself, in milliseconds.
const EARLY_MS: i64 = 15 * 60_000;
/// How long after its end a meeting may be reopened, in milliseconds.
const REOPEN_MS: u64 = 24 * 3_600_000;

/// What happens by itself.
enum Due {
    Size(bool),
    Expire(SessionId),
    Start,
    ClosePoll(PollId),
    EndTimer,
    LetIn(ParticipantId),
    EndEmpty,
    EndOverdue,
    Remind,
    CloseRooms,
    Succeed(ParticipantId),
    EndHostless,
    CloseFeedback,
    Forget(u32),
}

impl Facts {
    pub(super) fn create(
        &self,
        created: &MeetingCreated,
        owner_name: &str,
        invitees: &[InviteeAdd],
    ) -> Result<Decision, Refusal> {
        let invalid = |field, message| Err(Refusal::Invalid { field, message });
        update::check_title(&created.title)?;
        update::check_description(created.description.as_deref())?;
        update::check_times(created.starts_at, created.ends_at)?;
        update::check_time_zone(created.time_zone.as_deref())?;
        match (&created.recurrence, created.kind) {
            (Some(rule), MeetingType::Recurring) => {
                let (starts_at, ends_at) = (created.starts_at, created.ends_at);
                Self::check_series(rule, starts_at, ends_at, created.time_zone.as_deref())?;
            }
            (None, MeetingType::Recurring) => {
                return invalid("recurrence", "is needed by a meeting of type `recurring`");
            }
            (Some(_), _) => return invalid("recurrence", "is of meetings of type `recurring`"),
            (None, _) => {}
        }
        policy::check_max_participants(created.max_participants)?;
        self.check_settings(&created.settings)?;
        let mut co_hosts = created.co_hosts.clone();
        co_hosts.sort();
        co_hosts.dedup();
        if co_hosts.len() != created.co_hosts.len() || co_hosts.contains(&created.owner) {
            return invalid("co_hosts", "must name others, each once");
        }
        let limit = COHOSTS_MAX.min(created.settings.max_cohosts as usize);
        if co_hosts.len() > limit {
            return Err(Refusal::TooLarge { field: "co_hosts", limit });
        }
        let mut decision = Decision::by_system();
        decision.user = created.owner;
        let name = Personal { name: Some(owner_name.to_owned()), ..Personal::default() };
        let created =
            MeetingCreated { settings: policy::tidy(created.settings.clone()), ..created.clone() };
        let fact = Fact::MeetingCreated(Box::new(created));
        self.invite_first(decision.personal_event(Audience::EVERYONE, fact, name), invitees)
    }

    pub(super) fn start(&self, now: Timestamp, me: &Person) -> Result<Decision, Refusal> {
        self.require(me, Permission::MeetingStart)?;
        match self.info.status {
            MeetingStatus::Scheduled => {
                Ok(Decision::by(me).event(Audience::EVERYONE, Fact::MeetingStarted {}))
            }
            MeetingStatus::InProgress => Ok(Decision::already(None)),
            MeetingStatus::Completed if self.may_be_reopened(now) => {
                Ok(Decision::by(me).event(Audience::EVERYONE, Fact::MeetingReopened {}))
            }
            MeetingStatus::Completed | MeetingStatus::Cancelled => Err(Refusal::Ended),
        }
    }

    pub(super) fn end(&self, me: &Person) -> Result<Decision, Refusal> {
        self.require(me, Permission::MeetingEnd)?;
        if self.info.status.is_over() {
            return Ok(Decision::already(None));
        }
        Ok(self.end_with(Decision::by(me), EndReason::Ended))
    }

    /// Calls the meeting off; where anyone is there, it ends first.
    pub(super) fn cancel(&self, me: &Person) -> Result<Decision, Refusal> {
        self.require(me, Permission::MeetingDelete)?;
        if self.info.status == MeetingStatus::Cancelled {
            return Ok(Decision::already(None));
        }
        Ok(self.call_off(Decision::by(me)))
    }

    pub(super) fn call_off(&self, mut decision: Decision) -> Decision {
        if self.info.status == MeetingStatus::InProgress || !self.sessions.is_empty() {
            decision = self.end_with(decision, EndReason::Cancelled);
        }
        decision.event(Audience::EVERYONE, Fact::MeetingCancelled {})
    }

    /// The meeting ends, whoever or whatever ends it: what is open closes first.
    pub(super) fn end_with(&self, decision: Decision, reason: EndReason) -> Decision {
        let decision = self.close_rooms(self.close_all_polls(decision));
        decision.event(Audience::EVERYONE, Fact::MeetingEnded { reason })
    }

    pub(super) fn lock(&self, me: &Person) -> Result<Decision, Refusal> {
        self.require(me, Permission::MeetingLock)?;
        if self.info.locked {
            return Ok(Decision::already(None));
        }
        Ok(Decision::by(me).event(Audience::EVERYONE, Fact::MeetingLocked {}))
    }

    pub(super) fn unlock(&self, me: &Person) -> Result<Decision, Refusal> {
        self.require(me, Permission::MeetingLock)?;
        if !self.info.locked {
            return Ok(Decision::already(None));
        }
        Ok(Decision::by(me).event(Audience::EVERYONE, Fact::MeetingUnlocked {}))
    }

    /// Whether the schedule and the settings let the meeting start when someone comes.
    pub(super) fn may_start_by_itself(&self, now: Timestamp) -> bool {
        self.info.settings.auto_start && self.opens_at().is_none_or(|at| now >= at)
    }

    /// From when on a meeting that has a schedule may start by itself.
    pub(super) fn opens_at(&self) -> Option<Timestamp> {
        self.info.starts_at.map(|starts_at| starts_at.plus_ms(-EARLY_MS))
    }

    /// Whether this user's coming reopens the ended meeting.
    pub(super) fn may_reopen(&self, now: Timestamp, user: UserId) -> bool {
        self.is_staff(user) && self.info.settings.auto_start && self.may_be_reopened(now)
    }

    fn may_be_reopened(&self, now: Timestamp) -> bool {
        if self.info.status == MeetingStatus::Cancelled {
            return false;
        }
        let lately = |ended_at| now.ms_since(ended_at) < REOPEN_MS;
        self.info.settings.reusable || self.info.ended_at.is_some_and(lately)
    }

    pub(super) fn next_deadline(&self, terms: &Terms) -> Option<Timestamp> {
        self.next_due(terms).map(|(at, _)| at)
    }

    /// The first thing that is due; nothing when none is yet.
    pub(super) fn due(&self, now: Timestamp, terms: &Terms) -> Decision {
        let system = Decision::by_system();
        let Some((_, due)) = self.next_due(terms).filter(|(at, _)| *at <= now) else {
            return system;
        };
        match due {
            Due::Size(large) => {
                system.event(Audience::EVERYONE, Fact::MeetingSizeChanged { large })
            }
            Due::Expire(session) => self.expire(session),
            Due::Start => system.event(Audience::EVERYONE, Fact::MeetingStarted {}),
            Due::ClosePoll(poll) => self.close_due_poll(poll),
            Due::EndTimer => system.event(Audience::EVERYONE, Fact::TimerEnded {}),
            Due::LetIn(id) => match self.people.get(&id) {
                Some(person) => self.come_in(system, person),
                None => system,
            },
            Due::EndEmpty => self.end_with(system, EndReason::Empty),
            Due::EndOverdue => self.end_with(system, EndReason::HardStop),
            Due::Remind => self.remind(system, now),
            Due::Succeed(id) => self.succeed(id),
            Due::EndHostless => self.end_with(system, EndReason::HostGone),
            Due::CloseRooms => self.close_due_rooms(now),
            Due::CloseFeedback => system.event(Audience::STAFF, Fact::FeedbackClosed {}),
            Due::Forget(days) => self.forget(system, days),
        }
    }

    fn next_due(&self, terms: &Terms) -> Option<(Timestamp, Due)> {
        let size = self.size_due().map(|large| (self.at, Due::Size(large)));
        let expire = self.next_expiry(terms).map(|(at, session)| (at, Due::Expire(session)));
        let start = self.start_due().map(|at| (at, Due::Start));
        let poll = self.polls.next_close().map(|(at, poll)| (at, Due::ClosePoll(poll)));
        let timer = self.timer_due().map(|at| (at, Due::EndTimer));
        let let_in = self.may_come_in(self.at).map(|person| (self.at, Due::LetIn(person.id)));
        let end = self.end_due().map(|at| (at, Due::EndEmpty));
        let succeed = self.successor().map(|person| (self.at, Due::Succeed(person.id)));
        let hostless = self.hostless_end().map(|at| (at, Due::EndHostless));
        let close = self.rooms_due().map(|at| (at, Due::CloseRooms));
        let overdue = self.hard_stop().map(|at| (at, Due::EndOverdue));
        let remind = self.next_reminder().map(|at| (at, Due::Remind));
        let first = [size, expire, start, poll, timer, let_in, end, succeed, hostless, close];
        let feedback = self.feedback_due(terms.privacy).map(|at| (at, Due::CloseFeedback));
        let forget = self.retention_due(terms.privacy).map(|(at, days)| (at, Due::Forget(days)));
        let last = [overdue, remind, feedback, forget];
        first.into_iter().chain(last).flatten().min_by_key(|(at, _)| *at)
    }

    /// When a scheduled meeting starts by itself, given who is there for it.
    fn start_due(&self) -> Option<Timestamp> {
        if self.info.status != MeetingStatus::Scheduled || !self.info.settings.auto_start {
            return None;
        }
        // Who would not come in does not start it either.
        let comes = |person: &Person| {
            matches!(person.place, Place::Waiting { passes: Some(_), .. })
                && person.kind != UserKind::Bot
                && (person.kind != UserKind::Guest || self.info.settings.guests)
        };
        let open = self.info.settings.join_before_host && !self.door_locked();
        let mut line = self.waiting.values().filter_map(|id| self.people.get(id));
        let someone = self.host_present() || (open && line.any(comes));
        someone.then_some(self.opens_at().unwrap_or(self.at))
    }

    fn end_due(&self) -> Option<Timestamp> {
        if self.info.status != MeetingStatus::InProgress {
            return None;
        }
        let minutes = self.info.settings.end_when_empty_minutes?;
        Some(self.empty_since?.plus_ms(i64::from(minutes) * 60_000))
    }

    pub(super) fn created(
        &mut self,
        created: &MeetingCreated,
        personal: Option<&Personal>,
        at: Timestamp,
    ) {
        let created = created.clone();
        self.info = Info {
            id: created.meeting,
            code: created.code,
            title: created.title,
            description: created.description,
            kind: created.kind,
            status: MeetingStatus::Scheduled,
            starts_at: created.starts_at,
            ends_at: created.ends_at,
            started_at: None,
            ended_at: None,
            max_participants: created.max_participants,
            requires_approval: created.requires_approval,
            is_recorded: created.is_recorded,
            has_passcode: created.has_passcode,
            locked: false,
            suspended: false,
            large: false,
            owner: created.owner,
            host: created.owner,
            acting_for: None,
            host_name: personal.and_then(|personal| personal.name.clone()).unwrap_or_default(),
            settings: created.settings,
            time_zone: created.time_zone,
            recurrence: created.recurrence,
            parent: created.parent,
            original_start: created.original_start,
            revision: self.head,
        };
        if self.info.recurrence.is_some() {
            self.rule_changed(&created.occurrences, at);
        }
        self.co_hosts = created.co_hosts;
        self.at = at;
    }

    pub(super) fn started(&mut self, at: Timestamp) {
        self.info.status = MeetingStatus::InProgress;
        self.info.started_at = Some(at);
        self.retention = Default::default();
        (self.began_at, self.remind_from) = (at, at);
        self.empty_since = (self.present == 0).then_some(at);
    }

    pub(super) fn reopened(&mut self, at: Timestamp) {
        self.info.status = MeetingStatus::InProgress;
        self.info.ended_at = None;
        self.feedback.closed_at = None;
        self.retention = Default::default();
        (self.began_at, self.remind_from) = (at, at);
        self.empty_since = (self.present == 0).then_some(at);
    }

    pub(super) fn ended(&mut self, at: Timestamp) {
        self.info.status = MeetingStatus::Completed;
        self.info.ended_at = Some(at);
        self.agenda.moved(None, &self.ran, at);
        self.timer = None;
        self.retention.over(at);
        self.clear_people(at);
    }
}
