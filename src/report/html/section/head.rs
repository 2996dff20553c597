//! The head: which meeting, when, and the figures one looks for first.

use maud::{Markup, html};
use quorate_protocol::{MeetingStatus, MeetingType, QualityLevel, Timestamp};

use super::quality::at_least;
use crate::report::html::View;
use crate::report::html::text::{count, counted, duration, percent, said, whole, written};

/// From so many seconds on it is said that a meeting did not run between its start and its end.
const PAUSE_SECONDS_MIN: u64 = 60;

/// The head of the page.
pub(in super::super) fn head(view: &View<'_>) -> Markup {
    let (report, meeting) = (view.report, &view.report.meeting);
    html! {
        header {
            p.kind { "Meeting report" }
            h1 { (said(&meeting.title)) }
            p.when { (when(view)) }
            p.muted {
                (kind(meeting.r#type)) " meeting, " (status(meeting.status))
                @if let Some(host) = &meeting.host { ", hosted by " (said(host)) }
                ". " (standing(view))
            }
            @if let Some(summary) = &report.summary {
                div.summary { h2 { "Summary" } p { (written(summary)) } }
            }
            (key_figures(view))
        }
    }
}

fn when(view: &View<'_>) -> Markup {
    let (meeting, clock, start) = (&view.report.meeting, view.clock, view.start());
    html! {
        @match (meeting.started_at, meeting.ended_at, meeting.starts_at) {
            (Some(from), Some(to), _) => { (clock.stretch(from, to)) (pauses(view, from, to)) },
            (Some(from), None, _) => { "Since " (clock.stamp(from)) },
            (None, _, Some(planned)) => { "Planned for " (clock.stamp(planned)) ", not started" },
            (None, _, None) => "Not started",
        }
        " · Times are in " (clock.zone(start, view.end()))
    }
}

/// How long it did not run between its start and its end, where that is worth a word.
fn pauses(view: &View<'_>, from: Timestamp, to: Timestamp) -> Markup {
    let paused = (to.ms_since(from) / 1000).saturating_sub(view.report.totals.live_seconds);
    html! { @if paused >= PAUSE_SECONDS_MIN { ", closed or empty for " (duration(paused)) " of it" } }
}

/// Whether the figures may still change.
fn standing(view: &View<'_>) -> Markup {
    let report = view.report;
    html! {
        @if !report.r#final { "These figures are as of " (view.clock.stamp(report.as_of)) "; the meeting is not over." }
        @else if report.feedback.open { "Feedback is still open and may change the effectiveness." }
        @else { "These figures are final." }
        @if let Some(at) = report.forgotten_at {
            " On " (view.clock.stamp(at)) " names, texts and what was measured were deleted; scores are of what is left."
        }
    }
}

fn key_figures(view: &View<'_>) -> Markup {
    let (report, totals) = (view.report, &view.report.totals);
    let figure = |name: &str, value: String, more: String| {
        html! { div { dt { (name) } dd { strong { (value) } span { (more) } } } }
    };
    let live = totals.live_seconds;
    html! {
        dl.key aria-label="Key figures" {
            @if let Some(score) = report.effectiveness.score {
                (figure("Effectiveness", whole(score), "of 100".to_owned()))
            } @else {
                (figure("Effectiveness", "–".to_owned(), "nothing to score".to_owned()))
            }
            (figure("Length", duration(live), planned(view)))
            (figure("Participants", count(totals.participants), format!("at most {} at once", count(totals.peak))))
            @if let Some(mean) = totals.engagement {
                (figure("Engagement", whole(mean), "of 100, on average".to_owned()))
            } @else {
                (figure("Engagement", "–".to_owned(), "nobody is scored".to_owned()))
            }
            @if let Some(share) = at_least(QualityLevel::Fair, totals.quality_minutes) {
                (figure("Connections", percent(share), "of minutes fair or better".to_owned()))
            } @else {
                (figure("Connections", "–".to_owned(), "not known".to_owned()))
            }
            (figure("Messages", count(totals.messages), format!(
                "{}, {}",
                counted(totals.hands, "hand raised", "hands raised"),
                counted(totals.reactions, "reaction", "reactions"),
            )))
        }
    }
}

fn planned(view: &View<'_>) -> String {
    let meeting = &view.report.meeting;
    match (meeting.starts_at, meeting.ends_at) {
        (Some(from), Some(to)) => format!("planned {}", duration(to.ms_since(from) / 1000)),
        _ => "no end was planned".to_owned(),
    }
}

fn kind(kind: MeetingType) -> &'static str {
    match kind {
        MeetingType::Regular => "Regular",
        MeetingType::Private => "Private",
        MeetingType::Recurring => "Recurring",
    }
}

fn status(status: MeetingStatus) -> &'static str {
    match status {
        MeetingStatus::Scheduled => "not started",
        MeetingStatus::InProgress => "going on",
        MeetingStatus::Completed => "completed",
        MeetingStatus::Cancelled => "cancelled",
    }
}
