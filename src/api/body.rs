//! JSON bodies, with errors that name the field.

use axum::body::to_bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header;
use quorate_protocol::{Code, ErrorBody, ParseError, parse_json};
use serde::de::DeserializeOwned;

use super::problem::Problem;

/// Bytes of a body at most.
const BODY_BYTES_MAX: usize = 256 * 1024;

/// A JSON body.
pub(super) struct Json<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let kind = request.headers().get(header::CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if kind.split(';').next().is_none_or(|kind| kind.trim() != "application/json") {
            let message = "send JSON, with `Content-Type: application/json`";
            return Err(Problem(ErrorBody::new(Code::UnsupportedMediaType, message)));
        }
        let bytes = to_bytes(request.into_body(), BODY_BYTES_MAX).await.map_err(|_| {
            let limit = Some(BODY_BYTES_MAX as u64);
            let error = ErrorBody::new(Code::TooLarge, "the body is too large, or ended early");
            Problem(ErrorBody { limit, ..error })
        })?;
        let text = str::from_utf8(&bytes)
            .map_err(|_| Problem(ErrorBody::new(Code::BadJson, "the body is not UTF-8")))?;
        match parse_json(text) {
            Ok(body) => Ok(Json(body)),
            Err(None) => Err(Problem(ErrorBody::new(Code::BadJson, "the body is not JSON"))),
            Err(Some(ParseError::Invalid { field, message })) => {
                Err(Problem(ErrorBody::new(Code::Invalid, message).field(field)))
            }
            Err(Some(ParseError::UnknownType)) => {
                Err(Problem(ErrorBody::new(Code::Invalid, "unknown type").field("type")))
            }
        }
    }
}
