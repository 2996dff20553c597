//! `GET /readyz`: whether it is time to send people here.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use quorate_protocol::{Code, ErrorBody};
use tokio::time::timeout;

use super::Api;
use super::problem::Problem;

/// How long the store's writer may take to have its turn.
const WRITER_PATIENCE: Duration = Duration::from_secs(2);

/// 200 when the store takes writes and the meetings that had not ended are restored; else 503 with which is
/// not so.
pub(super) async fn ready(State(api): State<Arc<Api>>) -> Result<&'static str, Problem> {
    let not = |code, message: &str| Err(Problem(ErrorBody::new(code, message)));
    if api.door.live.is_stopping() {
        return not(Code::Restarting, "the server is stopping");
    }
    if !api.door.live.is_restored() {
        return not(Code::Unavailable, "meetings are being restored; wait");
    }
    match timeout(WRITER_PATIENCE, api.door.store.writes()).await {
        Ok(Ok(())) => Ok("ready\n"),
        Ok(Err(error)) => {
            tracing::warn!(%error, "the store takes no writes");
            not(Code::Unavailable, "the store takes no writes; see `quorate doctor`")
        }
        Err(_) => not(Code::Unavailable, "the store is slow to write; see `quorate doctor`"),
    }
}
