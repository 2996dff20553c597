//! Every HTTP route: who is asking, request into command or query, and the reply.

mod access;
mod acting;
mod audit;
mod body;
mod calendar;
mod docs;
mod erasure;
mod feedback;
mod formats;
mod health;
mod history;
mod idempotency;
mod invitation_links;
mod links;
mod making;
mod me;
mod meeting_changes;
mod meeting_roles;
mod meetings;
mod metrics;
mod openapi;
mod origin;
mod page;
mod peer;
mod people;
mod people_changes;
mod preconditions;
mod problem;
mod query;
mod reports;
mod requests;
mod roles;
mod scores;
mod secret;
mod series;
mod sessions;
mod socket;
mod someone;
mod tokens;
mod trends;
mod users;

use std::sync::Arc;

use axum::Router;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::{from_fn_with_state, map_response};
use axum::response::Response;
use axum::routing::{any, get};
use quorate_protocol::{Code, ErrorBody};

use crate::connection::Door;
use crate::identity::Caller;
use crate::replay::Replays;
use crate::report::Reports;
use crate::telemetry::Telemetry;
use idempotency::Repeats;
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
    /// Looks back into journals.
    pub replays: Replays,
    /// Tells what meetings were like.
    pub reports: Reports,
    /// Held by who has a journal verified: it reads all of it.
    pub verifying: tokio::sync::Semaphore,
    /// What is counted.
    pub telemetry: Telemetry,
    /// The bearer token that opens `/metrics`; without one it answers on loopback alone.
    pub metrics_token: Option<String>,
    /// How many must have said something of a meeting before means and counts are shown.
    pub raters_min: u32,
}

/// All routes.
pub fn router(api: Arc<Api>) -> Router {
    let (described, document) = routes().finish();
    let all = described
        .merge(docs::page(&document))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(metrics::page))
        .route("/ws", any(socket::upgrade))
        .method_not_allowed_fallback(|| async {
            Problem(ErrorBody::new(Code::MethodNotAllowed, "this path does not take that method"))
        })
        .fallback(|| async {
            Problem(ErrorBody::new(Code::NotFound, "there is nothing at this path"))
        })
        .layer(map_response(not_kept))
        .with_state(api.clone());
    let repeats = Repeats::new(api.clone(), all.clone());
    all.layer(from_fn_with_state(repeats, idempotency::once))
        .layer(from_fn_with_state(api, requests::attend))
}

/// What is answered holds for who asked, and for now: nobody on the way keeps it.
async fn not_kept(mut response: Response) -> Response {
    let no_store = HeaderValue::from_static("no-store");
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(no_store);
    response
}

/// Every operation of the back office, with its description.
fn routes() -> Routes<Arc<Api>> {
    Routes::new()
        .and(sessions::routes())
        .and(making::routes())
        .and(meetings::routes())
        .and(meeting_changes::routes())
        .and(people::routes())
        .and(people_changes::routes())
        .and(meeting_roles::routes())
        .and(series::routes())
        .and(calendar::routes())
        .and(audit::routes())
        .and(history::routes())
        .and(reports::routes())
        .and(trends::routes())
        .and(invitation_links::routes())
        .and(me::routes())
        .and(tokens::routes())
        .and(users::routes())
        .and(erasure::routes())
        .and(feedback::routes())
        .and(roles::routes())
        .and(docs::routes())
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
        // Who asks with a key for repetition was looked up for that already.
        if let Some(caller) = parts.extensions.remove::<Caller>() {
            return Ok(Bearer(caller));
        }
        let Some(token) = bearer_token(&parts.headers) else {
            let message = "send `Authorization: Bearer <token>`; see `quorate token --help`";
            return Err(Problem(ErrorBody::new(Code::Unauthorized, message)));
        };
        let ids = api.door.live.ids();
        Ok(Bearer(api.door.identity.bearer(ids, token).await?))
    }
}
