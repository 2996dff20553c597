//! Meetings: looking at one.

use std::sync::Arc;

use axum::Json as Reply;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::IntoResponse;
use quorate_protocol::{Meeting, MeetingLinks};

use super::access::{no_meeting, seen};
use super::openapi::{Operation, Routes};
use super::problem::Problem;
use super::{Api, Bearer};
use crate::identity::unavailable;
use crate::store::StoredMeeting;

pub(super) fn routes() -> Routes<Arc<Api>> {
    Routes::new()
        .add(
            Operation::get("/api/meetings/{id}", "A meeting").answers::<Meeting>(StatusCode::OK),
            show,
        )
}

/// `GET /api/meetings/{id}`.
async fn show(
    State(api): State<Arc<Api>>,
    Bearer(caller): Bearer,
    headers: HeaderMap,
    id: Result<Path<i64>, PathRejection>,
) -> Result<impl IntoResponse, Problem> {
    // What is no integer is the id of no meeting.
    let Ok(Path(id)) = id else { return Err(no_meeting()) };
    let id = seen(&api, &caller, id).await?;
    let row = api.door.store.meeting_row(id).await.map_err(unavailable)?.ok_or_else(no_meeting)?;
    Ok((etag(&row), Reply(meeting(row, &headers))))
}

/// Which state of the meeting itself was read; not who is in it.
pub(super) fn etag(row: &StoredMeeting) -> [(HeaderName, String); 1] {
    [(header::ETAG, format!("\"{}\"", row.revision))]
}

/// A meeting as it is answered.
pub(super) fn meeting(row: StoredMeeting, headers: &HeaderMap) -> Meeting {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    let links = MeetingLinks {
        join: format!("http://{host}/#meeting={}", row.info.code),
        ws: format!("ws://{host}/ws"),
    };
    Meeting {
        info: row.info,
        owner: row.owner,
        time_zone: row.time_zone,
        present: row.present,
        waiting: row.waiting,
        created_at: row.created_at,
        updated_at: row.updated_at,
        links,
    }
}
