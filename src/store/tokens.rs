//! The table `tokens`: API keys and bot tokens, by the hash of their secret. No fold.

use quorate_protocol::{
    MeetingId, PermissionSet, TOKENS_MAX, Timestamp, Token, TokenId, TokenUse, UserId, UserKind,
};
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::de::DeserializeOwned;

use super::append::upsert;
use super::journal::{parsed, parsed_if_any, unreadable};
use super::projections::{json, word as name};
use super::queries::{StoredUser, all, first, word};
use super::{Store, StoreError, UserRow};

pub(super) const TOKEN_BY_SECRET: &str = "SELECT t.id, t.name, t.kind, t.user_id, t.scopes, \
     t.meetings, t.created_at, t.expires_at, t.last_used_at, o.id, o.is_admin, o.is_active, \
     u.username, coalesce(u.full_name, u.username), u.email, u.kind, u.is_active, u.is_admin, \
     u.calendar_version \
     FROM tokens AS t JOIN users AS o ON o.id = t.owner_id JOIN users AS u ON u.id = t.user_id \
     WHERE t.secret_hash = ?1 AND t.revoked_at IS NULL";
pub(super) const TOKEN_BY_ID: &str = "SELECT 1 FROM tokens AS t JOIN users AS o ON o.id = t.owner_id \
     WHERE t.id = ?1 AND t.user_id = ?2 AND t.revoked_at IS NULL AND o.is_active = 1";
pub(super) const TOKENS_OF: &str = "SELECT id, name, kind, user_id, scopes, meetings, created_at, \
     expires_at, last_used_at FROM tokens \
     WHERE owner_id = ?1 AND revoked_at IS NULL AND id > ?2 ORDER BY id LIMIT ?3";

/// A token that was shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredToken {
    /// What is known of it.
    pub token: Token,
    /// Whose it is.
    pub owner: TokenOwner,
    /// Whom it is: its owner, or the bot.
    pub user: StoredUser,
}

/// Whose a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenOwner {
    /// The user.
    pub id: UserId,
    /// Whether they administer the server.
    pub is_admin: bool,
    /// Whether they may come in.
    pub is_active: bool,
}

/// A token to be made.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// Whose it is.
    pub owner: UserRow,
    /// The bot that it makes; none for an API key.
    pub bot: Option<UserRow>,
    /// What it is called.
    pub name: String,
    /// What it may do at most.
    pub scopes: Option<PermissionSet>,
    /// The only meetings it reaches.
    pub meetings: Option<Vec<MeetingId>>,
    /// SHA-256 of its secret.
    pub hash: [u8; 32],
    /// When it is made.
    pub at: Timestamp,
    /// When it expires.
    pub expires_at: Option<Timestamp>,
}

