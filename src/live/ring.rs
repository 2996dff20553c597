//! The ring: a meeting's most recent frames, shared by all its sessions.
//!
//! Filled by the actor with what is committed; read by each session at its own cursor. Bounded in
//! items and bytes: the oldest fall off, and a session that had not taken them reads the journal.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use quorate_protocol::Seq;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use crate::meeting::event::{Audience, View};

/// Frames kept at most.
pub(super) const RING_ITEMS_MAX: usize = 4096;
/// Bytes of frames kept at most.
const RING_BYTES_MAX: usize = 4 * 1024 * 1024;
/// A session this many frames behind gets no signals.
const SIGNAL_LAG_MAX: u64 = 256;

/// A frame for all who may see it. No view changes within its events, so it is seen whole or not at all.
#[derive(Debug, Clone)]
pub(super) struct Item {
    pub(super) audience: Audience,
    /// First and last event; none for signals.
    pub(super) events: Option<(Seq, Seq)>,
    pub(super) text: Utf8Bytes,
    /// Something in it was redacted since: what is left of it is in the journal.
    pub(super) stale: bool,
}

/// Where a session stands: all events up to `seq`, and all frames before `position`, are delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cursor {
    pub(super) position: u64,
    pub(super) seq: Seq,
}

/// What a session finds in the ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// The cursor has moved as far as asked.
    All,
    /// The batch is full; there is more.
    Some,
    /// Events after the cursor up to this one are no longer here: read them from the journal.
    Missing(Seq),
}

/// See the module.
#[derive(Debug)]
pub(super) struct Ring {
    inner: Mutex<Inner>,
    /// The position after the newest item, readable without the lock.
    head: AtomicU64,
    first: AtomicU64,
}

#[derive(Debug)]
struct Inner {
    items: VecDeque<Item>,
    bytes: usize,
    first: u64,
    /// All later events are here, or were for nobody.
    complete_after: Seq,
    head_seq: Seq,
    items_max: usize,
}

impl Ring {
    /// An empty ring: events up to `head` are to be read from the journal.
    pub(super) fn new(head: Seq, items_max: usize) -> Ring {
        let inner = Inner {
            items: VecDeque::new(),
            bytes: 0,
            first: 0,
            complete_after: head,
            head_seq: head,
            items_max,
        };
        Ring { inner: Mutex::new(inner), head: AtomicU64::new(0), first: AtomicU64::new(0) }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing panics while it is held; were it so, the ring is whole all the same.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds committed frames; the journal stands at `head` with them.
    pub(super) fn publish(&self, items: Vec<Item>, head: Seq) {
        let mut inner = self.lock();
        inner.head_seq = head;
        for item in items {
            inner.bytes += item.text.len();
            inner.items.push_back(item);
        }
        while inner.items.len() > inner.items_max || inner.bytes > RING_BYTES_MAX {
            let Some(oldest) = inner.items.pop_front() else { break };
            inner.bytes -= oldest.text.len();
            inner.first += 1;
            if let Some((_, last)) = oldest.events {
                inner.complete_after = last;
            }
        }
        self.first.store(inner.first, Ordering::Release);
        self.head.store(inner.first + inner.items.len() as u64, Ordering::Release);
    }

    /// What is personal in these events is gone: their frames are not shown again.
    pub(super) fn redact(&self, ranges: &[(Seq, Seq)]) {
        if ranges.is_empty() {
            return;
        }
        for item in &mut self.lock().items {
            let Some((first, last)) = item.events else { continue };
            item.stale |= ranges.iter().any(|(from, to)| first <= *to && *from <= last);
        }
    }

    /// The position after the newest frame.
    pub(super) fn head(&self) -> u64 {
        self.head.load(Ordering::Acquire)
    }

    /// The position of the oldest frame that is still here.
    pub(super) fn first(&self) -> u64 {
        self.first.load(Ordering::Acquire)
    }

    /// A cursor from which `take` goes on after `seq`.
    pub(super) fn cursor_after(&self, seq: Seq) -> Cursor {
        let inner = self.lock();
        let seen = |item: &Item| item.events.is_some_and(|(_, last)| last <= seq);
        let skip = inner.items.iter().rposition(seen).map_or(0, |index| index as u64 + 1);
        Cursor { position: inner.first + skip, seq }
    }

    /// Takes the frames from the cursor up to position `until` that the views allow, at most `frames_max`.
    /// `view` answers the session's view as of an event.
    pub(super) fn take(
        &self,
        cursor: &mut Cursor,
        until: u64,
        frames_max: usize,
        mut view: impl FnMut(Seq) -> View,
        out: &mut Vec<Utf8Bytes>,
    ) -> Taken {
        let inner = self.lock();
        if cursor.position < inner.first {
            // Whether signals alone fell off shows in the events: none may be missing then.
            cursor.position = inner.first;
            if cursor.seq < inner.complete_after {
                return Taken::Missing(inner.complete_after);
            }
        }
        if cursor.seq < inner.complete_after && cursor.position == inner.first {
            return Taken::Missing(inner.complete_after);
        }
        let head = inner.first + inner.items.len() as u64;
        while cursor.position < until.min(head) {
            if out.len() >= frames_max {
                return Taken::Some;
            }
            let item = &inner.items[(cursor.position - inner.first) as usize];
            match item.events {
                Some((first, last)) => {
                    let in_its_middle = first <= cursor.seq && cursor.seq < last;
                    if in_its_middle || (item.stale && cursor.seq < last) {
                        // What one resumes in the middle of, and what is stale, comes from the journal.
                        return Taken::Missing(last);
                    }
                    if last > cursor.seq {
                        if item.audience.includes(&view(last)) {
                            out.push(item.text.clone());
                        }
                        cursor.seq = last;
                    }
                }
                None => {
                    let lag = head - cursor.position;
                    if lag <= SIGNAL_LAG_MAX && item.audience.includes(&view(cursor.seq)) {
                        out.push(item.text.clone());
                    }
                }
            }
            cursor.position += 1;
        }
        if cursor.position == head {
            cursor.seq = cursor.seq.max(inner.head_seq);
        }
        Taken::All
    }
}

#[cfg(test)]
mod tests {
    use quorate_protocol::{ParticipantId, PermissionSet};

