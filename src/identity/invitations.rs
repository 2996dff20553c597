//! Invitation links: whoever has one comes in as who is invited, to that meeting and no other.
//!
//! Whoever may invite makes the link, and could open it themselves. So what it signs in reaches one meeting,
//! administers nothing, and is nobody's account beyond it: an invited address gets an account of its own, made
//! of the address, and never one that has the address by other means; an invited user is signed in only where
//! they are an attendee, for who runs a meeting must not be played by who makes links.
//!
//! Nothing is stored for a link: an HMAC over meeting, invitation and expiry. Ids of invitations are not given
//! twice, so one that was taken back is dead for good.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use quorate_protocol::{
    Code, ErrorBody, InvitationSignIn, InviteeId, MeetingId, Timestamp, UserId, UserKind,
};

use super::tokens::Claims;
use super::{Identity, ServerKey, SignedInAs, unavailable};
use crate::live::clock;
use crate::live::ids::Ids;
use crate::meeting::text;

/// For how long a link holds, in days.
const LINK_DAYS: u32 = 30;
/// What the key is for.
const PURPOSE: &str = "invitation";
/// Bytes of what the secret says in clear: the meeting, the invitation, the expiry.
const CLEAR_BYTES: usize = 8 + 4 + 8;

fn secret(key: &ServerKey, meeting: MeetingId, invitee: InviteeId, until: Timestamp) -> String {
    let mut bytes = Vec::with_capacity(CLEAR_BYTES + 32);
    bytes.extend(meeting.0.to_be_bytes());
    bytes.extend(invitee.0.to_be_bytes());
    bytes.extend(until.0.to_be_bytes());
    bytes.extend(key.mac(PURPOSE, &bytes));
    URL_SAFE_NO_PAD.encode(bytes)
}

fn read(key: &ServerKey, secret: &str) -> Option<(MeetingId, InviteeId, Timestamp)> {
    let bytes = URL_SAFE_NO_PAD.decode(secret).ok()?;
    let (clear, mac) = bytes.split_at_checked(CLEAR_BYTES)?;
    if !key.verify_mac(PURPOSE, clear, mac) {
        return None;
    }
    let meeting = i64::from_be_bytes(clear[..8].try_into().ok()?);
    let invitee = u32::from_be_bytes(clear[8..12].try_into().ok()?);
    let until = i64::from_be_bytes(clear[12..].try_into().ok()?);
    Some((MeetingId(meeting), InviteeId(invitee), Timestamp(until)))
}

/// Whom a link signs in.
struct Admitted {
    user: UserId,
    claims: Claims,
}

impl Identity {
    /// The secret of a link for an invitation, and until when it holds. That the caller may invite is checked
    /// already.
    ///
    /// # Errors
    /// `not_found` where there is no such invitation, `forbidden` where it is for one who runs the meeting,
    /// `unavailable` when the store cannot be read.
    pub async fn invitation_link(
        &self,
        meeting: MeetingId,
        invitee: InviteeId,
    ) -> Result<(String, Timestamp), ErrorBody> {
        let invited = self.store.invitee(meeting, invitee).await.map_err(unavailable)?;
        let none = || ErrorBody::new(Code::NotFound, "there is no such invitation here");
        if let Some(user) = invited.ok_or_else(none)?.user {
            self.may_come_by_link(meeting, user).await?;
        }
        let until = clock::wall().plus_seconds(LINK_DAYS * 86_400);
        Ok((secret(&self.key, meeting, invitee, until), until))
    }

    /// Signs in who has an invitation link.
    ///
    /// # Errors
    /// `unauthorized` where the link does not hold or the account is switched off, `forbidden` where it is for
    /// one who runs the meeting, `invalid` with the field, `unavailable` when the store fails.
    pub async fn accept(&self, ids: &Ids, ask: &InvitationSignIn) -> Result<SignedInAs, ErrorBody> {
        let dead = |message| ErrorBody::new(Code::Unauthorized, message).field("invitation.secret");
        let (meeting, invitee, until) = read(&self.key, &ask.secret)
            .ok_or_else(|| dead("this is no invitation of this server; ask for the link again"))?;
        if until <= clock::wall() {
            return Err(dead("this invitation has expired; ask for a new link"));
        }
        let invited = self.store.invitee(meeting, invitee).await.map_err(unavailable)?;
        let invited = invited.ok_or_else(|| dead("this invitation was taken back"))?;
        let Admitted { user, claims } = match (invited.user, invited.email) {
            (Some(user), _) => self.invited_user(meeting, user).await?,
            (None, Some(email)) => self.invited_address(ids, meeting, email, ask).await?,
            (None, None) => return Err(dead("this invitation was erased")),
        };
        self.keep_signed_in(user, claims, Some((meeting, invitee))).await
    }

