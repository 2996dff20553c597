//! Browsers that stay signed in: a cookie that no script reads renews short-lived tokens.
//!
//! The cookie's secret stays the same until one signs out. It leaves the browser towards two paths of this
//! server only, never as a bearer; renewing it each time would sign out who has two tabs, or whose answer was
//! lost on the way, and find out nothing that its expiry does not end.

use quorate_protocol::{Code, ErrorBody, InviteeId, MeetingId, SignedIn, UserId};
use serde::{Deserialize, Serialize};

use super::tokens::Claims;
use super::{Identity, secrets, unavailable};
use crate::live::clock;
use crate::store::StoredSignIn;

/// For how long a token of a browser holds, in minutes.
const TOKEN_MINUTES: i64 = 15;
/// For how long a browser stays signed in that is not used, in days.
pub const SIGN_IN_DAYS: u32 = 30;
/// How often renewing a token is noted, in seconds.
const NOTE_EVERY_SECONDS: u64 = 60;

/// Someone has signed in.
#[derive(Debug)]
pub struct SignedInAs {
    /// What they are told.
    pub answer: SignedIn,
    /// The secret of the cookie that they are to keep.
    pub cookie: Option<String>,
}

/// What tokens say that a cookie renews.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    claims: Claims,
    /// By which invitation they came, if by one; taken back, it renews nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    invitation: Option<(MeetingId, InviteeId)>,
}

impl Identity {
    /// Signs a browser in. The user must be written already.
    pub(super) async fn keep_signed_in(
        &self,
        user: UserId,
        claims: Claims,
        invitation: Option<(MeetingId, InviteeId)>,
    ) -> Result<SignedInAs, ErrorBody> {
        let now = clock::wall();
        let cookie = secrets::random();
        let answer = self.short_token(claims.clone());
        let kept = serde_json::to_string(&Kept { claims, invitation }).expect("claims serialise");
        let sign_in = StoredSignIn { user, claims: kept, last_used_at: now };
        let expires_at = now.plus_seconds(SIGN_IN_DAYS * 86_400);
        let added = self.store.add_sign_in(secrets::hash(&cookie), sign_in, expires_at).await;
        added.map_err(unavailable)?;
        Ok(SignedInAs { answer, cookie: Some(cookie) })
    }

    /// A new token for the browser with this cookie.
    ///
    /// # Errors
    /// `unauthorized` when the cookie does not hold, or the account is switched off; `forbidden` when they came
    /// by a link and run the meeting since; `unavailable` when the store fails.
    pub async fn renew(&self, cookie: &str) -> Result<SignedInAs, ErrorBody> {
        let over = |message| ErrorBody::new(Code::Unauthorized, message);
        let (hash, now) = (secrets::hash(cookie), clock::wall());
        let signed_out = "nobody is signed in here; sign in again";
        let found = self.store.sign_in(hash, now).await.map_err(unavailable)?;
        let found = found.ok_or_else(|| over(signed_out))?;
        let user = self.store.user_by_id(found.user).await.map_err(unavailable)?;
        if !user.is_some_and(|user| user.is_active) {
            return Err(over("this account is switched off"));
        }
        // What an older version kept and this one does not understand is over.
        let kept: Kept = serde_json::from_str(&found.claims).map_err(|_| over(signed_out))?;
        if let Some((meeting, invitee)) = kept.invitation {
            let invited = self.store.invitee(meeting, invitee).await.map_err(unavailable)?;
            invited.ok_or_else(|| over("the invitation was taken back"))?;
            // They may have come to run the meeting since.
            self.may_come_by_link(meeting, found.user).await?;
        }
        if now.ms_since(found.last_used_at) >= NOTE_EVERY_SECONDS * 1000 {
            let expires_at = now.plus_seconds(SIGN_IN_DAYS * 86_400);
            self.store.extend_sign_in(hash, now, expires_at).await.map_err(unavailable)?;
        }
        let answer = self.short_token(kept.claims);
        Ok(SignedInAs { answer, cookie: Some(cookie.to_owned()) })
    }

    /// Signs the browser with this cookie out. False when it was not signed in.
    ///
    /// # Errors
    /// `unavailable` when the store fails.
    pub async fn sign_out(&self, cookie: &str) -> Result<bool, ErrorBody> {
        self.store.remove_sign_in(secrets::hash(cookie)).await.map_err(unavailable)
    }

    fn short_token(&self, claims: Claims) -> SignedIn {
        let exp = clock::wall().0 / 1000 + TOKEN_MINUTES * 60;
        let claims = Claims { exp, ..claims };
        SignedIn { token: self.key.sign(&claims), expires_at: claims.expires_at() }
    }
}
