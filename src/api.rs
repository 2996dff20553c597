//! Every HTTP route: who is asking, request into command or query, and the reply.

mod audit;
mod body;
mod erasure;
mod history;
mod meetings;
mod openapi;
mod page;
mod problem;
mod query;
mod roles;
mod sessions;
mod socket;

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
use crate::replay::Replays;
use openapi::Routes;
use problem::Problem;

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
    /// Looks back into journals.
    pub replays: Replays,
    /// Held by who has a journal verified: it reads all of it.
    pub verifying: tokio::sync::Semaphore,
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
        .and(audit::routes())
        .and(history::routes())
        .and(erasure::routes())
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
