//! Meetings: making one, and looking at one.

use std::sync::Arc;

use axum::Json as Reply;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::IntoResponse;
use quorate_protocol::{
    COHOSTS_MAX, Code, CreateMeeting, ErrorBody, INVITEES_AT_ONCE_MAX, Invite, InviteeAdd, List,
    Meeting, MeetingLinks, MeetingQuery, UserId, UserKind,
};
use unicode_normalization::UnicodeNormalization;

use super::access::{Ids, meetings_of, no_meeting, seen};
use super::body::Json;
use super::openapi::{Operation, Routes};
use super::problem::Problem;
use super::query::Query;
use super::{Api, Bearer, page};
use crate::identity::{passcode, unavailable};
use crate::live::{CreateAs, ids};
use crate::meeting::event::MeetingCreated;
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
            Operation::post("/api/meetings", "Make a meeting")
                .body::<CreateMeeting>()
                .answers::<Meeting>(StatusCode::CREATED),
            create,
        )
        .add(
            Operation::get("/api/meetings/{id}", "A meeting").answers::<Meeting>(StatusCode::OK),
            show,
        )
}

/// `POST /api/meetings`.
pub(super) async fn create(
    State(api): State<Arc<Api>>,
    Bearer(caller): Bearer,
    headers: HeaderMap,
    Json(body): Json<CreateMeeting>,
) -> Result<impl IntoResponse, Problem> {
    if caller.user.kind == UserKind::Guest && !api.guests_create {
        let message = "guests make no meetings here; sign in (setting `guests_create`)";
        return Err(Problem(ErrorBody::new(Code::Forbidden, message)));
    }
    if caller.user.kind == UserKind::Bot {
        let message = "a bot makes no meetings; let its owner make it";
        return Err(Problem(ErrorBody::new(Code::Forbidden, message)));
    }
    known(&api, &body.co_hosts).await?;
    let invitees = invited(&api, body.invitees).await?;
    let passcode = match &body.passcode {
        Some(passcode) => {
            passcode::check("passcode", passcode)?;
            Some(passcode::hash(passcode).await?)
        }
        None => None,
    };
    let id = api.door.live.ids().meeting();
    let created = MeetingCreated {
        meeting: id,
        code: ids::meeting_code(),
        title: body.title,
        description: body.description,
        kind: body.r#type,
        owner: caller.user.id,
        starts_at: body.starts_at,
        ends_at: body.ends_at,
        max_participants: body.max_participants,
        requires_approval: body.requires_approval,
        is_recorded: body.is_recorded,
        has_passcode: passcode.is_some(),
        co_hosts: body.co_hosts,
        settings: body.settings,
        time_zone: body.time_zone,
        recurrence: body.recurrence,
        parent: None,
        original_start: None,
        follows: None,
        occurrences: Vec::new(),
    };
    let what = CreateAs { created, owner: caller.user, invitees, passcode };
    api.door.live.create(what).await?;
    let row = api.door.store.meeting_row(id).await.map_err(unavailable)?.ok_or_else(no_meeting)?;
    let location = [(header::LOCATION, format!("/api/meetings/{id}"))];
    Ok((StatusCode::CREATED, location, etag(&row), Reply(meeting(row, &headers))))
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
fn etag(row: &StoredMeeting) -> [(HeaderName, String); 1] {
    [(header::ETAG, format!("\"{}\"", row.revision))]
}

/// A meeting as it is answered.
fn meeting(row: StoredMeeting, headers: &HeaderMap) -> Meeting {
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

/// Refuses co-hosts who are not there, or no members.
async fn known(api: &Api, users: &[UserId]) -> Result<(), Problem> {
    let refuse = |error: ErrorBody| Err(Problem(error.field("co_hosts")));
    if users.len() > COHOSTS_MAX {
        let limit = Some(COHOSTS_MAX as u64);
        let error = ErrorBody::new(Code::TooLarge, "there are at most 25 co-hosts");
        return refuse(ErrorBody { limit, ..error });
    }
    for user in users {
        let found = api.door.store.user_by_id(*user).await.map_err(unavailable)?;
        if found.is_none_or(|user| user.kind != Some(UserKind::Member)) {
            return refuse(ErrorBody::new(Code::Invalid, "names someone who is no member here"));
        }
    }
    Ok(())
}

/// Finds the users that are invited; what an address must be, the meeting says.
async fn invited(api: &Api, invites: Vec<Invite>) -> Result<Vec<InviteeAdd>, Problem> {
    let refuse = |error: ErrorBody| Err(Problem(error.field("invitees")));
    if invites.len() > INVITEES_AT_ONCE_MAX {
        let limit = Some(INVITEES_AT_ONCE_MAX as u64);
        let error = ErrorBody::new(Code::TooLarge, "invite at most 1000 at once, the others later");
        return refuse(ErrorBody { limit, ..error });
    }
    let mut found = Vec::with_capacity(invites.len());
    for Invite { user_id, username, email, required } in invites {
        let store = &api.door.store;
        let user = match (user_id, username, email) {
            (None, None, Some(email)) => {
                found.push(InviteeAdd { user: None, email: Some(email), required });
                continue;
            }
            (Some(id), None, None) => store.user_by_id(id).await,
            (None, Some(name), None) => store.user_by_name(&name).await,
            _ => {
                let message = "each names one of user_id, username and email";
                return refuse(ErrorBody::new(Code::Invalid, message));
            }
        };
        match user.map_err(unavailable)? {
            Some(user) if user.id.0 > 0 => {
                found.push(InviteeAdd { user: Some(user.id), email: None, required });
            }
            _ => {
                return refuse(ErrorBody::new(
                    Code::Invalid,
                    "names someone who is not known here",
                ));
            }
        }
    }
    Ok(found)
}
