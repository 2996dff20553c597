//! From the journal to a running meeting: the one path of restart, failover and rebuild.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use quorate_protocol::{Seq, SessionId};
use tokio::sync::mpsc;

use super::actor::{Actor, RestorePanic};
use super::answers::Answers;
use super::clock::{self, MeetingClock};
use super::frames::{event_frames, ok_frame};
use super::ids;
use super::ring::{RING_ITEMS_MAX, Ring};
use super::step::Running;
use crate::meeting::{Event, Meeting, wire};
use crate::store::{BallotBox, Committed, StoreError};

/// Events read from the journal at once.
const SLICE: usize = 1000;
/// Events of the journal's tail with which the ring is filled, for those who resume.
const RING_TAIL: u64 = 1000;

/// Why a meeting could not be restored.
#[derive(Debug, thiserror::Error)]
pub(super) enum RestoreError {
    /// The journal could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It was read, and folding it panicked.
    #[error(transparent)]
    Panic(#[from] RestorePanic),
}

impl Actor {
    /// Folds the journal. Batches of an earlier run of this meeting are through by then, and refused from
    /// now on.
    pub(super) async fn restore(
        &mut self,
        acks: mpsc::UnboundedSender<Committed>,
    ) -> Result<Running, RestoreError> {
        let store = &self.context.store;
        let (generation, head) = store.begin(self.id).await?;
        let mut meeting = Meeting::new(self.context.settings.terms);
        meeting.seed = ids::seed();
        let mut answers = HashMap::new();
        let tail = Seq(head.0.saturating_sub(RING_TAIL));
        let ring = Ring::new(tail, RING_ITEMS_MAX);
        while meeting.facts.head < head {
            let events = store.journal(self.id, meeting.facts.head, SLICE).await?;
            fold(&mut meeting, &mut answers, &ring, tail, &events)?;
        }
        answers.retain(|session, _| meeting.facts.sessions.contains_key(session));
        answers.values_mut().for_each(Answers::restored);
        let last_alive = store.last_alive(self.id).await?.unwrap_or(meeting.facts.at);
        let last_alive = last_alive.max(meeting.facts.at);
        meeting.passing.measures.restore(store.totals(self.id).await?);
        let clock = MeetingClock::start(clock::wall(), last_alive, meeting.facts.has_anyone());
        let ballots = match meeting.facts.feedback.has_ballots() {
            true => store.ballot_box(self.id).await?,
            false => BallotBox::default(),
        };
        // Sockets of an earlier run are closed, and their goodbyes mean nothing here.
        while self.gone.try_recv().is_ok() {}
        let (mailbox, gone) = (self.mailbox_sender.clone(), self.gone_sender.clone());
        let context = self.context.clone();
        let mut running =
            Running::new(context, meeting, ring, answers, clock, generation, mailbox, gone, acks);
        running.open_ballot_box(ballots);
        if head > Seq(0) {
            Actor::recover(&mut running, last_alive)?;
            self.note_deadline(&mut running).await?;
        }
        for ban in running.meeting.facts.bans_for_series(running.clock.now()) {
            // Where nobody takes it any more, the server stops.
            let _ = running.context.series_bans.send((self.id, ban));
        }
        Ok(running)
    }

    /// Under other settings of the server than when it was written, another time may stand in the table than
    /// that when the meeting must be woken.
    async fn note_deadline(&self, running: &mut Running) -> Result<(), StoreError> {
        let noted = self.context.store.deadline_of(self.id).await?;
        if running.in_flight == 0 && noted != running.meeting.lasting_deadline() {
            running.note();
        }
        Ok(())
    }
}

/// Carries a slice of the journal into the state, the answers and the ring.
fn fold(
    meeting: &mut Meeting,
    answers: &mut HashMap<SessionId, Answers>,
    ring: &Ring,
    tail: Seq,
    events: &[Event],
) -> Result<(), RestorePanic> {
    catch_unwind(AssertUnwindSafe(|| {
        assert!(!events.is_empty(), "the journal ends before its head");
        for event in events {
            meeting.apply(event);
            if let Some(cause) = &event.cause {
                let answer = wire::answer(event).unwrap_or_else(|| cause.answer.clone());
                let frame = ok_frame(cause.command, Some(event.seq), answer);
                let theirs = answers.entry(cause.session).or_default();
                theirs.note(cause.command, &frame.into());
            }
            if event.seq > tail {
                // One frame each: whoever resumes finds its place between any two.
                ring.publish(event_frames(std::slice::from_ref(event), &[]), event.seq);
            }
        }
    }))
    .map_err(|_| RestorePanic)
}
