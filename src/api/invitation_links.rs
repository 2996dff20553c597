//! Invitation links: by one who may invite, for one who is invited.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use quorate_protocol::{Code, ErrorBody, InvitationLink, InviteeId, MeetingId, Permission};

use super::access::{Ids, require, seen};
use super::openapi::{Operation, Routes};
use super::problem::Problem;
use super::secret::Secret;
use super::{Api, Bearer};

pub(super) fn routes() -> Routes<Arc<Api>> {
    Routes::new().add(
        Operation::post(
            "/api/meetings/{id}/invitees/{invitee_id}/link",
            "A link by which one who is invited comes in; whoever has it, is them in that meeting",
        )
        .answers::<InvitationLink>(StatusCode::OK),
        create,
    )
}

/// `POST /api/meetings/{id}/invitees/{invitee_id}/link`.
pub(super) async fn create(
    State(api): State<Arc<Api>>,
    Bearer(caller): Bearer,
    headers: HeaderMap,
    ids: Result<Ids<2>, Problem>,
) -> Result<Secret<InvitationLink>, Problem> {
    let none = "there is no such meeting or invitation, or not for you";
    let none = || Problem(ErrorBody::new(Code::NotFound, none));
    let Ok(Ids([meeting, invitee])) = ids else { return Err(none()) };
    let invitee = u32::try_from(invitee).map_err(|_| none())?;
    let (meeting, invitee) = (MeetingId(meeting), InviteeId(invitee));
    seen(&api, &caller, meeting.0).await?;
    require(&api, &caller, meeting, Permission::ParticipantInvite).await?;
    let (secret, expires_at) = api.door.identity.invitation_link(meeting, invitee).await?;
    let url = api.links.of(&headers).invitation(&secret);
    Ok(Secret(InvitationLink { url, expires_at }))
}
