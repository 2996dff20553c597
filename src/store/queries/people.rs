//! The people of one meeting: who is and was there, co-hosts, who is invited, who is banned.

use quorate_protocol::{
    Admission, BanEntry, CoHost, ConnectionQuality, Engagement, FeedbackGiven, Invitation,
    InviteeId, MeetingId, ParticipantId, ParticipantStatus, QualityLevel, Role, Seq, Timestamp,
    UserId, UserKind,
};
use rusqlite::Row;

use super::super::journal::{parsed, parsed_if_any};
use super::super::{Store, StoreError};
use super::{all, first, json_if_any, word};

/// Participants that are looked at for one page at most; then the page ends, full or not.
const LOOKED_AT_MAX: usize = 10_000;

/// A participant as their row has it.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredPerson {
    /// The participant's id.
    pub id: ParticipantId,
    /// The user behind it.
    pub user: UserId,
    /// The user's name.
    pub name: String,
    /// What kind of user.
    pub kind: UserKind,
    /// The role.
    pub role: Role,
    /// Where they are; who is in and lost is present here.
    pub status: ParticipantStatus,
    /// Whether they were let in.
    pub admission: Admission,
    /// When they first came in.
    pub first_joined_at: Option<Timestamp>,
    /// When they last came in.
    pub joined_at: Option<Timestamp>,
    /// When they last left.
    pub left_at: Option<Timestamp>,
    /// Seconds there.
    pub total_time: u64,
    /// How good their connection is.
    pub quality: Option<ConnectionQuality>,
    /// For how long they spoke, in milliseconds.
    pub talk_ms: u64,
    /// How engaged they were, once the meeting was over.
    pub engagement: Option<Engagement>,
    /// Whether they are left out of scores and reports.
    pub excluded: bool,
    /// What they said of the meeting.
    pub feedback: Option<FeedbackGiven>,
}

/// Which participants to list.
#[derive(Debug, Clone, Copy, Default)]
pub struct PersonFilter {
    /// Only with this role.
    pub role: Option<Role>,
    /// Only who is there so; lost is taken for present.
    pub status: Option<ParticipantStatus>,
    /// Only of this kind.
    pub kind: Option<UserKind>,
    /// Only with this quality, or there now: what it is of those who are, the running meeting knows.
    pub quality: Option<QualityLevel>,
    /// Only who has been in.
    pub been_in: bool,
}

/// How a user stands to a meeting, as the tables say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserStanding {
    /// Hosts it.
    pub host: bool,
    /// Co-hosts it.
    pub co_host: bool,
    /// Was removed or banned, and let in again since neither.
    pub put_out: bool,
}

macro_rules! participant {
    ($where:literal) => {
        concat!(
            "SELECT p.id, p.user_id, coalesce(u.full_name, u.username), u.kind, p.role, p.status, \
             p.waiting_since IS NOT NULL, p.first_joined_at, p.joined_at, p.left_at, \
             p.removed_at IS NOT NULL OR EXISTS (SELECT 1 FROM meeting_bans AS b \
                 WHERE b.meeting_id = p.meeting_id AND b.user_id = p.user_id \
                 AND (b.until IS NULL OR b.until > ?2)), \
             p.total_time, p.connection_quality, m.host_id = p.user_id, \
             EXISTS (SELECT 1 FROM meeting_co_hosts AS c \
                 WHERE c.meeting_id = p.meeting_id AND c.user_id = p.user_id), \
             p.talk_ms, p.engagement, p.exclude_from_report, p.feedback \
             FROM meetings AS m CROSS JOIN meeting_participants AS p CROSS JOIN users AS u \
             WHERE m.id = ?1 AND p.meeting_id = m.id AND u.id = p.user_id AND ",
            $where
        )
    };
}

pub(in super::super) const PARTICIPANTS: &str = participant!("p.id > ?3 ORDER BY p.id");
pub(in super::super) const PARTICIPANT: &str = participant!("p.id = ?3");
pub(in super::super) const CO_HOSTS: &str = "SELECT c.id, c.user_id, \
     coalesce(u.full_name, u.username), p.id, c.created_at \
     FROM meeting_co_hosts AS c JOIN users AS u ON u.id = c.user_id \
     LEFT JOIN meeting_participants AS p ON p.meeting_id = c.meeting_id AND p.user_id = c.user_id \
     WHERE c.meeting_id = ?1 AND c.id > ?2 ORDER BY c.id LIMIT ?3";
