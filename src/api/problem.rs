//! Errors over HTTP: RFC 9457 problems with the protocol's codes.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use quorate_protocol::{Code, ErrorBody, RoleUser};
use serde::Serialize;

/// An error as the answer to a request.
#[derive(Debug)]
pub(super) struct Problem(pub(super) ErrorBody);

impl From<ErrorBody> for Problem {
    fn from(error: ErrorBody) -> Problem {
        Problem(error)
    }
}

#[derive(Serialize)]
struct Body<'a> {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    detail: &'a str,
    #[serde(flatten)]
    error: &'a ErrorBody,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    used_by: &'a [RoleUser],
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        respond(&self.0, &[])
    }
}

/// A role is not removed, for these have it.
pub(super) fn in_use(used_by: &[RoleUser]) -> Response {
    let message = "the role is in use; give those who have it another first";
    respond(&ErrorBody::new(Code::Conflict, message), used_by)
}

fn respond(error: &ErrorBody, used_by: &[RoleUser]) -> Response {
    let status = status(error.code);
    let body = Body {
        r#type: "about:blank",
        title: status.canonical_reason().unwrap_or("Error"),
        status: status.as_u16(),
        detail: &error.message,
        error,
        used_by,
    };
    let text = serde_json::to_string(&body).expect("a problem serialises");
    let kind = [(header::CONTENT_TYPE, "application/problem+json")];
    let mut response = (status, kind, text).into_response();
    if let Some(ms) = error.retry_after_ms {
        let seconds = HeaderValue::from(ms.div_ceil(1000));
        response.headers_mut().insert(header::RETRY_AFTER, seconds);
    }
    response
}

/// The status that goes with a code.
fn status(code: Code) -> StatusCode {
    match code {
        Code::BadJson => StatusCode::BAD_REQUEST,
        Code::PasscodeWrong | Code::Unauthorized => StatusCode::UNAUTHORIZED,
        Code::Forbidden
        | Code::RankTooLow
        | Code::Banned
        | Code::Declined
        | Code::PasscodeRequired
        | Code::Waiting => StatusCode::FORBIDDEN,
        Code::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        Code::Conflict
        | Code::MeetingFull
        | Code::WaitingRoomFull
        | Code::MeetingLocked
        | Code::MeetingEnded
        | Code::MeetingNotStarted => StatusCode::CONFLICT,
        Code::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Code::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Code::Invalid | Code::UnknownCommand | Code::HelloExpected => {
            StatusCode::UNPROCESSABLE_ENTITY
        }
        Code::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        Code::Unavailable | Code::Restarting => StatusCode::SERVICE_UNAVAILABLE,
        Code::Internal
        | Code::Left
        | Code::SlowConsumer
        | Code::PingTimeout
        | Code::ProtocolError
        | Code::Removed
        | Code::Replaced
        | Code::Unknown => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
