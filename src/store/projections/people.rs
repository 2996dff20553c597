//! The tables of people: who comes and goes, who is banned, who has which role.

use quorate_protocol::{BanKey, BanScope, InviteeId, ParticipantId, Role, Seq, Timestamp, UserId};
use rusqlite::params;

use super::{Tables, word};

/// Who comes and goes.
impl Tables<'_> {
    /// Who acts without having been here has a place too.
    pub(super) fn identify(
        &self,
        participant: ParticipantId,
        user: UserId,
    ) -> rusqlite::Result<()> {
        self.any(
            "INSERT INTO meeting_participants (id, meeting_id, user_id, status, created_at) \
             VALUES (?1, ?2, ?3, 'pending', ?4) ON CONFLICT (id) DO NOTHING",
            params![participant.0, self.meeting, user.0, self.at],
        )
    }

    pub(super) fn wait(&self, participant: ParticipantId, user: UserId) -> rusqlite::Result<()> {
        self.one(
            "INSERT INTO meeting_participants \
             (id, meeting_id, user_id, status, waiting_since, created_at) \
             VALUES (?1, ?2, ?3, 'pending', ?4, ?4) \
             ON CONFLICT (id) DO UPDATE SET status = 'pending', waiting_since = ?4 \
             WHERE meeting_id = ?2 AND user_id = ?3",
            params![participant.0, self.meeting, user.0, self.at],
        )
    }

    pub(super) fn admit(&self, participant: ParticipantId) -> rusqlite::Result<()> {
        self.one(
            "UPDATE meeting_participants \
             SET status = 'approved', waiting_since = NULL, removed_at = NULL \
             WHERE id = ?1 AND meeting_id = ?2",
            params![participant.0, self.meeting],
        )
    }

    pub(super) fn decline(&self, participant: ParticipantId) -> rusqlite::Result<()> {
        self.one(
            "UPDATE meeting_participants SET status = 'declined', waiting_since = NULL \
             WHERE id = ?1 AND meeting_id = ?2",
            params![participant.0, self.meeting],
        )
    }

    pub(super) fn withdraw(&self, participant: ParticipantId) -> rusqlite::Result<()> {
        self.one(
            "UPDATE meeting_participants SET waiting_since = NULL WHERE id = ?1 AND meeting_id = ?2",
            params![participant.0, self.meeting],
        )
    }

    /// Sent back to the waiting room; that they left is written already.
    pub(super) fn wait_again(&self, participant: ParticipantId) -> rusqlite::Result<()> {
        self.one(
            "UPDATE meeting_participants SET status = 'pending', waiting_since = ?3 \
             WHERE id = ?1 AND meeting_id = ?2",
            params![participant.0, self.meeting, self.at],
        )
    }

    pub(super) fn join(
        &self,
        participant: ParticipantId,
        user: UserId,
        role: Role,
    ) -> rusqlite::Result<()> {
        self.one(
            "INSERT INTO meeting_participants \
             (id, meeting_id, user_id, role, status, first_joined_at, joined_at, created_at) \
             VALUES (?1, ?2, ?3, coalesce(?4, 'attendee'), 'approved', ?5, ?5, ?5) \
             ON CONFLICT (id) DO UPDATE SET role = coalesce(?4, role), status = 'approved', \
             waiting_since = NULL, first_joined_at = coalesce(first_joined_at, ?5), \
             joined_at = ?5, left_at = NULL, removed_at = NULL \
             WHERE meeting_id = ?2 AND user_id = ?3",
            params![participant.0, self.meeting, user.0, role_column(&role), self.at],
        )
    }

    pub(super) fn leave(&self, participant: ParticipantId) -> rusqlite::Result<()> {
        self.one(
            "UPDATE meeting_participants SET left_at = ?3 WHERE id = ?1 AND meeting_id = ?2",
            params![participant.0, self.meeting, self.at],
        )
    }

    pub(super) fn remove(&self, participant: ParticipantId) -> rusqlite::Result<()> {
        self.one(
            "UPDATE meeting_participants SET waiting_since = NULL, removed_at = ?3, \
             left_at = iif(joined_at IS NULL, NULL, coalesce(left_at, ?3)) \
             WHERE id = ?1 AND meeting_id = ?2",
            params![participant.0, self.meeting, self.at],
        )
    }

    /// One may be banned who was never here. A ban of an id that no user has stands in the journal alone:
    /// it is answered as any other, so that nobody learns who is known.
    pub(super) fn ban(
        &self,
        user: UserId,
        (until, scope, key): (Option<Timestamp>, BanScope, BanKey),
        seq: Seq,
        by: UserId,
    ) -> rusqlite::Result<()> {
        let until = until.map(|until| until.to_string());
        // One that has expired is no longer there, and its reason with it.
        self.any(
            "DELETE FROM meeting_bans WHERE meeting_id = ?1 AND user_id = ?2 AND until <= ?3",
            params![self.meeting, user.0, self.at],
        )?;
        self.any(
            "INSERT INTO meeting_bans \
             (meeting_id, user_id, until, scope, key, by_user_id, seq, created_at) \
             SELECT ?1, id, ?3, ?4, ?5, ?6, ?7, ?8 FROM users WHERE id = ?2 \
             ON CONFLICT (meeting_id, user_id) DO UPDATE SET until = ?3, scope = ?4, key = ?5, \
             by_user_id = ?6, seq = ?7, created_at = ?8",
            params![
                self.meeting,
                user.0,
                until,
                word(&scope),
                word(&key),
                by.0,
                seq.0.cast_signed(),
                self.at
            ],
        )?;
        self.any(
            "UPDATE meeting_participants SET waiting_since = NULL, \
             left_at = iif(joined_at IS NULL, NULL, coalesce(left_at, ?3)) \
             WHERE meeting_id = ?1 AND user_id = ?2",
            params![self.meeting, user.0, self.at],
        )
    }

    /// Lifting a ban forgives a removal too.
    pub(super) fn unban(&self, user: UserId) -> rusqlite::Result<()> {
        self.any(
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
    pub(super) fn give_reason(
        &self,
        of: Seq,
        seq: Seq,
        reason: Option<&str>,
    ) -> rusqlite::Result<()> {
        self.any(
            "UPDATE meeting_bans SET reason = ?3, reason_seq = ?4 \
             WHERE meeting_id = ?1 AND seq = ?2",
            params![self.meeting, of.0.cast_signed(), reason, seq.0.cast_signed()],
        )
    }
}

/// Who is invited.
impl Tables<'_> {
    /// As with bans, an invitation of an id that no user has stands in the journal alone.
    pub(super) fn invite(
        &self,
        invitee: InviteeId,
        user: Option<UserId>,
        email: Option<&str>,
        required: bool,
        seq: Seq,
    ) -> rusqlite::Result<()> {
        let user = user.map(|user| user.0);
        self.any(
            "INSERT INTO meeting_invitees \
             (meeting_id, invitee_id, user_id, email, required, seq, created_at) \
             SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7 \
             WHERE ?3 IS NULL OR EXISTS (SELECT 1 FROM users WHERE id = ?3)",
            params![self.meeting, invitee.0, user, email, required, seq.0.cast_signed(), self.at],
        )
    }

    pub(super) fn uninvite(&self, invitee: InviteeId) -> rusqlite::Result<()> {
        self.any(
            "DELETE FROM meeting_invitees WHERE meeting_id = ?1 AND invitee_id = ?2",
            params![self.meeting, invitee.0],
        )
    }
}

