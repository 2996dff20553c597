//! From which pages requests may come that a browser sends with what it keeps.

use axum::http::{HeaderMap, header};

/// The origin that a request says it has; one that is no text is nobody's.
pub(super) fn origin(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::ORIGIN).map(|origin| origin.to_str().unwrap_or("null"))
}

/// An absent origin is no browser; a present one must be our own host or a configured one.
pub(super) fn origin_allowed(origin: Option<&str>, host: Option<&str>, origins: &[String]) -> bool {
    let Some(origin) = origin else { return true };
    let own = origin.split_once("://").map(|(_, rest)| rest);
    (own.is_some() && own == host) || origins.iter().any(|allowed| allowed == origin)
}
