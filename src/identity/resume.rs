//! Resume tokens: the secret that lets a client go on with its session.
//!
//! Nothing is stored for them: an HMAC over session, user, meeting and the expiry of the credential
//! behind it. That the session still lives, the meeting itself knows.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use quorate_protocol::{Code, ErrorBody, MeetingId, Resume, SessionId, Timestamp, UserId};

use super::key::ServerKey;
use crate::live::Credential;

const PURPOSE: &str = "resume";
/// Bytes of what the token says in clear: the user, and the expiry (0 is none).
const CLEAR_BYTES: usize = 16;

pub(super) fn token(
    key: &ServerKey,
    meeting: MeetingId,
    session: SessionId,
    credential: &Credential,
) -> String {
    let expires = credential.expires_at.map_or(0, |at| at.0);
    let mut bytes = Vec::with_capacity(CLEAR_BYTES + 32);
    bytes.extend(credential.user.0.to_be_bytes());
    bytes.extend(expires.to_be_bytes());
    let mac = key.mac(PURPOSE, &message(meeting, session, &bytes));
    bytes.extend(mac);
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(super) fn verify(
    key: &ServerKey,
    meeting: MeetingId,
    resume: &Resume,
    now: Timestamp,
) -> Result<Credential, ErrorBody> {
    let refused =
        |message| ErrorBody { retryable: true, ..ErrorBody::new(Code::Unauthorized, message) };
    let credential = read(key, meeting, resume)
        .ok_or_else(|| refused("the resume token is not that session's; say hello anew"))?;
    if credential.expires_at.is_some_and(|at| at < now) {
        return Err(refused("the credential behind the session has expired; send a fresh token"));
    }
    Ok(credential)
}

fn read(key: &ServerKey, meeting: MeetingId, resume: &Resume) -> Option<Credential> {
    let bytes = URL_SAFE_NO_PAD.decode(&resume.token).ok()?;
    let (clear, mac) = bytes.split_at_checked(CLEAR_BYTES)?;
    if !key.verify_mac(PURPOSE, &message(meeting, resume.session, clear), mac) {
        return None;
    }
    let (user, expires) = clear.split_at(8);
    let number = |bytes: &[u8]| bytes.try_into().ok().map(i64::from_be_bytes);
    let expires = number(expires)?;
    let expires_at = (expires != 0).then_some(Timestamp(expires));
    Some(Credential { user: UserId(number(user)?), expires_at })
}

fn message(meeting: MeetingId, session: SessionId, clear: &[u8]) -> Vec<u8> {
    [&meeting.0.to_be_bytes(), session.0.as_bytes().as_slice(), clear].concat()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_token_resumes_its_session_in_its_meeting_until_the_credential_expires() {
        let key = ServerKey([7; 32]);
        let session = SessionId(Uuid::from_u128(5));
        let credential = Credential { user: UserId(3), expires_at: Some(Timestamp(1000)) };
        let token = token(&key, MeetingId(1), session, &credential);
        let resume = |session, token: &str| Resume {
            session,
            token: token.to_owned(),
            seq: Default::default(),
        };
        let now = Timestamp(999);
        let right = resume(session, &token);
        assert_eq!(verify(&key, MeetingId(1), &right, now), Ok(credential));
        assert!(verify(&key, MeetingId(2), &right, now).is_err());
        assert!(verify(&key, MeetingId(1), &right, Timestamp(1001)).is_err());
        let other = SessionId(Uuid::from_u128(6));
        assert!(verify(&key, MeetingId(1), &resume(other, &token), now).is_err());
        for broken in ["", "AAAA", &token[1..]] {
            assert!(verify(&key, MeetingId(1), &resume(session, broken), now).is_err());
        }
    }
}
