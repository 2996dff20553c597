//! What reaches a meeting's actor, and what goes back to a connection.

use std::fmt;
use std::sync::Arc;

use quorate_protocol::{
    Code, Command, ErrorBody, InviteeAdd, PermissionSet, Seq, ServerFrame, SessionId, Timestamp,
    TokenId, UserId, UserKind,
};
use tokio::sync::{mpsc, oneshot};
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::delivery::Delivery;
use super::outbox::{Outbox, Parcel, What};
use crate::meeting::event::MeetingCreated;
use crate::meeting::series::{News, SeriesBan};
use crate::meeting::{Bot, Facts, Passcode};
use crate::store::{Answered, KeptAnswer, UserRow};

/// Inputs that wait for a meeting at most. Filled by connections and REST, drained by the actor; when
/// full, the connection that wants to add one waits, and TCP holds back its client.
pub(super) const MAILBOX_CAPACITY: usize = 256;

/// What reaches a meeting's actor.
#[derive(Debug)]
pub(super) enum Mail {
    /// Make the meeting.
    Create { what: Box<CreateAs>, reply: oneshot::Sender<Reply<()>> },
    /// Someone says `hello`.
    Enter { who: Box<EnterAs>, reply: oneshot::Sender<Reply<Attached>> },
    /// Someone says `hello` with `resume`.
    Resume { who: ResumeAs, reply: oneshot::Sender<Reply<Attached>> },
    /// A client asks for something.
    Command { session: SessionId, attachment: u64, id: i64, dry_run: bool, command: Box<Command> },
    /// Someone wants to know how things stand.
    Look { look: Look, reply: oneshot::Sender<Reply<()>> },
    /// What was measured is to be written down; answered once it is.
    Checkpoint { reply: oneshot::Sender<Reply<Stand>> },
    /// The journal was written to from elsewhere: go on from what it says now.
    Rebuild { heard: oneshot::Sender<()> },
    /// Someone acts who need not be there.
    Act { who: Box<ActAs>, reply: oneshot::Sender<Reply<Acted>> },
    /// Someone wants a series to be another from an occurrence on.
    Split { who: Box<ActAs>, at: Timestamp, reply: oneshot::Sender<Reply<Acted>> },
    /// An occurrence of a series is to be a meeting; which it is.
    Occurrence { original_start: Timestamp, reply: oneshot::Sender<Reply<Acted>> },
    /// What a series says to these of its occurrences, by their original starts.
    News {
        occurrences: Vec<quorate_protocol::MeetingId>,
        reply: oneshot::Sender<Reply<Vec<Option<News>>>>,
    },
    /// What its series says to an occurrence.
    Follow { news: Box<News>, reply: oneshot::Sender<Reply<()>> },
    /// A ban in an occurrence is to hold in the series.
    SeriesBan { ban: SeriesBan, reply: oneshot::Sender<Reply<()>> },
    /// These credentials hold no more.
    Revoke(Arc<Revoked>),
    /// To be started, and to say so.
    Wake { awake: oneshot::Sender<()> },
}

/// Sees the facts, as of a time of the meeting's clock; what it makes of them it keeps itself.
#[derive(Clone)]
pub(super) struct Look(pub(super) Arc<See>);

type See = dyn Fn(&Facts, Timestamp) + Send + Sync;

impl fmt::Debug for Look {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Look(…)")
    }
}

/// How far a meeting was when it was written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stand {
    /// Its last event then.
    pub seq: Seq,
    /// What its clock said then.
    pub at: Timestamp,
}

/// What goes back to one who waits for it.
pub(super) type Reply<T> = Result<T, Refused>;

/// Why a meeting did not take someone in.
#[derive(Debug)]
pub enum Refused {
    /// It says no.
    Error(Box<ErrorBody>),
    /// It was just retiring; ask the directory again.
    Retired,
}

/// The socket of a session is gone. Later than its number's successor it means nothing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gone {
    pub(super) session: SessionId,
    pub(super) attachment: u64,
}

/// Who vouches for a session, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Credential {
    /// The user.
    pub user: UserId,
    /// When what they showed expires.
    pub expires_at: Option<Timestamp>,
    /// The API key or bot token that they showed.
    pub token: Option<TokenId>,
    /// What they may do at most by what they showed; none: all that the user may.
    pub scopes: Option<PermissionSet>,
}

impl Credential {
    /// One that holds until `expires_at` and is as good as the user.
    #[must_use]
    pub fn of(user: UserId, expires_at: Option<Timestamp>) -> Credential {
        Credential { user, expires_at, token: None, scopes: None }
    }
}

/// Credentials that hold no more.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Revoked {
    /// Users who may no longer come in, nor may their bots.
    pub users: Vec<UserId>,
    /// API keys and bot tokens.
    pub tokens: Vec<TokenId>,
}

/// A meeting to be made.
#[derive(Debug, Clone)]
pub struct CreateAs {
    /// What it starts as.
    pub created: MeetingCreated,
    /// Who makes it, to be written with it.
    pub owner: UserRow,
    /// Who is invited.
    pub invitees: Vec<InviteeAdd>,
    /// The hash of its passcode.
    pub passcode: Option<String>,
    /// Users who are named and were never here, to be written with it.
    pub named: Vec<UserRow>,
    /// What the request was, where its answer is to be kept.
    pub keep: Option<Keep>,
}

