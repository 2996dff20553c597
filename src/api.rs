//! Every HTTP route: who is asking, request into command or query, and the reply.

mod body;
mod meetings;
mod problem;
mod roles;
mod sessions;
mod socket;

use std::sync::Arc;

use axum::Router;
use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use axum::routing::{any, get, post};
use quorate_protocol::{Code, ErrorBody};

use crate::connection::Door;
use crate::identity::Caller;
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
}

/// All routes.
pub fn router(api: Arc<Api>) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/ws", any(socket::upgrade))
        .route("/api/sessions", post(sessions::sign_in))
        .route("/api/meetings", post(meetings::create))
        .route("/api/meetings/{id}", get(meetings::show))
        .route("/api/roles", get(roles::list).post(roles::create))
        .route("/api/roles/{key}", get(roles::show).put(roles::replace).delete(roles::remove))
        .method_not_allowed_fallback(|| async {
            Problem(ErrorBody::new(Code::MethodNotAllowed, "this path does not take that method"))
        })
        .fallback(|| async {
            Problem(ErrorBody::new(Code::NotFound, "there is nothing at this path"))
        })
        .with_state(api)
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
