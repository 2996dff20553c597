//! For how long people were there, as another program reads it in the database: across `kill -9`, a stop, and
//! clocks that are set back.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use quorate_client::protocol::{
    Command, Empty, Hello, Leave, Meeting, ParticipantId, Timestamp, Welcome,
};
use rusqlite::{Connection, OpenFlags};

use crate::support::journal::{self, Row};
use crate::support::server::{hello_as, hello_guest};
use crate::support::verify::count;
use crate::support::{Home, Raw};

/// A gap up to here counts when it was resumed, in milliseconds.
const GAP_MS_MAX: i64 = 30_000;

/// Someone who asks for the time.
pub(crate) struct Voice {
    raw: Raw,
    hello: Hello,
    welcome: Welcome,
    last_id: i64,
}

impl Voice {
    pub(crate) async fn enter(home: &Home, hello: Hello) -> Voice {
        let (raw, welcome) = Raw::enter(home.address(), &hello).await;
        Voice { raw, hello, welcome, last_id: 1 }
    }

    pub(crate) async fn come_back(&mut self, home: &Home) {
        let reached = self.raw.reached;
        let back = Raw::resume(home.address(), &self.hello, &self.welcome, reached).await;
        (self.raw, self.welcome) = back;
    }

    pub(crate) async fn ask(&mut self, command: Command) -> serde_json::Value {
        self.last_id += 1;
        self.raw.command(self.last_id, &command).await;
        serde_json::from_str(&self.raw.answer(self.last_id).await).unwrap()
    }

    /// Asks for what may not be refused.
    pub(crate) async fn done(&mut self, command: Command) {
        let answer = self.ask(command).await;
        assert_eq!(answer["type"], "ok", "{answer}");
    }

    /// The meeting's clock.
    pub(crate) async fn time(&mut self) -> Timestamp {
        let pong = self.ask(Command::Ping(Empty {})).await;
        pong["data"]["time"].as_str().unwrap().parse().unwrap()
    }

    /// Asks until the meeting's clock is so far; each answer gives the server its turn.
    pub(crate) async fn until(&mut self, time: Timestamp) -> Timestamp {
        loop {
            let now = self.time().await;
            if now >= time {
                return now;
            }
        }
    }

    pub(crate) fn id(&self) -> ParticipantId {
        self.welcome.you.participant
    }
}

/// What another program reads of a meeting while it goes on.
pub(crate) struct Reader {
    pub(crate) connection: Connection,
    meeting: i64,
}

impl Reader {
    pub(crate) fn of(home: &Home, meeting: &Meeting) -> Reader {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
        let connection = Connection::open_with_flags(home.database(), flags).unwrap();
        Reader { connection, meeting: meeting.info.id.0 }
    }

    /// The column `total_time`, of those who have any.
    fn seconds(&self) -> BTreeMap<ParticipantId, i64> {
        let sql = "SELECT id, total_time FROM meeting_participants \
            WHERE meeting_id = ?1 AND total_time > 0";
        let mut statement = self.connection.prepare(sql).unwrap();
        let rows = statement
            .query_map([self.meeting], |row| Ok((ParticipantId(row.get(0)?), row.get(1)?)));
        rows.unwrap().map(Result::unwrap).collect()
    }

    fn last_alive(&self) -> Timestamp {
        let sql = "SELECT last_alive FROM meetings WHERE id = ?1";
        let at: String = self.connection.query_row(sql, [self.meeting], |row| row.get(0)).unwrap();
        at.parse().unwrap()
    }

    /// Waits for a checkpoint at this time or later.
    pub(crate) async fn written(&self, voice: &mut Voice, at: Timestamp) {
        while self.last_alive() < at {
            voice.time().await;
        }
    }
}

/// What a journal comes to: for how long each was there, in milliseconds, as of `now`.
fn reckoned(rows: &[Row], now: Timestamp) -> BTreeMap<ParticipantId, i64> {
    let time = |text: &str| text.parse::<Timestamp>().unwrap().0;
    let mut all = BTreeMap::new();
    // Since when someone is there, and since when they are cut off.
    let mut here: BTreeMap<ParticipantId, (i64, Option<i64>)> = BTreeMap::new();
    for row in rows {
        let at = time(&row.at);
        let whose = row.details["participant"].as_i64().map(ParticipantId);
        match (&*row.action, row.details["status"].as_str(), whose) {
            ("participant.joined", _, Some(whose)) => drop(here.insert(whose, (at, None))),
            ("participant.connection_changed", Some("present"), Some(whose)) => {
                let (since, cut) = here.get_mut(&whose).unwrap();
                if let Some(cut) = cut.take().filter(|cut| at - cut > GAP_MS_MAX) {
                    *all.entry(whose).or_insert(0) += cut - *since;
                    *since = at;
                }
            }
            ("participant.connection_changed", Some(_), Some(whose)) => {
                let (_, cut) = here.get_mut(&whose).unwrap();
                *cut = cut.or(Some(at));
            }
            ("meeting.recovered", ..) => {
                let last_alive = time(row.details["last_alive"].as_str().unwrap());
                here.values_mut().for_each(|(_, cut)| *cut = cut.or(Some(last_alive)));
            }
            ("participant.left", _, Some(whose)) => {
                let (since, cut) = here.remove(&whose).unwrap();
                *all.entry(whose).or_insert(0) += cut.unwrap_or(at) - since;
            }
            ("meeting.ended", ..) => {
                for (whose, (since, cut)) in std::mem::take(&mut here) {
                    *all.entry(whose).or_insert(0) += cut.unwrap_or(at) - since;
                }
            }
            _ => {}
        }
    }
    for (whose, (since, cut)) in here {
        *all.entry(whose).or_insert(0) += cut.unwrap_or(now.0) - since;
    }
    all
}

