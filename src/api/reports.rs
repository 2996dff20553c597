//! What a meeting was like.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use quorate_protocol::{
    Code, ErrorBody, MeetingId, MeetingStatus, Permission, Report, ReportFormat, ReportQuery, Seq,
};

use super::access::{Ids, may, no_meeting, require, seen};
use super::openapi::{Operation, Routes};
use super::problem::Problem;
use super::query::Query;
use super::{Api, Bearer, formats};
use crate::identity::unavailable;
use crate::live::{Stand, clock};
use crate::report::{Asked, EVENTS_MAX, ReportError};

pub(super) fn routes() -> Routes<Arc<Api>> {
    Routes::new().add(
        Operation::get(
            "/api/meetings/{id}/report",
            "What a meeting was like: JSON, CSV with a row for each participant, or a page",
        )
        .query::<ReportQuery>()
        .answers::<Report>(StatusCode::OK)
        .or_as("text/csv")
        .or_as("text/html"),
        report,
    )
}

/// `GET /api/meetings/{id}/report`.
async fn report(
    State(api): State<Arc<Api>>,
    Bearer(caller): Bearer,
    Ids([id]): Ids<1>,
    Query(ask): Query<ReportQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let meeting = seen(&api, &caller, id).await?;
    require(&api, &caller, meeting, Permission::ReportAggregate).await?;
    let format = formats::wanted(ask.format, &headers);
    let individuals = may(&api, &caller, meeting, Permission::ReportIndividual).await?;
    if format == ReportFormat::Csv && !individuals {
        let message = "the table has a row for each participant; ask the host for the permission, \
                       or ask for `?format=json`, which has what all did together";
        let permission = Some(Permission::ReportIndividual);
        return Err(Problem(ErrorBody { permission, ..ErrorBody::new(Code::Forbidden, message) }));
    }
    let Stand { seq, at: now } = stand(&api, meeting).await?;
    let report = api.reports.report(meeting, seq, Asked { now, individuals }).await;
    let report = report.map_err(problem_of)?;
    formats::answer(report, format).await
}

/// Up to where a meeting is reported. One that runs first writes down what was measured, so that the report
/// comes from the store as that of one that is over does.
async fn stand(api: &Api, meeting: MeetingId) -> Result<Stand, Problem> {
    let row = api.door.store.meeting_row(meeting).await.map_err(unavailable)?;
    let row = row.ok_or_else(no_meeting)?;
    match row.info.status {
        MeetingStatus::InProgress => Ok(api.door.live.checkpoint(meeting).await?),
        _ => Ok(Stand { seq: Seq(u64::MAX), at: clock::wall() }),
    }
}

pub(super) fn problem_of(error: ReportError) -> Problem {
    if let ReportError::TooLong { events, .. } = error {
        let message = format!(
            "the meeting's journal has {events} events, and reports are made of at most {EVENTS_MAX}; \
             read the journal itself with `GET /api/meetings/{{id}}/audit`"
        );
        let limit = Some(EVENTS_MAX);
        return Problem(ErrorBody { limit, ..ErrorBody::new(Code::TooLarge, message) });
    }
    tracing::error!(%error, "failed to make a report");
    let message = "the report cannot be made just now; try again in a moment";
    Problem(ErrorBody::new(Code::Unavailable, message))
}
