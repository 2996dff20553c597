//! The task behind a live meeting: waits for one thing at a time, and is rebuilt when it fails.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use quorate_protocol::{Code, ErrorBody, MeetingId, ServerFrame, SessionId};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::directory::Context;
use super::ids;
use super::mail::{Gone, Mail, Refused};
use super::outbox::{Parcel, What};
use super::step::{IN_FLIGHT_MAX, Running};
use crate::meeting::Input;
use crate::store::Committed;
use crate::telemetry::Outcome;

/// Inputs handled in one step at most.
const STEP_INPUTS_MAX: usize = 128;
/// Restores in a row that failed, or came to nothing, after which a meeting is set aside.
const RESTORES_MAX: u32 = 3;
/// How long a meeting is set aside first; doubled each time, up to [`ASIDE_MAX`].
const ASIDE_FIRST: Duration = Duration::from_secs(1);
/// See [`ASIDE_FIRST`].
const ASIDE_MAX: Duration = Duration::from_secs(60);
/// Commands remembered that made the meeting fail.
const POISON_MAX: usize = 64;

/// The task of one live meeting.
pub(super) struct Actor {
    pub(super) id: MeetingId,
    pub(super) context: Arc<Context>,
    pub(super) mailbox: mpsc::Receiver<Mail>,
    pub(super) mailbox_sender: mpsc::Sender<Mail>,
    pub(super) gone: mpsc::UnboundedReceiver<Gone>,
    pub(super) gone_sender: mpsc::UnboundedSender<Gone>,
    /// Commands that made the meeting fail, and what they were answered; never handed in again.
    pub(super) poison: HashMap<(SessionId, i64), Utf8Bytes>,
}

/// What wakes a running meeting.
enum Wake {
    /// The server stops.
    Shutdown,
    /// The store has done a batch.
    Committed(Committed),
    /// A socket is gone.
    Gone(Gone),
    /// There is mail; here is the first piece.
    Mail(Mail),
    /// Something is due, or the meeting has been idle.
    Timer,
}

/// Why a running meeting stopped.
enum End {
    /// Nobody needs it now, or the server stops.
    Retired,
    /// It failed, and is to be rebuilt from its journal; whether anything was committed before.
    Failed { progressed: bool },
}

impl Actor {
    /// Lives until the meeting retires or the server stops.
    pub(super) async fn run(mut self) {
        let mut failures = 0;
        loop {
            let (acks, acked) = mpsc::unbounded_channel();
            let restored = self.restore(acks).await;
            let metrics = &self.context.metrics;
            let counter =
                if restored.is_ok() { &metrics.restores } else { &metrics.restore_failures };
            counter.inc();
            let progressed = match restored {
                Ok(running) => match Turning::new(&mut self, running, acked).run().await {
                    End::Retired => return,
                    End::Failed { progressed } => progressed,
                },
                Err(error) => {
                    tracing::error!(meeting = %self.id, %error, "failed to restore");
                    false
                }
            };
            failures = if progressed { 0 } else { failures + 1 };
            if failures >= RESTORES_MAX {
                self.context.metrics.aside.inc();
                let goes_on = self.set_aside(failures).await;
                self.context.metrics.aside.dec();
                if !goes_on {
                    return;
                }
            }
        }
    }

    /// Answers `unavailable` for a while. False when the server stops.
    async fn set_aside(&mut self, failures: u32) -> bool {
        let pause = ASIDE_FIRST * 2u32.saturating_pow((failures - RESTORES_MAX).min(8));
        let pause = pause.min(ASIDE_MAX);
        tracing::error!(meeting = %self.id, failures, ?pause, "a meeting is set aside");
        let until = Instant::now() + pause;
        loop {
            tokio::select! {
                biased;
                () = self.context.stop.cancelled() => return false,
                () = sleep_until(until) => return true,
                Some(mail) = self.mailbox.recv() => turn_away(mail),
                Some(_) = self.gone.recv() => {}
            }
        }
    }
}

/// Says `unavailable` to one who waits for an answer.
fn turn_away(mail: Mail) {
    let message = "this meeting cannot be restored just now; try again in a minute";
    let refused = Refused::Error(Box::new(ErrorBody::new(Code::Unavailable, message)));
    send_back(mail, refused);
}

