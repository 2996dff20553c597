//! The rules of a meeting: a plain state machine, without I/O, clock or randomness.
//!
//! [`Meeting::decide`] turns an [`Input`] into events or a [`Refusal`] and only reads;
//! [`Meeting::apply`] is the only way a fact changes. So the state is the fold of the journal, and
//! restart, failover and replay are one code path. One file per concern; the front page is here.

mod abuse;
pub mod activity;
mod agenda;
mod app;
pub mod attendance;
mod bans;
mod bots;
mod breakouts;
mod caption;
mod chat;
pub mod custom_roles;
mod decisions;
mod door;
pub mod engagement;
pub mod event;
mod facts;
pub mod feedback;
mod grants;
mod hands;
mod host;
mod import;
pub mod invitees;
mod large;
mod lifecycle;
pub mod measures;
mod moderation;
mod mute;
mod names;
pub mod office;
mod pace;
mod participation;
mod passes;
mod passing;
mod person;
mod policy;
mod polls;
mod presence;
mod profile;
pub mod quality;
mod refusal;
mod refusal_rate;
mod reminders;
mod retention;
mod rights;
pub mod roles;
mod scopes;
pub mod score;
mod scores;
pub mod series;
mod sight;
mod signalling;
mod snapshot;
mod sound;
mod stats;
mod summary;
mod suspend;
mod talk;
pub mod text;
mod timer;
mod traffic;
mod update;
mod waiting;
pub mod wire;

#[cfg(test)]
mod tests;

use quorate_protocol::{
    Already, Command, InviteeAdd, ParticipantId, PermissionSet, Pong, Privacy, Seq, SessionId,
    SignalBody, Timestamp, UserId, UserKind,
};
use serde::Serialize;

pub use breakouts::Breakouts;
pub use chat::{HistoryPage, Message};
use custom_roles::ServerRoles;
pub use event::Event;
use event::{Audience, Fact, MeetingCreated, Personal, SYSTEM};
pub use facts::{Facts, Info, Renewed};
use feedback::{Ballot, Voters};
use measures::Measured;
use office::Act;
pub use passing::Passing;
pub use person::{Bot, Exit, Person, Place, Session};
pub use refusal::Refusal;
pub use rights::Can;
use series::{Fresh, News, Offspring, SeriesBan, Split};
pub use sight::{Auditor, Reader, Sight};
pub use summary::Summary;

/// The server's settings that the rules depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// How long the session of someone who is in outlives its socket, in seconds.
    pub grace_seconds: u32,
    /// How long the place of someone who waits outlives its socket, in seconds.
    pub held_seconds: u32,
    /// How long after leaving one comes back without approval, in seconds.
    pub return_seconds: u32,
    /// What is measured, shown and kept at most, whatever a meeting says.
    pub privacy: Privacy,
}

impl Default for Terms {
    fn default() -> Self {
        Terms {
            grace_seconds: 60,
            held_seconds: 120,
            return_seconds: 600,
            privacy: Privacy::default(),
        }
    }
}

/// What can happen to a meeting from outside.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// It is made. Only the first.
    Create {
        /// What it starts as.
        created: Box<MeetingCreated>,
        /// The owner's name.
        owner_name: String,
        /// Who is invited from the start.
        invitees: Vec<InviteeAdd>,
    },
    /// Someone says `hello`.
    Enter(Enter),
    /// A client comes back with its session.
    Resume {
        /// Which.
        session: SessionId,
        /// Whose it must be.
        user: UserId,
    },
    /// A session's socket is gone.
    Lost {
        /// Which.
        session: SessionId,
    },
    /// What is behind a session holds no more.
    Revoked {
        /// Which.
        session: SessionId,
    },
    /// The meeting was just restored from its journal, and nobody has a socket.
    Recover {
        /// When it was last known to be alive.
        last_alive: Timestamp,
    },
    /// A deadline has passed.
    Deadline,
    /// [`Meeting::server_roles`] are others now.
    ServerRoles,
    /// Someone acts who need not be there.
    Act(Box<Act>),
    /// An occurrence of the series is to be a meeting.
    Occurrence {
        /// When the rule puts it.
        original_start: Timestamp,
        /// The new meeting.
        fresh: Fresh,
    },
    /// The series is to be another from an occurrence on.
    Split(Box<Split>),
    /// What the series says to this occurrence of it.
    Follow(Box<News>),
    /// A ban in one of the series' occurrences is to hold in all.
    SeriesBan(Box<SeriesBan>),
    /// A client asks for something.
    Command {
        /// Its session.
        session: SessionId,
        /// What it asks.
        command: Command,
    },
}

