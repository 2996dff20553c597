//! What a report of a large, long meeting costs: 1,000 people over a simulated four hours, with 240,000 minutes
//! that were measured.
//!
//! `cargo bench --bench report` makes the meeting, then has a process of its own report it, so that what that
//! takes at most of memory is the report's alone.

#![allow(clippy::unwrap_used, missing_docs)]

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use quorate::meeting::event::{Audience, Event, Fact, MeetingCreated, Personal};
use quorate::report::{Asked, Disclosure, Reports, table};
use quorate::store::{Batch, Durability, Generation, Store, UserRow};
use quorate_protocol::*;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use uuid::Uuid;

const MEETING: MeetingId = MeetingId(1);
const BEGAN: Timestamp = Timestamp(1_790_000_040_000);
const PEOPLE: i64 = 1_000;
const MINUTES: i64 = 240;
/// Messages a minute, and as many hands as a fifth of them.
const MESSAGES: i64 = 200;
/// Polls, each of which all vote in.
const POLLS: i64 = 20;
/// How often each leaves and comes back.
const RETURNS: i64 = 5;
/// Where the process that reports finds the meeting.
const DATABASE: &str = "QUORATE_BENCH_DATABASE";

/// A meeting that is written without being played.
struct Writer {
    store: Store,
    generation: Generation,
    head: Seq,
    events: Vec<Event>,
    now: Timestamp,
}

impl Writer {
    async fn add(&mut self, by: i64, fact: Fact, text: Option<&str>) {
        let text = text.map(str::to_owned);
        let personal = text.is_some().then(|| Personal { text, ..Personal::default() }.into());
        self.put(by, fact, personal).await;
    }

    async fn put(&mut self, by: i64, fact: Fact, personal: Option<Box<Personal>>) {
        self.events.push(Event {
            seq: self.head.plus(self.events.len() as u64 + 1),
            at: self.now,
            user: UserId(by),
            by: Some(ParticipantId(by)),
            audience: Audience::EVERYONE,
            fact,
            personal,
            cause: None,
            as_admin: false,
        });
        if self.events.len() == 1000 {
            self.flush().await;
        }
    }

    async fn flush(&mut self) {
        let (done, mut committed) = mpsc::unbounded_channel();
        let expected_head = self.head;
        self.head = expected_head.plus(self.events.len() as u64);
        self.store.append(Batch {
            meeting: MEETING,
            generation: self.generation,
            expected_head,
            events: std::mem::take(&mut self.events),
            users: if expected_head == Seq(0) { (1..=PEOPLE).map(user).collect() } else { vec![] },
            passcode: None,
            kept: Vec::new(),
            offspring: Vec::new(),
            measured: None,
            ballots: None,
            next_deadline: None,
            last_alive: None,
            done,
        });
        committed.recv().await.unwrap().result.unwrap();
    }

    async fn come(&mut self, who: i64, time: i64) {
        let participant = ParticipantId(who);
        let joined = Fact::ParticipantJoined {
            participant,
            user: UserId(who),
            kind: UserKind::Member,
            role: Role::Attendee,
            via: Via::Open,
            room: None,
            looks_like: None,
        };
        let name = Some(format!("Participant of number {who}"));
        let personal = Personal { name, ..Personal::default() };
        self.put(who, joined, Some(personal.into())).await;
        let session = SessionId(Uuid::from_u128((who * 1000 + time).cast_unsigned().into()));
        self.add(who, Fact::SessionOpened { session, participant }, None).await;
    }

    async fn go(&mut self, who: i64, time: i64) {
        let participant = ParticipantId(who);
        let session = SessionId(Uuid::from_u128((who * 1000 + time).cast_unsigned().into()));
        let why = quorate::meeting::event::SessionEnd::Left;
        self.add(who, Fact::SessionClosed { session, why }, None).await;
        let left = Fact::ParticipantLeft { participant, reason: LeaveReason::Left };
        self.add(who, left, None).await;
    }

    /// What happens in a minute, four times in it.
    async fn minute(&mut self, minute: i64) {
        for quarter in 0..4 {
            for number in 0..MESSAGES / 4 {
                let who = (minute * MESSAGES + quarter * 50 + number) * 7 % PEOPLE + 1;
                let sent = Fact::ChatSent { to: None, room: None, reply_to: None, short: false };
                let text = "a message of the usual length, some sixty characters or so";
                self.add(who, sent, Some(text)).await;
                if number % 5 == 0 {
                    let participant = ParticipantId(who);
                    self.add(who, Fact::HandRaised { participant }, None).await;
                    self.add(who, Fact::HandLowered { participant }, None).await;
                }
            }
            self.now = self.now.plus_ms(15_000);
        }
        // Everyone's turn to leave for a minute comes several times.
        let time = minute * RETURNS / MINUTES;
        let turn = MINUTES / RETURNS;
        for who in (1..=PEOPLE).filter(|who| who % turn == minute % turn) {
            self.go(who, time).await;
            self.now = self.now.plus_ms(100);
            self.come(who, time + 1).await;
        }
        if minute % (MINUTES / POLLS) == 0 {
            self.poll((minute * POLLS / MINUTES + 1) as u32).await;
        }
    }

