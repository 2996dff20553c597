//! Meetings, each with its people and the beginning of its journal.

use quorate_protocol::{
    DESCRIPTION_CHARS_MAX, MeetingId, MeetingStatus, PASSCODE_CHARS, Settings, TITLE_CHARS_MAX,
    Timestamp, UserId,
};
use rusqlite::types::{Value, ValueRef};
use rusqlite::{OptionalExtension, Rows, params};

use super::Work;
use super::hashing::{For, Hashing};
use super::old::{OldTable, write};
use super::participants::{People, Stay};
use super::progress::{Counter, Progress};
use super::report::{Kind, Odd, Report};
use super::users::{Looked, Users};
use super::values::{is_text, json, status, text};
use crate::live::ids::meeting_code;
use crate::meeting::event::{
    Audience, Event, Fact, IMPORTED_AT_ONCE, ImportedParticipant, MeetingImported, Personal, SYSTEM,
};
use crate::meeting::text::disturbs;
use crate::store::import::Chain;

const OURS: [&str; 15] = [
    "id",
    "title",
    "description",
    "host_id",
    "owner_id",
    "start_time",
    "end_time",
    "started_at",
    "ended_at",
    "status",
    "meeting_code",
    "settings",
    "revision",
    "created_at",
    "updated_at",
];
/// What a meeting without a title is called.
const UNTITLED: &str = "Untitled";

/// Takes all of them over; both tables are read by the meeting's id, side by side.
pub(super) fn take_over(
    work: &Work<'_>,
    meetings: &OldTable,
    people: &OldTable,
    users: &Users,
    hashing: &Hashing,
    report: &mut Report,
    progress: &mut dyn FnMut(Progress),
) -> rusqlite::Result<()> {
    report.rows(meetings.name).found = meetings.rows;
    report.rows(people.name).found = people.rows;
    let mut counter =
        Counter::new("meetings and participants", meetings.rows + people.rows, progress);
    let mut statement = work.connection.prepare(&people.select("meeting_id, id"))?;
    let mut line = People::new(work, people, users, statement.query([])?);
    let mut statement = work.connection.prepare(&meetings.select("id"))?;
    let mut rows: Rows<'_> = statement.query([])?;
    let insert = meetings.insert(&OURS);
    while let Some(row) = rows.next()? {
        counter.one_more();
        let before = meetings.cell(row, "id").as_i64().ok();
        let mut looked = Looked { work, old: meetings, row, report: &mut *report };
        let host = meetings.cell(row, "host_id").as_i64().ok();
        let host = host.and_then(|host| users.get(&host)).copied();
        let Some(host) = host else {
            looked.quarantine("its host is no user that there is", Some(hashing))?;
            continue;
        };
        let here = match before {
            Some(id) => line.of(id, report, &mut counter)?,
            None => Vec::new(),
        };
        let mut looked = Looked { work, old: meetings, row, report: &mut *report };
        looked.meeting(&insert, host, here, hashing, &line)?;
        report.rows(meetings.name).taken_over += 1;
    }
    line.rest(report, &mut counter)
}

/// When things happened, as far as the rows say.
struct Times {
    starts_at: Option<Timestamp>,
    ends_at: Option<Timestamp>,
    created_at: Timestamp,
    updated_at: Timestamp,
    /// When the first came in.
    first: Option<Timestamp>,
    /// When the last came in or left.
    last: Option<Timestamp>,
}

impl Looked<'_, '_> {
    /// Puts the row into quarantine, whole.
    pub(super) fn quarantine(
        &mut self,
        why: &str,
        hashing: Option<&Hashing>,
    ) -> rusqlite::Result<()> {
        let mut whole = self.old.whole(self.row);
        // No clear passcode stays in the file, nor in the report.
        let passcode = hashing.and_then(|hashing| Some((hashing, self.passcode()?)));
        if hashing.is_some()
            && let Some(cells) = whole.as_object_mut()
        {
            cells.retain(|column, _| !column.eq_ignore_ascii_case("password"));
        }
        let insert = "INSERT INTO migration_quarantine (source, row, reason) VALUES (?1, ?2, ?3)";
        let connection = self.work.connection;
        connection.prepare_cached(insert)?.execute(params![
            self.old.name,
            whole.to_string(),
            why
        ])?;
        if let Some((hashing, passcode)) = passcode {
            hashing.ask(For::Quarantined(connection.last_insert_rowid()), passcode);
        }
        self.report.rows(self.old.name).quarantined += 1;
        self.report.odd(Odd {
            kind: Kind::Orphan,
            table: self.old.name,
            row: json(self.old.cell(self.row, "id")),
            done: format!("in migration_quarantine: {why}"),
            ..Odd::default()
        });
        Ok(())
    }