fn whole_seconds(reckoned: BTreeMap<ParticipantId, i64>) -> BTreeMap<ParticipantId, i64> {
    let seconds = reckoned.into_iter().map(|(whose, ms)| (whose, ms / 1000));
    seconds.filter(|(_, seconds)| *seconds > 0).collect()
}

/// Nothing of `before` is less in `after`.
fn assert_no_less(before: &BTreeMap<ParticipantId, i64>, after: &BTreeMap<ParticipantId, i64>) {
    for (whose, seconds) in before {
        assert!(after.get(whose).is_some_and(|now| now >= seconds), "{before:?}, now {after:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_in_a_row_take_no_finished_time_and_of_an_open_one_what_was_not_written() {
    let home = Home::unlimited().set("QUORATE_CHECKPOINT_SECONDS", 1);
    let mut server = home.start();
    let (token, meeting) = home.hosted_meeting().await;
    let mut ada = Voice::enter(&home, hello_as(&meeting, &token)).await;
    let mut ben = Voice::enter(&home, hello_guest(&meeting, "Ben")).await;
    let eve = Voice::enter(&home, hello_guest(&meeting, "Eve")).await;
    let began = ada.time().await;
    ada.until(began.plus_ms(1_100)).await;
    ben.ask(Command::Leave(Leave::default())).await;
    let reader = Reader::of(&home, &meeting);
    let finished = reader.seconds()[&ben.id()];
    assert!(finished >= 1);

    let mut before = reader.seconds();
    let mut eves = None;
    for kill in 1..=3 {
        let known = ada.time().await;
        reader.written(&mut ada, known).await;
        let written = reader.seconds();
        assert_no_less(&before, &written);
        let last = ada.time().await;
        server.kill();
        server = home.start();
        ada.come_back(&home).await;
        let rows = journal::read(&home.database(), meeting.info.id);
        assert_eq!(count(&rows, "meeting.recovered"), kill);
        let recovered = rows.iter().rfind(|row| row.action == "meeting.recovered").unwrap();
        let last_alive: Timestamp =
            recovered.details["last_alive"].as_str().unwrap().parse().unwrap();
        assert!(last_alive >= known, "{last_alive} is before the checkpoint, at {known} or later");
        // Of what was not written: an interval, and as long as a busy machine is late with it.
        assert!(last.ms_since(last_alive) < 30_000, "{last_alive} is long before {last}");
        assert!(recovered.at.parse::<Timestamp>().unwrap() >= last, "time went back");

        let back = ada.time().await;
        reader.written(&mut ada, back).await;
        before = reader.seconds();
        assert_no_less(&written, &before);
        let rows = journal::read(&home.database(), meeting.info.id);
        let reckoned = whole_seconds(reckoned(&rows, back));
        assert_eq!((before[&ben.id()], reckoned[&ben.id()]), (finished, finished));
        // She never came back: what she has is what was known of her at the first kill.
        assert_eq!(before[&eve.id()], reckoned[&eve.id()]);
        assert_eq!(before[&eve.id()], *eves.get_or_insert(before[&eve.id()]));
        assert!(before[&ada.id()] >= reckoned[&ada.id()], "{before:?} of {reckoned:?}");
    }
    ada.ask(Command::MeetingEnd(Empty {})).await;
    let rows = journal::read(&home.database(), meeting.info.id);
    assert_eq!(reader.seconds(), whole_seconds(reckoned(&rows, Timestamp(0))));
    let sql = "SELECT count(*) FROM meeting_participants WHERE engagement ->> 'version' = 1 \
        AND participation_score = engagement ->> 'score'";
    let scored: i64 = reader.connection.query_row(sql, [], |row| row.get(0)).unwrap();
    assert_eq!(scored, 3, "final scores, also of those who were gone");
    server.kill();
    home.assert_whole();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_writes_what_no_checkpoint_did() {
    let home = Home::unlimited().set("QUORATE_CHECKPOINT_SECONDS", 86_400);
    let mut server = home.start();
    let (token, meeting) = home.hosted_meeting().await;
    let mut ada = Voice::enter(&home, hello_as(&meeting, &token)).await;
    let began = ada.time().await;
    let last = ada.until(began.plus_ms(1_100)).await;
    assert_eq!(Reader::of(&home, &meeting).seconds(), BTreeMap::new());
    server.signal("TERM");
    assert_eq!(server.ended(), Some(0));
    let written = Reader::of(&home, &meeting).seconds()[&ada.id()];
    assert!(written >= last.ms_since(began).cast_signed() / 1000, "{written}");
}

/// A wall clock for the server that the test sets while it runs; its monotonic clock stays true.
struct WallClock(PathBuf);

impl WallClock {
    fn for_the_server(home: Home, folder: &Path) -> (WallClock, Home) {
        let file = folder.join("clock");
        let home = home
            .set("LD_PRELOAD", libfaketime().display())
            .set("FAKETIME_TIMESTAMP_FILE", file.display())
            .set("FAKETIME_NO_CACHE", 1)
            .set("FAKETIME_DONT_FAKE_MONOTONIC", 1)
            .set("NO_FAKE_STAT", 1);
        let clock = WallClock(file);
        clock.set("+0");
        (clock, home)
    }

    /// So far from the true time.
    fn set(&self, offset: &str) {
        // In one move: it is read at every question for the time.
        let fresh = self.0.with_extension("fresh");
        fs::write(&fresh, offset).unwrap();
        fs::rename(&fresh, &self.0).unwrap();
    }
}

/// The library of Debian's `faketime`.
fn libfaketime() -> PathBuf {
    let folders = fs::read_dir("/usr/lib").unwrap().map(|folder| folder.unwrap().path());
    let library = |folder: PathBuf| folder.join("faketime/libfaketimeMT.so.1");
    let found = folders.map(library).find(|library| library.exists());
    found.expect("libfaketime is not installed: run `tests/run`, or `apt-get install faketime`")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_set_back_an_hour_costs_nobody_time() {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::unlimited().set("QUORATE_CHECKPOINT_SECONDS", 1);
    let (clock, home) = WallClock::for_the_server(home, folder.path());
    let mut server = home.start();
    let (token, meeting) = home.hosted_meeting().await;
    let mut ada = Voice::enter(&home, hello_as(&meeting, &token)).await;
    let mut ben = Voice::enter(&home, hello_guest(&meeting, "Ben")).await;
    let reader = Reader::of(&home, &meeting);
    let began = ada.time().await;
    let watch = Instant::now();
    ada.until(began.plus_ms(1_100)).await;

    clock.set("-3600");
    // The server's clock is back, as a new meeting shows; this meeting's is not.
    let other = home.meeting(&token).await;
    let made: Timestamp = journal::read(&home.database(), other.info.id)[0].at.parse().unwrap();
    assert!(made < began.plus_ms(-3_000_000), "{made} is not an hour before");
    let on = ada.time().await;
    ada.until(on.plus_ms(1_100)).await;
    ben.ask(Command::Leave(Leave::default())).await;
    let true_ms = watch.elapsed().as_millis() as u64;
    let now = ada.time().await;
    assert!(now.ms_since(began) >= true_ms, "{now} is too early after {true_ms} ms");
    // So long that nothing of this is in the journal.
    let now = ada.until(now.plus_ms(4_000)).await;
    reader.written(&mut ada, now).await;
    let before = reader.seconds();
    assert!(before[&ada.id()] >= 6 && before[&ben.id()] >= 2, "{before:?}");

    // Killed and started again while the clock is back: time goes on where it was, at its pace.
    let last = ada.time().await;
    server.kill();
    server = home.start();
    ada.come_back(&home).await;
    let back = ada.time().await;
    let watch = Instant::now();
    assert!(back >= now, "{back} is before {now}, when the meeting was alive");
    ada.until(back.plus_ms(1_100)).await;
    let true_ms = watch.elapsed().as_millis() as u64;
    let later = ada.time().await;
    assert!(later.ms_since(back) + 1 >= true_ms, "{true_ms} ms were but {back} to {later}");
    reader.written(&mut ada, later).await;
    assert_no_less(&before, &reader.seconds());
    assert_eq!(reader.seconds()[&ben.id()], before[&ben.id()]);

    ada.ask(Command::MeetingEnd(Empty {})).await;
    let rows = journal::read(&home.database(), meeting.info.id);
    assert!(rows.is_sorted_by_key(|row| row.at.parse::<Timestamp>().unwrap()), "{rows:?}");
    assert_eq!(reader.seconds(), whole_seconds(reckoned(&rows, Timestamp(0))));
    let all = reader.seconds()[&ada.id()].cast_unsigned();
    assert!(all >= (last.ms_since(began) + true_ms) / 1000 - 1, "{all} s in all");
    server.kill();
    home.assert_whole();
}
