//! Connections that begin something and do not go on.

use std::net::SocketAddr;

use quorate_client::protocol::{Code, Meeting, ServerFrame};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::raw::chat;
use crate::support::server::{hello_as, hello_guest};
use crate::support::{Heard, Home, Raw, soon};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_a_request_is_not_waited_for() {
    let home = Home::new();
    let server = home.start();
    let half = "GET /ws HTTP/1.1\r\nHost: quorate\r\n";
    tokio::join!(closes_on(server.address(), half), closes_on(server.address(), ""));
}

/// That the server closes the connection of someone who says this and no more.
async fn closes_on(address: SocketAddr, text: &str) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A reset is an end too.
    let _ = soon("the end of the connection", stream.read_to_end(&mut answer)).await;
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_socket_without_hello_is_closed() {
    let home = Home::new().set("QUORATE_HELLO_SECONDS", 1);
    let server = home.start();
    let mut mute = Raw::connect(server.address()).await;
    let Heard::Frame(ServerFrame::Error(None, error), _) = mute.next().await else {
        panic!("no error")
    };
    assert_eq!(error.code, Code::HelloExpected);
    let (bye, code) = mute.end().await;
    assert_eq!((bye.map(|bye| bye.code), code), (Some(Code::ProtocolError), Some(4500)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_and_goes_leaves_no_file_open() {
    let home = Home::new();
    let server = home.start();
    let (token, meeting) = home.hosted_meeting().await;
    let (mut ada, _) = Raw::enter(server.address(), &hello_as(&meeting, &token)).await;
    // Connections to the database are opened on first need, each with its files.
    let readers = 3 * 3;
    come_and_go(server.address(), &meeting, 4).await;
    ada.command(2, &chat("first", None)).await;
    ada.answer(2).await;
    let before = server.open_files();
    come_and_go(server.address(), &meeting, 48).await;
    for id in 3.. {
        // Each turn gives the server the time of an answer.
        ada.command(id, &chat("again", None)).await;
        ada.answer(id).await;
        if server.open_files() <= before + readers {
            break;
        }
        assert!(id < 500, "{} files are open, {before} were", server.open_files());
    }
}

/// Some come in and drop their socket, some before hello, some before the upgrade.
async fn come_and_go(address: SocketAddr, meeting: &Meeting, times: usize) {
    for turn in 0..times {
        match turn % 4 {
            0 => drop(TcpStream::connect(address).await.unwrap()),
            1 => drop(Raw::connect(address).await),
            // The fourth session of the same device replaces the first.
            _ => drop(Raw::enter(address, &hello_guest(meeting, "Passer By")).await),
        }
    }
}
