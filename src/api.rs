//! Every HTTP route: who is asking, request into command or query, and the reply.

mod body;
mod invitation_links;
mod links;
mod me;
mod meetings;
mod openapi;
mod origin;
mod page;
mod peer;
mod problem;
mod query;
mod roles;
mod secret;
mod sessions;
mod socket;
mod tokens;
mod users;

use std::sync::Arc;

use axum::Router;
use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use axum::routing::{any, get};
use bytes::Bytes;
use quorate_protocol::{Code, ErrorBody};

use crate::connection::Door;
use crate::identity::Caller;
pub use links::{Links, WrongUrl};
use openapi::Routes;
pub use peer::{Network, Peer, Proxies, WrongNetwork};
use problem::Problem;

/// What the routes share.
pub struct Api {
    /// What connections share, and the routes with them.
    pub door: Arc<Door>,
    /// Whether guests may make meetings.
    pub guests_create: bool,
    /// Web origins that may open a socket and use the cookie, besides our own host.
    pub origins: Vec<String>,
    /// Where this server is, as people reach it.
    pub links: Links,
    /// Where sockets run.
    pub tasks: tokio_util::task::TaskTracker,
}

/// All routes.
pub fn router(api: Arc<Api>) -> Router {
    let (described, document) = routes().finish();
    let document = Bytes::from(document.to_string());
    let document = get(move || async { ([(header::CONTENT_TYPE, "application/json")], document) });
    described
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/ws", any(socket::upgrade))
        .route("/api/openapi.json", document)
        .method_not_allowed_fallback(|| async {
            Problem(ErrorBody::new(Code::MethodNotAllowed, "this path does not take that method"))
        })
        .fallback(|| async {
            Problem(ErrorBody::new(Code::NotFound, "there is nothing at this path"))
        })
        .with_state(api)
}

/// Every operation of the back office, with its description.
fn routes() -> Routes<Arc<Api>> {
    Routes::new()
        .and(sessions::routes())
        .and(meetings::routes())
        .and(roles::routes())
        .and(invitation_links::routes())
        .and(me::routes())
        .and(tokens::routes())
        .and(users::routes())
}

/// Who is asking: the bearer of the token in `Authorization`. Comes before the body in a route's
/// arguments, so that a stranger's is not even read.
struct Bearer(Caller);

impl FromRequestParts<Arc<Api>> for Bearer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, Problem> {
        let value = parts.headers.get(header::AUTHORIZATION);
        let value = value.and_then(|value| value.to_str().ok());
        let Some(token) = value.and_then(|value| value.strip_prefix("Bearer ")) else {
            let message = "send `Authorization: Bearer <token>`; see `quorate token --help`";
            return Err(Problem(ErrorBody::new(Code::Unauthorized, message)));
        };
        let ids = api.door.live.ids();
        Ok(Bearer(api.door.identity.bearer(ids, token.trim()).await?))
    }
}
