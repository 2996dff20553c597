//! Every HTTP route: who is asking, request into command or query, and the reply.

mod body;
mod health;
mod meetings;
mod metrics;
mod openapi;
mod page;
mod problem;
mod query;
mod requests;
mod roles;
mod sessions;
mod socket;

use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::middleware::from_fn_with_state;
use axum::routing::{any, get};
use bytes::Bytes;
use quorate_protocol::{Code, ErrorBody};

use crate::connection::Door;
use crate::identity::Caller;
use crate::telemetry::Telemetry;
use openapi::Routes;
use problem::Problem;

pub use requests::Peer;

/// What the routes share.
pub struct Api {
    /// What connections share, and the routes with them.
    pub door: Arc<Door>,
    /// Whether guests may make meetings.
    pub guests_create: bool,
    /// Web origins that may open a socket, besides our own host.
    pub origins: Vec<String>,
    /// Where sockets run.
    pub tasks: tokio_util::task::TaskTracker,
    /// What is counted.
    pub telemetry: Telemetry,
    /// The bearer token that opens `/metrics`; without one it answers on loopback alone.
    pub metrics_token: Option<String>,
    /// Reverse proxies, who say for whom they ask.
    pub trusted_proxies: Vec<IpAddr>,
}

/// All routes.
pub fn router(api: Arc<Api>) -> Router {
    let (described, document) = routes().finish();
    let document = Bytes::from(document.to_string());
    let document = get(move || async { ([(header::CONTENT_TYPE, "application/json")], document) });
    described
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(metrics::page))
        .route("/ws", any(socket::upgrade))
        .route("/api/openapi.json", document)
        .method_not_allowed_fallback(|| async {
            Problem(ErrorBody::new(Code::MethodNotAllowed, "this path does not take that method"))
        })
        .fallback(|| async {
            Problem(ErrorBody::new(Code::NotFound, "there is nothing at this path"))
        })
        .layer(from_fn_with_state(api.clone(), requests::attend))
        .with_state(api)
}

/// Every operation of the back office, with its description.
fn routes() -> Routes<Arc<Api>> {
    Routes::new().and(sessions::routes()).and(meetings::routes()).and(roles::routes())
}

/// The token in `Authorization`, if there is one.
fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    Some(value.strip_prefix("Bearer ")?.trim())
}

/// Who is asking: the bearer of the token in `Authorization`. Comes before the body in a route's
/// arguments, so that a stranger's is not even read.
struct Bearer(Caller);

impl FromRequestParts<Arc<Api>> for Bearer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, Problem> {
        let Some(token) = bearer_token(&parts.headers) else {
            let message = "send `Authorization: Bearer <token>`; see `quorate token --help`";
            return Err(Problem(ErrorBody::new(Code::Unauthorized, message)));
        };
        let ids = api.door.live.ids();
        Ok(Bearer(api.door.identity.bearer(ids, token).await?))
    }
}
