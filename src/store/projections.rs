//! What follows from each fact in the tables of meetings; written in the transaction of its event.
//!
//! A fact about someone whom the meeting does not know is refused, and its batch with it.

use quorate_protocol::{MeetingId, ParticipantId, Role, Seq, Timestamp, UserId};
use rusqlite::{Connection, Params, params};
use serde::Serialize;

use crate::meeting::event::{Event, Fact, MeetingCreated};

/// Writes what follows from one event of a meeting. Every fact has its arm, also those that change no
/// table: a new one shall not be overlooked.
pub(super) fn project(
    connection: &Connection,
    meeting: MeetingId,
    event: &Event,
) -> rusqlite::Result<()> {
    let tables = Tables { connection, meeting: meeting.0, at: &event.at.to_string() };
    match &event.fact {
        Fact::MeetingCreated(made) => tables.create(made),
        Fact::MeetingStarted {} => tables.start(),
        Fact::MeetingEnded { .. } => tables.end(),
        Fact::MeetingReopened {} => tables.reopen(),
        Fact::MeetingLocked {} => tables.lock(true),
        Fact::MeetingUnlocked {} => tables.lock(false),
        Fact::ParticipantWaiting { participant, user, .. } => tables.wait(*participant, *user),
        Fact::ParticipantAdmitted { participant } => tables.admit(*participant),
        Fact::ParticipantDeclined { participant } => tables.decline(*participant),
        Fact::ParticipantWithdrawn { participant, .. } => tables.withdraw(*participant),
        Fact::ParticipantJoined { participant, user, role, .. } => {
            tables.join(*participant, *user, *role)
        }
        Fact::ParticipantLeft { participant, .. } => tables.leave(*participant),
        Fact::ParticipantRemoved { participant } => tables.remove(*participant),
        Fact::ParticipantBanned { user, until, .. } => {
            tables.ban(*user, *until, event.seq, event.user)
        }
        Fact::ParticipantUnbanned { user, .. } => tables.unban(*user),
        Fact::ReasonGiven { event: of, .. } => {
            let reason = event.personal.as_ref().and_then(|personal| personal.reason.as_deref());
            tables.give_reason(*of, event.seq, reason)
        }
        Fact::RoleAssigned { participant, role } => tables.assign(*participant, *role),
        Fact::CohostAdded { user, .. } => tables.add_cohost(*user),
        Fact::CohostRemoved { user, .. } => tables.remove_cohost(*user),
        Fact::Redacted { ranges } => tables.redact(ranges, event.seq),
        // What passes with the meeting, and what only its journal tells.
        Fact::MeetingRecovered { .. }
        | Fact::SessionOpened { .. }
        | Fact::SessionLost { .. }
        | Fact::SessionResumed { .. }
        | Fact::SessionClosed { .. }
        | Fact::ConnectionChanged { .. }
        | Fact::AttributesChanged { .. }
        | Fact::MediaUpdated { .. }
        | Fact::HandRaised { .. }
        | Fact::HandLowered { .. }
        | Fact::ChatSent { .. }
        | Fact::ChatDeleted { .. } => Ok(()),
    }
}

/// The tables of one meeting, as of one event.
struct Tables<'a> {
    connection: &'a Connection,
    meeting: i64,
    at: &'a str,
}

/// The meeting itself.
impl Tables<'_> {
    fn create(&self, made: &MeetingCreated) -> rusqlite::Result<()> {
        self.one(
            "INSERT INTO meetings (id, title, description, host_id, owner_id, start_time, end_time, \
             meeting_code, meeting_type, max_participants, requires_approval, settings, \
             created_at, updated_at) \
             VALUES (?1, ?2, ?3, ?4, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?12)",
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
                json(&made.settings),
                self.at
            ],
        )?;
        made.co_hosts.iter().try_for_each(|user| self.add_cohost(*user))
    }

    fn start(&self) -> rusqlite::Result<()> {
        self.one(
            "UPDATE meetings SET status = 'in_progress', started_at = ?2, ended_at = NULL, \
             updated_at = ?2 WHERE id = ?1",
            params![self.meeting, self.at],
        )
    }

    fn end(&self) -> rusqlite::Result<()> {
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

    fn reopen(&self) -> rusqlite::Result<()> {
        self.one(
            "UPDATE meetings SET status = 'in_progress', ended_at = NULL, updated_at = ?2 \
             WHERE id = ?1",
            params![self.meeting, self.at],
        )
    }

    fn lock(&self, locked: bool) -> rusqlite::Result<()> {
        self.one(
            "UPDATE meetings SET locked = ?3, updated_at = ?2 WHERE id = ?1",
            params![self.meeting, self.at, locked],
        )
    }
}

