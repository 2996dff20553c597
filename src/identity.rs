//! Who someone is: the server's key, bearer tokens, guests, resume tokens.

mod key;
pub mod passcode;
mod resume;
mod tokens;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use quorate_protocol::{
    Code, DEVICE_CHARS, ErrorBody, Guest, MeetingId, PermissionSet, Resume, UserId, UserKind,
};

pub use key::{KeyError, ServerKey};
pub use tokens::{Claims, RESERVED_NAMES, TokenKind};

use crate::live::ids::Ids;
use crate::live::{Credential, ResumeTokens, clock};
use crate::meeting::{Bot, text};
use crate::store::{Store, StoreError, UserRow};

/// Ids given to users who were not in the database, remembered at least; at most twice as many.
const FRESH_MAX: usize = 65_536;
/// For how long a guest's token holds, in hours.
const GUEST_TOKEN_HOURS: u32 = 24;

/// Someone who showed a credential.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The user, to be written with the first event that names them.
    pub user: UserRow,
    /// What they showed.
    pub credential: Credential,
    /// Their verified email address.
    pub email: Option<String>,
    /// Whether they administer the server.
    pub admin: bool,
    /// What their token says of a bot.
    pub bot: Option<Bot>,
    /// Which meetings there are for them.
    pub reach: Reach,
    /// What their credential is good for; none: all that they may.
    pub scopes: Option<PermissionSet>,
}

/// Which meetings there are for someone, as far as their credential says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// All.
    All,
    /// These.
    These(Vec<MeetingId>),
    /// Those that this user hosts.
    HostedBy(UserId),
}

/// Tells who callers are.
pub struct Identity {
    key: ServerKey,
    store: Store,
    /// Users who were given an id since they were not in the database, so that two first calls at once get
    /// the same. The newer half, and the older, which is forgotten when the newer is full.
    fresh: Mutex<[HashMap<String, UserId>; 2]>,
}

impl Identity {
    /// Checks credentials with this key, and looks users up in this store.
    #[must_use]
    pub fn new(key: ServerKey, store: Store) -> Identity {
        Identity { key, store, fresh: Mutex::default() }
    }

    /// Who shows this bearer token.
    ///
    /// # Errors
    /// `unauthorized` when it does not hold, `unavailable` when the store cannot be read.
    pub async fn bearer(&self, ids: &Ids, token: &str) -> Result<Caller, ErrorBody> {
        let claims = self.key.verify(token, clock::wall())?;
        let expires_at = Some(claims.expires_at());
        let email = claims.email.as_ref().filter(|_| claims.email_verified);
        let email = email.map(|email| text::address(email));
        let (bot, reach) = match claims.kind {
            TokenKind::Member => (None, Reach::All),
            TokenKind::Bot => self.bot(&claims).await.map(|(bot, reach)| (Some(bot), reach))?,
        };
        let admin = claims.admin;
        let user = self.user(ids, claims).await?;
        let credential = Credential { user: user.id, expires_at };
        Ok(Caller { user, credential, email, admin, bot, reach, scopes: None })
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
        Ok((Bot { owner, scopes: claims.scopes }, reach))
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
        let user = self.user(ids, self.guest_claims(guest)?).await?;
        let credential = Credential { user: user.id, expires_at: None };
        Ok(Caller {
            user,
            credential,
            email: None,
            admin: false,
            bot: None,
            reach: Reach::All,
            scopes: None,
        })
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
            let same = caller.user.id == behind.user;
            return if same { Ok(caller.credential) } else { Err(refused(expired)) };
        }
        let user = self.store.user_by_id(behind.user).await.map_err(unavailable)?;
        if user.is_some_and(|user| !user.is_active) {
            return Err(ErrorBody::new(Code::Unauthorized, "this account is switched off"));
        }
        Ok(behind)
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

    async fn user(&self, ids: &Ids, claims: Claims) -> Result<UserRow, ErrorBody> {
        let kind = match claims.kind {
            TokenKind::Bot => UserKind::Bot,
            TokenKind::Member if claims.sub.starts_with("guest:") => UserKind::Guest,
            TokenKind::Member => UserKind::Member,
        };
        let typed = claims.name.as_deref().unwrap_or(&claims.sub);
        let name = text::name("name", typed).map_err(|no| ErrorBody::from(&no))?;
        let username = claims.username();
        let stored = self.store.user_by_name(&username).await.map_err(unavailable)?;
        let id = match stored {
            Some(user) if !user.is_active => {
                return Err(ErrorBody::new(Code::Unauthorized, "this account is switched off"));
            }
            Some(user) => user.id,
            None => self.fresh_id(ids, &username),
        };
        Ok(UserRow { id, username, name, email: claims.email, kind })
    }

    fn fresh_id(&self, ids: &Ids, username: &str) -> UserId {
        let mut fresh = self.fresh.lock().unwrap_or_else(PoisonError::into_inner);
        let [newer, older] = &mut *fresh;
        if newer.len() >= FRESH_MAX {
            *older = std::mem::take(newer);
        }
        let known = newer.get(username).or_else(|| older.get(username)).copied();
        let id = known.unwrap_or_else(|| ids.user());
        newer.insert(username.to_owned(), id);
        id
    }
}

/// The store could not be read.
pub(crate) fn unavailable(error: StoreError) -> ErrorBody {
    tracing::error!(%error, "failed to read the store");
    ErrorBody::new(Code::Unavailable, "the store cannot be read; try again in a moment")
}
