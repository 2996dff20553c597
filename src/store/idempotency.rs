//! The table `idempotency_keys`: answers to requests that may be sent again. No fold. The answer to what
//! changes a meeting is written with its events, in one transaction.

use quorate_protocol::{Timestamp, UserId};
use rusqlite::{Connection, Error, Row, params};

use super::journal::unreadable;
use super::queries::first;
use super::{Store, StoreError, UserRow, append};

/// For how long an answer is kept, in hours.
pub const KEPT_HOURS: i64 = 24;
/// Rows taken away in one transaction at most.
const PURGED_AT_ONCE: i64 = 1000;

/// An answer, as far as it is given again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// The HTTP status.
    pub status: u16,
    /// Where what was made is.
    pub location: Option<String>,
    /// The body; none: read again at the location, or where there is none either, a secret that is not given
    /// twice.
    pub body: Option<String>,
}

/// An answer, and the request that it answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAnswer {
    /// Who asked.
    pub user: UserId,
    /// The key that they sent.
    pub key: String,
    /// What tells the request from another of that key.
    pub fingerprint: [u8; 32],
    /// What they were answered.
    pub answer: Answered,
    /// When.
    pub at: Timestamp,
}

pub(super) const KEPT_ANSWER: &str = "SELECT fingerprint, status, location, body, created_at \
     FROM idempotency_keys WHERE user_id = ?1 AND key = ?2 AND created_at > ?3";
pub(super) const OLDEST_ANSWERS: &str = "SELECT user_id, key FROM idempotency_keys \
     WHERE created_at <= strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-24 hours') ORDER BY created_at LIMIT ?1";
const KEEP: &str = "INSERT INTO idempotency_keys \
     (user_id, key, fingerprint, status, location, body, created_at) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) \
     ON CONFLICT (user_id, key) DO UPDATE SET fingerprint = excluded.fingerprint, \
     status = excluded.status, location = excluded.location, body = excluded.body, \
     created_at = excluded.created_at WHERE created_at <= ?8";

/// Since when answers are kept, as of then.
fn kept_since(now: Timestamp) -> Timestamp {
    now.plus_ms(-KEPT_HOURS * 3_600_000)
}

impl Store {
    /// What this user was answered to a request with that key, if it is kept still.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn kept_answer(
        &self,
        user: UserId,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<KeptAnswer>, StoreError> {
        let key = key.to_owned();
        self.read(move |connection| {
            let params = (user.0, key.clone(), kept_since(now).to_string());
            first(connection, KEPT_ANSWER, params, |row| kept_answer(row, user, key))
        })
        .await
    }

    /// Keeps the answer to a request that changed no meeting; one that is kept already stays.
    ///
    /// # Errors
    /// When the store is closed, or the transaction failed.
    pub async fn keep_answer(&self, user: UserRow, kept: KeptAnswer) -> Result<(), StoreError> {
        self.write(move |connection| {
            append::insert_missing(connection, &user)?;
            match keep(connection, &kept) {
                Err(Error::StatementChangedRows(0)) => Ok(()),
                done => done,
            }
        })
        .await
    }
}

/// Keeps an answer. One that is kept still is not replaced: that fails, and what was to be done with it.
pub(super) fn keep(connection: &Connection, kept: &KeptAnswer) -> rusqlite::Result<()> {
    let KeptAnswer { user, key, fingerprint, answer, at } = kept;
    let rows = connection.prepare_cached(KEEP)?.execute(params![
        user.0,
        key,
        fingerprint.as_slice(),
        answer.status,
        answer.location,
        answer.body,
        at.to_string(),
        kept_since(*at).to_string(),
    ])?;
    if rows == 1 { Ok(()) } else { Err(Error::StatementChangedRows(rows)) }
}

/// Whether there are answers that are kept for too long.
pub(super) fn has_old(connection: &Connection) -> rusqlite::Result<bool> {
    connection.prepare_cached(OLDEST_ANSWERS)?.exists([1])
}

/// Takes old answers away, some at a time.
pub(super) fn purge(connection: &Connection) -> rusqlite::Result<()> {
    let delete = format!("DELETE FROM idempotency_keys WHERE (user_id, key) IN ({OLDEST_ANSWERS})");
    connection.prepare_cached(&delete)?.execute([PURGED_AT_ONCE]).map(drop)
}

fn kept_answer(row: &Row<'_>, user: UserId, key: String) -> rusqlite::Result<KeptAnswer> {
    let at: String = row.get(4)?;
    Ok(KeptAnswer {
        user,
        key,
        fingerprint: row.get(0)?,
        answer: Answered { status: row.get(1)?, location: row.get(2)?, body: row.get(3)? },
        at: at.parse().map_err(|error| unreadable(4, error))?,
    })
}
