//! SIGTERM: everyone is told to come back, what is under way is finished, and the process ends by itself.

use quorate_client::protocol::{ByeAction, Code};

use crate::support::raw::chat;
use crate::support::server::hello_as;
use crate::support::verify::{count, verify};
use crate::support::{Crowd, Home, Plan, Raw};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_under_load_loses_nothing() {
    let home = Home::unlimited();
    let mut server = home.start();
    let plan = Plan { seed: 7, meetings: 2, people: 8, commands: 60, deserters: false };
    let crowd = Crowd::gather(&home, plan).await;
    crowd.begin();
    crowd.when_answered(crowd.commands() / 3).await;
    server.signal("TERM");
    assert_eq!(server.ended(), Some(0));
    let server = home.start();
    let (records, snapshots) = crowd.finish().await;
    let journals = verify(&home, &records, &snapshots);
    for record in &records {
        assert_eq!(record.byes, [Code::Restarting]);
    }
    for rows in journals.values() {
        assert_eq!(count(rows, "meeting.recovered"), 1);
        let at = rows.iter().position(|row| row.action == "meeting.recovered").unwrap();
        let last_alive = rows[at].details["last_alive"].as_str().unwrap();
        assert!(*last_alive >= *rows[at - 1].at, "{last_alive} is before {}", rows[at - 1].at);
    }
    server.kill();
    home.assert_whole();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_frame_is_bye_restarting() {
    let home = Home::new();
    let mut server = home.start();
    let (token, meeting) = home.hosted_meeting().await;
    let hello = hello_as(&meeting, &token);
    let (mut ada, welcome) = Raw::enter(server.address(), &hello).await;
    ada.command(2, &chat("before", None)).await;
    ada.answer(2).await;
    server.signal("TERM");
    let (bye, code) = ada.end().await;
    let bye = bye.expect("bye");
    assert_eq!((bye.code, bye.action, code), (Code::Restarting, ByeAction::Resume, Some(4001)));
    assert_eq!(server.ended(), Some(0));
    // What was in the log beside the database is in the database.
    assert!(!home.data().join("quorate.db-wal").exists());
    let server = home.start();
    let (mut ada, _) = Raw::resume(server.address(), &hello, &welcome, ada.reached).await;
    ada.command(3, &chat("after", None)).await;
    ada.answer(3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_do_not_answer_keep_nobody_from_stopping() {
    let home = Home::new();
    let mut server = home.start();
    let (token, meeting) = home.hosted_meeting().await;
    let (_deaf, _) = Raw::enter(server.address(), &hello_as(&meeting, &token)).await;
    let _mute = Raw::connect(server.address()).await;
    server.signal("TERM");
    assert_eq!(server.ended(), Some(0));
}
