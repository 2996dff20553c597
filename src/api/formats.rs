//! In which format a report is answered: JSON, CSV, or a page.

use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use quorate_protocol::{Code, ErrorBody, ReportFormat};

use super::problem::Problem;
use crate::report::Render;

/// The format that was asked for; what `Accept` prefers, where none was.
pub(super) fn wanted(asked: Option<ReportFormat>, headers: &HeaderMap) -> ReportFormat {
    asked.unwrap_or_else(|| preferred(headers))
}

/// A report in a format; where there is much to be told, writing it takes a while.
///
/// # Errors
/// Never in practice: it is written into memory.
pub(super) async fn answer(report: impl Render, format: ReportFormat) -> Result<Response, Problem> {
    let written = tokio::task::spawn_blocking(move || written(&report, format));
    written.await.map_err(failed)?
}

fn written(report: &impl Render, format: ReportFormat) -> Result<Response, Problem> {
    Ok(match format {
        ReportFormat::Json => {
            let text = serde_json::to_string(report).map_err(failed)?;
            (told_as("application/json"), text).into_response()
        }
        ReportFormat::Csv => {
            let name = format!("attachment; filename=\"{}.csv\"", report.file_name());
            let table = report.csv().map_err(failed)?;
            let kind = told_as("text/csv; charset=utf-8; header=present");
            (kind, [(header::CONTENT_DISPOSITION, name)], table).into_response()
        }
        ReportFormat::Html => (told_as("text/html; charset=utf-8"), report.page()).into_response(),
    })
}

/// It holds for who asked: nobody on the way keeps it.
fn told_as(kind: &'static str) -> [(header::HeaderName, &'static str); 3] {
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
            "text/csv" => ReportFormat::Csv,
            "text/html" | "text/*" => ReportFormat::Html,
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
        use ReportFormat::{Csv, Html, Json};
        for (accept, format) in [
            ("", Json),
            ("*/*", Json),
            ("text/csv", Csv),
            ("TEXT/CSV; charset=utf-8", Csv),
            ("text/*", Html),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", Html),
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