    fn meeting(
        &mut self,
        insert: &str,
        host: i64,
        mut people: Vec<Stay>,
        hashing: &Hashing,
        line: &People<'_>,
    ) -> rusqlite::Result<()> {
        let id = self.id();
        let mut times = self.times(&people);
        let (status, last) = self.status(&times);
        let (started_at, ended_at) = lived(status, &times, last);
        if let (Some(starts_at), Some(ends_at)) = (times.starts_at, times.ends_at)
            && ends_at <= starts_at
        {
            let done = "left out: it is not after the start".to_owned();
            self.odd(Kind::Time, "end_time", done);
            times.ends_at = None;
        }
        for stay in &mut people {
            stay.close(ended_at.or(times.last), self.report);
        }
        let passcode = self.passcode();
        let imported = MeetingImported {
            meeting: MeetingId(id),
            code: self.code()?,
            title: self.title(),
            description: self.description(),
            host: UserId(host),
            status,
            starts_at: times.starts_at,
            ends_at: times.ends_at,
            started_at,
            ended_at,
            has_passcode: passcode.is_some(),
            created_at: times.created_at,
            updated_at: times.updated_at,
            settings: Settings::default(),
        };
        let extras = self.old.extras(self.row)?;
        self.write(insert, &imported, &extras)?;
        if let Some(passcode) = passcode {
            hashing.ask(For::Meeting(id), passcode);
        }
        self.begin_journal(imported, &people, line)
    }

    fn write(&self, insert: &str, it: &MeetingImported, extras: &[Value]) -> rusqlite::Result<()> {
        let time = |at: Option<Timestamp>| at.map(|at| at.to_string());
        let (starts_at, ends_at) = (time(it.starts_at), time(it.ends_at));
        let (started_at, ended_at) = (time(it.started_at), time(it.ended_at));
        let status = serde_json::to_value(it.status).unwrap_or_default();
        let settings = serde_json::to_string(&it.settings).unwrap_or_else(|_| "{}".to_owned());
        let (created_at, updated_at) = (it.created_at.to_string(), it.updated_at.to_string());
        write(
            self.work.connection,
            insert,
            &[
                &it.meeting.0,
                &it.title,
                &it.description,
                &it.host.0,
                &it.host.0,
                &starts_at,
                &ends_at,
                &started_at,
                &ended_at,
                &status.as_str(),
                &it.code,
                &settings,
                // The event that it is of.
                &1,
                &created_at,
                &updated_at,
            ],
            extras,
        )
    }

    fn begin_journal(
        &mut self,
        imported: MeetingImported,
        people: &[Stay],
        line: &People<'_>,
    ) -> rusqlite::Result<()> {
        let connection = self.work.connection;
        let meeting = imported.meeting;
        let name = connection
            .prepare_cached("SELECT coalesce(full_name, username) FROM users WHERE id = ?1")?
            .query_row([imported.host.0], |row| row.get(0))?;
        let mut chain = Chain::begin(meeting);
        let personal = Personal { name: Some(name), ..Personal::default() };
        let fact = Fact::MeetingImported(Box::new(imported));
        self.append(&mut chain, Audience::EVERYONE, fact, Some(Box::new(personal)))?;
        let mut invited = 0;
        for people in people.chunks(IMPORTED_AT_ONCE) {
            let seq = chain.next();
            let mut participants = Vec::with_capacity(people.len());
            for stay in people {
                let place: ImportedParticipant = stay.place(&mut invited);
                line.write(meeting, seq, &place, &stay.extras)?;
                participants.push(place);
            }
            let fact = Fact::ParticipantImported { participants };
            self.append(&mut chain, Audience::NOBODY, fact, None)?;
            self.report.rows(line.name()).taken_over += people.len() as u64;
        }
        self.report.invitees += u64::from(invited);
        Ok(())
    }

    fn append(
        &mut self,
        chain: &mut Chain,
        audience: Audience,
        fact: Fact,
        personal: Option<Box<Personal>>,
    ) -> rusqlite::Result<()> {
        let (seq, at, user) = (chain.next(), self.work.now, SYSTEM);
        self.report.events += 1;
        let event = Event {
            seq,
            at,
            user,
            by: None,
            audience,
            fact,
            personal,
            cause: None,
            as_admin: false,
        };
        chain.append(self.work.connection, &event)
    }

    fn times(&mut self, people: &[Stay]) -> Times {
        let (starts_at, ends_at) = (self.time("start_time"), self.time("end_time"));
        let (created, updated) = (self.time("created_at"), self.time("updated_at"));
        let first = people.iter().filter_map(Stay::first).min();
        let others: Vec<_> = [updated, starts_at, first].into_iter().flatten().collect();
        let earliest: Vec<_> = others.iter().min().copied().into_iter().collect();
        let created_at = self.or(created, &earliest, "created_at");
        let updated_at = self.or(updated, &[created_at], "updated_at");
        let last = people.iter().filter_map(Stay::last).max();
        Times { starts_at, ends_at, created_at, updated_at, first, last }
    }

