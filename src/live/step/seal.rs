//! The end of a step: what it decided goes to the store, what it says is held until that is committed.

use quorate_protocol::{CanChanged, ErrorBody, Seq, ServerFrame, SignalBody};

use super::{Running, Step};
use crate::live::frames::{event_frames, ok_frame, signal_frames, signals_text};
use crate::live::release::{Held, Output};
use crate::meeting::Refusal;
use crate::meeting::event::{Event, Fact};
use crate::store::{Ballots, Batch};

impl Running {
    /// Ends a step: its events go to the store, its outputs are held until they are committed.
    pub(in crate::live) fn seal(&mut self) {
        for signal in self.meeting.tell(self.clock.now()) {
            self.send_signal(signal);
        }
        self.welcome_all();
        self.tell_can();
        self.take_snapshots();
        let step = std::mem::take(&mut self.step);
        let Step {
            events,
            splits,
            users,
            passcode,
            offspring,
            kept,
            ballots,
            signals,
            byes,
            starts: mut outputs,
            ..
        } = step;
        outputs.extend(step.outputs);
        outputs.extend(byes.into_iter().map(|(outbox, bye)| Output::Bye(outbox, bye)));
        let mut frames = event_frames(&events, &splits);
        frames.extend(signal_frames(signals));
        let redacted: Vec<_> = events.iter().flat_map(redacted).collect();
        for output in &mut outputs {
            if let Output::History(_, _, page) = output {
                page.redact(&redacted);
            }
        }
        let (cast, key) = (!ballots.is_empty(), self.ballot_key);
        if !events.is_empty() || cast {
            let measured = self.meeting.checkpoint_with(self.clock.now(), &events).map(Box::new);
            let ballots = cast.then(|| Box::new(Ballots { key, cast: ballots }));
            let batch = self.batch();
            let batch =
                Batch { events, users, passcode, offspring, kept, measured, ballots, ..batch };
            self.append(batch);
        }
        if !frames.is_empty() || !outputs.is_empty() {
            // A ballot that is changed leaves the journal's head where it was.
            let batch = if cast { self.batches.0 } else { 0 };
            self.held.push_back(Held { basis: self.head(), batch, frames, redacted, outputs });
        }
        let facts = &self.meeting.facts;
        if facts.has_anyone() {
            self.clock.keep_pace();
        }
        let present = facts.people_in();
        self.share.set(present, facts.waiting.len(), facts.sessions.len());
        self.release();
    }

    /// The step's last act: `welcome` to those whose standing began or changed with it.
    fn welcome_all(&mut self) {
        for (session, id) in std::mem::take(&mut self.step.welcomes) {
            let Some(attachment) = self.attached.get(&session) else { continue };
            let (outbox, credential) = (attachment.outbox.clone(), attachment.credential);
            self.step.can.remove(&session);
            let text = self.welcome(session, &credential, id, false);
            self.step.starts.push(Output::Start(outbox, text, self.meeting.facts.head));
        }
    }

    fn take_snapshots(&mut self) {
        for (session, id) in std::mem::take(&mut self.step.snapshots) {
            let Some(outbox) = self.outbox(session) else { continue };
            let facts = &self.meeting.facts;
            let Some(person) = facts.person_in(session) else { continue };
            let frame = if person.is_in() {
                let snapshot = self.meeting.snapshot(person, self.clock.now());
                let data = serde_json::to_string(&snapshot).expect("a snapshot serialises");
                ok_frame(id, None, data.into())
            } else {
                // Sent to the waiting room since they asked.
                ServerFrame::Error(Some(id), ErrorBody::from(&Refusal::StillWaiting)).to_text()
            };
            self.step.outputs.push(Output::Text(outbox, frame.into()));
        }
    }

    fn tell_can(&mut self) {
        for (session, admits_now) in std::mem::take(&mut self.step.can) {
            let facts = &self.meeting.facts;
            let Some(person) = facts.person_in(session) else { continue };
            let Some(attachment) = self.attached.get(&session) else { continue };
            let waiting = admits_now.then(|| facts.waiting_entries(self.clock.now()));
            let can = CanChanged { can: facts.you(person).can, waiting };
            let text = signals_text(vec![SignalBody::Can(can)]);
            self.step.outputs.push(Output::Text(attachment.outbox.clone(), text.into()));
        }
    }

    /// A batch of nothing, but that the meeting is alive, and when it must be woken.
    fn batch(&self) -> Batch {
        Batch {
            meeting: self.meeting.facts.info.id,
            generation: self.generation,
            expected_head: self.head(),
            events: Vec::new(),
            users: Vec::new(),
            passcode: None,
            offspring: Vec::new(),
            kept: Vec::new(),
            measured: None,
            ballots: None,
            next_deadline: self.meeting.lasting_deadline(),
            last_alive: Some(self.clock.now()),
            done: self.acks.clone(),
        }
    }

    /// Sends a batch to the store, whose events were applied already.
    fn append(&mut self, batch: Batch) {
        let expected_head = Seq(self.head().0 - batch.events.len() as u64);
        self.in_flight += 1;
        self.batches.0 += 1;
        self.context.store.append(Batch { expected_head, ..batch });
    }

    /// Notes in the store what was measured, and that the meeting is alive: who was connected until when is
    /// known by it. Where nobody is, nothing is measured.
    pub(in crate::live) fn checkpoint(&mut self) {
        if self.meeting.facts.has_anyone() {
            let measured = self.meeting.checkpoint(self.clock.now());
            let batch = self.batch();
            self.append(Batch { measured: Some(Box::new(measured)), ..batch });
        }
    }

    /// Notes in the store that the meeting is alive, and when it must be woken.
    pub(in crate::live) fn note(&mut self) {
        let batch = self.batch();
        self.append(batch);
    }
}

/// Which events an event takes the personal part of.
fn redacted(event: &Event) -> Vec<(Seq, Seq)> {
    match &event.fact {
        Fact::Redacted { ranges } => ranges.clone(),
        _ => Vec::new(),
    }
}
