//! What a server finds that keeps less from now on than it did: meetings that are over.

use rusqlite::params;

use super::{Store, StoreError};

impl Store {
    /// Has every meeting that is over, and of which there is anything to delete, woken so many days after its
    /// end, where it was to be woken later or never. It says itself then what is due.
    ///
    /// # Errors
    /// When the store is closed, or the transaction failed.
    pub async fn wake_over_meetings(&self, days: u32) -> Result<(), StoreError> {
        self.write(move |connection| {
            connection.execute(
                "UPDATE meetings SET next_deadline = \
                 strftime('%Y-%m-%dT%H:%M:%fZ', coalesce(ended_at, updated_at), ?1) \
                 WHERE status IN ('completed', 'cancelled') AND (next_deadline IS NULL OR \
                 next_deadline > strftime('%Y-%m-%dT%H:%M:%fZ', coalesce(ended_at, updated_at), ?1)) \
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
