//! Users beside the journal: made when they sign in, found by address or by what their issuer calls them.

use quorate_protocol::{InviteeId, MeetingId, Timestamp, UserId};
use rusqlite::{Connection, Row, params};

use super::append::upsert;
use super::queries::{StoredUser, all, first, user};
use super::{Store, StoreError, UserRow};

/// Accounts that share an address, shown at most.
const SHARING_MAX: usize = 10;

pub(super) const HAS_ADMIN: &str =
    "SELECT EXISTS (SELECT 1 FROM users WHERE is_admin = 1 AND is_active = 1)";
pub(super) const USERS_BY_EMAIL: &str = "SELECT id, username, coalesce(full_name, username), email, \
     kind, is_active, is_admin, calendar_version FROM users \
     WHERE email = ?1 AND kind = 'member' AND is_active = 1 ORDER BY id LIMIT ?2";
pub(super) const USER_BY_IDENTITY: &str = "SELECT u.id, u.username, coalesce(u.full_name, u.username), \
     u.email, u.kind, u.is_active, u.is_admin, u.calendar_version \
     FROM user_identities AS i JOIN users AS u ON u.id = i.user_id \
     WHERE i.issuer = ?1 AND i.subject = ?2";
pub(super) const INVITEE: &str =
    "SELECT user_id, email FROM meeting_invitees WHERE meeting_id = ?1 AND invitee_id = ?2";
/// Whether a user is more than an attendee of a meeting, there or by an office.
pub(super) const RUNS: &str = "SELECT EXISTS (SELECT 1 FROM meetings \
         WHERE id = ?1 AND (host_id = ?2 OR owner_id = ?2)) \
     OR EXISTS (SELECT 1 FROM meeting_co_hosts WHERE meeting_id = ?1 AND user_id = ?2) \
     OR EXISTS (SELECT 1 FROM meeting_participants \
         WHERE meeting_id = ?1 AND user_id = ?2 AND role <> 'attendee')";

/// A user of the configured issuer, as its token tells of them.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// The issuer.
    pub issuer: String,
    /// What it calls them.
    pub subject: String,
    /// Who they become where they were never here.
    pub user: UserRow,
    /// Whether they are the one user who has their verified address already, where there is just one.
    pub link: bool,
    /// When they come.
    pub at: Timestamp,
}

/// Who is invited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredInvitee {
    /// The user.
    pub user: Option<UserId>,
    /// Or whoever has this address.
    pub email: Option<String>,
}