    async fn invited_user(&self, meeting: MeetingId, id: UserId) -> Result<Admitted, ErrorBody> {
        self.may_come_by_link(meeting, id).await?;
        let user = self.store.user_by_id(id).await.map_err(unavailable)?;
        let user = user.filter(|user| user.is_active).ok_or_else(switched_off)?;
        let claims = claims(user.username, user.name, meeting);
        Ok(Admitted { user: id, claims })
    }

    async fn invited_address(
        &self,
        ids: &Ids,
        meeting: MeetingId,
        email: String,
        ask: &InvitationSignIn,
    ) -> Result<Admitted, ErrorBody> {
        let username = format!("invited:{}", self.key.mac_text("invited", email.as_bytes()));
        let stored = self.store.user_by_name(&username).await.map_err(unavailable)?;
        if stored.as_ref().is_some_and(|user| !user.is_active) {
            return Err(switched_off());
        }
        if let Some(user) = &stored {
            self.may_come_by_link(meeting, user.id).await?;
        }
        let before_at = email.split('@').next().unwrap_or_default();
        let typed = ask.name.as_deref();
        let known = stored.as_ref().map(|user| user.name.as_str());
        let name = text::name("invitation.name", typed.or(known).unwrap_or(before_at));
        let name = name.map_err(|no| ErrorBody::from(&no))?;
        let claims =
            Claims { email: Some(email), email_verified: true, ..claims(username, name, meeting) };
        let user = self.user_of(ids, &claims).await?.row;
        if stored.is_none() {
            self.store.write_user(user.clone()).await.map_err(unavailable)?;
        }
        Ok(Admitted { user: user.id, claims })
    }

    /// Refuses a link for one who runs the meeting or the server.
    pub(super) async fn may_come_by_link(
        &self,
        meeting: MeetingId,
        id: UserId,
    ) -> Result<(), ErrorBody> {
        let user = self.store.user_by_id(id).await.map_err(unavailable)?;
        let personal = user.is_some_and(|user| {
            !user.is_admin && matches!(user.kind, Some(UserKind::Member | UserKind::Guest))
        });
        if personal && !self.store.runs(meeting, id).await.map_err(unavailable)? {
            return Ok(());
        }
        let message =
            "links are for attendees: who runs a meeting, or the server, signs in themselves";
        Err(ErrorBody::new(Code::Forbidden, message))
    }
}

fn claims(username: String, name: String, meeting: MeetingId) -> Claims {
    let meetings = Some(vec![meeting]);
    Claims { meetings, ..Claims::new(username, Some(name), 0, clock::wall()) }
}

fn switched_off() -> ErrorBody {
    ErrorBody::new(Code::Unauthorized, "this account is switched off")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_names_its_meeting_and_invitation_and_no_byte_of_it_may_change() {
        let key = ServerKey([7; 32]);
        let said = (MeetingId(3), InviteeId(9), Timestamp(1_000));
        let secret = secret(&key, said.0, said.1, said.2);
        assert_eq!(read(&key, &secret), Some(said));
        assert_eq!(read(&ServerKey([8; 32]), &secret), None);
        let bytes = URL_SAFE_NO_PAD.decode(&secret).unwrap();
        for at in 0..bytes.len() {
            let mut bytes = bytes.clone();
            bytes[at] ^= 1;
            assert_eq!(read(&key, &URL_SAFE_NO_PAD.encode(bytes)), None, "byte {at}");
        }
        for broken in ["", "AAAA", "not base64!"] {
            assert_eq!(read(&key, broken), None);
        }
    }
}
