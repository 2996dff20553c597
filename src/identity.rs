//! Who someone is: the server's key, bearer tokens, guests, sign-ins, invitations, the issuer's users, API
//! keys and bot tokens, resume tokens.

mod api_tokens;
mod calendar;
mod caller;
mod invitations;
mod issuer;
mod key;
mod limits;
pub mod passcode;
mod resume;
mod secrets;
mod setup;
mod sign_ins;
mod tokens;
mod users;
pub(crate) mod windows;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use quorate_protocol::{Code, DEVICE_CHARS, ErrorBody, Guest, MeetingId, Resume, UserId, UserKind};

pub use api_tokens::{check_bound, closed_with};
pub use caller::{Caller, Reach};
pub use issuer::IssuerSettings;
pub use key::{KeyError, ServerKey};
pub use setup::SETUP_MINUTES;
pub use sign_ins::{SIGN_IN_DAYS, SignedInAs};
pub use tokens::{Claims, RESERVED_NAMES, TokenKind};
pub(crate) use windows::Windows;

use crate::live::ids::Ids;
use crate::live::{Credential, ResumeTokens, clock};
use crate::meeting::{Bot, text};
use crate::store::{Store, StoreError, UserRow};
use issuer::Issuer;
use limits::Limits;
use setup::Setup;

/// For how long a guest's token holds, in hours.
const GUEST_TOKEN_HOURS: u32 = 24;

/// Tells who callers are.
pub struct Identity {
    key: ServerKey,
    store: Store,
    issuer: Option<Issuer>,
    setup: Setup,
    uses: api_tokens::Uses,
    limits: Limits,
    /// Users who were given an id since they were not in the database, so that two first calls at once get
    /// the same. The newer half, and the older, which is forgotten when the newer is full.
    fresh: Mutex<[HashMap<String, UserId>; 2]>,
}

impl Identity {
    /// Checks credentials with this key, and those of this issuer, and looks users up in this store.
    #[must_use]
    pub fn new(key: ServerKey, store: Store, issuer: Option<IssuerSettings>) -> Identity {
        let (uses, limits, fresh) = Default::default();
        let issuer = issuer.map(Issuer::new);
        Identity { key, store, issuer, setup: Setup::new(), uses, limits, fresh }
    }

    /// Who shows this bearer token: one of ours, an API key or bot token, or one of the issuer's.
    ///
    /// # Errors
    /// `unauthorized` when it does not hold, `unavailable` when the store cannot be read.
    pub async fn bearer(&self, ids: &Ids, token: &str) -> Result<Caller, ErrorBody> {
        if token.starts_with(api_tokens::PREFIX) {
            return self.by_secret(token).await;
        }
        match &self.issuer {
            // By its algorithm: one that is signed as ours are is never looked at with a key of the issuer's.
            Some(issuer) if issuer::signed_otherwise(token) => {
                let said = issuer.verify(token, clock::wall()).await?;
                let claims = self.issued(ids, issuer, said).await?;
                self.caller(ids, claims).await
            }
            _ => self.caller(ids, self.key.verify(token, clock::wall())?).await,
        }
    }

    /// Who is meant by claims that hold.
    async fn caller(&self, ids: &Ids, claims: Claims) -> Result<Caller, ErrorBody> {
        let bound = claims.meetings.clone().map(Reach::These);
        let (bot, reach) = match claims.kind {
            TokenKind::Member => (None, bound.unwrap_or(Reach::All)),
            TokenKind::Bot => self.bot(&claims).await.map(|(bot, reach)| (Some(bot), reach))?,
        };
        let user = self.user_of(ids, &claims).await?;
        let scopes = bot.as_ref().map(|bot| bot.scopes).or(claims.scopes);
        let by_right = user.is_admin && claims.kind == TokenKind::Member;
        Ok(Caller {
            credential: Credential {
                // What a bot may is for the meeting to say.
                scopes: scopes.filter(|_| bot.is_none()),
                ..Credential::of(user.row.id, Some(claims.expires_at()))
            },
            // Whoever holds a token that is bound to meetings administers none, and no bot does.
            admin: (claims.admin || by_right) && bot.is_none() && claims.meetings.is_none(),
            email: claims.verified_email(),
            user: user.row,
            scopes,
            bot,
            reach,
        })
    }

    /// What a token says of a bot.
    async fn bot(&self, claims: &Claims) -> Result<(Bot, Reach), ErrorBody> {
        let owner = match &claims.owner {
            Some(owner) => Some(self.owner(owner).await?),
            None => None,
        };
        let reach = match (&claims.meetings, owner) {
            (Some(meetings), _) => Reach::These(meetings.clone()),
            (None, Some(owner)) => Reach::HostedBy(owner),
            // Who has the server's key is believed.
            (None, None) => Reach::All,
        };
        Ok((Bot { owner, scopes: claims.scopes.unwrap_or_default() }, reach))
    }

    async fn owner(&self, username: &str) -> Result<UserId, ErrorBody> {
        let owner = self.store.user_by_name(username).await.map_err(unavailable)?;
        let refused = |message| Err(ErrorBody::new(Code::Unauthorized, message));
        match owner {
            Some(owner) if owner.is_active => Ok(owner.id),
            Some(_) => refused("the account of the bot's owner is switched off"),
            None => refused("the bot's owner has never been here; let them come first"),
        }
    }

