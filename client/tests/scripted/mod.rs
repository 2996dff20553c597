//! A server that says what the test tells it to, over a real socket.

use std::net::SocketAddr;
use std::time::Duration;

use futures::{SinkExt, StreamExt};
use quorate_client::protocol::*;
use quorate_client::{Backoff, Client, Notice, Notices, Options};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::{WebSocketStream, accept_hdr_async};

/// Listens on a free port.
pub(crate) struct Server {
    listener: TcpListener,
    address: SocketAddr,
}

impl Server {
    pub(crate) async fn start() -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        Server { listener, address }
    }

    /// Options for a client of this server that does not wait long.
    pub(crate) fn options(&self) -> Options {
        let mut options = Options::new(format!("ws://{}/ws", self.address), hello());
        options.backoff =
            Backoff { first: Duration::from_millis(1), max: Duration::from_millis(4) };
        options
    }

    /// The next socket, and the hello that came over it.
    pub(crate) async fn accept(&self) -> (Peer, Hello) {
        let (stream, _) = self.listener.accept().await.unwrap();
        let mut peer = Peer(accept_hdr_async(stream, echo_subprotocol).await.unwrap());
        let text = peer.text().await.unwrap();
        let frame = ClientFrame::parse(&text).unwrap();
        assert_eq!((&*frame.r#type, frame.id()), ("hello", Some(1)));
        let hello = frame.hello().unwrap();
        (peer, hello)
    }

    /// A client that was welcomed with this, which it has told, and its socket.
    pub(crate) async fn welcomed(&self, welcome: Welcome) -> (Client, Notices, Peer) {
        let serve = async {
            let (mut peer, _) = self.accept().await;
            peer.welcome(welcome).await;
            peer
        };
        let (connected, peer) = tokio::join!(Client::connect(self.options()), serve);
        let (client, mut notices) = connected.unwrap();
        assert!(matches!(notices.next().await, Some(Notice::Welcome(_))));
        (client, notices, peer)
    }
}

#[allow(clippy::result_large_err, clippy::unnecessary_wraps, reason = "tungstenite's callback")]
fn echo_subprotocol(_: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
    let subprotocol = HeaderValue::from_static(SUBPROTOCOL);
    response.headers_mut().insert("sec-websocket-protocol", subprotocol);
    Ok(response)
}

/// The server's end of one socket.
pub(crate) struct Peer(WebSocketStream<TcpStream>);

impl Peer {
    /// The next text frame; none when the socket is gone.
    pub(crate) async fn text(&mut self) -> Option<String> {
        loop {
            match self.0.next().await? {
                Ok(Message::Text(text)) => return Some(text.to_string()),
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    /// The next command with its id.
    pub(crate) async fn command(&mut self) -> (i64, Command) {
        let text = self.text().await.expect("a command, not the end");
        let frame = ClientFrame::parse(&text).unwrap();
        (frame.id().unwrap(), Command::parse(&frame.r#type, frame.data()).unwrap())
    }

    pub(crate) async fn say(&mut self, frame: ServerFrame) {
        self.raw(&frame.to_text()).await;
    }

    pub(crate) async fn raw(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.unwrap();
    }

    pub(crate) async fn welcome(&mut self, welcome: Welcome) {
        self.say(ServerFrame::Welcome(Some(1), Box::new(welcome))).await;
    }

    pub(crate) async fn ok(&mut self, id: i64, seq: u64) {
        let data = "{}".into();
        self.say(ServerFrame::Ok(OkFrame { id, seq: Some(Seq(seq)), dry_run: false, data })).await;
    }

    pub(crate) async fn refuse(&mut self, id: i64, error: ErrorBody) {
        self.say(ServerFrame::Error(Some(id), error)).await;
    }

    /// Events of these numbers, the last with `up_to` if given.
    pub(crate) async fn events(&mut self, seqs: impl IntoIterator<Item = u64>, up_to: Option<u64>) {
        let events = seqs.into_iter().map(event).collect();
        self.say(ServerFrame::Events(EventsFrame { events, up_to: up_to.map(Seq) })).await;
    }

    /// Says goodbye and closes.
    pub(crate) async fn bye(mut self, code: Code) {
        self.say(ServerFrame::Bye(Bye::new(code))).await;
        self.close(CloseCode::of(code).0).await;
    }

    /// Closes without a goodbye.
    pub(crate) async fn close(mut self, code: u16) {
        let frame = CloseFrame { code: code.into(), reason: "".into() };
        self.0.close(Some(frame)).await.unwrap();
    }
}

pub(crate) fn hello() -> Hello {
    let guest = Guest { name: "Ben".to_owned(), device: "Zk3vQm8sT1xRw5yBn0cJdA".to_owned() };
    Hello {
        meeting: MeetingRef::Code("abc-defg-hij".to_owned()),
        token: None,
        guest: Some(guest),
        resume: None,
        passcode: None,
        client: None,
    }
}

/// The welcome of session number `session`, with a snapshot at this `seq`.
pub(crate) fn welcome(session: u8, seq: u64) -> Welcome {
    let text = include_str!("../../../protocol/golden/frame.welcome.json");
    let Ok(ServerFrame::Welcome(_, mut welcome)) = ServerFrame::parse(text) else {
        panic!("the golden file holds a welcome");
    };
    let id = format!("\"019ab1c2-3d4e-7f50-8a6b-7c8d9e0f1a{session:02x}\"");
    welcome.session.id = serde_json::from_str(&id).unwrap();
    welcome.session.token = format!("secret-{session}");
    welcome.seq = Seq(seq);
    welcome.state.as_mut().unwrap().seq = Seq(seq);
    *welcome
}

/// The welcome back to that session; the journal stands at `head`.
pub(crate) fn welcome_back(session: u8, head: u64) -> Welcome {
    Welcome { resumed: true, state: None, ..welcome(session, head) }
}

pub(crate) fn event(seq: u64) -> Event {
    let body = EventBody::HandRaised(ParticipantOnly { participant: ParticipantId(3) });
    Event {
        seq: Seq(seq),
        at: Timestamp(0),
        by: Some(ParticipantId(3)),
        name: None,
        role: None,
        via: None,
        body,
    }
}

/// What `hello` should say to resume that session after `seq`.
pub(crate) fn resume(session: u8, seq: u64) -> Option<Resume> {
    let SessionInfo { id, token, .. } = welcome(session, 0).session;
    Some(Resume { session: id, token, seq: Seq(seq) })
}
