//! The audit of a meeting: who did what when, whether nothing was altered, and what someone did anywhere.

use std::sync::Arc;

use axum::Json as Reply;
use axum::extract::State;
use axum::http::StatusCode;
use quorate_protocol::{
    ActivityItem, ActivityQuery, AuditItem, AuditQuery, AuditVerdict, BadRow, Code, ErrorBody,
    List, MeetingId, Permission, Seq, UserId,
};
use serde_json::Value;

use super::access::{Ids, seen};
use super::openapi::{Operation, Routes};
use super::problem::Problem;
use super::query::Query;
use super::{Api, Bearer, page};
use crate::identity::{Caller, Reach, unavailable};
use crate::live::clock;
use crate::meeting::{Auditor, Reader, Sight};
use crate::replay::{ReplayError, Sightings};
use crate::store::audit::{Checked, check_meeting};
use crate::store::{AuditFilter, AuditRow};

/// Rows looked at for a page at most; beyond, it is shorter than asked for, and the next goes on there.
const SCANNED_MAX: u64 = 20_000;

pub(super) fn routes() -> Routes<Arc<Api>> {
    Routes::new()
        .add(
            Operation::get("/api/meetings/{id}/audit", "Who did what when in a meeting")
                .query::<AuditQuery>()
                .answers::<List<AuditItem>>(StatusCode::OK),
            list,
        )
        .add(
            Operation::get(
                "/api/meetings/{id}/audit/verify",
                "Whether a meeting's journal is as it was written",
            )
            .answers::<AuditVerdict>(StatusCode::OK),
            verify,
        )
        .add(
            Operation::get("/api/users/{id}/activity", "What a user did, in all meetings")
                .query::<ActivityQuery>()
                .answers::<List<ActivityItem>>(StatusCode::OK),
            activity,
        )
}

/// An id in a path, if it is one.
pub(super) type Id = Result<Ids<1>, Problem>;

/// By what right someone audits all meetings, as far as their credential is good for it.
pub(super) fn auditor_of_all(caller: &Caller) -> Option<Auditor> {
    Auditor::admin().within(caller.scopes).filter(|_| caller.admin)
}

/// `GET /api/meetings/{id}/audit`: all of it for who audits, what one did oneself for everyone else.
pub(super) async fn list(
    State(api): State<Arc<Api>>,
    Bearer(caller): Bearer,
    Ids([id]): Ids<1>,
    Query(ask): Query<AuditQuery>,
) -> Result<Reply<List<AuditItem>>, Problem> {
    let meeting = seen(&api, &caller, id).await?;
    let limit = page::limit(ask.limit)? as usize;
    let cursor = ask.cursor.clone();
    let list = ("audit", meeting, AuditQuery { limit: None, cursor: None, ..ask.clone() });
    let after: Option<Seq> = page::after(&list, cursor.as_deref())?;
    let (reader, sightings) = reader(&api, &caller, meeting).await?;
    let user = match (&reader.auditor, ask.user) {
        (None, Some(user)) if user != caller.user.id => return Err(no_auditor()),
        (None, _) => Some(caller.user.id),
        (Some(_), user) => user,
    };
    let filter = AuditFilter { action: ask.action, user };
    // Times never fall, so that what is asked for is one stretch of the journal.
    let head = match ask.to {
        Some(to) => api.door.store.seq_at(meeting, to.plus_ms(-1)).await.map_err(unavailable)?,
        None => {
            let head = api.door.store.journal_head(meeting).await.map_err(unavailable)?;
            head.map_or(Seq(0), |(seq, _)| seq)
        }
    };
    let from = match ask.from {
        Some(from) => {
            api.door.store.seq_at(meeting, from.plus_ms(-1)).await.map_err(unavailable)?
        }
        None => Seq(0),
    };
    let mut at = from.max(after.unwrap_or(Seq(0)));
    let end = Seq(at.0.saturating_add(SCANNED_MAX)).min(head);
    let mut items = Vec::new();
    while items.len() < limit && at < end {
        let wanted = limit - items.len();
        let rows = api.door.store.audit_slice(meeting, (at, end), filter.clone(), wanted).await;
        let rows = rows.map_err(unavailable)?;
        at = if rows.len() < wanted { end } else { rows.last().map_or(end, |row| row.event.seq) };
        for row in rows {
            let view = sightings.as_ref().and_then(|it| it.at(row.event.seq));
            items.extend(shown(&row, reader.sight(&row.event, view), filter.user.is_some()));
        }
    }
    let next = (at < head).then(|| page::cursor(&list, &at));
    Ok(Reply(List { items, next }))
}

/// `GET /api/meetings/{id}/audit/verify`.
pub(super) async fn verify(
    State(api): State<Arc<Api>>,
    Bearer(caller): Bearer,
    Ids([id]): Ids<1>,
) -> Result<Reply<AuditVerdict>, Problem> {
    let meeting = seen(&api, &caller, id).await?;
    let (reader, _) = reader(&api, &caller, meeting).await?;
    if reader.auditor.is_none() {
        return Err(no_auditor());
    }
    let _turn = api.verifying.acquire().await;
    let path = api.door.store.path().to_owned();
    let checked = tokio::task::spawn_blocking(move || check_meeting(&path, meeting)).await;
    let Ok(Ok(Checked { rows, head, flaw })) = checked else {
        tracing::error!(%meeting, ?checked, "failed to verify a journal");
        let message = "the journal cannot be read; try again in a moment";
        return Err(Problem(ErrorBody::new(Code::Unavailable, message)));
    };
    let first_bad = flaw.map(|flaw| BadRow { seq: flaw.seq, why: flaw.why.to_string() });
    let head = (rows > 0).then(|| hex(&head));
    Ok(Reply(AuditVerdict { ok: first_bad.is_none(), rows, head, first_bad }))
}

