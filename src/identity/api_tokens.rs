//! API keys and bot tokens: 256 random bits, of which the hash is stored.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use quorate_protocol::{
    Code, CreateToken, CreatedToken, ErrorBody, MeetingId, Permission, PermissionSet,
    TOKEN_MEETINGS_MAX, TOKENS_MAX, Timestamp, Token, TokenId, TokenUse, UserId, UserKind,
};

use super::{Caller, Identity, Reach, secrets, unavailable};
use crate::live::ids::Ids;
use crate::live::{Credential, Revoked, clock};
use crate::meeting::roles::BOT_SCOPES;
use crate::meeting::{Bot, text};
use crate::store::{NewToken, StoredToken, StoredUser, UserRow};

/// What secrets begin with, so that they are known where they should not be.
pub(super) const PREFIX: &str = "qk_";

/// When tokens were used since that was last written down.
#[derive(Default)]
pub(super) struct Uses(Mutex<HashMap<TokenId, Timestamp>>);

impl Uses {
    fn note(&self, token: &Token, now: Timestamp) {
        let minute = Timestamp(now.0 - now.0.rem_euclid(60_000));
        if token.last_used_at != Some(minute) {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(token.id, minute);
        }
    }

    fn take(&self) -> Vec<(TokenId, Timestamp)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).drain().collect()
    }
}

impl Identity {
    /// Who shows this API key or bot token.
    pub(super) async fn by_secret(&self, secret: &str) -> Result<Caller, ErrorBody> {
        let refused = |message| Err(ErrorBody::new(Code::Unauthorized, message));
        let found = self.store.token_by_secret(secrets::hash(secret)).await.map_err(unavailable)?;
        let Some(found) = found else {
            return refused("there is no such token, or it was revoked; make a new one");
        };
        let now = clock::wall();
        if found.token.expires_at.is_some_and(|at| at <= now) {
            return refused("the token has expired; make a new one");
        }
        if !found.owner.is_active || !found.user.is_active {
            return refused("this account is switched off");
        }
        self.uses.note(&found.token, now);
        Ok(caller(found))
    }

    /// Makes a token for the caller. That they have to do with the meetings it names is checked already.
    ///
    /// # Errors
    /// `forbidden` for a credential less than they are, `invalid` or `too_large` with the field, `conflict`
    /// where they have as many as they may, `unavailable` when the store fails.
    pub async fn create_token(
        &self,
        ids: &Ids,
        caller: &Caller,
        ask: CreateToken,
    ) -> Result<CreatedToken, ErrorBody> {
        caller.whole()?;
        let now = clock::wall();
        let name = text::name("name", &ask.name).map_err(|no| ErrorBody::from(&no))?;
        let scopes = checked_scopes(ask.kind, ask.scopes.as_deref())?;
        if ask.expires_at.is_some_and(|at| at <= now) {
            let error = ErrorBody::new(Code::Invalid, "must be in the future");
            return Err(error.field("expires_at"));
        }
        // Its name is made up: what it is called need not be unique.
        let bot = (ask.kind == TokenUse::Bot).then(|| UserRow {
            id: ids.user(),
            username: format!("bot:{}", secrets::random()),
            name: name.clone(),
            email: None,
            kind: UserKind::Bot,
        });
        let secret = format!("{PREFIX}{}", secrets::random());
        let new = NewToken {
            owner: caller.user.clone(),
            bot,
            name,
            scopes,
            meetings: ask.meetings,
            hash: secrets::hash(&secret),
            at: now,
            expires_at: ask.expires_at,
        };
        let info = self.store.add_token(new).await.map_err(unavailable)?.ok_or_else(|| {
            let message = "there are as many tokens as there may be; revoke one first";
            let limit = Some(TOKENS_MAX as u64);
            ErrorBody { limit, ..ErrorBody::new(Code::Conflict, message) }
        })?;
        Ok(CreatedToken { token: secret, info })
    }

    /// A page of the caller's tokens, from the one after `after`.
    ///
    /// # Errors
    /// `forbidden` for a credential less than they are, `unavailable` when the store fails.
    pub async fn tokens(
        &self,
        caller: &Caller,
        after: TokenId,
        limit: u32,
    ) -> Result<Vec<Token>, ErrorBody> {
        caller.whole()?;
        self.flush_uses().await?;
        self.store.tokens_of(caller.user.id, after, limit).await.map_err(unavailable)
    }

