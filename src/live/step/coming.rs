//! Someone comes: a meeting is made, `hello` is carried out, a session gets its connection.

use std::collections::VecDeque;
use std::sync::Arc;

use quorate_protocol::{Bye, Code, Seq, SessionId};
use tokio::sync::oneshot;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::{Attachment, Running, refused};
use crate::live::answers::Answers;
use crate::live::delivery::Delivery;
use crate::live::mail::{
    Attached, CommandPort, CreateAs, Credential, EnterAs, Gone, Reply, ResumeAs,
};
use crate::live::outbox::Outbox;
use crate::live::release::Output;
use crate::live::welcome::Start;
use crate::live::{clock, ids};
use crate::meeting::{Enter, Input, Refusal};

impl Running {
    pub(super) fn create(&mut self, what: CreateAs) -> Result<(), Refusal> {
        let CreateAs { created, owner, invitees, passcode, named, keep } = what;
        let (created, owner_name) = (Box::new(created), owner.name.clone());
        let mut decision = self.decide(&Input::Create { created, owner_name, invitees })?;
        decision.passcode = passcode.map(Some);
        self.step.kept.extend(keep.map(|keep| keep.of(owner.id, "{}", clock::wall())));
        self.step.users.push(owner);
        self.step.users.extend(named);
        self.carry_out(decision, None);
        Ok(())
    }

    pub(super) fn enter(&mut self, who: EnterAs, reply: oneshot::Sender<Reply<Attached>>) {
        let known = self.meeting.facts.person_of(who.user.id).map(|person| person.id);
        let session = ids::session();
        let enter = Enter {
            user: who.user.id,
            kind: who.user.kind,
            name: who.user.name.clone(),
            email: who.email,
            bot: who.bot,
            passcode: who.passcode,
            participant: known.unwrap_or_else(|| self.context.ids.participant()),
            session,
        };
        match self.decide(&Input::Enter(enter)) {
            Ok(decision) => {
                self.step.users.push(who.user);
                self.carry_out(decision, None);
                self.attach(session, who.credential, None, reply);
            }
            Err(refusal) => {
                let output = Output::Attached(reply, Box::new(Err(refused(refusal))));
                self.step.outputs.push(output);
            }
        }
    }

    pub(super) fn resume(&mut self, who: ResumeAs, reply: oneshot::Sender<Reply<Attached>>) {
        let input = Input::Resume { session: who.session, user: who.credential.user };
        match self.decide(&input) {
            Ok(decision) => {
                let head = self.head();
                let facts = &self.meeting.facts;
                let since = facts.person_in(who.session).map_or(Seq(0), |it| it.view_since);
                let missed = head.0.saturating_sub(who.seq.0);
                let resumes = who.seq <= head
                    && who.seq >= since
                    && missed <= quorate_protocol::RESUME_EVENTS_MAX;
                self.carry_out(decision, None);
                self.attach(who.session, who.credential, resumes.then_some(who.seq), reply);
            }
            Err(refusal) => {
                let output = Output::Attached(reply, Box::new(Err(refused(refusal))));
                self.step.outputs.push(output);
            }
        }
    }

    /// Gives a session its connection; an older one of it is replaced.
    pub(super) fn attach(
        &mut self,
        session: SessionId,
        credential: Credential,
        resume_after: Option<Seq>,
        reply: oneshot::Sender<Reply<Attached>>,
    ) {
        let Some(person) = self.meeting.facts.person_in(session) else { return };
        let (participant, view, can) = (person.id, person.view, person.can);
        let outbox = Arc::new(Outbox::default());
        let number = self.context.ids.attachment();
        let attachment = Attachment { number, participant, outbox, view, can, credential };
        let delivery = Delivery {
            gone: self.gone.clone(),
            me: Gone { session, attachment: number },
            meeting: self.meeting.facts.info.id,
            store: self.context.store.clone(),
            ring: self.ring.clone(),
            outbox: attachment.outbox.clone(),
            start: None,
            view,
            later_views: VecDeque::new(),
            parcels: VecDeque::new(),
            latest: Vec::new(),
            told: Seq(0),
            catching_up_to: None,
        };
        let port = CommandPort {
            session,
            attachment: number,
            answered: self.answers.get(&session).map_or(0, Answers::highest),
            mailbox: self.mailbox.clone(),
            outbox: attachment.outbox.clone(),
        };
        let mut attached = Attached { port, delivery };
        match resume_after {
            Some(seq) => {
                // Only one's own coming back can be in this step before; it changes no view.
                attached.delivery.catching_up_to = Some(self.head());
                let text = self.welcome(session, &credential, Some(1), true);
                let start = Output::Start(attachment.outbox.clone(), text, seq);
                self.step.starts.push(start);
            }
            None => {
                self.step.welcomes.insert(session, Some(1));
            }
        }
        if let Some(older) = self.attached.insert(session, attachment) {
            self.step.byes.push((older.outbox, Bye::new(Code::Replaced)));
        }
        self.step.outputs.push(Output::Attached(reply, Box::new(Ok(attached))));
    }

    pub(super) fn welcome(
        &mut self,
        session: SessionId,
        credential: &Credential,
        id: Option<i64>,
        resumed: bool,
    ) -> Utf8Bytes {
        let start = Start { session, credential, id, resumed, now: self.clock.now() };
        let meeting = &self.meeting;
        let Some(person) = meeting.facts.person_in(session) else { return Utf8Bytes::default() };
        self.shared.welcome(meeting, person, &start, &self.context.settings)
    }
}