/// Gives mail back to who waits for its answer. A command's sender has lost its session already.
fn send_back(mail: Mail, refused: Refused) {
    // Who waited may be gone.
    match mail {
        Mail::Create { reply, .. } | Mail::Look { reply, .. } => drop(reply.send(Err(refused))),
        Mail::Enter { reply, .. } | Mail::Resume { reply, .. } => drop(reply.send(Err(refused))),
        Mail::Act { reply, .. } | Mail::Split { reply, .. } | Mail::Occurrence { reply, .. } => {
            drop(reply.send(Err(refused)));
        }
        Mail::News { reply, .. } => drop(reply.send(Err(refused))),
        Mail::Checkpoint { reply } => drop(reply.send(Err(refused))),
        Mail::Follow { reply, .. } | Mail::SeriesBan { reply, .. } => {
            drop(reply.send(Err(refused)));
        }
        Mail::Command { .. } | Mail::Rebuild { .. } | Mail::Revoke(_) | Mail::Wake { .. } => {}
    }
}

/// A running meeting and the task around it.
struct Turning<'a> {
    actor: &'a mut Actor,
    running: Running,
    acked: mpsc::UnboundedReceiver<Committed>,
    idle_since: Option<Instant>,
    next_checkpoint: Instant,
    /// Something was committed.
    progressed: bool,
}

