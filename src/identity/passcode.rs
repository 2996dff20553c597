//! Passcodes of meetings: what one may be, hashing it, and telling a right one from a wrong one.
//!
//! A hash is argon2id as a PHC string. Hashing takes memory and tens of milliseconds on purpose, so it runs
//! on threads of its own, a few at once; who knocks in a crowd waits here, and the server does not.

use argon2::password_hash::phc::{self, Output, ParamsString, PasswordHash, Salt};
use argon2::password_hash::try_generate_salt;
use argon2::{Algorithm, Argon2, Block, Params, PasswordVerifier, Version};
use quorate_protocol::{Code, ErrorBody, PASSCODE_CHARS};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::task::spawn_blocking;
use unicode_normalization::UnicodeNormalization;

/// Hashes made at once.
static AT_ONCE: Semaphore = Semaphore::const_new(2);

/// The turn of one who wants something hashed.
#[derive(Debug)]
pub struct Turn(Option<SemaphorePermit<'static>>);

/// Waits for one's turn.
pub async fn turn() -> Turn {
    // Never closed: there is always a permit.
    Turn(AT_ONCE.acquire().await.ok())
}

/// Refuses what is no passcode for a meeting: 4 to 64 characters, not blank, on one line.
///
/// # Errors
/// `invalid` or `too_large` with the field.
pub fn check(field: &str, passcode: &str) -> Result<(), ErrorBody> {
    bounded(field, passcode)?;
    let invalid = |message| Err(ErrorBody::new(Code::Invalid, message).field(field));
    if passcode.chars().count() < *PASSCODE_CHARS.start() || passcode.trim().is_empty() {
        return invalid("must be 4 to 64 characters, and not blank");
    }
    if passcode.chars().any(char::is_control) {
        return invalid("control characters are not allowed");
    }
    Ok(())
}

/// Refuses what is too long to be anyone's passcode.
///
/// # Errors
/// `too_large` with the field `passcode`.
pub fn check_sent(passcode: &str) -> Result<(), ErrorBody> {
    bounded("passcode", passcode)
}

fn bounded(field: &str, passcode: &str) -> Result<(), ErrorBody> {
    let limit = *PASSCODE_CHARS.end();
    if passcode.chars().nth(limit).is_none() {
        return Ok(());
    }
    let error =
        ErrorBody::new(Code::TooLarge, format!("a passcode has at most {limit} characters"));
    Err(ErrorBody { limit: Some(limit as u64), ..error.field(field) })
}

/// The hash of a passcode, to be kept in the table alone.
///
/// # Errors
/// `unavailable` when the system has no randomness to give.
pub async fn hash(passcode: &str) -> Result<String, ErrorBody> {
    let typed = passcode.to_owned();
    aside(turn().await, move || Hasher::default().hash(&typed)).await
}

/// Hashes on the thread that asks, one after the other: tens of milliseconds each, in 19 MiB that it keeps,
/// since to be given them by the system takes nearly as long as to fill them.
pub struct Hasher {
    argon2: Argon2<'static>,
    memory: Vec<Block>,
}

impl Default for Hasher {
    fn default() -> Hasher {
        let argon2 = Argon2::default();
        let memory = vec![Block::default(); argon2.params().block_count()];
        Hasher { argon2, memory }
    }
}

impl Hasher {
    /// The hash of a passcode.
    ///
    /// # Errors
    /// What failed: the system has no randomness to give.
    pub fn hash(&mut self, passcode: &str) -> Result<String, String> {
        let salt = try_generate_salt().map_err(|error| error.to_string())?;
        let mut out = [0; Params::DEFAULT_OUTPUT_LEN];
        let typed = same(passcode);
        self.argon2
            .hash_password_into_with_memory(typed.as_bytes(), &salt, &mut out, &mut self.memory)
            .map_err(|error| error.to_string())?;
        self.written(&salt, &out)
    }

    /// As a PHC string.
    fn written(&self, salt: &[u8], hash: &[u8]) -> Result<String, String> {
        let failed = |error: phc::Error| error.to_string();
        let params = self.argon2.params();
        let params = ParamsString::try_from(params).map_err(|error| error.to_string())?;
        let salt = Some(Salt::new(salt).map_err(failed)?);
        let hash = Some(Output::new(hash).map_err(failed)?);
        let version = Some(Version::default().into());
        let algorithm = Algorithm::default().ident();
        Ok(PasswordHash { algorithm, version, params, salt, hash }.to_string())
    }
}

/// Whether this is the passcode of that hash.
///
/// # Errors
/// `unavailable` when the hash is none.
pub async fn verify(turn: Turn, passcode: &str, hash: String) -> Result<bool, ErrorBody> {
    let typed = same(passcode);
    aside(turn, move || match Argon2::default().verify_password(typed.as_bytes(), hash.as_str()) {
        Ok(()) => Ok(true),
        Err(argon2::password_hash::Error::PasswordInvalid) => Ok(false),
        Err(error) => Err(error.to_string()),
    })
    .await
}

/// The same characters, however they were typed.
fn same(passcode: &str) -> String {
    passcode.nfc().collect()
}

async fn aside<T: Send + 'static>(
    turn: Turn,
    work: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<T, ErrorBody> {
    let done = spawn_blocking(move || {
        // Held by the work itself, which goes on when who asked has gone.
        let _held = turn.0;
        work()
    });
    let why = match done.await {
        Ok(Ok(answer)) => return Ok(answer),
        Ok(Err(why)) => why,
        Err(error) => error.to_string(),
    };
    tracing::error!(%why, "failed to hash a passcode");
    let message = "the passcode cannot be checked just now; try again in a moment";
    Err(ErrorBody::new(Code::Unavailable, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn known(passcode: &str, hash: String) -> Result<bool, ErrorBody> {
        verify(turn().await, passcode, hash).await
    }

    #[tokio::test]
    async fn a_passcode_is_known_by_its_hash_and_no_other_is() {
        let made = hash("öffne dich").await.unwrap();
        assert!(made.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{made}");
        assert_ne!(made, hash("öffne dich").await.unwrap(), "salted");
        assert!(known("o\u{308}ffne dich", made.clone()).await.unwrap(), "typed another way");
        for wrong in ["", "offne dich", "öffne dich ", "ÖFFNE DICH", &made] {
            assert!(!known(wrong, made.clone()).await.unwrap(), "{wrong}");
        }
        let broken = known("öffne dich", "öffne dich".to_owned()).await;
        assert_eq!(broken.unwrap_err().code, Code::Unavailable, "what is no hash is no passcode");
    }

    #[test]
    fn a_passcode_has_four_to_sixty_four_characters() {
        for passcode in ["1234", "👋👋👋👋", &"é".repeat(64)] {
            assert_eq!(check("passcode", passcode), Ok(()), "{passcode}");
        }
        for passcode in ["", "123", "     ", "12\n34"] {
            let error = check("passcode", passcode).unwrap_err();
            assert_eq!((error.code, error.field.as_deref()), (Code::Invalid, Some("passcode")));
        }
        let error = check("passcode", &"é".repeat(65)).unwrap_err();
        assert_eq!((error.code, error.limit), (Code::TooLarge, Some(64)));
        assert_eq!(check_sent(&"é".repeat(65)), Err(error));
        assert_eq!(check_sent(""), Ok(()));
    }
}
