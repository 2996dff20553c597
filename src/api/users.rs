//! Looking someone up by their exact name or address; letting someone in, or not, as an administrator.

use std::sync::Arc;

use axum::Json as Reply;
use axum::extract::State;
use axum::http::StatusCode;
use quorate_protocol::{
    AdminUser, Code, ErrorBody, FindUsers, FoundUser, List, OwnUser, PatchUser, UserId, UserKind,
};

use super::access::Ids;
use super::body::Json;
use super::openapi::{Operation, Routes};
use super::problem::Problem;
use super::query::Query;
use super::{Api, Bearer};
use crate::identity::{closed_with, unavailable};
use crate::meeting::text;

pub(super) fn routes() -> Routes<Arc<Api>> {
    Routes::new()
        .add(
            Operation::get("/api/users", "Members by their exact name or verified address")
                .query::<FindUsers>()
                .answers::<List<FoundUser>>(StatusCode::OK),
            find,
        )
        .add(
            Operation::patch("/api/users/{id}", "Let someone come in, or not, as an administrator")
                .body::<PatchUser>()
                .answers::<AdminUser>(StatusCode::OK),
            change,
        )
}

/// `GET /api/users`: an empty list for everyone who is not known.
pub(super) async fn find(
    State(api): State<Arc<Api>>,
    Bearer(caller): Bearer,
    Query(query): Query<FindUsers>,
) -> Result<Reply<List<FoundUser>>, Problem> {
    caller.whole()?;
    if caller.user.kind != UserKind::Member {
        let message = "only members look each other up; sign in";
        return Err(Problem(ErrorBody::new(Code::Forbidden, message)));
    }
    api.door.identity.count_lookup(caller.user.id)?;
    let store = &api.door.store;
    let users = match (query.username, query.email) {
        (Some(name), None) => {
            let user = store.user_by_name(&name).await.map_err(unavailable)?;
            let shown = user.filter(|it| it.is_active && it.kind == Some(UserKind::Member));
            shown.into_iter().collect()
        }
        (None, Some(email)) => {
            store.users_by_email(&text::address(&email)).await.map_err(unavailable)?
        }
        _ => {
            let message = "send either `username` or `email`";
            return Err(Problem(ErrorBody::new(Code::Invalid, message).field("username")));
        }
    };
    let found = users.into_iter().map(|user| FoundUser {
        id: user.id,
        username: user.username,
        name: user.name,
    });
    Ok(Reply(List { items: found.collect(), next: None }))
}

/// `PATCH /api/users/{id}`. Who may no longer come in is out everywhere at once, and so are their bots.
pub(super) async fn change(
    State(api): State<Arc<Api>>,
    Bearer(caller): Bearer,
    id: Result<Ids<1>, Problem>,
    Json(PatchUser { is_active }): Json<PatchUser>,
) -> Result<Reply<AdminUser>, Problem> {
    if !caller.admin {
        let message = "users are changed by administrators; see `quorate token --admin`";
        return Err(Problem(ErrorBody::new(Code::Forbidden, message)));
    }
    caller.whole()?;
    let none = || Problem(ErrorBody::new(Code::NotFound, "there is no such user"));
    let Ok(Ids([id])) = id else { return Err(none()) };
    let id = UserId(id);
    if id == caller.user.id && !is_active {
        let message = "this is yourself; let another administrator do it";
        return Err(Problem(ErrorBody::new(Code::Conflict, message)));
    }
    let user = api.door.store.user_by_id(id).await.map_err(unavailable)?.ok_or_else(none)?;
    // The system acts for timers, and signs in nowhere.
    let kind = user.kind.ok_or_else(none)?;
    let door = api.door.clone();
    // To the end, also when who asked goes away: no socket of theirs stays open.
    let changing = api.tasks.spawn(async move {
        let bots = door.store.set_active(id, is_active).await.map_err(unavailable)?;
        if !is_active {
            door.live.revoke(closed_with(id, bots)).await;
        }
        Ok::<_, ErrorBody>(())
    });
    let done = changing.await.map_err(|error| {
        tracing::error!(%error, "failed to change a user");
        ErrorBody::new(Code::Unavailable, "try again in a moment")
    });
    done??;
    let user_is_admin = user.is_admin;
    let (username, name, email) = (user.username, user.name, user.email);
    let user = OwnUser { id, username, name, email, kind };
    Ok(Reply(AdminUser { user, is_active, is_admin: user_is_admin }))
}
