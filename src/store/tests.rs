//! The store's promises, one test each. Faults come in by [`super::writer::Verbs`], so that nothing waits.

mod auditing;
mod backing_up;
mod faults;
mod forgetting;
mod forging;
mod inviting;
mod keeping;
mod listing;
mod measuring;
mod opening;
mod projecting;
mod rating;
mod reading;
mod settings;
mod summing_up;
mod writing;

use std::path::PathBuf;

use quorate_protocol::{
    EndReason, LeaveReason, MeetingStatus, MeetingType, ParticipantId, Role, SessionId, Settings,
    UserRef, Via, WaitReason, WithdrawReason,
};
use tempfile::TempDir;
use tokio::sync::mpsc;

use super::*;
use crate::meeting::event::{Audience, Cause, Event, Fact, MeetingCreated, Personal};

/// A folder that goes away by itself, and a database in it.
struct Scratch {
    folder: TempDir,
    path: PathBuf,
}

impl Scratch {
    fn new() -> Scratch {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("quorate.db");
        Scratch { folder, path }
    }

    fn open(&self) -> Store {
        self.open_with(writer::Verbs::default())
    }

    fn open_with(&self, verbs: writer::Verbs) -> Store {
        // Checkpoints come when a test asks for them.
        let every = std::time::Duration::from_secs(3600);
        let maintenance = maintenance::Schedule { every, ..Default::default() };
        let options = Options { durability: Durability::Normal, verbs, maintenance };
        Store::open_with(&self.path, options).unwrap()
    }

    /// Another program's connection.
    fn stranger(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(&self.path).unwrap()
    }
}

/// One meeting's actor, as far as the store knows it.
struct Hand {
    store: Store,
    meeting: MeetingId,
    generation: Generation,
    head: Seq,
    done: mpsc::UnboundedSender<Committed>,
    committed: mpsc::UnboundedReceiver<Committed>,
}

impl Hand {
    async fn begin(store: &Store, meeting: i64) -> Hand {
        let meeting = MeetingId(meeting);
        let (generation, head) = store.begin(meeting).await.unwrap();
        let (done, committed) = mpsc::unbounded_channel();
        Hand { store: store.clone(), meeting, generation, head, done, committed }
    }

    /// Makes the meeting, with user 1 as its owner and users 2 and 3 beside.
    async fn create(store: &Store, meeting: i64) -> Hand {
        let mut hand = Hand::begin(store, meeting).await;
        let users = vec![user(1, "ada"), user(2, "ben"), user(3, "cyd")];
        let events = vec![hand.event(created(meeting))];
        hand.append(Batch { users, ..hand.batch(events) });
        assert_eq!(hand.result().await, Ok(Seq(1)));
        hand
    }

    /// The next event.
    fn event(&self, fact: Fact) -> Event {
        self.event_at(self.head.next(), fact)
    }

    fn event_at(&self, seq: Seq, fact: Fact) -> Event {
        let at = Timestamp(1_790_000_000_000).plus_ms(seq.0.cast_signed());
        let audience = Audience::EVERYONE;
        Event {
            seq,
            at,
            user: UserId(1),
            by: None,
            audience,
            fact,
            personal: None,
            cause: None,
            as_admin: false,
        }
    }

    fn batch(&self, events: Vec<Event>) -> Batch {
        Batch {
            meeting: self.meeting,
            generation: self.generation,
            expected_head: self.head,
            events,
            passcode: None,
            offspring: Vec::new(),
            kept: Vec::new(),
            users: Vec::new(),
            measured: None,
            ballots: None,
            next_deadline: None,
            last_alive: None,
            done: self.done.clone(),
        }
    }

    /// Sends it, and goes on from its end without waiting.
    fn append(&mut self, batch: Batch) {
        self.head = batch.events.last().map_or(self.head, |event| event.seq);
        self.store.append(batch);
    }

    fn send(&mut self, fact: Fact) {
        let event = self.event(fact);
        self.append(self.batch(vec![event]));
    }

    fn send_with(&mut self, fact: Fact, personal: Personal) {
        let event = Event { personal: Some(Box::new(personal)), ..self.event(fact) };
        self.append(self.batch(vec![event]));
    }

    async fn result(&mut self) -> Result<Seq, BatchError> {
        self.committed.recv().await.unwrap().result
    }

    /// Sends it and expects it to be committed.
    async fn tell(&mut self, fact: Fact) {
        self.send(fact);
        assert_eq!(self.result().await, Ok(self.head));
    }

    async fn journal(&self) -> Vec<Event> {
        self.store.journal(self.meeting, Seq(0), 1000).await.unwrap()
    }
}

fn user(id: i64, username: &str) -> UserRow {
    let (username, name) = (username.to_owned(), username.to_uppercase());
    UserRow { id: UserId(id), username, name, email: None, kind: UserKind::Member }
}

fn created(meeting: i64) -> Fact {
    Fact::MeetingCreated(Box::new(MeetingCreated {
        max_participants: Some(50),
        requires_approval: true,
        co_hosts: vec![UserId(2)],
        ..MeetingCreated::new(MeetingId(meeting), format!("code-{meeting}"), "Weekly", UserId(1))
    }))
}

fn joined(participant: i64, user: i64, role: Role) -> Fact {
    let (participant, user) = (ParticipantId(participant), UserId(user));
    Fact::ParticipantJoined {
        participant,
        user,
        kind: UserKind::Member,
        role,
        via: Via::Open,
        room: None,
        looks_like: None,
    }
}

fn chat() -> Fact {
    Fact::ChatSent { to: None, room: None, reply_to: None, short: false }
}

fn said(text: &str) -> Personal {
    Personal { text: Some(text.to_owned()), ..Personal::default() }
}