    /// Where it stands, and until when it is known to have gone on.
    fn status(&mut self, times: &Times) -> (MeetingStatus, Timestamp) {
        let word = status(self.old.cell(self.row, "status"));
        let now = self.work.now;
        let past = |at: &Timestamp| *at <= now;
        let planned = [times.ends_at, times.starts_at].into_iter().flatten();
        let noted = planned.chain([times.updated_at, times.created_at]).find(past);
        let last = times.last.or(noted).unwrap_or(now);
        match &*word {
            "scheduled" => (MeetingStatus::Scheduled, last),
            "completed" => (MeetingStatus::Completed, last),
            "cancelled" => (MeetingStatus::Cancelled, last),
            "in_progress" => {
                // It went on when this was written.
                let updated = Some(times.updated_at).filter(past);
                let last = times.last.max(updated).or(noted).unwrap_or(now);
                let done = format!("completed, and ended at {last}, the last time known");
                self.odd(Kind::InProgress, "status", done);
                (MeetingStatus::Completed, last)
            }
            _ => {
                let over = times.first.is_some()
                    || times.ends_at.or(times.starts_at).is_some_and(|at| past(&at));
                let status = if over { MeetingStatus::Completed } else { MeetingStatus::Scheduled };
                let name = if over { "completed" } else { "scheduled" };
                self.odd(Kind::Status, "status", format!("{name}, by its times"));
                (status, last)
            }
        }
    }

    /// Its code; where it has none, or another has it too, a new one.
    fn code(&mut self) -> rusqlite::Result<String> {
        let cell = self.old.cell(self.row, "meeting_code");
        let typed = text(cell).filter(|code| !code.trim().is_empty());
        let Some(typed) = typed else {
            self.report.codes_made += 1;
            return self.new_code();
        };
        if is_text(cell) && !self.is_code_taken(&typed)? {
            return Ok(typed.into_owned());
        }
        let code = self.new_code()?;
        self.odd(Kind::Code, "meeting_code", format!("it is {code} now"));
        Ok(code)
    }

    fn new_code(&self) -> rusqlite::Result<String> {
        loop {
            let code = meeting_code();
            if !self.is_code_taken(&code)? {
                return Ok(code);
            }
        }
    }

    fn is_code_taken(&self, code: &str) -> rusqlite::Result<bool> {
        let sql = "SELECT 1 FROM meetings WHERE meeting_code = ?1";
        let mut statement = self.work.connection.prepare_cached(sql)?;
        Ok(statement.query_row([code], |_| Ok(())).optional()?.is_some())
    }

    /// The clear passcode; an empty one is none.
    fn passcode(&mut self) -> Option<String> {
        let cell = self.old.cell(self.row, "password");
        let passcode = text(cell)?.into_owned();
        if passcode.is_empty() {
            return None;
        }
        // What is not UTF-8 cannot be typed.
        if passcode.chars().count() > *PASSCODE_CHARS.end() || passcode.contains('\u{FFFD}') {
            self.report.odd(Odd {
                kind: Kind::Passcode,
                table: self.old.name,
                row: json(self.old.cell(self.row, "id")),
                column: Some("password"),
                done: "hashed; it is too long or no text, so set another".to_owned(),
                ..Odd::default()
            });
        }
        Some(passcode)
    }

    fn title(&mut self) -> String {
        let cell = self.old.cell(self.row, "title");
        let typed = text(cell).unwrap_or_default().into_owned();
        let mut title = mended(&typed, TITLE_CHARS_MAX);
        if title.trim().is_empty() {
            title = UNTITLED.to_owned();
        }
        if title != typed || !is_text(cell) {
            self.odd(Kind::Text, "title", format!("`{title}` now"));
        }
        title
    }

    fn description(&mut self) -> Option<String> {
        let cell = self.old.cell(self.row, "description");
        if cell == ValueRef::Null {
            return None;
        }
        let typed = text(cell)?.into_owned();
        let description = mended(&typed, DESCRIPTION_CHARS_MAX);
        if description != typed || !is_text(cell) {
            let kept = description.chars().count();
            self.odd(Kind::Text, "description", format!("{kept} characters of it are kept"));
        }
        Some(description)
    }
}

/// A text without what disturbs those around it, no longer than that.
fn mended(text: &str, chars_max: usize) -> String {
    let plain = text.chars().filter(|c| !disturbs(*c) || matches!(c, '\n' | '\t'));
    plain.take(chars_max).collect()
}

/// When it started and ended.
fn lived(
    status: MeetingStatus,
    times: &Times,
    last: Timestamp,
) -> (Option<Timestamp>, Option<Timestamp>) {
    match status {
        MeetingStatus::Completed => {
            let started_at = times.first.or(times.starts_at).filter(|at| *at <= last);
            (started_at, Some(last))
        }
        MeetingStatus::Cancelled => (times.first, times.last.filter(|_| times.first.is_some())),
        MeetingStatus::Scheduled | MeetingStatus::InProgress => (None, None),
    }
}
