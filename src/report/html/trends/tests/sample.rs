//! Meetings that are made up, compared.

use quorate_protocol::{
    Analytics, AnalyticsWeek, MeetingDigest, MeetingId, MeetingStatus, MeetingType, Timestamp,
    TrendItem, Trends, UserAnalytics, UserId, UserWeek,
};

/// 2 November 2026, 23:30 UTC.
const START: Timestamp = Timestamp(1_793_662_200_000);
const DAY_MS: i64 = 86_400_000;

/// A series with so many occurrences, one a day.
pub(crate) fn series(held: i64) -> Trends {
    Trends {
        meeting: MeetingId(7),
        title: "Daily & friends".to_owned(),
        time_zone: Some("Europe/Berlin".to_owned()),
        from: START,
        to: START.plus_ms(held * DAY_MS),
        items: (0..held).map(occurrence).collect(),
        cut: false,
    }
}

fn occurrence(n: i64) -> TrendItem {
    let some = n as u32 % 7;
    TrendItem {
        meeting: MeetingId(8 + n),
        title: "Daily & friends".to_owned(),
        status: MeetingStatus::Completed,
        started_at: Some(START.plus_ms(n * DAY_MS + 60_000)),
        digest: MeetingDigest {
            engagement_version: 1,
            effectiveness_version: 1,
            participants: 5 + some,
            peak: 4 + some,
            required: 4,
            required_present: 3,
            punctual: 4,
            starts_at: Some(START.plus_ms(n * DAY_MS)),
            late_seconds: [Some(60), Some(0), None][n as usize % 3],
            live_seconds: 1_800,
            present_seconds: 7_200,
            engagement: (n % 3 != 1).then_some(62.25),
            effectiveness: Some(71.5 + f64::from(some)),
            raters: 3,
            rating: Some(4.2),
        },
    }
}

/// Someone's weeks.
pub(crate) fn user(weeks: i64) -> UserAnalytics {
    let week = |n: i64| UserWeek {
        week: week(n),
        meetings: 3,
        hosted: 1,
        present_seconds: 3_600,
        talk_seconds: (n == 1).then_some(120),
        engagement: Some(62.26),
    };
    let (from, to) = (START, START.plus_ms(7 * weeks * DAY_MS));
    UserAnalytics {
        user: UserId(7),
        name: Some("Ada & friends".to_owned()),
        from,
        to,
        weeks: (1..=weeks).map(week).collect(),
    }
}

/// The weeks of a server, of two meetings of each type.
pub(crate) fn server(weeks: i64) -> Analytics {
    let kinds = [MeetingType::Private, MeetingType::Recurring, MeetingType::Regular];
    let row = |n: i64, kind: MeetingType| AnalyticsWeek {
        week: week(n),
        r#type: kind,
        meetings: 2,
        participants: 9,
        present_seconds: 7_200,
        engagement: (n % 5 > 0).then_some(55.5),
        effectiveness: Some(64.0),
        rating: None,
        pending: u32::from(kind == MeetingType::Private),
    };
    let rows = (1..=weeks).flat_map(|n| kinds.map(|kind| row(n, kind)));
    Analytics { from: START, to: START.plus_ms(7 * weeks * DAY_MS), weeks: rows.collect() }
}

fn week(n: i64) -> String {
    format!("2026-W{n:02}")
}
