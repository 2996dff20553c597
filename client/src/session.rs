//! What outlives a socket: the session, how far one has heard, and what was not answered. No I/O.

use std::collections::VecDeque;

use quorate_protocol::{ClientFrame, EventsFrame, Hello, Resume, Seq, SessionInfo, Welcome};
use tokio::sync::oneshot;

use crate::handle::Request;
use crate::{CommandError, Done};

/// The id of the first command of a session; 1 is `hello`.
const FIRST_COMMAND: i64 = 2;
/// Commands sent and not answered. The server keeps its last 256 answers: with fewer under way, each
/// can be sent again after a lost connection.
const UNANSWERED_MAX: usize = 128;

/// What outlives a socket.
#[derive(Debug)]
pub(crate) struct Session {
    info: Option<SessionInfo>,
    resumable: bool,
    seq: Seq,
    next_id: i64,
    unanswered: VecDeque<Unanswered>,
}

#[derive(Debug)]
struct Unanswered {
    id: i64,
    text: String,
    answer: oneshot::Sender<Result<Done, CommandError>>,
}

impl Session {
    pub(crate) fn new() -> Self {
        Session {
            info: None,
            resumable: false,
            seq: Seq(0),
            next_id: FIRST_COMMAND,
            unanswered: VecDeque::new(),
        }
    }

    /// The `hello` to come (back) with.
    pub(crate) fn hello(&self, first: &Hello) -> Hello {
        let mut hello = first.clone();
        if let (Some(info), true) = (&self.info, self.resumable) {
            let token = info.token.clone();
            hello.resume = Some(Resume { session: info.id, token, seq: self.seq });
        }
        hello
    }

    /// Whether the next `hello` asks to resume.
    pub(crate) fn resumable(&self) -> bool {
        self.resumable
    }

    /// The next `hello` does not ask to resume.
    pub(crate) fn forget(&mut self) {
        self.resumable = false;
    }

    /// A welcome came. In another session than before, the ids start again, and nobody can say what
    /// became of the commands that were not answered.
    pub(crate) fn welcomed(&mut self, welcome: &Welcome) {
        if self.info.as_ref().is_some_and(|info| info.id != welcome.session.id) {
            self.next_id = FIRST_COMMAND;
            for lost in self.unanswered.drain(..) {
                let _ = lost.answer.send(Err(CommandError::SessionLost));
            }
        }
        self.info = Some(welcome.session.clone());
        self.resumable = true;
        if !welcome.resumed {
            self.seq = welcome.state.as_ref().map_or(welcome.seq, |state| state.seq);
        }
    }

    /// These events have reached the application's queue.
    pub(crate) fn reached(&mut self, seq: Option<Seq>) {
        self.seq = self.seq.max(seq.unwrap_or_default());
    }

    /// Whether another command may be sent before one is answered.
    pub(crate) fn has_room(&self) -> bool {
        self.unanswered.len() < UNANSWERED_MAX
    }

    /// Numbers a command; its text is to be sent.
    pub(crate) fn number(&mut self, request: Request) -> &str {
        let id = self.next_id;
        self.next_id += 1;
        let text = ClientFrame::command(id, &request.command);
        self.unanswered.push_back(Unanswered { id, text, answer: request.answer });
        self.unanswered.back().map_or("", |sent| &sent.text)
    }

    /// What is to be sent again, in order.
    pub(crate) fn unanswered(&self) -> impl Iterator<Item = &str> {
        self.unanswered.iter().map(|sent| &*sent.text)
    }

    /// An answer came; a second one to the same command says nothing new.
    pub(crate) fn answered(&mut self, id: i64, answer: Result<Done, CommandError>) {
        let Some(at) = self.unanswered.iter().position(|sent| sent.id == id) else { return };
        if let Some(sent) = self.unanswered.remove(at) {
            // Who asked may have stopped waiting.
            let _ = sent.answer.send(answer);
        }
    }
}

/// The last `seq` that a frame stands for.
pub(crate) fn last_seq(frame: &EventsFrame) -> Option<Seq> {
    frame.up_to.max(frame.events.last().map(|event| event.seq))
}
