//! What every scene needs: a server with its data, meetings, people who speak, and bare sockets.

use std::collections::VecDeque;
use std::fmt::Debug;
use std::net::SocketAddr;
use std::time::Duration;

use futures::{FutureExt, SinkExt, StreamExt};
use quorate::config::DurabilitySetting;
use quorate::identity::{Claims, ServerKey, TokenKind};
use quorate::live::clock;
use quorate::{Config, Server};
use quorate_client::protocol::*;
use quorate_client::{Backoff, Client, CommandError, ConnectError, Done, Notice, Notices, Options};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::task::{JoinHandle, unconstrained};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};
use tokio_util::sync::CancellationToken;

/// After how long a scene that hangs fails and says what it heard. No scene waits for it to pass.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server on a port of its own, with a data folder of its own. Gone with the scene.
pub(crate) struct Stage {
    pub(crate) address: SocketAddr,
    pub(crate) key: ServerKey,
    pub(crate) config: Config,
    /// The link by which to become its administrator, where there is none.
    pub(crate) setup_link: Option<String>,
    http: reqwest::Client,
    stop: CancellationToken,
    running: JoinHandle<()>,
    _data: TempDir,
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Stage {
    /// A server whose rates are in nobody's way.
    pub(crate) async fn set() -> Stage {
        Stage::with(|_| {}).await
    }

    /// The same, with other settings.
    pub(crate) async fn with(tweak: impl FnOnce(&mut Config)) -> Stage {
        let data = tempfile::tempdir().unwrap();
        let mut config = Config {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            data: data.path().to_owned(),
            // Nobody pulls the plug here.
            durability: DurabilitySetting::Normal,
            ..Config::default()
        };
        (config.limits.burst, config.limits.points_per_second) = (100_000, 100_000);
        tweak(&mut config);
        let server = Server::new(&config).await.unwrap();
        let (address, stop) = (server.address(), server.stop_token());
        let setup_link = server.setup_link().await.unwrap();
        let running = tokio::spawn(server.run());
        let key = ServerKey::load(data.path()).unwrap();
        let http = reqwest::Client::new();
        Stage { address, key, config, setup_link, http, stop, running, _data: data }
    }

    /// Stops the server and starts it again, on its data and another port.
    pub(crate) async fn restart(&mut self) {
        self.stop.cancel();
        let stopped = std::mem::replace(&mut self.running, tokio::spawn(async {}));
        timeout(PATIENCE, stopped).await.expect("it stops").unwrap();
        let server = Server::new(&self.config).await.unwrap();
        (self.address, self.stop) = (server.address(), server.stop_token());
        self.setup_link = server.setup_link().await.unwrap();
        self.running = tokio::spawn(server.run());
    }

    /// A token for the member of that name.
    pub(crate) fn token(&self, name: &str) -> String {
        let claims = Claims::new(name.to_lowercase(), Some(name.to_owned()), 1, clock::wall());
        self.key.sign(&claims)
    }

    /// A token for the member of that name, with the verified email address of that name.
    pub(crate) fn token_with_email(&self, name: &str, email: &str) -> String {
        let claims = Claims::new(name.to_lowercase(), Some(name.to_owned()), 1, clock::wall());
        let email = Some(format!("{email}@example.org"));
        self.key.sign(&Claims { email, email_verified: true, ..claims })
    }

    /// A token for the bot of that name, with these scopes.
    pub(crate) fn bot_token(
        &self,
        name: &str,
        scopes: &[Permission],
        change: impl FnOnce(&mut Claims),
    ) -> String {
        let mut claims = Claims::new(name.to_lowercase(), Some(name.to_owned()), 1, clock::wall());
        claims.kind = TokenKind::Bot;
        claims.scopes = Some(scopes.iter().copied().collect());
        change(&mut claims);
        self.key.sign(&claims)
    }

    /// The same, but expired a moment ago: it still passes at the door, where clocks may differ a little.
    pub(crate) fn expired_token(&self, name: &str) -> String {
        let now = clock::wall();
        let claims = Claims::new(name.to_lowercase(), Some(name.to_owned()), 0, now);
        self.key.sign(&Claims { exp: now.0 / 1000 - 1, ..claims })
    }

    /// A request to the REST interface; whoever's token it is.
    pub(crate) fn request(
        &self,
        method: reqwest::Method,
        path: &str,
        token: Option<&str>,
    ) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("http://{}{path}", self.address));
        match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// A meeting hosted by the member of that name; `body` beside the title.
    pub(crate) async fn meeting(&self, host: &str, mut body: Value) -> Meeting {
        body["title"] = json!("Quarterly review");
        let token = self.token(host);
        let request = self.request(reqwest::Method::POST, "/api/meetings", Some(&token));
        let response = request.json(&body).send().await.unwrap();
        assert_eq!(response.status(), 201, "{:?}", response.text().await);
        response.json().await.unwrap()
    }