/// Someone says `hello`, with ids handed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enter {
    /// The user.
    pub user: UserId,
    /// What kind of user.
    pub kind: UserKind,
    /// The name to show.
    pub name: String,
    /// Their verified email address.
    pub email: Option<String>,
    /// What their token says of a bot.
    pub bot: Option<Bot>,
    /// What they answered when asked for the passcode.
    pub passcode: Passcode,
    /// A fresh participant id, for one who has no place here yet.
    pub participant: ParticipantId,
    /// The new session's id.
    pub session: SessionId,
}

/// What someone at the door answered when asked for the passcode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Passcode {
    /// Nothing.
    #[default]
    Missing,
    /// The passcode.
    Right,
    /// Something else.
    Wrong,
}

/// What an input comes to: events to be journaled, signals to be sent, an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// What happens, in order.
    pub events: Vec<Draft>,
    /// What passes.
    pub signals: Vec<Signal>,
    /// What the one who asked is told.
    pub answer: Answer,
    /// The hash of the new passcode, or that there is none any more; for the table, and in no event.
    pub passcode: Option<Option<String>>,
    /// Meetings that come to be with it.
    pub offspring: Vec<Offspring>,
    /// Bytes that its signals carry for clients, to all sessions together.
    carried_bytes: u64,
    /// What is to be measured.
    measured: Option<Measured>,
    /// What someone says of the meeting, and nobody may know who; for its table, and in no event.
    pub ballot: Option<Ballot>,
    by: Option<ParticipantId>,
    user: UserId,
}

/// An event before it has a number and a time.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// Who does it.
    pub user: UserId,
    /// Their place here.
    pub by: Option<ParticipantId>,
    /// Who may see it.
    pub audience: Audience,
    /// What happens.
    pub fact: Fact,
    /// What of it is personal.
    pub personal: Option<Box<Personal>>,
    /// Whether it is done by the right of an administrator of the server.
    pub as_admin: bool,
}

impl Draft {
    /// The event with its place in the journal.
    #[must_use]
    pub fn at(self, seq: Seq, at: Timestamp) -> Event {
        let Draft { user, by, audience, fact, personal, as_admin } = self;
        Event { seq, at, user, by, audience, fact, personal, cause: None, as_admin }
    }
}

/// A signal and whom it goes to.
#[derive(Debug, Clone, PartialEq)]
pub struct Signal {
    /// To whom.
    pub to: SignalTo,
    /// What.
    pub body: SignalBody,
}

/// Whom a signal goes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignalTo {
    /// All who may see it; dropped for those who lag.
    Audience(Audience),
    /// These sessions; never dropped.
    Sessions(Vec<SessionId>),
    /// The sessions of one person; a newer one of the same type replaces it.
    Latest(ParticipantId),
    /// These sessions; a newer one of the same type replaces it.
    LatestOf(Vec<SessionId>),
}

/// The data of an `ok`.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// As JSON text.
    Data(Box<str>),
    /// A page of messages, some of whose texts must be read from the journal first.
    History(HistoryPage),
}

impl Decision {
    /// Nothing yet, by this person.
    fn by(person: &Person) -> Decision {
        Decision { by: Some(person.id), user: person.user, ..Decision::by_system() }
    }

    /// Nothing yet, by the system.
    fn by_system() -> Decision {
        Decision {
            events: Vec::new(),
            signals: Vec::new(),
            answer: Answer::Data("{}".into()),
            passcode: None,
            offspring: Vec::new(),
            carried_bytes: 0,
            measured: None,
            ballot: None,
            by: None,
            user: SYSTEM,
        }
    }

