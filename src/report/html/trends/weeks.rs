//! What meetings took of someone, and the meetings of a server, week by week.

use maud::{Markup, html};
use quorate_protocol::{Analytics, AnalyticsWeek, MeetingType, Timestamp, UserAnalytics, UserWeek};

use super::{drawn, most, page, points, tenths};
use crate::report::html::chart::bars::Bar;
use crate::report::html::chart::legend;
use crate::report::html::clock::Clock;
use crate::report::html::figure::{Table, empty, figure, numbers, section, words};
use crate::report::html::ink::Ink;
use crate::report::html::text::{count, counted, duration};

/// Types of meetings, in the order in which they are drawn: neighbours differ in lightness.
const TYPES: [(MeetingType, &str, Ink); 3] = [
    (MeetingType::Regular, "regular", Ink::Blue),
    (MeetingType::Private, "private", Ink::Sky),
    (MeetingType::Recurring, "recurring", Ink::Purple),
];

/// What meetings took of someone, as a page.
#[must_use]
pub fn of_user(analytics: &UserAnalytics) -> String {
    let UserAnalytics { user, name, from, to, weeks } = analytics;
    let who = name.clone().unwrap_or_else(|| format!("user {user}"));
    let main = html! {
        @if weeks.is_empty() {
            (empty("They were in no meeting that started in this time."))
        } @else {
            (attended(weeks))
            (spent(weeks))
            (scored(weeks))
        }
    };
    page("Analytics", &format!("Meetings of {who}"), &span(*from, *to), &main)
}

/// The meetings of a server, as a page.
#[must_use]
pub fn of_server(analytics: &Analytics) -> String {
    let Analytics { from, to, weeks } = analytics;
    let main = html! {
        @if weeks.is_empty() {
            (empty("No meeting started in this time."))
        } @else {
            (held(weeks))
            (people(weeks))
            (engagement(weeks))
            (effectiveness(weeks))
        }
    };
    page("Analytics", "Meetings of this server", &span(*from, *to), &main)
}

fn span(from: Timestamp, to: Timestamp) -> Markup {
    let clock = Clock::of(None);
    html! { (clock.day(from)) " to " (clock.day(to)) " · Weeks begin on Monday, in UTC" }
}

fn attended(weeks: &[UserWeek]) -> Markup {
    let most = most(weeks.iter().map(|week| f64::from(week.meetings)));
    let bar = |week: &UserWeek| Bar {
        label: week.week.clone(),
        parts: vec![
            (f64::from(week.hosted), Ink::Blue),
            (f64::from(week.meetings.saturating_sub(week.hosted)), Ink::Sky),
        ],
        track: most,
        value: counted(week.meetings, "meeting", "meetings"),
    };
    let bars: Vec<_> = weeks.iter().map(bar).collect();
    let chart = html! {
        (legend(&[(Ink::Blue, "hosted".to_owned()), (Ink::Sky, "others’".to_owned())]))
        (drawn("Bars: meetings in each week", &bars))
    };
    let row = |week: &UserWeek| {
        vec![
            html! { (week.week) },
            html! { (count(week.meetings)) },
            html! { (count(week.hosted)) },
        ]
    };
    let table = Table {
        caption: "meetings by week",
        heads: vec![words("Week"), numbers("Meetings"), numbers("Hosted")],
        rows: weeks.iter().map(row).collect(),
    };
    section("meetings", "Meetings", &figure("Meetings they were in", &chart, &table))
}

fn spent(weeks: &[UserWeek]) -> Markup {
    let most = most(weeks.iter().map(|week| week.present_seconds as f64));
    let bar = |week: &UserWeek| Bar {
        label: week.week.clone(),
        parts: vec![(week.present_seconds as f64, Ink::Blue)],
        track: most,
        value: duration(week.present_seconds),
    };
    let bars: Vec<_> = weeks.iter().map(bar).collect();
    let row = |week: &UserWeek| {
        let talk = week.talk_seconds.map(duration);
        let talk = html! { @match talk { Some(talk) => (talk), None => span.muted { "–" } } };
        vec![html! { (week.week) }, html! { (duration(week.present_seconds)) }, talk]
    };
    let table = Table {
        caption: "time by week; talk, as far as it was measured",
        heads: vec![words("Week"), numbers("Time there"), numbers("Talk")],
        rows: weeks.iter().map(row).collect(),
    };
    let chart = drawn("Bars: time in meetings in each week", &bars);
    section("time", "Time", &figure("Time in meetings", &chart, &table))
}

fn scored(weeks: &[UserWeek]) -> Markup {
    let bar = |week: &UserWeek| points(week.week.clone(), week.engagement, Ink::Purple);
    let bars: Vec<_> = weeks.iter().map(bar).collect();
    let table = Table {
        caption: "mean engagement by week",
        heads: vec![words("Week"), numbers("Engagement")],
        rows: weeks
            .iter()
            .map(|week| vec![html! { (week.week) }, tenths(week.engagement)])
            .collect(),
    };
    let chart = drawn("Bars: mean engagement in each week", &bars);
    section("engagement", "Engagement", &figure("Mean points of 100", &chart, &table))
}

