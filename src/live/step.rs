//! A running meeting: what one step of its actor does. No waiting here.
//!
//! A step handles a batch of inputs, then seals: its events go to the store, and its outputs are held
//! until the journal is committed up to the head they were decided upon.

mod carry;
mod coming;
mod command;
mod office;
mod seal;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use quorate_protocol::{
    Bye, Code, ErrorBody, ParticipantId, Seq, ServerFrame, SessionId, SignalBody, Timestamp,
};
use tokio::sync::mpsc;

use super::answers::Answers;
use super::ballots;
use super::checkpoint::Asked;
use super::clock::MeetingClock;
use super::directory::Context;
use super::mail::{Credential, Gone, Mail, Refused};
use super::outbox::{Outbox, Parcel, What};
use super::release::{Held, Output};
use super::ring::Ring;
use super::welcome::Shared;
use crate::meeting::event::{Audience, Event, View};
use crate::meeting::feedback::Ballot;
use crate::meeting::{Can, Decision, Input, Meeting, Refusal};
use crate::store::{Committed, Generation, KeptAnswer, Newborn, UserRow};
use crate::telemetry::Share;

/// Batches on their way to the store at most; beyond, inputs wait and the next batch grows.
pub(super) const IN_FLIGHT_MAX: usize = 4;

/// A running meeting. Discarded whole when anything about it fails.
pub(super) struct Running {
    pub(super) context: Arc<Context>,
    pub(super) meeting: Meeting,
    pub(super) clock: MeetingClock,
    pub(super) ring: Arc<Ring>,
    pub(super) answers: HashMap<SessionId, Answers>,
    pub(super) generation: Generation,
    pub(super) committed: Seq,
    pub(super) in_flight: usize,
    pub(super) attached: HashMap<SessionId, Attachment>,
    pub(super) mailbox: mpsc::Sender<Mail>,
    pub(super) gone: mpsc::UnboundedSender<Gone>,
    pub(super) acks: mpsc::UnboundedSender<Committed>,
    pub(super) held: VecDeque<Held>,
    /// The journal was written to from elsewhere.
    pub(super) outdated: bool,
    /// What it knows is more than what is kept of it.
    pub(super) forgets: bool,
    /// By what voters are known.
    pub(super) ballot_key: [u8; 32],
    /// Batches given to the store, and those of them that it has done.
    pub(super) batches: (u64, u64),
    /// Who asked for a checkpoint.
    pub(super) asked: Asked,
    step: Step,
    shared: Shared,
    share: Share,
}

/// A session's connection, as the actor knows it.
pub(super) struct Attachment {
    number: u64,
    participant: ParticipantId,
    pub(super) outbox: Arc<Outbox>,
    pub(super) view: View,
    can: Can,
    credential: Credential,
}

/// What a step gathers until it is sealed.
#[derive(Default)]
struct Step {
    events: Vec<Event>,
    /// Events that begin a frame of their own: someone's view changed.
    splits: Vec<Seq>,
    users: Vec<UserRow>,
    /// The passcode's new hash, or that there is none any more.
    passcode: Option<Option<String>>,
    /// Meetings that come to be with the events, each with its first.
    offspring: Vec<Newborn>,
    /// Answers to be kept with the events.
    kept: Vec<KeptAnswer>,
    /// What was said anonymously.
    ballots: Vec<Ballot>,
    signals: Vec<(Audience, SignalBody)>,
    outputs: Vec<Output>,
    /// Sessions that get a `welcome` as of the step's end, and the id it answers.
    welcomes: BTreeMap<SessionId, Option<i64>>,
    /// Sessions whose permissions changed, and whether they may admit since now.
    can: BTreeMap<SessionId, bool>,
    byes: Vec<(Arc<Outbox>, Bye)>,
    /// Sessions that asked for a snapshot, and the id of their question.
    snapshots: Vec<(SessionId, i64)>,
    /// New starts; they go out before what else is for their sessions.
    starts: Vec<Output>,
}

impl Running {
    #[allow(clippy::too_many_arguments, reason = "a constructor of parts that restore made")]
    pub(super) fn new(
        context: Arc<Context>,
        meeting: Meeting,
        ring: Ring,
        answers: HashMap<SessionId, Answers>,
        clock: MeetingClock,
        generation: Generation,
        mailbox: mpsc::Sender<Mail>,
        gone: mpsc::UnboundedSender<Gone>,
        acks: mpsc::UnboundedSender<Committed>,
    ) -> Running {
        let share = Share::new(context.metrics.clone());
        Running {
            context,
            clock,
            ring: Arc::new(ring),
            answers,
            generation,
            committed: meeting.facts.head,
            in_flight: 0,
            attached: HashMap::new(),
            mailbox,
            gone,
            acks,
            held: VecDeque::new(),
            outdated: false,
            forgets: false,
            ballot_key: ballots::key(),
            batches: (0, 0),
            asked: Asked::default(),
            step: Step::default(),
            shared: Shared::default(),
            share,
            meeting,
        }
    }

    fn head(&self) -> Seq {
        self.meeting.facts.head
    }

