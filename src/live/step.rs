//! A running meeting: what one step of its actor does. No waiting here.
//!
//! A step handles a batch of inputs, then seals: its events go to the store, and its outputs are held
//! until the journal is committed up to the head they were decided upon.

mod coming;
mod office;
mod seal;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use quorate_protocol::{
    Bye, Code, Command, ErrorBody, Event as WireEvent, ParticipantId, Permission, Seq, ServerFrame,
    SessionId, SignalBody, Timestamp,
};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::answers::{Answers, Kept, Turn};
use super::ballots;
use super::checkpoint::Asked;
use super::clock::MeetingClock;
use super::directory::Context;
use super::frames::{dry_run_frame, ok_frame, signals_text};
use super::mail::{Credential, Gone, Mail, Refused};
use super::outbox::{Outbox, Parcel, What};
use super::release::{Held, Output};
use super::ring::Ring;
use super::welcome::Shared;
use crate::meeting::event::{Audience, Cause, Event, Fact, SessionEnd, View};
use crate::meeting::feedback::Ballot;
use crate::meeting::series::Offspring;
use crate::meeting::{
    Answer, Can, Decision, Draft, Input, Meeting, Refusal, Renewed, Signal, SignalTo, wire,
};
use crate::store::{Committed, Generation, KeptAnswer, Newborn, UserRow};
use crate::telemetry::{Outcome, Share};

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

    fn command(&mut self, session: SessionId, id: i64, dry_run: bool, command: Command) {
        let Some((outbox, view, scopes)) = self
            .attached
            .get(&session)
            .map(|it| (it.outbox.clone(), it.view, it.credential.scopes))
        else {
            return;
        };
        let turn = self
            .answers
            .get(&session)
            .map_or_else(|| Answers::default().turn(id), |answers| answers.turn(id));
        let (command, dry_run) = match turn {
            Turn::New => (command, dry_run),
            Turn::Answered(Kept::Frame(frame)) => {
                self.count(Outcome::repeated);
                return self.step.outputs.push(Output::Text(outbox, frame));
            }
            Turn::Answered(Kept::Question(question, dry_run)) => (*question, dry_run),
            Turn::Passed => {
                self.count(Outcome::invalid);
                let error = ErrorBody::new(
                    Code::Invalid,
                    "ids rise within a session, and this one is not above the highest seen",
                );
                let frame = ServerFrame::Error(Some(id), error.field("id")).to_text();
                return self.step.outputs.push(Output::Text(outbox, frame.into()));
            }
        };
        let now = self.clock.now();
        let decided = self.meeting.decide_within(now, session, &command, scopes);
        self.count(match &decided {
            Err(_) => Outcome::refused,
            Ok(_) if dry_run => Outcome::dry_run,
            Ok(_) => Outcome::ok,
        });
        match decided {
            Err(refusal) => {
                let refusal = self.meeting.note_refusal(self.clock.now(), session, refusal);
                let error = ErrorBody::from(&refusal);
                let frame: Utf8Bytes = ServerFrame::Error(Some(id), error).to_text().into();
                self.answers.entry(session).or_default().note(id, &frame);
                self.step.outputs.push(Output::Text(outbox, frame));
            }
            Ok(decision) if dry_run => {
                let frame: Utf8Bytes = dry_run_frame(id, &self.preview(&decision, &view)).into();
                let answers = self.answers.entry(session).or_default();
                answers.note_answer(id, &frame, command, true);
                self.step.outputs.push(Output::Text(outbox, frame));
            }
            Ok(_) if matches!(command, Command::StateGet(_)) => {
                // Made at the step's end: it must not be older than the events delivered before it.
                self.answers.entry(session).or_default().note_question(id, command, false);
                self.step.snapshots.push((session, id));
            }
            Ok(decision) => self.answer(session, id, command, decision, outbox),
        }
    }

    /// Carries a command out and answers it.
    fn answer(
        &mut self,
        session: SessionId,
        id: i64,
        command: Command,
        mut decision: Decision,
        outbox: Arc<Outbox>,
    ) {
        let only_asks = decision.events.is_empty() && decision.signals.is_empty();
        let data = match std::mem::replace(&mut decision.answer, Answer::Data("{}".into())) {
            Answer::Data(data) => data,
            Answer::History(page) => {
                self.answers.entry(session).or_default().note_question(id, command, false);
                return self.step.outputs.push(Output::History(outbox, id, page));
            }
        };
        // What is said anonymously is nobody's command.
        let known = decision.ballot.is_none();
        let seq = self.carry_out(decision, known.then_some((session, id, &data)));
        let frame: Utf8Bytes = ok_frame(id, seq, data).into();
        if self.meeting.facts.sessions.contains_key(&session) {
            let answers = self.answers.entry(session).or_default();
            match only_asks {
                true => answers.note_answer(id, &frame, command, false),
                false => answers.note(id, &frame),
            }
        }
        self.step.outputs.push(Output::Text(outbox, frame));
    }

    /// What someone with this view would see of a decision.
    fn preview(&self, decision: &Decision, view: &View) -> Vec<WireEvent> {
        let now = self.clock.now();
        let events = decision.events.iter().enumerate();
        let events = events.map(|(n, draft)| draft.clone().at(self.head().plus(n as u64 + 1), now));
        let seen = events.filter(|event| event.audience.includes(view));
        seen.filter_map(|event| wire::event(&event)).collect()
    }

    /// Applies a decision; its events are in the step then. Answers the last one's `seq`.
    fn carry_out(
        &mut self,
        mut decision: Decision,
        cause: Option<(SessionId, i64, &str)>,
    ) -> Option<Seq> {
        let now = self.clock.now();
        self.meeting.carried(now, &decision);
        self.step.ballots.extend(decision.ballot.take());
        let count = decision.events.len();
        let reasons: BTreeMap<_, _> = decision.events.iter().filter_map(reason_given).collect();
        for (index, draft) in decision.events.into_iter().enumerate() {
            let mut event = draft.at(self.head().next(), now);
            if index + 1 == count
                && let Some((session, command, answer)) = cause
            {
                // What the event tells itself is not kept a second time, where it could not be redacted.
                let answer = if wire::answer(&event).is_some() { "{}" } else { answer };
                event.cause = Some(Box::new(Cause { session, command, answer: answer.into() }));
            }
            let renewed = self.meeting.apply(&event);
            if let Some(ban) = self.meeting.facts.ban_for_series(&event) {
                let occurrence = self.meeting.facts.info.id;
                self.step.outputs.push(Output::SeriesBan(occurrence, ban));
            }
            self.follow(&event, renewed, &reasons);
            self.step.events.push(event);
        }
        if cfg!(debug_assertions) {
            self.meeting.facts.assert_sound();
        }
        for Offspring { meeting, events, passcode } in decision.offspring {
            let events = (1..).zip(events).map(|(seq, draft)| draft.at(Seq(seq), now));
            let events: Vec<_> = events.collect();
            let next_deadline = self.meeting.deadline_of_newborn(&events);
            self.step.offspring.push(Newborn { meeting, events, passcode, next_deadline });
        }
        if decision.passcode.is_some() {
            self.step.passcode = decision.passcode;
        }
        for signal in decision.signals {
            self.send_signal(signal);
        }
        (count > 0).then(|| self.head())
    }

    /// What an event means for the connections. Whoever is sent away reads the reason that concerns them.
    fn follow(
        &mut self,
        event: &Event,
        renewed: Renewed,
        reasons: &BTreeMap<ParticipantId, String>,
    ) {
        match renewed {
            Renewed::Nobody => {}
            Renewed::People(people) => {
                people.into_iter().for_each(|participant| self.renew(participant, event.seq));
            }
            Renewed::Ended => {
                self.answers.clear();
                for (_, attachment) in self.attached.drain() {
                    let bye = Bye::new(Code::MeetingEnded);
                    self.step.byes.push((attachment.outbox, bye));
                }
            }
        }
        match event.fact {
            Fact::FeedbackClosed {} => self.use_ballot_key(ballots::key()),
            Fact::RetentionApplied { .. } => self.forgets = true,
            _ => {}
        }
        if let Fact::SessionClosed { session, why } = &event.fact {
            self.answers.remove(session);
            if let Some(attachment) = self.attached.remove(session) {
                let reason = reasons.get(&attachment.participant).cloned();
                let bye = Bye { reason, ..Bye::new(goodbye(*why)) };
                self.step.byes.push((attachment.outbox, bye));
            }
        }
    }

    /// Someone's view changed with this event.
    fn renew(&mut self, participant: ParticipantId, seq: Seq) {
        let facts = &self.meeting.facts;
        let Some(person) = facts.get(participant) else { return };
        for session in &person.sessions {
            let Some(attachment) = self.attached.get_mut(session) else { continue };
            let before = std::mem::replace(&mut attachment.view, person.view);
            let could = std::mem::replace(&mut attachment.can, person.can);
            let outbox = attachment.outbox.clone();
            if before != person.view {
                self.step.outputs.push(Output::View(outbox, seq, person.view));
                if self.step.splits.last() != Some(&seq) {
                    self.step.splits.push(seq);
                }
            }
            if before.joined != person.view.joined {
                self.step.welcomes.entry(*session).or_insert(None);
            } else if could != person.can {
                let admits = |view: &View| view.permissions.has(Permission::ParticipantAdmit);
                let since_now = !admits(&before) && admits(&person.view);
                *self.step.can.entry(*session).or_default() |= since_now;
            }
        }
    }

    fn count(&self, outcome: Outcome) {
        self.share.metrics().commands.count(outcome);
    }

    fn send_signal(&mut self, signal: Signal) {
        let Signal { to, body } = signal;
        self.share.metrics().signals.inc();
        match to {
            SignalTo::Audience(audience) => self.step.signals.push((audience, body)),
            SignalTo::Sessions(sessions) => {
                let text: Utf8Bytes = signals_text(vec![body]).into();
                for session in sessions {
                    if let Some(attachment) = self.attached.get(&session) {
                        let outbox = attachment.outbox.clone();
                        self.step.outputs.push(Output::Text(outbox, text.clone()));
                    }
                }
            }
            SignalTo::Latest(participant) => {
                let kind: Arc<str> = body.kind().into();
                let text: Utf8Bytes = signals_text(vec![body]).into();
                let theirs = self.attached.values().filter(|it| it.participant == participant);
                for attachment in theirs {
                    let outbox = attachment.outbox.clone();
                    let output = Output::Latest(outbox, kind.clone(), text.clone());
                    self.step.outputs.push(output);
                }
            }
            SignalTo::LatestOf(sessions) => {
                let kind: Arc<str> = body.kind().into();
                let text: Utf8Bytes = signals_text(vec![body]).into();
                for attachment in sessions.iter().filter_map(|id| self.attached.get(id)) {
                    let outbox = attachment.outbox.clone();
                    let output = Output::Latest(outbox, kind.clone(), text.clone());
                    self.step.outputs.push(output);
                }
            }
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

/// Why a socket is closed when its session ends.
fn goodbye(why: SessionEnd) -> Code {
    match why {
        SessionEnd::Left => Code::Left,
        SessionEnd::Expired => Code::Unauthorized,
        SessionEnd::Replaced => Code::Replaced,
        SessionEnd::Removed => Code::Removed,
        SessionEnd::Banned => Code::Banned,
        SessionEnd::Declined => Code::Declined,
    }
}

/// Whom a reason is given to, and which.
fn reason_given(draft: &Draft) -> Option<(ParticipantId, String)> {
    match &draft.fact {
        Fact::ReasonGiven { participant, .. } => {
            Some(((*participant)?, draft.personal.as_ref()?.reason.clone()?))
        }
        _ => None,
    }
}

/// Which events an event takes the personal part of.
fn redacted(event: &Event) -> Vec<(Seq, Seq)> {
    match &event.fact {
        Fact::Redacted { ranges } => ranges.clone(),
        _ => Vec::new(),
    }
}
