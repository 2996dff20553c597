//! What is told in several formats: to programs, to spreadsheets, and to be looked at.

use quorate_protocol::{
    Analytics, AnalyticsWeek, Report, TrendItem, Trends, UserAnalytics, UserWeek,
};
use serde::Serialize;

use super::html::{self, trends};
use super::table::{self, Column, known, tenths, text, word, written};

/// The columns of an occurrence.
const OCCURRENCE: &[Column<TrendItem>] = &[
    ("meeting", |it| it.meeting.to_string()),
    ("title", |it| text(&it.title)),
    ("status", |it| word(&it.status)),
    ("starts_at", |it| known(it.digest.starts_at)),
    ("started_at", |it| known(it.started_at)),
    ("late_seconds", |it| known(it.digest.late_seconds)),
    ("participants", |it| it.digest.participants.to_string()),
    ("peak", |it| it.digest.peak.to_string()),
    ("required", |it| it.digest.required.to_string()),
    ("required_present", |it| it.digest.required_present.to_string()),
    ("punctual", |it| it.digest.punctual.to_string()),
    ("live_seconds", |it| it.digest.live_seconds.to_string()),
    ("present_seconds", |it| it.digest.present_seconds.to_string()),
    ("engagement", |it| tenths(it.digest.engagement)),
    ("effectiveness", |it| tenths(it.digest.effectiveness)),
    ("raters", |it| it.digest.raters.to_string()),
    ("rating", |it| tenths(it.digest.rating)),
    ("engagement_version", |it| it.digest.engagement_version.to_string()),
    ("effectiveness_version", |it| it.digest.effectiveness_version.to_string()),
];

/// The columns of someone's week.
const USER_WEEK: &[Column<UserWeek>] = &[
    ("week", |it| it.week.clone()),
    ("meetings", |it| it.meetings.to_string()),
    ("hosted", |it| it.hosted.to_string()),
    ("present_seconds", |it| it.present_seconds.to_string()),
    ("talk_seconds", |it| known(it.talk_seconds)),
    ("engagement", |it| tenths(it.engagement)),
];

/// The columns of a week and type of a server.
const WEEK: &[Column<AnalyticsWeek>] = &[
    ("week", |it| it.week.clone()),
    ("type", |it| word(&it.r#type)),
    ("meetings", |it| it.meetings.to_string()),
    ("participants", |it| it.participants.to_string()),
    ("present_seconds", |it| it.present_seconds.to_string()),
    ("engagement", |it| tenths(it.engagement)),
    ("effectiveness", |it| tenths(it.effectiveness)),
    ("rating", |it| tenths(it.rating)),
    ("pending", |it| it.pending.to_string()),
];

/// What can be told as JSON, as CSV, and as a page.
pub trait Render: Serialize + Send + 'static {
    /// How a file of it is called, without its ending.
    fn file_name(&self) -> String;

    /// As a table.
    ///
    /// # Errors
    /// Never in practice: it is written into memory.
    fn csv(&self) -> csv::Result<Vec<u8>>;

    /// As a page.
    fn page(&self) -> String;
}

impl Render for Report {
    fn file_name(&self) -> String {
        format!("report-{}", self.meeting.id)
    }

    fn csv(&self) -> csv::Result<Vec<u8>> {
        table::csv(self)
    }

    fn page(&self) -> String {
        html::page(self)
    }
}

impl Render for Trends {
    fn file_name(&self) -> String {
        format!("trends-{}", self.meeting)
    }

    fn csv(&self) -> csv::Result<Vec<u8>> {
        written(OCCURRENCE, &self.items)
    }

    fn page(&self) -> String {
        trends::of_series(self)
    }
}

impl Render for UserAnalytics {
    fn file_name(&self) -> String {
        format!("analytics-user-{}", self.user)
    }

    fn csv(&self) -> csv::Result<Vec<u8>> {
        written(USER_WEEK, &self.weeks)
    }

    fn page(&self) -> String {
        trends::of_user(self)
    }
}

impl Render for Analytics {
    fn file_name(&self) -> String {
        "analytics".to_owned()
    }

    fn csv(&self) -> csv::Result<Vec<u8>> {
        written(WEEK, &self.weeks)
    }

    fn page(&self) -> String {
        trends::of_server(self)
    }
}
