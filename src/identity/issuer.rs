//! The configured issuer (OpenID Connect): its tokens, its keys, its codes.
//!
//! A token is looked at with one of the issuer's own keys, and with the one algorithm of that key: what its
//! header says can choose between keys and nothing else.

mod fetch;
mod keys;

use jsonwebtoken::{Algorithm, Validation, decode, decode_header};
use quorate_protocol::{Code, ErrorBody, OidcSignIn, PermissionSet, Timestamp};
use serde::Deserialize;

use super::tokens::TokenKind;
use fetch::{FetchError, Http};
use keys::Keys;

/// When trying again may help while the issuer cannot be asked, in milliseconds.
const ASK_AGAIN_MS: u64 = 10_000;
/// Characters of the verifier of a code.
const VERIFIER_CHARS: std::ops::RangeInclusive<usize> = 43..=128;
/// Characters of a subject.
const SUBJECT_CHARS_MAX: usize = 255;

/// What is known of the issuer, by the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerSettings {
    /// What its tokens call it; where its configuration is found.
    pub issuer: String,
    /// For whom its tokens must be: what this server is called there.
    pub audience: String,
    /// Where its keys are; none: where its configuration says.
    pub jwks_url: Option<String>,
    /// What this server shows when it redeems a code, where it has something to show.
    pub client_secret: Option<String>,
    /// By how much clocks may differ, in seconds.
    pub leeway_seconds: u32,
    /// Whether a verified address makes one the user who has it here.
    pub link: bool,
    /// Whether its word on `admin`, `scopes` and `kind` is taken.
    pub trust_claims: bool,
}

/// The issuer. Nothing is asked of it before someone shows a token of it.
pub(super) struct Issuer {
    pub(super) settings: IssuerSettings,
    http: Http,
    keys: Keys,
}

/// What a token of the issuer says, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct IssuerClaims {
    iss: String,
    aud: Audience,
    pub(super) sub: String,
    pub(super) exp: i64,
    #[serde(default)]
    nbf: Option<i64>,
    #[serde(default)]
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) preferred_username: Option<String>,
    #[serde(default)]
    pub(super) email: Option<String>,
    #[serde(default)]
    pub(super) email_verified: Option<serde_json::Value>,
    #[serde(default)]
    pub(super) admin: Option<serde_json::Value>,
    #[serde(default)]
    pub(super) scopes: Option<serde_json::Value>,
    #[serde(default)]
    pub(super) kind: Option<serde_json::Value>,
}

/// One, or several.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

/// Where the issuer has what.
#[derive(Debug, Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
    #[serde(default)]
    token_endpoint: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Redeemed {
    id_token: String,
}

impl IssuerClaims {
    /// Whether a claim of whatever type is plainly true.
    pub(super) fn is_true(claim: Option<&serde_json::Value>) -> bool {
        claim == Some(&serde_json::Value::Bool(true))
    }

    /// What it says of `kind` and `scopes`; a kind that is not known is a person's.
    pub(super) fn bot(&self) -> (TokenKind, Option<PermissionSet>) {
        let read = |claim: &Option<serde_json::Value>| claim.clone().unwrap_or_default();
        let kind = serde_json::from_value(read(&self.kind)).unwrap_or_default();
        let said = self.scopes.as_ref().filter(|scopes| !scopes.is_null());
        // Scopes that are no list of names are none at all.
        let scopes = said.map(|it| serde_json::from_value(it.clone()).unwrap_or_default());
        (kind, scopes)
    }
}

impl Issuer {
    pub(super) fn new(settings: IssuerSettings) -> Issuer {
        Issuer { settings, http: Http::default(), keys: Keys::default() }
    }

    /// What a token says, if it is the issuer's, for us, and holds now.
    pub(super) async fn verify(
        &self,
        token: &str,
        now: Timestamp,
    ) -> Result<IssuerClaims, ErrorBody> {
        let strange = "the token is not one of this server, nor of its issuer; get a new one";
        let header = decode_header(token).map_err(|_| refused(strange))?;
        let kid = header.kid.as_deref();
        let found = self.keys.find(kid, header.alg, || self.fetch_keys()).await;
        let key = found.map_err(|error| unreachable_issuer(&error))?;
        let key = key.ok_or_else(|| refused(strange))?;
        let mut validation = Validation::new(key.algorithm);
        // Who, for whom and when is looked at below, once for all: the library would read its own clock.
        validation.required_spec_claims.clear();
        (validation.validate_exp, validation.validate_aud) = (false, false);
        let data = decode::<IssuerClaims>(token, &key.decoding, &validation);
        let claims = data.map_err(|_| refused(strange))?.claims;
        self.check(&claims, now)?;
        Ok(claims)
    }

