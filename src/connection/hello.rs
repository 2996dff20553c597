//! The first frame: which meeting, and who.

use std::sync::{MutexGuard, PoisonError};

use futures::StreamExt;
use quorate_protocol::{
    ClientFrame, Code, ErrorBody, HELLO_TRIES_MAX, Hello, MeetingId, MeetingRef, ParseError,
    Resume, ServerFrame, UserId,
};
use tokio::time::{Instant, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Error, Message, error::CapacityError};

use super::goodbye::Goodbye;
use super::halves::{Ear, Mouth};
use super::{Door, GONE, Tries};
use crate::identity::{Caller, Reach, passcode, unavailable};
use crate::live::{Attached, Credential, EnterAs, ResumeAs, clock};
use crate::meeting::Passcode;

/// Waits for `hello` and carries it out. Where a passcode is asked, it may be said again a few times.
pub(super) async fn wait(
    ear: &mut WebSocketStream<Ear>,
    mouth: &mut Mouth,
    door: &Door,
) -> Result<Attached, Goodbye> {
    let mut dialogue = Dialogue::default();
    loop {
        let first = timeout(door.manners.hello, first_message(ear)).await;
        let Ok(message) = first else {
            return Err(expected("say hello within a few seconds"));
        };
        let hello = parse(message?)?;
        match door.admit(hello).await {
            Ok(attached) => return Ok(attached),
            Err(error) if dialogue.goes_on(error.code) => {
                mouth.say(ServerFrame::Error(Some(1), error).to_text().into());
                let said = timeout(door.manners.hello, mouth.flush()).await;
                said.map_err(|_| GONE)?.map_err(|_| GONE)?;
            }
            Err(error) => return Err(Goodbye::refused(Some(1), error)),
        }
    }
}

/// How often a passcode was asked for on this socket.
#[derive(Default)]
struct Dialogue {
    asked: bool,
    failed: u32,
}

impl Dialogue {
    /// Whether `hello` may be said again. That a passcode is asked at all is no failure yet.
    fn goes_on(&mut self, code: Code) -> bool {
        match code {
            Code::PasscodeRequired if !self.asked => {}
            Code::PasscodeRequired | Code::PasscodeWrong => self.failed += 1,
            _ => return false,
        }
        self.asked = true;
        self.failed <= HELLO_TRIES_MAX
    }
}

