//! The setup link: who reads what the server prints at its first start becomes its administrator.

use std::time::Duration;

use quorate_protocol::{Code, EMAIL_CHARS_MAX, ErrorBody, SetupSignIn, UserKind};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::tokens::{Claims, is_reserved};
use super::{Identity, ServerKey, SignedInAs, secrets, unavailable};
use crate::live::clock;
use crate::live::ids::Ids;
use crate::meeting::text;
use crate::store::UserRow;

/// For how long the link holds.
pub const SETUP_MINUTES: u64 = 15;
/// What the key is for.
const PURPOSE: &str = "setup";

/// What the server remembers of the link it printed.
pub(super) struct Setup(Mutex<State>);

enum State {
    /// None was printed.
    None,
    Open {
        /// The secret's HMAC.
        mac: [u8; 32],
        until: Instant,
        used: bool,
    },
}

impl Setup {
    pub(super) fn new() -> Setup {
        Setup(Mutex::new(State::None))
    }
}

impl State {
    /// Whether this secret opens it.
    fn check(&self, key: &ServerKey, secret: &str) -> Result<(), ErrorBody> {
        let refused = |code, message| Err(ErrorBody::new(code, message).field("setup.secret"));
        match self {
            State::Open { mac, until, used } if key.verify_mac(PURPOSE, secret.as_bytes(), mac) => {
                if *used {
                    let message = "this link was used already; sign in another way";
                    return refused(Code::Conflict, message);
                }
                if Instant::now() >= *until {
                    let message = "this link has expired; start the server again for a new one";
                    return refused(Code::Unauthorized, message);
                }
                Ok(())
            }
            _ => {
                let message = "this is not the link that the server printed at its last start";
                refused(Code::Unauthorized, message)
            }
        }
    }
}

impl Identity {
    /// A secret that makes an administrator, once, within [`SETUP_MINUTES`]; none where there is one already.
    ///
    /// # Errors
    /// `unavailable` when the store cannot be read.
    pub async fn open_setup(&self) -> Result<Option<String>, ErrorBody> {
        if self.store.has_admin().await.map_err(unavailable)? {
            return Ok(None);
        }
        let secret = secrets::random();
        let mac = self.key.mac(PURPOSE, secret.as_bytes());
        let until = Instant::now() + Duration::from_secs(SETUP_MINUTES * 60);
        *self.setup.0.lock().await = State::Open { mac, until, used: false };
        Ok(Some(secret))
    }

    /// Makes who has the setup link an administrator, and signs them in. A member of that name becomes it.
    ///
    /// # Errors
    /// `unauthorized` where the secret does not hold, `conflict` where it was used; `invalid` or `too_large`
    /// with the field; `unavailable` when the store fails. The link holds on then.
    pub async fn set_up(&self, ids: &Ids, ask: SetupSignIn) -> Result<SignedInAs, ErrorBody> {
        // Held to the end, so that of two at once only one finds it unused.
        let mut state = self.setup.0.lock().await;
        state.check(&self.key, &ask.secret)?;
        let user = self.administrator(ids, &ask).await?;
        let claims = Claims {
            email_verified: user.email.is_some(),
            email: user.email.clone(),
            ..Claims::new(user.username.clone(), Some(user.name.clone()), 0, clock::wall())
        };
        self.store.write_admin(user.clone()).await.map_err(unavailable)?;
        if let State::Open { used, .. } = &mut *state {
            *used = true;
        }
        tracing::info!(user = %user.id, "the setup link made an administrator");
        self.keep_signed_in(user.id, claims, None).await
    }

    async fn administrator(&self, ids: &Ids, ask: &SetupSignIn) -> Result<UserRow, ErrorBody> {
        let checked =
            |field, typed: &str| text::name(field, typed).map_err(|no| ErrorBody::from(&no));
        let username = checked("setup.username", &ask.username)?;
        let name = checked("setup.name", &ask.name)?;
        let invalid = |field, message| Err(ErrorBody::new(Code::Invalid, message).field(field));
        if is_reserved(&username) {
            return invalid("setup.username", "this name is reserved; choose another");
        }
        let email = ask.email.as_deref().map(text::address);
        if email.as_ref().is_some_and(|it| !it.contains('@') || it.len() > EMAIL_CHARS_MAX) {
            return invalid("setup.email", "is no email address");
        }
        let stored = self.store.user_by_name(&username).await.map_err(unavailable)?;
        let id = match stored {
            Some(user) if user.is_active && user.kind == Some(UserKind::Member) => user.id,
            Some(_) => return invalid("setup.username", "names one who is no active member"),
            None => self.fresh_id(ids, &username),
        };
        Ok(UserRow { id, username, name, email, kind: UserKind::Member })
    }
}
