//! A meeting to try the rules on: people by number, time by hand.

use quorate_protocol::*;
use uuid::Uuid;

use crate::meeting::event::{Audience, Event, Fact, MeetingCreated};
use crate::meeting::feedback::Voters;
use crate::meeting::{
    Bot, Decision, Enter, Facts, Input, Meeting, Passcode, Person, Refusal, Signal, Terms,
};

/// The user who made the meeting.
pub(super) const OWNER: i64 = 1;
/// Users from here on are guests.
pub(super) const GUESTS_FROM: i64 = 100;

/// A meeting, its journal, and a clock that stands until it is moved.
pub(super) struct Stage {
    pub(super) meeting: Meeting,
    pub(super) journal: Vec<Event>,
    pub(super) now: Timestamp,
    next_session: u128,
}

impl Stage {
    /// A meeting made by [`OWNER`].
    pub(super) fn new(change: impl FnOnce(&mut MeetingCreated)) -> Stage {
        let (mut stage, created) = Stage::before(change);
        let input = Input::Create {
            created: Box::new(created),
            owner_name: "User 1".into(),
            invitees: Vec::new(),
        };
        stage.take(&input).expect("the meeting is made");
        stage
    }

    /// A meeting as an old journal might have it, with settings that nobody could make it with now.
    pub(super) fn unchecked(change: impl FnOnce(&mut MeetingCreated)) -> Stage {
        let (mut stage, created) = Stage::before(change);
        let made = Event {
            seq: Seq(1),
            at: stage.now,
            user: created.owner,
            by: None,
            audience: Audience::EVERYONE,
            fact: Fact::MeetingCreated(Box::new(created)),
            personal: None,
            cause: None,
            as_admin: false,
        };
        stage.meeting.apply(&made);
        stage.journal.push(made);
        stage
    }

    /// Before the meeting is made, and as what it will be.
    pub(super) fn before(change: impl FnOnce(&mut MeetingCreated)) -> (Stage, MeetingCreated) {
        let mut created =
            MeetingCreated::new(MeetingId(1), "abc-defg-hij", "Weekly", UserId(OWNER));
        change(&mut created);
        let stage = Stage {
            meeting: Meeting { voters: Some(voters()), ..Meeting::new(Terms::default()) },
            journal: Vec::new(),
            now: Timestamp(1_700_000_000_000),
            next_session: 1,
        };
        (stage, created)
    }

    /// Decides an input, and carries it out when the rules say yes.
    pub(super) fn take(&mut self, input: &Input) -> Result<Decision, Refusal> {
        let decision = self.meeting.decide(self.now, input)?;
        self.meeting.carried(self.now, &decision);
        for draft in decision.events.clone() {
            let event = draft.at(self.meeting.facts.head.next(), self.now);
            self.meeting.apply(&event);
            self.journal.push(event);
        }
        self.meeting.facts.assert_sound();
        Ok(decision)
    }

    /// Carries out what is due by now.
    pub(super) fn settle(&mut self) {
        while self.meeting.next_deadline().is_some_and(|at| at <= self.now) {
            let head = self.meeting.facts.head;
            self.take(&Input::Deadline).expect("a deadline is never refused");
            assert!(self.meeting.facts.head > head, "what is due happens");
        }
    }

    /// Moves the clock on.
    pub(super) fn pass(&mut self, seconds: u32) {
        self.now = self.now.plus_seconds(seconds);
        self.settle();
    }

    /// A user says hello; answers their session.
    pub(super) fn enter(&mut self, user: i64) -> Result<SessionId, Refusal> {
        self.enter_as(user, |_| {})
    }

    /// The same, showing something else.
    pub(super) fn enter_as(
        &mut self,
        user: i64,
        change: impl FnOnce(&mut Enter),
    ) -> Result<SessionId, Refusal> {
        let session = SessionId(Uuid::from_u128(self.next_session));
        self.next_session += 1;
        let mut enter = Enter {
            user: UserId(user),
            kind: if user >= GUESTS_FROM { UserKind::Guest } else { UserKind::Member },
            name: format!("User {user}"),
            email: None,
            bot: None,
            passcode: Passcode::Missing,
            participant: ParticipantId(user + 1000),
            session,
        };
        change(&mut enter);
        self.take(&Input::Enter(enter))?;
        self.settle();
        Ok(session)
    }