/// Who comes and goes.
impl Tables<'_> {
    fn wait(&self, participant: ParticipantId, user: UserId) -> rusqlite::Result<()> {
        self.one(
            "INSERT INTO meeting_participants \
             (id, meeting_id, user_id, status, waiting_since, created_at) \
             VALUES (?1, ?2, ?3, 'pending', ?4, ?4) \
             ON CONFLICT (id) DO UPDATE SET status = 'pending', waiting_since = ?4 \
             WHERE meeting_id = ?2 AND user_id = ?3",
            params![participant.0, self.meeting, user.0, self.at],
        )
    }

    fn admit(&self, participant: ParticipantId) -> rusqlite::Result<()> {
        self.one(
            "UPDATE meeting_participants \
             SET status = 'approved', waiting_since = NULL, removed_at = NULL \
             WHERE id = ?1 AND meeting_id = ?2",
            params![participant.0, self.meeting],
        )
    }

    fn decline(&self, participant: ParticipantId) -> rusqlite::Result<()> {
        self.one(
            "UPDATE meeting_participants SET status = 'declined', waiting_since = NULL \
             WHERE id = ?1 AND meeting_id = ?2",
            params![participant.0, self.meeting],
        )
    }

    fn withdraw(&self, participant: ParticipantId) -> rusqlite::Result<()> {
        self.one(
            "UPDATE meeting_participants SET waiting_since = NULL WHERE id = ?1 AND meeting_id = ?2",
            params![participant.0, self.meeting],
        )
    }

    fn join(&self, participant: ParticipantId, user: UserId, role: Role) -> rusqlite::Result<()> {
        self.one(
            "INSERT INTO meeting_participants \
             (id, meeting_id, user_id, role, status, first_joined_at, joined_at, created_at) \
             VALUES (?1, ?2, ?3, coalesce(?4, 'attendee'), 'approved', ?5, ?5, ?5) \
             ON CONFLICT (id) DO UPDATE SET role = coalesce(?4, role), status = 'approved', \
             waiting_since = NULL, first_joined_at = coalesce(first_joined_at, ?5), \
             joined_at = ?5, left_at = NULL, removed_at = NULL \
             WHERE meeting_id = ?2 AND user_id = ?3",
            params![participant.0, self.meeting, user.0, role_column(role), self.at],
        )
    }

    fn leave(&self, participant: ParticipantId) -> rusqlite::Result<()> {
        self.one(
            "UPDATE meeting_participants SET left_at = ?3 WHERE id = ?1 AND meeting_id = ?2",
            params![participant.0, self.meeting, self.at],
        )
    }

    fn remove(&self, participant: ParticipantId) -> rusqlite::Result<()> {
        self.one(
            "UPDATE meeting_participants SET waiting_since = NULL, removed_at = ?3, \
             left_at = iif(joined_at IS NULL, NULL, coalesce(left_at, ?3)) \
             WHERE id = ?1 AND meeting_id = ?2",
            params![participant.0, self.meeting, self.at],
        )
    }

    /// One may be banned who was never here.
    fn ban(
        &self,
        user: UserId,
        until: Option<Timestamp>,
        seq: Seq,
        by: UserId,
    ) -> rusqlite::Result<()> {
        let until = until.map(|until| until.to_string());
        self.one(
            "INSERT INTO meeting_bans (meeting_id, user_id, until, by_user_id, seq, created_at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
             ON CONFLICT (meeting_id, user_id) DO UPDATE SET until = ?3, by_user_id = ?4, \
             seq = ?5, created_at = ?6, reason = NULL, reason_seq = NULL",
            params![self.meeting, user.0, until, by.0, seq.0.cast_signed(), self.at],
        )?;
        self.any(
            "UPDATE meeting_participants SET waiting_since = NULL, \
             left_at = iif(joined_at IS NULL, NULL, coalesce(left_at, ?3)) \
             WHERE meeting_id = ?1 AND user_id = ?2",
            params![self.meeting, user.0, self.at],
        )
    }

    /// Lifting a ban forgives a removal too.
    fn unban(&self, user: UserId) -> rusqlite::Result<()> {
        self.one(
            "DELETE FROM meeting_bans WHERE meeting_id = ?1 AND user_id = ?2",
            params![self.meeting, user.0],
        )?;
        self.any(
            "UPDATE meeting_participants SET removed_at = NULL \
             WHERE meeting_id = ?1 AND user_id = ?2",
            params![self.meeting, user.0],
        )
    }

    /// The reason of a removal has no column.
    fn give_reason(&self, of: Seq, seq: Seq, reason: Option<&str>) -> rusqlite::Result<()> {
        self.any(
            "UPDATE meeting_bans SET reason = ?3, reason_seq = ?4 \
             WHERE meeting_id = ?1 AND seq = ?2",
            params![self.meeting, of.0.cast_signed(), reason, seq.0.cast_signed()],
        )
    }
}

