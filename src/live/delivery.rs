//! What a connection writes: a session's cursor into the ring, its outbox, and the journal for what is
//! no longer in the ring. Delivery and resume are one thing.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use quorate_protocol::{
    Bye, Code, EventsFrame, MeetingId, RESUME_EVENTS_MAX, Seq, ServerFrame, SessionId,
};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::frames::runs;
use super::mail::Gone;
use super::outbox::{Outbox, Parcel, What};
use super::ring::{Cursor, Ring, Taken};
use crate::meeting::event::{Event, View};
use crate::meeting::wire;
use crate::store::{Store, StoreError};

/// Frames written at once at most.
const FRAMES_MAX: usize = 64;
/// Events read from the journal at once.
const JOURNAL_SLICE: usize = 256;
/// Events one may be passed over for before an empty frame says so with `up_to`.
const QUIET_EVENTS_MAX: u64 = 1000;
/// How often a blocked write asks whether the ring has overtaken it.
const OVERTAKEN_EVERY: Duration = Duration::from_secs(1);

/// What to do after writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivered {
    /// Go on.
    More,
    /// The last frame was a `bye`: close with this.
    Last(Code),
}

/// See the module. Dropping it tells the meeting that the socket is gone.
#[derive(Debug)]
pub struct Delivery {
    pub(super) gone: mpsc::UnboundedSender<Gone>,
    pub(super) me: Gone,
    pub(super) meeting: MeetingId,
    pub(super) store: Store,
    pub(super) ring: Arc<Ring>,
    pub(super) outbox: Arc<Outbox>,
    pub(super) start: Option<Cursor>,
    pub(super) view: View,
    pub(super) later_views: VecDeque<(Seq, View)>,
    pub(super) parcels: VecDeque<Parcel>,
    /// Signals of which only the newest counts, yet to be written.
    pub(super) latest: Vec<Utf8Bytes>,
    /// The newest `seq` that the client knows to have passed.
    pub(super) told: Seq,
    /// The head at a resume, to be told once it is reached.
    pub(super) catching_up_to: Option<Seq>,
}

impl Drop for Delivery {
    fn drop(&mut self) {
        // The actor may be gone before us; then there is nobody to tell.
        let _ = self.gone.send(self.me);
    }
}

impl Delivery {
    /// The meeting.
    #[must_use]
    pub fn meeting(&self) -> MeetingId {
        self.meeting
    }

    /// The session.
    #[must_use]
    pub fn session(&self) -> SessionId {
        self.me.session
    }

    /// Waits until there is something to write and puts it into `out`.
    pub async fn next(&mut self, out: &mut Vec<Utf8Bytes>) -> Delivered {
        loop {
            match self.collect(out).await {
                Ok(Some(code)) => return Delivered::Last(code),
                Ok(None) if !out.is_empty() => return Delivered::More,
                Ok(None) => self.outbox.woken().await,
                Err(error) => {
                    let (meeting, session) = (self.meeting, self.me.session);
                    tracing::warn!(%meeting, %session, %error, "failed to read the journal");
                    out.push(bye(Code::Unavailable));
                    return Delivered::Last(Code::Unavailable);
                }
            }
        }
    }

    /// Waits until what this session has yet to take is no longer in the ring. Raced against a write
    /// that does not come to an end.
    pub async fn overtaken(&self) {
        loop {
            tokio::time::sleep(OVERTAKEN_EVERY).await;
            let position = self.start.map_or(0, |cursor| cursor.position);
            if self.ring.first() > position || self.outbox.overflowed() {
                return;
            }
        }
    }

    /// Takes what there is now, at most a batch. Answers why to close, after the last frame.
    async fn collect(&mut self, out: &mut Vec<Utf8Bytes>) -> Result<Option<Code>, StoreError> {
        // The head first: whatever is in the ring up to there, its changes of view are in the outbox.
        let until = self.ring.head();
        if self.drain() {
            out.push(bye(Code::SlowConsumer));
            return Ok(Some(Code::SlowConsumer));
        }
        while let Some(parcel) = self.parcels.front() {
            let after = parcel.after;
            if after > until {
                // It came after we looked, and so did a wake-up.
                break;
            }
            // Without a start there is nothing to deliver before it.
            if self.start.is_some() && !self.advance(after, out).await? {
                return Ok(self.slow(out));
            }
            let Some(parcel) = self.parcels.pop_front() else { break };
            match parcel.what {
                What::Text(text) => out.push(text),
                What::Start(text, seq) => {
                    self.latest.clear();
                    out.push(text);
                    self.begin(seq, after);
                }
                What::Bye(text, code) => {
                    out.push(text);
                    return Ok(Some(code));
                }
            }
        }
        if self.start.is_some() && !self.advance(until, out).await? {
            return Ok(self.slow(out));
        }
        out.append(&mut self.latest);
        self.tell_passed(out);
        Ok(None)
    }

