//! Making a meeting.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json as Reply};
use quorate_protocol::{
    COHOSTS_MAX, Code, CreateMeeting, ErrorBody, INVITEES_AT_ONCE_MAX, Invite, InviteeAdd, Meeting,
    Permission, UserId, UserKind,
};

use super::access::no_meeting;
use super::body::Json;
use super::idempotency::{Kept, Repeatable};
use super::meetings::{etag, meeting};
use super::openapi::{Operation, Routes};
use super::preconditions::if_match;
use super::problem::Problem;
use super::someone::{Someone, find};
use super::{Api, Bearer};
use crate::identity::{Reach, passcode, unavailable};
use crate::live::{CreateAs, Keep, ids};
use crate::meeting::event::MeetingCreated;
use crate::store::{Answered, UserRow};

pub(super) fn routes() -> Routes<Arc<Api>> {
    Routes::new().add(
        Operation::post("/api/meetings", "Make a meeting")
            .body::<CreateMeeting>()
            .answers::<Meeting>(StatusCode::CREATED),
        create,
    )
}

/// `POST /api/meetings`.
async fn create(
    State(api): State<Arc<Api>>,
    Bearer(caller): Bearer,
    headers: HeaderMap,
    repeatable: Option<Extension<Repeatable>>,
    Json(body): Json<CreateMeeting>,
) -> Result<Response, Problem> {
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
    if if_match(&headers)?.is_some() {
        let message = "a meeting that is yet to be made has no ETag; leave If-Match away";
        return Err(Problem(ErrorBody::new(Code::PreconditionFailed, message)));
    }
    known(&api, &body.co_hosts).await?;
    let (invitees, named) = invited(&api, body.invitees).await?;
    let passcode = match &body.passcode {
        Some(passcode) => {
            passcode::check("passcode", passcode)?;
            Some(passcode::hash(passcode).await?)
        }
        None => None,
    };
    let id = api.door.live.ids().meeting();
    let location = format!("/api/meetings/{id}");
    let created = MeetingCreated {
        description: body.description,
        kind: body.r#type,
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
        ..MeetingCreated::new(id, ids::meeting_code(), body.title, caller.user.id)
    };
    let keep = repeatable.map(|Extension(request)| keep(request, location.clone()));
    let what = CreateAs { created, owner: caller.user, invitees, passcode, named, keep };
    api.door.live.create(what).await?;
    let row = api.door.store.meeting_row(id).await.map_err(unavailable)?.ok_or_else(no_meeting)?;
    let location = [(header::LOCATION, location)];
    let answer =
        (StatusCode::CREATED, location, etag(&row), Reply(meeting(row, &api.links.of(&headers))));
    Ok((Extension(Kept), answer).into_response())
}

/// The meeting is read again when it is asked for again.
fn keep(Repeatable { key, fingerprint }: Repeatable, location: String) -> Keep {
    let status = StatusCode::CREATED.as_u16();
    let answer = move |_: &str| Answered { status, location: Some(location.clone()), body: None };
    Keep { key, fingerprint, answer: Arc::new(answer) }
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

/// Who is invited, and those of them who were never here.
async fn invited(
    api: &Api,
    invites: Vec<Invite>,
) -> Result<(Vec<InviteeAdd>, Vec<UserRow>), Problem> {
    if invites.len() > INVITEES_AT_ONCE_MAX {
        let limit = Some(INVITEES_AT_ONCE_MAX as u64);
        let error = ErrorBody::new(Code::TooLarge, "invite at most 1000 at once, the others later");
        return Err(Problem(ErrorBody { limit, ..error }.field("invitees")));
    }
    let (mut found, mut newcomers) = (Vec::with_capacity(invites.len()), Vec::new());
    for Invite { user_id, username, email, required } in invites {
        let someone = find(api, user_id, username, email).await;
        let someone = someone.map_err(|Problem(error)| Problem(error.field("invitees")))?;
        let (user, email) = match someone {
            Someone::User(user) => (Some(user), None),
            Someone::Newcomer(row) => {
                let user = row.id;
                newcomers.push(row);
                (Some(user), None)
            }
            Someone::Address(address) => (None, Some(address)),
        };
        found.push(InviteeAdd { user, email, required });
    }
    Ok((found, newcomers))
}