/// Roles.
impl Tables<'_> {
    pub(super) fn assign(&self, participant: ParticipantId, role: Role) -> rusqlite::Result<()> {
        self.one(
            "UPDATE meeting_participants SET role = coalesce(?3, role) \
             WHERE id = ?1 AND meeting_id = ?2",
            params![participant.0, self.meeting, role_column(&role)],
        )
    }

    /// What was measured stays, and is not shown.
    pub(super) fn exclude(
        &self,
        participant: ParticipantId,
        excluded: bool,
    ) -> rusqlite::Result<()> {
        self.one(
            "UPDATE meeting_participants SET exclude_from_report = ?3 \
             WHERE id = ?1 AND meeting_id = ?2",
            params![participant.0, self.meeting, excluded],
        )
    }

    pub(super) fn add_cohost(&self, user: UserId) -> rusqlite::Result<()> {
        self.one(
            "INSERT INTO meeting_co_hosts (meeting_id, user_id, created_at, updated_at) \
             VALUES (?1, ?2, ?3, ?3) \
             ON CONFLICT (meeting_id, user_id) DO UPDATE SET updated_at = ?3",
            params![self.meeting, user.0, self.at],
        )
    }

    /// Who is host in full is no co-host; an acting host stays what they were beside.
    pub(super) fn change_host(
        &self,
        user: UserId,
        acting: bool,
        co_host: Option<UserId>,
    ) -> rusqlite::Result<()> {
        self.one(
            "UPDATE meetings SET host_id = ?2, updated_at = ?3 WHERE id = ?1",
            params![self.meeting, user.0, self.at],
        )?;
        if !acting {
            self.remove_cohost(user)?;
        }
        co_host.map_or(Ok(()), |user| self.add_cohost(user))
    }

    pub(super) fn remove_cohost(&self, user: UserId) -> rusqlite::Result<()> {
        self.any(
            "DELETE FROM meeting_co_hosts WHERE meeting_id = ?1 AND user_id = ?2",
            params![self.meeting, user.0],
        )
    }
}

/// The column `role`; none for those who stand in `meetings.host_id` and `meeting_co_hosts`.
fn role_column(role: &Role) -> Option<&str> {
    match role {
        Role::Host | Role::CoHost => None,
        Role::Moderator | Role::Presenter | Role::Attendee | Role::Custom(_) => Some(role.name()),
    }
}
