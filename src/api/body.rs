//! JSON bodies, with errors that name the field.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
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
        let (head, body) = request.into_parts();
        is_json(&head.headers)?;
        parse(&read_all(body).await?).map(Json)
    }
}

/// A JSON body that may be left out: then it is `{}`.
pub(super) struct Data<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Data<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let (head, body) = request.into_parts();
        let body = read_all(body).await?;
        if body.is_empty() {
            return parse(b"{}").map(Data);
        }
        is_json(&head.headers)?;
        parse(&body).map(Data)
    }
}

fn is_json(headers: &HeaderMap) -> Result<(), Problem> {
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if kind.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    let message = "send JSON, with `Content-Type: application/json`";
    Err(Problem(ErrorBody::new(Code::UnsupportedMediaType, message)))
}

/// The whole body, within its bound.
///
/// # Errors
/// `too_large`.
pub(super) async fn read_all(body: Body) -> Result<Bytes, Problem> {
    to_bytes(body, BODY_BYTES_MAX).await.map_err(|_| {
        let limit = Some(BODY_BYTES_MAX as u64);
        let error = ErrorBody::new(Code::TooLarge, "the body is too large, or ended early");
        Problem(ErrorBody { limit, ..error })
    })
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let text = str::from_utf8(body)
        .map_err(|_| Problem(ErrorBody::new(Code::BadJson, "the body is not UTF-8")))?;
    match parse_json(text) {
        Ok(body) => Ok(body),
        Err(None) => Err(Problem(ErrorBody::new(Code::BadJson, "the body is not JSON"))),
        Err(Some(ParseError::Invalid { field, message })) => {
            Err(Problem(ErrorBody::new(Code::Invalid, message).field(field)))
        }
        Err(Some(ParseError::UnknownType)) => {
            Err(Problem(ErrorBody::new(Code::Invalid, "unknown type").field("type")))
        }
    }
}