    /// Handles one piece of mail.
    pub(super) fn handle(&mut self, mail: Mail) {
        #[cfg(test)]
        super::tests::trip_over(&mail);
        self.take_over_roles();
        match mail {
            Mail::Create { what, reply } => {
                let made = self.create(*what).map_err(refused);
                self.step.outputs.push(Output::Done(reply, made));
            }
            Mail::Enter { who, reply } => self.enter(*who, reply),
            Mail::Resume { who, reply } => self.resume(who, reply),
            Mail::Command { session, attachment, id, dry_run, command } => {
                if self.attached.get(&session).is_some_and(|it| it.number == attachment) {
                    self.command(session, id, dry_run, *command);
                }
            }
            Mail::Look { look, reply } => {
                (look.0)(&self.meeting, self.clock.now());
                self.step.outputs.push(Output::Done(reply, Ok(())));
            }
            Mail::Checkpoint { reply } => self.asked.ask(reply),
            Mail::Rebuild { heard } => {
                self.outdated = true;
                let _ = heard.send(());
            }
            Mail::Act { who, reply } => {
                let acted = self.act(*who).map_err(refused);
                self.step.outputs.push(Output::Acted(reply, acted));
            }
            Mail::Split { who, at, reply } => {
                let acted = self.split(*who, at).map_err(refused);
                self.step.outputs.push(Output::Acted(reply, acted));
            }
            Mail::Occurrence { original_start, reply } => {
                let made = self.make_occurrence(original_start).map_err(refused);
                self.step.outputs.push(Output::Acted(reply, made));
            }
            Mail::News { occurrences, reply } => {
                let news = occurrences.into_iter().map(|it| self.meeting.facts.news_to(it));
                self.step.outputs.push(Output::News(reply, news.collect()));
            }
            Mail::Follow { news, reply } => {
                self.carry_out_input(&Input::Follow(news));
                self.step.outputs.push(Output::Done(reply, Ok(())));
            }
            Mail::SeriesBan { ban, reply } => {
                self.carry_out_input(&Input::SeriesBan(Box::new(ban)));
                self.step.outputs.push(Output::Done(reply, Ok(())));
            }
            Mail::Revoke(revoked) => self.revoke(&revoked),
            // Who sent it may have been stopped meanwhile.
            Mail::Wake { awake } => drop(awake.send(())),
        }
    }

    /// A socket is gone; a later one of the same session is not concerned.
    pub(super) fn gone(&mut self, gone: Gone) {
        if self.attached.get(&gone.session).is_some_and(|it| it.number == gone.attachment) {
            self.attached.remove(&gone.session);
            self.carry_out_input(&Input::Lost { session: gone.session });
        }
    }

    /// Hands the meeting what its sockets' pings took.
    pub(super) fn take_round_trips(&mut self) {
        let now = self.clock.now();
        for (session, attachment) in &self.attached {
            if let Some(ms) = attachment.outbox.take_round_trip() {
                self.meeting.pinged(now, *session, ms);
            }
        }
    }

    /// Takes over what became of the server's roles that are in use here.
    fn take_over_roles(&mut self) {
        let roles = self.context.roles.current();
        if !Arc::ptr_eq(&roles, &self.meeting.server_roles) {
            self.meeting.server_roles = roles;
            if self.head() > Seq(0) {
                self.carry_out_input(&Input::ServerRoles);
            }
        }
    }

    /// Carries out what is due by now.
    pub(super) fn run_deadlines(&mut self) {
        self.take_over_roles();
        let now = self.clock.now();
        while let Some((at, original_start)) = self.meeting.facts.occurrence_due()
            && at <= now
        {
            let fresh = self.fresh_meeting();
            self.carry_out_input(&Input::Occurrence { original_start, fresh });
        }
        while self.meeting.next_deadline().is_some_and(|at| at <= now) {
            let head = self.head();
            self.carry_out_input(&Input::Deadline);
            assert!(self.head() > head, "what is due happens");
        }
    }

    /// When something is due next.
    pub(super) fn next_wake(&self) -> Option<Timestamp> {
        [self.meeting.next_deadline(), self.meeting.tell_deadline()].into_iter().flatten().min()
    }

    /// Whether nobody is here, and nothing on its way.
    pub(super) fn is_idle(&self) -> bool {
        self.attached.is_empty() && self.meeting.facts.sessions.is_empty() && self.in_flight == 0
    }

    fn decide(&self, input: &Input) -> Result<Decision, Refusal> {
        self.meeting.decide(self.clock.now(), input)
    }

    /// An input from within, which the rules never refuse.
    pub(super) fn carry_out_input(&mut self, input: &Input) {
        match self.decide(input) {
            Ok(decision) => {
                self.carry_out(decision, None);
            }
            Err(refusal) => tracing::error!(?refusal, ?input, "an input from within was refused"),
        }
    }

    /// The store has committed up to `head`.
    pub(super) fn committed(&mut self, head: Seq) {
        self.in_flight -= 1;
        self.batches.1 += 1;
        self.committed = head;
        self.asked.committed();
        self.release();
    }

    /// Everyone is told to come back; for a stop or a failure.
    pub(super) fn dismiss(&mut self, code: Code) {
        let attached = self.attached.drain().map(|(_, attachment)| attachment.outbox);
        // Those who were on their way out are told too: what was to send them away is dropped.
        let leaving = self.step.byes.drain(..).map(|(outbox, _)| outbox);
        let held = self.held.drain(..).flat_map(|held| held.outputs);
        let held = held.filter_map(|output| match output {
            Output::Bye(outbox, _) => Some(outbox),
            _ => None,
        });
        for outbox in attached.chain(leaving).chain(held) {
            let bye = ServerFrame::Bye(Bye::new(code)).to_text();
            outbox.push(Parcel { after: 0, what: What::Bye(bye.into(), code) });
        }
    }

    /// What is behind a session's connection.
    pub(super) fn credential(&self, session: SessionId) -> Option<Credential> {
        self.attached.get(&session).map(|attachment| attachment.credential)
    }

    /// The outbox of a session's connection.
    pub(super) fn outbox(&self, session: SessionId) -> Option<Arc<Outbox>> {
        self.attached.get(&session).map(|attachment| attachment.outbox.clone())
    }
}

fn refused(refusal: Refusal) -> Refused {
    Refused::Error(Box::new(ErrorBody::from(&refusal)))
}