    use super::*;

    fn view(rank: u8) -> View {
        View {
            participant: ParticipantId(1),
            here: true,
            joined: true,
            rank,
            permissions: PermissionSet::NONE,
            room: None,
        }
    }

    fn item(first: u64, last: u64, audience: Audience) -> Item {
        let text = format!("{first}-{last}").into();
        Item { audience, events: Some((Seq(first), Seq(last))), text, stale: false }
    }

    fn take(ring: &Ring, cursor: &mut Cursor, rank: u8) -> (Taken, Vec<String>) {
        let mut out = Vec::new();
        let taken = ring.take(cursor, ring.head(), 100, |_| view(rank), &mut out);
        (taken, out.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_cursor_takes_what_is_new_and_meant_for_it_once() {
        let ring = Ring::new(Seq(0), 10);
        ring.publish(vec![item(1, 2, Audience::EVERYONE), item(3, 3, Audience::STAFF)], Seq(4));
        let mut cursor = ring.cursor_after(Seq(0));
        assert_eq!(take(&ring, &mut cursor, 20), (Taken::All, vec!["1-2".into()]));
        assert_eq!(cursor.seq, Seq(4), "what is for nobody is passed too");
        assert_eq!(take(&ring, &mut cursor, 20), (Taken::All, vec![]));
        ring.publish(vec![item(5, 5, Audience::STAFF)], Seq(5));
        assert_eq!(take(&ring, &mut cursor, 60), (Taken::All, vec!["5-5".into()]));
    }

    #[test]
    fn what_fell_off_is_named_and_so_is_the_rest_of_a_frame() {
        let ring = Ring::new(Seq(0), 2);
        let items = (1..=4).map(|seq| item(2 * seq - 1, 2 * seq, Audience::EVERYONE)).collect();
        ring.publish(items, Seq(8));
        let mut late = ring.cursor_after(Seq(1));
        assert_eq!(take(&ring, &mut late, 20), (Taken::Missing(Seq(4)), vec![]));
        late.seq = Seq(4);
        assert_eq!(take(&ring, &mut late, 20).1, ["5-6", "7-8"]);
        let mut within = ring.cursor_after(Seq(5));
        assert_eq!(take(&ring, &mut within, 20), (Taken::Missing(Seq(6)), vec![]));
        within.seq = Seq(6);
        assert_eq!(take(&ring, &mut within, 20).1, ["7-8"]);
    }
}
