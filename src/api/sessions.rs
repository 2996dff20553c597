//! Signing in, staying signed in, signing out.

use std::sync::Arc;

use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use quorate_protocol::{Code, Empty, ErrorBody, SignIn, SignedIn, SignedOut};

use super::Api;
use super::body::Json;
use super::openapi::{Operation, Routes};
use super::origin::{origin, origin_allowed};
use super::peer::Peer;
use super::problem::Problem;
use super::secret::Secret;
use crate::identity::{SIGN_IN_DAYS, SignedInAs};

/// The cookie that renews tokens. Browsers send it to these routes alone.
const COOKIE: &str = "quorate";

pub(super) fn routes() -> Routes<Arc<Api>> {
    Routes::new()
        .add(
            Operation::post("/api/sessions", "Sign in: as a guest, or by a link or a code")
                .open()
                .body::<SignIn>()
                .answers::<SignedIn>(StatusCode::OK),
            sign_in,
        )
        .add(
            Operation::post("/api/sessions/renew", "A new token for the browser with the cookie")
                .open()
                .body::<Empty>()
                .answers::<SignedIn>(StatusCode::OK),
            renew,
        )
        .add(
            Operation::delete("/api/sessions", "Sign the browser with the cookie out")
                .open()
                .answers::<SignedOut>(StatusCode::OK),
            sign_out,
        )
}

/// A request from one of our own pages, or from no browser. Beside the cookie's `SameSite` it keeps other
/// sites from signing people in, or out.
pub(super) struct OwnPage;

impl FromRequestParts<Arc<Api>> for OwnPage {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, Problem> {
        let host = parts.headers.get(header::HOST).and_then(|it| it.to_str().ok());
        if origin_allowed(origin(&parts.headers), host, &api.origins) {
            return Ok(OwnPage);
        }
        let message = "pages of this origin may not sign in here; see the setting `origins`";
        Err(Problem(ErrorBody::new(Code::Forbidden, message)))
    }
}

/// `POST /api/sessions`.
pub(super) async fn sign_in(
    State(api): State<Arc<Api>>,
    peer: Peer,
    _: OwnPage,
    Json(body): Json<SignIn>,
) -> Result<Response, Problem> {
    let (identity, ids) = (&api.door.identity, api.door.live.ids());
    let signed_in = match body {
        SignIn::Guest(guest) => {
            let (token, claims) = identity.guest_token(&guest)?;
            let answer = SignedIn { token, expires_at: claims.expires_at() };
            SignedInAs { answer, cookie: None }
        }
        SignIn::Setup(ask) => identity.attempt(peer.address, identity.set_up(ids, ask)).await?,
        SignIn::Invitation(ask) => {
            identity.attempt(peer.address, identity.accept(ids, &ask)).await?
        }
        SignIn::Oidc(ask) => {
            identity.attempt(peer.address, identity.sign_in_by_code(ids, &ask)).await?
        }
    };
    Ok(signed_in_answer(&api, &peer, signed_in))
}

/// `POST /api/sessions/renew`.
pub(super) async fn renew(
    State(api): State<Arc<Api>>,
    peer: Peer,
    _: OwnPage,
    headers: HeaderMap,
    Json(Empty {}): Json<Empty>,
) -> Result<Response, Problem> {
    let Some(cookie) = cookie(&headers) else {
        let message = "nobody is signed in here; sign in";
        return Err(Problem(ErrorBody::new(Code::Unauthorized, message)));
    };
    let identity = &api.door.identity;
    let renewed = identity.attempt(peer.address, identity.renew(cookie)).await?;
    Ok(signed_in_answer(&api, &peer, renewed))
}

/// `DELETE /api/sessions`. The token in use holds until it expires, a few minutes later.
pub(super) async fn sign_out(
    State(api): State<Arc<Api>>,
    peer: Peer,
    _: OwnPage,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let was_in = match cookie(&headers) {
        Some(cookie) => api.door.identity.sign_out(cookie).await?,
        None => false,
    };
    let forget = set_cookie(&api, &peer, "", 0);
    let answer = Secret(SignedOut { already: !was_in });
    Ok(([(header::SET_COOKIE, forget)], answer).into_response())
}

fn signed_in_answer(api: &Api, peer: &Peer, signed_in: SignedInAs) -> Response {
    let SignedInAs { answer, cookie } = signed_in;
    let Some(secret) = cookie else { return Secret(answer).into_response() };
    let cookie = set_cookie(api, peer, &secret, SIGN_IN_DAYS * 86_400);
    ([(header::SET_COOKIE, cookie)], Secret(answer)).into_response()
}

fn set_cookie(api: &Api, peer: &Peer, secret: &str, seconds: u32) -> String {
    let secure = if api.links.is_secure(peer) { "; Secure" } else { "" };
    let path = api.links.path();
    format!(
        "{COOKIE}={secret}; Path={path}/api/sessions; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}"
    )
}

/// The cookie's secret, if it is sent.
fn cookie(headers: &HeaderMap) -> Option<&str> {
    let sent = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs =
        sent.flat_map(|value| value.split(';')).filter_map(|it| it.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE).map(|(_, secret)| secret)
}
