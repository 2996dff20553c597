//! The table `roles`: custom roles for all meetings. No fold: changed by admins, one at a time.

use quorate_protocol::{CustomRole, MeetingId, RoleKey, RoleUser, Timestamp, USED_BY_MAX, UserId};
use rusqlite::{Row, params};
use serde::de::DeserializeOwned;

use super::journal::unreadable;
use super::projections::{json, word as name};
use super::queries::{all, word};
use super::{Store, StoreError};

/// All of them: there are few.
const ROLES: &str = "SELECT key, label, based_on, rank, grants, denies, version FROM roles";
/// Who has a role in a meeting that is not over. One that is over has its own copy of it.
pub(super) const USERS_OF_ROLE: &str = "SELECT p.meeting_id, p.user_id \
     FROM meeting_participants AS p JOIN meetings AS m ON m.id = p.meeting_id \
     WHERE p.role = ?1 AND m.status IN ('scheduled', 'in_progress') LIMIT ?2";

const SET_ROLE: &str = "INSERT INTO roles (key, label, based_on, rank, grants, denies, version, \
     created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8) \
     ON CONFLICT (key) DO UPDATE SET label = ?2, based_on = ?3, rank = ?4, \
     grants = ?5, denies = ?6, version = ?7, updated_at = ?8";

impl Store {
    /// Every role of the server.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn roles(&self) -> Result<Vec<CustomRole>, StoreError> {
        self.read(|connection| all(connection, ROLES, [], role)).await
    }

    /// Who has a role of this key in a meeting that is not over: the first of them. A meeting's own role of
    /// that key counts too.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn users_of_role(&self, key: RoleKey) -> Result<Vec<RoleUser>, StoreError> {
        let user = |row: &Row<'_>| {
            Ok(RoleUser { meeting: MeetingId(row.get(0)?), user: UserId(row.get(1)?) })
        };
        let params = (key.as_str().to_owned(), USED_BY_MAX as i64);
        self.read(move |connection| all(connection, USERS_OF_ROLE, params, user)).await
    }

    /// Sets a role of the server; it is on disk when this answers.
    ///
    /// # Errors
    /// When the store is closed, or the transaction failed.
    pub async fn set_role(&self, role: CustomRole, at: Timestamp) -> Result<(), StoreError> {
        self.write(move |connection| {
            let set = params![
                role.key.as_str(),
                role.label,
                name(&role.based_on),
                role.rank,
                json(&role.grants),
                json(&role.denies),
                role.version,
                at.to_string()
            ];
            connection.prepare_cached(SET_ROLE)?.execute(set).map(drop)
        })
        .await
    }

    /// Takes a role of the server away.
    ///
    /// # Errors
    /// When the store is closed, or the transaction failed.
    pub async fn remove_role(&self, key: RoleKey) -> Result<(), StoreError> {
        let delete = "DELETE FROM roles WHERE key = ?1";
        self.write(move |connection| {
            connection.prepare_cached(delete)?.execute([key.as_str()]).map(drop)
        })
        .await
    }
}

fn role(row: &Row<'_>) -> rusqlite::Result<CustomRole> {
    Ok(CustomRole {
        key: word(row, 0)?,
        label: row.get(1)?,
        based_on: word(row, 2)?,
        rank: row.get(3)?,
        grants: list(row, 4)?,
        denies: list(row, 5)?,
        version: row.get(6)?,
    })
}

/// A column of JSON.
fn list<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|error| unreadable(column, error))
}
