//! What was decided, applied: its events in the step, and what they mean for the connections.

use std::collections::BTreeMap;
use std::sync::Arc;

use quorate_protocol::{Bye, Code, ParticipantId, Permission, Seq, SessionId, SignalBody};
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::Running;
use crate::live::ballots;
use crate::live::frames::signals_text;
use crate::live::release::Output;
use crate::meeting::event::{Cause, Event, Fact, SessionEnd, View};
use crate::meeting::series::Offspring;
use crate::meeting::{Decision, Draft, Renewed, Signal, SignalTo, wire};
use crate::store::Newborn;

impl Running {
    /// Applies a decision; its events are in the step then. Answers the last one's `seq`.
    pub(super) fn carry_out(
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

    pub(super) fn send_signal(&mut self, signal: Signal) {
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
                let person = self.meeting.facts.get(participant);
                let sessions = person.map(|it| it.sessions.clone()).unwrap_or_default();
                self.send_latest(&sessions, body);
            }
            SignalTo::LatestOf(sessions) => self.send_latest(&sessions, body),
        }
    }

    /// Takes the place of what waits of its kind for these sessions.
    fn send_latest(&mut self, sessions: &[SessionId], body: SignalBody) {
        let kind: Arc<str> = body.kind().into();
        let text: Utf8Bytes = signals_text(vec![body]).into();
        for attachment in sessions.iter().filter_map(|id| self.attached.get(id)) {
            let outbox = attachment.outbox.clone();
            self.step.outputs.push(Output::Latest(outbox, kind.clone(), text.clone()));
        }
    }
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
