//! Changing who is in a meeting, and as what: co-hosts, the waiting room, participants, bans, invitees.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::Response;
use quorate_protocol::{
    ActionDone, Admit, AdmitAll, Admitted, Already, Ban, BanTerms, Code, CohostMade, Command,
    Empty, ErrorBody, Invite, Invited, InviteeAdd, InviteeId, InviteeMade, InviteeOnly, MediaKind,
    Mute, MuteMedia, NamedUser, NewBan, PatchParticipant, PersonReason, Reason, ReportExclude,
    Role, RoleAssign, UserId, UserOnly,
};
use serde::Serialize;

use super::Api;
use super::acting::{Acting, Asked, no_such};
use super::body::{Data, Json};
use super::openapi::{Operation, Routes};
use super::problem::Problem;
use super::someone::{Someone, find, find_known};
use crate::identity::unavailable;
use crate::live::Named;
use crate::store::Answered;

pub(super) fn routes() -> Routes<Arc<Api>> {
    co_hosts().and(waiting_room()).and(participants()).and(bans()).and(invitees())
}

fn co_hosts() -> Routes<Arc<Api>> {
    Routes::new()
        .add(
            Operation::post("/api/meetings/{id}/co-hosts", "Make a member co-host")
                .body::<NamedUser>()
                .answers::<CohostMade>(StatusCode::CREATED)
                .or_already()
                .conditional(),
            add_cohost,
        )
        .add(
            Operation::delete("/api/meetings/{id}/co-hosts/{user_id}", "Take that away again")
                .conditional()
                .answers::<ActionDone>(StatusCode::OK),
            remove_cohost,
        )
}

fn waiting_room() -> Routes<Arc<Api>> {
    let all = "/api/meetings/{id}/waiting-room/admit-all";
    Routes::new().add(
        Operation::post(all, "Let in who waits, in order, until it is full")
            .may_take::<AdmitAll>()
            .conditional()
            .answers::<Admitted>(StatusCode::OK),
        admit_all,
    )
}

fn participants() -> Routes<Arc<Api>> {
    let action = |path, summary| {
        let action = Operation::post(path, summary).may_take::<Empty>().conditional();
        action.answers::<ActionDone>(StatusCode::OK)
    };
    Routes::new()
        .add(
            Operation::patch(
                "/api/meetings/{id}/participants/{participant_id}",
                "Give someone a role below co-host, or leave them out of reports",
            )
            .body::<PatchParticipant>()
            .conditional()
            .answers::<ActionDone>(StatusCode::OK),
            change_participant,
        )
        .add(
            action(
                "/api/meetings/{id}/participants/{participant_id}/approve",
                "Let someone in who waits",
            ),
            approve,
        )
        .add(
            action(
                "/api/meetings/{id}/participants/{participant_id}/reject",
                "Turn someone away who waits",
            )
            .may_take::<Reason>(),
            reject,
        )
        .add(
            action(
                "/api/meetings/{id}/participants/{participant_id}/remove",
                "Put someone out, who comes back only when let in",
            )
            .may_take::<Reason>(),
            remove,
        )
        .add(
            action(
                "/api/meetings/{id}/participants/{participant_id}/ban",
                "Put someone out, who stays out",
            )
            .may_take::<BanTerms>(),
            ban_participant,
        )
        .add(
            action(
                "/api/meetings/{id}/participants/{participant_id}/mute",
                "Turn off what someone sends",
            )
            .may_take::<MuteMedia>(),
            mute,
        )
}

fn bans() -> Routes<Arc<Api>> {
    Routes::new()
        .add(
            Operation::post("/api/meetings/{id}/bans", "Ban someone, who may never have come")
                .body::<NewBan>()
                .answers::<ActionDone>(StatusCode::CREATED)
                .or_already()
                .conditional(),
            ban,
        )
        .add(
            Operation::delete("/api/meetings/{id}/bans/{user_id}", "Lift a ban")
                .conditional()
                .answers::<ActionDone>(StatusCode::OK),
            unban,
        )
}

