//! Series and their occurrences in the table `meetings`.

use quorate_protocol::{MeetingId, Recurrence, Seq, Timestamp};
use rusqlite::params;

use super::{Tables, json};
use crate::meeting::event::{Followed, MeetingCreated};

impl Tables<'_> {
    pub(super) fn change_series(
        &self,
        (starts_at, ends_at): (Timestamp, Option<Timestamp>),
        time_zone: &str,
        recurrence: &Recurrence,
        occurrences: &[(MeetingId, Timestamp)],
    ) -> rusqlite::Result<()> {
        self.one(
            "UPDATE meetings SET start_time = ?2, end_time = ?3, time_zone = ?4 WHERE id = ?1",
            params![
                self.meeting,
                starts_at.to_string(),
                ends_at.map(|at| at.to_string()),
                time_zone
            ],
        )?;
        self.set_recurrence(recurrence)?;
        self.place(occurrences)
    }

    pub(super) fn set_recurrence(&self, recurrence: &Recurrence) -> rusqlite::Result<()> {
        self.one(
            "UPDATE meetings SET recurring_pattern = ?2, updated_at = ?3, \
             calendar_sequence = calendar_sequence + 1 WHERE id = ?1",
            params![self.meeting, json(recurrence), self.at],
        )
    }

    /// A new series goes on with another: its passcode, and its occurrences from there on.
    pub(super) fn go_on_with(
        &self,
        before: MeetingId,
        made: &MeetingCreated,
    ) -> rusqlite::Result<()> {
        if made.has_passcode {
            self.take_passcode(before)?;
        }
        self.place(&made.occurrences)
    }

    /// The rows of occurrences, where the rule of this series puts them now.
    fn place(&self, occurrences: &[(MeetingId, Timestamp)]) -> rusqlite::Result<()> {
        // First out of each other's way: no two of a series stand in the same place.
        for (meeting, _) in occurrences {
            self.any("UPDATE meetings SET original_start = NULL WHERE id = ?1", [meeting.0])?;
        }
        for (meeting, original_start) in occurrences {
            self.any(
                "UPDATE meetings SET parent_meeting_id = ?2, original_start = ?3, \
                 series_version = 0 WHERE id = ?1",
                params![meeting.0, self.meeting, original_start.to_string()],
            )?;
        }
        Ok(())
    }

    /// An occurrence took something from its series. Where it stands is for the series to say: it may have moved
    /// on meanwhile.
    pub(super) fn follow(&self, followed: &Followed) -> rusqlite::Result<()> {
        let template = &followed.template;
        self.any(
            "UPDATE meetings SET series_version = ?3 WHERE id = ?1 AND parent_meeting_id = ?2",
            params![self.meeting, template.series.0, template.version.0.cast_signed()],
        )?;
        if followed.took_passcode {
            self.take_passcode(template.series)?;
        }
        Ok(())
    }

    /// In the table alone: a hash is in no event.
    fn take_passcode(&self, from: MeetingId) -> rusqlite::Result<()> {
        self.one(
            "UPDATE meetings SET password = (SELECT password FROM meetings WHERE id = ?2) \
             WHERE id = ?1",
            [self.meeting, from.0],
        )
    }

    /// What the occurrences of a series take from it changed.
    pub(super) fn note_series_version(&self, seq: Seq) -> rusqlite::Result<()> {
        self.any(
            "UPDATE meetings SET series_version = ?2 \
             WHERE id = ?1 AND recurring_pattern IS NOT NULL",
            params![self.meeting, seq.0.cast_signed()],
        )
    }
}
