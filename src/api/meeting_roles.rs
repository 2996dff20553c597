//! Custom roles of one meeting: read by whoever sees it, defined by those who may.

use std::sync::Arc;

use axum::Json as Reply;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use quorate_protocol::{Command, CustomRole, Empty, List, PutRole, RoleDefine, RoleKey, RoleOnly};

use super::Api;
use super::acting::{Acting, Asked, no_such};
use super::body::{Data, Json};
use super::openapi::{Operation, Routes};
use super::problem::Problem;
use crate::live::Named;
use crate::store::Answered;

pub(super) fn routes() -> Routes<Arc<Api>> {
    let (all, one) = ("/api/meetings/{id}/roles", "/api/meetings/{id}/roles/{key}");
    Routes::new()
        .add(
            Operation::get(
                all,
                "The custom roles of a meeting, and those of the server given in it",
            )
            .answers::<List<CustomRole>>(StatusCode::OK),
            list,
        )
        .add(
            Operation::post(all, "Define a role for a meeting")
                .body::<RoleDefine>()
                .conditional()
                .answers::<CustomRole>(StatusCode::CREATED),
            create,
        )
        .add(Operation::get(one, "A role of a meeting").answers::<CustomRole>(StatusCode::OK), show)
        .add(
            Operation::put(one, "Define a role of a meeting anew")
                .body::<PutRole>()
                .conditional()
                .answers::<CustomRole>(StatusCode::OK),
            replace,
        )
        .add(
            Operation::delete(one, "Remove a role of a meeting that nobody has")
                .conditional()
                .answers::<CustomRole>(StatusCode::OK),
            remove,
        )
}

/// `GET /api/meetings/{id}/roles`. There are so few that all are on one page.
async fn list(acting: Acting) -> Result<Reply<List<CustomRole>>, Problem> {
    Ok(Reply(List { items: roles(&acting).await?, next: None }))
}

/// `GET /api/meetings/{id}/roles/{key}`.
async fn show(acting: Acting) -> Result<Reply<CustomRole>, Problem> {
    role(&acting, key(&acting)?).await.map(Reply)
}

/// `POST /api/meetings/{id}/roles`.
async fn create(acting: Acting, Json(body): Json<RoleDefine>) -> Result<Response, Problem> {
    let key = body.key;
    let location = format!("/api/meetings/{}/roles/{key}", acting.meeting);
    let answer = move |_: &str| Answered {
        status: StatusCode::CREATED.as_u16(),
        location: Some(location.clone()),
        body: None,
    };
    let asked = defined(body, false);
    let made = acting.ask_and(asked, answer).await?;
    let (head, _) = made.into_parts();
    let role = role(&acting, key).await?;
    Ok((head.status, head.headers, head.extensions, Reply(role)).into_response())
}

/// `PUT /api/meetings/{id}/roles/{key}`.
async fn replace(acting: Acting, Json(body): Json<PutRole>) -> Result<Reply<CustomRole>, Problem> {
    let key = key(&acting)?;
    let PutRole { label, based_on, rank, grants, denies } = body;
    let ask = RoleDefine { key, label, based_on, rank, grants, denies };
    acting.act(defined(ask, true)).await?;
    role(&acting, key).await.map(Reply)
}

/// `DELETE /api/meetings/{id}/roles/{key}`: answers the role as it was.
async fn remove(acting: Acting, Data(_): Data<Empty>) -> Result<Reply<CustomRole>, Problem> {
    let key = key(&acting)?;
    let before = role(&acting, key).await;
    acting.act(Command::RoleRemove(RoleOnly { key })).await?;
    before.map(Reply)
}

fn defined(role: RoleDefine, exists: bool) -> Asked {
    let named = Named { role_exists: Some(exists), ..Named::default() };
    Asked { commands: vec![Command::RoleDefine(role)], named }
}

/// What can be no key is the key of no role.
fn key(acting: &Acting) -> Result<RoleKey, Problem> {
    RoleKey::new(acting.text("key")).ok_or_else(|| no_such("role"))
}

async fn roles(acting: &Acting) -> Result<Vec<CustomRole>, Problem> {
    Ok(acting.api.door.live.look(acting.meeting, |facts, _| facts.custom_roles()).await?)
}

async fn role(acting: &Acting, key: RoleKey) -> Result<CustomRole, Problem> {
    let found = roles(acting).await?.into_iter().find(|role| role.key == key);
    found.ok_or_else(|| no_such("role"))
}
