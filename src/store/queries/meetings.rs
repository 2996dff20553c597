//! Lists of meetings, newest first: each is a merge of a few runs, which are ranges of an index that are in
//! order already. So what a page costs depends on the page, not on how many meetings there are.

use quorate_protocol::{MeetingId, MeetingStatus, MeetingType, Timestamp, UserId};
use rusqlite::types::Value;
use rusqlite::{CachedStatement, Connection, Row, Rows, params_from_iter};
use serde::{Deserialize, Serialize};

use super::super::journal::parsed_if_any;
use super::super::{Store, StoreError};
use super::{MEETING_ROW, StoredMeeting, USER_MAY_SEE, first, stored_meeting, word};

/// Meetings that are looked at for one page at most; then the page ends, full or not.
const LOOKED_AT_MAX: usize = 10_000;

/// Where a page of meetings goes on: after the one that stands there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct MeetingKey(String, i64);

impl MeetingKey {
    /// Before the first of all: `~` is after every digit.
    fn start() -> MeetingKey {
        MeetingKey("~".to_owned(), i64::MAX)
    }
}

/// Which meetings to list.
#[derive(Debug, Clone, Default)]
pub struct MeetingFilter {
    /// Only of this type.
    pub kind: Option<MeetingType>,
    /// Only where it stands so; none: all but the cancelled.
    pub status: Option<MeetingStatus>,
    /// Only those that end after this.
    pub from: Option<Timestamp>,
    /// Only those that begin before this.
    pub to: Option<Timestamp>,
    /// Only those whose title or description has this in it; in lower case.
    pub text: Option<String>,
    /// Only the occurrences of this series.
    pub parent: Option<MeetingId>,
    /// Only those that this user hosts or co-hosts.
    pub run_by: Option<UserId>,
}

/// Of whose meetings a list is.
#[derive(Debug, Clone)]
pub enum Whose {
    /// Of all that there are.
    Everyones,
    /// Of those that have to do with this user, or with the address that was verified for them.
    Of(UserId, Option<String>),
    /// Of these.
    These(Vec<MeetingId>),
    /// Of those that this user hosts.
    HostedBy(UserId),
}

/// What a candidate is judged by; `m` is the meeting, `?1` and `?2` the key after which to go on.
macro_rules! run {
    ($sort:literal, $id:literal, $from:literal, $where:literal) => {
        concat!(
            "SELECT ",
            $sort,
            ", ",
            $id,
            ", m.host_id, m.meeting_type, m.status, m.end_time, \
             m.parent_meeting_id, m.title, m.description FROM ",
            $from,
            " WHERE ",
            $where,
            // An index of expressions is searched by its first term alone.
            " ",
            $sort,
            " <= ?1 AND (",
            $sort,
            ", ",
            $id,
            ") < (?1, ?2) ORDER BY ",
            $sort,
            " DESC, ",
            $id,
            " DESC"
        )
    };
    ($where:literal) => {
        run!("coalesce(m.start_time, m.created_at)", "m.id", "meetings AS m", $where)
    };
}

pub(in super::super) const ALL: &str = run!("");
pub(in super::super) const RUNNING: &str = run!("m.status = 'in_progress' AND");
pub(in super::super) const HOSTED: &str = run!("m.host_id = ?3 AND");
pub(in super::super) const OWNED: &str = run!("m.owner_id = ?3 AND");
pub(in super::super) const OCCURRENCES: &str = run!("m.parent_meeting_id = ?3 AND");
pub(in super::super) const TIED: &str = run!(
    "t.sort",
    "t.meeting_id",
    "meeting_ties AS t CROSS JOIN meetings AS m ON m.id = t.meeting_id",
    "t.who = ?3 AND t.tie = ?4 AND"
);
pub(in super::super) const ONE: &str = run!("m.id = ?3 AND");
/// Whether the user may read what a meeting is about: all whom it concerns but those who only knocked.
pub(in super::super) const SHOWN_WHOLE: &str = "SELECT EXISTS (SELECT 1 FROM meetings \
         WHERE id = ?1 AND (host_id = ?2 OR owner_id = ?2)) \
     OR EXISTS (SELECT 1 FROM meeting_co_hosts WHERE meeting_id = ?1 AND user_id = ?2) \
     OR EXISTS (SELECT 1 FROM meeting_participants \
         WHERE meeting_id = ?1 AND user_id = ?2 AND first_joined_at IS NOT NULL) \
     OR EXISTS (SELECT 1 FROM meeting_invitees WHERE meeting_id = ?1 AND user_id = ?2) \
     OR EXISTS (SELECT 1 FROM meeting_invitees WHERE meeting_id = ?1 AND email = ?3)";