/// The rows of each week; they stand together.
fn by_week(rows: &[AnalyticsWeek]) -> impl Iterator<Item = &[AnalyticsWeek]> {
    rows.chunk_by(|one, other| one.week == other.week)
}

fn held(rows: &[AnalyticsWeek]) -> Markup {
    let all = |week: &[AnalyticsWeek]| week.iter().map(|row| row.meetings).sum::<u32>();
    let most = most(by_week(rows).map(|week| f64::from(all(week))));
    let bar = |week: &[AnalyticsWeek]| {
        let of = |kind| week.iter().filter(move |row| row.r#type == kind).map(|row| row.meetings);
        Bar {
            label: name(week),
            parts: TYPES.map(|(kind, _, ink)| (f64::from(of(kind).sum::<u32>()), ink)).to_vec(),
            track: most,
            value: counted(all(week), "meeting", "meetings"),
        }
    };
    let bars: Vec<_> = by_week(rows).map(bar).collect();
    let chart = html! {
        (legend(&TYPES.map(|(_, name, ink)| (ink, name.to_owned()))))
        (drawn("Bars: meetings that started in each week, by type", &bars))
    };
    let table =
        table("meetings by week and type", ["Meetings", "Not summed up yet"], rows, |row| {
            [html! { (count(row.meetings)) }, html! { (count(row.pending)) }]
        });
    section("meetings", "Meetings", &figure("Meetings that started", &chart, &table))
}

fn people(rows: &[AnalyticsWeek]) -> Markup {
    let all = |week: &[AnalyticsWeek]| week.iter().map(|row| row.participants).sum::<u64>();
    let most = most(by_week(rows).map(|week| all(week) as f64));
    let bar = |week: &[AnalyticsWeek]| Bar {
        label: name(week),
        parts: vec![(all(week) as f64, Ink::Blue)],
        track: most,
        value: count(all(week)),
    };
    let bars: Vec<_> = by_week(rows).map(bar).collect();
    let heads = ["Participants", "Time there, together"];
    let table = table("participants by week and type", heads, rows, |row| {
        [html! { (count(row.participants)) }, html! { (duration(row.present_seconds)) }]
    });
    let chart = drawn("Bars: participants of the meetings of each week", &bars);
    let caption = "Participants; who was in two meetings counts twice";
    section("participants", "Participants", &figure(caption, &chart, &table))
}

fn engagement(rows: &[AnalyticsWeek]) -> Markup {
    let chart =
        scores("Bars: mean engagement, by week and type", rows, Ink::Purple, |row| row.engagement);
    let table = table("mean engagement by week and type", ["Engagement"], rows, |row| {
        [tenths(row.engagement)]
    });
    section("engagement", "Engagement", &figure("Mean points of 100", &chart, &table))
}

fn effectiveness(rows: &[AnalyticsWeek]) -> Markup {
    let chart = scores("Bars: mean effectiveness, by week and type", rows, Ink::Green, |row| {
        row.effectiveness
    });
    let heads = ["Effectiveness", "Rating of 5"];
    let table = table("mean effectiveness by week and type", heads, rows, |row| {
        [tenths(row.effectiveness), tenths(row.rating)]
    });
    section("effectiveness", "Effectiveness", &figure("Mean points of 100", &chart, &table))
}

/// Bars of points, one for each week and type.
fn scores(
    about: &str,
    rows: &[AnalyticsWeek],
    ink: Ink,
    of: impl Fn(&AnalyticsWeek) -> Option<f64>,
) -> Markup {
    let label = |row: &AnalyticsWeek| format!("{}, {}", row.week, kind(row.r#type));
    let bars: Vec<_> = rows.iter().map(|row| points(label(row), of(row), ink)).collect();
    drawn(about, &bars)
}

/// A table with a row for each week and type.
fn table<const N: usize>(
    caption: &'static str,
    heads: [&'static str; N],
    rows: &[AnalyticsWeek],
    cells: impl Fn(&AnalyticsWeek) -> [Markup; N],
) -> Table {
    let row = |row: &AnalyticsWeek| {
        let mut shown = vec![html! { (row.week) }, html! { (kind(row.r#type)) }];
        shown.extend(cells(row));
        shown
    };
    let heads = [words("Week"), words("Type")].into_iter().chain(heads.map(numbers));
    Table { caption, heads: heads.collect(), rows: rows.iter().map(row).collect() }
}

fn name(week: &[AnalyticsWeek]) -> String {
    week.first().map(|row| row.week.clone()).unwrap_or_default()
}

fn kind(kind: MeetingType) -> &'static str {
    match kind {
        MeetingType::Regular => TYPES[0].1,
        MeetingType::Private => TYPES[1].1,
        MeetingType::Recurring => TYPES[2].1,
    }
}
