//! Bearer tokens: JWT, HS256 by the server's own key.

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use quorate_protocol::{Code, ErrorBody, MeetingId, PermissionSet, Timestamp};
use serde::{Deserialize, Serialize};

use super::key::ServerKey;
use crate::meeting::text;

/// Names (`sub`) that no token may be made for by hand.
pub const RESERVED_NAMES: [&str; 6] = ["system", "guest:", "bot:", "oidc:", "invited:", "erased:"];
/// By how much clocks may differ, in seconds.
const LEEWAY_SECONDS: u64 = 5;
/// Whether no token may be made by hand for this name.
pub(super) fn is_reserved(name: &str) -> bool {
    RESERVED_NAMES.iter().any(|reserved| match reserved.ends_with(':') {
        true => name.starts_with(reserved),
        false => name == *reserved,
    })
}

/// What the key is for.
const PURPOSE: &str = "tokens";

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The user's name, unique: `users.username`.
    pub sub: String,
    /// The name shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The email address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Whether whoever made the token knows the address to be theirs; only then it opens doors.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub email_verified: bool,
    /// Whether it is a person's or a bot's.
    #[serde(default, skip_serializing_if = "TokenKind::is_member")]
    pub kind: TokenKind,
    /// What its holder may do at most. None is all for a person, and nothing for a bot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<PermissionSet>,
    /// The only meetings that it reaches. None is all; for a bot those that its owner hosts, or all when
    /// nobody owns it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meetings: Option<Vec<MeetingId>>,
    /// Whose bot it is, by `users.username`: it may no more than they.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Whether they administer the server.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub admin: bool,
    /// When it expires, in seconds since 1970.
    pub exp: i64,
}

/// Whose a token is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenKind {
    /// A person's: a member, or a guest by the name in `sub`.
    #[default]
    Member,
    /// A bot's: `sub` is its name without `bot:`.
    Bot,
}

impl TokenKind {
    /// What a token that does not say is.
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    fn is_member(&self) -> bool {
        *self == TokenKind::Member
    }
}

impl Claims {
    /// Claims that hold for so many hours from `now`.
    #[must_use]
    pub fn new(sub: String, name: Option<String>, hours: u32, now: Timestamp) -> Claims {
        let exp = now.0 / 1000 + i64::from(hours) * 3600;
        Claims {
            sub,
            name,
            email: None,
            email_verified: false,
            admin: false,
            kind: TokenKind::Member,
            scopes: None,
            meetings: None,
            owner: None,
            exp,
        }
    }

    /// The address that whoever made the token knows to be theirs, as it is compared.
    pub(super) fn verified_email(&self) -> Option<String> {
        self.email.as_ref().filter(|_| self.email_verified).map(|email| text::address(email))
    }

    /// `users.username` of whoever shows the token.
    pub(super) fn username(&self) -> String {
        match self.kind {
            TokenKind::Member => self.sub.clone(),
            TokenKind::Bot => format!("bot:{}", self.sub),
        }
    }

    /// Whether no user may have that name: only a bot's token makes a bot.
    fn names_nobody(&self) -> bool {
        let of_a_bot = self.kind == TokenKind::Member && self.sub.starts_with("bot:");
        let erased = self.sub.starts_with("erased:");
        self.sub.is_empty() || self.sub == "system" || of_a_bot || erased
    }

    /// When they expire.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        Timestamp(self.exp.saturating_mul(1000))
    }
}

impl ServerKey {
    /// The token that says this.
    #[must_use]
    pub fn sign(&self, claims: &Claims) -> String {
        let key = EncodingKey::from_secret(&self.derive(PURPOSE));
        encode(&Header::new(Algorithm::HS256), claims, &key).expect("HS256 signs any claims")
    }

    /// What a token says, if it is ours and holds now.
    pub(super) fn verify(&self, token: &str, now: Timestamp) -> Result<Claims, ErrorBody> {
        let refused = |message| {
            Err(ErrorBody { retryable: true, ..ErrorBody::new(Code::Unauthorized, message) })
        };
        let mut validation = Validation::new(Algorithm::HS256);
        // The time is looked at here: the library would read its own clock.
        validation.validate_exp = false;
        validation.required_spec_claims.clear();
        let key = DecodingKey::from_secret(&self.derive(PURPOSE));
        match decode::<Claims>(token, &key, &validation) {
            Err(_) => refused("the token is not one of this server; get a new one"),
            Ok(data) if data.claims.exp.saturating_add(LEEWAY_SECONDS as i64) < now.0 / 1000 => {
                refused("the token has expired; get a new one")
            }
            Ok(data) if data.claims.names_nobody() => {
                refused("the token names nobody; get a new one")
            }
            Ok(data) => Ok(data.claims),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_cannot_have_the_name_of_a_bot() {
        let key = ServerKey([7; 32]);
        let now = Timestamp(1_000_000_000_000);
        let named = |sub: &str, kind| Claims { kind, ..Claims::new(sub.into(), None, 1, now) };
        for sub in ["bot:clock", "system", ""] {
            assert!(key.verify(&key.sign(&named(sub, TokenKind::Member)), now).is_err(), "{sub}");
        }
        let bot = named("clock", TokenKind::Bot);
        assert_eq!(key.verify(&key.sign(&bot), now).unwrap().username(), "bot:clock");
    }

    #[test]
    fn a_token_that_says_nothing_of_bots_is_a_members() {
        let claims: Claims = serde_json::from_str(r#"{"sub":"ana","exp":1}"#).unwrap();
        assert_eq!((claims.kind, claims.scopes), (TokenKind::Member, None));
        assert_eq!(serde_json::to_string(&claims).unwrap(), r#"{"sub":"ana","exp":1}"#);
    }

    #[test]
    fn a_token_holds_until_it_expires_and_only_under_its_key() {
        let key = ServerKey([7; 32]);
        let now = Timestamp(1_000_000_000_000);
        let claims = Claims::new("ana".into(), Some("Ana".into()), 1, now);
        let token = key.sign(&claims);
        assert_eq!(key.verify(&token, now), Ok(claims));
        assert!(key.verify(&token, now.plus_seconds(3600 + 10)).is_err());
        assert!(ServerKey([8; 32]).verify(&token, now).is_err());
        let (head, rest) = token.split_once('.').unwrap();
        assert!(key.verify(&format!("{head}.x{rest}"), now).is_err());
        // {"alg":"none"}
        let body = rest.split('.').next().unwrap();
        assert!(key.verify(&format!("eyJhbGciOiJub25lIn0.{body}."), now).is_err());
    }
}