    /// The member of that name comes, and is welcomed: joined or waiting.
    pub(crate) async fn join(&self, meeting: &Meeting, name: &str) -> Person {
        self.try_join(meeting, name).await.unwrap()
    }

    /// A guest of that name comes, and is welcomed: joined or waiting.
    pub(crate) async fn join_guest(&self, meeting: &Meeting, name: &str) -> Person {
        self.enter(hello_guest(meeting, name)).await.unwrap()
    }

    /// The member of that name comes, or is refused.
    pub(crate) async fn try_join(
        &self,
        meeting: &Meeting,
        name: &str,
    ) -> Result<Person, ConnectError> {
        self.enter(self.hello(meeting, name)).await
    }

    /// The member of that name comes, and is refused.
    pub(crate) async fn turned_back(&self, meeting: &Meeting, name: &str) -> ErrorBody {
        self.turned_back_with(self.hello(meeting, name)).await
    }

    /// Whoever says this comes, and is refused.
    pub(crate) async fn turned_back_with(&self, hello: Hello) -> ErrorBody {
        match self.enter(hello).await {
            Err(ConnectError::Refused(error)) => error,
            Err(other) => panic!("not refused: {other:?}"),
            Ok(person) => panic!("came in: {:?}", person.welcome.you),
        }
    }

    pub(crate) async fn enter(&self, hello: Hello) -> Result<Person, ConnectError> {
        let mut options = Options::new(format!("ws://{}/ws", self.address), hello);
        options.backoff =
            Backoff { first: Duration::from_millis(1), max: Duration::from_millis(8) };
        let (client, mut notices) = Client::connect(options).await?;
        let Some(Notice::Welcome(welcome)) = notices.next().await else {
            panic!("the first notice is the welcome");
        };
        Ok(Person { client, notices, heard: VecDeque::new(), welcome })
    }

    /// What the member of that name says first.
    pub(crate) fn hello(&self, meeting: &Meeting, name: &str) -> Hello {
        Hello { token: Some(self.token(name)), ..hello_nobody(meeting) }
    }

    /// A socket over which nothing was said yet.
    pub(crate) async fn socket(&self) -> Socket {
        self.socket_with(&[("sec-websocket-protocol", SUBPROTOCOL)]).await.unwrap()
    }

    /// The same with these headers, or the status with which it was refused.
    pub(crate) async fn socket_with(
        &self,
        headers: &[(&'static str, &str)],
    ) -> Result<Socket, u16> {
        let mut request = format!("ws://{}/ws", self.address).into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, HeaderValue::from_str(value).unwrap());
        }
        let stream = TcpStream::connect(self.address).await.unwrap();
        match client_async(request, stream).await {
            Ok((socket, _)) => Ok(Socket { socket, next_id: 2 }),
            Err(Error::Http(response)) => Err(response.status().as_u16()),
            Err(other) => panic!("the handshake failed: {other}"),
        }
    }

    /// A socket over which this was said first, and what came back.
    pub(crate) async fn knock(&self, hello: &Hello) -> (Socket, Value) {
        let mut socket = self.socket().await;
        socket.say(&ClientFrame::hello_text(hello)).await;
        let answer = socket.hear().await;
        (socket, answer)
    }

    /// A bare socket of the member of that name, and the welcome as JSON.
    pub(crate) async fn knock_as(&self, meeting: &Meeting, name: &str) -> (Socket, Value) {
        let (socket, welcome) = self.knock(&self.hello(meeting, name)).await;
        assert_eq!(welcome["type"], "welcome", "{welcome}");
        (socket, welcome)
    }

    /// Comes back with the session of this welcome, which had heard everything up to `seq`.
    pub(crate) async fn resume(
        &self,
        meeting: &Meeting,
        welcome: &Value,
        seq: u64,
    ) -> (Socket, Value) {
        self.resume_with(meeting, welcome, seq, None).await
    }

    /// The same with a token beside it.
    pub(crate) async fn resume_with(
        &self,
        meeting: &Meeting,
        welcome: &Value,
        seq: u64,
        token: Option<String>,
    ) -> (Socket, Value) {
        let session = &welcome["data"]["session"];
        let resume = json!({ "session": session["id"], "token": session["token"], "seq": seq });
        let resume = Some(serde_json::from_value(resume).unwrap());
        self.knock(&Hello { resume, token, ..hello_nobody(meeting) }).await
    }

