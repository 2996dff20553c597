//! Answers that hold a secret: no cache keeps them, and no repetition.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::Serialize;

use super::idempotency::HoldsSecret;

/// A JSON answer that holds a secret.
pub(super) struct Secret<T>(pub(super) T);

impl<T: Serialize> IntoResponse for Secret<T> {
    fn into_response(self) -> Response {
        (Extension(HoldsSecret), [(header::CACHE_CONTROL, "no-store")], Json(self.0))
            .into_response()
    }
}