fn invitees() -> Routes<Arc<Api>> {
    Routes::new()
        .add(
            Operation::post("/api/meetings/{id}/invitees", "Invite someone")
                .body::<Invite>()
                .answers::<InviteeMade>(StatusCode::CREATED)
                .or_already()
                .conditional(),
            invite,
        )
        .add(
            Operation::delete(
                "/api/meetings/{id}/invitees/{invitee_id}",
                "Take an invitation back",
            )
            .conditional()
            .answers::<ActionDone>(StatusCode::OK),
            uninvite,
        )
}

/// `POST /api/meetings/{id}/co-hosts`.
async fn add_cohost(acting: Acting, Json(body): Json<NamedUser>) -> Result<Response, Problem> {
    // Who may appoint nobody is not told who is known here.
    match acting.would(Command::CohostAdd(UserOnly { user: UserId(0) })).await {
        Err(error) if error.code != Code::NotFound => return Err(Problem(error)),
        _ => {}
    }
    acting.api.door.identity.count_lookup(acting.caller.user.id)?;
    let NamedUser { user_id, username, email } = body;
    let found = find_known(&acting.api, user_id, username, email).await?;
    let found = found.ok_or_else(|| no_such("user"))?;
    let (user, kind) = (found.id, found.kind);
    let asked = Asked {
        commands: vec![Command::CohostAdd(UserOnly { user })],
        named: Named { kind, ..Named::default() },
    };
    acting.ask_and(asked, move |data| made(data, |already| CohostMade { user, already })).await
}

/// `DELETE /api/meetings/{id}/co-hosts/{user_id}`.
async fn remove_cohost(acting: Acting, Data(_): Data<Empty>) -> Result<Response, Problem> {
    let user = acting.number("user_id", "co-host").map(UserId)?;
    acting.ask(Command::CohostRemove(UserOnly { user })).await
}

/// `POST /api/meetings/{id}/waiting-room/admit-all`.
async fn admit_all(acting: Acting, Data(body): Data<AdmitAll>) -> Result<Response, Problem> {
    let ask = Admit { participant: None, all: true, up_to_seq: body.up_to_seq };
    acting.ask(Command::ParticipantAdmit(ask)).await
}

/// `POST …/participants/{participant_id}/approve`.
async fn approve(acting: Acting, Data(_): Data<Empty>) -> Result<Response, Problem> {
    let participant = Some(acting.participant()?);
    acting.ask(Command::ParticipantAdmit(Admit { participant, ..Admit::default() })).await
}

/// `POST …/participants/{participant_id}/reject`.
async fn reject(acting: Acting, Data(body): Data<Reason>) -> Result<Response, Problem> {
    let participant = acting.participant()?;
    let ask = PersonReason { participant, reason: body.reason };
    acting.ask(Command::ParticipantDecline(ask)).await
}

/// `POST …/participants/{participant_id}/remove`.
async fn remove(acting: Acting, Data(body): Data<Reason>) -> Result<Response, Problem> {
    let participant = acting.participant()?;
    let ask = PersonReason { participant, reason: body.reason };
    acting.ask(Command::ParticipantRemove(ask)).await
}

/// `POST …/participants/{participant_id}/ban`.
async fn ban_participant(acting: Acting, Data(body): Data<BanTerms>) -> Result<Response, Problem> {
    let participant = Some(acting.participant()?);
    let BanTerms { reason, until, scope } = body;
    acting.ask(Command::ParticipantBan(Ban { participant, user: None, reason, until, scope })).await
}

/// `POST …/participants/{participant_id}/mute`.
async fn mute(acting: Acting, Data(body): Data<MuteMedia>) -> Result<Response, Problem> {
    let participant = acting.participant()?;
    let media = body.media.unwrap_or_else(|| vec![MediaKind::Audio]);
    acting.ask(Command::ParticipantMute(Mute { participant, media })).await
}

