//! What a server finds that keeps less from now on than it did: meetings that are over, or were never held.

use rusqlite::params;

use super::{Store, StoreError};

impl Store {
    /// Has every meeting that is over, and of which there is anything to delete, woken so many days after its
    /// end, where it was to be woken later or never; and so every one that waits to be held, that many days after
    /// it was to end, and a series that makes no more occurrences. It says itself then what is due.
    ///
    /// # Errors
    /// When the store is closed, or the transaction failed.
    pub async fn wake_over_meetings(&self, days: u32) -> Result<(), StoreError> {
        self.write(move |connection| {
            connection.execute(
                "UPDATE meetings SET next_deadline = due.at FROM ( \
                     SELECT id, strftime('%Y-%m-%dT%H:%M:%fZ', iif(status = 'scheduled', \
                         coalesce(end_time, start_time), coalesce(ended_at, updated_at)), ?1) AS at \
                     FROM meetings WHERE status IN ('completed', 'cancelled', 'scheduled') \
                 ) AS due \
                 WHERE due.id = meetings.id AND due.at IS NOT NULL \
                 AND (next_deadline IS NULL OR next_deadline > due.at \
                     AND (status <> 'scheduled' OR recurring_pattern IS NULL)) \
                 AND NOT EXISTS (SELECT 1 FROM meeting_audit_logs AS l \
                     WHERE l.meeting_id = meetings.id AND l.seq = (SELECT max(seq) \
                         FROM meeting_audit_logs WHERE meeting_id = meetings.id) \
                     AND +l.action = 'retention.applied')",
                params![format!("+{days} days")],
            )?;
            Ok(())
        })
        .await
    }
}
