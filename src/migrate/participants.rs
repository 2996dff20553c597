//! People's places in meetings, and their invitations.

use std::collections::HashMap;

use quorate_protocol::{InviteeId, MeetingId, ParticipantId, Seq, Timestamp, UserId};
use rusqlite::fallible_streaming_iterator::FallibleStreamingIterator;
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Rows, params};
use serde_json::Value as Json;

use super::Work;
use super::old::{OldTable, write};
use super::progress::Counter;
use super::report::{Kind, Odd, Report};
use super::users::{Looked, Users};
use super::values::{json, status};
use crate::meeting::event::{Admission, ImportedParticipant};

const OURS: [&str; 9] = [
    "id",
    "meeting_id",
    "user_id",
    "status",
    "first_joined_at",
    "joined_at",
    "left_at",
    "total_time",
    "created_at",
];

/// Someone's place in a meeting, of all rows that they have there.
#[derive(Debug)]
pub(super) struct Stay {
    id: i64,
    user: i64,
    admission: Admission,
    invited: bool,
    /// When they came in, and left where that is known.
    intervals: Vec<(Timestamp, Option<Timestamp>)>,
    created_at: Timestamp,
    /// The row's id as it was.
    row: Json,
    pub(super) extras: Vec<Value>,
}

impl Stay {
    /// When they first came in.
    pub(super) fn first(&self) -> Option<Timestamp> {
        self.intervals.iter().map(|(joined, _)| *joined).min()
    }

    /// When they last came in or left.
    pub(super) fn last(&self) -> Option<Timestamp> {
        self.intervals.iter().map(|(joined, left)| left.unwrap_or(*joined)).max()
    }

    /// Closes what was left open, at this time or when they came in.
    pub(super) fn close(&mut self, at: Option<Timestamp>, report: &mut Report) {
        for (joined, left) in self.intervals.iter_mut().filter(|(_, left)| left.is_none()) {
            let at = at.unwrap_or(*joined).max(*joined);
            *left = Some(at);
            report.odd(Odd {
                kind: Kind::LeftOpen,
                table: "meeting_participants",
                row: self.row.clone(),
                column: Some("left_at"),
                done: format!("closed at {at}, the last time known"),
                ..Odd::default()
            });
        }
    }

    /// The place as it is taken over; counts the invitations of the meeting.
    pub(super) fn place(&self, invited: &mut u32) -> ImportedParticipant {
        *invited += u32::from(self.invited);
        let last = self.intervals.iter().max_by_key(|(joined, _)| *joined);
        ImportedParticipant {
            participant: ParticipantId(self.id),
            user: UserId(self.user),
            admission: self.admission,
            invitee: self.invited.then_some(InviteeId(*invited)),
            first_joined_at: self.first(),
            joined_at: last.map(|(joined, _)| *joined),
            left_at: self.intervals.iter().filter_map(|(_, left)| *left).max(),
            total_seconds: seconds(&self.intervals),
            created_at: self.created_at,
        }
    }

    /// Takes another row of the same person in.
    fn merge(&mut self, other: Stay) {
        self.admission = self.admission.max(other.admission);
        self.invited |= other.invited;
        self.intervals.extend(other.intervals);
        self.created_at = self.created_at.min(other.created_at);
    }
}

/// How long all of them are; what is in two counts once.
fn seconds(intervals: &[(Timestamp, Option<Timestamp>)]) -> i64 {
    let mut intervals: Vec<_> =
        intervals.iter().map(|(joined, left)| (*joined, left.unwrap_or(*joined))).collect();
    intervals.sort_unstable();
    let (mut ms, mut until) = (0, Timestamp(i64::MIN));
    for (joined, left) in intervals {
        ms += left.ms_since(joined.max(until));
        until = until.max(left);
    }
    i64::try_from(ms / 1000).unwrap_or(i64::MAX)
}

/// The old rows by the meeting's id, read once.
pub(super) struct People<'a> {
    work: &'a Work<'a>,
    old: &'a OldTable,
    users: &'a Users,
    rows: Rows<'a>,
    /// Whether a row was read that is not asked for yet.
    waiting: bool,
    ended: bool,
    insert: String,
}

