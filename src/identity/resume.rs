//! Resume tokens: the secret that lets a client go on with its session.
//!
//! Nothing is stored for them: an HMAC over session, user, meeting and the expiry of the credential
//! behind it. That the session still lives, the meeting itself knows.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use quorate_protocol::{MeetingId, Resume, SessionId, Timestamp, UserId};

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

/// The credential that the token names, if it is that session's in that meeting.
pub(super) fn read(key: &ServerKey, meeting: MeetingId, resume: &Resume) -> Option<Credential> {
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
    fn a_token_is_good_for_its_session_in_its_meeting() {
        let key = ServerKey([7; 32]);
        let session = SessionId(Uuid::from_u128(5));
        let credential = Credential { user: UserId(3), expires_at: Some(Timestamp(1000)) };
        let token = token(&key, MeetingId(1), session, &credential);
        let resume = |session, token: &str| Resume {
            session,
            token: token.to_owned(),
            seq: Default::default(),
        };
        let right = resume(session, &token);
        assert_eq!(read(&key, MeetingId(1), &right), Some(credential));
        assert_eq!(read(&key, MeetingId(2), &right), None);
        let other = SessionId(Uuid::from_u128(6));
        assert_eq!(read(&key, MeetingId(1), &resume(other, &token)), None);
        for broken in ["", "AAAA", &token[1..]] {
            assert_eq!(read(&key, MeetingId(1), &resume(session, broken)), None);
        }
    }
}
