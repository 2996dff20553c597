//! API keys and bot tokens of one's own.

use std::sync::Arc;

use axum::Json as Reply;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use quorate_protocol::{
    Code, CreateToken, CreatedToken, ErrorBody, List, MeetingId, Token, TokenId, TokenUse, UserKind,
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::access::Ids;
use super::body::Json;
use super::openapi::{Operation, Routes};
use super::problem::Problem;
use super::query::Query;
use super::secret::Secret;
use super::{Api, Bearer, page};
use crate::identity::{Caller, check_bound, unavailable};

/// What cursors of this list are of.
const LIST: &str = "tokens";

pub(super) fn routes() -> Routes<Arc<Api>> {
    Routes::new()
        .add(
            Operation::get("/api/tokens", "One's API keys and bot tokens, without their secrets")
                .query::<Paging>()
                .answers::<List<Token>>(StatusCode::OK),
            list,
        )
        .add(
            Operation::post(
                "/api/tokens",
                "Make an API key or bot token; its secret is shown once",
            )
            .body::<CreateToken>()
            .answers::<CreatedToken>(StatusCode::CREATED),
            create,
        )
        .add(
            Operation::delete("/api/tokens/{token_id}", "Revoke a token, also for open sockets")
                .answers::<Token>(StatusCode::OK),
            revoke,
        )
}

/// Which page.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Paging {
    /// How many, 1 to 200.
    #[serde(default)]
    limit: Option<u32>,
    /// `next` of the page before.
    #[serde(default)]
    cursor: Option<String>,
}

/// `GET /api/tokens`.
pub(super) async fn list(
    State(api): State<Arc<Api>>,
    Bearer(caller): Bearer,
    Query(paging): Query<Paging>,
) -> Result<Reply<List<Token>>, Problem> {
    let limit = page::limit(paging.limit)?;
    let after = page::after(&LIST, paging.cursor.as_deref())?.unwrap_or(TokenId(0));
    let mut items = api.door.identity.tokens(&caller, after, limit + 1).await?;
    let more = items.len() > limit as usize;
    items.truncate(limit as usize);
    let next = items.last().filter(|_| more).map(|last| page::cursor(&LIST, &last.id));
    Ok(Reply(List { items, next }))
}

/// `POST /api/tokens`.
pub(super) async fn create(
    State(api): State<Arc<Api>>,
    Bearer(caller): Bearer,
    Json(body): Json<CreateToken>,
) -> Result<impl IntoResponse, Problem> {
    if caller.user.kind != UserKind::Member {
        let message = "tokens are for members; sign in";
        return Err(Problem(ErrorBody::new(Code::Forbidden, message)));
    }
    if let Some(meetings) = &body.meetings {
        check_bound(meetings)?;
        for (at, meeting) in meetings.iter().enumerate() {
            theirs(&api, &caller, body.kind, *meeting, at).await?;
        }
    }
    let ids = api.door.live.ids();
    let made = api.door.identity.create_token(ids, &caller, body).await?;
    let location = [(header::LOCATION, format!("/api/tokens/{}", made.info.id))];
    Ok((StatusCode::CREATED, location, Secret(made)))
}

/// Refuses a meeting that a token of theirs may not be bound to: it is to be one that they see, for a bot one
/// that they run.
async fn theirs(
    api: &Api,
    caller: &Caller,
    kind: TokenUse,
    meeting: MeetingId,
    at: usize,
) -> Result<(), Problem> {
    let store = &api.door.store;
    let there = store.meeting_exists(meeting).await.map_err(unavailable)?;
    let runs = || store.runs(meeting, caller.user.id);
    let good = there
        && match kind {
            TokenUse::Bot => caller.admin || runs().await.map_err(unavailable)?,
            TokenUse::Api => api.door.sees(caller, meeting).await?,
        };
    if good {
        return Ok(());
    }
    let message = "is no meeting of yours";
    Err(Problem(ErrorBody::new(Code::Invalid, message).field(format!("meetings[{at}]"))))
}

/// `DELETE /api/tokens/{token_id}`: answers the token as it was.
pub(super) async fn revoke(
    State(api): State<Arc<Api>>,
    Bearer(caller): Bearer,
    id: Result<Ids<1>, Problem>,
) -> Result<Reply<Token>, Problem> {
    let Ok(Ids([id])) = id else {
        let message = "there is no such token, or not of yours";
        return Err(Problem(ErrorBody::new(Code::NotFound, message)));
    };
    let door = api.door.clone();
    // To the end, also when who asked goes away: no socket stays open whose token is gone.
    let revoking = api.tasks.spawn(async move {
        let (token, revoked) = door.identity.revoke_token(&caller, TokenId(id)).await?;
        door.live.revoke(revoked).await;
        Ok::<_, ErrorBody>(token)
    });
    let done = revoking.await.map_err(|error| {
        tracing::error!(%error, "failed to revoke a token");
        ErrorBody::new(Code::Unavailable, "try again in a moment")
    });
    Ok(Reply(done??))
}