impl Store {
    /// Whether somebody administers the server.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn has_admin(&self) -> Result<bool, StoreError> {
        self.read(|connection| Ok(connection.query_row(HAS_ADMIN, [], |row| row.get(0))?)).await
    }

    /// The members who may come in and have this verified address; the first of them.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn users_by_email(&self, email: &str) -> Result<Vec<StoredUser>, StoreError> {
        let params = (email.to_owned(), SHARING_MAX as i64);
        self.read(move |connection| all(connection, USERS_BY_EMAIL, params, user)).await
    }

    /// The user whom an issuer calls so.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn user_by_identity(
        &self,
        issuer: &str,
        subject: &str,
    ) -> Result<Option<StoredUser>, StoreError> {
        let params = (issuer.to_owned(), subject.to_owned());
        self.read(move |connection| first(connection, USER_BY_IDENTITY, params, user)).await
    }

    /// Who that invitation is for; none when it was taken back.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn invitee(
        &self,
        meeting: MeetingId,
        invitee: InviteeId,
    ) -> Result<Option<StoredInvitee>, StoreError> {
        let read = |row: &Row<'_>| {
            let user = row.get::<_, Option<i64>>(0)?.map(UserId);
            Ok(StoredInvitee { user, email: row.get(1)? })
        };
        self.read(move |connection| first(connection, INVITEE, (meeting.0, invitee.0), read)).await
    }

    /// Whether a user hosts, owns or co-hosts a meeting, or has a role in it above attendee.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn runs(&self, meeting: MeetingId, user: UserId) -> Result<bool, StoreError> {
        let params = (meeting.0, user.0);
        self.read(move |connection| Ok(connection.query_row(RUNS, params, |row| row.get(0))?)).await
    }

    /// Writes a user before any event names them.
    ///
    /// # Errors
    /// When the store is closed, or the transaction failed.
    pub async fn write_user(&self, user: UserRow) -> Result<(), StoreError> {
        self.write(move |connection| upsert(connection, &user)).await
    }

    /// Makes a user an administrator.
    ///
    /// # Errors
    /// When the store is closed, or the transaction failed.
    pub async fn write_admin(&self, user: UserRow) -> Result<(), StoreError> {
        self.write(move |connection| {
            upsert(connection, &user)?;
            connection.execute("UPDATE users SET is_admin = 1 WHERE id = ?1", [user.id.0]).map(drop)
        })
        .await
    }

    /// The user whom an issuer calls so, for good: the one who was it before, or is linked, or is made now.
    ///
    /// # Errors
    /// When the store is closed, or the transaction failed.
    pub async fn arrive(&self, arrival: Arrival) -> Result<Option<StoredUser>, StoreError> {
        let (issuer, subject) = (arrival.issuer.clone(), arrival.subject.clone());
        self.write(move |connection| arrive(connection, &arrival)).await?;
        self.user_by_identity(&issuer, &subject).await
    }

    /// Lets a user come in, or not; not, they are signed out everywhere. Answers whose bots they own.
    ///
    /// # Errors
    /// When the store is closed, or the transaction failed.
    pub async fn set_active(&self, id: UserId, active: bool) -> Result<Vec<UserId>, StoreError> {
        self.write(move |connection| {
            let set = "UPDATE users SET is_active = ?2 WHERE id = ?1";
            connection.prepare_cached(set)?.execute(params![id.0, active])?;
            if !active {
                connection.execute("DELETE FROM sign_ins WHERE user_id = ?1", [id.0])?;
            }
            bots_of(connection, id)
        })
        .await
    }

    /// Makes the private calendar address of a user anew; answers its version.
    ///
    /// # Errors
    /// When the store is closed, or the transaction failed.
    pub async fn renew_calendar(&self, id: UserId) -> Result<i64, StoreError> {
        self.write(move |connection| {
            let renew = "UPDATE users SET calendar_version = calendar_version + 1 WHERE id = ?1 \
                 RETURNING calendar_version";
            connection.prepare_cached(renew)?.query_row([id.0], |row| row.get(0))
        })
        .await
    }
}

/// The bots of the tokens that a user made.
pub(super) fn bots_of(connection: &Connection, owner: UserId) -> rusqlite::Result<Vec<UserId>> {
    let bots = "SELECT user_id FROM tokens WHERE owner_id = ?1 AND kind = 'bot'";
    let mut bots = connection.prepare_cached(bots)?;
    bots.query_map([owner.0], |row| row.get(0).map(UserId))?.collect()
}

fn arrive(connection: &Connection, arrival: &Arrival) -> rusqlite::Result<()> {
    let Arrival { issuer, subject, user: new, link, at } = arrival;
    let known = connection.prepare_cached(USER_BY_IDENTITY)?.exists(params![issuer, subject])?;
    if known {
        return Ok(());
    }
    let linked = match new.email.as_ref().filter(|_| *link) {
        Some(email) => the_one_with(connection, email)?,
        None => None,
    };
    if linked.is_none() {
        upsert(connection, new)?;
    }
    let identify = "INSERT INTO user_identities (issuer, subject, user_id, created_at) \
         VALUES (?1, ?2, ?3, ?4)";
    let id = linked.unwrap_or(new.id);
    let identity = params![issuer, subject, id.0, at.to_string()];
    connection.prepare_cached(identify)?.execute(identity).map(drop)
}

/// The user who has this address, where nobody else has it.
fn the_one_with(connection: &Connection, email: &str) -> rusqlite::Result<Option<UserId>> {
    let mut having = connection.prepare_cached(USERS_BY_EMAIL)?;
    let mut rows = having.query(params![email, 2])?;
    let first = rows.next()?.map(|row| row.get(0).map(UserId)).transpose()?;
    Ok(first.filter(|_| matches!(rows.next(), Ok(None))))
}
