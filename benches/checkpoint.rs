//! What a checkpoint of a meeting of 1,000 people costs when everything changed since the last: to reckon it, which
//! the meeting's task does between two steps, and to commit it, which the writer thread does. Everyone is there, has
//! written and raised a hand, speaks, and has their connection measured between two checkpoints. Beside it what the live
//! view costs (`stats`), which is told to the host of the same meeting every 2 s while anything changes.
//!
//! `cargo bench --bench checkpoint` measures where the system keeps temporary files; name a folder on the
//! disk in question with `TMPDIR`.

#![allow(clippy::unwrap_used, missing_docs)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use quorate::meeting::event::{Event, MeetingCreated};
use quorate::meeting::measures::{Checkpoint, PersonMeasured};
use quorate::meeting::{Enter, Input, Meeting, Passcode, Signal, Terms};
use quorate::store::{Batch, Committed, Durability, Generation, Store, UserRow};
use quorate_protocol::{
    ChatSend, Command, Empty, HandLower, MeetingId, ParticipantId, QualityReport, Seq, SessionId,
    SignalBody, SpeakingReport, Timestamp, UserId, UserKind,
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
                session: session(user),
            }));
        }
        crowd.all(|_| Command::ChatSend(chat()));
        crowd.all(|_| Command::HandRaise(Empty {}));
        crowd.now = crowd.now.plus_ms(2_000);
        crowd.all(|_| Command::HandLower(HandLower::default()));
        crowd
    }

    fn take(&mut self, input: &Input) {
        let decision = self.meeting.decide(self.now, input).unwrap();
        self.meeting.carried(self.now, &decision);
        for draft in decision.events {
            let event = draft.at(self.meeting.facts.head.next(), self.now);
            self.meeting.apply(&event);
            self.events.push(event);
        }
    }

    /// Everyone does something.
    fn all(&mut self, command: impl Fn(i64) -> Command) {
        for user in 1..=PEOPLE {
            self.take(&Input::Command { session: session(user), command: command(user) });
        }
    }

    /// What the host hears 2 s later, after someone's hand went up or down.
    fn told(&mut self, command: Command) -> (Duration, Vec<Signal>) {
        self.now = self.now.plus_ms(2_000);
        self.take(&Input::Command { session: session(2), command });
        let start = Instant::now();
        let signals = self.meeting.tell(self.now);
        (start.elapsed(), signals)
    }

    /// The next checkpoint, of everyone, and how long it took to reckon it.
    fn checkpoint(&mut self) -> (Duration, Checkpoint) {
        let turn = self.now.0 / EVERY_MS;
        self.all(|_| Command::SpeakingReport(speaking()));
        self.all(|user| Command::QualityReport(quality(turn + user)));
        self.meeting.tell(self.now);
        self.now = self.now.plus_ms(EVERY_MS);
        let start = Instant::now();
        let checkpoint = black_box(self.meeting.checkpoint(self.now));
        let took = start.elapsed();
        let measured = |it: &&PersonMeasured| it.totals.talk_ms > 0 && it.quality.is_some();
        let people = checkpoint.people.iter().filter(measured).count();
        assert_eq!(people, PEOPLE as usize, "everything changed");
        // Where a minute ends in between, there are two of each.
        let sampled = checkpoint.minutes.iter().filter(|it| it.samples > 0 && it.talk_ms > 0);
        assert_eq!(sampled.count(), PEOPLE as usize, "what came to the minutes of all");
        (took, checkpoint)
    }
}

fn session(user: i64) -> SessionId {
    SessionId(Uuid::from_u128(user.cast_unsigned().into()))
}

fn chat() -> ChatSend {
    ChatSend { text: "hello".to_owned(), to: None, reply_to: None }
}

fn speaking() -> SpeakingReport {
    SpeakingReport { speaking: true, participant: None, source: None }
}

/// Another than the last time.
fn quality(turn: i64) -> QualityReport {
    let (jitter_ms, loss_pct, bitrate_kbps, fec) = (15.0, 1.0, None, false);
    QualityReport { rtt_ms: 150.0 + (turn % 50) as f64, jitter_ms, loss_pct, bitrate_kbps, fec }
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
        bencher.iter_custom(|count| (0..count).map(|_| crowd.checkpoint().0).sum());
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
                    let (_, checkpoint) = crowd.checkpoint();
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
