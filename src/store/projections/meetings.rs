//! The table `meetings`, and what becomes of everyone at the end.

use quorate_protocol::{MeetingUpdated, Policy, Settings, Timestamp};
use rusqlite::types::Type;
use rusqlite::{Error, params};

use super::{Tables, json, word};
use crate::meeting::event::MeetingCreated;

impl Tables<'_> {
    pub(super) fn create(&self, made: &MeetingCreated) -> rusqlite::Result<()> {
        self.one(
            "INSERT INTO meetings (id, title, description, host_id, owner_id, start_time, end_time, \
             meeting_code, meeting_type, max_participants, requires_approval, is_recorded, \
             settings, created_at, updated_at, time_zone, recurring_pattern, parent_meeting_id, \
             original_start, follows_meeting_id) \
             VALUES (?1, ?2, ?3, ?4, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?13, ?14, ?15, \
             ?16, ?17, ?18)",
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
                self.at,
                made.time_zone,
                made.recurrence.as_ref().map(json),
                made.parent.map(|parent| parent.0),
                made.original_start.map(|at| at.to_string()),
                made.follows.map(|follows| follows.0),
            ],
        )?;
        if let Some(before) = made.follows {
            self.go_on_with(before, made)?;
        }
        made.co_hosts.iter().try_for_each(|user| self.add_cohost(*user))
    }

    pub(super) fn start(&self) -> rusqlite::Result<()> {
        self.one(
            "UPDATE meetings SET status = 'in_progress', started_at = ?2, ended_at = NULL, \
             updated_at = ?2 WHERE id = ?1",
            params![self.meeting, self.at],
        )?;
        self.thaw_summary()
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
        )?;
        self.any(
            "INSERT INTO meeting_digests (meeting_id) VALUES (?1) ON CONFLICT DO NOTHING",
            [self.meeting],
        )
    }

    pub(super) fn reopen(&self) -> rusqlite::Result<()> {
        self.one(
            "UPDATE meetings SET status = 'in_progress', ended_at = NULL, updated_at = ?2 \
             WHERE id = ?1",
            params![self.meeting, self.at],
        )?;
        self.thaw_summary()
    }

    /// What the meeting was like until now is not what it was like.
    fn thaw_summary(&self) -> rusqlite::Result<()> {
        self.any(
            "UPDATE meeting_digests SET frozen = 0, changes = changes + 1 WHERE meeting_id = ?1",
            [self.meeting],
        )
    }

    pub(super) fn cancel(&self) -> rusqlite::Result<()> {
        self.one(
            "UPDATE meetings SET status = 'cancelled', \
             calendar_sequence = calendar_sequence + 1, updated_at = ?2 WHERE id = ?1",
            params![self.meeting, self.at],
        )
    }

    pub(super) fn lock(&self, locked: bool) -> rusqlite::Result<()> {
        self.one(
            "UPDATE meetings SET locked = ?3, updated_at = ?2 WHERE id = ?1",
            params![self.meeting, self.at, locked],
        )
    }
    pub(super) fn suspend(&self, suspended: bool) -> rusqlite::Result<()> {
        self.one(
            "UPDATE meetings SET suspended = ?3, updated_at = ?2 WHERE id = ?1",
            params![self.meeting, self.at, suspended],
        )
    }

    pub(super) fn change_policy(&self, changes: &Policy) -> rusqlite::Result<()> {
        let before: String = self
            .connection
            .prepare_cached("SELECT settings FROM meetings WHERE id = ?1")?
            .query_row([self.meeting], |row| row.get(0))?;
        let before: Settings = serde_json::from_str(&before)
            .map_err(|error| Error::FromSqlConversionFailure(0, Type::Text, Box::new(error)))?;
        let max_participants = changes.max_participants;
        self.one(
            "UPDATE meetings SET settings = ?3, \
             max_participants = iif(?4, ?5, max_participants), \
             requires_approval = coalesce(?6, requires_approval), \
             is_recorded = coalesce(?7, is_recorded), updated_at = ?2 WHERE id = ?1",
            params![
                self.meeting,
                self.at,
                json(&before.with(changes)),
                max_participants.is_some(),
                max_participants.flatten(),
                changes.requires_approval,
                changes.is_recorded,
            ],
        )
    }

    pub(super) fn update(&self, changes: &MeetingUpdated) -> rusqlite::Result<()> {
        let MeetingUpdated { title, description, starts_at, ends_at, time_zone } = changes;
        let time = |at: &Option<Option<Timestamp>>| at.flatten().map(|at| at.to_string());
        self.one(
            "UPDATE meetings SET title = coalesce(?3, title), \
             description = iif(?4, ?5, description), start_time = iif(?6, ?7, start_time), \
             end_time = iif(?8, ?9, end_time), time_zone = iif(?10, ?11, time_zone), \
             calendar_sequence = calendar_sequence + 1, updated_at = ?2 WHERE id = ?1",
            params![
                self.meeting,
                self.at,
                title,
                description.is_some(),
                description.as_ref().and_then(Option::as_ref),
                starts_at.is_some(),
                time(starts_at),
                ends_at.is_some(),
                time(ends_at),
                time_zone.is_some(),
                time_zone.as_ref().and_then(Option::as_ref),
            ],
        )
    }

    pub(super) fn extend(&self, ends_at: Timestamp) -> rusqlite::Result<()> {
        self.one(
            "UPDATE meetings SET end_time = ?3, calendar_sequence = calendar_sequence + 1, \
             updated_at = ?2 WHERE id = ?1",
            params![self.meeting, self.at, ends_at.to_string()],
        )
    }
}