impl Store {
    /// The token whose secret has this hash, unless it was revoked.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn token_by_secret(&self, hash: [u8; 32]) -> Result<Option<StoredToken>, StoreError> {
        self.read(move |connection| first(connection, TOKEN_BY_SECRET, [hash], stored)).await
    }

    /// Whether a token of this user was not revoked, and its owner may come in.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn token_holds(&self, token: TokenId, user: UserId) -> Result<bool, StoreError> {
        let found = self.read(move |connection| {
            first(connection, TOKEN_BY_ID, (token.0, user.0), |row| row.get::<_, i64>(0))
        });
        Ok(found.await?.is_some())
    }

    /// A user's tokens that are not revoked, from the one after `after`, at most `limit`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn tokens_of(
        &self,
        owner: UserId,
        after: TokenId,
        limit: u32,
    ) -> Result<Vec<Token>, StoreError> {
        let params = (owner.0, after.0, limit);
        self.read(move |connection| all(connection, TOKENS_OF, params, token)).await
    }

    /// Makes a token; none where its owner has as many as they may.
    ///
    /// # Errors
    /// When the store is closed, or the transaction failed.
    pub async fn add_token(&self, new: NewToken) -> Result<Option<Token>, StoreError> {
        self.write(move |connection| {
            // What was revoked long since is of use to nobody.
            connection.execute(
                "DELETE FROM tokens WHERE owner_id = ?1 AND revoked_at IS NOT NULL AND id NOT IN \
                 (SELECT id FROM tokens WHERE owner_id = ?1 AND revoked_at IS NOT NULL \
                  ORDER BY revoked_at DESC LIMIT ?2)",
                params![new.owner.id.0, TOKENS_MAX as i64],
            )?;
            let count = "SELECT count(*) FROM tokens WHERE owner_id = ?1 AND revoked_at IS NULL";
            let count: i64 = connection.query_row(count, [new.owner.id.0], |row| row.get(0))?;
            match count < TOKENS_MAX as i64 {
                true => insert(connection, &new).map(Some),
                false => Ok(None),
            }
        })
        .await
    }

    /// Revokes a token of this owner; answers it, unless it is not there.
    ///
    /// # Errors
    /// When the store is closed, or the transaction failed.
    pub async fn revoke_token(
        &self,
        owner: UserId,
        id: TokenId,
        at: Timestamp,
    ) -> Result<Option<Token>, StoreError> {
        let revoke = "UPDATE tokens SET revoked_at = ?3 \
             WHERE id = ?1 AND owner_id = ?2 AND revoked_at IS NULL \
             RETURNING id, name, kind, user_id, scopes, meetings, created_at, expires_at, \
             last_used_at";
        self.write(move |connection| {
            let params = params![id.0, owner.0, at.to_string()];
            connection.prepare_cached(revoke)?.query_row(params, token).optional()
        })
        .await
    }

    /// Notes when tokens were used last.
    ///
    /// # Errors
    /// When the store is closed, or the transaction failed.
    pub async fn note_uses(&self, uses: Vec<(TokenId, Timestamp)>) -> Result<(), StoreError> {
        self.write(move |connection| {
            let note = "UPDATE tokens SET last_used_at = ?2 WHERE id = ?1";
            let mut note = connection.prepare_cached(note)?;
            uses.iter()
                .try_for_each(|(id, at)| note.execute(params![id.0, at.to_string()]).map(drop))
        })
        .await
    }
}

fn insert(connection: &Connection, new: &NewToken) -> rusqlite::Result<Token> {
    let NewToken { owner, bot, name: called, scopes, meetings, hash, at, expires_at } = new;
    upsert(connection, owner)?;
    bot.iter().try_for_each(|bot| upsert(connection, bot))?;
    let user = bot.as_ref().map_or(owner.id, |bot| bot.id);
    let kind = if bot.is_some() { TokenUse::Bot } else { TokenUse::Api };
    let expires_at = expires_at.map(|at| at.to_string());
    let (scopes, meetings) = (scopes.as_ref().map(json), meetings.as_ref().map(json));
    let row = params![
        owner.id.0,
        user.0,
        name(&kind),
        called,
        hash,
        scopes,
        meetings,
        at.to_string(),
        expires_at
    ];
    let insert = "INSERT INTO tokens (owner_id, user_id, kind, name, secret_hash, scopes, meetings, \
         created_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) \
         RETURNING id, name, kind, user_id, scopes, meetings, created_at, expires_at, last_used_at";
    connection.prepare_cached(insert)?.query_row(row, token)
}

fn token(row: &Row<'_>) -> rusqlite::Result<Token> {
    Ok(Token {
        id: TokenId(row.get(0)?),
        name: row.get(1)?,
        kind: word(row, 2)?,
        user: UserId(row.get(3)?),
        scopes: parts(row, 4)?,
        meetings: parts(row, 5)?,
        created_at: parsed(row, 6)?,
        expires_at: parsed_if_any(row, 7)?,
        last_used_at: parsed_if_any(row, 8)?,
    })
}

fn stored(row: &Row<'_>) -> rusqlite::Result<StoredToken> {
    let token = token(row)?;
    let owner =
        TokenOwner { id: UserId(row.get(9)?), is_admin: row.get(10)?, is_active: row.get(11)? };
    let user = StoredUser {
        id: token.user,
        username: row.get(12)?,
        name: row.get(13)?,
        email: row.get(14)?,
        kind: word::<UserKind>(row, 15).ok(),
        is_active: row.get(16)?,
        is_admin: row.get(17)?,
        calendar_version: row.get(18)?,
    };
    Ok(StoredToken { token, owner, user })
}

/// A column of JSON that may be null.
fn parts<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<T>> {
    let text: Option<String> = row.get(column)?;
    let read =
        |text: String| serde_json::from_str(&text).map_err(|error| unreadable(column, error));
    text.map(read).transpose()
}
