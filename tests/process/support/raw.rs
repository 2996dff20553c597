//! A socket without a client behind it: what is said and heard is seen frame by frame.

use std::net::SocketAddr;

use futures::{SinkExt, StreamExt};
use quorate_client::protocol::{
    Bye, ChatSend, ChatTo, ClientFrame, Command, Event, Hello, Resume, SUBPROTOCOL, Seq,
    ServerFrame, Welcome,
};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;

use super::soon;

/// Something that came.
#[allow(clippy::large_enum_variant, reason = "made one at a time, and matched at once")]
#[derive(Debug)]
pub(crate) enum Heard {
    /// A frame, and its text.
    Frame(ServerFrame, String),
    Pong,
    /// The socket was closed, with this code if any.
    Closed(Option<u16>),
}

/// A raw socket, and the facts it brought.
pub(crate) struct Raw {
    socket: WebSocketStream<TcpStream>,
    pub(crate) events: Vec<Event>,
    /// The last `seq` or `up_to`.
    pub(crate) reached: Seq,
}

impl Raw {
    pub(crate) async fn connect(address: SocketAddr) -> Raw {
        Raw::open(address, TcpSocket::new_v4().unwrap()).await
    }

    /// With a receive buffer as small as the system allows.
    pub(crate) async fn connect_narrow(address: SocketAddr) -> Raw {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(1024).unwrap();
        Raw::open(address, socket).await
    }

    async fn open(address: SocketAddr, socket: TcpSocket) -> Raw {
        let stream = soon("a TCP connection", socket.connect(address)).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let mut request = format!("ws://{address}/ws").into_client_request().unwrap();
        let protocol = HeaderValue::from_static(SUBPROTOCOL);
        request.headers_mut().insert("sec-websocket-protocol", protocol);
        let shake = tokio_tungstenite::client_async(request, stream);
        let (socket, _) = soon("a WebSocket", shake).await.unwrap();
        Raw { socket, events: Vec::new(), reached: Seq(0) }
    }

    /// Says hello, and is welcomed.
    pub(crate) async fn hello(&mut self, hello: &Hello) -> Welcome {
        self.say(&ClientFrame::hello_text(hello)).await;
        match self.next().await {
            Heard::Frame(ServerFrame::Welcome(Some(1), welcome), _) => {
                if !welcome.resumed {
                    self.reached = welcome.state.as_ref().map_or(welcome.seq, |state| state.seq);
                }
                *welcome
            }
            other => panic!("no welcome but {other:?}"),
        }
    }

    /// A new socket, welcomed.
    pub(crate) async fn enter(address: SocketAddr, hello: &Hello) -> (Raw, Welcome) {
        let mut raw = Raw::connect(address).await;
        let welcome = raw.hello(hello).await;
        (raw, welcome)
    }

    /// A new socket that goes on with this session after `seq`.
    pub(crate) async fn resume(
        address: SocketAddr,
        hello: &Hello,
        welcome: &Welcome,
        seq: Seq,
    ) -> (Raw, Welcome) {
        let resume =
            Resume { session: welcome.session.id, token: welcome.session.token.clone(), seq };
        let hello = Hello { resume: Some(resume), ..hello.clone() };
        let (mut raw, again) = Raw::enter(address, &hello).await;
        assert!(again.resumed, "not resumed");
        assert_eq!(again.session.id, welcome.session.id);
        raw.reached = seq;
        (raw, again)
    }

    pub(crate) async fn say(&mut self, text: &str) {
        soon("room to write", self.socket.send(Message::text(text))).await.unwrap();
    }

    /// Sends a command, without waiting.
    pub(crate) async fn command(&mut self, id: i64, command: &Command) {
        self.say(&ClientFrame::command(id, command)).await;
    }

    /// The next thing that comes.
    pub(crate) async fn next(&mut self) -> Heard {
        loop {
            match soon("something to read", self.socket.next()).await {
                Some(Ok(Message::Text(text))) => {
                    let frame = ServerFrame::parse(&text).unwrap();
                    if let ServerFrame::Events(frame) = &frame {
                        self.note(frame);
                    }
                    return Heard::Frame(frame, text.to_string());
                }
                Some(Ok(Message::Pong(_))) => return Heard::Pong,
                Some(Ok(Message::Close(frame))) => {
                    return Heard::Closed(frame.map(|frame| frame.code.into()));
                }
                Some(Ok(Message::Ping(_))) => {}
                Some(Ok(other)) => panic!("no frame of ours: {other:?}"),
                Some(Err(_)) | None => return Heard::Closed(None),
            }
        }
    }

    fn note(&mut self, frame: &quorate_client::protocol::EventsFrame) {
        for event in &frame.events {
            assert!(event.seq > self.reached, "{} again, or out of order", event.seq);
            self.reached = event.seq;
        }
        self.events.extend(frame.events.iter().cloned());
        self.reached = self.reached.max(frame.up_to.unwrap_or_default());
    }

    /// Reads until the answer to this command: its text.
    pub(crate) async fn answer(&mut self, id: i64) -> String {
        loop {
            match self.next().await {
                Heard::Frame(ServerFrame::Ok(ok), text) if ok.id == id => return text,
                Heard::Frame(ServerFrame::Error(Some(of), _), text) if of == id => return text,
                Heard::Closed(code) => panic!("closed ({code:?}) before the answer to {id}"),
                _ => {}
            }
        }
    }

    /// Reads until all up to `seq` has come.
    pub(crate) async fn reach(&mut self, seq: Seq) {
        while self.reached < seq {
            if let Heard::Closed(code) = self.next().await {
                panic!("closed ({code:?}) before event {seq}");
            }
        }
    }

    /// Reads to the end: the `bye`, if it was the last frame, and the close code.
    pub(crate) async fn end(&mut self) -> (Option<Bye>, Option<u16>) {
        let mut last = None;
        loop {
            match self.next().await {
                Heard::Frame(ServerFrame::Bye(bye), _) => last = Some(bye),
                Heard::Frame(..) => last = None,
                Heard::Pong => {}
                Heard::Closed(code) => return (last, code),
            }
        }
    }

    /// A ping of the WebSocket's own, and its pong. What comes before it must pass `check`.
    pub(crate) async fn ping(&mut self, check: impl Fn(&ServerFrame)) {
        soon("room to write", self.socket.send(Message::Ping(Default::default()))).await.unwrap();
        loop {
            match self.next().await {
                Heard::Pong => return,
                Heard::Frame(frame, _) => check(&frame),
                Heard::Closed(code) => panic!("closed ({code:?}) instead of a pong"),
            }
        }
    }
}

/// A message to all, or to someone.
pub(crate) fn chat(text: impl Into<String>, to: Option<ChatTo>) -> Command {
    Command::ChatSend(ChatSend { text: text.into(), to, reply_to: None })
}