/// `GET /api/users/{id}/activity`: one's own, and anyone's for admins.
pub(super) async fn activity(
    State(api): State<Arc<Api>>,
    Bearer(caller): Bearer,
    id: Id,
    Query(ask): Query<ActivityQuery>,
) -> Result<Reply<List<ActivityItem>>, Problem> {
    let user = id.ok().map(|Ids([id])| UserId(id)).filter(|id| id.0 > 0);
    let auditor = auditor_of_all(&caller);
    let may_see = |user: &UserId| auditor.is_some() || *user == caller.user.id;
    let user = user.filter(may_see).ok_or_else(no_user)?;
    if caller.reach != Reach::All {
        return Err(no_user());
    }
    if api.door.store.user_by_id(user).await.map_err(unavailable)?.is_none() {
        return Err(no_user());
    }
    let limit = page::limit(ask.limit)? as usize;
    let cursor = ask.cursor.clone();
    let list = ("activity", user, ActivityQuery { limit: None, cursor: None, ..ask.clone() });
    let mut before = page::after(&list, cursor.as_deref())?.unwrap_or(i64::MAX);
    let reader = Reader { user: caller.user.id, auditor };
    let wanted = |row: &&AuditRow| {
        let at = row.event.at;
        ask.from.is_none_or(|from| from <= at)
            && ask.to.is_none_or(|to| at < to)
            && ask.action.as_ref().is_none_or(|action| row.event.fact.to_row().0 == *action)
    };
    let (mut items, mut scanned, mut over) = (Vec::new(), 0, false);
    while items.len() < limit && scanned < SCANNED_MAX && !over {
        let rows = api.door.store.rows_of_user(user, before, limit.max(100)).await;
        let rows = rows.map_err(unavailable)?;
        scanned += rows.len() as u64;
        over = rows.len() < limit.max(100);
        for row in &rows {
            if items.len() == limit {
                over = false;
                break;
            }
            before = row.id;
            if Some(&row).filter(|row| wanted(row)).is_some() {
                // What was for others, an admin reads nothing of here: who did what when.
                let item = shown(row, reader.sight(&row.event, None).min(own(&caller, user)), true);
                items.extend(item.map(|item| ActivityItem { meeting: row.meeting, row: item }));
            }
        }
    }
    let next = (!over).then(|| page::cursor(&list, &before));
    Ok(Reply(List { items, next }))
}

/// How much of what someone did is shown at most: to others, the structure alone.
fn own(caller: &Caller, user: UserId) -> Sight {
    if caller.user.id == user { Sight::Whole } else { Sight::Structure }
}

/// The caller as a reader of a meeting's journal, and what they saw of it.
pub(super) async fn reader(
    api: &Api,
    caller: &Caller,
    meeting: MeetingId,
) -> Result<(Reader, Option<Sightings>), Problem> {
    let user = caller.user.id;
    let admin = auditor_of_all(caller);
    let place = api.door.store.is_participant(meeting, user).await.map_err(unavailable)?;
    if admin.is_some() && !place {
        return Ok((Reader { user, auditor: admin }, None));
    }
    let sightings = api.replays.sightings(meeting, &caller.actor(), clock::wall()).await;
    let sightings = sightings.map_err(unreadable)?;
    Ok((Reader { user, auditor: admin.or(sightings.auditor) }, Some(sightings)))
}

/// A row as someone may read it. Where rows are chosen by who did it, one of which that is not theirs to
/// know is not among them.
fn shown(row: &AuditRow, sight: Sight, by_user: bool) -> Option<AuditItem> {
    let event = &row.event;
    let (action, details) = event.fact.to_row();
    let known = sight >= Sight::Structure;
    if sight == Sight::Nothing || (by_user && !known) {
        return None;
    }
    let personal = event.personal.as_ref().filter(|_| sight == Sight::Whole);
    let personal = personal.and_then(|personal| serde_json::to_value(personal).ok());
    Some(AuditItem {
        seq: event.seq,
        at: event.at,
        user: known.then_some(event.user),
        participant: event.by.filter(|_| known),
        action,
        details: match known {
            true => serde_json::from_str(&details).unwrap_or(Value::Null),
            false => Value::Null,
        },
        personal: personal.filter(|personal| personal.as_object().is_some_and(|it| !it.is_empty())),
        via: event.as_admin.then(|| "admin".to_owned()),
        hash: hex(&row.hash),
    })
}

fn hex(hash: &[u8; 32]) -> String {
    blake3::Hash::from_bytes(*hash).to_hex().to_string()
}

pub(super) fn unreadable(error: ReplayError) -> Problem {
    tracing::error!(%error, "failed to look back");
    let message = "the journal cannot be read; try again in a moment";
    Problem(ErrorBody::new(Code::Unavailable, message))
}

pub(super) fn no_user() -> Problem {
    Problem(ErrorBody::new(Code::NotFound, "there is no such user, or not for you"))
}

pub(super) fn no_auditor() -> Problem {
    let message = "that is for those who have `audit.view` in this meeting; ask its host";
    let permission = Some(Permission::AuditView);
    Problem(ErrorBody { permission, ..ErrorBody::new(Code::Forbidden, message) })
}
