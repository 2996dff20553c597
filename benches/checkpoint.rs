//! What a checkpoint of a meeting of 1,000 people costs when everything changed since the last: to reckon it, which
//! the meeting's task does between two steps, and to commit it, which the writer thread does. Beside it what the live
//! view costs (`stats`), which is told to the host of the same meeting every 2 s while anything changes.
//!
//! `cargo bench --bench checkpoint` measures where the system keeps temporary files; name a folder on the
//! disk in question with `TMPDIR`.

#![allow(clippy::unwrap_used, missing_docs)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use quorate::meeting::event::{Event, MeetingCreated};
use quorate::meeting::measures::{Checkpoint, MINUTE_MS, Minute};
use quorate::meeting::{Enter, Input, Meeting, Passcode, Signal, Terms};
use quorate::store::{Batch, Committed, Durability, Generation, Store, UserRow};
use quorate_protocol::{
    Command, ConnectionQuality, Empty, HandLower, MeetingId, ParticipantId, QualityLevel, Seq,
    SessionId, SignalBody, TalkSource, Timestamp, UserId, UserKind,
};
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use uuid::Uuid;

const PEOPLE: i64 = 1_000;
const MEETING: MeetingId = MeetingId(1);
/// Between two checkpoints, in milliseconds.
const EVERY_MS: i64 = 5_000;

/// A meeting in which so many people are.
struct Crowd {
    meeting: Meeting,
    now: Timestamp,
    events: Vec<Event>,
}

impl Crowd {
    fn gather() -> Crowd {
        let (meeting, now) = (Meeting::new(Terms::default()), Timestamp(1_790_000_000_000));
        let mut crowd = Crowd { meeting, now, events: Vec::new() };
        let (created, owner_name) = (Box::new(created()), "User 1".to_owned());
        crowd.take(&Input::Create { created, owner_name, invitees: Vec::new() });
        for user in 1..=PEOPLE {
            // One after the other, so that nobody's presence is like another's.
            crowd.now = crowd.now.plus_ms(100);
            crowd.take(&Input::Enter(Enter {
                user: UserId(user),
                kind: UserKind::Member,
                name: format!("User {user}"),
                email: None,
                bot: None,
                passcode: Passcode::Missing,
                participant: ParticipantId(user),
                session: SessionId(Uuid::from_u128(user.cast_unsigned().into())),
            }));
        }
        crowd
    }

    fn take(&mut self, input: &Input) {
        let decision = self.meeting.decide(self.now, input).unwrap();
        for draft in decision.events {
            let event = draft.at(self.meeting.facts.head.next(), self.now);
            self.meeting.apply(&event);
            self.events.push(event);
        }
    }

    /// What the host hears 2 s later, after someone's hand went up or down.
    fn told(&mut self, command: Command) -> (Duration, Vec<Signal>) {
        self.now = self.now.plus_ms(2_000);
        let session = SessionId(Uuid::from_u128(2));
        self.take(&Input::Command { session, command });
        let start = Instant::now();
        let signals = self.meeting.tell(self.now);
        (start.elapsed(), signals)
    }

    /// The next checkpoint, of everyone.
    fn checkpoint(&mut self) -> Checkpoint {
        self.now = self.now.plus_ms(EVERY_MS);
        self.meeting.checkpoint(self.now)
    }

    /// The same, where everyone's connection and talk were measured too, in the minute that it is.
    fn full_checkpoint(&mut self) -> Checkpoint {
        let mut checkpoint = self.checkpoint();
        assert_eq!(checkpoint.people.len(), PEOPLE as usize, "everything changed");
        let now = Timestamp(self.now.0 - self.now.0.rem_euclid(MINUTE_MS));
        checkpoint.minutes = (1..=PEOPLE)
            .map(|id| Minute {
                talk_ms: 700,
                source: Some(TalkSource::Client),
                samples: 1,
                r: 84.6,
                rtt_ms: 150.0,
                jitter_ms: 15.0,
                loss_pct: 1.0,
                ..Minute::of(ParticipantId(id), now)
            })
            .collect();
        for person in &mut checkpoint.people {
            person.totals.talk_ms = self.now.0.cast_unsigned() % 1_000_000;
            person.quality = Some(quality());
        }
        checkpoint
    }
}

