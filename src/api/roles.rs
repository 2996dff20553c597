//! Custom roles for all meetings: every member reads them, admins define them.

use std::sync::Arc;

use axum::Json as Reply;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use quorate_protocol::{
    Code, CustomRole, ErrorBody, Page, Permission, PutRole, RoleDefine, RoleKey, UserKind,
};

use super::body::Json;
use super::openapi::{Operation, Routes};
use super::problem::{Problem, in_use};
use super::{Api, Bearer};
use crate::identity::Caller;
use crate::live::RoleInUse;

pub(super) fn routes() -> Routes<Arc<Api>> {
    let one = "/api/roles/{key}";
    Routes::new()
        .add(
            Operation::get("/api/roles", "The custom roles for all meetings")
                .answers::<Page<CustomRole>>(StatusCode::OK),
            list,
        )
        .add(
            Operation::post("/api/roles", "Define a role for all meetings")
                .body::<RoleDefine>()
                .answers::<CustomRole>(StatusCode::CREATED),
            create,
        )
        .add(Operation::get(one, "A role").answers::<CustomRole>(StatusCode::OK), show)
        .add(
            Operation::put(one, "Define a role anew")
                .body::<PutRole>()
                .answers::<CustomRole>(StatusCode::OK),
            replace,
        )
        .add(
            Operation::delete(one, "Remove a role that nobody has")
                .answers::<CustomRole>(StatusCode::OK),
            remove,
        )
}

/// The key in a path, as it came.
type Key = Result<Path<String>, PathRejection>;

/// `GET /api/roles`.
pub(super) async fn list(
    State(api): State<Arc<Api>>,
    Bearer(caller): Bearer,
) -> Result<Reply<Page<CustomRole>>, Problem> {
    for_members(&caller)?;
    Ok(Reply(Page { items: api.door.live.roles().list(), next: None }))
}

/// `GET /api/roles/{key}`.
pub(super) async fn show(
    State(api): State<Arc<Api>>,
    Bearer(caller): Bearer,
    key: Key,
) -> Result<Reply<CustomRole>, Problem> {
    for_members(&caller)?;
    let role = api.door.live.roles().get(key_of(key)?);
    role.map(Reply).ok_or_else(no_role)
}

/// `POST /api/roles`.
pub(super) async fn create(
    State(api): State<Arc<Api>>,
    Bearer(caller): Bearer,
    Json(body): Json<RoleDefine>,
) -> Result<impl IntoResponse, Problem> {
    for_admins(&caller)?;
    let role = api.door.live.roles().create(body).await?;
    let location = [(header::LOCATION, format!("/api/roles/{}", role.key))];
    Ok((StatusCode::CREATED, location, Reply(role)))
}

/// `PUT /api/roles/{key}`.
pub(super) async fn replace(
    State(api): State<Arc<Api>>,
    Bearer(caller): Bearer,
    key: Key,
    Json(body): Json<PutRole>,
) -> Result<Reply<CustomRole>, Problem> {
    for_admins(&caller)?;
    let PutRole { label, based_on, rank, grants, denies } = body;
    let role = RoleDefine { key: key_of(key)?, label, based_on, rank, grants, denies };
    Ok(Reply(api.door.live.roles().replace(role).await?))
}

/// `DELETE /api/roles/{key}`: answers the role as it was.
pub(super) async fn remove(
    State(api): State<Arc<Api>>,
    Bearer(caller): Bearer,
    key: Key,
) -> Result<Response, Problem> {
    for_admins(&caller)?;
    match api.door.live.roles().remove(key_of(key)?).await {
        Ok(role) => Ok(Reply(role).into_response()),
        Err(RoleInUse::By(users)) => Ok(in_use(&users)),
        Err(RoleInUse::Other(error)) => Err(Problem(error)),
    }
}

/// What can be no key is the key of no role.
fn key_of(key: Key) -> Result<RoleKey, Problem> {
    key.ok().and_then(|Path(text)| RoleKey::new(&text)).ok_or_else(no_role)
}

fn no_role() -> Problem {
    Problem(ErrorBody::new(Code::NotFound, "there is no role of that key"))
}

fn for_members(caller: &Caller) -> Result<(), Problem> {
    if caller.user.kind == UserKind::Member {
        return Ok(());
    }
    Err(Problem(ErrorBody::new(Code::Forbidden, "roles are shown to members; sign in")))
}

fn for_admins(caller: &Caller) -> Result<(), Problem> {
    if caller.admin {
        return Ok(caller.may(Permission::RoleDefine)?);
    }
    let message = "roles for all meetings are defined by admins; see `quorate token --admin`";
    let permission = Some(Permission::RoleDefine);
    Err(Problem(ErrorBody { permission, ..ErrorBody::new(Code::Forbidden, message) }))
}
