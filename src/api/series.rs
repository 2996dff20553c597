//! Series: their occurrences, and changing one of them, it and those that follow, or all.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json as Reply;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use quorate_protocol::{
    Code, Command, Empty, ErrorBody, List, Meeting, MeetingId, MeetingStatus, MeetingUpdate,
    OccurrenceInfo, OccurrencesQuery, PatchMeeting, Scope, ScopeQuery, Timestamp,
};

use super::access::{Ids, no_meeting, seen};
use super::acting::{Acting, Asked, no_such};
use super::body::Json;
use super::meeting_changes::{answer, call_off, in_settings, patch, split_commands};
use super::openapi::{Operation, Routes};
use super::problem::Problem;
use super::query::Query;
use super::{Api, Bearer, page};
use crate::identity::unavailable;
use crate::live::clock;
use crate::meeting::Refusal;
use crate::schedule::{Series, Times};
use crate::store::StoredMeeting;

/// How far occurrences are listed where a request does not say, in milliseconds: 90 days.
const LISTED_MS: i64 = 90 * 24 * 3_600_000;

pub(super) fn routes() -> Routes<Arc<Api>> {
    let one = "/api/meetings/{id}/occurrences/{original_start}";
    Routes::new()
        .add(
            Operation::get("/api/meetings/{id}/occurrences", "The occurrences of a series")
                .query::<OccurrencesQuery>()
                .answers::<List<OccurrenceInfo>>(StatusCode::OK),
            list,
        )
        .add(
            Operation::patch(one, "Change an occurrence, be it a meeting yet or not")
                .query::<ScopeQuery>()
                .conditional()
                .body::<PatchMeeting>()
                .answers::<Meeting>(StatusCode::OK),
            change_one,
        )
        .add(
            Operation::delete(one, "Call an occurrence off")
                .query::<ScopeQuery>()
                .conditional()
                .answers::<Meeting>(StatusCode::OK),
            cancel_one,
        )
}

/// What of a series a change is of: an occurrence, and how much besides.
pub(super) struct Target {
    series: MeetingId,
    original_start: Timestamp,
    scope: Scope,
}

/// What of a series a change to this meeting is of; none where it is of the meeting alone.
///
/// # Errors
/// `invalid` where the meeting is no occurrence of a series.
pub(super) async fn target(
    acting: &mut Acting,
    scope: Option<Scope>,
) -> Result<Option<Target>, Problem> {
    let Some(scope) = scope.filter(|scope| *scope != Scope::This) else { return Ok(None) };
    let row = row(&acting.api, acting.meeting).await?;
    match (row.parent, row.original_start) {
        (Some(series), Some(original_start)) => {
            acting.unchanged(row.revision)?;
            // Whoever has to do with an occurrence need not have to do with its series.
            let series = seen(&acting.api, &acting.caller, series.0).await?;
            acting.revisions = None;
            Ok(Some(Target { series, original_start, scope }))
        }
        _ if row.recurrence.is_some() && scope == Scope::All => Ok(None),
        _ => {
            let message = "this meeting is no occurrence of a series; leave `scope` away";
            Err(Problem(ErrorBody::new(Code::Invalid, message).field("scope")))
        }
    }
}

/// Changes what the target names, and answers the meeting or the series that was changed.
pub(super) async fn change(
    acting: Acting,
    target: Target,
    body: &PatchMeeting,
) -> Result<Response, Problem> {
    let Target { series, original_start, scope } = target;
    match scope {
        Scope::This => {
            let may = Command::MeetingUpdate(MeetingUpdate::default());
            patch(&occurrence(acting, series, original_start, may).await?, body).await
        }
        Scope::Following if !begins_with(&acting, series, original_start).await? => {
            let acting = acting.at(series);
            let commands = split_commands(&acting, body).await?;
            let into = split(&acting, series, original_start, commands).await?;
            answer(&acting.elsewhere(into.ok_or_else(no_meeting)?)).await
        }
        Scope::Following | Scope::All => {
            let mut acting = acting.at(series);
            acting.of = Some(original_start);
            patch(&acting, body).await
        }
    }
}

/// Calls off what the target names, and answers the meeting or the series.
pub(super) async fn cancel(acting: Acting, target: Target) -> Result<Response, Problem> {
    let Target { series, original_start, scope } = target;
    match scope {
        Scope::This => {
            let may = Command::MeetingCancel(Empty {});
            call_off(&occurrence(acting, series, original_start, may).await?).await
        }
        Scope::Following if !begins_with(&acting, series, original_start).await? => {
            let cancel = vec![Command::MeetingCancel(Empty {})];
            split(&acting, series, original_start, cancel).await?;
            answer(&acting.at(series)).await
        }
        Scope::Following | Scope::All => call_off(&acting.at(series)).await,
    }
}

/// The same person acting in the meeting that the occurrence is. It becomes one only by who may do that with the
/// series: else whoever sees that could make meetings of it.
async fn occurrence(
    acting: Acting,
    series: MeetingId,
    original_start: Timestamp,
    may: Command,
) -> Result<Acting, Problem> {
    let (store, after) = (&acting.api.door.store, original_start.plus_ms(1));
    let made = store.occurrences_made(series, original_start, after, 1).await;
    if let Some(id) = made.map_err(unavailable)?.pop().and_then(|occurrence| occurrence.id) {
        return Ok(acting.at(id));
    }
    // What is no meeting yet has no revision.
    let has_seen_one = acting.revisions.is_some();
    let acting = acting.elsewhere(series);
    acting.would(may).await.map_err(Problem)?;
    if has_seen_one {
        return Err(Problem(ErrorBody::from(&Refusal::Outdated)));
    }
    let made = acting.api.door.live.occurrence(series, original_start).await?;
    Ok(acting.at(made))
}

