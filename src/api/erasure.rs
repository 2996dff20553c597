//! Erasing a person while the server runs.

use std::sync::Arc;

use axum::Json as Reply;
use axum::extract::State;
use axum::http::StatusCode;
use quorate_protocol::{Code, Erased, ErrorBody, UserId};

use super::access::Ids;
use super::audit::{Id, no_user};
use super::openapi::{Operation, Routes};
use super::problem::Problem;
use super::{Api, Bearer};
use crate::erasure::{self, ErasureError};
use crate::identity::unavailable;

pub(super) fn routes() -> Routes<Arc<Api>> {
    Routes::new().add(
        Operation::post("/api/users/{id}/erase", "Erase what is known of a person, for good")
            .answers::<Erased>(StatusCode::OK),
        erase,
    )
}

/// `POST /api/users/{id}/erase`: for admins. Done to its end, whether the asker waits for it or not.
pub(super) async fn erase(
    State(api): State<Arc<Api>>,
    Bearer(caller): Bearer,
    id: Id,
) -> Result<Reply<Erased>, Problem> {
    if !caller.admin {
        let message = "people are erased by admins; see `quorate token --admin`";
        return Err(Problem(ErrorBody::new(Code::Forbidden, message)));
    }
    caller.whole()?;
    let user = id.ok().map(|Ids([id])| UserId(id)).filter(|id| id.0 > 0).ok_or_else(no_user)?;
    let user = api.door.store.user_by_id(user).await.map_err(unavailable)?.ok_or_else(no_user)?;
    let tasks = api.tasks.clone();
    let erasing = tasks.spawn(async move {
        // One at a time: it reads every journal.
        let _turn = api.verifying.acquire().await;
        let store = &api.door.store;
        let footprint = erasure::survey(store, &user, |_, _| ()).await?;
        let live = Some(&api.door.live);
        let (meetings, events) = erasure::erase(store, live, footprint, |_, _| ()).await?;
        api.door.identity.forget_fresh();
        api.replays.forget();
        Ok::<_, ErasureError>(Erased { user: user.id, meetings, events })
    });
    match erasing.await {
        Ok(Ok(erased)) => Ok(Reply(erased)),
        failed => {
            tracing::error!(?failed, "failed to erase a person");
            let message = "not all could be erased; try again in a moment";
            Err(Problem(ErrorBody::new(Code::Unavailable, message)))
        }
    }
}
