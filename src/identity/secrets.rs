//! Secrets that are stored as a hash: random enough that a plain one will do.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::Rng;
use sha2::{Digest, Sha256};

/// Random bytes of a secret.
const SECRET_BYTES: usize = 32;

/// 256 random bits as base64url.
pub(super) fn random() -> String {
    let mut bytes = [0; SECRET_BYTES];
    rand::rng().fill_bytes(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// What is stored of a secret, and found by it: how long finding takes tells of the hash alone.
pub(super) fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret).into()
}
