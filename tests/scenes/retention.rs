//! For how long what is personal is kept: a meeting of long ago on a server that was told only now.

use std::ops::RangeInclusive;

use quorate::live::clock;
use quorate::meeting::event::{Event, MeetingCreated};
use quorate::meeting::{Enter, Input, Meeting as Rules, Passcode, Terms};
use quorate::store::audit::{Verdict, verify};
use quorate::store::{Batch, Durability, Store, UserRow};
use quorate_client::protocol::*;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::stage::{Stage, chat};

const DAY_MS: i64 = 86_400_000;
const OLD: MeetingId = MeetingId(1);
const RECENT: MeetingId = MeetingId(2);

/// A meeting as it was played so long ago: Zelda hosts, Quimby is in, and both say something.
struct Play {
    rules: Rules,
    events: Vec<Event>,
    now: Timestamp,
}

impl Play {
    fn new(meeting: MeetingId, days_ago: i64) -> Play {
        let mut play = Play::made(meeting, days_ago, |_| {});
        let host = play.enter(meeting, 1, "Zelda");
        let guest = play.enter(meeting, 2, "Quimby");
        play.ask(guest, chat("vermouth, please"));
        let (comment, tags) = (Some("a grandmother's meeting".to_owned()), Vec::new());
        play.ask(guest, Command::FeedbackSubmit(FeedbackSubmit { rating: 4, comment, tags }));
        let text = "pistachios for all".to_owned();
        play.ask(host, Command::SummaryPublish(SummaryPublish { text }));
        let rooms = vec![RoomAsked { name: "Marzipan".into(), participants: Vec::new() }];
        let mode = BreakoutMode::Manual;
        play.ask(host, Command::BreakoutPrepare(BreakoutPrepare { rooms, mode, minutes: None }));
        play.now = play.now.plus_seconds(600);
        play.ask(host, Command::MeetingEnd(Empty {}));
        play
    }

    /// It was made so long ago, and nobody has come.
    fn made(meeting: MeetingId, days_ago: i64, change: impl FnOnce(&mut MeetingCreated)) -> Play {
        let now = clock::wall().plus_ms(-days_ago * DAY_MS);
        let mut play = Play { rules: Rules::new(Terms::default()), events: Vec::new(), now };
        let mut created =
            MeetingCreated::new(meeting, format!("abc-defg-hi{meeting}"), "Weekly", UserId(1));
        change(&mut created);
        let invitee = Some("quimby@example.org".to_owned());
        let invitees = vec![InviteeAdd { email: invitee, ..InviteeAdd::default() }];
        let owner_name = "Zelda".to_owned();
        play.take(Input::Create { created: Box::new(created), owner_name, invitees });
        play
    }

    fn take(&mut self, input: Input) {
        let decision = self.rules.decide(self.now, &input).unwrap();
        self.rules.carried(self.now, &decision);
        for draft in decision.events {
            let event = draft.at(self.rules.facts.head.next(), self.now);
            self.rules.apply(&event);
            self.events.push(event);
        }
        while self.rules.next_deadline().is_some_and(|at| at <= self.now) {
            self.take(Input::Deadline);
        }
    }

    fn enter(&mut self, meeting: MeetingId, user: i64, name: &str) -> SessionId {
        let number = meeting.0 * 10 + user;
        let session: SessionId =
            serde_json::from_value(json!(format!("00000000-0000-7000-8000-0000000000{number}")))
                .unwrap();
        self.take(Input::Enter(Enter {
            user: UserId(user),
            kind: UserKind::Member,
            name: name.to_owned(),
            email: Some(format!("{}@example.org", name.to_lowercase())),
            bot: None,
            passcode: Passcode::Missing,
            participant: ParticipantId(number),
            session,
        }));
        session
    }

    fn ask(&mut self, session: SessionId, command: Command) {
        self.take(Input::Command { session, command });
    }

