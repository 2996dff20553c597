//! The issuer's keys, as they were fetched last.
//!
//! They are fetched when a token names one that is not among them, and when they are old, so that one that
//! the issuer has dropped is dropped here; only a few times a minute, whatever tokens come. While the issuer
//! cannot be asked, those that are known go on to hold.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::fetch::FetchError;
use crate::identity::Windows;

/// How often a minute the issuer is asked at most, whoever wants to know.
const ASKS_MAX: u32 = 6;
/// After how long the keys are fetched anew although none is missing.
const OLD: Duration = Duration::from_secs(600);
/// Keys kept; issuers have a handful.
const KEYS_MAX: usize = 64;

/// A key, and the only algorithm that it is good for.
pub(super) struct Key {
    kid: Option<String>,
    pub(super) algorithm: Algorithm,
    pub(super) decoding: DecodingKey,
}

/// See the module.
#[derive(Default)]
pub(super) struct Keys {
    known: RwLock<Known>,
    /// How often the issuer was asked; held while it is asked.
    asked: Mutex<Windows<()>>,
}

#[derive(Clone, Default)]
struct Known {
    keys: Arc<[Arc<Key>]>,
    fetched: Option<Instant>,
}

impl Known {
    /// The key of that name and algorithm. A token that names none is of the only one of its algorithm.
    fn find(&self, kid: Option<&str>, algorithm: Algorithm) -> Option<Arc<Key>> {
        let mut fitting = self.keys.iter().filter(|key| key.algorithm == algorithm);
        match kid {
            Some(_) => fitting.find(|key| key.kid.as_deref() == kid).cloned(),
            None => fitting.next().filter(|_| fitting.next().is_none()).cloned(),
        }
    }

    fn is_old(&self, now: Instant) -> bool {
        self.fetched.is_none_or(|fetched| now.duration_since(fetched) >= OLD)
    }
}

impl Keys {
    /// The key that a token's header asks for; none when the issuer has no such key.
    ///
    /// # Errors
    /// When no keys are known and the issuer cannot be asked.
    pub(super) async fn find<F: Future<Output = Result<Value, FetchError>>>(
        &self,
        kid: Option<&str>,
        algorithm: Algorithm,
        fetch: impl FnOnce() -> F,
    ) -> Result<Option<Arc<Key>>, FetchError> {
        let known = self.known();
        let found = known.find(kid, algorithm);
        if !known.is_old(Instant::now()) && found.is_some() {
            return Ok(found);
        }
        // Who has a key that is only old does not wait for one who asks already.
        let asking = match &found {
            Some(_) => self.asked.try_lock().ok(),
            None => Some(self.asked.lock().await),
        };
        let Some(mut asked) = asking else { return Ok(found) };
        // Another may have asked while this one waited.
        let known = self.known();
        if !known.is_old(Instant::now())
            && let Some(key) = known.find(kid, algorithm)
        {
            return Ok(Some(key));
        }
        let failed = match asked.check(Instant::now(), (), ASKS_MAX) {
            Err(_) => None,
            Ok(()) => {
                asked.count(Instant::now(), ());
                fetch().await.map(|set| self.set(&set)).err()
            }
        };
        let known = self.known();
        match (known.find(kid, algorithm), failed) {
            (Some(key), Some(error)) => {
                tracing::warn!(%error, "failed to fetch the issuer's keys; going on with those known");
                Ok(Some(key))
            }
            (None, Some(error)) => Err(error),
            // Nothing is known yet, and it was asked in vain a moment ago.
            (None, None) if known.fetched.is_none() => Err(FetchError::Odd),
            (key, None) => Ok(key),
        }
    }

    fn known(&self) -> Known {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, set: &Value) {
        let keys = set["keys"].as_array().map_or(&[][..], Vec::as_slice);
        // One that is not understood takes nothing from the others.
        let keys = keys.iter().filter_map(|key| serde_json::from_value(key.clone()).ok());
        let keys = keys.filter_map(|key| usable(&key)).take(KEYS_MAX).collect();
        let known = Known { keys, fetched: Some(Instant::now()) };
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = known;
    }
}

