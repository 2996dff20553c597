//! The table `sign_ins`: browsers that stay signed in, by the hash of their cookie. No fold.

use quorate_protocol::{Timestamp, UserId};
use rusqlite::{Row, params};

use super::journal::parsed;
use super::queries::first;
use super::{Store, StoreError};

/// Browsers of one user that stay signed in; a further one signs out the one that was away longest.
const SIGN_INS_MAX: usize = 20;

pub(super) const SIGN_IN: &str =
    "SELECT user_id, claims, last_used_at FROM sign_ins WHERE secret_hash = ?1 AND expires_at > ?2";

/// A browser that stays signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSignIn {
    /// Who.
    pub user: UserId,
    /// What tokens renewed by it say, as JSON.
    pub claims: String,
    /// When it was renewed last.
    pub last_used_at: Timestamp,
}

impl Store {
    /// The sign-in behind a cookie with this hash, if it holds.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn sign_in(
        &self,
        hash: [u8; 32],
        now: Timestamp,
    ) -> Result<Option<StoredSignIn>, StoreError> {
        let read = |row: &Row<'_>| {
            let (user, last_used_at) = (UserId(row.get(0)?), parsed(row, 2)?);
            Ok(StoredSignIn { user, claims: row.get(1)?, last_used_at })
        };
        let params = (hash, now.to_string());
        self.read(move |connection| first(connection, SIGN_IN, params, read)).await
    }

    /// Lets a browser stay signed in, forgets all that have expired, and of this user's all but the latest.
    ///
    /// # Errors
    /// When the store is closed, or the transaction failed.
    pub async fn add_sign_in(
        &self,
        hash: [u8; 32],
        sign_in: StoredSignIn,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(move |connection| {
            let StoredSignIn { user, claims, last_used_at } = &sign_in;
            let at = last_used_at.to_string();
            connection.execute("DELETE FROM sign_ins WHERE expires_at <= ?1", [&at])?;
            connection.execute(
                "INSERT INTO sign_ins (secret_hash, user_id, claims, created_at, expires_at, \
                 last_used_at) VALUES (?1, ?2, ?3, ?4, ?5, ?4)",
                params![hash, user.0, claims, at, expires_at.to_string()],
            )?;
            connection
                .execute("UPDATE users SET last_login = ?2 WHERE id = ?1", params![user.0, at])?;
            let surplus = "DELETE FROM sign_ins WHERE user_id = ?1 AND secret_hash IN \
                 (SELECT secret_hash FROM sign_ins WHERE user_id = ?1 \
                  ORDER BY last_used_at DESC, created_at DESC LIMIT -1 OFFSET ?2)";
            connection.execute(surplus, params![user.0, SIGN_INS_MAX as i64]).map(drop)
        })
        .await
    }

    /// Lets a browser stay signed in for longer.
    ///
    /// # Errors
    /// When the store is closed, or the transaction failed.
    pub async fn extend_sign_in(
        &self,
        hash: [u8; 32],
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        let extend =
            "UPDATE sign_ins SET last_used_at = ?2, expires_at = ?3 WHERE secret_hash = ?1";
        self.write(move |connection| {
            let params = params![hash, now.to_string(), expires_at.to_string()];
            connection.prepare_cached(extend)?.execute(params).map(drop)
        })
        .await
    }

    /// Signs a browser out. False when it was not signed in.
    ///
    /// # Errors
    /// When the store is closed, or the transaction failed.
    pub async fn remove_sign_in(&self, hash: [u8; 32]) -> Result<bool, StoreError> {
        let remove = "DELETE FROM sign_ins WHERE secret_hash = ?1";
        self.write(move |connection| {
            Ok(connection.prepare_cached(remove)?.execute([hash.as_slice()])? > 0)
        })
        .await
    }
}