    /// Done before, perhaps by someone else.
    fn already(by: Option<ParticipantId>) -> Decision {
        Decision::by_system().answer(&Already { already: true, by })
    }

    fn event(self, audience: Audience, fact: Fact) -> Decision {
        self.personal_event(audience, fact, Personal::default())
    }

    fn personal_event(mut self, audience: Audience, fact: Fact, personal: Personal) -> Decision {
        let personal = (personal != Personal::default()).then(|| Box::new(personal));
        let (user, by) = (self.user, self.by);
        self.events.push(Draft { user, by, audience, fact, personal, as_admin: false });
        self
    }

    fn signal(mut self, to: SignalTo, body: SignalBody) -> Decision {
        self.signals.push(Signal { to, body });
        self
    }

    fn answer(mut self, answer: &impl Serialize) -> Decision {
        let text = serde_json::to_string(answer).expect("answers serialise");
        self.answer = Answer::Data(text.into());
        self
    }
}

/// A meeting: its facts, and what passes.
#[derive(Debug, Clone, Default)]
pub struct Meeting {
    /// What the journal says.
    pub facts: Facts,
    /// What passes; never compared, gone after a restart.
    pub passing: Passing,
    /// The settings it runs under.
    pub terms: Terms,
    /// Chance, drawn by whoever runs the meeting; what it led to is in the journal, never itself.
    pub seed: u64,
    /// The server's custom roles, of which the journal has those that are given here.
    pub server_roles: ServerRoles,
    /// What ballots are filed under; whoever runs the meeting has the key.
    pub voters: Option<Voters>,
}

impl Meeting {
    /// A meeting that is not made yet.
    #[must_use]
    pub fn new(terms: Terms) -> Meeting {
        Meeting { terms, ..Meeting::default() }
    }

    /// What an input comes to. Reads, and changes nothing.
    ///
    /// # Errors
    /// The refusal, when the rules say no.
    pub fn decide(&self, now: Timestamp, input: &Input) -> Result<Decision, Refusal> {
        let facts = &self.facts;
        if facts.head == Seq(0) {
            return match input {
                Input::Create { created, owner_name, invitees } => {
                    facts.create(created, owner_name, invitees)
                }
                _ => Err(Refusal::NotFound { what: "meeting", last: None }),
            };
        }
        let decision = match input {
            Input::Create { .. } => Err(Refusal::Conflict("this meeting is made already")),
            Input::Enter(enter) => facts.enter(now, enter, &self.terms),
            Input::Resume { session, user } => facts.resume(now, *session, *user),
            Input::Lost { session } => Ok(facts.lose(*session)),
            Input::Revoked { session } => Ok(facts.expire(*session)),
            Input::Recover { last_alive } => Ok(facts.recover(*last_alive)),
            Input::Deadline => {
                Ok(self.refusals_due(now).unwrap_or_else(|| facts.due(now, &self.terms)))
            }
            Input::ServerRoles => Ok(facts.take_over_roles(&self.server_roles)),
            Input::Act(act) => self.act(now, act),
            Input::Occurrence { original_start, fresh } => {
                facts.make_occurrence(*original_start, fresh)
            }
            Input::Split(split) => self.split(now, split),
            Input::Follow(news) => Ok(facts.follow(news)),
            Input::SeriesBan(ban) => Ok(facts.take_over_ban(now, ban)),
            Input::Command { session, command } => {
                return self.decide_within(now, *session, command, None);
            }
        };
        decision.map(|decision| facts.introduce(decision))
    }

    /// What a command comes to that is sent by a credential with these scopes; none: all that its user may.
    ///
    /// # Errors
    /// The refusal, when the rules say no, or the scopes.
    pub fn decide_within(
        &self,
        now: Timestamp,
        session: SessionId,
        command: &Command,
        scopes: Option<PermissionSet>,
    ) -> Result<Decision, Refusal> {
        let ended = "this session is over; say hello again";
        let me = self.facts.person_in(session).ok_or(Refusal::Unauthorized(ended))?;
        let decision = match scopes.filter(|_| !scopes::only_asks(command)) {
            None => self.command(now, session, me, command),
            Some(scopes) => {
                self.command(now, session, &scopes::within(me, command, scopes)?, command)
            }
        };
        decision.map(|decision| self.facts.introduce(decision))
    }

