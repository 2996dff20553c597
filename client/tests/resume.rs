//! What the client does when its socket is lost: as plays between it and a server that follows a script.

#![allow(clippy::unwrap_used, reason = "a failing unwrap is a failing test")]

mod scripted;

use quorate_client::protocol::*;
use quorate_client::{Client, CommandError, ConnectError, Done, Notice, Notices};
use scripted::{Peer, Server, event, hello, resume, welcome, welcome_back};
use tokio::task::JoinHandle;

/// An answer to come.
type Answer = JoinHandle<Result<Done, CommandError>>;

fn chat(text: &str) -> Command {
    Command::ChatSend(ChatSend { text: text.to_owned(), to: None, reply_to: None })
}

/// Sends in the background, as an application with many things to do.
fn send_soon(client: &Client, command: Command) -> Answer {
    let client = client.clone();
    tokio::spawn(async move { client.send(command).await })
}

async fn expect_lost(notices: &mut Notices) {
    assert_eq!(notices.next().await, Some(Notice::Lost));
}

async fn expect_welcome(notices: &mut Notices) -> Box<Welcome> {
    match notices.next().await {
        Some(Notice::Welcome(welcome)) => welcome,
        other => panic!("expected a welcome, got {other:?}"),
    }
}

async fn expect_end(notices: &mut Notices, code: Code) {
    match notices.next().await {
        Some(Notice::Bye(bye)) => assert_eq!(bye.code, code),
        other => panic!("expected bye {code}, got {other:?}"),
    }
    assert_eq!(notices.next().await, None);
}

#[tokio::test]
async fn commands_are_numbered_from_2_and_answered_each_by_its_own() {
    let server = Server::start().await;
    let (client, _notices, mut peer) = server.welcomed(welcome(1, 40)).await;
    let first = send_soon(&client, chat("one"));
    assert_eq!(peer.command().await, (2, chat("one")));
    let second = send_soon(&client, chat("two"));
    assert_eq!(peer.command().await, (3, chat("two")));
    peer.refuse(3, ErrorBody::new(Code::Forbidden, "ask for it")).await;
    peer.ok(2, 41).await;
    assert_eq!(first.await.unwrap().unwrap().seq, Some(Seq(41)));
    let Err(CommandError::Refused(error)) = second.await.unwrap() else { panic!("not refused") };
    assert_eq!(error.code, Code::Forbidden);
}

#[tokio::test]
async fn a_refused_hello_is_an_error() {
    let server = Server::start().await;
    let refuse = async {
        let (mut peer, first) = server.accept().await;
        assert_eq!(first, hello());
        peer.refuse(1, ErrorBody::new(Code::NotFound, "no such meeting")).await;
        peer.close(4504).await;
    };
    let (connected, ()) = tokio::join!(Client::connect(server.options()), refuse);
    let Err(ConnectError::Refused(error)) = connected else { panic!("it is not refused") };
    assert_eq!(error.code, Code::NotFound);
}

#[tokio::test]
async fn it_resumes_after_the_last_seq_it_had() {
    let server = Server::start().await;
    let (_client, mut notices, mut peer) = server.welcomed(welcome(1, 40)).await;
    drop(peer);
    expect_lost(&mut notices).await;
    let hello_after;
    (peer, hello_after) = server.accept().await;
    assert_eq!(hello_after, Hello { resume: resume(1, 40), ..hello() }, "the snapshot's seq");

    // The head of a welcome that resumes is still to be reached.
    peer.welcome(welcome_back(1, 50)).await;
    assert!(expect_welcome(&mut notices).await.resumed);
    peer.events([41, 43], None).await;
    assert_eq!(notices.next().await, Some(Notice::Event(event(41))));
    assert_eq!(notices.next().await, Some(Notice::Event(event(43))));
    drop(peer);
    expect_lost(&mut notices).await;
    let (mut peer, hello_after) = server.accept().await;
    assert_eq!(hello_after.resume, resume(1, 43), "the last event's seq");

    peer.welcome(welcome_back(1, 50)).await;
    expect_welcome(&mut notices).await;
    peer.events([44], Some(50)).await;
    assert_eq!(notices.next().await, Some(Notice::Event(event(44))));
    assert_eq!(notices.next().await, Some(Notice::UpTo(Seq(50))));
    drop(peer);
    let (_, hello_after) = server.accept().await;
    assert_eq!(hello_after.resume, resume(1, 50), "up_to");
}

/// Two commands are sent, one is answered, the socket is lost with one more on its way.
async fn lose_two_unanswered(server: &Server) -> (Client, Notices, [Answer; 2]) {
    let (client, mut notices, mut peer) = server.welcomed(welcome(1, 40)).await;
    let answered = send_soon(&client, chat("answered"));
    assert_eq!(peer.command().await.0, 2);
    peer.ok(2, 41).await;
    answered.await.unwrap().unwrap();
    let one = send_soon(&client, chat("one"));
    assert_eq!(peer.command().await, (3, chat("one")));
    let two = send_soon(&client, chat("two"));
    assert_eq!(peer.command().await, (4, chat("two")));
    drop(peer);
    expect_lost(&mut notices).await;
    (client, notices, [one, two])
}

