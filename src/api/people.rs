//! The people of a meeting: participants, co-hosts, who waits, who is invited, who is banned.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json as Reply;
use axum::extract::State;
use axum::http::StatusCode;
use quorate_protocol::{
    Attributes, BanEntry, CoHost, Code, ConnectionQuality, ErrorBody, Invitation, List, Media,
    MeetingId, MeetingParticipant, PageQuery, Participant, ParticipantId, ParticipantQuery,
    ParticipantStatus, Permission, Presence, QUALITY_SHOWN_TO_ALL_BELOW, QualityLevel, Timestamp,
    UserId, WaitingRoom,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::access::{Ids, is_staff, may, require, seen};
use super::feedback::sees_each;
use super::openapi::{Operation, Routes};
use super::problem::Problem;
use super::query::Query;
use super::scores::{Scores, Shown};
use super::{Api, Bearer, page, scores};
use crate::identity::{Caller, unavailable};
use crate::live::clock;
use crate::meeting::feedback::is_told_by_name;
use crate::meeting::quality::level_alone;
use crate::meeting::{Meeting, Person};
use crate::store::{PersonFilter, StoredPerson};

pub(super) fn routes() -> Routes<Arc<Api>> {
    let list = |path, summary| Operation::get(path, summary).query::<PageQuery>();
    Routes::new()
        .add(
            Operation::get("/api/meetings/{id}/participants", "Who has or had a place in it")
                .query::<ParticipantQuery>()
                .answers::<List<MeetingParticipant>>(StatusCode::OK),
            participants,
        )
        .add(
            Operation::get("/api/meetings/{id}/participants/{participant_id}", "A participant")
                .answers::<MeetingParticipant>(StatusCode::OK),
            participant,
        )
        .add(
            list("/api/meetings/{id}/co-hosts", "Co-hosts, in the order of their appointment")
                .answers::<List<CoHost>>(StatusCode::OK),
            co_hosts,
        )
        .add(
            Operation::get("/api/meetings/{id}/waiting-room", "Who waits, in order of arrival")
                .answers::<WaitingRoom>(StatusCode::OK),
            waiting_room,
        )
        .add(
            list("/api/meetings/{id}/invitees", "Who is invited")
                .answers::<List<Invitation>>(StatusCode::OK),
            invitees,
        )
        .add(
            list("/api/meetings/{id}/bans", "Who is banned, and why")
                .answers::<List<BanEntry>>(StatusCode::OK),
            bans,
        )
}

/// `GET /api/meetings/{id}/participants`.
async fn participants(
    State(api): State<Arc<Api>>,
    Bearer(caller): Bearer,
    Ids([id]): Ids<1>,
    Query(query): Query<ParticipantQuery>,
) -> Result<Reply<List<MeetingParticipant>>, Problem> {
    let meeting = seen(&api, &caller, id).await?;
    require(&api, &caller, meeting, Permission::ParticipantList).await?;
    let viewer = Viewer::of(&api, &caller, meeting).await?;
    let ParticipantQuery { role, status, kind, quality, limit, cursor } = query;
    let limit = page::limit(limit)?;
    let list = ("participants", meeting, role, status, kind, quality);
    let after = page::after(&list, cursor.as_deref())?.unwrap_or(ParticipantId(0));
    // Of others who left, only staff may know it.
    let stored = quality.filter(|_| viewer.staff);
    let filter = PersonFilter { role, status, kind, quality: stored, been_in: !viewer.admits };
    let found = api.door.store.participants(meeting, filter, clock::wall(), after, limit);
    let (found, next) = found.await.map_err(unavailable)?;
    let found = feedback_shown(&api, &caller, meeting, found).await?;
    let mut items = with_presence(&api, &caller, meeting, found, viewer).await?;
    // Whether someone who is in is lost, and how good their connection is now, the table does not say.
    let level =
        |item: &MeetingParticipant| item.quality.map_or(QualityLevel::Unknown, |it| it.level);
    items.retain(|item| {
        status.is_none_or(|status| status == item.status)
            && quality.is_none_or(|quality| quality == level(item))
    });
    Ok(Reply(List { items, next: next.map(|next| page::cursor(&list, &next)) }))
}

/// `GET /api/meetings/{id}/participants/{participant_id}`. One's own place one sees always.
async fn participant(
    State(api): State<Arc<Api>>,
    Bearer(caller): Bearer,
    Ids([id, participant]): Ids<2>,
) -> Result<Reply<MeetingParticipant>, Problem> {
    let meeting = seen(&api, &caller, id).await?;
    let found = api.door.store.participant(meeting, ParticipantId(participant), clock::wall());
    let found = found.await.map_err(unavailable)?;
    let own = found.as_ref().is_some_and(|it| it.user == caller.user.id);
    if !own {
        require(&api, &caller, meeting, Permission::ParticipantList).await?;
    }
    let mut viewer = Viewer::of(&api, &caller, meeting).await?;
    viewer.admits |= own;
    let shown = found.filter(|it| viewer.admits || it.first_joined_at.is_some());
    let shown = feedback_shown(&api, &caller, meeting, shown.into_iter().collect()).await?;
    let item = with_presence(&api, &caller, meeting, shown, viewer).await?;
    item.into_iter().next().map(Reply).ok_or_else(|| {
        Problem(ErrorBody::new(Code::NotFound, "there is no such participant, or not for you"))
    })
}

/// `GET /api/meetings/{id}/co-hosts`.
async fn co_hosts(
    State(api): State<Arc<Api>>,
    Bearer(caller): Bearer,
    Ids([id]): Ids<1>,
    Query(query): Query<PageQuery>,
) -> Result<Reply<List<CoHost>>, Problem> {
    let meeting = seen(&api, &caller, id).await?;
    require(&api, &caller, meeting, Permission::ParticipantList).await?;
    let (list, limit) = (("co-hosts", meeting), page::limit(query.limit)?);
    let after = page::after(&list, query.cursor.as_deref())?.unwrap_or(0);
    let found = api.door.store.co_hosts(meeting, after, limit + 1).await.map_err(unavailable)?;
    let List { items, next } = cut(&list, found, limit, |(number, _)| *number);
    Ok(Reply(List { items: items.into_iter().map(|(_, it)| it).collect(), next }))
}

/// `GET /api/meetings/{id}/waiting-room`. Where the table says that nobody waits, nothing is asked of the
/// meeting, and it is not started.
async fn waiting_room(
    State(api): State<Arc<Api>>,
    Bearer(caller): Bearer,
    Ids([id]): Ids<1>,
) -> Result<Reply<WaitingRoom>, Problem> {
    let meeting = seen(&api, &caller, id).await?;
    require(&api, &caller, meeting, Permission::ParticipantAdmit).await?;
    let (seq, anyone) = api.door.store.waiting_head(meeting).await.map_err(unavailable)?;
    if !anyone {
        return Ok(Reply(WaitingRoom { seq, items: Vec::new() }));
    }
    let look = api.door.live.look(meeting, |facts, now| {
        let items = facts.waiting_entries(now);
        WaitingRoom { seq: facts.head, items }
    });
    Ok(Reply(look.await?))
}

/// `GET /api/meetings/{id}/invitees`.
async fn invitees(
    State(api): State<Arc<Api>>,
    Bearer(caller): Bearer,
    Ids([id]): Ids<1>,
    Query(query): Query<PageQuery>,
) -> Result<Reply<List<Invitation>>, Problem> {
    let meeting = seen(&api, &caller, id).await?;
    require(&api, &caller, meeting, Permission::ParticipantInvite).await?;
    let (list, limit) = (("invitees", meeting), page::limit(query.limit)?);
    let after = page::after(&list, query.cursor.as_deref())?.unwrap_or(0);
    let found = api.door.store.invitees(meeting, after, limit + 1).await.map_err(unavailable)?;
    Ok(Reply(cut(&list, found, limit, |it| i64::from(it.id.0))))
}

/// `GET /api/meetings/{id}/bans`: for those who may lift them, who are staff and read the reasons.
async fn bans(
    State(api): State<Arc<Api>>,
    Bearer(caller): Bearer,
    Ids([id]): Ids<1>,
    Query(query): Query<PageQuery>,
) -> Result<Reply<List<BanEntry>>, Problem> {
    let meeting = seen(&api, &caller, id).await?;
    require(&api, &caller, meeting, Permission::ParticipantUnban).await?;
    let (list, limit) = (("bans", meeting), page::limit(query.limit)?);
    let after = page::after(&list, query.cursor.as_deref())?.unwrap_or(UserId(i64::MIN));
    let found = api.door.store.bans(meeting, clock::wall(), after, limit + 1).await;
    Ok(Reply(cut(&list, found.map_err(unavailable)?, limit, |it| it.user.0)))
}

/// A page, of which one more was read to know whether there is a next one.
fn cut<T, K: Serialize + DeserializeOwned>(
    list: &impl Serialize,
    mut items: Vec<T>,
    limit: u32,
    key: impl Fn(&T) -> K,
) -> List<T> {
    let more = items.len() > limit as usize;
    items.truncate(limit as usize);
    let last = items.last().filter(|_| more);
    let next = last.map(|last| page::cursor(list, &key(last)));
    List { items, next }
}

/// People without what they said of the meeting, where the caller may not see it.
async fn feedback_shown(
    api: &Api,
    caller: &Caller,
    meeting: MeetingId,
    mut people: Vec<StoredPerson>,
) -> Result<Vec<StoredPerson>, Problem> {
    let others = |it: &StoredPerson| it.user != caller.user.id && it.feedback.is_some();
    if people.iter().any(others) {
        let each = sees_each(api, caller, meeting).await?;
        let hidden = |it: &StoredPerson| others(it) && !is_told_by_name(each, it.excluded);
        people.iter_mut().filter(|it| hidden(it)).for_each(|it| it.feedback = None);
    }
    Ok(people)
}

/// Who looks at people.
#[derive(Clone, Copy)]
struct Viewer {
    user: UserId,
    /// Whether they may see who waits, and how people were let in.
    admits: bool,
    /// Whether they may see the figures of everyone's connection.
    staff: bool,
}

impl Viewer {
    async fn of(api: &Api, caller: &Caller, meeting: MeetingId) -> Result<Viewer, Problem> {
        Ok(Viewer {
            user: caller.user.id,
            admits: may(api, caller, meeting, Permission::ParticipantAdmit).await?,
            staff: is_staff(api, caller, meeting).await?,
        })
    }
}

/// What the table says of people, and of those who are there what only the running meeting knows; as this viewer
/// sees it.
async fn with_presence(
    api: &Api,
    caller: &Caller,
    meeting: MeetingId,
    people: Vec<StoredPerson>,
    viewer: Viewer,
) -> Result<Vec<MeetingParticipant>, Problem> {
    let scores = Scores::of(api, caller, meeting, &people).await?;
    let is_in = |it: &&StoredPerson| it.status == ParticipantStatus::Present;
    let there: Vec<_> = people.iter().filter(is_in).map(|it| it.id).collect();
    let scored = scores.shown(&people);
    let (mut live, mut measured) = <(HashMap<_, _>, HashMap<_, _>)>::default();
    if !there.is_empty() || scores.ask(&scored) {
        // In one look: what is told of someone is of one moment.
        let look = api.door.live.look_at(meeting, move |meeting, now| {
            let people = there.iter().filter_map(|id| meeting.facts.get(*id));
            let people = people.filter(|it| it.is_in());
            let there = people.map(|it| (it.id, There::of(meeting, it, now)));
            (there.collect(), scores::measured(meeting, now, &scored))
        });
        (live, measured) = look.await?;
    }
    let shown = |it: StoredPerson| {
        let score = scores.of_one(&it, measured.remove(&it.id));
        shown(it, &mut live, viewer, score)
    };
    Ok(people.into_iter().map(shown).collect())
}

/// Someone who is there, as the running meeting knows them.
struct There {
    participant: Participant,
    total_seconds: u64,
    quality: Option<ConnectionQuality>,
    /// Whether all may see how good their connection is.
    measured_for_all: bool,
}

impl There {
    fn of(meeting: &Meeting, person: &Person, now: Timestamp) -> There {
        There {
            participant: meeting.facts.participant(person, true),
            total_seconds: person.total_seconds(now),
            quality: meeting.passing.measures.quality(person.id),
            measured_for_all: meeting.facts.present < QUALITY_SHOWN_TO_ALL_BELOW,
        }
    }
}

fn shown(
    stored: StoredPerson,
    live: &mut HashMap<ParticipantId, There>,
    viewer: Viewer,
    score: Shown,
) -> MeetingParticipant {
    let live = live.remove(&stored.id);
    let whole = viewer.staff || stored.user == viewer.user;
    let measured = match &live {
        Some(it) if whole => it.quality,
        // Of figures it could be guessed where someone is.
        Some(it) => it.quality.filter(|_| it.measured_for_all).map(|it| level_alone(it.level)),
        None => stored.quality.filter(|_| whole),
    };
    let total_time = live.as_ref().map_or(stored.total_time, |it| it.total_seconds);
    let live = live.map(|it| it.participant);
    let status = match (stored.status, &live) {
        (ParticipantStatus::Present, Some(live)) if live.status == Presence::Lost => {
            ParticipantStatus::Lost
        }
        // They left since the table was read.
        (ParticipantStatus::Present, None) => ParticipantStatus::Left,
        (ParticipantStatus::Waiting, _) if !viewer.admits => ParticipantStatus::Left,
        (status, _) => status,
    };
    let (hand, media, room, name, attributes) = match live {
        Some(it) => (it.hand, it.media, it.room, it.name, it.attributes),
        None => (None, Media::default(), None, String::new(), Attributes::new()),
    };
    MeetingParticipant {
        id: stored.id,
        user: stored.user,
        name: if name.is_empty() { stored.name } else { name },
        kind: stored.kind,
        role: stored.role,
        status,
        admission: viewer.admits.then_some(stored.admission),
        hand,
        media,
        room,
        first_joined_at: stored.first_joined_at,
        joined_at: stored.joined_at,
        left_at: stored.left_at,
        total_time_seconds: total_time,
        talk_seconds: score.talk_seconds,
        engagement: score.engagement,
        exclude_from_report: score.excluded,
        quality: measured,
        feedback: stored.feedback,
        attributes,
    }
}
