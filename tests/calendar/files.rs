//! Calendar files, as `icalendar` and `recurring-ical-events` read them.

use chrono::{LocalResult, TimeZone};
use quorate::schedule::calendar::{Calendar, Change, Details, Event, Status, When, write};
use quorate_protocol::{MeetingId, Timestamp};
use rand::RngExt;
use rand::seq::IteratorRandom;
use serde_json::json;

use crate::cases::{Case, Cases, DAY_MS, wall};
use crate::python::Python;

/// How many files are compared.
const FILES: u64 = 250;
/// A start, an end (none where the reader is known to differ), a title.
type Read = (i64, Option<i64>, String);
/// Of one VEVENT: its occurrence, its sequence, what it leaves out.
type Component = (Option<i64>, i64, Vec<i64>);

#[test]
fn other_programs_read_our_files_as_they_are_meant() {
    let (mut python, mut cases) = (Python::start(), Cases::new(crate::seed()));
    let (mut occurrences, mut changed) = (0, 0);
    for number in 0..FILES {
        let case = cases.next();
        let to = case.starts_at.plus_ms(400 * DAY_MS);
        let changes = changes(&mut cases, &case, to);
        let file = file(&case, changes.clone());
        let theirs: Vec<Read> = python.ask(&json!({
            "ask": "events",
            "file": own_zone(number, &case, to, &file),
            "from": case.starts_at.0 / 1000,
            "to": to.0 / 1000,
        }));
        let ours = expected(&case, &changes, to);
        let ours: Vec<Read> = ours
            .into_iter()
            .zip(theirs.iter().map(Some).chain(std::iter::repeat(None)))
            .map(|(one, other)| {
                let known = other.is_none_or(|it| it.1.is_some());
                (one.0, one.1.filter(|_| known), one.2)
            })
            .collect();
        let of = format!("file {number} of seed {}: {:?}", crate::seed(), case.recurrence);
        let differ = ours.iter().zip(&theirs).find(|(one, other)| one != other);
        assert!(ours == theirs, "{of}: {} and {}, {differ:?}\n{file}", ours.len(), theirs.len());
        let theirs: Vec<Component> = python.ask(&json!({ "ask": "components", "file": file }));
        assert_eq!(components(&changes), theirs, "{of}\n{file}");
        occurrences += ours.len();
        changed += changes.len();
    }
    assert!(occurrences > 5000 && changed > 300, "{occurrences} occurrences, {changed} changes");
}

#[test]
fn other_programs_read_our_zones_as_they_are() {
    let (mut python, mut cases) = (Python::start(), Cases::new(crate::seed() + 1));
    let mut compared = 0;
    for number in 0..FILES {
        let case = cases.next();
        let file = file(&case, Vec::new());
        if !file.contains("VTIMEZONE") {
            continue;
        }
        // As far as the series goes; without an end, to the end of the zones' data.
        let last = case.series.last().map_or(Timestamp(4_070_908_800_000), |it| it.starts_at);
        let times: Vec<_> = (0..60)
            .map(|_| {
                case.starts_at.0
                    + cases.rng.random_range(0..=(last.0 - case.starts_at.0) / 1000) * 1000
            })
            .filter_map(|at| {
                let wall = wall(case.zone, Timestamp(at));
                match case.zone.offset_from_local_datetime(&wall) {
                    LocalResult::Single(_) => Some((wall, wall.and_utc().timestamp() - at / 1000)),
                    _ => None,
                }
            })
            .collect();
        let walls: Vec<_> = times.iter().map(|(wall, _)| wall.to_string()).collect();
        let theirs: Vec<[Option<f64>; 2]> =
            python.ask(&json!({ "ask": "offsets", "file": file, "walls": walls }));
        for ((wall, offset), theirs) in times.iter().zip(theirs) {
            for theirs in theirs.into_iter().flatten() {
                let of = format!("file {number}: {wall} in {}", case.zone);
                assert!(
                    (theirs - *offset as f64).abs() < 0.5,
                    "{of}: {offset}, not {theirs}\n{file}"
                );
                compared += 1;
            }
        }
    }
    assert!(compared > 10_000, "only {compared} were compared");
}

fn details(title: &str, sequence: i64) -> Details<'_> {
    let updated_at = Timestamp(1_760_000_000_000);
    Details {
        title,
        description: Some("with, all; that\nis \\ special ".repeat(5).leak()),
        status: Status::Confirmed,
        sequence,
        updated_at,
    }
}