    /// The first column of the first row that the database answers to this.
    pub(crate) fn sql<T: rusqlite::types::FromSql>(&self, query: &str) -> T {
        let database = rusqlite::Connection::open(self.config.database()).unwrap();
        database.query_row(query, [], |row| row.get(0)).unwrap()
    }
}

/// What the holder of a token says first.
pub(crate) fn hello_with(meeting: &Meeting, token: String) -> Hello {
    Hello { token: Some(token), ..hello_nobody(meeting) }
}

fn hello_nobody(meeting: &Meeting) -> Hello {
    let meeting = MeetingRef::Code(meeting.info.code.clone());
    Hello { meeting, token: None, guest: None, resume: None, passcode: None, client: None }
}

/// What the guest of that name says first.
pub(crate) fn hello_guest(meeting: &Meeting, name: &str) -> Hello {
    Hello { guest: Some(guest(name)), ..hello_nobody(meeting) }
}

/// The guest of that name, always with the same device.
pub(crate) fn guest(name: &str) -> Guest {
    Guest { name: name.to_owned(), device: format!("{name}_0123456789abcdefghij") }
}

/// Someone who speaks through the client, and remembers what they heard.
pub(crate) struct Person {
    pub(crate) client: Client,
    notices: Notices,
    heard: VecDeque<Notice>,
    /// The last welcome.
    pub(crate) welcome: Box<Welcome>,
}

impl Person {
    pub(crate) fn id(&self) -> ParticipantId {
        self.welcome.you.participant
    }

    pub(crate) fn user(&self) -> UserId {
        self.welcome.you.user
    }

    pub(crate) fn status(&self) -> Standing {
        self.welcome.you.status
    }

    pub(crate) fn state(&self) -> &Snapshot {
        self.welcome.state.as_ref().expect("a snapshot")
    }

    /// Says something; it is carried out.
    pub(crate) async fn send(&mut self, command: Command) -> Done {
        let told = format!("{command:?}");
        self.try_send(command).await.unwrap_or_else(|no| panic!("{told}: {no}"))
    }

    /// Asks something; the answer's data.
    pub(crate) async fn ask<T: DeserializeOwned>(&mut self, command: Command) -> T {
        self.send(command).await.data().unwrap()
    }

    /// Says something; it is refused.
    pub(crate) async fn refused(&mut self, command: Command) -> ErrorBody {
        let told = format!("{command:?}");
        match self.try_send(command).await {
            Err(CommandError::Refused(error)) => error,
            other => panic!("{told} was not refused: {other:?}"),
        }
    }

    pub(crate) async fn try_send(&mut self, command: Command) -> Result<Done, CommandError> {
        let client = self.client.clone();
        let mut answer = std::pin::pin!(timeout(PATIENCE, client.send(command)));
        loop {
            tokio::select! {
                biased;
                answer = &mut answer => return answer.expect("no answer came"),
                Some(notice) = self.notices.next() => self.heard.push_back(notice),
            }
        }
    }

    /// Waits for an event, whatever comes before it.
    pub(crate) async fn expect(&mut self, mut which: impl FnMut(&EventBody) -> bool) -> Event {
        self.find("event", |notice| match notice {
            Notice::Event(event) if which(&event.body) => Some(event.clone()),
            _ => None,
        })
        .await
    }

    /// Waits for a signal, whatever comes before it.
    pub(crate) async fn expect_signal<T>(
        &mut self,
        mut which: impl FnMut(&SignalBody) -> Option<T>,
    ) -> T {
        self.find("signal", |notice| match notice {
            Notice::Signal(signal) => which(signal),
            _ => None,
        })
        .await
    }

    /// Waits for another welcome.
    pub(crate) async fn expect_welcome(&mut self) -> &Welcome {
        self.welcome = self
            .find("welcome", |notice| match notice {
                Notice::Welcome(welcome) => Some(welcome.clone()),
                _ => None,
            })
            .await;
        &self.welcome
    }

    /// Waits for the goodbye.
    pub(crate) async fn expect_bye(&mut self) -> Bye {
        self.find("bye", |notice| match notice {
            Notice::Bye(bye) => Some(bye.clone()),
            _ => None,
        })
        .await
    }

