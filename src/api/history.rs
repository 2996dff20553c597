//! Looking back: a meeting as it stood, and everything that happened in one's meetings.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json as Reply;
use axum::extract::State;
use axum::http::StatusCode;
use quorate_protocol::{
    Code, ErrorBody, EventFeed, EventsQuery, FeedItem, MeetingId, Seq, StateQuery, StateThen,
    Timestamp,
};

use super::access::{Ids, seen};
use super::audit::{auditor_of_all, no_auditor, reader, unreadable};
use super::openapi::{Operation, Routes};
use super::problem::Problem;
use super::query::Query;
use super::{Api, Bearer, page};
use crate::identity::{Caller, Reach, unavailable};
use crate::meeting::event::SYSTEM;
use crate::meeting::{Reader, Sight, wire};
use crate::replay::{Moment, Sightings};
use crate::store::AuditRow;

/// Rows looked at for one answer of the feed at most.
const FEED_SCANNED_MAX: usize = 1000;
/// Events folded for one answer of the feed, beyond those of the first meeting in it: then it is shorter
/// than asked for, and the next goes on there.
const FEED_FOLDED_MAX: u64 = 20_000;

pub(super) fn routes() -> Routes<Arc<Api>> {
    Routes::new()
        .add(
            Operation::get("/api/meetings/{id}/state", "A meeting as it stood")
                .query::<StateQuery>()
                .answers::<StateThen>(StatusCode::OK),
            state,
        )
        .add(
            Operation::get("/api/events", "What happened in one's meetings, in order")
                .query::<EventsQuery>()
                .answers::<EventFeed>(StatusCode::OK),
            events,
        )
}

/// `GET /api/meetings/{id}/state`: as the caller saw it then; as staff, for who audits and was not there.
pub(super) async fn state(
    State(api): State<Arc<Api>>,
    Bearer(caller): Bearer,
    Ids([id]): Ids<1>,
    Query(ask): Query<StateQuery>,
) -> Result<Reply<StateThen>, Problem> {
    let meeting = seen(&api, &caller, id).await?;
    let moment = match (ask.seq, ask.at) {
        (Some(seq), None) => Moment::Seq(seq),
        (None, Some(at)) => Moment::At(at),
        _ => {
            let message = "ask either for a time, `at`, or for an event, `seq`";
            return Err(Problem(ErrorBody::new(Code::Invalid, message).field("at")));
        }
    };
    // First who asks: to everyone else, also what cannot be is only not for them.
    let unknown_before = api.door.store.imported_at(meeting).await.map_err(unavailable)?;
    let user = caller.user.id;
    let (reader, _) = reader(&api, &caller, meeting).await?;
    let then = api.replays.then(meeting, moment).await.map_err(unreadable)?;
    let seen = then.as_ref().and_then(|then| then.seen_by(user));
    let Some(then) = then else {
        return Err(match reader.auditor {
            Some(_) => out_of_reach(moment, unknown_before),
            None => no_auditor(),
        });
    };
    let state = match (seen, reader.auditor) {
        (Some(state), _) => state,
        (None, Some(auditor)) => then.audited_by(user, auditor),
        (None, None) => return Err(no_auditor()),
    };
    Ok(Reply(StateThen { at: then.at, unknown_before, state }))
}

fn out_of_reach(moment: Moment, unknown_before: Option<Timestamp>) -> Problem {
    let (field, message) = match (moment, unknown_before) {
        (Moment::At(_), Some(at)) => (
            "at",
            format!(
                "the meeting was taken over from the older application at {at}; what was \
                 before is not known"
            ),
        ),
        (Moment::At(_), None) => ("at", "the meeting was not made yet then".to_owned()),
        (Moment::Seq(_), _) => {
            ("seq", "must be an event of the meeting, from 1 to the last".to_owned())
        }
    };
    Problem(ErrorBody::new(Code::Invalid, message).field(field))
}