    fn check(&self, claims: &IssuerClaims, now: Timestamp) -> Result<(), ErrorBody> {
        let IssuerSettings { issuer, audience, leeway_seconds, .. } = &self.settings;
        let for_us = match &claims.aud {
            Audience::One(one) => one == audience,
            Audience::Several(several) => several.contains(audience),
        };
        let (now, leeway) = (now.0 / 1000, i64::from(*leeway_seconds));
        let why = if claims.iss != *issuer {
            "the token is of another issuer"
        } else if !for_us {
            "the token is for somebody else; get one for this server"
        } else if claims.exp.saturating_add(leeway) < now {
            "the token has expired; get a new one"
        } else if claims.nbf.is_some_and(|nbf| nbf.saturating_sub(leeway) > now) {
            "the token does not hold yet; are the clocks right?"
        } else if claims.sub.trim().is_empty() || claims.sub.chars().count() > SUBJECT_CHARS_MAX {
            "the token names nobody; get a new one"
        } else {
            return Ok(());
        };
        Err(refused(why))
    }

    /// Redeems an authorization code (RFC 6749, 4.1.3; RFC 7636): what its ID token says.
    pub(super) async fn redeem(
        &self,
        ask: &OidcSignIn,
        now: Timestamp,
    ) -> Result<IssuerClaims, ErrorBody> {
        check_verifier(&ask.code_verifier)?;
        let failed = |error: FetchError| match error {
            FetchError::Refused => {
                let message = "the issuer does not take this code; start again";
                ErrorBody::new(Code::Unauthorized, message).field("oidc.code")
            }
            error => unreachable_issuer(&error),
        };
        let discovery = self.discover().await.map_err(failed)?;
        let endpoint = discovery.token_endpoint.ok_or(FetchError::Odd).map_err(failed)?;
        let client = &self.settings.audience;
        let form = [
            ("grant_type", "authorization_code"),
            ("code", &ask.code),
            ("redirect_uri", &ask.redirect_uri),
            ("code_verifier", &ask.code_verifier),
            ("client_id", client),
        ];
        let secret = self.settings.client_secret.as_deref();
        let redeemed = self.http.post(&endpoint, &form, secret.map(|secret| (&**client, secret)));
        let Redeemed { id_token } = redeemed.await.map_err(failed)?;
        self.verify(&id_token, now).await
    }

    async fn fetch_keys(&self) -> Result<serde_json::Value, FetchError> {
        match &self.settings.jwks_url {
            Some(url) => self.http.get(url).await,
            None => self.http.get(&self.discover().await?.jwks_uri).await,
        }
    }

    async fn discover(&self) -> Result<Discovery, FetchError> {
        let issuer = self.settings.issuer.trim_end_matches('/');
        let url = format!("{issuer}/.well-known/openid-configuration");
        let discovery: Discovery = self.http.get(&url).await?;
        match discovery.issuer == self.settings.issuer {
            true => Ok(discovery),
            // OpenID Connect Discovery, 4.3: it must say what it was asked for.
            false => Err(FetchError::Odd),
        }
    }
}

/// Refuses what can be no verifier (RFC 7636, 4.1): without one the code would be anyone's who saw it.
fn check_verifier(verifier: &str) -> Result<(), ErrorBody> {
    let unreserved = |c: char| c.is_ascii_alphanumeric() || "-._~".contains(c);
    if VERIFIER_CHARS.contains(&verifier.len()) && verifier.chars().all(unreserved) {
        return Ok(());
    }
    let message = "must be 43 to 128 unreserved characters, as its challenge was made of";
    Err(ErrorBody::new(Code::Invalid, message).field("oidc.code_verifier"))
}

/// Whether a token is signed as ours never are.
pub(super) fn signed_otherwise(token: &str) -> bool {
    decode_header(token).is_ok_and(|header| header.alg != Algorithm::HS256)
}

fn refused(message: &str) -> ErrorBody {
    ErrorBody { retryable: true, ..ErrorBody::new(Code::Unauthorized, message) }
}

fn unreachable_issuer(error: &FetchError) -> ErrorBody {
    tracing::warn!(%error, "failed to ask the issuer; see the settings auth.issuer and auth.jwks_url");
    let message = "the issuer cannot be asked just now; try again in a moment";
    let retry_after_ms = Some(ASK_AGAIN_MS);
    ErrorBody { retry_after_ms, ..ErrorBody::new(Code::Unavailable, message) }
}