impl Store {
    /// A page of at most `limit` meetings, newest first, and where the next one begins if there may be more.
    /// It may be shorter than `limit`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn list_meetings(
        &self,
        whose: Whose,
        filter: MeetingFilter,
        after: Option<MeetingKey>,
        limit: u32,
    ) -> Result<(Vec<StoredMeeting>, Option<MeetingKey>), StoreError> {
        self.read(move |connection| page(connection, &whose, &filter, after, limit as usize)).await
    }

    /// A meeting as one may read it who sees it.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn shown_meeting(
        &self,
        meeting: MeetingId,
        whose: Whose,
    ) -> Result<Option<StoredMeeting>, StoreError> {
        self.read(move |connection| read(connection, &whose, meeting.0)).await
    }
}

/// See [`Store::list_meetings`].
pub(in super::super) fn page(
    connection: &Connection,
    whose: &Whose,
    filter: &MeetingFilter,
    after: Option<MeetingKey>,
    limit: usize,
) -> Result<(Vec<StoredMeeting>, Option<MeetingKey>), StoreError> {
    let mut after = after.unwrap_or_else(MeetingKey::start);
    if let Some(to) = filter.to {
        after = after.min(MeetingKey(to.to_string(), i64::MIN));
    }
    let (found, next) = find(connection, whose, filter, after, limit)?;
    let mut meetings = Vec::with_capacity(found.len());
    for id in found {
        meetings.extend(read(connection, whose, id)?);
    }
    Ok((meetings, next))
}

/// A meeting as one may read it who sees it.
fn read(
    connection: &Connection,
    whose: &Whose,
    id: i64,
) -> Result<Option<StoredMeeting>, StoreError> {
    let mut meeting = first(connection, MEETING_ROW, [id], stored_meeting)?;
    if let Some(meeting) = &mut meeting
        && !shown_whole(connection, whose, id)?
    {
        (meeting.info.description, meeting.info.settings) = (None, None);
    }
    Ok(meeting)
}

/// Whether they may read what a meeting is about and how it is set up: not who knocked and was never in.
fn shown_whole(connection: &Connection, whose: &Whose, id: i64) -> Result<bool, StoreError> {
    match whose {
        Whose::Of(user, email) => asks(connection, SHOWN_WHOLE, id, *user, email.as_deref()),
        Whose::Everyones | Whose::These(_) | Whose::HostedBy(_) => Ok(true),
    }
}

/// Which ones are on the page.
fn find(
    connection: &Connection,
    whose: &Whose,
    filter: &MeetingFilter,
    after: MeetingKey,
    limit: usize,
) -> Result<(Vec<i64>, Option<MeetingKey>), StoreError> {
    let plan = plan(whose, filter, &after);
    let mut statements = Vec::with_capacity(plan.len());
    for (sql, _) in &plan {
        statements.push(connection.prepare_cached(sql)?);
    }
    let mut runs = Runs::start(&mut statements, plan)?;
    let judge = Judge { connection, whose, filter };
    let (mut found, mut last) = (Vec::new(), None);
    for looked_at in 0.. {
        let Some(candidate) = runs.next(last.as_ref())? else { return Ok((found, None)) };
        if found.len() == limit || looked_at == LOOKED_AT_MAX {
            return Ok((found, last));
        }
        if judge.takes(&candidate)? {
            found.push(candidate.key.1);
        }
        last = Some(candidate.key);
    }
    Ok((found, None))
}

