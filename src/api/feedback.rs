//! What people say of a meeting, and its summary: given here when the meeting is over.

use std::sync::Arc;

use axum::Json as Reply;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use quorate_protocol::{
    ActionDone, Command, FeedbackSubmit, FeedbackSummary, MeetingId, Permission, SummaryPublish,
};

use super::access::{Ids, may, seen};
use super::acting::Acting;
use super::body::Json;
use super::idempotency::Kept;
use super::openapi::{Operation, Routes};
use super::problem::Problem;
use super::{Api, Bearer};
use crate::identity::{Caller, unavailable};
use crate::meeting::feedback::{Insight, summary};

pub(super) fn routes() -> Routes<Arc<Api>> {
    let feedback = "/api/meetings/{id}/feedback";
    Routes::new()
        .add(
            Operation::get(feedback, "What people say of it, as far as one may see it")
                .answers::<FeedbackSummary>(StatusCode::OK),
            read,
        )
        .add(
            Operation::post(feedback, "Say what one thinks of it, or say it anew")
                .conditional()
                .body::<FeedbackSubmit>()
                .answers::<ActionDone>(StatusCode::OK),
            submit,
        )
        .add(
            Operation::put("/api/meetings/{id}/summary", "Publish what was said and agreed in it")
                .conditional()
                .body::<SummaryPublish>()
                .answers::<ActionDone>(StatusCode::OK),
            publish,
        )
}

/// `GET /api/meetings/{id}/feedback`.
async fn read(
    State(api): State<Arc<Api>>,
    Bearer(caller): Bearer,
    Ids([id]): Ids<1>,
) -> Result<Reply<FeedbackSummary>, Problem> {
    let meeting = seen(&api, &caller, id).await?;
    let aggregate = may(&api, &caller, meeting, Permission::ReportAggregate).await?;
    let each = sees_each(&api, &caller, meeting).await?;
    let insight = Insight { aggregate, each, raters_min: api.raters_min };
    let privacy = api.door.live.terms().privacy;
    let look = api.door.live.look(meeting, move |facts, now| facts.feedback_standing(now, privacy));
    let standing = look.await?;
    let store = &api.door.store;
    let ratings = match aggregate || each {
        true => store.ratings(meeting).await.map_err(unavailable)?,
        false => Vec::new(),
    };
    let yours = store.feedback_of(meeting, caller.user.id).await.map_err(unavailable)?;
    Ok(Reply(summary(standing, &ratings, insight, yours)))
}

/// Whether someone may see who said what: where reports of each may be seen, and say who is who.
///
/// # Errors
/// `unavailable` where the store or the meeting cannot be asked.
pub(super) async fn sees_each(
    api: &Api,
    caller: &Caller,
    meeting: MeetingId,
) -> Result<bool, Problem> {
    if !may(api, caller, meeting, Permission::ReportIndividual).await? {
        return Ok(false);
    }
    let privacy = api.door.live.terms().privacy;
    let look = api.door.live.look(meeting, move |facts, _| facts.privacy(privacy));
    Ok(look.await?.names_in_reports)
}

/// `POST /api/meetings/{id}/feedback`. Its answer is not kept for repetition, which would say who sent it:
/// sent again, it says the same again.
async fn submit(acting: Acting, Json(body): Json<FeedbackSubmit>) -> Result<Response, Problem> {
    acting.act(Command::FeedbackSubmit(body)).await?;
    let mut response = Reply(ActionDone::default()).into_response();
    response.extensions_mut().insert(Kept);
    Ok(response)
}

/// `PUT /api/meetings/{id}/summary`.
async fn publish(acting: Acting, Json(body): Json<SummaryPublish>) -> Result<Response, Problem> {
    acting.ask(Command::SummaryPublish(body)).await
}
