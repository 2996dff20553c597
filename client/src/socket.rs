//! One WebSocket: opened with `hello`, then frames both ways, then gone.

use futures::{SinkExt, StreamExt};
use quorate_protocol::{
    Bye, ByeAction, ClientFrame, CloseCode, Code, Hello, SERVER_FRAME_BYTES_MAX, SUBPROTOCOL,
    ServerFrame, Welcome,
};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

use crate::{ConnectError, Options};

/// Bytes of the read and of the write buffer: small, for thousands of clients in one process.
const BUFFER_BYTES: usize = 4096;
/// Bytes that wait to be written at most: a few of the largest frames.
const WRITE_BYTES_MAX: usize = 256 * 1024;

/// One WebSocket to a server that has welcomed.
#[derive(Debug)]
pub(crate) struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

/// Why nothing comes from a socket any more.
#[derive(Debug)]
pub(crate) enum Gone {
    /// It broke, or ended without a reason that forbids to come back.
    Lost,
    /// What came is not on Quorate's wire.
    Malformed(String),
    /// It was closed with a code of Quorate's, and no `bye` came before.
    Closed(Bye),
}

impl Socket {
    /// Connects, says this hello, and waits for the welcome.
    pub(crate) async fn open(
        options: &Options,
        hello: &Hello,
    ) -> Result<(Socket, Box<Welcome>), ConnectError> {
        let opening = Box::pin(async {
            let mut socket = Socket::connect(&options.url).await?;
            let welcome = socket.say_hello(hello).await?;
            Ok((socket, welcome))
        });
        timeout(options.connect_timeout, opening).await.map_err(|_| ConnectError::TimedOut)?
    }

    async fn connect(url: &str) -> Result<Socket, ConnectError> {
        let mut request = url.into_client_request()?;
        let subprotocol = HeaderValue::from_static(SUBPROTOCOL);
        request.headers_mut().insert("sec-websocket-protocol", subprotocol);
        let config = WebSocketConfig::default()
            .read_buffer_size(BUFFER_BYTES)
            .write_buffer_size(BUFFER_BYTES)
            .max_write_buffer_size(WRITE_BYTES_MAX)
            .max_message_size(Some(SERVER_FRAME_BYTES_MAX))
            .max_frame_size(Some(SERVER_FRAME_BYTES_MAX));
        let (stream, _) = connect_async_with_config(request, Some(config), true).await?;
        Ok(Socket(stream))
    }

    async fn say_hello(&mut self, hello: &Hello) -> Result<Box<Welcome>, ConnectError> {
        self.feed(&ClientFrame::hello_text(hello)).await?;
        self.flush().await?;
        loop {
            match self.next().await {
                Ok(None) => {}
                Ok(Some(ServerFrame::Welcome(Some(1), welcome))) => return Ok(welcome),
                Ok(Some(ServerFrame::Error(_, error))) => return Err(ConnectError::Refused(error)),
                Ok(Some(ServerFrame::Bye(bye))) | Err(Gone::Closed(bye)) => {
                    return Err(ConnectError::Closed(bye));
                }
                Ok(Some(frame)) => return Err(ConnectError::Malformed(frame.to_text())),
                Err(Gone::Malformed(why)) => return Err(ConnectError::Malformed(why)),
                Err(Gone::Lost) => return Err(tungstenite::Error::ConnectionClosed.into()),
            }
        }
    }

    /// What comes next; none for what is no frame of ours, as a ping (which is answered). Cancel safe.
    pub(crate) async fn next(&mut self) -> Result<Option<ServerFrame>, Gone> {
        match self.0.next().await {
            Some(Ok(Message::Text(text))) => match ServerFrame::parse(&text) {
                Ok(frame) => Ok(Some(frame)),
                Err(malformed) => Err(Gone::Malformed(malformed.0)),
            },
            Some(Ok(Message::Close(frame))) => Err(closed(frame)),
            Some(Ok(Message::Binary(_))) => Err(Gone::Malformed("a binary frame".to_owned())),
            Some(Ok(_)) => Ok(None),
            Some(Err(_)) | None => Err(Gone::Lost),
        }
    }

    /// Puts a frame into the write buffer.
    pub(crate) async fn feed(&mut self, text: &str) -> Result<(), tungstenite::Error> {
        self.0.feed(Message::text(text)).await
    }

    /// Writes out what is in the write buffer.
    pub(crate) async fn flush(&mut self) -> Result<(), tungstenite::Error> {
        self.0.flush().await
    }

    /// Says that one goes away.
    pub(crate) async fn close(mut self) {
        // The other side may be gone already, which is as well.
        let _ = self.0.close(None).await;
    }
}

/// What a close frame says where no `bye` came before.
fn closed(frame: Option<CloseFrame>) -> Gone {
    let code = frame.map_or(0, |frame| frame.code.into());
    let why = match code {
        4501 => Code::Unauthorized,
        4503 => Code::Removed,
        4504 => Code::NotFound,
        4509 => Code::Replaced,
        4510 => Code::MeetingEnded,
        4511 => Code::Invalid,
        4513 => Code::TooLarge,
        4500..=4999 => Code::ProtocolError,
        _ => return Gone::Lost,
    };
    let action: ByeAction = CloseCode(code).action();
    Gone::Closed(Bye { action, ..Bye::new(why) })
}
