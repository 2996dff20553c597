//! `GET /metrics`: what is counted, for Prometheus.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use quorate_protocol::{Code, ErrorBody};

use super::peer::Peer;
use super::problem::Problem;
use super::{Api, bearer_token};
use crate::telemetry::Reading;

/// What the page is: https://prometheus.io/docs/specs/om/open_metrics_spec/.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The page, for whoever shows the token, or without one set for whoever asks on this machine.
pub(super) async fn page(
    State(api): State<Arc<Api>>,
    peer: Peer,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    match &api.metrics_token {
        Some(token) if bearer_token(&headers).is_some_and(|sent| same(sent, token)) => {}
        Some(_) => {
            let message = "send `Authorization: Bearer <the setting metrics.token>`";
            return Err(Problem(ErrorBody::new(Code::Unauthorized, message)));
        }
        None if peer.local => {}
        None => {
            let message = "answers on this machine only, unless `metrics.token` is set";
            return Err(Problem(ErrorBody::new(Code::Forbidden, message)));
        }
    }
    let (database_bytes, log_bytes) = api.door.store.sizes();
    let meetings = api.door.live.count() as u64;
    let text = api.telemetry.text(Reading { meetings, database_bytes, log_bytes });
    Ok(([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response())
}

/// Whether two secrets are the same, in a time that tells nothing of them: hashes compare so.
fn same(one: &str, other: &str) -> bool {
    blake3::hash(one.as_bytes()) == blake3::hash(other.as_bytes())
}