    /// Takes what is in the outbox. True when more had come than may lie there.
    fn drain(&mut self) -> bool {
        let drained = self.outbox.drain(&mut self.parcels, &mut self.later_views);
        self.latest.extend(drained.latest);
        drained.overflowed
    }

    /// A new start, at a snapshot's `seq` or, for one who resumes, at their own.
    fn begin(&mut self, seq: Seq, after: u64) {
        let cursor = match self.catching_up_to {
            Some(_) => self.ring.cursor_after(seq),
            None => Cursor { position: after, seq },
        };
        self.start = Some(cursor);
        self.told = seq;
        self.forget_views();
    }

    /// Delivers the ring up to a position. False when the batch is full, or the session is too slow.
    async fn advance(&mut self, until: u64, out: &mut Vec<Utf8Bytes>) -> Result<bool, StoreError> {
        loop {
            let Some(mut cursor) = self.start else { return Ok(true) };
            let before = out.len();
            let (base, later) = (self.view, &self.later_views);
            let view = |seq| view_at(base, later, seq);
            let taken = self.ring.take(&mut cursor, until, FRAMES_MAX, view, out);
            if out.len() > before {
                self.told = cursor.seq;
            }
            self.start = Some(cursor);
            self.forget_views();
            match taken {
                Taken::All => return Ok(true),
                Taken::Some => return Ok(false),
                Taken::Missing(to) => {
                    if to.0 - cursor.seq.0 > RESUME_EVENTS_MAX || out.len() >= FRAMES_MAX {
                        return Ok(false);
                    }
                    // The ring turned over since we looked: the views that changed up to `to` are in
                    // the outbox by now.
                    self.drain();
                    self.read_journal(to, out).await?;
                }
            }
        }
    }

    /// Reads a slice of what is no longer in the ring.
    async fn read_journal(&mut self, to: Seq, out: &mut Vec<Utf8Bytes>) -> Result<(), StoreError> {
        let Some(mut cursor) = self.start else { return Ok(()) };
        let events = self.store.journal(self.meeting, cursor.seq, JOURNAL_SLICE).await?;
        cursor.seq = events.last().map_or(to, |last| last.seq.min(to));
        let (base, later) = (self.view, &self.later_views);
        let visible = |event: &&Event| {
            event.seq <= to && event.audience.includes(&view_at(base, later, event.seq))
        };
        let visible: Vec<_> = events.iter().filter(visible).cloned().collect();
        for run in runs(&visible, |_, _| true) {
            let events: Vec<_> = run.iter().filter_map(wire::event).collect();
            if !events.is_empty() {
                out.push(ServerFrame::Events(EventsFrame { events, up_to: None }).to_text().into());
                self.told = cursor.seq;
            }
        }
        self.start = Some(cursor);
        self.forget_views();
        Ok(())
    }

    /// Says how far the client is, at the end of catching up and when it was passed over for long.
    fn tell_passed(&mut self, out: &mut Vec<Utf8Bytes>) {
        let Some(cursor) = self.start else { return };
        let caught_up = self.catching_up_to.is_some_and(|head| cursor.seq >= head);
        if caught_up || cursor.seq.0 - self.told.0 >= QUIET_EVENTS_MAX {
            let up_to = self.catching_up_to.take().unwrap_or(cursor.seq).max(cursor.seq);
            let frame = EventsFrame { events: Vec::new(), up_to: Some(up_to) };
            out.push(ServerFrame::Events(frame).to_text().into());
            self.told = cursor.seq;
        }
    }

    /// Too slow when so much is missing that a new start is better; else the batch was just full.
    fn slow(&self, out: &mut Vec<Utf8Bytes>) -> Option<Code> {
        if !out.is_empty() {
            return None;
        }
        out.push(bye(Code::SlowConsumer));
        Some(Code::SlowConsumer)
    }

    /// Forgets the views that the cursor has passed.
    fn forget_views(&mut self) {
        let Some(cursor) = self.start else { return };
        while let Some((seq, view)) = self.later_views.front().copied()
            && seq <= cursor.seq
        {
            self.view = view;
            self.later_views.pop_front();
        }
    }
}

fn view_at(base: View, later: &VecDeque<(Seq, View)>, seq: Seq) -> View {
    later.iter().take_while(|(from, _)| *from <= seq).last().map_or(base, |(_, view)| *view)
}

fn bye(code: Code) -> Utf8Bytes {
    ServerFrame::Bye(Bye::new(code)).to_text().into()
}
