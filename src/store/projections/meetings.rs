//! The table `meetings`, and what becomes of everyone at the end.

use rusqlite::params;

use super::{Tables, json, word};
use crate::meeting::event::MeetingCreated;

impl Tables<'_> {
    pub(super) fn create(&self, made: &MeetingCreated) -> rusqlite::Result<()> {
        self.one(
            "INSERT INTO meetings (id, title, description, host_id, owner_id, start_time, end_time, \
             meeting_code, meeting_type, max_participants, requires_approval, is_recorded, \
             settings, created_at, updated_at) \
             VALUES (?1, ?2, ?3, ?4, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?13)",
            params![
                self.meeting,
                made.title,
                made.description,
                made.owner.0,
                made.starts_at.map(|at| at.to_string()),
                made.ends_at.map(|at| at.to_string()),
                made.code,
                word(&made.kind),
                made.max_participants,
                made.requires_approval,
                made.is_recorded,
                json(&made.settings),
                self.at
            ],
        )?;
        made.co_hosts.iter().try_for_each(|user| self.add_cohost(*user))
    }

    pub(super) fn start(&self) -> rusqlite::Result<()> {
        self.one(
            "UPDATE meetings SET status = 'in_progress', started_at = ?2, ended_at = NULL, \
             updated_at = ?2 WHERE id = ?1",
            params![self.meeting, self.at],
        )
    }

    pub(super) fn end(&self) -> rusqlite::Result<()> {
        self.one(
            "UPDATE meetings SET status = 'completed', ended_at = ?2, updated_at = ?2 \
             WHERE id = ?1",
            params![self.meeting, self.at],
        )?;
        self.any(
            "UPDATE meeting_participants SET left_at = ?2 \
             WHERE meeting_id = ?1 AND joined_at IS NOT NULL AND left_at IS NULL",
            params![self.meeting, self.at],
        )?;
        self.any(
            "UPDATE meeting_participants SET waiting_since = NULL \
             WHERE meeting_id = ?1 AND waiting_since IS NOT NULL",
            params![self.meeting],
        )
    }

    pub(super) fn reopen(&self) -> rusqlite::Result<()> {
        self.one(
            "UPDATE meetings SET status = 'in_progress', ended_at = NULL, updated_at = ?2 \
             WHERE id = ?1",
            params![self.meeting, self.at],
        )
    }

    pub(super) fn lock(&self, locked: bool) -> rusqlite::Result<()> {
        self.one(
            "UPDATE meetings SET locked = ?3, updated_at = ?2 WHERE id = ?1",
            params![self.meeting, self.at, locked],
        )
    }
}
