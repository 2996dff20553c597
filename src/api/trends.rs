//! Meetings compared: the occurrences of a series, someone's weeks, the weeks of the server.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use quorate_protocol::{
    Analytics, AnalyticsQuery, Code, ErrorBody, Permission, Privacy, Timestamp, TrendItem, Trends,
    TrendsQuery, UserAnalytics, UserId, UserWeek,
};

use super::access::{Ids, require, seen};
use super::openapi::{Operation, Routes};
use super::problem::Problem;
use super::query::Query;
use super::reports::problem_of;
use super::scores::told;
use super::{Api, Bearer, formats};
use crate::identity::unavailable;
use crate::live::clock;
use crate::store::{ERASED_PREFIX, HeldOccurrence, UserMeeting};

/// Occurrences compared at most.
const OCCURRENCES_MAX: usize = 100;
/// A day, in milliseconds.
const DAY_MS: i64 = 24 * 3_600_000;
/// How far trends go back where a request does not say.
const TRENDS_MS: i64 = 365 * DAY_MS;
/// How far analytics go back where a request does not say.
const WEEKS_MS: i64 = 12 * 7 * DAY_MS;
/// How much time analytics are of at most.
const WEEKS_MS_MAX: u64 = 732 * DAY_MS as u64;

pub(super) fn routes() -> Routes<Arc<Api>> {
    Routes::new()
        .add(
            Operation::get("/api/meetings/{id}/trends", "How the occurrences of a series went")
                .query::<TrendsQuery>()
                .answers::<Trends>(StatusCode::OK)
                .or_as("text/csv")
                .or_as("text/html"),
            trends,
        )
        .add(
            Operation::get("/api/users/{id}/analytics", "What meetings took of someone, by week")
                .query::<AnalyticsQuery>()
                .answers::<UserAnalytics>(StatusCode::OK)
                .or_as("text/csv")
                .or_as("text/html"),
            of_user,
        )
        .add(
            Operation::get("/api/analytics", "The meetings of the server, by week and type")
                .query::<AnalyticsQuery>()
                .answers::<Analytics>(StatusCode::OK)
                .or_as("text/csv")
                .or_as("text/html"),
            of_all,
        )
}

/// `GET /api/meetings/{id}/trends`.
async fn trends(
    State(api): State<Arc<Api>>,
    Bearer(caller): Bearer,
    Ids([id]): Ids<1>,
    Query(ask): Query<TrendsQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let series = seen(&api, &caller, id).await?;
    require(&api, &caller, series, Permission::ReportAggregate).await?;
    let row = api.door.store.meeting_row(series).await.map_err(unavailable)?;
    let row = row.filter(|row| row.recurrence.is_some()).ok_or_else(|| {
        let message =
            "this meeting does not repeat; ask for the trends of its series, or for its report";
        Problem(ErrorBody::new(Code::Conflict, message))
    })?;
    let (from, to) = between(ask.from, ask.to, clock::wall(), TRENDS_MS)?;
    // One that began before its time is planned for later than now.
    let before = ask.to.unwrap_or(Timestamp::LAST);
    let held = api.door.store.occurrences_held(series, from, before, OCCURRENCES_MAX + 1).await;
    let mut held = held.map_err(unavailable)?;
    let cut = held.len() > OCCURRENCES_MAX;
    held.truncate(OCCURRENCES_MAX);
    held.reverse();
    let meetings = held.iter().map(|it| it.meeting).collect();
    let digests = api.reports.digests(meetings).await.map_err(problem_of)?;
    let items = held.into_iter().zip(digests).map(|(held, digest)| {
        let HeldOccurrence { meeting, title, status, started_at } = held;
        TrendItem { meeting, title, status, started_at, digest }
    });
    let trends = Trends {
        meeting: series,
        title: row.info.title,
        time_zone: row.time_zone,
        from,
        to,
        items: items.collect(),
        cut,
    };
    formats::answer(trends, formats::wanted(ask.format, &headers)).await
}

