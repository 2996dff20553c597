//! Anonymous feedback across `kill -9`: one ballot and one event for each, whoever says it again.

use quorate_client::protocol::{Command, FeedbackMode, FeedbackSubmit, Policy};

use crate::support::server::hello_as;
use crate::support::verify::count;
use crate::support::{Home, Raw, journal};

fn rate(rating: u8) -> Command {
    Command::FeedbackSubmit(FeedbackSubmit { rating, comment: None, tags: Vec::new() })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_changes_their_mind_after_a_kill_is_counted_once() {
    let home = Home::new();
    let mut server = home.start();
    let (token, meeting) = home.hosted_meeting().await;
    let hello = hello_as(&meeting, &token);
    let (mut ada, mut welcome) = Raw::enter(server.address(), &hello).await;
    let policy = Policy { feedback: Some(FeedbackMode::Anonymous), ..Policy::default() };
    ada.command(2, &Command::MeetingPolicy(Box::new(policy))).await;
    ada.answer(2).await;
    let ben = hello_as(&meeting, &home.token("ben"));
    let mut expected = Vec::new();
    for round in 0..4_u8 {
        // What was acknowledged is there after the kill; a change too, which no event tells of.
        ada.command(3 + i64::from(round), &rate(1 + round)).await;
        assert!(ada.answer(3 + i64::from(round)).await.contains(r#""type":"ok""#));
        expected = vec![1 + round];
        if round == 2 {
            let (mut ben, _) = Raw::enter(server.address(), &ben).await;
            ben.command(2, &rate(5)).await;
            assert!(ben.answer(2).await.contains(r#""type":"ok""#));
        }
        if round >= 2 {
            expected.push(5);
        }
        server.kill();
        assert_eq!(ratings(&home), expected, "round {round}");
        server = home.start();
        (ada, welcome) = Raw::resume(server.address(), &hello, &welcome, ada.reached).await;
    }
    server.kill();
    let rows = journal::read(&home.database(), meeting.info.id);
    assert_eq!(count(&rows, "feedback.submitted"), 2);
    assert_eq!(ratings(&home), expected);
    home.assert_whole();
}

/// What the ballots say, lowest first.
fn ratings(home: &Home) -> Vec<u8> {
    let database = journal::meddle(&home.database());
    let mut rows = database.prepare("SELECT rating FROM meeting_ballots ORDER BY rating").unwrap();
    rows.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
}
