//! What people said of a meeting under their names, and the end of what is kept of them.

use quorate_protocol::{FeedbackGiven, ParticipantId, Seq, Timestamp};
use rusqlite::params;

use super::{Tables, json};
use crate::meeting::event::Personal;

impl Tables<'_> {
    pub(super) fn rate(
        &self,
        participant: ParticipantId,
        at: Timestamp,
        personal: Option<&Personal>,
    ) -> rusqlite::Result<()> {
        let given = personal.and_then(|it| {
            let (comment, tags) = (it.text.clone(), it.texts.clone());
            Some(FeedbackGiven { rating: it.rating?, comment, tags, at })
        });
        self.one(
            "UPDATE meeting_participants SET feedback = ?3 WHERE id = ?1 AND meeting_id = ?2",
            params![participant.0, self.meeting, given.as_ref().map(json)],
        )
    }

    /// From now on nobody can make of a user what their ballot is filed under.
    pub(super) fn close_feedback(&self) -> rusqlite::Result<()> {
        self.any("DELETE FROM meeting_ballot_keys WHERE meeting_id = ?1", [self.meeting])
    }

    /// What was said in these events, unless something was said since.
    pub(super) fn redact_feedback(&self, first: Seq, last: Seq) -> rusqlite::Result<()> {
        self.any(
            "UPDATE meeting_participants SET feedback = NULL \
             WHERE meeting_id = ?1 AND feedback IS NOT NULL \
             AND EXISTS (SELECT 1 FROM meeting_audit_logs AS l WHERE l.meeting_id = ?1 \
                 AND l.seq BETWEEN ?2 AND ?3 AND +l.action = 'feedback.submitted' \
                 AND l.participant_id = meeting_participants.id) \
             AND NOT EXISTS (SELECT 1 FROM meeting_audit_logs AS l WHERE l.meeting_id = ?1 \
                 AND l.seq > ?3 AND +l.action = 'feedback.submitted' \
                 AND l.participant_id = meeting_participants.id)",
            params![self.meeting, first.0.cast_signed(), last.0.cast_signed()],
        )
    }

    /// What was measured of people and said by them goes with this event; when they were there stays.
    pub(super) fn forget(&self) -> rusqlite::Result<()> {
        for sql in [
            "DELETE FROM meeting_minutes WHERE meeting_id = ?1",
            "DELETE FROM meeting_ballots WHERE meeting_id = ?1",
            "DELETE FROM meeting_ballot_keys WHERE meeting_id = ?1",
            "UPDATE meeting_participants SET talk_ms = 0, reactions = 0, connection_quality = NULL, \
             participation_score = NULL, engagement = NULL, feedback = NULL WHERE meeting_id = ?1",
        ] {
            self.any(sql, [self.meeting])?;
        }
        Ok(())
    }
}
