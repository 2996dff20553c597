//! A database that refuses: one meeting's rows, a commit, or everyone for a while.

use quorate_client::protocol::{Code, Seq, ServerFrame};
use quorate_client::{Client, Options};
use rusqlite::Connection;

use crate::support::raw::chat;
use crate::support::server::{hello_as, hello_guest};
use crate::support::verify::{count, verify};
use crate::support::{Crowd, Home, Plan, Raw, journal, soon};

/// The event after which a meeting fails: in the middle of what the crowd does.
const HARM_AFTER: u64 = 150;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failing_batch_is_one_meetings_alone() {
    let home = Home::unlimited();
    let server = home.start();
    let plan = Plan { seed: 11, meetings: 2, people: 8, commands: 60, deserters: false };
    let crowd = Crowd::gather(&home, plan).await;
    let (harmed, spared) = (crowd.meetings[0].info.id, crowd.meetings[1].info.id);
    let database = journal::meddle(&home.database());
    let harm = format!(
        "CREATE TRIGGER harm BEFORE INSERT ON meeting_audit_logs \
         WHEN NEW.meeting_id = {harmed} AND NEW.seq > {HARM_AFTER} \
         BEGIN SELECT RAISE(ABORT, 'a test does harm'); END"
    );
    database.execute_batch(&harm).unwrap();
    crowd.begin();
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
    let plan = Plan { seed: 12, meetings: 3, people: 6, commands: 60, deserters: false };
    let crowd = Crowd::gather(&home, plan).await;
    let database = journal::meddle(&home.database());
    // The key that is not there is missed by COMMIT itself, after every batch went well.
    let harm = format!(
        "CREATE TABLE harm_parent (id INTEGER PRIMARY KEY);
        CREATE TABLE harm_child
            (id INTEGER REFERENCES harm_parent (id) DEFERRABLE INITIALLY DEFERRED);
        CREATE TRIGGER harm AFTER INSERT ON meeting_audit_logs WHEN NEW.seq > {HARM_AFTER}
            BEGIN INSERT INTO harm_child VALUES (1); END"
    );
    database.execute_batch(&harm).unwrap();
    crowd.begin();
    crowd.when("everyone told", |tally| tally.byes.iter().all(|byes| *byes >= plan.people)).await;
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

/// One that is rebuilt and fails over its first row would else be rebuilt as fast as the disk allows.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_meeting_that_cannot_write_is_set_aside_and_comes_back() {
    let home = Home::unlimited();
    let server = home.start();
    let (token, meeting) = home.hosted_meeting().await;
    let hello = hello_as(&meeting, &token);
    let (client, mut notices) =
        Client::connect(Options::new(home.socket_url(), hello)).await.unwrap();
    let listening = tokio::spawn(async move { while notices.next().await.is_some() {} });
    let database = journal::meddle(&home.database());
    let harm = "CREATE TRIGGER harm BEFORE INSERT ON meeting_audit_logs \
        BEGIN SELECT RAISE(ABORT, 'a test does harm'); END";
    database.execute_batch(harm).unwrap();
    let sending = tokio::spawn({
        let client = client.clone();
        async move { client.send(chat("patience", None)).await }
    });
    server.logs("set aside").await;
    assert!(server.logged("failed to commit") < 10, "it is rebuilt without a pause");
    undo(&database);
    let sent = soon("the answer", sending).await.unwrap();
    client.close().await;
    soon("the end", listening).await.unwrap();
    server.kill();
    let rows = journal::read(&home.database(), meeting.info.id);
    let texts = rows.iter().filter(|row| row.text() == "patience");
    assert!(texts.map(|row| row.seq).eq([sent.unwrap().seq.unwrap().0]));
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
