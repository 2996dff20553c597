//! Signing in.

use std::sync::Arc;

use axum::Json as Reply;
use axum::extract::State;
use axum::http::StatusCode;
use quorate_protocol::{SignIn, SignedIn};

use super::Api;
use super::body::Json;
use super::openapi::{Operation, Routes};
use super::problem::Problem;

pub(super) fn routes() -> Routes<Arc<Api>> {
    let operation = Operation::post("/api/sessions", "Sign in").open();
    Routes::new().add(operation.body::<SignIn>().answers::<SignedIn>(StatusCode::OK), sign_in)
}

/// `POST /api/sessions`: a guest gets a bearer token.
pub(super) async fn sign_in(
    State(api): State<Arc<Api>>,
    Json(body): Json<SignIn>,
) -> Result<Reply<SignedIn>, Problem> {
    let (token, claims) = api.door.identity.guest_token(&body.guest)?;
    Ok(Reply(SignedIn { token, expires_at: claims.expires_at() }))
}
