//! Signed heads: a line of text that says how far a journal went, to keep elsewhere. Only with one can
//! `audit verify` tell that the end of a journal was cut off.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use quorate_protocol::{MeetingId, Seq};
use sha2::Sha256;

/// How every line begins.
const PREFIX: &str = "quorate-head v1";

/// How far a journal went, vouched for by the server's key. Its text is one line,
/// `quorate-head v1 meeting=7 seq=42 hash=… sig=…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedHead {
    meeting: MeetingId,
    seq: Seq,
    hash: [u8; 32],
    signature: [u8; 32],
}

/// Why a line is not a head of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HeadError {
    /// It is something else, or a part of it is missing.
    #[error("read the head: expected a line `{PREFIX} meeting=… seq=… hash=… sig=…`")]
    Malformed,
    /// It was changed, or signed with another key.
    #[error("read the head: its signature is not from this server's key")]
    Signature,
}

impl SignedHead {
    /// Signs a head.
    pub(super) fn sign(meeting: MeetingId, seq: Seq, hash: [u8; 32], key: &[u8]) -> SignedHead {
        let signature = mac(key, &claim(meeting, seq, &hash)).finalize().into_bytes().into();
        SignedHead { meeting, seq, hash, signature }
    }

    /// Reads a line that was signed with `key`.
    ///
    /// # Errors
    /// When it is not such a line, or its signature is not by that key.
    pub fn parse(line: &str, key: &[u8]) -> Result<SignedHead, HeadError> {
        let head = read(line.trim()).ok_or(HeadError::Malformed)?;
        mac(key, &claim(head.meeting, head.seq, &head.hash))
            .verify_slice(&head.signature)
            .map_err(|_| HeadError::Signature)?;
        Ok(head)
    }

    /// Whose journal.
    #[must_use]
    pub fn meeting(&self) -> MeetingId {
        self.meeting
    }

    /// Its last event, then.
    #[must_use]
    pub fn seq(&self) -> Seq {
        self.seq
    }

    /// The hash of that event's row.
    pub(super) fn hash(&self) -> &[u8; 32] {
        &self.hash
    }
}

impl fmt::Display for SignedHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let claim = claim(self.meeting, self.seq, &self.hash);
        write!(f, "{claim} sig={}", URL_SAFE_NO_PAD.encode(self.signature))
    }
}

fn claim(meeting: MeetingId, seq: Seq, hash: &[u8; 32]) -> String {
    format!("{PREFIX} meeting={meeting} seq={seq} hash={}", URL_SAFE_NO_PAD.encode(hash))
}

fn read(line: &str) -> Option<SignedHead> {
    let mut words = line.strip_prefix(PREFIX)?.split_ascii_whitespace();
    let mut value = |name: &str| words.next()?.strip_prefix(name)?.strip_prefix('=');
    let meeting = MeetingId(value("meeting")?.parse().ok()?);
    let seq = Seq(value("seq")?.parse().ok()?);
    let hash = bytes(value("hash")?)?;
    let signature = bytes(value("sig")?)?;
    words.next().is_none().then_some(SignedHead { meeting, seq, hash, signature })
}

fn bytes(text: &str) -> Option<[u8; 32]> {
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}

fn mac(key: &[u8], claim: &str) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length will do");
    mac.update(claim.as_bytes());
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_back_and_a_changed_one_is_refused() {
        let line = SignedHead::sign(MeetingId(7), Seq(42), [9; 32], b"key").to_string();
        let head = SignedHead::parse(&format!("{line}\n"), b"key").unwrap();
        assert_eq!((head.meeting(), head.seq(), head.hash()), (MeetingId(7), Seq(42), &[9; 32]));
        let parse = |line: &str| SignedHead::parse(line, b"key").unwrap_err();
        assert_eq!(SignedHead::parse(&line, b"other"), Err(HeadError::Signature));
        assert_eq!(parse(&line.replace("seq=42", "seq=41")), HeadError::Signature);
        assert_eq!(parse(&line.replace("meeting=7", "meeting=8")), HeadError::Signature);
        for broken in ["", "quorate-head v1", &line[..line.len() - 1], &format!("{line} more")] {
            assert_eq!(parse(broken), HeadError::Malformed, "{broken}");
        }
    }
}
