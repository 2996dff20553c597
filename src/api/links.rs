//! Where this server is, as people reach it: by the setting `public_url`, or by what they asked for.

use axum::http::{HeaderMap, header};
use reqwest::Url;

use super::peer::Peer;

/// Makes addresses of this server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Links {
    /// Without a slash at its end.
    public: Option<String>,
}

/// Why an address cannot be this server's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no address of a server; write it as in https://meet.example.org")]
pub struct WrongUrl(String);

impl Links {
    /// By the setting `public_url`.
    ///
    /// # Errors
    /// When it is not http or https, or has a user, a query or a fragment.
    pub fn new(public_url: Option<&str>) -> Result<Links, WrongUrl> {
        let Some(text) = public_url else { return Ok(Links::default()) };
        let plain = |url: &Url| {
            matches!(url.scheme(), "http" | "https")
                && url.username().is_empty()
                && url.password().is_none()
                && url.query().is_none()
                && url.fragment().is_none()
        };
        match text.parse::<Url>() {
            Ok(url) if plain(&url) => {
                Ok(Links { public: Some(url.as_str().trim_end_matches('/').to_owned()) })
            }
            _ => Err(WrongUrl(text.to_owned())),
        }
    }

    /// The origin that pages of this server have, where it is known.
    #[must_use]
    pub fn origin(&self) -> Option<String> {
        let url: Url = self.public.as_ref()?.parse().ok()?;
        Some(url.origin().ascii_serialization())
    }

    /// What paths of this server begin with where people reach it: nothing, but below another site's address.
    pub(super) fn path(&self) -> String {
        let url: Option<Url> = self.public.as_ref().and_then(|url| url.parse().ok());
        url.map(|url| url.path().trim_end_matches('/').to_owned()).unwrap_or_default()
    }

    /// The name of the machine in `public_url`, where it is set.
    pub(super) fn host(&self) -> Option<String> {
        let url: Url = self.public.as_ref()?.parse().ok()?;
        url.host_str().map(str::to_owned)
    }

    /// Addresses as who sent this request reaches them.
    pub(super) fn of(&self, headers: &HeaderMap) -> Base {
        self.or(|| {
            let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
            format!("http://{}", host.unwrap_or("localhost"))
        })
    }

    /// Where to set the server up that listens there, with this secret.
    #[must_use]
    pub fn setup(&self, address: std::net::SocketAddr, secret: &str) -> String {
        let Base(base) = self.or(|| match address.ip().is_unspecified() {
            true => format!("http://localhost:{}", address.port()),
            false => format!("http://{address}"),
        });
        format!("{base}/#setup={secret}")
    }

    fn or(&self, other: impl FnOnce() -> String) -> Base {
        Base(self.public.clone().unwrap_or_else(other))
    }

    /// Whether a request came over https, as far as anyone can know.
    pub(super) fn is_secure(&self, peer: &Peer) -> bool {
        peer.https || self.public.as_ref().is_some_and(|url| url.starts_with("https:"))
    }
}

/// What addresses of this server begin with. What stands behind `#` reaches no server's log.
pub(super) struct Base(String);

impl Base {
    /// The WebSocket.
    pub(super) fn ws(&self) -> String {
        // http becomes ws, and https wss.
        format!("ws{}/ws", self.0.strip_prefix("http").unwrap_or_default())
    }

    /// Where people join the meeting with this code.
    pub(super) fn join(&self, code: &str) -> String {
        format!("{}/#meeting={code}", self.0)
    }

    /// Where one opens an invitation with this secret.
    pub(super) fn invitation(&self, secret: &str) -> String {
        format!("{}/#invitation={secret}", self.0)
    }

    /// A path of the interface.
    pub(super) fn api(&self, path: &str) -> String {
        format!("{}/api{path}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn addresses_are_those_of_the_setting_or_of_the_request() {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static("localhost:8080"));
        let asked = Links::default().of(&headers);
        assert_eq!(asked.ws(), "ws://localhost:8080/ws");
        assert_eq!(asked.join("abc"), "http://localhost:8080/#meeting=abc");
        let public = Links::new(Some("https://meet.example.org/")).unwrap();
        assert_eq!(public.of(&headers).ws(), "wss://meet.example.org/ws");
        assert_eq!(public.origin().as_deref(), Some("https://meet.example.org"));
        let below = Links::new(Some("https://example.org/meet")).unwrap().of(&headers);
        assert_eq!(below.api("/me"), "https://example.org/meet/api/me");
        let path = |url| Links::new(url).unwrap().path();
        assert_eq!(path(Some("https://example.org/meet/")), "/meet");
        assert_eq!(path(Some("https://example.org/")) + &path(None), "");
        for wrong in
            ["", "meet.example.org", "ftp://a", "https://a?b", "https://a#b", "https://u@a"]
        {
            assert!(Links::new(Some(wrong)).is_err(), "{wrong}");
        }
    }
}