    async fn write(self, store: &Store) {
        let meeting = self.rules.facts.info.id;
        let (generation, expected_head) = store.begin(meeting).await.unwrap();
        let (done, mut committed) = mpsc::unbounded_channel();
        let user = |id: i64| UserRow {
            id: UserId(id),
            username: format!("user-{id}"),
            name: format!("Member {id}"),
            email: None,
            kind: UserKind::Member,
        };
        store.append(Batch {
            meeting,
            generation,
            expected_head,
            events: self.events,
            users: vec![user(1), user(2)],
            passcode: None,
            offspring: Vec::new(),
            measured: None,
            kept: Vec::new(),
            ballots: None,
            next_deadline: None,
            last_alive: None,
            done,
        });
        committed.recv().await.unwrap().result.unwrap();
    }
}

/// A database with these old meetings and a recent one, and with what was measured of them; and with their
/// digests, where they were `summed_up`.
fn write_database(config: &quorate::Config, old: RangeInclusive<i64>, summed_up: bool) {
    let path = config.database();
    let written = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let store = Store::open(&path, Durability::Normal).unwrap();
            for meeting in old {
                Play::new(MeetingId(meeting), 100).write(&store).await;
            }
            Play::new(RECENT, 10).write(&store).await;
            store.close().await;
        });
        let database = rusqlite::Connection::open(path).unwrap();
        database
            .execute_batch(
                "UPDATE meeting_participants SET total_time = 600, talk_ms = 5, reactions = 2, \
                 connection_quality = '{}', participation_score = 50, engagement = '{}'; \
                 INSERT INTO meeting_minutes (meeting_id, participant_id, at, talk_ms) \
                 SELECT meeting_id, id, first_joined_at, 5 FROM meeting_participants; \
                 INSERT INTO meeting_ballots (meeting_id, voter, rating) \
                 SELECT id, x'00', 3 FROM meetings; \
                 INSERT INTO meeting_ballot_keys (meeting_id, key) SELECT id, x'00' FROM meetings;",
            )
            .unwrap();
        if summed_up {
            let sql = r#"UPDATE meeting_digests SET made = changes, digest = '{"kept":true}'"#;
            database.execute(sql, []).unwrap();
        }
    });
    written.join().unwrap();
}

/// Waits until the server has come to so many.
async fn forgotten(stage: &Stage, meetings: i64) {
    let query = "SELECT count(*) FROM meeting_audit_logs WHERE action = 'retention.applied'";
    let until = tokio::time::Instant::now() + std::time::Duration::from_secs(30);
    while stage.sql::<i64>(query) < meetings {
        assert!(tokio::time::Instant::now() < until, "nothing was forgotten");
        let path = format!("/api/meetings/{OLD}/audit");
        stage.ask(Method::GET, &path, &stage.admin(), Value::Null).await;
    }
}

fn holds(stage: &Stage, text: &str) -> bool {
    let database = stage.config.database();
    let log = database.with_extension("db-wal");
    let files = [std::fs::read(database).unwrap(), std::fs::read(log).unwrap_or_default()];
    files.iter().any(|bytes| bytes.windows(text.len()).any(|it| it == text.as_bytes()))
}