/// `GET /api/events`.
pub(super) async fn events(
    State(api): State<Arc<Api>>,
    Bearer(caller): Bearer,
    Query(ask): Query<EventsQuery>,
) -> Result<Reply<EventFeed>, Problem> {
    let limit = page::limit(ask.limit)? as usize;
    let after = page::after(&"events", ask.after.as_deref());
    let after: i64 = after.map_err(|Problem(error)| Problem(error.field("after")))?.unwrap_or(0);
    let meetings = meetings(&api, &caller).await?;
    // What one may not see is passed over: the more is read at once, the fewer are asked for next.
    let scan = (limit * 2).min(FEED_SCANNED_MAX);
    let (mut at, mut more, mut scanned) = (after, true, 0);
    let mut feed = Feed { api: &api, caller: &caller, readers: HashMap::new(), folded: 0 };
    let mut items = Vec::new();
    'reading: while items.len() < limit && scanned < FEED_SCANNED_MAX && more {
        let rows = api.door.store.rows_after(at, meetings.clone(), scan).await;
        let rows = rows.map_err(unavailable)?;
        (more, scanned) = (rows.len() == scan, scanned + rows.len());
        for row in rows {
            if items.len() == limit || !feed.affords(&row).await? {
                more = true;
                break 'reading;
            }
            at = row.id;
            items.extend(feed.item(&row));
        }
    }
    Ok(Reply(EventFeed { items, next: page::cursor(&"events", &at), more }))
}

/// Whose journals are read; none: all.
async fn meetings(api: &Api, caller: &Caller) -> Result<Option<Vec<MeetingId>>, Problem> {
    let store = &api.door.store;
    let theirs = match &caller.reach {
        Reach::All if auditor_of_all(caller).is_some() => return Ok(None),
        Reach::All => store.meetings_of(caller.user.id, caller.email.as_deref()).await,
        Reach::These(meetings) => return Ok(Some(meetings.clone())),
        Reach::HostedBy(owner) => store.meetings_of(*owner, None).await,
    };
    let mut theirs = theirs.map_err(unavailable)?;
    if let Reach::HostedBy(_) = caller.reach {
        let mut hosted = Vec::new();
        for meeting in theirs {
            if api.door.reaches(&caller.reach, meeting).await? {
                hosted.push(meeting);
            }
        }
        theirs = hosted;
    }
    Ok(Some(theirs))
}

/// One answer of the feed in the making.
struct Feed<'a> {
    api: &'a Api,
    caller: &'a Caller,
    readers: HashMap<MeetingId, (Reader, Option<Sightings>)>,
    /// Events folded so far.
    folded: u64,
}

impl Feed<'_> {
    /// Whether this row's meeting may still be folded for this answer.
    async fn affords(&mut self, row: &AuditRow) -> Result<bool, Problem> {
        let user = self.caller.user.id;
        if self.knows(row) {
            return Ok(true);
        }
        let cost = self.api.replays.cost(row.meeting, user).await.map_err(unreadable)?;
        if self.folded > 0 && self.folded + cost > FEED_FOLDED_MAX {
            return Ok(false);
        }
        self.folded += cost;
        let (meeting, reader) = (row.meeting, reader(self.api, self.caller, row.meeting).await?);
        self.readers.insert(meeting, reader);
        Ok(true)
    }

    /// Whether what its reader saw is known up to this row.
    fn knows(&self, row: &AuditRow) -> bool {
        let reader = self.readers.get(&row.meeting);
        reader.is_some_and(|(_, sightings)| {
            sightings.as_ref().is_none_or(|it| it.head >= row.event.seq)
        })
    }

    fn item(&self, row: &AuditRow) -> Option<FeedItem> {
        let (reader, sightings) = self.readers.get(&row.meeting)?;
        let view = sightings.as_ref().and_then(|it| it.at(row.event.seq));
        item(row, reader.sight(&row.event, view))
    }
}

/// An event as it goes out; none where it is not for the reader, or for the audit alone.
fn item(row: &AuditRow, sight: Sight) -> Option<FeedItem> {
    let mut event = row.event.clone();
    match sight {
        Sight::Nothing | Sight::Happened => return None,
        Sight::Structure => event.personal = None,
        Sight::Whole => {}
    }
    let body = wire::event(&event)?.body;
    let seq: Seq = event.seq;
    Some(FeedItem {
        meeting: row.meeting,
        seq,
        at: event.at,
        by: Some(event.user).filter(|user| *user != SYSTEM),
        r#type: body.kind().to_owned(),
        data: serde_json::to_value(body.data()).unwrap_or_default(),
    })
}
