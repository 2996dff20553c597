//! The settings `auth.*`: an issuer whose users may come in.

use reqwest::Url;
use serde::Deserialize;

use super::ConfigError;

/// An issuer (OpenID Connect) whose tokens are taken, besides the server's own.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Auth {
    /// What its tokens call it, exactly; where its configuration is found.
    pub issuer: Option<String>,
    /// For whom its tokens must be: the client id of this server there.
    pub audience: Option<String>,
    /// Where its keys are, when not where its configuration says.
    pub jwks_url: Option<String>,
    /// What this server shows there when it redeems a code; none for a public client.
    pub client_secret: Option<String>,
    /// By how much clocks may differ, in seconds.
    pub leeway_seconds: u32,
    /// Whom its users become here.
    pub link: Link,
    /// Whether its word on `admin`, `scopes` and `kind` is taken.
    pub trust_claims: bool,
}

/// Whom an issuer's users become here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Link {
    /// Users of their own.
    #[default]
    None,
    /// The one user who has their verified address, where there is one.
    VerifiedEmail,
}

impl Default for Auth {
    fn default() -> Self {
        Auth {
            issuer: None,
            audience: None,
            jwks_url: None,
            client_secret: None,
            leeway_seconds: 5,
            link: Link::None,
            trust_claims: false,
        }
    }
}

/// By how much clocks may differ at most, in seconds.
const LEEWAY_SECONDS_MAX: u32 = 300;

impl Auth {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let invalid = |key: &str, message: &str| {
            let (source_name, message) = (format!("auth.{key}"), message.to_owned());
            Err(ConfigError::Invalid { source_name, message })
        };
        if self.leeway_seconds > LEEWAY_SECONDS_MAX {
            return invalid("leeway_seconds", "must be at most 300; set the clocks instead");
        }
        let Some(issuer) = &self.issuer else {
            let beside = [
                ("audience", self.audience.is_some()),
                ("jwks_url", self.jwks_url.is_some()),
                ("client_secret", self.client_secret.is_some()),
            ];
            return match beside.iter().find(|(_, set)| *set) {
                Some((key, _)) => invalid(key, "needs auth.issuer: say whose tokens are meant"),
                None => Ok(()),
            };
        };
        if self.audience.as_ref().is_none_or(String::is_empty) {
            let message = "must be set beside auth.issuer, or tokens for others would be taken";
            return invalid("audience", message);
        }
        for (key, url) in [("issuer", Some(issuer)), ("jwks_url", self.jwks_url.as_ref())] {
            if !url.is_none_or(|url| is_safe(url)) {
                return invalid(key, "must be an https address (http only on this machine)");
            }
        }
        Ok(())
    }
}

/// Whether what is fetched from there is what was sent: keys that anyone on the way could change are none.
fn is_safe(text: &str) -> bool {
    let Ok(url) = text.parse::<Url>() else { return false };
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let here =
        host == "localhost" || host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback());
    url.scheme() == "https" || (url.scheme() == "http" && here)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_whole_and_safe_or_told_what_is_missing() {
        let some = |text: &str| Some(text.to_owned());
        let good = Auth {
            issuer: some("https://id.example.org"),
            audience: some("quorate"),
            ..Auth::default()
        };
        let says = |auth: Auth| auth.check().map_err(|error| error.to_string());
        assert_eq!(says(Auth::default()), Ok(()));
        assert_eq!(says(good.clone()), Ok(()));
        for host in ["localhost:99", "127.0.0.1:99", "[::1]:99"] {
            assert_eq!(
                says(Auth { issuer: some(&format!("http://{host}")), ..good.clone() }),
                Ok(())
            );
        }
        for (auth, key) in [
            (Auth { audience: None, ..good.clone() }, "auth.audience"),
            (Auth { audience: some(""), ..good.clone() }, "auth.audience"),
            (Auth { issuer: None, ..good.clone() }, "auth.audience"),
            (Auth { jwks_url: some("https://a"), ..Auth::default() }, "auth.jwks_url"),
            (Auth { issuer: some("http://id.example.org"), ..good.clone() }, "auth.issuer"),
            (Auth { issuer: some("id.example.org"), ..good.clone() }, "auth.issuer"),
            (Auth { jwks_url: some("ftp://a"), ..good.clone() }, "auth.jwks_url"),
            (Auth { leeway_seconds: 301, ..good }, "auth.leeway_seconds"),
        ] {
            let error = says(auth).unwrap_err();
            assert!(error.starts_with(&format!("{key}: ")), "{key}: {error}");
        }
    }
}