    /// A user's first session asks for something.
    pub(super) fn ask(&mut self, user: i64, command: Command) -> Result<Decision, Refusal> {
        let session = self.person(user).sessions.first().copied();
        let session = session.unwrap_or(SessionId(Uuid::nil()));
        let decision = self.take(&Input::Command { session, command })?;
        self.settle();
        Ok(decision)
    }

    /// What is told by itself, but for how the meeting goes: that has tests of its own.
    pub(super) fn tell(&mut self) -> Vec<Signal> {
        let mut signals = self.meeting.tell(self.now);
        signals.retain(|signal| !matches!(signal.body, SignalBody::Stats(_)));
        signals
    }

    /// When that is told next.
    pub(super) fn tells_at(&self) -> Option<Timestamp> {
        let mut meeting = self.meeting.clone();
        meeting.passing.live_view.rest(&meeting.facts, &meeting.passing.measures);
        meeting.tell_deadline()
    }

    pub(super) fn person(&self, user: i64) -> &Person {
        self.meeting.facts.person_of(UserId(user)).expect("has a place here")
    }

    pub(super) fn is_in(&self, user: i64) -> bool {
        self.meeting.facts.person_of(UserId(user)).is_some_and(Person::is_in)
    }

    /// The state that the journal gives.
    pub(super) fn replayed(&self) -> Facts {
        let mut facts = Facts::default();
        for event in &self.journal {
            facts.apply(event);
        }
        facts
    }

    /// The server is killed and started again: the facts are those of the journal, and every session is lost.
    pub(super) fn restart(&mut self) {
        let Meeting { terms, ref voters, ref passing, .. } = self.meeting;
        let (voters, voted) = (voters.clone(), passing.voted.clone());
        self.meeting = Meeting { voters, ..Meeting::new(terms) };
        self.journal.iter().for_each(|event| drop(self.meeting.apply(event)));
        self.meeting.passing.voted = voted;
        let last_alive = self.now;
        self.take(&Input::Recover { last_alive }).expect("a recovery is never refused");
    }

    /// The types of the last events.
    pub(super) fn last(&self, count: usize) -> Vec<String> {
        let last = &self.journal[self.journal.len() - count..];
        last.iter().map(|event| event.fact.to_row().0).collect()
    }
}

/// By which ballots are filed here: what a key would hide.
fn voters() -> Voters {
    Voters::new(|_, user| {
        let mut voter = [0; 32];
        voter[..8].copy_from_slice(&user.0.to_be_bytes());
        voter
    })
}

/// A participant's id, by their user.
pub(super) fn at(user: i64) -> ParticipantId {
    ParticipantId(user + 1000)
}

pub(super) fn leave() -> Command {
    Command::Leave(Leave::default())
}

pub(super) fn empty(command: impl Fn(Empty) -> Command) -> Command {
    command(Empty {})
}

pub(super) fn assign(user: i64, role: Role) -> Command {
    Command::RoleAssign(RoleAssign { participant: at(user), role })
}

pub(super) fn cohost(user: i64) -> Command {
    Command::CohostAdd(UserOnly { user: UserId(user) })
}

pub(super) fn remove(user: i64) -> Command {
    Command::ParticipantRemove(PersonReason { participant: at(user), reason: None })
}

pub(super) fn decline(user: i64) -> Command {
    Command::ParticipantDecline(PersonReason { participant: at(user), reason: None })
}

pub(super) fn admit(user: i64) -> Command {
    Command::ParticipantAdmit(Admit { participant: Some(at(user)), ..Admit::default() })
}

pub(super) fn admit_all(up_to_seq: Option<Seq>) -> Command {
    Command::ParticipantAdmit(Admit { all: true, up_to_seq, participant: None })
}

pub(super) fn ban(user: i64, until: Option<Timestamp>) -> Command {
    let user = Some(UserId(user));
    let scope = BanScope::Meeting;
    Command::ParticipantBan(Ban { participant: None, user, reason: None, until, scope })
}