async fn expect_repeated(peer: &mut Peer) {
    assert_eq!(peer.command().await, (3, chat("one")));
    assert_eq!(peer.command().await, (4, chat("two")));
}

#[tokio::test]
async fn unanswered_commands_are_sent_again_with_their_ids_before_new_ones() {
    let server = Server::start().await;
    let (client, _notices, [one, two]) = lose_two_unanswered(&server).await;
    let three = send_soon(&client, chat("three"));
    let (mut peer, _) = server.accept().await;
    peer.welcome(welcome_back(1, 41)).await;
    expect_repeated(&mut peer).await;
    assert_eq!(peer.command().await, (5, chat("three")));
    for (answer, id) in [(one, 3), (two, 4), (three, 5)] {
        peer.ok(id, 40 + id.unsigned_abs()).await;
        assert_eq!(answer.await.unwrap().unwrap().seq, Some(Seq(40 + id.unsigned_abs())));
    }
}

#[tokio::test]
async fn a_fresh_snapshot_of_the_same_session_repeats_commands_too() {
    let server = Server::start().await;
    let (_client, mut notices, _answers) = lose_two_unanswered(&server).await;
    let (mut peer, _) = server.accept().await;
    peer.welcome(welcome(1, 90_000)).await;
    assert!(!expect_welcome(&mut notices).await.resumed, "the application is told");
    expect_repeated(&mut peer).await;
    drop(peer);
    let (_, hello_after) = server.accept().await;
    assert_eq!(hello_after.resume, resume(1, 90_000));
}

#[tokio::test]
async fn another_session_loses_unanswered_commands_and_numbers_anew() {
    let server = Server::start().await;
    let (client, mut notices, answers) = lose_two_unanswered(&server).await;
    let (mut peer, _) = server.accept().await;
    peer.welcome(welcome(2, 60)).await;
    assert_eq!(expect_welcome(&mut notices).await.session.id, welcome(2, 0).session.id);
    for answer in answers {
        assert_eq!(answer.await.unwrap(), Err(CommandError::SessionLost));
    }
    let _answer = send_soon(&client, chat("anew"));
    assert_eq!(peer.command().await, (2, chat("anew")));
}

#[tokio::test]
async fn a_session_that_is_no_more_is_followed_by_a_new_one() {
    let server = Server::start().await;
    let (_client, mut notices, answers) = lose_two_unanswered(&server).await;
    let (mut peer, hello_after) = server.accept().await;
    assert_eq!(hello_after.resume, resume(1, 40));
    let gone = ErrorBody { retryable: true, ..ErrorBody::new(Code::Unauthorized, "it ended") };
    peer.refuse(1, gone).await;
    peer.close(4501).await;
    let (mut peer, hello_after) = server.accept().await;
    assert_eq!(hello_after, hello(), "without resume");
    peer.welcome(welcome(2, 60)).await;
    assert_eq!(expect_welcome(&mut notices).await.seq, Seq(60));
    for answer in answers {
        assert_eq!(answer.await.unwrap(), Err(CommandError::SessionLost));
    }
}

#[tokio::test]
async fn it_comes_back_after_a_goodbye_that_says_so_and_after_refusals_that_may_pass() {
    let server = Server::start().await;
    let (_client, mut notices, peer) = server.welcomed(welcome(1, 40)).await;
    peer.bye(Code::Restarting).await;
    for code in [Code::Restarting, Code::Unavailable, Code::RateLimited] {
        let (mut peer, hello_after) = server.accept().await;
        assert_eq!(hello_after.resume, resume(1, 40));
        peer.refuse(1, ErrorBody::new(code, "later")).await;
    }
    let (mut peer, _) = server.accept().await;
    peer.welcome(welcome_back(1, 40)).await;
    assert_eq!(notices.next().await, Some(Notice::Bye(Bye::new(Code::Restarting))));
    expect_lost(&mut notices).await;
    assert!(expect_welcome(&mut notices).await.resumed);
}

#[tokio::test]
async fn it_ends_with_a_goodbye_that_is_for_good() {
    for code in [Code::Removed, Code::Banned, Code::Replaced, Code::MeetingEnded, Code::Left] {
        let server = Server::start().await;
        let (client, mut notices, mut peer) = server.welcomed(welcome(1, 40)).await;
        let answer = send_soon(&client, chat("too late"));
        peer.command().await;
        peer.bye(code).await;
        expect_end(&mut notices, code).await;
        assert_eq!(answer.await.unwrap(), Err(CommandError::Closed));
        assert_eq!(client.send(chat("even later")).await, Err(CommandError::Closed));
    }
}