    /// Who this guest is: the same device is the same user.
    ///
    /// # Errors
    /// `invalid` or `too_large` with the field, `unavailable` when the store cannot be read.
    pub async fn guest(&self, ids: &Ids, guest: &Guest) -> Result<Caller, ErrorBody> {
        let caller = self.caller(ids, self.guest_claims(guest)?).await?;
        // They show their device each time.
        let credential = Credential { expires_at: None, ..caller.credential };
        Ok(Caller { credential, ..caller })
    }

    /// Forgets the ids of users who were not in the database when they first came: one who was erased comes
    /// again as somebody else.
    pub fn forget_fresh(&self) {
        *self.fresh.lock().unwrap_or_else(PoisonError::into_inner) = Default::default();
    }

    /// A bearer token for a guest, and until when it holds.
    ///
    /// # Errors
    /// `invalid` or `too_large` with the field.
    pub fn guest_token(&self, guest: &Guest) -> Result<(String, Claims), ErrorBody> {
        let claims = self.guest_claims(guest)?;
        Ok((self.key.sign(&claims), claims))
    }

    fn guest_claims(&self, guest: &Guest) -> Result<Claims, ErrorBody> {
        let name = text::name("guest.name", &guest.name).map_err(|no| ErrorBody::from(&no))?;
        let url_safe = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if !DEVICE_CHARS.contains(&guest.device.len()) || !guest.device.chars().all(url_safe) {
            let message = "must be 22 to 128 random base64url characters that the client keeps";
            return Err(ErrorBody::new(Code::Invalid, message).field("guest.device"));
        }
        let username = format!("guest:{}", self.key.mac_text("guest", guest.device.as_bytes()));
        Ok(Claims::new(username, Some(name), GUEST_TOKEN_HOURS, clock::wall()))
    }

    /// The credential behind a session that is to be resumed. One that has expired is replaced by a fresh
    /// `token` of the same user.
    ///
    /// # Errors
    /// `unauthorized` when the resume token is not that session's, what is behind it does not hold, or the
    /// account is switched off; `unavailable` when the store cannot be read.
    pub async fn resume(
        &self,
        ids: &Ids,
        meeting: MeetingId,
        resume: &Resume,
        token: Option<&str>,
    ) -> Result<Credential, ErrorBody> {
        let refused =
            |message| ErrorBody { retryable: true, ..ErrorBody::new(Code::Unauthorized, message) };
        let behind = resume::read(&self.key, meeting, resume)
            .ok_or_else(|| refused("the resume token is not that session's; say hello anew"))?;
        if behind.expires_at.is_some_and(|at| at < clock::wall()) {
            let expired = "the credential behind the session has expired; send a fresh token";
            let caller = self.bearer(ids, token.ok_or_else(|| refused(expired))?).await?;
            let reaches = match &caller.reach {
                Reach::These(meetings) => meetings.contains(&meeting),
                Reach::All | Reach::HostedBy(_) => true,
            };
            let same = caller.user.id == behind.user && reaches;
            return if same { Ok(caller.credential) } else { Err(refused(expired)) };
        }
        self.still_holds(&behind).await?;
        Ok(behind)
    }

    /// Refuses a credential that was revoked, or whose user may no longer come in.
    ///
    /// # Errors
    /// `unauthorized`; `unavailable` when the store cannot be read.
    pub async fn still_holds(&self, credential: &Credential) -> Result<(), ErrorBody> {
        let user = self.store.user_by_id(credential.user).await.map_err(unavailable)?;
        if user.is_some_and(|user| !user.is_active) {
            return Err(ErrorBody::new(Code::Unauthorized, "this account is switched off"));
        }
        let Some(token) = credential.token else { return Ok(()) };
        match self.store.token_holds(token, credential.user).await.map_err(unavailable)? {
            true => Ok(()),
            false => {
                let message = "this token was revoked; make a new one";
                Err(ErrorBody::new(Code::Unauthorized, message))
            }
        }
    }

    /// Tells one request from another, and of what is in them nothing to whoever reads it: a passcode may be.
    #[must_use]
    pub fn fingerprint(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new_keyed(&self.key.derive("request"));
        for part in parts {
            hasher.update(&(part.len() as u64).to_le_bytes()).update(part);
        }
        hasher.finalize().into()
    }

    /// The user of that name, who was never here, as they will be when they come.
    #[must_use]
    pub fn newcomer(&self, ids: &Ids, username: &str) -> UserRow {
        UserRow {
            id: self.fresh_id(ids, username),
            username: username.to_owned(),
            name: username.to_owned(),
            email: None,
            kind: UserKind::Member,
        }
    }

    /// A user who stands for an email address, where a ban of it needs one; nobody signs in as them. Of the
    /// address the name tells nothing.
    #[must_use]
    pub fn stand_in(&self, ids: &Ids, address: &str) -> UserRow {
        let username =
            format!("guest:address:{}", self.key.mac_text("address", address.as_bytes()));
        let name = "Someone by address".to_owned();
        let id = self.fresh_id(ids, &username);
        UserRow { id, username, name, email: None, kind: UserKind::Guest }
    }

    /// What makes resume tokens.
    #[must_use]
    pub fn resume_tokens(key: &ServerKey) -> Box<ResumeTokens> {
        let key = key.clone();
        Box::new(move |meeting, session, credential| {
            resume::token(&key, meeting, session, credential)
        })
    }
}

/// The store could not be read.
pub(crate) fn unavailable(error: StoreError) -> ErrorBody {
    tracing::error!(%error, "failed to read the store");
    ErrorBody::new(Code::Unavailable, "the store cannot be read; try again in a moment")
}
