//! Which user is meant by claims: one who was here, or a new one; and the issuer's users.

use std::collections::HashMap;
use std::sync::{MutexGuard, PoisonError};

use quorate_protocol::{Code, ErrorBody, OidcSignIn, UserId, UserKind};

use super::issuer::{Issuer, IssuerClaims};
use super::tokens::{Claims, TokenKind};
use super::{Identity, SignedInAs, unavailable};
use crate::live::clock;
use crate::live::ids::Ids;
use crate::meeting::text;
use crate::store::{Arrival, StoredUser, UserRow};

/// Ids given to users who were not in the database, remembered at least; at most twice as many.
const FRESH_MAX: usize = 65_536;

/// The user whom claims name.
pub(super) struct Named {
    /// The user, to be written with the first event that names them.
    pub(super) row: UserRow,
    /// Whether they administer the server.
    pub(super) is_admin: bool,
}

impl Identity {
    /// The user whom these claims name.
    pub(super) async fn user_of(&self, ids: &Ids, claims: &Claims) -> Result<Named, ErrorBody> {
        let kind = match claims.kind {
            TokenKind::Bot => UserKind::Bot,
            TokenKind::Member if claims.sub.starts_with("guest:") => UserKind::Guest,
            TokenKind::Member => UserKind::Member,
        };
        let typed = claims.name.as_deref().unwrap_or(&claims.sub);
        let name = text::name("name", typed).map_err(|no| ErrorBody::from(&no))?;
        let username = claims.username();
        let stored = self.store.user_by_name(&username).await.map_err(unavailable)?;
        let is_admin = stored.as_ref().is_some_and(|user| user.is_admin);
        let id = match stored {
            Some(user) if !user.is_active => return Err(switched_off()),
            Some(user) => user.id,
            None => self.fresh_id(ids, &username),
        };
        // An address that nobody verified is not kept, nor one that is only good for some meetings.
        let email = claims.verified_email().filter(|_| claims.meetings.is_none());
        Ok(Named { row: UserRow { id, username, name, email, kind }, is_admin })
    }

    pub(super) fn fresh_id(&self, ids: &Ids, username: &str) -> UserId {
        let mut fresh = self.fresh();
        let [newer, older] = &mut *fresh;
        if newer.len() >= FRESH_MAX {
            *older = std::mem::take(newer);
        }
        let known = newer.get(username).or_else(|| older.get(username)).copied();
        let id = known.unwrap_or_else(|| ids.user());
        newer.insert(username.to_owned(), id);
        id
    }

    fn fresh(&self) -> MutexGuard<'_, [HashMap<String, UserId>; 2]> {
        self.fresh.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Signs in who has an authorization code of the issuer's.
    ///
    /// # Errors
    /// `conflict` where there is no issuer, `unauthorized` where the code or what it stands for does not hold,
    /// `unavailable` when the issuer or the store cannot be asked.
    pub async fn sign_in_by_code(
        &self,
        ids: &Ids,
        ask: &OidcSignIn,
    ) -> Result<SignedInAs, ErrorBody> {
        let Some(issuer) = &self.issuer else {
            let message =
                "no issuer is configured here; sign in another way (setting `auth.issuer`)";
            return Err(ErrorBody::new(Code::Conflict, message));
        };
        let said = issuer.redeem(ask, clock::wall()).await?;
        let claims = self.issued(ids, issuer, said).await?;
        let user = self.user_of(ids, &claims).await?.row;
        self.keep_signed_in(user.id, claims, None).await
    }

    /// What a token of the issuer's comes to here. Its user is written.
    pub(super) async fn issued(
        &self,
        ids: &Ids,
        issuer: &Issuer,
        said: IssuerClaims,
    ) -> Result<Claims, ErrorBody> {
        let trusted = issuer.settings.trust_claims;
        let (kind, scopes) = if trusted { said.bot() } else { Default::default() };
        let verified = IssuerClaims::is_true(said.email_verified.as_ref());
        let email = said.email.as_deref().filter(|_| verified).map(text::address);
        let name = said.name.as_ref().or(said.preferred_username.as_ref()).unwrap_or(&said.sub);
        let user = self.issuers_user(ids, issuer, &said, name, email.clone(), kind).await?;
        if !user.is_active {
            return Err(switched_off());
        }
        let sub = user.username.strip_prefix("bot:").unwrap_or(&user.username);
        Ok(Claims {
            kind,
            scopes,
            admin: trusted && IssuerClaims::is_true(said.admin.as_ref()),
            email_verified: email.is_some(),
            email,
            exp: said.exp,
            ..Claims::new(sub.to_owned(), Some(name.clone()), 0, clock::wall())
        })
    }

    async fn issuers_user(
        &self,
        ids: &Ids,
        issuer: &Issuer,
        said: &IssuerClaims,
        name: &str,
        email: Option<String>,
        kind: TokenKind,
    ) -> Result<StoredUser, ErrorBody> {
        let of = &issuer.settings.issuer;
        let known = self.store.user_by_identity(of, &said.sub).await.map_err(unavailable)?;
        if let Some(user) = known {
            return Ok(user);
        }
        // Made of both: no name that an issuer gives can be that of someone else here.
        let key = [of.as_bytes(), &[0], said.sub.as_bytes()].concat();
        let called = format!("oidc:{}", self.key.mac_text("oidc", &key));
        let (username, kind) = match kind {
            TokenKind::Member => (called, UserKind::Member),
            TokenKind::Bot => (format!("bot:{called}"), UserKind::Bot),
        };
        let name = text::name("name", name).map_err(|no| ErrorBody::from(&no))?;
        let link = issuer.settings.link && kind == UserKind::Member;
        let user = UserRow { id: self.fresh_id(ids, &username), username, name, email, kind };
        let (issuer, subject) = (of.clone(), said.sub.clone());
        let arrival = Arrival { issuer, subject, user, link, at: clock::wall() };
        let arrived = self.store.arrive(arrival).await.map_err(unavailable)?;
        arrived.ok_or_else(switched_off)
    }
}

fn switched_off() -> ErrorBody {
    ErrorBody::new(Code::Unauthorized, "this account is switched off")
}