/// `PATCH …/participants/{participant_id}`.
async fn change_participant(
    acting: Acting,
    Json(body): Json<PatchParticipant>,
) -> Result<Response, Problem> {
    let participant = acting.participant()?;
    let PatchParticipant { role, exclude_from_report } = body;
    let elsewhere = match role {
        Some(Role::CoHost) => Some("co-hosts are made by `POST …/co-hosts`, and members alone"),
        Some(Role::Host) => {
            Some("the host's seat is handed over in the meeting, by `host.transfer`")
        }
        None if exclude_from_report.is_none() => {
            Some("say what is to change: `role`, `exclude_from_report`, or both")
        }
        _ => None,
    };
    if let Some(message) = elsewhere {
        return Err(Problem(ErrorBody::new(Code::Invalid, message).field("role")));
    }
    let role = role.map(|role| Command::RoleAssign(RoleAssign { participant, role }));
    let exclude = exclude_from_report
        .map(|excluded| Command::ReportExclude(ReportExclude { participant, excluded }));
    let commands = role.into_iter().chain(exclude).collect();
    acting.ask(Asked { commands, ..Asked::default() }).await
}

/// `POST /api/meetings/{id}/bans`.
async fn ban(acting: Acting, Json(body): Json<NewBan>) -> Result<Response, Problem> {
    let NewBan { user_id, username, email, reason, until, scope } = body;
    let mut named = Named::default();
    let user = match find(&acting.api, user_id, username, email).await? {
        Someone::User(user) => user,
        Someone::Newcomer(row) => named.fresh.insert(row).id,
        Someone::Address(address) => {
            let user = stand_in(&acting.api, &address, &mut named).await?;
            named.address = Some(address);
            user
        }
    };
    let ask = Ban { participant: None, user: Some(user), reason, until, scope };
    let asked = Asked { commands: vec![Command::ParticipantBan(ask)], named };
    let done = |already| ActionDone { already, by: None };
    acting.ask_and(asked, move |data| made(data, done)).await
}

/// The user who is banned for an address that nobody has here.
async fn stand_in(api: &Api, address: &str, named: &mut Named) -> Result<UserId, Problem> {
    let row = api.door.identity.stand_in(api.door.live.ids(), address);
    let stored = api.door.store.user_by_name(&row.username).await.map_err(unavailable)?;
    Ok(match stored {
        Some(user) => user.id,
        None => named.fresh.insert(row).id,
    })
}

/// `DELETE /api/meetings/{id}/bans/{user_id}`.
async fn unban(acting: Acting, Data(_): Data<Empty>) -> Result<Response, Problem> {
    let user = acting.number("user_id", "ban").map(UserId)?;
    acting.ask(Command::ParticipantUnban(UserOnly { user })).await
}

/// `POST /api/meetings/{id}/invitees`.
async fn invite(acting: Acting, Json(body): Json<Invite>) -> Result<Response, Problem> {
    let Invite { user_id, username, email, required } = body;
    let mut named = Named::default();
    let (user, email) = match find(&acting.api, user_id, username, email).await? {
        Someone::User(user) => (Some(user), None),
        Someone::Newcomer(row) => (Some(named.fresh.insert(row).id), None),
        Someone::Address(address) => (None, Some(address)),
    };
    let ask = InviteeAdd { user, email, required };
    let asked = Asked { commands: vec![Command::InviteeAdd(ask)], named };
    let meeting = acting.meeting;
    acting
        .ask_and(asked, move |data| {
            let Ok(Invited { invitee: id, already }) = serde_json::from_str(data) else {
                return made(data, |already| ActionDone { already, by: None });
            };
            let location = format!("/api/meetings/{meeting}/invitees/{id}");
            created(already, Some(location), &InviteeMade { id, already })
        })
        .await
}

/// `DELETE /api/meetings/{id}/invitees/{invitee_id}`.
async fn uninvite(acting: Acting, Data(_): Data<Empty>) -> Result<Response, Problem> {
    let number = acting.number("invitee_id", "invitee")?;
    let invitee = u32::try_from(number).map(InviteeId).map_err(|_| no_such("invitee"))?;
    acting.ask(Command::InviteeRemove(InviteeOnly { invitee })).await
}

/// 201, or 200 where it was so already.
fn made<T: Serialize>(data: &str, body: impl FnOnce(bool) -> T) -> Answered {
    let already = serde_json::from_str::<Already>(data).is_ok_and(|it| it.already);
    created(already, None, &body(already))
}

fn created(already: bool, location: Option<String>, body: &impl Serialize) -> Answered {
    let status = if already { StatusCode::OK } else { StatusCode::CREATED };
    let body = serde_json::to_string(body).expect("answers serialise");
    Answered { status: status.as_u16(), location, body: Some(body) }
}
