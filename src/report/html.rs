//! A report as one page of HTML: it needs no script, asks no host for anything, and prints.
//!
//! Behind each chart is a table with the same figures. What people wrote is escaped by the templates.

mod chart;
mod clock;
mod figure;
mod ink;
mod section;
#[cfg(test)]
mod tests;
mod text;
pub mod trends;

use std::collections::BTreeMap;

use maud::{DOCTYPE, Markup, PreEscaped, html};
use quorate_protocol::{ParticipantId, Report, RoomId, Timestamp};

use clock::Clock;
use text::line;

/// What the page may load: nothing from anywhere.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; \
    form-action 'none'";

/// The report as a page.
#[must_use]
pub fn page(report: &Report) -> String {
    let view = View::of(report);
    let title = line(&report.meeting.title);
    let body = html! {
        (section::head::head(&view))
        main { (sections(&view)) }
        footer { p { "Made by Quorate from the meeting’s journal, up to event " (report.seq.0) "." } }
    };
    frame(&format!("{title} – meeting report"), &body)
}

/// A page of that title: what every page has, and its body.
fn frame(title: &str, body: &Markup) -> String {
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                meta name="robots" content="noindex";
                title { (title) }
                // Else a browser asks the server for an icon.
                link rel="icon" href="data:,";
                style { (PreEscaped(ink::style())) (PreEscaped(include_str!("html/page.css"))) }
            }
            body { (chart::patterns()) (body) }
        }
    };
    markup.into_string()
}

/// What it came to first, then how it went, then who did what.
fn sections(view: &View<'_>) -> Markup {
    html! {
        (section::effectiveness::effectiveness(view))
        (section::outcomes::outcomes(view))
        (section::agenda::agenda(view))
        (section::presence::presence(view))
        (section::talk::talk(view))
        (section::engagement::engagement(view))
        (section::course::course(view))
        (section::polls::polls(view))
        (section::feedback::feedback(view))
        (section::rooms::rooms(view))
        (section::quality::quality(view))
        (section::method::method(view))
    }
}

/// A report and what is looked up in it.
struct View<'a> {
    report: &'a Report,
    clock: Clock,
    names: BTreeMap<ParticipantId, &'a str>,
    rooms: BTreeMap<RoomId, &'a str>,
}

impl<'a> View<'a> {
    fn of(report: &'a Report) -> View<'a> {
        let named = |person: &'a quorate_protocol::ReportPerson| {
            Some((person.participant?, person.name.as_str()))
        };
        View {
            report,
            clock: Clock::of(report.meeting.time_zone.as_deref()),
            names: report.participants.iter().filter_map(named).collect(),
            rooms: report.rooms.iter().map(|room| (room.room, room.name.as_str())).collect(),
        }
    }

    /// From when the report is.
    fn start(&self) -> Timestamp {
        let meeting = &self.report.meeting;
        let slice = self.report.course.first().map(|slice| slice.at);
        meeting.started_at.or(slice).or(meeting.starts_at).unwrap_or(self.report.as_of)
    }

    /// Up to when it goes.
    fn end(&self) -> Timestamp {
        self.report.as_of.max(self.start())
    }

    /// A time, with its day where that is not the first one.
    fn time(&self, at: Timestamp) -> String {
        self.clock.within(self.start(), at)
    }

    /// Whether there were people, of whom nothing single is shown.
    fn is_aggregate(&self) -> bool {
        self.report.participants.is_empty() && self.report.totals.participants > 0
    }
}
