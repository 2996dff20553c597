//! Calendar files, as RFC 5545 has them: one meeting, or a feed of many.
//!
//! A series is written as one VEVENT with its rule, the occurrences cancelled as EXDATE, and one VEVENT more
//! for each that was changed. Two programs that read it come to the occurrences of [`Series`].

mod lines;
mod timezone;

use std::collections::BTreeMap;

use chrono::NaiveDateTime;
use chrono_tz::Tz;
use quorate_protocol::{MeetingId, Timestamp};

use self::lines::{Lines, local, zulu};
use super::series::End;
use super::zone::{self, instant, wall};
use super::{Invalid, Series};

/// How long a feed's reader may wait before asking again, in minutes.
pub const REFRESH_MINUTES: u32 = 60;

/// A calendar: what its file says of itself.
#[derive(Debug, Clone, Copy)]
pub struct Calendar<'a> {
    /// The host name of the server; part of each event's UID, so that it must stay the same.
    pub host: &'a str,
    /// What a feed is called; a file with a single meeting has no name, and nobody asks for it again.
    pub feed: Option<&'a str>,
}

/// A meeting in a calendar.
#[derive(Debug, Clone)]
pub struct Event<'a> {
    /// The meeting; of an occurrence, its series.
    pub id: MeetingId,
    /// When it takes place.
    pub when: When<'a>,
    /// What is told of it.
    pub details: Details<'a>,
    /// Where to join.
    pub url: Option<&'a str>,
    /// Who holds it.
    pub host: Option<Person<'a>>,
    /// Whom it is shown to have invited; only those with an email address can be written.
    pub attendees: Vec<Attendee<'a>>,
}

/// What is told of a meeting, or of one occurrence.
#[derive(Debug, Clone, Copy)]
pub struct Details<'a> {
    /// Its title.
    pub title: &'a str,
    /// Its description.
    pub description: Option<&'a str>,
    /// Whether it takes place.
    pub status: Status,
    /// How often its time was changed: readers take the highest.
    pub sequence: i64,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

/// Whether a meeting takes place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It does.
    Confirmed,
    /// It may.
    Tentative,
    /// It does not.
    Cancelled,
}

/// When a meeting takes place.
#[derive(Debug, Clone)]
pub enum When<'a> {
    /// Once.
    Once {
        /// Its start.
        starts_at: Timestamp,
        /// Its end; none if it is open.
        ends_at: Option<Timestamp>,
        /// In which zone it was planned; without one, it is written in UTC.
        time_zone: Option<&'a str>,
    },
    /// Again and again.
    Series {
        /// Where the rule puts it.
        series: &'a Series,
        /// The occurrences that differ from it.
        changes: Vec<Change<'a>>,
    },
}

/// An occurrence that differs from its series.
#[derive(Debug, Clone)]
pub struct Change<'a> {
    /// Where the rule puts it. What is no occurrence of the rule is passed over.
    pub original_start: Timestamp,
    /// Its start now.
    pub starts_at: Timestamp,
    /// Its end now.
    pub ends_at: Option<Timestamp>,
    /// What is told of it; one that is cancelled is left out of the series.
    pub details: Details<'a>,
}

/// A person, as a calendar shows them.
#[derive(Debug, Clone, Copy)]
pub struct Person<'a> {
    /// Their name.
    pub name: &'a str,
    /// Their address, where the reader may see it.
    pub email: Option<&'a str>,
}

/// Someone invited.
#[derive(Debug, Clone, Copy)]
pub struct Attendee<'a> {
    /// Who.
    pub person: Person<'a>,
    /// Whether they are needed.
    pub required: bool,
}