impl<'a> People<'a> {
    pub(super) fn new(
        work: &'a Work<'a>,
        old: &'a OldTable,
        users: &'a Users,
        rows: Rows<'a>,
    ) -> People<'a> {
        let insert = old.insert(&OURS);
        People { work, old, users, rows, waiting: false, ended: false, insert }
    }

    pub(super) fn name(&self) -> &'static str {
        self.old.name
    }

    /// Those of a meeting. Whoever comes before it is of none.
    pub(super) fn of(
        &mut self,
        meeting: i64,
        report: &mut Report,
        counter: &mut Counter<'_>,
    ) -> rusqlite::Result<Vec<Stay>> {
        let (mut stays, mut by_user) = (Vec::new(), HashMap::new());
        while let Some(of) = self.next()? {
            match of {
                Some(of) if of > meeting => break,
                Some(of) if of == meeting => self.take(&mut stays, &mut by_user, report)?,
                _ => self.orphan(report)?,
            }
            self.waiting = false;
            counter.one_more();
        }
        Ok(stays)
    }

    /// All that are left are of no meeting.
    pub(super) fn rest(
        &mut self,
        report: &mut Report,
        counter: &mut Counter<'_>,
    ) -> rusqlite::Result<()> {
        while self.next()?.is_some() {
            self.orphan(report)?;
            self.waiting = false;
            counter.one_more();
        }
        Ok(())
    }

    /// Whose the next row is; the inner none is nobody's.
    fn next(&mut self) -> rusqlite::Result<Option<Option<i64>>> {
        if self.ended {
            return Ok(None);
        }
        if !self.waiting {
            self.waiting = true;
            self.rows.advance()?;
        }
        let Some(row) = self.rows.get() else {
            self.ended = true;
            return Ok(None);
        };
        Ok(Some(match self.old.cell(row, "meeting_id") {
            ValueRef::Integer(id) => Some(id),
            _ => None,
        }))
    }

    fn orphan(&mut self, report: &mut Report) -> rusqlite::Result<()> {
        let Some(row) = self.rows.get() else { return Ok(()) };
        let mut looked = Looked { work: self.work, old: self.old, row, report };
        looked.quarantine("its meeting is none that there is", None)
    }

    fn take(
        &mut self,
        stays: &mut Vec<Stay>,
        by_user: &mut HashMap<i64, usize>,
        report: &mut Report,
    ) -> rusqlite::Result<()> {
        let Some(row) = self.rows.get() else { return Ok(()) };
        let mut looked = Looked { work: self.work, old: self.old, row, report };
        let user = self.old.cell(row, "user_id").as_i64().ok();
        let Some(&user) = user.and_then(|user| self.users.get(&user)) else {
            return looked.quarantine("its user is none that there is", None);
        };
        if let Some(&first) = by_user.get(&user) {
            let first: &mut Stay = &mut stays[first];
            let other = looked.stay(first.id, user)?;
            looked.report.rows(self.old.name).merged += 1;
            looked.report.odd(Odd {
                kind: Kind::Duplicate,
                table: self.old.name,
                row: other.row.clone(),
                done: format!("merged into {}", first.row),
                whole: Some(self.old.whole(row)),
                ..Odd::default()
            });
            first.merge(other);
            return Ok(());
        }
        let id = looked.id();
        by_user.insert(user, stays.len());
        stays.push(looked.stay(id, user)?);
        Ok(())
    }

    /// Writes a place, and its invitation.
    pub(super) fn write(
        &self,
        meeting: MeetingId,
        seq: Seq,
        it: &ImportedParticipant,
        extras: &[Value],
    ) -> rusqlite::Result<()> {
        let time = |at: Option<Timestamp>| at.map(|at| at.to_string());
        let admission = match it.admission {
            Admission::Pending => "pending",
            Admission::Approved => "approved",
            Admission::Declined => "declined",
        };
        let (first, joined) = (time(it.first_joined_at), time(it.joined_at));
        let (left, created) = (time(it.left_at), it.created_at.to_string());
        let connection = self.work.connection;
        write(
            connection,
            &self.insert,
            &[
                &it.participant.0,
                &meeting.0,
                &it.user.0,
                &admission,
                &first,
                &joined,
                &left,
                &it.total_seconds,
                &created,
            ],
            extras,
        )?;
        let Some(invitee) = it.invitee else { return Ok(()) };
        let invite = "INSERT INTO meeting_invitees (meeting_id, invitee_id, user_id, seq, created_at) \
            VALUES (?1, ?2, ?3, ?4, ?5)";
        let seq = seq.0.cast_signed();
        connection
            .prepare_cached(invite)?
            .execute(params![meeting.0, invitee.0, it.user.0, seq, created])
            .map(drop)
    }
}

impl Looked<'_, '_> {
    fn stay(&mut self, id: i64, user: i64) -> rusqlite::Result<Stay> {
        let (admission, invited) = match &*status(self.old.cell(self.row, "status")) {
            "invited" | "accepted" => (Admission::Approved, true),
            "joined" => (Admission::Approved, false),
            "declined" => (Admission::Declined, false),
            _ => {
                self.odd(Kind::Status, "status", "pending".to_owned());
                (Admission::Pending, false)
            }
        };
        let intervals: Vec<_> = self.interval().into_iter().collect();
        let created = self.time("created_at");
        let others: Vec<_> = intervals.iter().map(|(joined, _)| *joined).collect();
        let created_at = self.or(created, &others, "created_at");
        let row = json(self.old.cell(self.row, "id"));
        let extras = self.old.extras(self.row)?;
        Ok(Stay { id, user, admission, invited, intervals, created_at, row, extras })
    }

    /// When they were there.
    fn interval(&mut self) -> Option<(Timestamp, Option<Timestamp>)> {
        let joined = self.past("joined_at");
        let left = self.past("left_at");
        match (joined, left) {
            (Some(joined), Some(left)) if left < joined => {
                let done = format!("{joined} in its place: it is before they came in");
                self.odd(Kind::Time, "left_at", done);
                Some((joined, Some(joined)))
            }
            (None, Some(_)) => {
                let done = "left out: when they came in is not known".to_owned();
                self.odd(Kind::Time, "left_at", done);
                None
            }
            (joined, left) => joined.map(|joined| (joined, left)),
        }
    }

    /// A time that has passed.
    fn past(&mut self, column: &str) -> Option<Timestamp> {
        let at = self.time(column)?;
        if at > self.work.now {
            self.odd(Kind::Time, column, "left out: it is yet to come".to_owned());
            return None;
        }
        Some(at)
    }
}