    /// Waits for the first notice of which this makes something; the others stay to be found.
    async fn find<T>(&mut self, what: &str, mut pick: impl FnMut(&Notice) -> Option<T>) -> T {
        let mut looked_at = 0;
        loop {
            while let Some(notice) = self.heard.get(looked_at) {
                if let Some(found) = pick(notice) {
                    self.heard.remove(looked_at);
                    return found;
                }
                looked_at += 1;
            }
            match timeout(PATIENCE, self.notices.next()).await {
                Ok(Some(notice)) => self.heard.push_back(notice),
                Ok(None) => panic!("no such {what}, and it is over; heard: {:#?}", self.heard),
                Err(_) => panic!("no such {what} came; heard: {:#?}", self.heard),
            }
        }
    }

    /// All that was heard and not yet expected, up to now: a reply comes after what was before it.
    pub(crate) async fn heard(&mut self) -> Vec<Notice> {
        self.send(Command::Ping(Empty {})).await;
        while let Some(Some(notice)) = unconstrained(self.notices.next()).now_or_never() {
            self.heard.push_back(notice);
        }
        self.heard.drain(..).collect()
    }

    /// The events among what was heard.
    pub(crate) async fn news(&mut self) -> Vec<Event> {
        let heard = self.heard().await.into_iter();
        let event = |notice| if let Notice::Event(event) = notice { Some(event) } else { None };
        heard.filter_map(event).collect()
    }

    /// The types of the events among what was heard.
    pub(crate) async fn kinds(&mut self) -> Vec<String> {
        self.news().await.iter().map(|event| event.body.kind().to_owned()).collect()
    }
}

/// A bare socket, to say over it what no client would.
pub(crate) struct Socket {
    pub(crate) socket: WebSocketStream<TcpStream>,
    next_id: i64,
}

impl Socket {
    /// Says a text as it is.
    pub(crate) async fn say(&mut self, text: &str) {
        self.push(Message::text(text)).await;
    }

    pub(crate) async fn push(&mut self, message: Message) {
        // The server may have closed already; what it said is to be heard.
        let _ = self.socket.send(message).await;
    }

    /// The id of the next command.
    pub(crate) fn id(&mut self) -> i64 {
        self.next_id += 1;
        self.next_id - 1
    }

    /// Says a command, and waits for its answer.
    pub(crate) async fn ask(&mut self, command: &Command) -> Value {
        let id = self.id();
        self.say(&ClientFrame::command(id, command)).await;
        self.answer(json!(id)).await
    }

    /// The answer with this id, whatever comes before it.
    pub(crate) async fn answer(&mut self, id: Value) -> Value {
        loop {
            let frame = self.hear().await;
            let answers = matches!(frame["type"].as_str(), Some("ok" | "error" | "bye"));
            assert_ne!(frame["type"], "bye", "{frame}");
            if answers && frame["id"] == id {
                return frame;
            }
        }
    }

    /// The next frame.
    pub(crate) async fn hear(&mut self) -> Value {
        match self.next().await {
            Ok(frame) => frame,
            Err(code) => panic!("closed with {code}"),
        }
    }

    /// What is still said, and the close code.
    pub(crate) async fn ending(&mut self) -> (Vec<Value>, u16) {
        let mut said = Vec::new();
        loop {
            match self.next().await {
                Ok(frame) => said.push(frame),
                Err(code) => return (said, code),
            }
        }
    }

    /// The next frame, or the close code.
    async fn next(&mut self) -> Result<Value, u16> {
        loop {
            let message = timeout(PATIENCE, self.socket.next()).await.expect("nothing came");
            match message {
                Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(Some(frame)))) => return Err(frame.code.into()),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("neither a frame nor a close: {other:?}"),
            }
        }
    }
}

/// A message to all.
pub(crate) fn chat(text: impl Into<String>) -> Command {
    Command::ChatSend(ChatSend { text: text.into(), to: None, reply_to: None })
}

/// Lets one in.
pub(crate) fn admit(participant: ParticipantId) -> Command {
    Command::ParticipantAdmit(Admit { participant: Some(participant), ..Admit::default() })
}

/// Gives a role.
pub(crate) fn assign(participant: ParticipantId, role: Role) -> Command {
    Command::RoleAssign(RoleAssign { participant, role })
}

/// A person, and why.
pub(crate) fn because(participant: ParticipantId, reason: &str) -> PersonReason {
    PersonReason { participant, reason: Some(reason.to_owned()) }
}

/// Compares without regard to order.
pub(crate) fn same<T: Ord + Debug>(mut left: Vec<T>, mut right: Vec<T>) {
    left.sort();
    right.sort();
    assert_eq!(left, right);
}