/// Roles, and what is taken away again.
impl Tables<'_> {
    fn assign(&self, participant: ParticipantId, role: Role) -> rusqlite::Result<()> {
        self.one(
            "UPDATE meeting_participants SET role = coalesce(?3, role) \
             WHERE id = ?1 AND meeting_id = ?2",
            params![participant.0, self.meeting, role_column(role)],
        )
    }

    fn add_cohost(&self, user: UserId) -> rusqlite::Result<()> {
        self.one(
            "INSERT INTO meeting_co_hosts (meeting_id, user_id, created_at, updated_at) \
             VALUES (?1, ?2, ?3, ?3) \
             ON CONFLICT (meeting_id, user_id) DO UPDATE SET updated_at = ?3",
            params![self.meeting, user.0, self.at],
        )
    }

    fn remove_cohost(&self, user: UserId) -> rusqlite::Result<()> {
        self.any(
            "DELETE FROM meeting_co_hosts WHERE meeting_id = ?1 AND user_id = ?2",
            params![self.meeting, user.0],
        )
    }

    /// Takes the personal part of events before `seq` out of the journal, and out of what followed
    /// from it.
    fn redact(&self, ranges: &[(Seq, Seq)], seq: Seq) -> rusqlite::Result<()> {
        for (first, last) in ranges {
            let last = (*last).min(Seq(seq.0 - 1));
            let range = params![self.meeting, first.0.cast_signed(), last.0.cast_signed()];
            self.any(
                "UPDATE meeting_audit_logs SET personal = NULL, salt = NULL \
                 WHERE meeting_id = ?1 AND seq BETWEEN ?2 AND ?3 AND personal IS NOT NULL",
                range,
            )?;
            self.any(
                "UPDATE meeting_bans SET reason = NULL \
                 WHERE meeting_id = ?1 AND reason_seq BETWEEN ?2 AND ?3",
                range,
            )?;
        }
        Ok(())
    }
}

impl Tables<'_> {
    /// Runs a statement that must change exactly one row.
    fn one(&self, sql: &str, params: impl Params) -> rusqlite::Result<()> {
        match self.connection.prepare_cached(sql)?.execute(params)? {
            1 => Ok(()),
            rows => Err(rusqlite::Error::StatementChangedRows(rows)),
        }
    }

    /// Runs a statement that may change any number of rows.
    fn any(&self, sql: &str, params: impl Params) -> rusqlite::Result<()> {
        self.connection.prepare_cached(sql)?.execute(params).map(drop)
    }
}

/// The column `role`; none for those who stand in `meetings.host_id` and `meeting_co_hosts`.
fn role_column(role: Role) -> Option<&'static str> {
    match role {
        Role::Host | Role::CoHost => None,
        Role::Moderator | Role::Presenter | Role::Attendee => Some(role.name()),
    }
}

/// A plain enum's name, as the wire has it.
pub(super) fn word(value: &impl Serialize) -> String {
    json(value).trim_matches('"').to_owned()
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("settings and names serialise")
}