    fn command(
        &self,
        now: Timestamp,
        session: SessionId,
        me: &Person,
        command: &Command,
    ) -> Result<Decision, Refusal> {
        let facts = &self.facts;
        match command {
            Command::Ping(_) => Ok(Decision::by_system().answer(&Pong { time: now })),
            Command::Leave(ask) => facts.leave(me, *ask),
            _ if !me.is_in() => Err(Refusal::StillWaiting),
            _ => self.carry(now, Some(session), me, command),
        }
    }

    /// What a command comes to of one who may act here.
    fn carry(
        &self,
        now: Timestamp,
        session: Option<SessionId>,
        me: &Person,
        command: &Command,
    ) -> Result<Decision, Refusal> {
        let facts = &self.facts;
        match command {
            Command::Ping(_) | Command::Leave(_) => unreachable!("answered above"),
            Command::StateGet(_) => Ok(Decision::by(me).answer(&self.snapshot(me, now))),
            Command::ParticipantList(ask) => self.list_participants(me, ask),
            Command::ParticipantRename(ask) => facts.rename(me, ask),
            Command::ParticipantSetAttributes(ask) => facts.set_attributes(now, me, ask),
            Command::MediaUpdate(ask) => facts.update_media(me, *ask),
            Command::ParticipantMute(ask) => facts.mute(me, ask),
            Command::ParticipantMuteAll(ask) => facts.mute_all(me, ask),
            Command::ParticipantRequestUnmute(ask) => facts.request_unmute(me, ask),
            Command::HandRaise(_) => facts.raise_hand(me),
            Command::HandLower(ask) => facts.lower_hand(me, *ask),
            Command::HandCallOn(ask) => facts.call_on(me, *ask),
            Command::PollOpen(ask) => facts.open_poll(now, me, ask),
            Command::PollVote(ask) => facts.vote(now, me, ask),
            Command::PollClose(ask) => facts.close_poll(me, *ask),
            Command::AgendaSet(ask) => facts.set_agenda(now, me, ask),
            Command::AgendaGoTo(ask) => facts.go_to_item(me, *ask),
            Command::TimerStart(ask) => facts.start_timer(now, me, ask),
            Command::TimerStop(_) => facts.stop_timer(me),
            Command::DecisionRecord(ask) => facts.record_decision(me, ask),
            Command::ActionRecord(ask) => facts.record_action(me, ask),
            Command::ReactionSend(ask) => facts.send_reaction(me, ask),
            Command::AppPublish(ask) => self.passing.traffic.allow(now, facts.publish(me, ask)?),
            Command::ChatSend(ask) => self.send_chat(now, me, ask),
            Command::ChatDelete(ask) => facts.delete_chat(me, *ask),
            Command::ChatPin(ask) => facts.pin(me, *ask),
            Command::ChatUnpin(ask) => facts.unpin(me, *ask),
            Command::ChatHistory(ask) => facts.chat_history(me, *ask),
            Command::AbuseReport(ask) => self.report_abuse(now, me, ask),
            Command::CaptionPublish(ask) => facts.publish_caption(me, ask),
            Command::WaitingList(_) => facts.list_waiting(now, me),
            Command::WaitingTell(ask) => facts.tell_waiting(me, ask),
            Command::ParticipantSendToWaiting(ask) => facts.send_to_waiting(me, ask),
            Command::InviteeAdd(ask) => facts.add_invitee(me, ask),
            Command::InviteeRemove(ask) => facts.remove_invitee(me, ask.invitee),
            Command::InviteeList(ask) => facts.list_invitees(me, *ask),
            Command::ParticipantAdmit(ask) => facts.admit(me, *ask),
            Command::ParticipantDecline(ask) => facts.decline(me, ask),
            Command::ParticipantRemove(ask) => facts.remove(me, ask),
            Command::ParticipantBan(ask) => facts.ban(now, me, ask, None),
            Command::ParticipantUnban(ask) => facts.unban(me, ask.user),
            Command::BanList(ask) => facts.list_bans(now, me, *ask),
            Command::RoleAssign(ask) => facts.assign_role(me, *ask, &self.server_roles),
            Command::CohostAdd(ask) => facts.add_cohost(me, ask.user, None),
            Command::CohostRemove(ask) => facts.remove_cohost(me, ask.user),
            Command::RoleGrant(ask) => facts.grant(me, ask),
            Command::RoleDeny(ask) => facts.deny(me, ask),
            Command::RoleReset(ask) => facts.reset(me, ask),
            Command::RoleDefine(ask) => facts.define_role(me, ask),
            Command::RoleRemove(ask) => facts.remove_role(me, ask.key),
            Command::HostTransfer(ask) => facts.transfer_host(me, *ask),
            Command::HostReclaim(_) => facts.reclaim_host(me),
            Command::MeetingStart(_) => facts.start(now, me),
            Command::MeetingEnd(_) => facts.end(me),
            Command::MeetingCancel(_) => facts.cancel(me),
            Command::MeetingLock(_) => facts.lock(me),
            Command::MeetingUnlock(_) => facts.unlock(me),
            Command::MeetingSuspend(_) => facts.suspend(me),
            Command::MeetingResume(_) => facts.end_suspension(me),
            Command::MeetingPolicy(ask) => facts.change_policy(me, ask),
            Command::MeetingUpdate(ask) => facts.update(me, ask),
            Command::MeetingExtend(ask) => facts.extend(me, *ask),
            Command::RtcSend(ask) => {
                let session = session.ok_or(office::INSIDE)?;
                self.passing.traffic.allow(now, facts.send_rtc(session, me, ask)?)
            }
            Command::BreakoutPrepare(ask) => facts.prepare_rooms(me, ask, self.seed),
            Command::BreakoutOpen(_) => facts.open_rooms(now, me),
            Command::BreakoutClose(ask) => facts.close_rooms_by(now, me, *ask),
            Command::BreakoutAssign(ask) => facts.assign_room(me, *ask),
            Command::BreakoutJoin(ask) => facts.join_room(me, *ask),
            Command::BreakoutReturn(_) => facts.return_from_room(me),
            Command::BreakoutAnnounce(ask) => facts.announce(me, ask),
            Command::BreakoutExtend(ask) => facts.extend_rooms(now, me, *ask),
            Command::BreakoutRequestHelp(_) => facts.request_help(me),
            Command::BreakoutResolveHelp(ask) => facts.resolve_help(me, *ask),
            Command::SpeakingReport(ask) => {
                facts.report_speaking(session.ok_or(office::INSIDE)?, me, *ask)
            }
            Command::EngagementGet(ask) => self.get_engagement(now, me, *ask),
            Command::ReportExclude(ask) => facts.exclude_from_report(me, *ask),
            Command::QualityReport(ask) => {
                self.report_quality(now, session.ok_or(office::INSIDE)?, me, ask)
            }
            Command::FeedbackSubmit(ask) => self.submit_feedback(now, me, ask),
            Command::SummaryPublish(ask) => facts.publish_summary(me, ask),
        }
    }

    /// Carries an event into the facts; answers whose view changed with it.
    pub fn apply(&mut self, event: &Event) -> Renewed {
        let renewed = self.facts.apply(event);
        self.passing.note(&self.facts, event);
        self.follow_talk(event);
        renewed
    }

    /// When [`Input::Deadline`] is to be handed in next.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.lasting_deadline().into_iter().chain(self.passing.refused.deadline()).min()
    }

    /// The same, but for what a restart forgets.
    #[must_use]
    pub fn lasting_deadline(&self) -> Option<Timestamp> {
        let occurrence = self.facts.occurrence_due().map(|(at, _)| at);
        self.facts.next_deadline(&self.terms).into_iter().chain(occurrence).min()
    }

    /// The same of another meeting on this server, which has come to be with these events.
    #[must_use]
    pub fn deadline_of_newborn(&self, events: &[Event]) -> Option<Timestamp> {
        let mut other = Meeting::new(self.terms);
        events.iter().for_each(|event| drop(other.facts.apply(event)));
        other.lasting_deadline()
    }
}