/// A run: its query, and what it is asked with.
type Run = (&'static str, Vec<Value>);

/// The runs that a list is merged of.
fn plan(whose: &Whose, filter: &MeetingFilter, after: &MeetingKey) -> Vec<Run> {
    let run = |sql, more: &[Value]| {
        let key = [Value::from(after.0.clone()), Value::from(after.1)];
        (sql, key.into_iter().chain(more.iter().cloned()).collect())
    };
    let tied = |who: Value, tie: &str| run(TIED, &[who, Value::from(tie.to_owned())]);
    if let Some(parent) = filter.parent {
        return vec![run(OCCURRENCES, &[parent.0.into()])];
    }
    if let Some(user) = filter.run_by {
        return vec![run(HOSTED, &[user.0.into()]), tied(user.0.into(), "co_host")];
    }
    match whose {
        Whose::Everyones if filter.status == Some(MeetingStatus::InProgress) => {
            vec![run(RUNNING, &[])]
        }
        Whose::Everyones => vec![run(ALL, &[])],
        Whose::HostedBy(user) => vec![run(HOSTED, &[user.0.into()])],
        Whose::Of(user, email) => {
            let user: Value = user.0.into();
            let of_user = ["co_host", "invitee", "participant"].map(|tie| tied(user.clone(), tie));
            let of_address = email.iter().map(|email| tied(email.clone().into(), "invitee"));
            let own = [run(HOSTED, &[user.clone()]), run(OWNED, &[user.clone()])];
            own.into_iter().chain(of_user).chain(of_address).collect()
        }
        // Each is a run of one: there are no more than the token has room for.
        Whose::These(ids) => ids.iter().map(|id| run(ONE, &[id.0.into()])).collect(),
    }
}

/// A meeting that may be on the page.
struct Candidate {
    key: MeetingKey,
    host: i64,
    kind: MeetingType,
    status: MeetingStatus,
    ends_at: Option<Timestamp>,
    parent: Option<i64>,
    title: String,
    description: Option<String>,
}

impl Candidate {
    fn read(row: &Row<'_>) -> rusqlite::Result<Candidate> {
        Ok(Candidate {
            key: MeetingKey(row.get(0)?, row.get(1)?),
            host: row.get(2)?,
            kind: word(row, 3)?,
            status: word(row, 4)?,
            ends_at: parsed_if_any(row, 5)?,
            parent: row.get(6)?,
            title: row.get(7)?,
            description: row.get(8)?,
        })
    }
}

/// Runs side by side: what comes next in each.
struct Runs<'a> {
    rows: Vec<(Rows<'a>, Option<Candidate>)>,
}

impl<'a> Runs<'a> {
    fn start(
        statements: &'a mut [CachedStatement<'_>],
        plan: Vec<Run>,
    ) -> rusqlite::Result<Runs<'a>> {
        let mut runs = Vec::with_capacity(plan.len());
        for (statement, (_, params)) in statements.iter_mut().zip(plan) {
            let mut rows = statement.query(params_from_iter(params))?;
            let first = rows.next()?.map(Candidate::read).transpose()?;
            runs.push((rows, first));
        }
        Ok(Runs { rows: runs })
    }

    /// The next of all that is not the last one again: a meeting may be in several runs.
    fn next(&mut self, last: Option<&MeetingKey>) -> rusqlite::Result<Option<Candidate>> {
        loop {
            let there = self.rows.iter_mut().filter(|(_, next)| next.is_some());
            let key = |run: &(Rows<'_>, Option<Candidate>)| run.1.as_ref().map(|it| it.key.clone());
            let Some((rows, next)) = there.max_by_key(|run| key(run)) else { return Ok(None) };
            let following = rows.next()?.map(Candidate::read).transpose()?;
            let candidate = std::mem::replace(next, following);
            if candidate.as_ref().map(|it| &it.key) != last {
                return Ok(candidate);
            }
        }
    }
}

/// Whether a candidate is one of those that are asked for, and one may see it.
struct Judge<'a> {
    connection: &'a Connection,
    whose: &'a Whose,
    filter: &'a MeetingFilter,
}

impl Judge<'_> {
    fn takes(&self, it: &Candidate) -> Result<bool, StoreError> {
        Ok(self.fits(it) && self.sees(it)? && self.says(it)?)
    }

    fn fits(&self, it: &Candidate) -> bool {
        let MeetingFilter { kind, status, from, to: _, text: _, parent, run_by: _ } = self.filter;
        let status = match status {
            Some(status) => it.status == *status,
            None => it.status != MeetingStatus::Cancelled,
        };
        let goes_on_after = |from: &Timestamp| match it.ends_at {
            Some(ends_at) => ends_at > *from,
            None => it.key.0 >= from.to_string(),
        };
        status
            && kind.is_none_or(|kind| it.kind == kind)
            && parent.is_none_or(|parent| it.parent == Some(parent.0))
            && from.as_ref().is_none_or(goes_on_after)
    }

    /// Whether the title says it, or the description to those who may read it.
    fn says(&self, it: &Candidate) -> Result<bool, StoreError> {
        let Some(text) = &self.filter.text else { return Ok(true) };
        let has = |own: &str| own.to_lowercase().contains(text);
        if has(&it.title) {
            return Ok(true);
        }
        if !it.description.as_deref().is_some_and(has) {
            return Ok(false);
        }
        shown_whole(self.connection, self.whose, it.key.1)
    }

    /// Runs of one's own need no second look; those of a series, or of what someone runs, do.
    fn sees(&self, it: &Candidate) -> Result<bool, StoreError> {
        match self.whose {
            Whose::Everyones => Ok(true),
            Whose::These(ids) => Ok(ids.contains(&MeetingId(it.key.1))),
            Whose::HostedBy(host) => Ok(it.host == host.0),
            Whose::Of(user, email) if self.filter.parent.is_some() => {
                asks(self.connection, USER_MAY_SEE, it.key.1, *user, email.as_deref())
            }
            Whose::Of(..) => Ok(true),
        }
    }
}

/// Asks about a meeting and a user.
fn asks(
    connection: &Connection,
    sql: &str,
    meeting: i64,
    user: UserId,
    email: Option<&str>,
) -> Result<bool, StoreError> {
    Ok(first(connection, sql, (meeting, user.0, email), |row| row.get(0))?.unwrap_or(false))
}
