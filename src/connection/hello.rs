//! The first frame: which meeting, and who.

use futures::StreamExt;
use quorate_protocol::{
    ClientFrame, Code, ErrorBody, Hello, MeetingId, MeetingRef, ParseError, UserId,
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Error, Message, error::CapacityError};

use super::goodbye::Goodbye;
use super::{Door, GONE};
use crate::identity::{Caller, unavailable};
use crate::live::{Attached, EnterAs, ResumeAs};
use crate::meeting::Passcode;

/// Waits for `hello` and carries it out.
pub(super) async fn wait<S>(
    socket: &mut WebSocketStream<S>,
    door: &Door,
) -> Result<Attached, Goodbye>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let first = timeout(door.manners.hello, first_message(socket)).await;
    let Ok(message) = first else {
        return Err(expected("say hello within a few seconds"));
    };
    let hello = parse(message?)?;
    door.admit(hello).await.map_err(|error| Goodbye::refused(Some(1), error))
}

/// The first message that is not of the WebSocket's own.
async fn first_message<S>(socket: &mut WebSocketStream<S>) -> Result<Message, Goodbye>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    loop {
        match socket.next().await {
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
            Some(Ok(message)) => return Ok(message),
            Some(Err(error)) => return Err(broken(&error)),
            None => return Err(GONE),
        }
    }
}

fn parse(message: Message) -> Result<Hello, Goodbye> {
    let text = match message {
        Message::Text(text) => text,
        Message::Close(_) => return Err(GONE),
        _ => return Err(protocol_error("frames are text, one JSON object each")),
    };
    let frame = ClientFrame::parse(text.as_str())
        .map_err(|malformed| Goodbye::error(None, bad_json(&malformed.0), Code::ProtocolError))?;
    if frame.r#type != "hello" {
        return Err(expected("the first frame must be hello"));
    }
    if frame.id() != Some(1) {
        let error = ErrorBody::new(Code::Invalid, "the id of hello is 1").field("id");
        return Err(Goodbye::refused(None, error));
    }
    if frame.dry_run {
        let error = ErrorBody::new(Code::Invalid, "hello cannot be tried").field("dry_run");
        return Err(Goodbye::error(Some(1), error, Code::Invalid));
    }
    frame.hello().map_err(|error| Goodbye::refused(Some(1), invalid(error)))
}

fn expected(message: &str) -> Goodbye {
    Goodbye::error(None, ErrorBody::new(Code::HelloExpected, message), Code::ProtocolError)
}

/// The socket was not used as agreed.
pub(super) fn protocol_error(message: &str) -> Goodbye {
    Goodbye::error(None, ErrorBody::new(Code::BadJson, message), Code::ProtocolError)
}

/// The frame is not JSON of the envelope's shape.
pub(super) fn bad_json(why: &str) -> ErrorBody {
    let shape = r#"a frame is {"type":"…","id":2,"data":{…}}"#;
    ErrorBody::new(Code::BadJson, format!("{shape}; this one is not: {why}"))
}

/// The data does not fit its type.
pub(super) fn invalid(error: ParseError) -> ErrorBody {
    match error {
        ParseError::UnknownType => {
            let message = "there is no command of that type; see `type` in the protocol";
            ErrorBody::new(Code::UnknownCommand, message)
        }
        ParseError::Invalid { field, message } => {
            let error = ErrorBody::new(Code::Invalid, message);
            if field.is_empty() { error.field("data") } else { error.field(field) }
        }
    }
}

/// What an error of the WebSocket layer is answered with.
pub(super) fn broken(error: &Error) -> Goodbye {
    match error {
        Error::Capacity(CapacityError::MessageTooLong { max_size, .. }) => {
            let message = "the frame is too large; send less at once";
            let error = ErrorBody {
                limit: Some(*max_size as u64),
                ..ErrorBody::new(Code::TooLarge, message)
            };
            Goodbye::error(None, error, Code::TooLarge)
        }
        Error::Protocol(_) | Error::Utf8(_) | Error::Capacity(_) => {
            protocol_error("the WebSocket protocol was not kept")
        }
        _ => GONE,
    }
}

impl Door {
    async fn admit(&self, hello: Hello) -> Result<Attached, ErrorBody> {
        let ids = self.live.ids();
        let meeting = self.meeting(&hello.meeting).await?;
        if let Some(resume) = &hello.resume {
            let token = hello.token.as_deref();
            let resumed = match self.identity.resume(ids, meeting, resume, token).await {
                Ok(credential) => {
                    let (session, seq) = (resume.session, resume.seq);
                    self.live.resume(meeting, ResumeAs { session, seq, credential }).await
                }
                Err(error) => Err(error),
            };
            let anew = hello.token.is_some() || hello.guest.is_some();
            match resumed {
                // That session is no more: they come in anew, with what they show beside it.
                Err(error) if error.code == Code::Unauthorized && anew => {}
                answer => return answer,
            }
        }
        let caller = match (&hello.token, &hello.guest) {
            (Some(token), None) => self.identity.bearer(ids, token).await?,
            (None, Some(guest)) => self.identity.guest(ids, guest).await?,
            (Some(_), Some(_)) => {
                let error = ErrorBody::new(Code::Invalid, "send a token or a guest, not both");
                return Err(error.field("guest"));
            }
            (None, None) => {
                let message = "say who you are: send a token, a guest, or resume";
                return Err(ErrorBody::new(Code::Unauthorized, message));
            }
        };
        if let MeetingRef::Id(_) = hello.meeting {
            self.tied(meeting, caller.user.id).await?;
        }
        let Caller { user, credential, email, admin: _, bot } = caller;
        let passcode = Passcode::Missing;
        self.live.enter(meeting, EnterAs { user, credential, email, bot, passcode }).await
    }

    async fn meeting(&self, named: &MeetingRef) -> Result<MeetingId, ErrorBody> {
        let found = match named {
            MeetingRef::Id(id) => self.live.exists(*id).await.map(|there| there.then_some(*id)),
            MeetingRef::Code(code) => self.store.meeting_by_code(code).await,
        };
        found.map_err(unavailable)?.ok_or_else(no_meeting)
    }

    /// By its id a meeting is there only for those who have to do with it; others need the code.
    async fn tied(&self, meeting: MeetingId, user: UserId) -> Result<(), ErrorBody> {
        match self.store.user_may_see(meeting, user).await.map_err(unavailable)? {
            true => Ok(()),
            false => Err(no_meeting()),
        }
    }
}

fn no_meeting() -> ErrorBody {
    ErrorBody::new(Code::NotFound, "there is no such meeting; check the code").field("meeting")
}
