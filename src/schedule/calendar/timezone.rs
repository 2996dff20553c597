//! VTIMEZONE: a zone's changes over the time that a file speaks of.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDateTime, NaiveTime, Weekday};
use chrono_tz::Tz;
use quorate_protocol::Timestamp;

use super::lines::{Lines, local};
use crate::schedule::text::weekday_name;
use crate::schedule::zone::{DATA_ENDS, Observance, Transition, observance, transitions};

/// Changes that are listed one by one; more of them are said by rules, where there are rules.
const LISTED_MAX: usize = 20;
/// Years over which a rule is looked for: as many as it takes for dates to meet all weekdays.
const RULE_YEARS: i32 = 28;

/// What a change of the clock has in common with that of other years.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Kind {
    month: u32,
    weekday: u32,
    time: NaiveTime,
    from: Observance,
    to: Observance,
}

impl Kind {
    fn of(transition: &Transition) -> Kind {
        let wall = transition.wall();
        Kind {
            month: wall.month(),
            weekday: wall.weekday().num_days_from_monday(),
            time: wall.time(),
            from: transition.from.clone(),
            to: transition.to.clone(),
        }
    }
}

/// Writes the zone, right from `from` to `to`; none is for ever, as far as the zone's data goes.
pub(super) fn write(lines: &mut Lines, zone: Tz, from: Timestamp, to: Option<Timestamp>) {
    lines.begin("VTIMEZONE");
    lines.raw("TZID", zone.name());
    // What holds when the file begins, since long ago, whatever there was before.
    let start = observance(zone, from);
    let long_ago = NaiveDateTime::default() - chrono::TimeDelta::days(25_567);
    write_observance(lines, long_ago, &start, &start, None);
    let until = to.unwrap_or(DATA_ENDS);
    let mut changes = transitions(zone, from, until);
    let mut rules = Vec::new();
    if changes.len() > LISTED_MAX {
        let all = if to.is_some() { transitions(zone, from, DATA_ENDS) } else { changes.clone() };
        if let Some((first_year, found)) = yearly(&all) {
            changes.retain(|it| it.wall().year() < first_year);
            rules = found;
        }
    }
    for change in &changes {
        write_observance(lines, change.wall(), &change.from, &change.to, None);
    }
    for (first, rule) in &rules {
        write_observance(lines, first.wall(), &first.from, &first.to, Some(rule));
    }
    lines.end("VTIMEZONE");
}

fn write_observance(
    lines: &mut Lines,
    wall: NaiveDateTime,
    from: &Observance,
    to: &Observance,
    rule: Option<&String>,
) {
    let component = if to.daylight { "DAYLIGHT" } else { "STANDARD" };
    lines.begin(component);
    lines.raw("DTSTART", &local(wall));
    lines.raw("TZOFFSETFROM", &offset(from.offset));
    lines.raw("TZOFFSETTO", &offset(to.offset));
    lines.text("TZNAME", &to.name);
    if let Some(rule) = rule {
        lines.raw("RRULE", rule);
    }
    lines.end(component);
}

/// `+0100`, with seconds where there are any.
fn offset(seconds: i32) -> String {
    let sign = if seconds < 0 { '-' } else { '+' };
    let (hours, rest) = (seconds.abs() / 3600, seconds.abs() % 3600);
    let (minutes, seconds) = (rest / 60, rest % 60);
    let seconds = if seconds == 0 { String::new() } else { format!("{seconds:02}") };
    format!("{sign}{hours:02}{minutes:02}{seconds}")
}

/// From which year on every change is one of a few that come once a year, each with its rule and first time.
/// None if the zone has no such habit: then its changes can only be listed.
fn yearly(changes: &[Transition]) -> Option<(i32, Vec<(Transition, String)>)> {
    let last_year = changes.last()?.wall().year();
    let mut kinds: BTreeMap<Kind, Vec<&Transition>> = BTreeMap::new();
    for change in changes.iter().filter(|it| it.wall().year() > last_year - RULE_YEARS) {
        kinds.entry(Kind::of(change)).or_default().push(change);
    }
    let each_year = |it: &Vec<&Transition>| it.len() == RULE_YEARS.unsigned_abs() as usize;
    if !kinds.values().all(each_year) {
        return None;
    }
    let windows: BTreeMap<Kind, u32> = kinds
        .iter()
        .map(|(kind, seen)| week(seen).map(|first_day| (kind.clone(), first_day)))
        .collect::<Option<_>>()?;
    let regular = |year: i32| {
        let of_year: Vec<_> = changes.iter().filter(|it| it.wall().year() == year).collect();
        of_year.len() == windows.len()
            && of_year.iter().all(|it| {
                let window = windows.get(&Kind::of(it));
                window.is_some_and(|first| (*first..first + 7).contains(&it.wall().day()))
            })
    };
    let first_year =
        (changes.first()?.wall().year()..=last_year).rev().take_while(|it| regular(*it)).last()?;
    let rules = windows.iter().filter_map(|(kind, first_day)| {
        let mut from_then = changes.iter().filter(|it| it.wall().year() >= first_year);
        let first = from_then.find(|it| Kind::of(it) == *kind)?;
        Some((first.clone(), rule(kind, *first_day)))
    });
    Some((first_year, rules.collect()))
}

/// The first of the seven days of the month on which these changes were seen.
fn week(seen: &[&Transition]) -> Option<u32> {
    let days = || seen.iter().map(|it| it.wall().day());
    let (first, last) = (days().min()?, days().max()?);
    (last - first == 6).then_some(first)
}

fn rule(kind: &Kind, first_day: u32) -> String {
    let weekday =
        Weekday::try_from(u8::try_from(kind.weekday).unwrap_or(0)).unwrap_or(Weekday::Mon);
    let days_of_month = match kind.month {
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    let day = weekday_name(weekday);
    let by = if first_day + 6 == days_of_month && kind.month != 2 {
        format!("BYDAY=-1{day}")
    } else if first_day % 7 == 1 {
        format!("BYDAY={}{day}", first_day / 7 + 1)
    } else {
        let days: Vec<_> = (first_day..first_day + 7).map(|it| it.to_string()).collect();
        format!("BYMONTHDAY={};BYDAY={day}", days.join(","))
    };
    format!("FREQ=YEARLY;BYMONTH={};{by}", kind.month)
}