#[tokio::test]
async fn what_was_said_and_measured_long_ago_goes_and_the_structure_stays() {
    let mut stage = Stage::with(|config| {
        config.privacy.retention_days = Some(30);
        write_database(config, OLD.0..=OLD.0, true);
    })
    .await;
    forgotten(&stage, 1).await;
    let root = stage.admin();
    let count = |table: &str, meeting: MeetingId| -> i64 {
        stage.sql(&format!("SELECT count(*) FROM {table} WHERE meeting_id = {meeting}"))
    };
    for table in ["minutes", "ballots", "ballot_keys"] {
        let table = format!("meeting_{table}");
        assert_eq!((count(&table, OLD), count(&table, RECENT) > 0), (0, true), "{table}");
    }
    let kept = "SELECT group_concat(digest) FROM meeting_digests WHERE frozen AND meeting_id = 1";
    assert_eq!(stage.sql::<String>(kept), r#"{"kept":true}"#, "what it was like in short stays");
    let measured = "SELECT count(*) FROM meeting_participants WHERE meeting_id = 1 AND \
        (talk_ms > 0 OR reactions > 0 OR connection_quality IS NOT NULL OR feedback IS NOT NULL \
        OR participation_score IS NOT NULL OR engagement IS NOT NULL)";
    assert_eq!(stage.sql::<i64>(measured), 0);
    let there = "SELECT count(*) FROM meeting_participants WHERE total_time = 600 \
        AND first_joined_at IS NOT NULL AND left_at IS NOT NULL";
    assert_eq!(stage.sql::<i64>(there), 4, "when they were there stays");
    let personal = "SELECT count(*) FROM meeting_audit_logs WHERE personal IS NOT NULL \
        AND meeting_id = ";
    assert_eq!(stage.sql::<i64>(&format!("{personal}{OLD}")), 0);
    assert!(stage.sql::<i64>(&format!("{personal}{RECENT}")) > 5);
    assert!(matches!(
        verify(&stage.config.database(), None, &[], |_, _| ()).unwrap(),
        Verdict::Whole { .. }
    ));
    // It says so, to those who may read of it; and what it was is not told from memory either.
    let (path, old) = (format!("/api/meetings/{OLD}/audit?limit=200"), "vermouth");
    let told = stage.ask(Method::GET, &path, &root, Value::Null).await.body;
    let last = told["items"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(
        (&last["action"], &last["details"]),
        (&json!("retention.applied"), &json!({ "days": 30 }))
    );
    assert!(!told.to_string().contains(old));
    let path = format!("/api/meetings/{OLD}/feedback");
    let feedback = stage.ask(Method::GET, &path, &root, Value::Null).await.body;
    assert_eq!((&feedback["raters"], &feedback["open"]), (&json!(0), &json!(false)));

    // Once is enough, and the other's turn comes by itself.
    let due = |meeting: MeetingId| {
        format!("SELECT coalesce(next_deadline, '') FROM meetings WHERE id = {meeting}")
    };
    stage.restart().await;
    let path = format!("/api/meetings/{OLD}/feedback");
    assert_eq!(stage.ask(Method::GET, &path, &root, Value::Null).await.status, 200);
    let applied = "SELECT count(*) FROM meeting_audit_logs WHERE action = 'retention.applied'";
    assert_eq!(stage.sql::<i64>(applied), 1);
    assert_eq!(stage.sql::<String>(&due(OLD)), "");
    let ended: String = stage.sql("SELECT ended_at FROM meetings WHERE id = 2");
    let ended: Timestamp = ended.parse().unwrap();
    let expected = ended.plus_ms(30 * DAY_MS).to_string();
    assert_eq!(stage.sql::<String>(&due(RECENT)), expected);

    // It stays whatever comes after.
    let path = format!("/api/meetings/{OLD}/summary");
    let late = stage.ask(Method::PUT, &path, &root, json!({ "text": "a late one" })).await;
    assert_eq!(late.status, 200, "{late:?}");
    assert_eq!(stage.sql::<String>(kept), r#"{"kept":true}"#);

    // Nothing of it is left in the file once the other is gone too.
    stage.config.privacy.retention_days = Some(5);
    stage.restart().await;
    while stage.sql::<i64>(applied) < 2 {
        let path = format!("/api/meetings/{RECENT}/feedback");
        stage.ask(Method::GET, &path, &root, Value::Null).await;
    }
    stage.restart().await;
    for text in ["Zelda", "Quimby", "quimby", "vermouth", "grandmother", "pistachios", "Marzipan"] {
        assert!(!holds(&stage, text), "`{text}` is still in the files");
    }
    assert!(holds(&stage, "Member 2") && holds(&stage, "Weekly"));
}

#[tokio::test]
async fn meetings_are_summed_up_before_what_they_were_like_is_forgotten() {
    let stage = Stage::with(|config| {
        config.privacy.retention_days = Some(30);
        // The recent one is the second.
        write_database(config, 3..=9, false);
    })
    .await;
    forgotten(&stage, 7).await;
    // Quimby rated each under their name, and someone by a ballot.
    let kept = "SELECT count(*) FROM meeting_digests WHERE frozen AND digest ->> 'raters' = 2";
    assert_eq!(stage.sql::<i64>(kept), 7);
}

#[tokio::test]
async fn everyone_is_told_what_is_measured_and_kept() {
    let stage = Stage::with(|config| config.privacy.retention_days = Some(30)).await;
    let privacy = json!({ "talk_time": false, "retention_days": 90 });
    let meeting = stage.meeting("Ada", json!({ "settings": { "privacy": privacy } })).await;
    let ada = stage.join(&meeting, "Ada").await;
    let told = &ada.welcome.privacy;
    assert_eq!((told.talk_time, told.names_in_reports), (false, true));
    assert_eq!(told.retention_days, Some(30));
    use MeasuredKind::{ConnectionQuality, Engagement, Presence};
    assert_eq!(told.measured, [Presence, ConnectionQuality, Engagement]);
}

#[tokio::test]
async fn what_nobody_came_to_goes_too() {
    let stage = Stage::with(|config| {
        config.privacy.retention_days = Some(30);
        let path = config.database();
        let write = async move {
            let store = Store::open(&path, Durability::Normal).unwrap();
            let planned = Play::made(OLD, 100, |created| {
                created.starts_at = Some(clock::wall().plus_ms(-50 * DAY_MS));
            });
            planned.write(&store).await;
            store.close().await;
        };
        let runtime = || tokio::runtime::Builder::new_current_thread().build().unwrap();
        std::thread::spawn(move || runtime().block_on(write)).join().unwrap();
    })
    .await;
    forgotten(&stage, 1).await;
    let addresses = "SELECT count(*) FROM meeting_invitees WHERE email IS NOT NULL";
    assert_eq!(stage.sql::<i64>(addresses), 0);
    assert_eq!(stage.sql::<String>("SELECT status FROM meetings"), "scheduled");
}

#[tokio::test]
async fn an_occurrence_that_nobody_opens_knows_when_it_is_over() {
    let stage = Stage::set().await;
    let hour = 3_600_000;
    let start = Timestamp(clock::wall().0 / hour * hour + 24 * hour);
    let series = stage
        .meeting(
            "Ada",
            json!({
                "type": "recurring", "starts_at": start, "ends_at": start.plus_ms(hour),
                "time_zone": "UTC", "recurrence": { "pattern": "daily", "count": 2 },
                "settings": { "privacy": { "retention_days": 5 } },
            }),
        )
        .await;
    let id = series.info.id;
    let made = format!("SELECT count(*) FROM meetings WHERE parent_meeting_id = {id}");
    let path = format!("/api/meetings/{id}");
    while stage.sql::<i64>(&made) < 2 {
        stage.ask(Method::GET, &path, &stage.token("Ada"), Value::Null).await;
    }
    let over = |day: i64| start.plus_ms(hour + (day + 5) * DAY_MS).to_string();
    let due = format!(
        "SELECT group_concat(next_deadline) FROM (SELECT next_deadline FROM meetings \
         WHERE parent_meeting_id = {id} ORDER BY start_time)"
    );
    assert_eq!(stage.sql::<String>(&due), format!("{},{}", over(0), over(1)));
    let of_series = format!("SELECT next_deadline FROM meetings WHERE id = {id}");
    assert_eq!(stage.sql::<String>(&of_series), over(1));
}