/// The answer to a request is to be kept with the events that follow from it.
#[derive(Clone)]
pub struct Keep {
    /// The key that came with the request.
    pub key: String,
    /// What tells the request from another of that key.
    pub fingerprint: [u8; 32],
    /// Makes the answer of the answer's data.
    pub answer: Arc<dyn Fn(&str) -> Answered + Send + Sync>,
}

impl fmt::Debug for Keep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keep").field("key", &self.key).finish_non_exhaustive()
    }
}

impl Keep {
    /// The answer that is made of this data, to this user.
    pub(super) fn of(&self, user: UserId, data: &str, at: Timestamp) -> KeptAnswer {
        let Keep { key, fingerprint, answer } = self;
        KeptAnswer { user, key: key.clone(), fingerprint: *fingerprint, answer: answer(data), at }
    }
}

/// Someone who acts and need not be there.
#[derive(Debug, Clone)]
pub struct ActAs {
    /// The user, to be written with the first event that names them.
    pub user: UserRow,
    /// Their verified email address.
    pub email: Option<String>,
    /// What their token says of a bot.
    pub bot: Option<Bot>,
    /// What their credential is good for; none: all that they may.
    pub scopes: Option<PermissionSet>,
    /// Whether they administer the server.
    pub admin: bool,
    /// The meeting must be at one of these revisions; none: at whichever.
    pub revisions: Option<Vec<Seq>>,
    /// What the commands name, where it is known outside.
    pub named: Named,
    /// Of a series: the occurrence that times in the commands are meant of.
    pub of: Option<Timestamp>,
    /// What they ask, in order: all of it is done, or nothing.
    pub commands: Vec<Command>,
    /// Whether only to tell what would come of it.
    pub dry_run: bool,
    /// What the request was, where its answer is to be kept.
    pub keep: Option<Keep>,
}

/// What a command names, as it is known outside the meeting.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Named {
    /// What kind of user.
    pub kind: Option<UserKind>,
    /// The email address that a ban is to keep out, under whatever account.
    pub address: Option<String>,
    /// The user, who was never here, to be written with the first event that names them.
    pub fresh: Option<UserRow>,
    /// Whether the custom role that is defined must be there before; none: it may be.
    pub role_exists: Option<bool>,
}

/// What was done for one who acted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acted {
    /// The last event it caused, if any.
    pub seq: Option<Seq>,
    /// The answer's data, as JSON text.
    pub data: Box<str>,
    /// Whether it was done in a series, whose occurrences are to follow.
    pub(super) in_series: bool,
}

/// Someone who says `hello`.
#[derive(Debug, Clone)]
pub struct EnterAs {
    /// The user, to be written with the first event that names them.
    pub user: UserRow,
    /// What they showed.
    pub credential: Credential,
    /// Their verified email address.
    pub email: Option<String>,
    /// What their token says of a bot.
    pub bot: Option<Bot>,
    /// What they answered when asked for the passcode.
    pub passcode: Passcode,
}

/// Someone who says `hello` with `resume`.
#[derive(Debug, Clone, Copy)]
pub struct ResumeAs {
    /// The session to go on with.
    pub session: SessionId,
    /// The last `seq` the client has.
    pub seq: Seq,
    /// What is behind the session.
    pub credential: Credential,
}

/// A connection's end of a session: where it sends commands, and what it delivers.
#[derive(Debug)]
pub struct Attached {
    /// Where commands go.
    pub port: CommandPort,
    /// What is to be written; dropping it says that the socket is gone.
    pub delivery: Delivery,
}

/// Where a session's commands go.
#[derive(Debug, Clone)]
pub struct CommandPort {
    pub(super) session: SessionId,
    pub(super) attachment: u64,
    /// The highest id that was answered before this connection.
    pub(super) answered: i64,
    pub(super) mailbox: mpsc::Sender<Mail>,
    pub(super) outbox: Arc<Outbox>,
}

impl CommandPort {
    /// Hands a command to the meeting; waits while its mailbox is full. False when the meeting's actor
    /// is gone: unless [`CommandPort::dismissed`], the socket is then to be closed as `unavailable`.
    pub async fn send(&self, id: i64, dry_run: bool, command: Command) -> bool {
        let Self { session, attachment, .. } = *self;
        let command = Box::new(command);
        let mail = Mail::Command { session, attachment, id, dry_run, command };
        self.mailbox.send(mail).await.is_ok()
    }

    /// The highest id that was answered before this connection: up to there a command is a repetition.
    #[must_use]
    pub fn answered(&self) -> i64 {
        self.answered
    }

    /// Whether the meeting has said `bye`, which is to be the last frame.
    #[must_use]
    pub fn dismissed(&self) -> bool {
        self.outbox.closed()
    }

    /// Answers a frame that never reached the meeting.
    pub fn refuse(&self, id: Option<i64>, error: ErrorBody) {
        let text = ServerFrame::Error(id, error).to_text();
        self.outbox.push(Parcel { after: 0, what: What::Text(text.into()) });
    }

    /// Ends the session's connection with these frames, the last of which is `bye`, after what waits to
    /// be written.
    pub fn part(&self, mut frames: Vec<Utf8Bytes>, code: Code) {
        let bye = frames.pop().map(|text| What::Bye(text, code));
        let frames = frames.into_iter().map(What::Text);
        for what in frames.chain(bye) {
            self.outbox.push(Parcel { after: 0, what });
        }
    }
}