/// Writes the file.
///
/// # Errors
///
/// [`Invalid::Zone`] if a meeting that takes place once names a zone that does not exist.
pub fn write(calendar: &Calendar<'_>, events: &[Event<'_>]) -> Result<String, Invalid> {
    let mut lines = Lines::default();
    lines.begin("VCALENDAR");
    lines.raw("VERSION", "2.0");
    lines.raw("PRODID", "-//Quorate//Quorate//EN");
    lines.raw("CALSCALE", "GREGORIAN");
    if let Some(name) = calendar.feed {
        lines.text("NAME", name);
        lines.text("X-WR-CALNAME", name);
        let every = format!("PT{REFRESH_MINUTES}M");
        lines.with("REFRESH-INTERVAL", &[("VALUE", "DURATION")], &every);
        lines.raw("X-PUBLISHED-TTL", &every);
    }
    for (zone, from, to) in zones(events)?.into_values() {
        timezone::write(&mut lines, zone, from, to);
    }
    for event in events {
        write_event(&mut lines, calendar, event)?;
    }
    lines.end("VCALENDAR");
    Ok(lines.finish())
}

/// The time over which a zone must be right; without an end, for ever.
type Covered = (Tz, Timestamp, Option<Timestamp>);

/// Every zone that is named, by its name.
fn zones(events: &[Event<'_>]) -> Result<BTreeMap<&'static str, Covered>, Invalid> {
    const DAY_MS: i64 = 86_400_000;
    let mut zones: BTreeMap<&'static str, Covered> = BTreeMap::new();
    for event in events {
        let (Clock(Some(zone)), from, to) = span(&event.when)? else { continue };
        // A day around it: what is just before the first start must not be read as another time either.
        let (from, to) = (from.plus_ms(-DAY_MS), to.map(|it| it.plus_ms(DAY_MS)));
        let known = zones.entry(zone.name()).or_insert((zone, from, to));
        known.1 = known.1.min(from);
        known.2 = known.2.zip(to).map(|(one, other)| one.max(other));
    }
    Ok(zones)
}

/// From when to when the times of a meeting go.
fn span(when: &When<'_>) -> Result<(Clock, Timestamp, Option<Timestamp>), Invalid> {
    match when {
        When::Once { starts_at, ends_at, time_zone } => {
            let clock = time_zone.map_or(Ok(Clock(None)), |it| zone::zone(it).map(Clock::of))?;
            Ok((clock, *starts_at, Some(ends_at.unwrap_or(*starts_at))))
        }
        When::Series { series, changes } => {
            let moved = |it: &Change<'_>| [it.starts_at, it.ends_at.unwrap_or(it.starts_at)];
            let times: Vec<_> = changes.iter().flat_map(moved).collect();
            let from = times.iter().copied().fold(series.first().starts_at, Timestamp::min);
            let last = series.last().map(|it| it.ends_at.unwrap_or(it.starts_at));
            let to = last.map(|last| times.into_iter().fold(last, Timestamp::max));
            Ok((Clock::of(series.zone), from, to))
        }
    }
}

/// How times are written: by a zone's clock, or in UTC.
#[derive(Debug, Clone, Copy)]
struct Clock(Option<Tz>);

impl Clock {
    fn of(zone: Tz) -> Clock {
        Clock((!matches!(zone, Tz::UTC | Tz::Etc__UTC)).then_some(zone))
    }

    /// What the zone's clock cannot say, as it shows the same time twice, is said in UTC.
    fn write(self, lines: &mut Lines, name: &str, at: Timestamp) {
        let told = |zone| instant(zone, wall(zone, at)).0.div_euclid(1000) == at.0.div_euclid(1000);
        match self.0.filter(|zone| told(*zone)) {
            None => lines.raw(name, &zulu(zone::utc(at))),
            Some(zone) => self.write_wall(lines, name, wall(zone, at)),
        }
    }

    fn write_wall(self, lines: &mut Lines, name: &str, wall: NaiveDateTime) {
        match self.0 {
            None => lines.raw(name, &zulu(wall)),
            Some(zone) => lines.with(name, &[("TZID", zone.name())], &local(wall)),
        }
    }
}

fn write_event(
    lines: &mut Lines,
    calendar: &Calendar<'_>,
    event: &Event<'_>,
) -> Result<(), Invalid> {
    let (clock, ..) = span(&event.when)?;
    let (series, changes) = match &event.when {
        When::Once { starts_at, ends_at, .. } => {
            write_component(lines, calendar, event, &event.details, |lines| {
                write_times(lines, clock, *starts_at, *ends_at);
            });
            return Ok(());
        }
        When::Series { series, changes } => (series, changes),
    };
    write_component(lines, calendar, event, &event.details, |lines| {
        write_series(lines, clock, series, changes);
    });
    for change in changes.iter().filter(|it| it.details.status != Status::Cancelled) {
        let Some(called) = series.called(change.original_start).first().copied() else { continue };
        // A reader takes a changed occurrence for outdated if its series was changed more often.
        let sequence = change.details.sequence.max(event.details.sequence);
        let details = Details { sequence, ..change.details };
        write_component(lines, calendar, event, &details, |lines| {
            clock.write_wall(lines, "RECURRENCE-ID", called);
            write_times(lines, clock, change.starts_at, change.ends_at);
        });
    }
    Ok(())
}

fn write_times(lines: &mut Lines, clock: Clock, starts_at: Timestamp, ends_at: Option<Timestamp>) {
    clock.write(lines, "DTSTART", starts_at);
    if let Some(ends_at) = ends_at {
        clock.write(lines, "DTEND", ends_at);
    }
}

fn write_series(lines: &mut Lines, clock: Clock, series: &Series, changes: &[Change<'_>]) {
    clock.write_wall(lines, "DTSTART", series.first);
    if let Some(length_ms) = series.length_ms() {
        // Hours and minutes are elapsed time wherever it is read; an end would be taken for a wall-clock time.
        lines.raw("DURATION", &duration(length_ms / 1000));
    }
    let end = match series.end {
        End::Never => String::new(),
        End::Count(count, _) => format!(";COUNT={count}"),
        // The last start itself leaves no room for another reading.
        End::Until(until) => {
            let last = series.last().map_or(until, |it| it.starts_at);
            format!(";UNTIL={}", zulu(zone::utc(last)))
        }
    };
    lines.raw("RRULE", &format!("{}{end}", series.rule));
    for change in changes {
        let called = series.called(change.original_start);
        // Where the clock made two times one, the change stands for the first, and there is no second.
        let kept = usize::from(change.details.status != Status::Cancelled);
        for wall in called.into_iter().skip(kept) {
            clock.write_wall(lines, "EXDATE", wall);
        }
    }
}

/// `PT1H30M`.
fn duration(seconds: i64) -> String {
    let part = |value: i64, unit: &str| {
        if value == 0 { String::new() } else { format!("{value}{unit}") }
    };
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("PT{}{}{}", part(hours, "H"), part(minutes, "M"), part(seconds, "S"))
}

fn write_component(
    lines: &mut Lines,
    calendar: &Calendar<'_>,
    event: &Event<'_>,
    details: &Details<'_>,
    when: impl FnOnce(&mut Lines),
) {
    lines.begin("VEVENT");
    lines.text("UID", &format!("meeting-{}@{}", event.id, calendar.host));
    let changed = zulu(zone::utc(details.updated_at));
    lines.raw("DTSTAMP", &changed);
    lines.raw("LAST-MODIFIED", &changed);
    lines.raw("SEQUENCE", &details.sequence.to_string());
    when(lines);
    lines.text("SUMMARY", details.title);
    if let Some(description) = details.description {
        lines.text("DESCRIPTION", description);
    }
    let status = match details.status {
        Status::Confirmed => "CONFIRMED",
        Status::Tentative => "TENTATIVE",
        Status::Cancelled => "CANCELLED",
    };
    lines.raw("STATUS", status);
    if let Some(url) = event.url {
        lines.raw("URL", url);
    }
    write_people(lines, event);
    lines.end("VEVENT");
}

fn write_people(lines: &mut Lines, event: &Event<'_>) {
    match event.host {
        Some(Person { name, email: Some(email) }) => {
            lines.with("ORGANIZER", &[("CN", name)], &format!("mailto:{email}"));
        }
        // An organizer is an address. A name alone still says whom to ask.
        Some(Person { name, email: None }) => lines.text("CONTACT", name),
        None => {}
    }
    for Attendee { person, required } in &event.attendees {
        let Some(email) = person.email else { continue };
        let role = if *required { "REQ-PARTICIPANT" } else { "OPT-PARTICIPANT" };
        lines.with("ATTENDEE", &[("CN", person.name), ("ROLE", role)], &format!("mailto:{email}"));
    }
}
