//! What is told in several formats: to programs, to spreadsheets, and to be looked at.

use quorate_protocol::{
    Analytics, AnalyticsWeek, Report, Timestamp, TrendItem, Trends, UserAnalytics, UserWeek,
};
use serde::Serialize;

use super::html::{self, trends};
use super::table::{self, text, word, written};

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
        let header = [
            "meeting",
            "title",
            "status",
            "starts_at",
            "started_at",
            "late_seconds",
            "participants",
            "peak",
            "required",
            "required_present",
            "punctual",
            "live_seconds",
            "present_seconds",
            "engagement",
            "effectiveness",
            "raters",
            "rating",
            "version",
        ];
        let time = |at: Option<Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
        let row = |item: &TrendItem| {
            let it = &item.summary;
            [
                item.meeting.to_string(),
                text(&item.title),
                word(&item.status),
                time(it.starts_at),
                time(item.started_at),
                it.late_seconds.map(|it| it.to_string()).unwrap_or_default(),
                it.participants.to_string(),
                it.peak.to_string(),
                it.required.to_string(),
                it.required_present.to_string(),
                it.punctual.to_string(),
                it.live_seconds.to_string(),
                it.present_seconds.to_string(),
                tenths(it.engagement),
                tenths(it.effectiveness),
                it.raters.to_string(),
                tenths(it.rating),
                it.version.to_string(),
            ]
        };
        written(header, self.items.iter().map(row))
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
        let header =
            ["week", "meetings", "hosted", "present_seconds", "talk_seconds", "engagement"];
        let row = |week: &UserWeek| {
            [
                week.week.clone(),
                week.meetings.to_string(),
                week.hosted.to_string(),
                week.present_seconds.to_string(),
                week.talk_seconds.map(|it| it.to_string()).unwrap_or_default(),
                tenths(week.engagement),
            ]
        };
        written(header, self.weeks.iter().map(row))
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
        let header = [
            "week",
            "type",
            "meetings",
            "participants",
            "present_seconds",
            "engagement",
            "effectiveness",
            "rating",
            "pending",
        ];
        let row = |week: &AnalyticsWeek| {
            [
                week.week.clone(),
                word(&week.r#type),
                week.meetings.to_string(),
                week.participants.to_string(),
                week.present_seconds.to_string(),
                tenths(week.engagement),
                tenths(week.effectiveness),
                tenths(week.rating),
                week.pending.to_string(),
            ]
        };
        written(header, self.weeks.iter().map(row))
    }

    fn page(&self) -> String {
        trends::of_server(self)
    }
}

/// A figure with one decimal; empty where there is none.
fn tenths(figure: Option<f64>) -> String {
    figure.map(|figure| format!("{figure:.1}")).unwrap_or_default()
}
