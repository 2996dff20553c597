//! The private address of a user's calendar: an HMAC over the user and how often it was made anew.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use quorate_protocol::{ErrorBody, UserId};

use super::{Caller, Identity, ServerKey, unavailable};

/// What the key is for.
const PURPOSE: &str = "calendar";

fn secret(key: &ServerKey, user: UserId, version: i64) -> String {
    let mac = key.mac(PURPOSE, &message(user, version));
    URL_SAFE_NO_PAD.encode([&user.0.to_be_bytes(), mac.as_slice()].concat())
}

fn message(user: UserId, version: i64) -> Vec<u8> {
    [user.0.to_be_bytes(), version.to_be_bytes()].concat()
}

impl Identity {
    /// The secret in the address of the caller's calendar; none for a credential less than they are. A user
    /// who was never written is, so that the id in it stays theirs.
    ///
    /// # Errors
    /// `unavailable` when the store fails.
    pub async fn calendar_secret(&self, caller: &Caller) -> Result<Option<String>, ErrorBody> {
        if !caller.is_whole() {
            return Ok(None);
        }
        let stored = self.store.user_by_id(caller.user.id).await.map_err(unavailable)?;
        if stored.is_none() {
            self.store.write_user(caller.user.clone()).await.map_err(unavailable)?;
        }
        let version = stored.map_or(0, |user| user.calendar_version);
        Ok(Some(secret(&self.key, caller.user.id, version)))
    }

    /// The same, made anew: the one before holds no more.
    ///
    /// # Errors
    /// `forbidden` for a credential less than they are, `unavailable` when the store fails.
    pub async fn new_calendar_secret(&self, caller: &Caller) -> Result<String, ErrorBody> {
        caller.whole()?;
        // Written, where it was not.
        self.calendar_secret(caller).await?;
        let user = caller.user.id;
        let version = self.store.renew_calendar(user).await.map_err(unavailable)?;
        Ok(secret(&self.key, user, version))
    }

    /// Whose calendar has this secret, if it holds.
    ///
    /// # Errors
    /// `unavailable` when the store cannot be read.
    pub async fn calendar_user(&self, secret: &str) -> Result<Option<UserId>, ErrorBody> {
        let bytes = URL_SAFE_NO_PAD.decode(secret).ok();
        let parts = bytes.as_deref().and_then(|bytes| bytes.split_at_checked(8));
        let Some((id, mac)) = parts else { return Ok(None) };
        let Ok(id) = id.try_into().map(i64::from_be_bytes) else { return Ok(None) };
        let user = self.store.user_by_id(UserId(id)).await.map_err(unavailable)?;
        let holds = |version| self.key.verify_mac(PURPOSE, &message(UserId(id), version), mac);
        let user = user.filter(|user| user.is_active && holds(user.calendar_version));
        Ok(user.map(|user| user.id))
    }
}
