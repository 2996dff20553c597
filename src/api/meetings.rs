//! Meetings: making one, and looking at one.

use std::sync::Arc;

use axum::Json as Reply;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use quorate_protocol::{
    COHOSTS_MAX, Code, CreateMeeting, ErrorBody, INVITEES_AT_ONCE_MAX, Invite, InviteeAdd, Meeting,
    MeetingId, MeetingLinks, Permission, UserId, UserKind,
};

use super::body::Json;
use super::openapi::{Operation, Routes};
use super::problem::Problem;
use super::{Api, Bearer};
use crate::identity::{Reach, passcode, unavailable};
use crate::live::{CreateAs, ids};
use crate::meeting::event::MeetingCreated;

pub(super) fn routes() -> Routes<Arc<Api>> {
    Routes::new()
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
    caller.may(Permission::MeetingUpdate)?;
    if caller.reach != Reach::All {
        let message = "this token is bound to meetings, and makes no others; sign in";
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
    };
    let what = CreateAs { created, owner: caller.user, invitees, passcode };
    api.door.live.create(what).await?;
    let meeting = read(&api, id, &headers).await?;
    let location = [(header::LOCATION, format!("/api/meetings/{id}"))];
    Ok((StatusCode::CREATED, location, Reply(meeting)))
}

/// `GET /api/meetings/{id}`.
pub(super) async fn show(
    State(api): State<Arc<Api>>,
    Bearer(caller): Bearer,
    headers: HeaderMap,
    id: Result<Path<i64>, PathRejection>,
) -> Result<Reply<Meeting>, Problem> {
    // What is no integer is the id of no meeting.
    let Ok(Path(id)) = id else { return Err(no_meeting()) };
    let id = MeetingId(id);
    let sees = api.door.sees(&caller, id).await?;
    if !sees {
        return Err(no_meeting());
    }
    read(&api, id, &headers).await.map(Reply)
}

async fn read(api: &Api, id: MeetingId, headers: &HeaderMap) -> Result<Meeting, Problem> {
    let row = api.door.store.meeting_row(id).await.map_err(unavailable)?;
    let row = row.ok_or_else(no_meeting)?;
    let ws = api.links.of(headers).ws();
    Ok(Meeting {
        info: row.info,
        owner: row.owner,
        present: row.present,
        waiting: row.waiting,
        created_at: row.created_at,
        updated_at: row.updated_at,
        links: MeetingLinks { ws },
    })
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

/// What is not there, and what one may not see: the same answer.
fn no_meeting() -> Problem {
    Problem(ErrorBody::new(Code::NotFound, "there is no such meeting, or not for you"))
}
