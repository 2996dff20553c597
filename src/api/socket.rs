//! `GET /ws`: from HTTP to a WebSocket (RFC 6455, section 4.2).

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper_util::rt::TokioIo;
use quorate_protocol::{Code, ErrorBody, SUBPROTOCOL};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tracing::Instrument;
use tracing::field::Empty;

use super::Api;
use super::origin::{origin, origin_allowed};
use super::problem::Problem;
use crate::connection;

/// Answers 101 and hands the socket to a task of its own.
pub(super) async fn upgrade(State(api): State<Arc<Api>>, mut request: Request) -> Response {
    let accepted = match accept(request.method(), request.headers(), &api.origins) {
        Ok(accepted) => accepted,
        Err(refused) => return *refused,
    };
    let upgrading = hyper::upgrade::on(&mut request);
    let door = api.door.clone();
    // Of little weight at the usual level: then there is no span. Its parent has the request's id.
    let span = tracing::debug_span!("socket", meeting = Empty, session = Empty);
    let serving = async move {
        match upgrading.await.map(hyper::upgrade::Upgraded::downcast::<TokioIo<TcpStream>>) {
            Ok(Ok(parts)) => {
                let socket = parts.io.into_inner();
                let already_read = parts.read_buf.to_vec();
                // It is a part of the 8 KiB in which the request was read.
                drop(parts.read_buf);
                connection::serve(socket, already_read, door).await;
            }
            Ok(Err(_)) => tracing::error!("an upgraded socket is not one that we accepted"),
            Err(error) => tracing::debug!(%error, "a socket ended in its upgrade"),
        }
    };
    api.tasks.spawn(serving.instrument(span));
    accepted
}

/// The 101, or why not.
fn accept(
    method: &Method,
    headers: &HeaderMap,
    origins: &[String],
) -> Result<Response, Box<Response>> {
    let refuse =
        |message: &str| Box::new(Problem(ErrorBody::new(Code::BadJson, message)).into_response());
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let has = |name, token: &str| {
        text(name)
            .is_some_and(|value| value.split(',').any(|t| t.trim().eq_ignore_ascii_case(token)))
    };
    if method != Method::GET {
        let error = ErrorBody::new(Code::MethodNotAllowed, "open a WebSocket with GET");
        return Err(Box::new(Problem(error).into_response()));
    }
    if !has(header::UPGRADE, "websocket") || !has(header::CONNECTION, "upgrade") {
        return Err(refuse("this is a WebSocket; send Upgrade: websocket"));
    }
    if text(header::SEC_WEBSOCKET_VERSION) != Some("13") {
        let mut response = refuse("the WebSocket version is 13");
        let version = HeaderValue::from_static("13");
        response.headers_mut().insert(header::SEC_WEBSOCKET_VERSION, version);
        *response.status_mut() = StatusCode::UPGRADE_REQUIRED;
        return Err(response);
    }
    let key = text(header::SEC_WEBSOCKET_KEY).unwrap_or_default();
    if STANDARD.decode(key).map_or(0, |key| key.len()) != 16 {
        return Err(refuse("Sec-WebSocket-Key must be 16 bytes in base64"));
    }
    if !origin_allowed(origin(headers), text(header::HOST), origins) {
        let error = ErrorBody::new(Code::Forbidden, "this origin may not open a socket here");
        return Err(Box::new(Problem(error).into_response()));
    }
    let accept = derive_accept_key(key.as_bytes());
    let switch = [
        (header::CONNECTION, "Upgrade".to_owned()),
        (header::UPGRADE, "websocket".to_owned()),
        (header::SEC_WEBSOCKET_ACCEPT, accept),
    ];
    let mut response = (StatusCode::SWITCHING_PROTOCOLS, switch).into_response();
    if headers.contains_key(header::SEC_WEBSOCKET_PROTOCOL) {
        if !has(header::SEC_WEBSOCKET_PROTOCOL, SUBPROTOCOL) {
            return Err(refuse("none of these subprotocols is known; quorate.v1 is"));
        }
        let ours = HeaderValue::from_static(SUBPROTOCOL);
        response.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, ours);
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_that_is_no_text_is_not_absent() {
        let mut headers = HeaderMap::new();
        headers
            .insert("origin", HeaderValue::from_bytes("https://évil.example".as_bytes()).unwrap());
        assert!(!origin_allowed(origin(&headers), Some("meet.example"), &[]));
        assert!(origin_allowed(origin(&HeaderMap::new()), Some("meet.example"), &[]));
    }

    fn answer(change: &[(&'static str, &'static str)]) -> u16 {
        let mut headers = HeaderMap::new();
        let good = [
            ("host", "meet.example"),
            ("upgrade", "websocket"),
            ("connection", "keep-alive, Upgrade"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ];
        for (name, value) in good.iter().chain(change) {
            headers.insert(*name, HeaderValue::from_static(value));
        }
        let origins = ["https://app.example".to_owned()];
        match accept(&Method::GET, &headers, &origins) {
            Ok(response) => response.status().as_u16(),
            Err(response) => response.status().as_u16(),
        }
    }

    #[test]
    fn a_handshake_is_taken_or_told_what_is_wrong() {
        for (change, status) in [
            (&[][..], 101),
            (&[("upgrade", "h2c")], 400),
            (&[("connection", "close")], 400),
            (&[("sec-websocket-version", "8")], 426),
            (&[("sec-websocket-key", "short")], 400),
            (&[("sec-websocket-protocol", "quorate.v1")], 101),
            (&[("sec-websocket-protocol", "chat, quorate.v1")], 101),
            (&[("sec-websocket-protocol", "quorate.v9")], 400),
            (&[("origin", "https://meet.example")], 101),
            (&[("origin", "https://app.example")], 101),
            (&[("origin", "https://evil.example")], 403),
            (&[("origin", "null")], 403),
        ] {
            assert_eq!(answer(change), status, "{change:?}");
        }
    }
}
