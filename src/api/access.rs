//! Which meetings there are for someone, and what they may do there.

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use quorate_protocol::{Code, ErrorBody, MeetingId, Permission, Role};

use super::Api;
use super::problem::Problem;
use crate::identity::{Caller, Reach, unavailable};
use crate::meeting::roles::built_in_sets;
use crate::store::Whose;

/// The ids in a path, in order. What is no integer, or not written as we write it, is the id of nothing.
pub(super) struct Ids<const N: usize>(pub(super) [i64; N]);

impl<S: Send + Sync, const N: usize> FromRequestParts<S> for Ids<N> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let params = RawPathParams::from_request_parts(parts, state).await;
        let params = params.map_err(|_| no_meeting())?;
        let id = |text: &str| text.parse().ok().filter(|id: &i64| id.to_string() == text);
        let ids: Option<Vec<i64>> = params.iter().map(|(_, text)| id(text)).collect();
        ids.and_then(|ids| ids.try_into().ok()).map(Ids).ok_or_else(no_meeting)
    }
}

/// What is not there, and what one may not see: the same answer.
pub(super) fn no_meeting() -> Problem {
    Problem(ErrorBody::new(Code::NotFound, "there is no such meeting, or not for you"))
}

/// The meetings that there are for someone.
pub(super) fn meetings_of(caller: &Caller) -> Whose {
    match &caller.reach {
        _ if caller.admin => Whose::Everyones,
        Reach::All => Whose::Of(caller.user.id, caller.email.clone()),
        Reach::These(meetings) => Whose::These(meetings.clone()),
        Reach::HostedBy(host) => Whose::HostedBy(*host),
    }
}

/// The meeting of that id, if there is one for them.
///
/// # Errors
/// `not_found` where it is not there, or not for them.
pub(super) async fn seen(api: &Api, caller: &Caller, id: i64) -> Result<MeetingId, Problem> {
    let (id, store) = (MeetingId(id), &api.door.store);
    let there = store.meeting_exists(id).await.map_err(unavailable)?;
    let sees = there && api.door.sees(caller, id).await?;
    if sees { Ok(id) } else { Err(no_meeting()) }
}

/// Whether they may do this in a meeting that they see, in or not. Admins may all but hand over the host's
/// seat. What host and co-hosts always may is told by the tables; all else is asked of the meeting itself,
/// which knows what was granted, taken and locked.
///
/// # Errors
/// `unavailable` where the store or the meeting cannot be asked.
pub(super) async fn may(
    api: &Api,
    caller: &Caller,
    meeting: MeetingId,
    permission: Permission,
) -> Result<bool, Problem> {
    let actor = caller.actor();
    if actor.scopes.is_some_and(|scopes| !scopes.has(permission)) {
        return Ok(false);
    }
    if actor.admin && permission != Permission::RoleTransferHost {
        return Ok(true);
    }
    // What a co-host always has, the host has too, acting or not.
    let always = actor.bot.is_none() && built_in_sets(Role::CoHost).always.has(permission);
    if always && is_host_or_co_host(api, caller, meeting).await? {
        return Ok(true);
    }
    let look = api
        .door
        .live
        .look(meeting, move |facts, now| facts.permissions_outside(now, &actor).has(permission));
    Ok(look.await?)
}

/// Whether they are staff of a meeting that they see, in or not, or an admin.
///
/// # Errors
/// `unavailable` where the store or the meeting cannot be asked.
pub(super) async fn is_staff(
    api: &Api,
    caller: &Caller,
    meeting: MeetingId,
) -> Result<bool, Problem> {
    if caller.admin || is_host_or_co_host(api, caller, meeting).await? {
        return Ok(true);
    }
    let actor = caller.actor();
    let look = api.door.live.look(meeting, move |facts, now| facts.is_staff_outside(now, &actor));
    Ok(look.await?)
}

/// Whether the tables say so, and that they were not put out.
async fn is_host_or_co_host(
    api: &Api,
    caller: &Caller,
    meeting: MeetingId,
) -> Result<bool, Problem> {
    let standing = api.door.store.standing(meeting, caller.user.id).await.map_err(unavailable)?;
    Ok(standing.is_some_and(|it| (it.host || it.co_host) && !it.put_out))
}

/// Refuses who may not do this in a meeting that they see.
///
/// # Errors
/// `forbidden`, with the permission.
pub(super) async fn require(
    api: &Api,
    caller: &Caller,
    meeting: MeetingId,
    permission: Permission,
) -> Result<(), Problem> {
    if may(api, caller, meeting, permission).await? {
        return Ok(());
    }
    let message = "that is not yours here; ask the host for the permission";
    let permission = Some(permission);
    Err(Problem(ErrorBody { permission, ..ErrorBody::new(Code::Forbidden, message) }))
}