fn quality() -> ConnectionQuality {
    ConnectionQuality {
        version: 1,
        level: QualityLevel::Excellent,
        r: Some(84.6),
        mos: Some(4.2),
        rtt_ms: Some(150.0),
        jitter_ms: Some(15.0),
        loss_pct: Some(1.0),
        slow_signalling: false,
    }
}

fn created() -> MeetingCreated {
    MeetingCreated::new(MEETING, "code", "Bench", UserId(1))
}

fn user(id: i64) -> UserRow {
    let (username, name) = (format!("user-{id}"), format!("User {id}"));
    UserRow { id: UserId(id), username, name, email: None, kind: UserKind::Member }
}

/// The meeting's hand on the store.
struct Hand {
    store: Store,
    generation: Generation,
    head: Seq,
    done: mpsc::UnboundedSender<Committed>,
    committed: mpsc::UnboundedReceiver<Committed>,
}

impl Hand {
    async fn begin(store: Store) -> Hand {
        let (generation, head) = store.begin(MEETING).await.unwrap();
        let (done, committed) = mpsc::unbounded_channel();
        Hand { store, generation, head, done, committed }
    }

    async fn commit(&mut self, events: Vec<Event>, measured: Option<Checkpoint>, at: Timestamp) {
        let fresh = if self.head == Seq(0) { PEOPLE } else { 0 };
        self.store.append(Batch {
            meeting: MEETING,
            generation: self.generation,
            expected_head: self.head,
            events,
            users: (1..=fresh).map(user).collect(),
            passcode: None,
            ballots: None,
            kept: Vec::new(),
            offspring: Vec::new(),
            measured: measured.map(Box::new),
            next_deadline: None,
            last_alive: Some(at),
            done: self.done.clone(),
        });
        self.head = self.committed.recv().await.unwrap().result.unwrap();
    }
}

fn checkpoint(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("checkpoint/1000 people");
    group.sample_size(20);
    let mut crowd = Crowd::gather();
    group.bench_function("reckon", |bencher| {
        bencher.iter(|| {
            let checkpoint = black_box(crowd.checkpoint());
            assert_eq!(checkpoint.people.len(), PEOPLE as usize, "everything changed");
        });
    });
    group.bench_function("tell stats", |bencher| {
        bencher.iter_custom(|count| {
            let mut time = Duration::ZERO;
            for turn in 0..count {
                let raise = Command::HandRaise(Empty {});
                let hand =
                    if turn % 2 == 0 { raise } else { Command::HandLower(HandLower::default()) };
                let (took, signals) = crowd.told(hand);
                time += took;
                let told = |signal: &Signal| matches!(signal.body, SignalBody::Stats(_));
                assert!(signals.iter().any(told), "the host hears of it");
            }
            // An even number of hands: the next round begins as this one did.
            if count % 2 == 1 {
                crowd.told(Command::HandLower(HandLower::default()));
            }
            time
        });
    });
    let runtime = Runtime::new().unwrap();
    for (name, durability) in [("full", Durability::Full), ("normal", Durability::Normal)] {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("bench.db"), durability).unwrap();
        let mut crowd = Crowd::gather();
        let mut hand = runtime.block_on(Hand::begin(store.clone()));
        runtime.block_on(hand.commit(std::mem::take(&mut crowd.events), None, crowd.now));
        group.bench_function(format!("commit, {name}"), |bencher| {
            bencher.iter_custom(|count| {
                let mut time = Duration::ZERO;
                for _ in 0..count {
                    let checkpoint = crowd.full_checkpoint();
                    let start = Instant::now();
                    runtime.block_on(hand.commit(Vec::new(), Some(checkpoint), crowd.now));
                    time += start.elapsed();
                }
                time
            });
        });
        runtime.block_on(store.close());
    }
    group.finish();
}

criterion_group!(benches, checkpoint);
criterion_main!(benches);
