//! How the occurrences of a series went, one after the other.

use maud::{Markup, html};
use quorate_protocol::{MeetingStatus, TrendItem, Trends};

use super::{drawn, most, page, points, tenths};
use crate::report::html::chart::bars::Bar;
use crate::report::html::clock::Clock;
use crate::report::html::figure::{Head, Table, empty, figure, numbers, section, words};
use crate::report::html::ink::Ink;
use crate::report::html::text::{count, counted, duration, percent, said, share};

/// The trends of a series as a page.
#[must_use]
pub fn of_series(trends: &Trends) -> String {
    let view = View { trends, clock: Clock::of(trends.time_zone.as_deref()) };
    let when = html! {
        (view.clock.day(trends.from)) " to " (view.clock.day(trends.to))
        " · Times are in " (view.clock.zone(trends.to, trends.to))
    };
    page("Trends of a series", &trends.title, &when, &view.sections())
}

struct View<'a> {
    trends: &'a Trends,
    clock: Clock,
}

impl View<'_> {
    fn sections(&self) -> Markup {
        let items = &self.trends.items;
        let held = items.len() as u64;
        html! {
            @if held == 0 {
                (empty("No occurrence was held in this time."))
            } @else {
                p {
                    @if self.trends.cut { "The last " }
                    (counted(held, "occurrence", "occurrences"))
                    @if self.trends.cut { " that were held; ask for less time to see those before." }
                    @else { " held." }
                    @if items.iter().any(goes_on) { " What is marked goes on: it is told as of now." }
                }
                (self.attendance())
                (self.punctuality())
                (self.engagement())
                (self.effectiveness())
            }
        }
    }

    /// The day of an occurrence where its series is; one that goes on is marked.
    fn day(&self, item: &TrendItem) -> String {
        let at = item.digest.starts_at.or(item.started_at);
        let day = at.map_or_else(|| item.meeting.to_string(), |at| self.clock.day(at));
        if goes_on(item) { format!("{day}, goes on") } else { day }
    }

    /// Bars, one for each occurrence.
    fn bars(&self, about: &str, bar: impl Fn(&TrendItem, String) -> Bar) -> Markup {
        let bars: Vec<_> = self.trends.items.iter().map(|item| bar(item, self.day(item))).collect();
        drawn(about, &bars)
    }

    /// A table with a row for each occurrence: its day and title, and these cells.
    fn table<const N: usize>(
        &self,
        caption: &'static str,
        heads: [Head; N],
        cells: impl Fn(&TrendItem) -> [Markup; N],
    ) -> Table {
        let row = |item: &TrendItem| {
            let mut row = vec![html! { (self.day(item)) }, said(&item.title)];
            row.extend(cells(item));
            row
        };
        let heads = [words("Occurrence"), words("Title")].into_iter().chain(heads);
        let rows = self.trends.items.iter().map(row).collect();
        Table { caption, heads: heads.collect(), rows }
    }

    fn attendance(&self) -> Markup {
        let items = &self.trends.items;
        let participants = |item: &TrendItem| f64::from(item.digest.participants);
        let greatest = most(items.iter().map(participants));
        let there = self.bars("Bars: participants of each occurrence", |item, label| Bar {
            label,
            parts: vec![(participants(item), Ink::Blue)],
            track: greatest,
            value: counted(item.digest.participants, "person", "people"),
        });
        let heads = [numbers("Participants"), numbers("At once"), numbers("Time there, together")];
        let table = self.table("who came", heads, |item| {
            let it = &item.digest;
            [
                html! { (count(it.participants)) },
                html! { (count(it.peak)) },
                html! { (duration(it.present_seconds)) },
            ]
        });
        let content = html! {
            (figure("Participants", &there, &table))
            @if items.iter().any(|item| item.digest.required > 0) {
                (self.required())
            } @else {
                (empty("Nobody was required to come."))
            }
        };
        section("attendance", "Attendance", &content)
    }

    fn required(&self) -> Markup {
        let chart = self.bars("Bars: required invitees who were there", |item, label| Bar {
            label,
            parts: vec![(f64::from(item.digest.required_present), Ink::Green)],
            track: f64::from(item.digest.required),
            value: part(item.digest.required_present, item.digest.required),
        });
        let heads = [numbers("There"), numbers("Required"), numbers("Share")];
        let table = self.table("required invitees", heads, |item| {
            let it = &item.digest;
            cells(it.required_present, it.required)
        });
        figure("Required invitees who were there for half of the time", &chart, &table)
    }

    fn punctuality(&self) -> Markup {
        let chart = self.bars("Bars: who was there in time", |item, label| Bar {
            label,
            parts: vec![(f64::from(item.digest.punctual), Ink::Blue)],
            track: f64::from(item.digest.participants),
            value: part(item.digest.punctual, item.digest.participants),
        });
        let heads =
            [numbers("In time"), numbers("Participants"), numbers("Share"), words("Started")];
        let table = self.table("punctuality", heads, |item| {
            let it = &item.digest;
            let [punctual, all, share] = cells(it.punctual, it.participants);
            [punctual, all, share, html! { (started(it.late_seconds)) }]
        });
        let caption = "Who was there, or waited to be let in, no later than five minutes after the planned start";
        section("punctuality", "Punctuality", &figure(caption, &chart, &table))
    }

    fn engagement(&self) -> Markup {
        let chart = self.bars("Bars: the mean engagement", |item, label| {
            points(label, item.digest.engagement, Ink::Purple)
        });
        let table = self.table("mean engagement", [numbers("Engagement")], |item| {
            [tenths(item.digest.engagement)]
        });
        section("engagement", "Engagement", &figure("Mean points of 100", &chart, &table))
    }

    fn effectiveness(&self) -> Markup {
        let chart = self.bars("Bars: the effectiveness", |item, label| {
            points(label, item.digest.effectiveness, Ink::Green)
        });
        let heads =
            [numbers("Effectiveness"), numbers("Ratings"), numbers("Mean of 5"), numbers("Length")];
        let table = self.table("effectiveness", heads, |item| {
            let it = &item.digest;
            [
                tenths(it.effectiveness),
                html! { (count(it.raters)) },
                tenths(it.rating),
                html! { (duration(it.live_seconds)) },
            ]
        });
        section("effectiveness", "Effectiveness", &figure("Points of 100", &chart, &table))
    }
}

fn goes_on(item: &TrendItem) -> bool {
    item.status == MeetingStatus::InProgress
}

/// `3 of 4`.
fn part(part: u32, whole: u32) -> String {
    if whole == 0 { "nobody".to_owned() } else { format!("{} of {}", count(part), count(whole)) }
}

/// A part, the whole, and what share that is.
fn cells(part: u32, whole: u32) -> [Markup; 3] {
    let share = share(part, whole).map(percent).unwrap_or_default();
    [html! { (count(part)) }, html! { (count(whole)) }, html! { (share) }]
}

/// When an occurrence started, by its plan.
fn started(late_seconds: Option<i64>) -> String {
    match late_seconds {
        None => "not planned".to_owned(),
        Some(0) => "in time".to_owned(),
        Some(late) if late < 0 => format!("{} early", duration(late.unsigned_abs())),
        Some(late) => format!("{} late", duration(late.unsigned_abs())),
    }
}
