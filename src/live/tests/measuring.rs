//! What is measured reaches the tables: every few seconds, with those who go, at the end, and after a crash.

use std::time::Duration;

use quorate_protocol::*;
use rusqlite::{Connection, OpenFlags};
use tokio::time::{advance, sleep};

use super::faults::House;
use super::stage::*;
use crate::live::Settings;
use crate::live::mail::Attached;
use crate::meeting::measures::Totals;
use crate::store::Store;

/// What another program reads.
fn read(store: &Store, sql: &str) -> String {
    let connection = Connection::open_with_flags(store.path(), OpenFlags::SQLITE_OPEN_READ_ONLY);
    connection.unwrap().query_row(sql, [], |row| row.get(0)).unwrap()
}

/// When the meeting was last alive.
fn alive(store: &Store) -> String {
    read(store, "SELECT last_alive FROM meetings WHERE id = 1")
}

/// The measured columns of a user, and whether they are there now.
fn row(store: &Store, user: i64) -> String {
    let sql = "SELECT total_time || 's ' || reactions || ' ' \
        || coalesce(CAST(participation_score AS INTEGER), '-') || ' ' \
        || iif(left_at IS NULL, 'in', 'out') || iif(engagement IS NULL, '', ' final') \
        FROM meeting_participants WHERE user_id = ";
    read(store, &format!("{sql}{user}"))
}

fn seconds(store: &Store, user: i64) -> u64 {
    row(store, user).split('s').next().unwrap().parse().unwrap()
}

async fn entered(stage: &mut Stage, id: i64) -> Attached {
    let mut answer = stage.enter(id);
    stage.commit().await;
    answered(&mut answer).unwrap().unwrap()
}

fn react() -> Command {
    Command::ReactionSend(ReactionSend { emoji: "👏".into() })
}

#[tokio::test(start_paused = true)]
async fn a_checkpoint_makes_the_columns_current_for_who_reads_them() {
    let mut stage = Stage::new(false).await;
    let ada = entered(&mut stage, OWNER).await;
    let _ben = entered(&mut stage, 2).await;
    assert_eq!(row(&stage.store, 2), "0s 0 - in");
    stage.ask(&ada, 2, react());
    advance(Duration::from_millis(7_900)).await;
    stage.running.checkpoint();
    stage.commit().await;
    assert_eq!(row(&stage.store, OWNER), "7s 1 63 in");
    assert_eq!(row(&stage.store, 2), "7s 0 58 in");
}

