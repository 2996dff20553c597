//! The only place that draws ids: global integers, session ids, meeting codes.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};

use quorate_protocol::{MeetingId, ParticipantId, SessionId, UserId};
use rand::RngExt;
use uuid::Uuid;

/// Hands out global integer ids: the highest in the database plus one; gaps are allowed.
#[derive(Debug)]
pub struct Ids {
    user: AtomicI64,
    meeting: AtomicI64,
    participant: AtomicI64,
    attachment: AtomicU64,
}

impl Ids {
    /// Goes on after the highest ids that are taken.
    #[must_use]
    pub fn after(user: UserId, meeting: MeetingId, participant: ParticipantId) -> Ids {
        Ids {
            user: AtomicI64::new(user.0 + 1),
            meeting: AtomicI64::new(meeting.0 + 1),
            participant: AtomicI64::new(participant.0 + 1),
            attachment: AtomicU64::new(1),
        }
    }

    /// An id for a new user.
    pub fn user(&self) -> UserId {
        UserId(self.user.fetch_add(1, Relaxed))
    }

    /// An id for a new meeting.
    pub fn meeting(&self) -> MeetingId {
        MeetingId(self.meeting.fetch_add(1, Relaxed))
    }

    /// An id for a new participant.
    pub fn participant(&self) -> ParticipantId {
        ParticipantId(self.participant.fetch_add(1, Relaxed))
    }

    /// A number for a session's new connection, never given before: a late goodbye of an old one touches
    /// no other.
    pub(super) fn attachment(&self) -> u64 {
        self.attachment.fetch_add(1, Relaxed)
    }
}

/// A new session's id.
#[allow(clippy::disallowed_methods, reason = "the one place that draws them")]
#[must_use]
pub(super) fn session() -> SessionId {
    SessionId(Uuid::now_v7())
}

/// Chance for a meeting's rules, which draw none themselves.
#[must_use]
pub(super) fn seed() -> u64 {
    rand::rng().random()
}

/// A name for something to look for in the log.
#[allow(clippy::disallowed_methods, reason = "the one place that draws them")]
#[must_use]
pub fn incident() -> String {
    Uuid::now_v7().to_string()
}

/// A random meeting code, `abc-defg-hij`: ten letters without those that are mistaken for others.
#[must_use]
pub fn meeting_code() -> String {
    const LETTERS: &[u8] = b"abcdefghijkmnopqrstuvwxyz";
    let mut rng = rand::rng();
    let mut letters = (0..10).map(|_| char::from(LETTERS[rng.random_range(0..LETTERS.len())]));
    let mut part = |length: usize| letters.by_ref().take(length).collect::<String>();
    format!("{}-{}-{}", part(3), part(4), part(3))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_code_has_the_shape_people_know() {
        let code = super::meeting_code();
        let lengths: Vec<_> = code.split('-').map(str::len).collect();
        assert_eq!(lengths, [3, 4, 3]);
        assert_ne!(code, super::meeting_code());
    }
}