pub(super) fn ban_for(user: i64, until: Option<Timestamp>, reason: &str) -> Command {
    let Command::ParticipantBan(ban) = ban(user, until) else { unreachable!() };
    Command::ParticipantBan(Ban { reason: Some(reason.into()), ..ban })
}

pub(super) fn unban(user: i64) -> Command {
    Command::ParticipantUnban(UserOnly { user: UserId(user) })
}

pub(super) fn say(text: &str, to: Option<ChatTo>) -> Command {
    Command::ChatSend(ChatSend { text: text.into(), to, reply_to: None })
}

/// Shows the verified email address of that name.
pub(super) fn email(name: &str) -> impl FnOnce(&mut Enter) {
    let email = Some(format!("{name}@example.org"));
    move |enter| enter.email = email
}

/// Shows a bot's token.
pub(super) fn bot(
    owner: Option<i64>,
    scopes: impl IntoIterator<Item = Permission>,
) -> impl FnOnce(&mut Enter) {
    let bot = Bot { owner: owner.map(UserId), scopes: scopes.into_iter().collect() };
    move |enter| (enter.kind, enter.bot) = (UserKind::Bot, Some(bot))
}

pub(super) fn publish(topic: &str, data: impl Into<serde_json::Value>) -> Command {
    Command::AppPublish(AppPublish { topic: topic.into(), data: data.into(), to: None })
}

/// A connection of this round trip and loss, without jitter.
pub(super) fn report_quality(rtt_ms: f64, loss_pct: f64) -> Command {
    let (jitter_ms, bitrate_kbps, fec) = (0.0, None, false);
    Command::QualityReport(QualityReport { rtt_ms, jitter_ms, loss_pct, bitrate_kbps, fec })
}

pub(super) fn is_fact(event: &Event, kind: &str) -> bool {
    let (found, _) = Fact::to_row(&event.fact);
    found == kind
}

pub(super) fn grant(user: i64, permissions: &[Permission]) -> Command {
    let permissions = permissions.to_vec();
    Command::RoleGrant(PersonPermissions { participant: at(user), permissions })
}

pub(super) fn deny(user: i64, permissions: &[Permission]) -> Command {
    let permissions = permissions.to_vec();
    Command::RoleDeny(PersonPermissions { participant: at(user), permissions })
}

pub(super) fn reset(user: i64, permissions: Option<&[Permission]>) -> Command {
    let permissions = permissions.map(<[_]>::to_vec);
    Command::RoleReset(RoleReset { participant: at(user), permissions })
}

/// A role of rank 30 that is as an attendee is.
pub(super) fn define(key: &str) -> RoleDefine {
    RoleDefine {
        key: RoleKey::new(key).expect("a key"),
        label: key.to_uppercase(),
        based_on: Role::Attendee,
        rank: 30,
        grants: Vec::new(),
        denies: Vec::new(),
    }
}

pub(super) fn transfer(user: i64) -> Command {
    Command::HostTransfer(HostTransfer { participant: at(user) })
}

pub(super) fn reclaim() -> Command {
    Command::HostReclaim(Empty {})
}

pub(super) fn role(key: &str) -> Role {
    Role::of(key).unwrap()
}

pub(super) fn key(key: &str) -> RoleKey {
    RoleKey::new(key).unwrap()
}

pub(super) fn role_of(stage: &Stage, user: i64) -> Role {
    stage.meeting.facts.role_of(UserId(user))
}

pub(super) fn may(stage: &Stage, user: i64, permission: Permission) -> bool {
    stage.person(user).view.permissions.has(permission)
}

pub(super) fn is_already(answer: &Result<Decision, Refusal>) -> bool {
    answer.as_ref().is_ok_and(|decision| decision.events.is_empty())
}

pub(super) fn rate(rating: u8) -> Command {
    Command::FeedbackSubmit(FeedbackSubmit { rating, comment: None, tags: Vec::new() })
}

pub(super) fn sum_up(text: &str) -> Command {
    Command::SummaryPublish(SummaryPublish { text: text.into() })
}

pub(super) fn lose(stage: &mut Stage, user: i64) {
    let session = stage.person(user).sessions[0];
    stage.take(&Input::Lost { session }).unwrap();
    stage.settle();
}