/// A key that signs tokens with an algorithm taken here.
fn usable(jwk: &Jwk) -> Option<Arc<Key>> {
    let (algorithm, named) = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => (Algorithm::RS256, KeyAlgorithm::RS256),
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
            (Algorithm::ES256, KeyAlgorithm::ES256)
        }
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => {
            (Algorithm::EdDSA, KeyAlgorithm::EdDSA)
        }
        // A secret that two share proves nothing of one of them.
        _ => return None,
    };
    let common = &jwk.common;
    let signs = common.public_key_use.as_ref().is_none_or(|it| *it == PublicKeyUse::Signature);
    if !signs || common.key_algorithm.as_ref().is_some_and(|it| *it != named) {
        return None;
    }
    let decoding = DecodingKey::from_jwk(jwk).ok()?;
    Some(Arc::new(Key { kid: common.key_id.clone(), algorithm, decoding }))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use serde_json::json;

    use super::*;

    /// An Ed25519 key (RFC 8037, appendix A.2) of that name.
    fn set(kids: &[&str]) -> Value {
        let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
        let key = |kid: &&str| json!({ "kty": "OKP", "crv": "Ed25519", "x": x, "kid": kid });
        json!({ "keys": kids.iter().map(key).collect::<Vec<_>>() })
    }

    #[tokio::test(start_paused = true)]
    async fn keys_are_fetched_when_needed_and_old_and_hold_while_the_issuer_is_away() {
        let (keys, asked) = (Keys::default(), Cell::new(0));
        let find = async |kid, answer: Result<Value, FetchError>| {
            let fetch = || {
                asked.set(asked.get() + 1);
                async { answer }
            };
            let found = keys.find(Some(kid), Algorithm::EdDSA, fetch).await;
            (found.map(|key| key.is_some()).map_err(drop), asked.get())
        };
        assert_eq!(find("a", Err(FetchError::Odd)).await, (Err(()), 1), "nothing is known");
        assert_eq!(find("a", Ok(set(&["a"]))).await, (Ok(true), 2));
        assert_eq!(find("a", Ok(set(&["a"]))).await, (Ok(true), 2), "it is known");
        assert_eq!(find("b", Ok(set(&["b"]))).await, (Ok(true), 3), "turned over");
        assert_eq!(find("a", Ok(set(&["b"]))).await, (Ok(false), 4), "and dropped");
        assert_eq!(find("x", Err(FetchError::Odd)).await, (Err(()), 5));
        assert_eq!(find("x", Ok(set(&["b"]))).await, (Ok(false), 6));
        assert_eq!(find("y", Ok(set(&["y"]))).await, (Ok(false), 6), "not asked in vain for ever");
        assert_eq!(find("b", Err(FetchError::Odd)).await, (Ok(true), 6));
        tokio::time::advance(OLD).await;
        assert_eq!(
            find("b", Err(FetchError::Odd)).await,
            (Ok(true), 7),
            "old, and better than none"
        );
        assert_eq!(find("b", Ok(set(&["c"]))).await, (Ok(false), 8), "dropped while nobody asked");
    }

    #[test]
    fn a_key_is_good_for_one_algorithm_and_a_shared_secret_for_none() {
        let usable_as = |change: Value| {
            let mut key = set(&["a"])["keys"][0].clone();
            key.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            let key = serde_json::from_value(key).ok();
            key.and_then(|key| usable(&key)).map(|key| key.algorithm)
        };
        assert_eq!(usable_as(json!({})), Some(Algorithm::EdDSA));
        assert_eq!(usable_as(json!({ "alg": "EdDSA", "use": "sig" })), Some(Algorithm::EdDSA));
        assert_eq!(usable_as(json!({ "use": "enc" })), None);
        assert_eq!(usable_as(json!({ "alg": "HS256" })), None);
        assert_eq!(usable_as(json!({ "kty": "oct", "k": "c2VjcmV0", "alg": "HS256" })), None);
        let ec = json!({ "kty": "EC", "crv": "P-384", "x": "AA", "y": "AA" });
        assert_eq!(usable_as(ec), None);
    }
}