/// Names are of those who were here: nobody learns by inviting or banning someone whether they are known.
pub(in super::super) const INVITEES: &str = "SELECT i.invitee_id, i.user_id, \
     coalesce(u.full_name, u.username), i.email, i.required, i.created_at \
     FROM meeting_invitees AS i \
     LEFT JOIN meeting_participants AS p ON p.meeting_id = i.meeting_id AND p.user_id = i.user_id \
     LEFT JOIN users AS u ON u.id = p.user_id \
     WHERE i.meeting_id = ?1 AND i.invitee_id > ?2 ORDER BY i.invitee_id LIMIT ?3";
pub(in super::super) const BANS: &str = "SELECT b.user_id, p.id, \
     coalesce(u.full_name, u.username), b.key, b.scope, b.reason, b.until, by.id, b.created_at \
     FROM meeting_bans AS b \
     LEFT JOIN meeting_participants AS p ON p.meeting_id = b.meeting_id AND p.user_id = b.user_id \
     LEFT JOIN users AS u ON u.id = p.user_id \
     LEFT JOIN meeting_participants AS by \
         ON by.meeting_id = b.meeting_id AND by.user_id = b.by_user_id \
     WHERE b.meeting_id = ?1 AND b.user_id > ?2 AND (b.until IS NULL OR b.until > ?4) \
     ORDER BY b.user_id LIMIT ?3";
pub(in super::super) const STANDING: &str = "SELECT m.host_id = ?2, \
     EXISTS (SELECT 1 FROM meeting_co_hosts WHERE meeting_id = ?1 AND user_id = ?2), \
     EXISTS (SELECT 1 FROM meeting_bans WHERE meeting_id = ?1 AND user_id = ?2) \
     OR EXISTS (SELECT 1 FROM meeting_participants \
         WHERE meeting_id = ?1 AND user_id = ?2 AND removed_at IS NOT NULL) \
     FROM meetings AS m WHERE m.id = ?1";
pub(in super::super) const WAITING_HEAD: &str = "SELECT \
     (SELECT max(seq) FROM meeting_audit_logs WHERE meeting_id = ?1), \
     EXISTS (SELECT 1 FROM meeting_participants \
         WHERE meeting_id = ?1 AND waiting_since IS NOT NULL)";

/// Questions about the people of a meeting.
impl Store {
    /// A page of at most `limit` participants by id, and after which one the next page begins if there may be
    /// more. It may be shorter than `limit`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn participants(
        &self,
        meeting: MeetingId,
        filter: PersonFilter,
        now: Timestamp,
        after: ParticipantId,
        limit: u32,
    ) -> Result<(Vec<StoredPerson>, Option<ParticipantId>), StoreError> {
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(PARTICIPANTS)?;
            let mut rows = statement.query((meeting.0, now.to_string(), after.0))?;
            let (mut found, mut last, mut looked_at) = (Vec::new(), after, 0);
            while let Some(row) = rows.next()? {
                if found.len() == limit as usize || looked_at == LOOKED_AT_MAX {
                    return Ok((found, Some(last)));
                }
                let person = person(row)?;
                (last, looked_at) = (person.id, looked_at + 1);
                if filter.takes(&person) {
                    found.push(person);
                }
            }
            Ok((found, None))
        })
        .await
    }

    /// One participant of a meeting.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn participant(
        &self,
        meeting: MeetingId,
        id: ParticipantId,
        now: Timestamp,
    ) -> Result<Option<StoredPerson>, StoreError> {
        let params = (meeting.0, now.to_string(), id.0);
        self.read(move |connection| first(connection, PARTICIPANT, params, person)).await
    }

    /// At most `limit` co-hosts in the order of their appointment, each with where the list goes on after
    /// them.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn co_hosts(
        &self,
        meeting: MeetingId,
        after: i64,
        limit: u32,
    ) -> Result<Vec<(i64, CoHost)>, StoreError> {
        let co_host = |row: &Row<'_>| {
            let co_host = CoHost {
                user: UserId(row.get(1)?),
                name: row.get(2)?,
                participant: row.get::<_, Option<i64>>(3)?.map(ParticipantId),
                since: parsed(row, 4)?,
            };
            Ok((row.get(0)?, co_host))
        };
        let params = (meeting.0, after, limit);
        self.read(move |connection| all(connection, CO_HOSTS, params, co_host)).await
    }

    /// At most `limit` invitations by id.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn invitees(
        &self,
        meeting: MeetingId,
        after: i64,
        limit: u32,
    ) -> Result<Vec<Invitation>, StoreError> {
        let invitation = |row: &Row<'_>| {
            Ok(Invitation {
                id: InviteeId(row.get(0)?),
                user: row.get::<_, Option<i64>>(1)?.map(UserId),
                name: row.get(2)?,
                email: row.get(3)?,
                required: row.get(4)?,
                created_at: parsed(row, 5)?,
            })
        };
        let params = (meeting.0, after, limit);
        self.read(move |connection| all(connection, INVITEES, params, invitation)).await
    }

    /// At most `limit` bans that hold, by user.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn bans(
        &self,
        meeting: MeetingId,
        now: Timestamp,
        after: UserId,
        limit: u32,
    ) -> Result<Vec<BanEntry>, StoreError> {
        let ban = |row: &Row<'_>| {
            Ok(BanEntry {
                user: UserId(row.get(0)?),
                participant: row.get::<_, Option<i64>>(1)?.map(ParticipantId),
                name: row.get(2)?,
                key: word(row, 3)?,
                scope: word(row, 4)?,
                reason: row.get(5)?,
                until: parsed_if_any(row, 6)?,
                by: row.get::<_, Option<i64>>(7)?.map(ParticipantId),
                at: parsed(row, 8)?,
            })
        };
        let params = (meeting.0, after.0, limit, now.to_string());
        self.read(move |connection| all(connection, BANS, params, ban)).await
    }

    /// How a user stands to a meeting; none where there is no such meeting.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn standing(
        &self,
        meeting: MeetingId,
        user: UserId,
    ) -> Result<Option<UserStanding>, StoreError> {
        let standing = |row: &Row<'_>| {
            Ok(UserStanding { host: row.get(0)?, co_host: row.get(1)?, put_out: row.get(2)? })
        };
        let params = (meeting.0, user.0);
        self.read(move |connection| first(connection, STANDING, params, standing)).await
    }

    /// Where the journal of a meeting ends, and whether anyone waits.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn waiting_head(&self, meeting: MeetingId) -> Result<(Seq, bool), StoreError> {
        let head = |row: &Row<'_>| {
            let seq = row.get::<_, Option<i64>>(0)?.unwrap_or(0);
            Ok((Seq(seq.cast_unsigned()), row.get(1)?))
        };
        let found = self.read(move |connection| first(connection, WAITING_HEAD, [meeting.0], head));
        Ok(found.await?.unwrap_or((Seq(0), false)))
    }
}

