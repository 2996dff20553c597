//! Meetings: looking at one.

use std::sync::Arc;

use axum::Json as Reply;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::IntoResponse;
use quorate_protocol::{Code, ErrorBody, List, Meeting, MeetingLinks, MeetingQuery};
use unicode_normalization::UnicodeNormalization;

use super::access::{Ids, meetings_of, no_meeting, seen};
use super::openapi::{Operation, Routes};
use super::problem::Problem;
use super::query::Query;
use super::{Api, Bearer, page};
use crate::identity::unavailable;
use crate::store::{MeetingFilter, StoredMeeting};

/// Characters of what is looked for at most.
const SEARCHED_CHARS_MAX: usize = 200;

pub(super) fn routes() -> Routes<Arc<Api>> {
    Routes::new()
        .add(
            Operation::get(
                "/api/meetings",
                "One's meetings, by start, newest first; an admin's are all",
            )
            .query::<MeetingQuery>()
            .answers::<List<Meeting>>(StatusCode::OK),
            list,
        )
        .add(
            Operation::get("/api/meetings/{id}", "A meeting").answers::<Meeting>(StatusCode::OK),
            show,
        )
}

/// `GET /api/meetings/{id}`.
async fn show(
    State(api): State<Arc<Api>>,
    Bearer(caller): Bearer,
    Ids([id]): Ids<1>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Problem> {
    let id = seen(&api, &caller, id).await?;
    let row = api.door.store.shown_meeting(id, meetings_of(&caller)).await.map_err(unavailable)?;
    let row = row.ok_or_else(no_meeting)?;
    Ok((etag(&row), Reply(meeting(row, &headers))))
}

/// `GET /api/meetings`.
async fn list(
    State(api): State<Arc<Api>>,
    Bearer(caller): Bearer,
    Query(query): Query<MeetingQuery>,
    headers: HeaderMap,
) -> Result<Reply<List<Meeting>>, Problem> {
    let MeetingQuery { r#type, status, from, to, q, mine, parent, limit, cursor } = query;
    let limit = page::limit(limit)?;
    let text = q.as_deref().map(searched).transpose()?;
    if let (Some(from), Some(to)) = (from, to)
        && from >= to
    {
        return Err(Problem(ErrorBody::new(Code::Invalid, "must be after `from`").field("to")));
    }
    if parent.is_some_and(|parent| parent.0 < 1) {
        return Err(Problem(
            ErrorBody::new(Code::Invalid, "must be an id, from 1").field("parent"),
        ));
    }
    let run_by = mine.unwrap_or(false).then_some(caller.user.id);
    let list = ("meetings", (r#type, status, from, to), (&text, run_by, parent), caller.user.id);
    let after = page::after(&list, cursor.as_deref())?;
    let filter =
        MeetingFilter { kind: r#type, status, from, to, text: text.clone(), parent, run_by };
    let found = api.door.store.list_meetings(meetings_of(&caller), filter, after, limit);
    let (found, next) = found.await.map_err(unavailable)?;
    let items = found.into_iter().map(|row| meeting(row, &headers)).collect();
    Ok(Reply(List { items, next: next.map(|next| page::cursor(&list, &next)) }))
}

/// What is looked for, as titles are kept and in lower case.
fn searched(text: &str) -> Result<String, Problem> {
    let text: String = text.nfc().collect();
    if !(1..=SEARCHED_CHARS_MAX).contains(&text.chars().count()) {
        let error = ErrorBody::new(Code::Invalid, "must have 1 to 200 characters").field("q");
        return Err(Problem(ErrorBody { limit: Some(SEARCHED_CHARS_MAX as u64), ..error }));
    }
    Ok(text.to_lowercase())
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
        recurrence: row.recurrence,
        parent_meeting_id: row.parent,
        original_start: row.original_start,
        recording_url: row.recording_url,
        present: row.present,
        waiting: row.waiting,
        created_at: row.created_at,
        updated_at: row.updated_at,
        links,
    }
}
