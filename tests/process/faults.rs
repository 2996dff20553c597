//! A database that refuses: one meeting's rows, a commit, or everyone for a while.

use quorate_client::protocol::{Code, Seq, ServerFrame};
use rusqlite::Connection;

use crate::support::raw::chat;
use crate::support::server::{hello_as, hello_guest};
use crate::support::verify::{count, verify};
use crate::support::{Crowd, Home, Plan, Raw, journal};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failing_batch_is_one_meetings_alone() {
    let home = Home::unlimited();
    let server = home.start();
    let plan = Plan { seed: 11, meetings: 2, people: 8, commands: 100, deserters: false };
    let crowd = Crowd::gather(&home, plan).await;
    let (harmed, spared) = (crowd.meetings[0].info.id, crowd.meetings[1].info.id);
    crowd.begin();
    crowd.when_answered(crowd.commands() / 8).await;
    let database = journal::meddle(&home.database());
    let harm = format!(
        "CREATE TRIGGER harm BEFORE INSERT ON meeting_audit_logs WHEN NEW.meeting_id = {harmed} \
         BEGIN SELECT RAISE(ABORT, 'a test does harm'); END"
    );
    database.execute_batch(&harm).unwrap();
    crowd.when("all of one meeting told", |tally| tally.byes[0] >= plan.people).await;
    undo(&database);
    let (records, snapshots) = crowd.finish().await;
    let journals = verify(&home, &records, &snapshots);
    for record in &records {
        if record.meeting == harmed {
            assert!(!record.byes.is_empty(), "{} noticed nothing", record.participant);
            assert!(record.byes.iter().all(|code| *code == Code::Unavailable));
        } else {
            assert_eq!((&*record.byes, record.losses), (&[][..], 0), "the other meeting noticed");
        }
    }
    assert!(count(&journals[&harmed], "meeting.recovered") > 0);
    assert_eq!(count(&journals[&spared], "meeting.recovered"), 0);
    server.kill();
    home.assert_whole();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failing_commit_loses_and_invents_nothing() {
    let home = Home::unlimited();
    let server = home.start();
    let plan = Plan { seed: 12, meetings: 3, people: 6, commands: 100, deserters: false };
    let crowd = Crowd::gather(&home, plan).await;
    crowd.begin();
    crowd.when_answered(crowd.commands() / 8).await;
    let database = journal::meddle(&home.database());
    // The key that is not there is missed by COMMIT itself, after every batch went well.
    let harm = "CREATE TABLE harm_parent (id INTEGER PRIMARY KEY);
        CREATE TABLE harm_child
            (id INTEGER REFERENCES harm_parent (id) DEFERRABLE INITIALLY DEFERRED);
        CREATE TRIGGER harm AFTER INSERT ON meeting_audit_logs
            BEGIN INSERT INTO harm_child VALUES (1); END";
    database.execute_batch(harm).unwrap();
    crowd
        .when("everyone told", |tally| tally.byes.iter().all(|byes| *byes >= plan.people))
        .await;
    undo(&database);
    let (records, snapshots) = crowd.finish().await;
    let journals = verify(&home, &records, &snapshots);
    for record in &records {
        assert!(!record.byes.is_empty(), "{} noticed nothing", record.participant);
        assert!(record.byes.iter().all(|code| *code == Code::Unavailable));
    }
    assert!(journals.values().all(|rows| count(rows, "meeting.recovered") > 0));
    let rows: i64 =
        database.query_row("SELECT count(*) FROM harm_child", [], |row| row.get(0)).unwrap();
    assert_eq!(rows, 0, "it was not COMMIT that failed");
    server.kill();
    home.assert_whole();
}

fn undo(database: &Connection) {
    database.execute_batch("DROP TRIGGER harm").unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_another_holds_the_database_nothing_is_said_and_then_all_in_order() {
    let home = Home::unlimited();
    let server = home.start();
    let (token, meeting) = home.hosted_meeting().await;
    let (mut ada, _) = Raw::enter(server.address(), &hello_as(&meeting, &token)).await;
    let (mut ben, _) = Raw::enter(server.address(), &hello_guest(&meeting, "Ben")).await;
    ben.command(2, &chat("free", None)).await;
    ben.answer(2).await;
    ada.reach(ben.reached).await;

    let database = journal::meddle(&home.database());
    database.execute_batch("BEGIN IMMEDIATE").unwrap();
    for id in 3..13 {
        ada.command(id, &chat(format!("held {id}"), None)).await;
    }
    // The store has the batch, and has tried.
    server.logs("another process holds the database").await;
    let nothing = |frame: &ServerFrame| panic!("said while nothing is committed: {frame:?}");
    for _ in 0..8 {
        ada.ping(nothing).await;
        ben.ping(nothing).await;
    }
    database.execute_batch("COMMIT").unwrap();

    let mut seqs = Vec::new();
    for id in 3..13 {
        let Ok(ServerFrame::Ok(ok)) = ServerFrame::parse(&ada.answer(id).await) else {
            panic!("{id} was refused")
        };
        seqs.push(ok.seq.unwrap());
    }
    assert!(seqs.is_sorted());
    let last = *seqs.last().unwrap();
    ben.reach(last).await;
    let seen = ben.events.iter().filter(|event| event.seq > Seq(seqs[0].0 - 1));
    assert!(seen.map(|event| event.seq).eq(seqs.iter().copied()));
}
