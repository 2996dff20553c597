//! The outbox of a session: what is addressed to it alone, and how its view changed.
//!
//! Filled by the actor with what may leave, drained by the session's connection; bounded in bytes. Over
//! that the session is slow, and is closed to come back with `resume`.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

use quorate_protocol::{Code, Seq};
use tokio::sync::Notify;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use crate::meeting::event::View;

/// Bytes that may wait for one session.
const OUTBOX_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Changes of view that a lagging session may accumulate.
const VIEWS_MAX: usize = 256;

/// Something for one session, and the ring's position that must be delivered before it.
#[derive(Debug, Clone)]
pub(super) struct Parcel {
    pub(super) after: u64,
    pub(super) what: What,
}

/// What a parcel holds.
#[derive(Debug, Clone)]
pub(super) enum What {
    /// A frame.
    Text(Utf8Bytes),
    /// A new start: a `welcome`, and the `seq` at which it stands.
    Start(Utf8Bytes, Seq),
    /// A `bye`: the last frame, and why.
    Bye(Utf8Bytes, Code),
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    state: Mutex<State>,
    wake: Notify,
    /// The other way: the round trip of the last ping that came back since it was asked for, in
    /// milliseconds, plus one; 0 is none.
    round_trip: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    parcels: VecDeque<Parcel>,
    bytes: usize,
    views: Vec<(Seq, View)>,
    latest: Vec<(String, Utf8Bytes)>,
    overflowed: bool,
    closed: bool,
}

/// What a drain finds beside the parcels.
#[derive(Debug, Default)]
pub(super) struct Drained {
    /// Signals of which only the newest counted.
    pub(super) latest: Vec<Utf8Bytes>,
    /// The session was too slow; what it had to get is gone.
    pub(super) overflowed: bool,
}

impl Outbox {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a parcel and wakes the session.
    pub(super) fn push(&self, parcel: Parcel) {
        let mut state = self.lock();
        if state.closed || state.overflowed {
            return;
        }
        state.bytes += match &parcel.what {
            What::Text(text) | What::Start(text, _) | What::Bye(text, _) => text.len(),
        };
        state.closed = matches!(parcel.what, What::Bye(..));
        if matches!(parcel.what, What::Start(..)) {
            // They speak of a standing that is over.
            state.latest.clear();
        }
        state.parcels.push_back(parcel);
        if state.bytes > OUTBOX_BYTES_MAX {
            state.overflow();
        }
        drop(state);
        self.wake.notify_one();
    }

    /// Sets a signal of which only the newest counts.
    pub(super) fn set_latest(&self, kind: &str, text: Utf8Bytes) {
        let mut state = self.lock();
        match state.latest.iter_mut().find(|(name, _)| name == kind) {
            Some((_, slot)) => *slot = text,
            None => state.latest.push((kind.to_owned(), text)),
        }
        drop(state);
        self.wake.notify_one();
    }

    /// Notes the view from `seq` on; to be called before that event is in the ring.
    pub(super) fn change_view(&self, seq: Seq, view: View) {
        let mut state = self.lock();
        state.views.push((seq, view));
        if state.views.len() > VIEWS_MAX {
            state.overflow();
        }
    }

    /// Moves all there is to the reader's own queues. `views` keeps its order.
    pub(super) fn drain(
        &self,
        parcels: &mut VecDeque<Parcel>,
        views: &mut VecDeque<(Seq, View)>,
    ) -> Drained {
        let mut state = self.lock();
        parcels.append(&mut state.parcels);
        views.extend(state.views.drain(..));
        state.bytes = 0;
        let latest = std::mem::take(&mut state.latest).into_iter().map(|(_, text)| text).collect();
        Drained { latest, overflowed: state.overflowed }
    }

    /// Whether more came than a session may leave lying.
    pub(super) fn overflowed(&self) -> bool {
        self.lock().overflowed
    }

    /// Whether a `bye` was added: nothing follows it.
    pub(super) fn closed(&self) -> bool {
        self.lock().closed
    }

    /// Notes the round trip of a ping, in milliseconds.
    pub(super) fn set_round_trip(&self, ms: u64) {
        self.round_trip.store(ms.saturating_add(1), Relaxed);
    }

    /// The round trip of the last ping that came back since this was asked, in milliseconds.
    pub(super) fn take_round_trip(&self) -> Option<u64> {
        self.round_trip.swap(0, Relaxed).checked_sub(1)
    }

    /// Wakes the session: the ring has something for it.
    pub(super) fn wake(&self) {
        self.wake.notify_one();
    }

    /// Waits until there is something.
    pub(super) async fn woken(&self) {
        self.wake.notified().await;
    }
}

impl State {
    fn overflow(&mut self) {
        self.overflowed = true;
        self.parcels = VecDeque::new();
        self.views = Vec::new();
        self.bytes = 0;
    }
}