#[tokio::test]
async fn a_close_code_without_goodbye_is_heeded() {
    for (close, code) in [(4503, Code::Removed), (4509, Code::Replaced)] {
        let server = Server::start().await;
        let (_client, mut notices, peer) = server.welcomed(welcome(1, 40)).await;
        peer.close(close).await;
        expect_end(&mut notices, code).await;
    }
    let server = Server::start().await;
    let (_client, mut notices, peer) = server.welcomed(welcome(1, 40)).await;
    peer.close(4002).await;
    expect_lost(&mut notices).await;
    assert_eq!(server.accept().await.1.resume, resume(1, 40));
}

#[tokio::test]
async fn a_refusal_for_good_on_coming_back_ends_it() {
    let server = Server::start().await;
    let (_client, mut notices, peer) = server.welcomed(welcome(1, 40)).await;
    drop(peer);
    let (mut peer, _) = server.accept().await;
    peer.refuse(1, ErrorBody::new(Code::Banned, "you are banned")).await;
    expect_lost(&mut notices).await;
    expect_end(&mut notices, Code::Banned).await;
}

#[tokio::test]
async fn it_rejoins_once_when_told_to() {
    let server = Server::start().await;
    let (_client, mut notices, peer) = server.welcomed(welcome(1, 40)).await;
    peer.bye(Code::Unauthorized).await;
    let (peer, hello_after) = server.accept().await;
    assert_eq!(hello_after, hello());
    peer.bye(Code::Unauthorized).await;
    expect_lost(&mut notices).await;
    expect_end(&mut notices, Code::Unauthorized).await;
}

#[tokio::test]
async fn a_frame_that_cannot_be_read_ends_the_connection_and_it_resumes() {
    let server = Server::start().await;
    let (_client, mut notices, mut peer) = server.welcomed(welcome(1, 40)).await;
    peer.raw(r#"{"type":"events","events":[{"seq":"what?"}]}"#).await;
    expect_lost(&mut notices).await;
    assert_eq!(server.accept().await.1.resume, resume(1, 40));
}

#[tokio::test]
async fn a_dropped_socket_closes_without_a_word_and_resumes() {
    let server = Server::start().await;
    let (client, mut notices, mut peer) = server.welcomed(welcome(1, 40)).await;
    client.drop_socket();
    expect_lost(&mut notices).await;
    assert_eq!(peer.text().await, None);
    assert_eq!(server.accept().await.1.resume, resume(1, 40));
}

#[tokio::test]
async fn a_new_standing_is_told_and_is_where_to_resume_from() {
    let server = Server::start().await;
    let waiting = Welcome { state: None, ..welcome(1, 40) };
    let (_client, mut notices, mut peer) = server.welcomed(waiting).await;
    peer.say(ServerFrame::Welcome(None, Box::new(welcome(1, 45)))).await;
    assert!(expect_welcome(&mut notices).await.state.is_some());
    drop(peer);
    assert_eq!(server.accept().await.1.resume, resume(1, 45));
}

#[tokio::test]
async fn closing_ends_everything() {
    let server = Server::start().await;
    let (client, mut notices, mut peer) = server.welcomed(welcome(1, 40)).await;
    let other = client.clone();
    let (text, ()) = tokio::join!(peer.text(), client.close());
    assert_eq!(text, None);
    assert_eq!(notices.next().await, None);
    assert_eq!(other.send(chat("too late")).await, Err(CommandError::Closed));
}

#[tokio::test]
async fn dropping_every_handle_ends_the_connection() {
    let server = Server::start().await;
    let (client, notices, mut peer) = server.welcomed(welcome(1, 40)).await;
    drop(client);
    drop(notices);
    assert_eq!(peer.text().await, None);
}

#[tokio::test]
async fn silence_for_three_heartbeats_is_a_lost_connection() {
    let server = Server::start().await;
    let (_client, mut notices, _peer) = server.welcomed(welcome(1, 40)).await;
    // Time that stands still jumps to the next timer when nothing else is to do.
    tokio::time::pause();
    expect_lost(&mut notices).await;
    tokio::time::resume();
    assert_eq!(server.accept().await.1.resume, resume(1, 40));
}

#[tokio::test]
async fn what_the_application_has_not_read_is_not_lost_with_the_socket() {
    let server = Server::start().await;
    let (client, mut notices, mut peer) = server.welcomed(welcome(1, 0)).await;
    // More frames than the queue takes, so the client stops reading.
    for seq in 1..=200 {
        peer.events([seq], None).await;
    }
    client.drop_socket();
    let mut read = 0;
    while let Some(Notice::Event(event)) = notices.next().await {
        read += 1;
        assert_eq!(event.seq, Seq(read));
    }
    assert_eq!(server.accept().await.1.resume, resume(1, read));
}
