//! What a session asks, and its answer.

use std::sync::Arc;

use quorate_protocol::{Code, Command, ErrorBody, Event as WireEvent, ServerFrame, SessionId};
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::Running;
use crate::live::answers::{Answers, Kept, Turn};
use crate::live::frames::{dry_run_frame, ok_frame};
use crate::live::outbox::Outbox;
use crate::live::release::Output;
use crate::meeting::event::View;
use crate::meeting::{Answer, Decision, wire};
use crate::telemetry::Outcome;

impl Running {
    /// Decides a command of a session and answers it; once, however often it is sent.
    pub(super) fn command(&mut self, session: SessionId, id: i64, dry_run: bool, command: Command) {
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

    fn count(&self, outcome: Outcome) {
        self.share.metrics().commands.count(outcome);
    }
}
