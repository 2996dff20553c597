//! Changing a meeting itself: what it is called, when it is, its settings, and whether it runs.

use std::sync::Arc;

use axum::Json as Reply;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use quorate_protocol::{
    ActionDone, Command, Empty, ErrorBody, Meeting, MeetingExtend, MeetingUpdate, PatchMeeting,
    Policy, ScopeQuery,
};

use super::Api;
use super::access::no_meeting;
use super::acting::{Acting, Asked};
use super::body::{Data, Json};
use super::meetings::{etag, meeting};
use super::openapi::{Operation, Routes};
use super::problem::Problem;
use super::query::Query;
use super::series;
use crate::identity::{passcode, unavailable};

/// What may be checked of a passcode that is not hashed yet.
const PLACEHOLDER: &str = "a passcode";
/// Fields of a `PATCH` that stand on the meeting itself; those of its settings are in `settings`.
const ON_THE_MEETING: [&str; 11] = [
    "title",
    "time_zone",
    "recurrence",
    "description",
    "starts_at",
    "ends_at",
    "max_participants",
    "requires_approval",
    "waiting",
    "is_recorded",
    "passcode",
];

pub(super) fn routes() -> Routes<Arc<Api>> {
    let action = |path, summary| {
        let action = Operation::post(path, summary).may_take::<Empty>().conditional();
        action.answers::<ActionDone>(StatusCode::OK)
    };
    Routes::new()
        .add(
            Operation::patch("/api/meetings/{id}", "Change a meeting: all of it, or nothing")
                .query::<ScopeQuery>()
                .conditional()
                .body::<PatchMeeting>()
                .answers::<Meeting>(StatusCode::OK),
            change,
        )
        .add(
            Operation::delete("/api/meetings/{id}", "Call a meeting off; its history stays")
                .query::<ScopeQuery>()
                .conditional()
                .answers::<Meeting>(StatusCode::OK),
            cancel,
        )
        .add(action("/api/meetings/{id}/start", "Start it, or open it again"), start)
        .add(action("/api/meetings/{id}/end", "End it for everyone"), end)
        .add(action("/api/meetings/{id}/lock", "Lock the door"), lock)
        .add(action("/api/meetings/{id}/unlock", "Unlock the door"), unlock)
        .add(
            action("/api/meetings/{id}/extend", "Put the planned end off").body::<MeetingExtend>(),
            extend,
        )
}

/// `PATCH /api/meetings/{id}`.
async fn change(
    mut acting: Acting,
    Query(ScopeQuery { scope }): Query<ScopeQuery>,
    Json(body): Json<PatchMeeting>,
) -> Result<Response, Problem> {
    match series::target(&mut acting, scope).await? {
        Some(target) => series::change(acting, target, &body).await,
        None => patch(&acting, &body).await,
    }
}

/// `DELETE /api/meetings/{id}`.
async fn cancel(
    mut acting: Acting,
    Query(ScopeQuery { scope }): Query<ScopeQuery>,
) -> Result<Response, Problem> {
    match series::target(&mut acting, scope).await? {
        Some(target) => series::cancel(acting, target).await,
        None => call_off(&acting).await,
    }
}

/// Calls the meeting off, and answers it.
pub(super) async fn call_off(acting: &Acting) -> Result<Response, Problem> {
    acting.act(Command::MeetingCancel(Empty {})).await?;
    answer(acting).await
}

/// What makes of the rest of a series a series of its own: its schedule first, then what else is to be done in it.
pub(super) async fn split_commands(
    acting: &Acting,
    body: &PatchMeeting,
) -> Result<Vec<Command>, Problem> {
    let mut commands = vec![Command::MeetingUpdate(body.update())];
    if let Some(policy) = body.policy() {
        let policy = hashed(acting, &[], policy).await?;
        commands.push(Command::MeetingPolicy(Box::new(policy)));
    }
    Ok(commands)
}

