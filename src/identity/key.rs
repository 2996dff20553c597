//! The server's key: made on first start, readable by its owner alone.

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use rand::Rng;
use sha2::Sha256;

/// Bytes of the key.
const KEY_BYTES: usize = 32;

/// The secret behind tokens, resume tokens and signed heads.
#[derive(Clone)]
pub struct ServerKey(pub(super) [u8; KEY_BYTES]);

impl std::fmt::Debug for ServerKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ServerKey(…)")
    }
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file could not be read or made.
    #[error("failed to open the key {path}: {error}; check who owns the data folder", path = path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The file is not a key.
    #[error("{} is not a key of Quorate; restore it from a backup, or remove it to make a new one (all tokens end)", .0.display())]
    Malformed(PathBuf),
}

impl ServerKey {
    /// Reads the key of this data folder, or makes it (mode 0600).
    ///
    /// # Errors
    /// When the file cannot be read or made, or is not a key.
    pub fn load_or_create(data: &Path) -> Result<ServerKey, KeyError> {
        match Self::find(data)? {
            Some(key) => Ok(key),
            None => Self::create(&Self::path(data)),
        }
    }

    /// Reads the key of this data folder.
    ///
    /// # Errors
    /// When there is none, or it cannot be read, or is not a key.
    pub fn load(data: &Path) -> Result<ServerKey, KeyError> {
        let none = || KeyError::Io { path: Self::path(data), error: ErrorKind::NotFound.into() };
        Self::find(data)?.ok_or_else(none)
    }

    /// Reads the key of this data folder, if there is one.
    ///
    /// # Errors
    /// When it cannot be read, or is not a key.
    pub fn find(data: &Path) -> Result<Option<ServerKey>, KeyError> {
        let path = Self::path(data);
        match fs::read_to_string(&path) {
            Ok(text) => Self::parse(&path, &text).map(Some),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            // Not even text.
            Err(error) if error.kind() == ErrorKind::InvalidData => Err(KeyError::Malformed(path)),
            Err(error) => Err(KeyError::Io { path, error }),
        }
    }

    fn path(data: &Path) -> PathBuf {
        data.join("quorate.key")
    }

    fn parse(path: &Path, text: &str) -> Result<ServerKey, KeyError> {
        let bytes = URL_SAFE_NO_PAD.decode(text.trim()).ok();
        let key = bytes.and_then(|bytes| <[u8; KEY_BYTES]>::try_from(bytes).ok());
        key.map(ServerKey).ok_or_else(|| KeyError::Malformed(path.to_owned()))
    }

    fn create(path: &Path) -> Result<ServerKey, KeyError> {
        let mut key = [0; KEY_BYTES];
        rand::rng().fill_bytes(&mut key);
        let mut file = fs::OpenOptions::new();
        let made = file.write(true).create_new(true).mode(0o600).open(path);
        made.and_then(|mut file| {
            writeln!(file, "{}", URL_SAFE_NO_PAD.encode(key))?;
            file.sync_all()
        })
        .map_err(|error| KeyError::Io { path: path.to_owned(), error })?;
        Ok(ServerKey(key))
    }

    /// HMAC-SHA256 under a key of its own for each purpose.
    #[must_use]
    pub fn mac(&self, purpose: &str, message: &[u8]) -> [u8; 32] {
        self.keyed(purpose).chain_update(message).finalize().into_bytes().into()
    }

    /// Whether a mac is that of the message, in constant time.
    #[must_use]
    pub fn verify_mac(&self, purpose: &str, message: &[u8], mac: &[u8]) -> bool {
        self.keyed(purpose).chain_update(message).verify_slice(mac).is_ok()
    }

    /// The mac as base64url.
    #[must_use]
    pub fn mac_text(&self, purpose: &str, message: &[u8]) -> String {
        URL_SAFE_NO_PAD.encode(self.mac(purpose, message))
    }

    /// A key of its own for a purpose.
    #[must_use]
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        let mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("hmac takes keys of any length");
        mac.chain_update(purpose).finalize().into_bytes().into()
    }

    fn keyed(&self, purpose: &str) -> Hmac<Sha256> {
        let key = self.derive(purpose);
        Hmac::new_from_slice(&key).expect("hmac takes keys of any length")
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_key_is_made_once_for_its_owner_alone_and_a_broken_one_is_refused() {
        let data = tempfile::tempdir().unwrap();
        let made = ServerKey::load_or_create(data.path()).unwrap();
        assert_eq!(ServerKey::load_or_create(data.path()).unwrap().0, made.0);
        let path = ServerKey::path(data.path());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::write(&path, "short").unwrap();
        assert!(matches!(ServerKey::load(data.path()), Err(KeyError::Malformed(_))));
    }
}