    async fn poll(&mut self, poll: u32) {
        let poll = PollId(poll);
        let opened = Fact::PollOpened {
            poll,
            choices: 2,
            multiple: false,
            anonymous: true,
            closes_at: None,
        };
        self.add(1, opened, Some("Do we go on?")).await;
        for who in 1..=PEOPLE {
            let choices = vec![(who % 2) as u32];
            self.add(who, Fact::PollVoteCast { poll, choices }, None).await;
        }
        let half = (PEOPLE / 2) as u32;
        let closed = Fact::PollClosed { poll, counts: vec![half, half], voters: PEOPLE as u32 };
        self.add(1, closed, None).await;
    }
}

fn user(id: i64) -> UserRow {
    let (username, name) = (format!("user-{id}"), format!("User {id}"));
    UserRow { id: UserId(id), username, name, email: None, kind: UserKind::Member }
}

fn created() -> Fact {
    Fact::MeetingCreated(Box::new(MeetingCreated {
        starts_at: Some(BEGAN),
        ends_at: Some(BEGAN.plus_ms(MINUTES * 60_000)),
        ..MeetingCreated::new(MEETING, "abc-defg-hij", "All hands", UserId(1))
    }))
}

/// Makes the meeting; answers how many events it has.
async fn make(database: &Path) -> Seq {
    let store = Store::open(database, Durability::Normal).unwrap();
    let (generation, head) = store.begin(MEETING).await.unwrap();
    let mut writer = Writer { store, generation, head, events: Vec::new(), now: BEGAN };
    writer.add(1, created(), None).await;
    writer.add(1, Fact::MeetingStarted {}, None).await;
    for who in 1..=PEOPLE {
        writer.come(who, 0).await;
    }
    for minute in 0..MINUTES {
        writer.now = BEGAN.plus_ms(minute * 60_000);
        writer.minute(minute).await;
    }
    writer.now = BEGAN.plus_ms(MINUTES * 60_000);
    writer.add(1, Fact::MeetingEnded { reason: EndReason::Ended }, None).await;
    writer.flush().await;
    writer.store.close().await;
    measure(database);
    writer.head
}

/// Writes what was measured: a row for each person and minute.
fn measure(database: &Path) {
    let mut database = rusqlite::Connection::open(database).unwrap();
    let batch = database.transaction().unwrap();
    let talk = "UPDATE meeting_participants SET talk_ms = id * 100, reactions = id % 20";
    batch.execute(talk, []).unwrap();
    let sql = "INSERT INTO meeting_minutes (meeting_id, participant_id, at, talk_ms, source, samples, \
               r, rtt_ms, jitter_ms, loss_pct) VALUES (1, ?1, ?2, ?3, 'client', 12, ?4, 80, 5, 0.5)";
    for who in 1..=PEOPLE {
        let mut row = batch.prepare_cached(sql).unwrap();
        for minute in 0..MINUTES {
            let at = BEGAN.plus_ms(minute * 60_000).to_string();
            let (talk_ms, r) = ((who * minute) % 60_000, ((who + minute) % 94) as f64);
            row.execute((who, at, talk_ms, r)).unwrap();
        }
    }
    batch.commit().unwrap();
}

/// Reports the meeting several times, and tells what that took.
async fn report(database: &Path) {
    let store = Store::open(database, Durability::Normal).unwrap();
    let reports =
        Reports::new(store.clone(), Disclosure { privacy: Privacy::default(), raters_min: 3 });
    for time in 1..=3 {
        let began = Instant::now();
        let asked = Asked { now: BEGAN, individuals: true };
        let report = reports.report(MEETING, Seq(u64::MAX), asked).await.unwrap();
        let computed = began.elapsed();
        let json = serde_json::to_vec(&report).unwrap().len();
        let csv = table::csv(&report).unwrap().len();
        println!(
            "report {time}: {:.2} s; with JSON ({} KiB) and CSV ({} KiB) {:.2} s; {} participants, \
             {} messages, engagement {:.1}, effectiveness {:.1}",
            computed.as_secs_f64(),
            json / 1024,
            csv / 1024,
            began.elapsed().as_secs_f64(),
            report.participants.len(),
            report.totals.messages,
            report.totals.engagement.unwrap(),
            report.effectiveness.score.unwrap(),
        );
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    println!("memory at most: {}", peak.trim_start_matches("VmHWM:").trim());
    store.close().await;
}

fn main() {
    let runtime = Runtime::new().unwrap();
    if let Some(database) = std::env::var_os(DATABASE) {
        return runtime.block_on(report(Path::new(&database)));
    }
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("quorate.db");
    let head = runtime.block_on(make(&database));
    println!("{head} events, {} minutes that were measured", PEOPLE * MINUTES);
    let this = std::env::current_exe().unwrap();
    let status = Command::new(this).env(DATABASE, &database).status().unwrap();
    assert!(status.success());
}