/// Whether the occurrence is the first of its series: then what follows is all of it. Refuses where the request
/// was meant of another revision of the series.
async fn begins_with(acting: &Acting, series: MeetingId, at: Timestamp) -> Result<bool, Problem> {
    let row = row(&acting.api, series).await?;
    acting.unchanged(row.revision)?;
    Ok(row.info.starts_at == Some(at))
}

async fn split(
    acting: &Acting,
    series: MeetingId,
    at: Timestamp,
    commands: Vec<Command>,
) -> Result<Option<MeetingId>, Problem> {
    let asked = Asked { commands, ..Asked::default() };
    let split = acting.api.door.live.split(series, at, acting.who(asked)).await;
    Ok(split.map_err(in_settings)?.into)
}

/// `PATCH /api/meetings/{id}/occurrences/{original_start}`.
async fn change_one(
    acting: Acting,
    Query(ScopeQuery { scope }): Query<ScopeQuery>,
    Json(body): Json<PatchMeeting>,
) -> Result<Response, Problem> {
    let target = named(&acting, scope).await?;
    change(acting, target, &body).await
}

/// `DELETE /api/meetings/{id}/occurrences/{original_start}`.
async fn cancel_one(
    acting: Acting,
    Query(ScopeQuery { scope }): Query<ScopeQuery>,
) -> Result<Response, Problem> {
    let target = named(&acting, scope).await?;
    cancel(acting, target).await
}

/// The occurrence that the path names. Also who names it to change all of its series names one that is there.
async fn named(acting: &Acting, scope: Option<Scope>) -> Result<Target, Problem> {
    let none = || no_such("occurrence");
    let (api, series) = (&acting.api, acting.meeting);
    let original_start: Timestamp = acting.text("original_start").parse().map_err(|_| none())?;
    let after = original_start.plus_ms(1);
    let rule = series_of(&row(api, series).await?).ok_or_else(none)?;
    if rule.occurrences(original_start, after, 1).is_empty() {
        let made = api.door.store.occurrences_made(series, original_start, after, 1).await;
        made.map_err(unavailable)?.pop().ok_or_else(none)?;
    }
    Ok(Target { series, original_start, scope: scope.unwrap_or_default() })
}

/// `GET /api/meetings/{id}/occurrences`.
async fn list(
    State(api): State<Arc<Api>>,
    Bearer(caller): Bearer,
    Ids([id]): Ids<1>,
    Query(query): Query<OccurrencesQuery>,
) -> Result<Reply<List<OccurrenceInfo>>, Problem> {
    let id = seen(&api, &caller, id).await?;
    let limit = page::limit(query.limit)?;
    let row = row(&api, id).await?;
    let Some(series) = series_of(&row) else {
        let message = "this meeting does not repeat; it has no occurrences";
        return Err(Problem(ErrorBody::new(Code::Conflict, message)));
    };
    let list = ("occurrences", id, query.from, query.to);
    let after: Option<Timestamp> = page::after(&list, query.cursor.as_deref())?;
    let from = query.from.unwrap_or_else(clock::wall);
    let to = query.to.unwrap_or_else(|| from.plus_ms(LISTED_MS));
    if to <= from {
        return Err(Problem(ErrorBody::new(Code::Invalid, "must be after `from`").field("to")));
    }
    let from = after.map_or(from, |after| after.plus_ms(1));
    let more = limit as usize + 1;
    let made = api.door.store.occurrences_made(id, from, to, more).await.map_err(unavailable)?;
    let made = made.into_iter().map(|occurrence| (occurrence.original_start, occurrence));
    let mut found: BTreeMap<Timestamp, OccurrenceInfo> = made.collect();
    if row.info.status != MeetingStatus::Cancelled {
        for occurrence in series.occurrences(from, to, more) {
            found.entry(occurrence.starts_at).or_insert_with(|| OccurrenceInfo {
                id: None,
                original_start: occurrence.starts_at,
                starts_at: Some(occurrence.starts_at),
                ends_at: occurrence.ends_at,
                title: row.info.title.clone(),
                status: MeetingStatus::Scheduled,
            });
        }
    }
    let has_more = found.len() > limit as usize;
    let items: Vec<_> = found.into_values().take(limit as usize).collect();
    let last = items.last().filter(|_| has_more);
    let next = last.map(|last| page::cursor(&list, &last.original_start));
    Ok(Reply(List { items, next }))
}

/// The rule of a meeting that repeats.
pub(super) fn series_of(row: &StoredMeeting) -> Option<Series> {
    let recurrence = serde_json::from_value(row.recurrence.clone()?).ok()?;
    let times = Times {
        starts_at: row.info.starts_at?,
        ends_at: row.info.ends_at,
        time_zone: row.time_zone.as_deref()?,
    };
    Series::new(&recurrence, times).ok()
}

async fn row(api: &Api, id: MeetingId) -> Result<StoredMeeting, Problem> {
    api.door.store.meeting_row(id).await.map_err(unavailable)?.ok_or_else(no_meeting)
}