    /// Revokes a token of the caller's; answers it and what is to be closed with it.
    ///
    /// # Errors
    /// `forbidden` for a credential less than they are, `not_found` where it is not theirs, `unavailable` when
    /// the store fails.
    pub async fn revoke_token(
        &self,
        caller: &Caller,
        id: TokenId,
    ) -> Result<(Token, Revoked), ErrorBody> {
        caller.whole()?;
        self.flush_uses().await?;
        let revoked = self.store.revoke_token(caller.user.id, id, clock::wall()).await;
        let none = || ErrorBody::new(Code::NotFound, "there is no such token, or not of yours");
        let token = revoked.map_err(unavailable)?.ok_or_else(none)?;
        Ok((token, Revoked { users: Vec::new(), tokens: vec![id] }))
    }

    /// Writes down when tokens were used last.
    ///
    /// # Errors
    /// `unavailable` when the store fails.
    pub async fn flush_uses(&self) -> Result<(), ErrorBody> {
        let uses = self.uses.take();
        match uses.is_empty() {
            true => Ok(()),
            false => self.store.note_uses(uses).await.map_err(unavailable),
        }
    }
}

fn caller(found: StoredToken) -> Caller {
    let StoredToken { token, owner, user } = found;
    let Token { id, kind, scopes, meetings, expires_at, .. } = token;
    let bound = meetings.map(Reach::These);
    let StoredUser { id: user_id, username, name, email, kind: user_kind, .. } = user;
    let credential = Credential { user: user_id, expires_at, token: Some(id), scopes: None };
    let row = |kind| UserRow { id: user_id, username, name, email: email.clone(), kind };
    match kind {
        TokenUse::Api => Caller {
            user: row(user_kind.unwrap_or(UserKind::Member)),
            credential: Credential { scopes, ..credential },
            email,
            // Whoever holds a key that is bound to meetings administers none.
            admin: owner.is_admin && bound.is_none(),
            scopes,
            bot: None,
            reach: bound.unwrap_or(Reach::All),
        },
        TokenUse::Bot => {
            // Unbound ones that reach every meeting are made by administrators, and may what they are given,
            // for as long as their owner is one.
            let everywhere = owner.is_admin && bound.is_none();
            let scopes = scopes.unwrap_or_default();
            let reach = if everywhere { Reach::All } else { Reach::HostedBy(owner.id) };
            Caller {
                user: row(UserKind::Bot),
                credential,
                email: None,
                admin: false,
                scopes: Some(scopes),
                bot: Some(Bot { owner: (!everywhere).then_some(owner.id), scopes }),
                reach: bound.unwrap_or(reach),
            }
        }
    }
}

fn checked_scopes(
    kind: TokenUse,
    asked: Option<&[Permission]>,
) -> Result<Option<PermissionSet>, ErrorBody> {
    let no_scope = |permission: &Permission| kind == TokenUse::Bot && !BOT_SCOPES.has(*permission);
    if let Some(at) = asked.and_then(|asked| asked.iter().position(no_scope)) {
        let message = "is no scope of a bot; see the permissions";
        return Err(ErrorBody::new(Code::Invalid, message).field(format!("scopes[{at}]")));
    }
    let scopes = asked.map(|asked| asked.iter().copied().collect());
    Ok(if kind == TokenUse::Bot { Some(scopes.unwrap_or_default()) } else { scopes })
}

/// Refuses too many meetings.
///
/// # Errors
/// `invalid` for none, `too_large` beyond 100.
pub fn check_bound(meetings: &[MeetingId]) -> Result<(), ErrorBody> {
    if meetings.is_empty() {
        let message = "name at least one, or leave it out";
        return Err(ErrorBody::new(Code::Invalid, message).field("meetings"));
    }
    if meetings.len() > TOKEN_MEETINGS_MAX {
        let limit = Some(TOKEN_MEETINGS_MAX as u64);
        let error = ErrorBody::new(Code::TooLarge, "a token is bound to at most 100 meetings");
        return Err(ErrorBody { limit, ..error.field("meetings") });
    }
    Ok(())
}

/// What is closed with a user who may no longer come in: theirs, and their bots'.
#[must_use]
pub fn closed_with(user: UserId, bots: Vec<UserId>) -> Revoked {
    Revoked { users: [vec![user], bots].concat(), tokens: Vec::new() }
}