/// The first message that is not of the WebSocket's own.
async fn first_message(socket: &mut WebSocketStream<Ear>) -> Result<Message, Goodbye> {
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
        let revocations = self.live.revocations();
        let (attached, credential) = self.attach(hello).await?;
        // What was revoked since it was looked at may have been revoked before the meeting knew of it.
        if self.live.revocations() != revocations {
            self.identity.still_holds(&credential).await?;
        }
        Ok(attached)
    }

    async fn attach(&self, hello: Hello) -> Result<(Attached, Credential), ErrorBody> {
        hello.passcode.as_deref().map_or(Ok(()), passcode::check_sent)?;
        let found = self.meeting(&hello.meeting).await?;
        if let Some(resume) = &hello.resume {
            let resumed = self.resume(found, resume, hello.token.as_deref()).await;
            let anew = hello.token.is_some() || hello.guest.is_some();
            match resumed {
                // That session is no more: they come in anew, with what they show beside it.
                Err(error) if error.code == Code::Unauthorized && anew => {}
                answer => return answer,
            }
        }
        // What is wrong with the credential is said also where there is no such meeting: else it would tell
        // that there is a private one.
        let caller = self.caller(&hello).await?;
        let meeting = found.ok_or_else(no_meeting)?;
        if !self.reaches(&caller.reach, meeting).await? {
            return Err(no_meeting());
        }
        // The token of a bot that names its meetings says that they are there.
        let named = caller.reach != Reach::All && caller.bot.is_some();
        if matches!(hello.meeting, MeetingRef::Id(_)) && !named && !caller.admin {
            self.tied(meeting, &caller).await?;
        }
        let (passcode, slowed) = match self.passcode(meeting, &caller, hello.passcode).await {
            Ok(passcode) => (passcode, None),
            // Who needs no passcode is not held up by those who try at it.
            Err(error) if error.code == Code::RateLimited => (Passcode::Missing, Some(error)),
            Err(error) => return Err(error),
        };
        let Caller { user, credential, email, bot, .. } = caller;
        let who = EnterAs { user, credential, email, bot, passcode };
        let mut entered = self.live.enter(meeting, who.clone()).await;
        // A series none of whose occurrences is a meeting yet: they wait for the next.
        if matches!(&entered, Err(error) if error.code == Code::Conflict)
            && let Some(next) = self.live.next_occurrence(meeting).await?
        {
            entered = self.live.enter(next, who).await;
        }
        let entered = entered.map_err(|error| match (error.code, slowed) {
            // What a private meeting says to strangers is what is said where there is none.
            (Code::NotFound, _) => no_meeting(),
            (Code::PasscodeRequired, Some(slowed)) => slowed,
            _ => error,
        });
        Ok((entered?, credential))
    }

    async fn resume(
        &self,
        found: Option<MeetingId>,
        resume: &Resume,
        token: Option<&str>,
    ) -> Result<(Attached, Credential), ErrorBody> {
        // Of a meeting that is not there, no session is.
        let meeting = found.unwrap_or(MeetingId(0));
        let credential = self.identity.resume(self.live.ids(), meeting, resume, token).await?;
        let Resume { session, seq, .. } = *resume;
        let resumed = self.live.resume(meeting, ResumeAs { session, seq, credential }).await;
        Ok((resumed?, credential))
    }

    async fn caller(&self, hello: &Hello) -> Result<Caller, ErrorBody> {
        let ids = self.live.ids();
        match (&hello.token, &hello.guest) {
            (Some(token), None) => self.identity.bearer(ids, token).await,
            (None, Some(guest)) => self.identity.guest(ids, guest).await,
            (Some(_), Some(_)) => {
                let error = ErrorBody::new(Code::Invalid, "send a token or a guest, not both");
                Err(error.field("guest"))
            }
            (None, None) => {
                let message = "say who you are: send a token, a guest, or resume";
                Err(ErrorBody::new(Code::Unauthorized, message))
            }
        }
    }

    /// What a passcode comes to, where one was sent and the meeting has one. Whether it matters is for the
    /// meeting to say.
    async fn passcode(
        &self,
        meeting: MeetingId,
        caller: &Caller,
        sent: Option<String>,
    ) -> Result<Passcode, ErrorBody> {
        let user = caller.user.id;
        let Some(sent) = sent else { return Ok(Passcode::Missing) };
        let hash = self.store.passcode_hash(meeting).await.map_err(unavailable)?;
        let Some(hash) = hash else { return Ok(Passcode::Missing) };
        self.may_try(user, meeting)?;
        let turn = passcode::turn().await;
        // Once more: of a crowd of wrong ones that came at once, only those before it had their turn.
        self.may_try(user, meeting)?;
        if passcode::verify(turn, &sent, hash).await? {
            return Ok(Passcode::Right);
        }
        self.tries().wrong(Instant::now(), user, meeting);
        Ok(Passcode::Wrong)
    }

    fn may_try(&self, user: UserId, meeting: MeetingId) -> Result<(), ErrorBody> {
        self.tries().check(Instant::now(), user, meeting).map_err(|retry_after_ms| {
            let message = "too many wrong passcodes; wait a moment";
            let error = ErrorBody::new(Code::RateLimited, message).field("passcode");
            ErrorBody { retry_after_ms: Some(retry_after_ms), ..error }
        })
    }

    fn tries(&self) -> MutexGuard<'_, Tries> {
        self.tries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn meeting(&self, named: &MeetingRef) -> Result<Option<MeetingId>, ErrorBody> {
        let found = match named {
            MeetingRef::Id(id) => self.live.exists(*id).await.map(|there| there.then_some(*id)),
            MeetingRef::Code(code) => self.store.meeting_by_code(code).await,
        };
        let Some(found) = found.map_err(unavailable)? else { return Ok(None) };
        // Who comes to a series comes to the occurrence that runs, or is next.
        let occurrence = self.store.occurrence_to_join(found, clock::wall()).await;
        Ok(Some(occurrence.map_err(unavailable)?.unwrap_or(found)))
    }

    /// Whether there is such a meeting for someone with this credential.
    ///
    /// # Errors
    /// `unavailable` when the store cannot be read.
    pub async fn reaches(&self, reach: &Reach, meeting: MeetingId) -> Result<bool, ErrorBody> {
        match reach {
            Reach::All => Ok(true),
            Reach::These(meetings) => Ok(meetings.contains(&meeting)),
            Reach::HostedBy(owner) => {
                let host = self.store.host_of(meeting).await.map_err(unavailable)?;
                Ok(host == Some(*owner))
            }
        }
    }

    /// Whether someone sees a meeting at all: what they do not see is not there for them. An administrator sees
    /// every one, a bot those that it reaches, others those that they have to do with and reach.
    ///
    /// # Errors
    /// `unavailable` when the store cannot be read.
    pub async fn sees(&self, caller: &Caller, meeting: MeetingId) -> Result<bool, ErrorBody> {
        if caller.admin || (caller.bot.is_some() && caller.reach != Reach::All) {
            return self.reaches(&caller.reach, meeting).await;
        }
        let (user, email) = (caller.user.id, caller.email.as_deref());
        Ok(self.reaches(&caller.reach, meeting).await?
            && self.store.user_may_see(meeting, user, email).await.map_err(unavailable)?)
    }

    /// By its id a meeting is there only for those who have to do with it; others need the code.
    async fn tied(&self, meeting: MeetingId, caller: &Caller) -> Result<(), ErrorBody> {
        let (user, email) = (caller.user.id, caller.email.as_deref());
        match self.store.user_may_see(meeting, user, email).await.map_err(unavailable)? {
            true => Ok(()),
            false => Err(no_meeting()),
        }
    }
}

fn no_meeting() -> ErrorBody {
    ErrorBody::new(Code::NotFound, "there is no such meeting; check the code").field("meeting")
}