impl<'a> Turning<'a> {
    fn new(
        actor: &'a mut Actor,
        running: Running,
        acked: mpsc::UnboundedReceiver<Committed>,
    ) -> Turning<'a> {
        let next_checkpoint = Instant::now() + checkpoint_every(&actor.context);
        Turning { actor, running, acked, idle_since: None, next_checkpoint, progressed: false }
    }

    async fn run(mut self) -> End {
        loop {
            let wake = self.wait().await;
            if let Some(end) = self.turn(wake).await {
                return end;
            }
        }
    }

    /// One turn: takes what is there, and ends the step.
    async fn turn(&mut self, wake: Wake) -> Option<End> {
        let fine = match wake {
            Wake::Shutdown => {
                self.stop().await;
                return Some(End::Retired);
            }
            Wake::Committed(Committed { result: Ok(head) }) => {
                self.progressed = true;
                self.guarded(None, |running| running.committed(head)) && !self.has_forgotten()
            }
            Wake::Committed(Committed { result: Err(error) }) => {
                tracing::error!(meeting = %self.actor.id, %error, "failed to commit");
                false
            }
            Wake::Gone(gone) => self.take_gone(gone),
            Wake::Mail(mail) => {
                let taken = self.take_mail(mail);
                // It failed at nothing: what it knows is good no more.
                self.progressed |= self.running.outdated;
                taken && !self.running.outdated
            }
            Wake::Timer if self.has_idled() => return self.retire(),
            Wake::Timer => true,
        };
        if fine && self.finish_step() {
            return None;
        }
        self.running.dismiss(Code::Unavailable);
        Some(End::Failed { progressed: self.progressed })
    }

    /// Handles this piece of mail and what else is there.
    fn take_mail(&mut self, first: Mail) -> bool {
        let mut next = Some(first);
        for _ in 0..STEP_INPUTS_MAX {
            let Some(mail) = next.take() else { break };
            if let Some(command) = command_of(&mail)
                && let Some(answer) = self.actor.poison.get(&command)
            {
                if let Some(outbox) = self.running.outbox(command.0) {
                    outbox.push(Parcel { after: 0, what: What::Text(answer.clone()) });
                }
            } else if !self.guarded(command_of(&mail), |running| running.handle(mail)) {
                return false;
            }
            next = self.actor.mailbox.try_recv().ok();
        }
        true
    }

    /// Handles this lost socket and what others are lost with it.
    fn take_gone(&mut self, first: Gone) -> bool {
        let mut next = Some(first);
        while let Some(gone) = next {
            if !self.guarded(None, |running| running.gone(gone)) {
                return false;
            }
            next = self.actor.gone.try_recv().ok();
        }
        true
    }

    fn finish_step(&mut self) -> bool {
        let checkpoint = Instant::now() >= self.next_checkpoint;
        if checkpoint {
            self.next_checkpoint = Instant::now() + checkpoint_every(&self.actor.context);
        }
        let sealed = self.guarded(None, |running| {
            if checkpoint {
                running.take_round_trips();
            }
            running.run_deadlines();
            running.seal();
            // Where the store does not keep up, the next checkpoint has all that this one would have had.
            if checkpoint && running.in_flight < IN_FLIGHT_MAX {
                running.checkpoint();
            }
            running.checkpoint_asked();
        });
        let idle = self.running.is_idle();
        self.idle_since = idle.then(|| self.idle_since.unwrap_or_else(Instant::now));
        sealed
    }

    /// Runs a part of the step. A panic ends this run of the meeting, never the process; the command that
    /// caused it is answered `internal` and never handed in again.
    fn guarded(
        &mut self,
        command: Option<(SessionId, i64)>,
        part: impl FnOnce(&mut Running),
    ) -> bool {
        let running = &mut self.running;
        if catch_unwind(AssertUnwindSafe(|| part(running))).is_ok() {
            return true;
        }
        let incident = ids::incident();
        tracing::error!(meeting = %self.actor.id, incident, ?command, "a meeting panicked");
        if command.is_some() {
            self.actor.context.metrics.commands.count(Outcome::failed);
        }
        if let Some((session, id)) = command {
            let message = "something went wrong on our side; the command was not carried out";
            let error = ErrorBody::new(Code::Internal, message);
            let error = ErrorBody { incident: Some(incident), ..error };
            let frame: Utf8Bytes = ServerFrame::Error(Some(id), error).to_text().into();
            if let Some(outbox) = self.running.outbox(session) {
                outbox.push(Parcel { after: 0, what: What::Text(frame.clone()) });
            }
            if self.actor.poison.len() < POISON_MAX {
                self.actor.poison.insert((session, id), frame);
            }
        }
        false
    }

    async fn wait(&mut self) -> Wake {
        let timer = self.next_timer();
        let Actor { context, mailbox, gone, .. } = &mut *self.actor;
        let keeps_up = self.running.in_flight < IN_FLIGHT_MAX;
        tokio::select! {
            // Stopping comes before all; then what lets others go on; then what is late already; and new
            // work last, and only while the store keeps up.
            biased;
            () = context.stop.cancelled() => Wake::Shutdown,
            Some(committed) = self.acked.recv() => Wake::Committed(committed),
            Some(gone) = gone.recv(), if keeps_up => Wake::Gone(gone),
            () = sleep_until(timer) => Wake::Timer,
            Some(mail) = mailbox.recv(), if keeps_up => Wake::Mail(mail),
        }
    }

    fn next_timer(&self) -> Instant {
        let due = self.running.next_wake().map(|at| self.running.clock.instant(at));
        let idle = self.idle_since.map(|since| since + self.retires_after());
        let here = self.running.meeting.facts.has_anyone();
        let checkpoint = here.then_some(self.next_checkpoint);
        let far = Instant::now() + Duration::from_secs(86_400);
        [due, idle, checkpoint].into_iter().flatten().min().unwrap_or(far)
    }

    /// A meeting that was never made is needed by nobody.
    fn retires_after(&self) -> Duration {
        let made = self.running.meeting.facts.head.0 > 0;
        let seconds = if made { self.actor.context.settings.retire_after_seconds } else { 0 };
        Duration::from_secs(seconds.into())
    }

    /// Whether what was known of the meeting was deleted; then it goes on from what is left.
    fn has_forgotten(&self) -> bool {
        self.running.forgets && self.running.in_flight == 0
    }

    fn has_idled(&self) -> bool {
        self.idle_since.is_some_and(|since| since.elapsed() >= self.retires_after())
    }

    /// Closes the mailbox; what arrived meanwhile is sent back to the directory.
    fn retire(&mut self) -> Option<End> {
        self.actor.mailbox.close();
        while let Ok(mail) = self.actor.mailbox.try_recv() {
            send_back(mail, Refused::Retired);
        }
        let generation = self.running.generation;
        self.actor.context.store.forget(self.actor.id, generation);
        Some(End::Retired)
    }

    /// Notes what was measured until now, lets the store finish what it has, and says goodbye.
    async fn stop(&mut self) {
        self.guarded(None, Running::checkpoint);
        while self.running.in_flight > 0 {
            match self.acked.recv().await {
                Some(Committed { result: Ok(head) }) => {
                    if !self.guarded(None, |running| running.committed(head)) {
                        break;
                    }
                }
                Some(Committed { result: Err(_) }) | None => break,
            }
        }
        self.running.dismiss(Code::Restarting);
    }
}

fn checkpoint_every(context: &Context) -> Duration {
    Duration::from_secs(context.settings.checkpoint_seconds.into())
}

/// The session and id of a command.
fn command_of(mail: &Mail) -> Option<(SessionId, i64)> {
    match mail {
        Mail::Command { session, id, .. } => Some((*session, *id)),
        _ => None,
    }
}

impl Actor {
    /// After a restore everyone's socket is gone, and their sessions are lost as of now.
    pub(super) fn recover(
        running: &mut Running,
        last_alive: quorate_protocol::Timestamp,
    ) -> Result<(), RestorePanic> {
        catch_unwind(AssertUnwindSafe(|| {
            running.carry_out_input(&Input::Recover { last_alive });
            running.run_deadlines();
            running.seal();
        }))
        .map_err(|_| RestorePanic)
    }
}

/// The journal was read, and folding it panicked.
#[derive(Debug, thiserror::Error)]
#[error("failed to fold the journal: it panicked")]
pub(super) struct RestorePanic;