/// Changes the meeting, and answers it.
pub(super) async fn patch(acting: &Acting, body: &PatchMeeting) -> Result<Response, Problem> {
    let mut commands = commands(body);
    if let Some(Command::MeetingPolicy(policy)) = commands.pop_if(is_policy) {
        let policy = hashed(acting, &commands, *policy).await?;
        commands.push(Command::MeetingPolicy(Box::new(policy)));
    }
    carry_out(acting, commands).await
}

fn is_policy(command: &mut Command) -> bool {
    matches!(command, Command::MeetingPolicy(_))
}

fn commands(body: &PatchMeeting) -> Vec<Command> {
    let (policy, update) = (body.policy(), body.update());
    let mut commands = Vec::new();
    // One who changes nothing is told whether they could.
    if update != MeetingUpdate::default() || policy.is_none() {
        commands.push(Command::MeetingUpdate(update));
    }
    commands.extend(policy.map(|policy| Command::MeetingPolicy(Box::new(policy))));
    commands
}

async fn carry_out(acting: &Acting, commands: Vec<Command>) -> Result<Response, Problem> {
    let asked = Asked { commands, ..Asked::default() };
    acting.act(asked).await.map_err(|Problem(error)| Problem(in_settings(error)))?;
    answer(acting).await
}

/// The meeting as it is now.
pub(super) async fn answer(acting: &Acting) -> Result<Response, Problem> {
    let row = acting.api.door.store.meeting_row(acting.meeting).await.map_err(unavailable)?;
    let row = row.ok_or_else(no_meeting)?;
    Ok((etag(&row), Reply(meeting(row, &acting.api.links.of(&acting.headers)))).into_response())
}

/// The policy with its passcode hashed, where it sets one and all else about the request is right: hashing
/// takes long on purpose, and is not for whoever asks.
async fn hashed(
    acting: &Acting,
    before: &[Command],
    mut policy: Policy,
) -> Result<Policy, Problem> {
    let Some(Some(typed)) = &policy.passcode else { return Ok(policy) };
    passcode::check("passcode", typed)?;
    let typed = typed.clone();
    policy.passcode = Some(Some(PLACEHOLDER.to_owned()));
    let mut commands = before.to_vec();
    commands.push(Command::MeetingPolicy(Box::new(policy.clone())));
    let asked = Asked { commands, ..Asked::default() };
    acting.would(asked).await.map_err(in_settings)?;
    policy.passcode = Some(Some(passcode::hash(&typed).await?));
    Ok(policy)
}

/// The error with its field as `PATCH` has it.
pub(super) fn in_settings(mut error: ErrorBody) -> ErrorBody {
    error.field = error.field.map(|field| match field.split(['.', '[']).next() {
        Some(first) if ON_THE_MEETING.contains(&first) => field,
        _ => format!("settings.{field}"),
    });
    error
}

/// `POST /api/meetings/{id}/start`.
async fn start(acting: Acting, Data(none): Data<Empty>) -> Result<Response, Problem> {
    acting.ask(Command::MeetingStart(none)).await
}

/// `POST /api/meetings/{id}/end`.
async fn end(acting: Acting, Data(none): Data<Empty>) -> Result<Response, Problem> {
    acting.ask(Command::MeetingEnd(none)).await
}

/// `POST /api/meetings/{id}/lock`.
async fn lock(acting: Acting, Data(none): Data<Empty>) -> Result<Response, Problem> {
    acting.ask(Command::MeetingLock(none)).await
}

/// `POST /api/meetings/{id}/unlock`.
async fn unlock(acting: Acting, Data(none): Data<Empty>) -> Result<Response, Problem> {
    acting.ask(Command::MeetingUnlock(none)).await
}

/// `POST /api/meetings/{id}/extend`.
async fn extend(acting: Acting, Json(body): Json<MeetingExtend>) -> Result<Response, Problem> {
    acting.ask(Command::MeetingExtend(body)).await
}
