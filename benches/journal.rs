//! What a durable acknowledgement costs: events a second, and how many share a commit, with 1, 64 and
//! 256 meetings that each wait for one event before they send the next.
//!
//! `cargo bench --bench journal` measures where the system keeps temporary files; name a folder on the
//! disk in question with `TMPDIR`.

#![allow(clippy::unwrap_used, missing_docs)]

use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use quorate::meeting::event::{Audience, Event, Fact, MeetingCreated, Personal};
use quorate::store::{Batch, Committed, Durability, Generation, Store, UserRow};
use quorate_protocol::{MeetingId, Seq, Timestamp, UserId, UserKind};
use tokio::runtime::Runtime;
use tokio::sync::mpsc;

/// A meeting that sends one event at a time.
struct Waiter {
    store: Store,
    meeting: MeetingId,
    generation: Generation,
    head: Seq,
    done: mpsc::UnboundedSender<Committed>,
    committed: mpsc::UnboundedReceiver<Committed>,
}

impl Waiter {
    async fn new(store: Store, meeting: i64) -> Waiter {
        let meeting = MeetingId(meeting);
        let (generation, head) = store.begin(meeting).await.unwrap();
        let (done, committed) = mpsc::unbounded_channel();
        let mut waiter = Waiter { store, meeting, generation, head, done, committed };
        waiter.append(created(meeting), None).await;
        waiter
    }

    async fn append(&mut self, fact: Fact, personal: Option<Box<Personal>>) {
        let event = Event {
            seq: self.head.next(),
            at: Timestamp(1_790_000_000_000),
            user: UserId(1),
            by: None,
            audience: Audience::EVERYONE,
            fact,
            personal,
            cause: None,
            as_admin: false,
        };
        self.store.append(Batch {
            meeting: self.meeting,
            generation: self.generation,
            expected_head: self.head,
            events: vec![event],
            users: if self.head == Seq(0) { vec![ada()] } else { Vec::new() },
            passcode: None,
            kept: Vec::new(),
            offspring: Vec::new(),
            measured: None,
            ballots: None,
            next_deadline: None,
            last_alive: None,
            done: self.done.clone(),
        });
        self.head = self.committed.recv().await.unwrap().result.unwrap();
    }

    async fn chat(&mut self) {
        let text = Some("a message of the usual length, some sixty characters or so".to_owned());
        let personal = Some(Box::new(Personal { text, ..Personal::default() }));
        self.append(
            Fact::ChatSent { to: None, room: None, reply_to: None, short: false },
            personal,
        )
        .await;
    }
}

fn ada() -> UserRow {
    let (username, name) = ("ada".to_owned(), "Ada".to_owned());
    UserRow { id: UserId(1), username, name, email: None, kind: UserKind::Member }
}

fn created(meeting: MeetingId) -> Fact {
    Fact::MeetingCreated(Box::new(MeetingCreated::new(
        meeting,
        format!("code-{meeting}"),
        "Bench",
        UserId(1),
    )))
}

/// Lets `waiters` meetings append `events` events in all.
async fn run(store: &Store, first: i64, waiters: u64, events: u64) -> Duration {
    let mut tasks = Vec::new();
    for index in 0..waiters {
        tasks.push(Waiter::new(store.clone(), first + index.cast_signed()).await);
    }
    let start = Instant::now();
    let tasks = tasks.into_iter().enumerate().map(|(index, mut waiter)| {
        let share = events / waiters + u64::from((index as u64) < events % waiters);
        tokio::spawn(async move {
            for _ in 0..share {
                waiter.chat().await;
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    start.elapsed()
}

fn journal(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    for (name, durability) in [("full", Durability::Full), ("normal", Durability::Normal)] {
        let mut group = criterion.benchmark_group(format!("journal/{name}"));
        group.sample_size(10).throughput(Throughput::Elements(1));
        for waiters in [1, 64, 256] {
            let folder = tempfile::tempdir().unwrap();
            let store = Store::open(&folder.path().join("bench.db"), durability).unwrap();
            let (mut next, mut events, mut commits, mut time) = (1, 0, 0, Duration::ZERO);
            group.bench_function(BenchmarkId::from_parameter(waiters), |bencher| {
                bencher.iter_custom(|count| {
                    let before = store.commits();
                    let took = runtime.block_on(run(&store, next, waiters, count));
                    next += waiters.cast_signed();
                    // Each meeting began with two transactions of its own.
                    commits += (store.commits() - before).saturating_sub(2 * waiters);
                    events += count;
                    time += took;
                    took
                });
            });
            let rate = |count: u64| count as f64 / time.as_secs_f64();
            println!(
                "{name}, {waiters} waiters: {:.0} events/s in {:.0} commits/s",
                rate(events),
                rate(commits)
            );
            runtime.block_on(store.close());
        }
        group.finish();
    }
}

criterion_group!(benches, journal);
criterion_main!(benches);