impl PersonFilter {
    fn takes(&self, person: &StoredPerson) -> bool {
        use ParticipantStatus::{Left, Lost, Present, Waiting};
        let there = person.status == Present;
        let level = person.quality.map_or(QualityLevel::Unknown, |quality| quality.level);
        // Who has been in and waits again has left, for those who may not see who waits.
        let shown = match person.status {
            Waiting if self.been_in => Left,
            status => status,
        };
        let status = self.status.map(|status| if status == Lost { Present } else { status });
        self.role.is_none_or(|role| role == person.role)
            && status.is_none_or(|status| status == shown)
            && self.kind.is_none_or(|kind| kind == person.kind)
            && (there || self.quality.is_none_or(|quality| quality == level))
            && (!self.been_in || person.first_joined_at.is_some())
    }
}

fn person(row: &Row<'_>) -> rusqlite::Result<StoredPerson> {
    let admission = word(row, 5)?;
    let (waits, removed): (bool, bool) = (row.get(6)?, row.get(10)?);
    let joined_at = parsed_if_any(row, 8)?;
    let left_at = parsed_if_any(row, 9)?;
    let (host, co_host): (bool, bool) = (row.get(13)?, row.get(14)?);
    let status = match (joined_at, left_at) {
        (Some(_), None) => ParticipantStatus::Present,
        _ if waits => ParticipantStatus::Waiting,
        _ if removed => ParticipantStatus::Removed,
        (Some(_), Some(_)) => ParticipantStatus::Left,
        (None, _) if admission == Admission::Declined => ParticipantStatus::Left,
        (None, _) => ParticipantStatus::Invited,
    };
    Ok(StoredPerson {
        id: ParticipantId(row.get(0)?),
        user: UserId(row.get(1)?),
        name: row.get(2)?,
        kind: word(row, 3)?,
        role: match (host, co_host) {
            (true, _) => Role::Host,
            (false, true) => Role::CoHost,
            (false, false) => word(row, 4)?,
        },
        status,
        admission,
        first_joined_at: parsed_if_any(row, 7)?,
        joined_at,
        left_at,
        total_time: row.get::<_, i64>(11)?.max(0).cast_unsigned(),
        // What the older application measured has another shape.
        quality: json_if_any(row, 12).unwrap_or_default(),
        talk_ms: row.get::<_, i64>(15)?.max(0).cast_unsigned(),
        engagement: json_if_any(row, 16).unwrap_or_default(),
        excluded: row.get(17)?,
        feedback: json_if_any(row, 18)?,
    })
}