/// `GET /api/users/{id}/analytics`: one's own, and administrators everyone's.
async fn of_user(
    State(api): State<Arc<Api>>,
    Bearer(caller): Bearer,
    id: Result<Ids<1>, Problem>,
    Query(ask): Query<AnalyticsQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    caller.whole()?;
    let none = || Problem(ErrorBody::new(Code::NotFound, "there is no such user, or not for you"));
    let Ok(Ids([id])) = id else { return Err(none()) };
    let user = UserId(id);
    if user != caller.user.id && !caller.admin {
        return Err(none());
    }
    let known = api.door.store.user_by_id(user).await.map_err(unavailable)?.ok_or_else(none)?;
    let (from, to) = weeks_between(&ask)?;
    let meetings = api.door.store.user_meetings(user, from, to).await.map_err(unavailable)?;
    let privacy = api.door.live.terms().privacy;
    let weeks = by_week(meetings, privacy, user == caller.user.id);
    let name = (!known.username.starts_with(ERASED_PREFIX)).then_some(known.name);
    let analytics = UserAnalytics { user, name, from, to, weeks };
    formats::answer(analytics, formats::wanted(ask.format, &headers)).await
}

/// `GET /api/analytics`: for administrators.
async fn of_all(
    State(api): State<Arc<Api>>,
    Bearer(caller): Bearer,
    Query(ask): Query<AnalyticsQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if !caller.admin {
        let message =
            "analytics of all meetings are for administrators; see `quorate token --admin`";
        return Err(Problem(ErrorBody::new(Code::Forbidden, message)));
    }
    caller.whole()?;
    let (from, to) = weeks_between(&ask)?;
    let (under, raters_min) = (api.reports.made_under(), api.raters_min);
    let weeks = api.door.store.weeks(from, to, under, raters_min).await.map_err(unavailable)?;
    let analytics = Analytics { from, to, weeks };
    formats::answer(analytics, formats::wanted(ask.format, &headers)).await
}

/// What someone's meetings add up to, week by week; what of talk and scores may be told of each.
fn by_week(meetings: Vec<UserMeeting>, server: Privacy, own: bool) -> Vec<UserWeek> {
    let mut weeks: BTreeMap<String, (UserWeek, Vec<f64>, Option<u64>)> = BTreeMap::new();
    for it in meetings {
        let privacy = server.and(it.privacy);
        let shown = own || privacy.names_in_reports;
        let (talk_ms, engagement) = told(privacy, own, it.excluded, it.talk_ms, it.engagement);
        let new = UserWeek { week: it.week.clone(), ..UserWeek::default() };
        let (week, scores, talk) = weeks.entry(it.week).or_insert((new, Vec::new(), None));
        week.meetings += 1;
        week.hosted += u32::from(it.hosted);
        week.present_seconds += it.present_seconds;
        scores.extend(engagement.filter(|_| shown).map(|it| it.score));
        if let Some(ms) = talk_ms.filter(|_| shown) {
            *talk = Some(talk.unwrap_or(0) + ms);
        }
    }
    let whole = |(week, scores, talk): (UserWeek, Vec<f64>, Option<u64>)| UserWeek {
        talk_seconds: talk.map(|ms| ms / 1000),
        engagement: (!scores.is_empty()).then(|| scores.iter().sum::<f64>() / scores.len() as f64),
        ..week
    };
    weeks.into_values().map(whole).collect()
}

fn weeks_between(ask: &AnalyticsQuery) -> Result<(Timestamp, Timestamp), Problem> {
    let (from, to) = between(ask.from, ask.to, clock::wall(), WEEKS_MS)?;
    if to.ms_since(from) > WEEKS_MS_MAX {
        let message = "must be at most two years after `from`; ask for the rest by itself";
        return Err(Problem(ErrorBody::new(Code::Invalid, message).field("to")));
    }
    Ok((from, to))
}

/// From when until when something is asked for that goes back so far where nothing is said.
fn between(
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    now: Timestamp,
    back_ms: i64,
) -> Result<(Timestamp, Timestamp), Problem> {
    let until = to.unwrap_or(now);
    let from = from.unwrap_or(until.plus_ms(-back_ms));
    if from < until {
        return Ok((from, until));
    }
    let (field, message) = match to {
        Some(_) => ("to", "must be after `from`"),
        None => ("from", "must be before now, where there is no `to`"),
    };
    Err(Problem(ErrorBody::new(Code::Invalid, message).field(field)))
}
