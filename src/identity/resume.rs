//! Resume tokens: the secret that lets a client go on with its session.
//!
//! Nothing is stored for them: an HMAC over session, meeting and the credential behind it. That the session still lives, the meeting itself knows.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use quorate_protocol::{MeetingId, Resume, SessionId, Timestamp, TokenId, UserId};

use super::key::ServerKey;
use crate::live::Credential;

const PURPOSE: &str = "resume";
/// Bytes of the mac at its end.
const MAC_BYTES: usize = 32;
/// Bytes of what the token says in clear before the scopes: the user, the expiry, the API key or bot token
/// (0 is none of either).
const NUMBERS_BYTES: usize = 24;

pub(super) fn token(
    key: &ServerKey,
    meeting: MeetingId,
    session: SessionId,
    credential: &Credential,
) -> String {
    let Credential { user, expires_at, token, scopes } = *credential;
    let numbers = [user.0, expires_at.map_or(0, |at| at.0), token.map_or(0, |token| token.0)];
    let mut bytes: Vec<_> = numbers.iter().flat_map(|number| number.to_be_bytes()).collect();
    // By name: the bits are another version's to change.
    bytes.extend(
        scopes
            .map(|scopes| serde_json::to_vec(&scopes))
            .transpose()
            .into_iter()
            .flatten()
            .flatten(),
    );
    let mac = key.mac(PURPOSE, &message(meeting, session, &bytes));
    bytes.extend(mac);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The credential that the token names, if it is that session's in that meeting.
pub(super) fn read(key: &ServerKey, meeting: MeetingId, resume: &Resume) -> Option<Credential> {
    let bytes = URL_SAFE_NO_PAD.decode(&resume.token).ok()?;
    let (clear, mac) = bytes.split_at_checked(bytes.len().checked_sub(MAC_BYTES)?)?;
    if !key.verify_mac(PURPOSE, &message(meeting, resume.session, clear), mac) {
        return None;
    }
    let (numbers, scopes) = clear.split_at_checked(NUMBERS_BYTES)?;
    let number = |at: usize| numbers[at..at + 8].try_into().ok().map(i64::from_be_bytes);
    let (user, expires_at, token) = (number(0)?, number(8)?, number(16)?);
    let scopes = match scopes {
        [] => None,
        names => Some(serde_json::from_slice(names).ok()?),
    };
    Some(Credential {
        user: UserId(user),
        expires_at: (expires_at != 0).then_some(Timestamp(expires_at)),
        token: (token != 0).then_some(TokenId(token)),
        scopes,
    })
}

fn message(meeting: MeetingId, session: SessionId, clear: &[u8]) -> Vec<u8> {
    [&meeting.0.to_be_bytes(), session.0.as_bytes().as_slice(), clear].concat()
}

#[cfg(test)]
mod tests {
    use quorate_protocol::{Permission, PermissionSet};
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_token_is_good_for_its_session_in_its_meeting() {
        let key = ServerKey([7; 32]);
        let session = SessionId(Uuid::from_u128(5));
        let resume = |session, token: &str| Resume {
            session,
            token: token.to_owned(),
            seq: Default::default(),
        };
        let plain = Credential::of(UserId(3), Some(Timestamp(1000)));
        let scopes = [Permission::ChatSend, Permission::PollVote].into_iter().collect();
        for credential in [
            Credential { token: Some(TokenId(5)), scopes: Some(scopes), ..plain },
            Credential { scopes: Some(PermissionSet::NONE), expires_at: None, ..plain },
            plain,
        ] {
            let token = token(&key, MeetingId(1), session, &credential);
            assert_eq!(read(&key, MeetingId(1), &resume(session, &token)), Some(credential));
        }
        let (credential, token) = (plain, token(&key, MeetingId(1), session, &plain));
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