fn file(case: &Case, changes: Vec<Change<'_>>) -> String {
    let event = Event {
        id: MeetingId(7),
        when: When::Series { series: &case.series, changes },
        details: details("Stand-up; every, day", 2),
        url: Some("https://meet.example/abc-defg-hij"),
        host: None,
        attendees: Vec::new(),
    };
    write(&Calendar { host: "meet.example", feed: Some("Work") }, &[event]).unwrap()
}

/// Every other file names its zone so that nobody knows it: what its VTIMEZONE says is all there is. Not where
/// the clock skips a start: reading such a zone, dateutil moves it back, against RFC 5545.
fn own_zone(number: u64, case: &Case, to: Timestamp, file: &str) -> String {
    let name = case.zone.name();
    let all = case.series.occurrences(case.starts_at, to.plus_ms(4 * DAY_MS), usize::MAX);
    let same_time = |at| wall(case.zone, at).time() == case.wall().time();
    if number.is_multiple_of(2) || !all.iter().all(|it| same_time(it.starts_at)) {
        return file.to_owned();
    }
    // Each has a name of its own: the reader remembers zones from file to file.
    file.replace(&format!("TZID={name}:"), &format!("TZID=Own{number}:"))
        .replace(&format!("TZID:{name}\r"), &format!("TZID:Own{number}\r"))
}

/// Some occurrences are cancelled, some moved; never onto one another. None where there are several a day: the
/// reader takes a wall-clock time of one for another's in UTC.
fn changes(cases: &mut Cases, case: &Case, to: Timestamp) -> Vec<Change<'static>> {
    if case.recurrence.rrule.as_ref().is_some_and(|it| it.contains("BYHOUR")) {
        return Vec::new();
    }
    let all = case.series.occurrences(case.starts_at, to, usize::MAX);
    let chosen = all.iter().sample(&mut cases.rng, 4);
    let change = |it: &quorate::schedule::Occurrence| {
        let cancelled = cases.rng.random_bool(0.4);
        let starts_at = it.starts_at.plus_ms(cases.rng.random_range(-40..40) * 3_600_000 + 60_000);
        let status = if cancelled { Status::Cancelled } else { Status::Confirmed };
        let sequence = cases.rng.random_range(0..5);
        let ends_at = Some(starts_at.plus_ms(1_800_000));
        let details = Details { status, ..details("Moved", sequence) };
        Change { original_start: it.starts_at, starts_at, ends_at, details }
    };
    chosen.into_iter().map(change).collect()
}

/// What is to be read, in order.
fn expected(case: &Case, changes: &[Change<'_>], to: Timestamp) -> Vec<Read> {
    let all = case.series.occurrences(case.starts_at, to.plus_ms(3 * DAY_MS), usize::MAX);
    let plain = all
        .iter()
        .filter(|it| changes.iter().all(|change| change.original_start != it.starts_at))
        .map(|it| (it.starts_at, it.ends_at, "Stand-up; every, day"));
    let moved = changes
        .iter()
        .filter(|it| it.details.status != Status::Cancelled)
        .map(|it| (it.starts_at, it.ends_at, it.details.title));
    let mut expected: Vec<Read> = plain
        .chain(moved)
        .filter(|it| (case.starts_at..to).contains(&it.0))
        .map(|it| (it.0.0 / 1000, it.1.map(|it| it.0 / 1000), it.2.to_owned()))
        .collect();
    expected.sort_by(|one, other| (one.0, &one.2).cmp(&(other.0, &other.2)));
    expected
}

/// The series, and each change that takes place; nothing is older than the series.
fn components(changes: &[Change<'_>]) -> Vec<Component> {
    let (cancelled, moved): (Vec<_>, Vec<_>) =
        changes.iter().partition(|it| it.details.status == Status::Cancelled);
    let mut without: Vec<_> = cancelled.iter().map(|it| it.original_start.0 / 1000).collect();
    without.sort_unstable();
    let of_moved = |it: &&Change<'_>| {
        (Some(it.original_start.0 / 1000), it.details.sequence.max(2), Vec::new())
    };
    std::iter::once((None, 2, without)).chain(moved.iter().map(of_moved)).collect()
}