#[tokio::test(start_paused = true)]
async fn who_goes_takes_their_row_along_in_one_batch() {
    let mut stage = Stage::new(false).await;
    let _ada = entered(&mut stage, OWNER).await;
    let ben = entered(&mut stage, 2).await;
    let eve = entered(&mut stage, 3).await;
    advance(Duration::from_secs(61)).await;
    stage.ask(&ben, 2, Command::Leave(Leave::default()));
    drop(eve);
    tokio::task::yield_now().await;
    stage.lose_sockets();
    stage.end_step();
    assert_eq!(stage.running.in_flight, 1, "with what happened, not after it");
    stage.commit().await;
    assert_eq!(seconds(&stage.store, OWNER), 0, "not before the next checkpoint");
    assert!(row(&stage.store, 2).starts_with("61s 0 "), "{}", row(&stage.store, 2));
    assert!(row(&stage.store, 2).ends_with("out"));
    assert_eq!(seconds(&stage.store, 3), 61, "who is lost");
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_meeting_and_what_its_scores_are_made_of_are_one_batch() {
    let mut stage = Stage::new(false).await;
    let ada = entered(&mut stage, OWNER).await;
    let ben = entered(&mut stage, 2).await;
    advance(Duration::from_secs(30)).await;
    stage.ask(&ben, 2, Command::Leave(Leave::default()));
    stage.commit().await;
    advance(Duration::from_secs(30)).await;
    stage.ask(&ada, 2, Command::MeetingEnd(Empty {}));
    stage.end_step();
    assert_eq!(stage.running.in_flight, 1);
    stage.commit().await;
    for (user, time) in [(OWNER, 60), (2, 30)] {
        let row = row(&stage.store, user);
        assert!(row.starts_with(&format!("{time}s ")) && row.ends_with("out final"), "{row}");
    }
}

#[tokio::test(start_paused = true)]
async fn after_a_crash_scores_go_on_from_what_was_written() {
    let mut stage = Stage::new(false).await;
    let ada = entered(&mut stage, OWNER).await;
    let ben = entered(&mut stage, 2).await;
    stage.ask(&ada, 2, react());
    advance(Duration::from_secs(40)).await;
    stage.ask(&ben, 2, react());
    stage.ask(&ben, 3, Command::Leave(Leave::default()));
    stage.commit().await;
    advance(Duration::from_secs(4)).await;
    stage.running.checkpoint();
    stage.commit().await;
    advance(Duration::from_secs(3)).await;
    stage.restore().await;
    let facts = &stage.running.meeting.facts;
    let ids = [OWNER, 2].map(|user| facts.person_of(UserId(user)).unwrap().id);
    let reacted = Totals { talk_ms: 0, reactions: 1 };
    let measures = &stage.running.meeting.passing.measures;
    assert_eq!(measures.totals(), ids.map(|id| (id, reacted)).into());
    stage.running.checkpoint();
    stage.commit().await;
    assert!(row(&stage.store, OWNER).starts_with("44s 1 "), "{}", row(&stage.store, OWNER));
    assert!(row(&stage.store, 2).starts_with("40s 1 "), "{}", row(&stage.store, 2));
}

#[tokio::test(start_paused = true)]
async fn a_restart_with_the_clock_set_back_goes_on_from_the_last_sign_of_life_at_full_speed() {
    let mut stage = Stage::new(false).await;
    let ada = entered(&mut stage, OWNER).await;
    let session = ada.port.session;
    // The same as a clock that is set back an hour: what is written is an hour ahead of it.
    let alive = stage.running.clock.now().plus_seconds(3600);
    let ahead = format!("UPDATE meetings SET last_alive = '{alive}'");
    Connection::open(stage.store.path()).unwrap().execute_batch(&ahead).unwrap();
    stage.restore().await;
    let back = stage.running.clock.now();
    assert!(back >= alive);
    let recovered = stage.journal().await.pop().unwrap();
    assert!(recovered.at >= alive, "{recovered:?}");
    let head = stage.running.meeting.facts.head;
    let _ada = stage.resume(OWNER, session, head);
    stage.commit().await;
    advance(Duration::from_secs(10)).await;
    stage.running.checkpoint();
    stage.commit().await;
    assert_eq!(stage.running.clock.now().ms_since(back), 10_000);
    assert_eq!(seconds(&stage.store, OWNER), 3610);
}

#[tokio::test(start_paused = true)]
async fn who_comes_into_a_meeting_that_is_ahead_of_the_clock_is_measured_at_full_speed() {
    let mut stage = Stage::new(false).await;
    let ada = entered(&mut stage, OWNER).await;
    stage.ask(&ada, 2, Command::Leave(Leave::default()));
    stage.commit().await;
    // It rests, and meanwhile the clock is set back a minute.
    let alive = stage.running.clock.now().plus_seconds(60);
    let ahead = format!("UPDATE meetings SET last_alive = '{alive}'");
    Connection::open(stage.store.path()).unwrap().execute_batch(&ahead).unwrap();
    stage.restore().await;
    let _ben = entered(&mut stage, 2).await;
    let began = stage.running.clock.now();
    assert!(began >= alive);
    advance(Duration::from_secs(10)).await;
    stage.running.checkpoint();
    stage.commit().await;
    assert_eq!(stage.running.clock.now().ms_since(began), 10_000);
    assert_eq!(seconds(&stage.store, 2), 10);
}

#[tokio::test(start_paused = true)]
async fn a_running_meeting_writes_by_itself_and_an_empty_one_rests() {
    let house = House::new(Settings { retire_after_seconds: 86_400, ..settings() });
    let meeting = house.make(1).await;
    let began = tokio::time::Instant::now();
    let person = house.enter(meeting, OWNER).await.unwrap();
    // Time passes whenever nothing else is to be done.
    while seconds(&house.store, OWNER) < 60 {
        sleep(Duration::from_secs(1)).await;
        assert!(seconds(&house.store, OWNER) <= began.elapsed().as_secs());
    }
    assert!(person.attached.port.send(2, false, Command::Leave(Leave::default())).await);
    while !row(&house.store, OWNER).ends_with("out") {
        sleep(Duration::from_millis(1)).await;
    }
    let then = (alive(&house.store), row(&house.store, OWNER));
    sleep(Duration::from_secs(120)).await;
    // On a thread of its own, so that no time passes meanwhile.
    let store = house.store.clone();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    std::thread::spawn(move || runtime.block_on(store.writes())).join().unwrap().unwrap();
    assert!(house.live.is_live(meeting));
    assert_eq!((alive(&house.store), row(&house.store, OWNER)), then);
}
