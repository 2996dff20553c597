//! Checkpoints that someone asked for, and waits for.

use quorate_protocol::{ErrorBody, MeetingId};
use tokio::sync::oneshot;

use super::Live;
use super::mail::{Mail, Reply, Stand};
use super::step::Running;

type Waiting = oneshot::Sender<Reply<Stand>>;

/// Who waits for a checkpoint.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// Those for whom none is on its way yet.
    new: Vec<Waiting>,
    /// The others: how many batches are to be committed until theirs is, and what they are answered.
    waiting: Vec<(usize, Waiting, Stand)>,
}

impl Asked {
    /// Someone asks.
    pub(super) fn ask(&mut self, reply: Waiting) {
        self.new.push(reply);
    }

    /// A batch was committed.
    pub(super) fn committed(&mut self) {
        for (left, _, _) in &mut self.waiting {
            *left -= 1;
        }
        for (_, reply, stand) in self.waiting.extract_if(.., |(left, _, _)| *left == 0) {
            // Who waited may be gone.
            let _ = reply.send(Ok(stand));
        }
    }
}

impl Running {
    /// After a step was sealed: writes the checkpoint down that someone asked for.
    pub(super) fn checkpoint_asked(&mut self) {
        if self.asked.new.is_empty() {
            return;
        }
        self.checkpoint();
        let stand = Stand { seq: self.meeting.facts.head, at: self.clock.now() };
        for reply in std::mem::take(&mut self.asked.new) {
            match self.in_flight {
                // Nobody is here, and nothing is on its way: there is nothing to be written.
                0 => drop(reply.send(Ok(stand))),
                batches => self.asked.waiting.push((batches, reply, stand)),
            }
        }
    }
}

impl Live {
    /// Has a meeting that exists write down what was measured; all up to the answer is durable then.
    ///
    /// # Errors
    /// `unavailable` when it cannot be restored or written, `restarting` when the server stops.
    pub async fn checkpoint(&self, meeting: MeetingId) -> Result<Stand, ErrorBody> {
        self.ask(meeting, |reply| Mail::Checkpoint { reply }).await
    }
}
