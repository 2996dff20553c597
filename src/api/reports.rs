//! What a meeting was like.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use quorate_protocol::{
    Code, ErrorBody, MeetingId, MeetingStatus, Permission, Report, ReportFormat, ReportQuery, Seq,
    Timestamp,
};

use super::access::{Ids, may, no_meeting, require, seen};
use super::openapi::{Operation, Routes};
use super::problem::Problem;
use super::query::Query;
use super::{Api, Bearer};
use crate::identity::unavailable;
use crate::live::{Stand, clock};
use crate::report::{Asked, EVENTS_MAX, ReportError, table};

pub(super) fn routes() -> Routes<Arc<Api>> {
    Routes::new().add(
        Operation::get(
            "/api/meetings/{id}/report",
            "What a meeting was like, as JSON, or as CSV with a row for each participant",
        )
        .query::<ReportQuery>()
        .answers::<Report>(StatusCode::OK),
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
    let format = ask.format.unwrap_or_else(|| preferred(&headers));
    let individuals = may(&api, &caller, meeting, Permission::ReportIndividual).await?;
    if format == ReportFormat::Csv && !individuals {
        let message = "the table has a row for each participant; ask the host for the permission, \
                       or ask for `?format=json`, which has what all did together";
        let permission = Some(Permission::ReportIndividual);
        return Err(Problem(ErrorBody { permission, ..ErrorBody::new(Code::Forbidden, message) }));
    }
    let Stand { seq, at: now } = stand(&api, meeting).await?;
    let report = api.reports.report(meeting, seq, Asked { now, individuals }).await;
    let report = report.map_err(impossible)?;
    match format {
        ReportFormat::Json => as_json(&report),
        ReportFormat::Csv => as_csv(&report),
    }
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

fn impossible(error: ReportError) -> Problem {
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

fn as_json(report: &Report) -> Result<Response, Problem> {
    let text = serde_json::to_string(report).map_err(failed)?;
    Ok((headers("application/json"), text).into_response())
}

fn as_csv(report: &Report) -> Result<Response, Problem> {
    let name = format!("attachment; filename=\"report-{}.csv\"", report.meeting.id);
    let table = table::csv(report).map_err(failed)?;
    let kind = headers("text/csv; charset=utf-8; header=present");
    Ok((kind, [(header::CONTENT_DISPOSITION, name)], table).into_response())
}

/// It holds for who asked: nobody on the way keeps it.
fn headers(kind: &'static str) -> [(header::HeaderName, &'static str); 3] {
    [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "private, no-store"),
        (header::VARY, "Accept, Authorization"),
    ]
}

fn failed(error: impl std::fmt::Display) -> Problem {
    tracing::error!(%error, "failed to write a report");
    Problem(ErrorBody::new(Code::Unavailable, "try again in a moment"))
}

/// The format that `Accept` prefers of those there are; JSON where it names none of them, for a report is of
/// use in it all the same (RFC 9110, 12.5.1).
fn preferred(headers: &HeaderMap) -> ReportFormat {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|it| it.to_str().ok());
    let mut best = (0.0, ReportFormat::Json);
    for range in accepted.flat_map(|accepted| accepted.split(',')) {
        let (kind, weight) = weighed(range);
        let format = match kind.as_str() {
            "application/json" | "application/*" | "*/*" => ReportFormat::Json,
            "text/csv" | "text/*" => ReportFormat::Csv,
            _ => continue,
        };
        // Of two that are as welcome the first is taken.
        if weight > best.0 {
            best = (weight, format);
        }
    }
    best.1
}

/// A media range of `Accept`, and how welcome it is, 0 to 1.
fn weighed(range: &str) -> (String, f32) {
    let mut parts = range.split(';').map(str::trim);
    let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
    let weight = parts.find_map(|part| part.strip_prefix("q=").or(part.strip_prefix("Q=")));
    let weight = weight.map_or(1.0, |weight| weight.parse().unwrap_or(0.0));
    (kind, weight)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn the_format_that_is_most_welcome_is_taken_and_json_where_none_is() {
        use ReportFormat::{Csv, Json};
        for (accept, format) in [
            ("", Json),
            ("*/*", Json),
            ("text/csv", Csv),
            ("TEXT/CSV; charset=utf-8", Csv),
            ("text/*", Csv),
            ("image/png", Json),
            ("application/json, text/csv", Json),
            ("text/csv, application/json", Csv),
            ("application/json;q=0.5, text/csv;q=0.6", Csv),
            ("text/csv;q=0, */*;q=0.1", Json),
            ("text/csv;q=0", Json),
            ("text/csv;q=many,,;;", Json),
            ("*/*;q=0.1, text/csv", Csv),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
            assert_eq!(preferred(&headers), format, "{accept}");
        }
        assert_eq!(preferred(&HeaderMap::new()), Json);
    }
}
