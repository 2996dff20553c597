//! Calendar files: of a meeting, and a private feed of one's meetings.
//!
//! The address of a feed is a secret, for calendars show no token. Whoever has it reads when one's meetings are,
//! and nothing else; `POST /api/me/calendar-url` makes a new one, and the old one ends.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use quorate_protocol::{Code, ErrorBody, MeetingId, MeetingStatus, MeetingType};

use super::access::{Ids, no_meeting, seen};
use super::links::Base;
use super::openapi::{Operation, Routes};
use super::problem::Problem;
use super::series::series_of;
use super::{Api, Bearer};
use crate::identity::unavailable;
use crate::live::clock;
use crate::schedule::Series;
use crate::schedule::calendar::{Calendar, Change, Details, Event, Person, Status, When, write};
use crate::store::{ChangedOccurrence, MeetingFilter, StoredMeeting, Whose};

/// How far back a feed goes, in milliseconds: 90 days. A series is in it as a whole.
const BACK_MS: i64 = 90 * 24 * 3_600_000;
/// Meetings of a feed at most, and as many series: the latest.
const FEED_MAX: usize = 1000;
/// Meetings read at once.
const PAGE: u32 = 200;

pub(super) fn routes() -> Routes<Arc<Api>> {
    let (format, ok) = ("text/calendar", StatusCode::OK);
    Routes::new()
        .add(
            Operation::get("/api/meetings/{id}/calendar.ics", "A meeting as a calendar file")
                .answers_as::<String>(ok, format),
            of_meeting,
        )
        .add(
            Operation::get("/api/calendar/{feed}", "One's meetings, by one's secret `….ics`")
                .open()
                .answers_as::<String>(ok, format),
            feed,
        )
}

/// A meeting with what a calendar shows of it besides its row.
struct Shown {
    row: StoredMeeting,
    series: Option<(Series, Vec<ChangedOccurrence>)>,
    url: String,
}

/// `GET /api/meetings/{id}/calendar.ics`.
async fn of_meeting(
    State(api): State<Arc<Api>>,
    Bearer(caller): Bearer,
    Ids([id]): Ids<1>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let id = seen(&api, &caller, id).await?;
    let whose = super::access::meetings_of(&caller);
    let row = api.door.store.shown_meeting(id, whose).await.map_err(unavailable)?;
    let row = row.ok_or_else(no_meeting)?;
    let shown = shown(&api, row, &api.links.of(&headers)).await?;
    let name = format!("attachment; filename=\"meeting-{id}.ics\"");
    Ok(([(header::CONTENT_DISPOSITION, name)], file(&api, None, &[shown])?).into_response())
}

/// `GET /api/calendar/{secret}.ics`.
async fn feed(
    State(api): State<Arc<Api>>,
    feed: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let none = || {
        let message = "there is no calendar at this address; see `calendar_url` in /api/me";
        Problem(ErrorBody::new(Code::NotFound, message))
    };
    let Path(feed) = feed.map_err(|_| none())?;
    let secret = feed.strip_suffix(".ics").ok_or_else(none)?;
    let user = api.door.identity.calendar_user(secret).await?.ok_or_else(none)?;
    let user = api.door.store.user_by_id(user).await.map_err(unavailable)?.ok_or_else(none)?;
    let whose = Whose::Of(user.id, user.email);
    let recurring =
        MeetingFilter { kind: Some(MeetingType::Recurring), ..MeetingFilter::default() };
    let series = listed(&api, &whose, recurring).await?;
    let known: BTreeSet<MeetingId> = series.iter().map(|row| row.info.id).collect();
    let from = Some(clock::wall().plus_ms(-BACK_MS));
    let single = listed(&api, &whose, MeetingFilter { from, ..MeetingFilter::default() }).await?;
    // An occurrence whose series is there is in that.
    let single = single.into_iter().filter(|row| {
        row.info.r#type != MeetingType::Recurring
            && row.parent.is_none_or(|series| !known.contains(&series))
    });
    let base = api.links.of(&headers);
    let mut meetings = Vec::new();
    for row in series.into_iter().chain(single) {
        meetings.push(shown(&api, row, &base).await?);
    }
    Ok(file(&api, Some("Quorate"), &meetings)?.into_response())
}

async fn listed(
    api: &Api,
    whose: &Whose,
    filter: MeetingFilter,
) -> Result<Vec<StoredMeeting>, Problem> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = api.door.store.list_meetings(whose.clone(), filter.clone(), after, PAGE);
        let (page, next) = page.await.map_err(unavailable)?;
        all.extend(page);
        after = next;
        if after.is_none() || all.len() >= FEED_MAX {
            all.truncate(FEED_MAX);
            return Ok(all);
        }
    }
}

async fn shown(api: &Api, row: StoredMeeting, base: &Base) -> Result<Shown, Problem> {
    let series = match series_of(&row) {
        Some(series) => {
            let changed = api.door.store.changed_occurrences(row.info.id).await;
            Some((series, changed.map_err(unavailable)?))
        }
        None => None,
    };
    Ok(Shown { url: base.join(&row.info.code), row, series })
}

/// The file of these meetings.
fn file(api: &Api, feed: Option<&str>, meetings: &[Shown]) -> Result<impl IntoResponse, Problem> {
    let host = api.links.host();
    let calendar = Calendar { host: host.as_deref().unwrap_or("quorate"), feed };
    let events: Vec<_> = meetings.iter().filter_map(event).collect();
    let text = write(&calendar, &events).map_err(|invalid| {
        Problem(ErrorBody::new(Code::Conflict, invalid.to_string()).field(invalid.field()))
    })?;
    Ok(([(header::CONTENT_TYPE, "text/calendar; charset=utf-8")], text))
}

/// The meeting in the calendar; none where it is at no time.
fn event(shown: &Shown) -> Option<Event<'_>> {
    let row = &shown.row;
    let when = match &shown.series {
        Some((series, changed)) => {
            When::Series { series, changes: changed.iter().map(|it| change(it, row)).collect() }
        }
        None => When::Once {
            starts_at: row.info.starts_at?,
            ends_at: row.info.ends_at,
            time_zone: row.time_zone.as_deref(),
        },
    };
    Some(Event {
        id: row.info.id,
        when,
        details: Details {
            title: &row.info.title,
            description: row.info.description.as_deref(),
            status: status(row.info.status),
            sequence: row.calendar_sequence,
            updated_at: row.updated_at,
        },
        url: Some(&shown.url),
        host: Some(Person { name: &row.info.host.name, email: None }),
        attendees: Vec::new(),
    })
}

fn change<'a>(occurrence: &'a ChangedOccurrence, series: &'a StoredMeeting) -> Change<'a> {
    Change {
        original_start: occurrence.original_start,
        starts_at: occurrence.starts_at,
        ends_at: occurrence.ends_at,
        details: Details {
            title: &occurrence.title,
            description: occurrence.description.as_deref(),
            status: status(occurrence.status),
            sequence: occurrence.sequence.max(series.calendar_sequence),
            updated_at: occurrence.updated_at,
        },
    }
}

fn status(status: MeetingStatus) -> Status {
    match status {
        MeetingStatus::Cancelled => Status::Cancelled,
        MeetingStatus::Scheduled | MeetingStatus::InProgress | MeetingStatus::Completed => {
            Status::Confirmed
        }
    }
}
