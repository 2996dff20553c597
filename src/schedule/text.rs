//! A rule's text, read strictly: what one program refuses and another guesses has no place in an invitation.

use std::str::FromStr;

use chrono::{NaiveDateTime, Weekday};
use quorate_protocol::{RECURRENCE_COUNT, RECURRENCE_INTERVAL, RRULE_CHARS_MAX, Timestamp};
use rrule::{Frequency, NWeekday};

use super::{Invalid, rule::Rule};

/// Entries of a list such as `BYMONTHDAY` at most.
const LIST_MAX: usize = 31;

/// A rule as it was written: with its end inside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Written {
    pub rule: Rule,
    pub count: Option<u32>,
    pub until: Option<Timestamp>,
}

/// Reads an RFC 5545 rule, with or without `RRULE:`.
pub(super) fn read(text: &str) -> Result<Written, Invalid> {
    if text.len() > RRULE_CHARS_MAX {
        return Err(Invalid::RuleTooLong);
    }
    let text = text.trim().to_ascii_uppercase();
    for other in ["DTSTART", "DTEND", "RDATE", "EXDATE", "EXRULE"] {
        if text.contains(other) {
            return Err(Invalid::NotARule(other));
        }
    }
    let text = text.strip_prefix("RRULE:").unwrap_or(&text);
    let mut seen: Vec<&str> = Vec::new();
    let mut written = Written { rule: Rule::of(Frequency::Daily), count: None, until: None };
    for part in text.split(';') {
        let Some((name, value)) = part.split_once('=') else {
            return Err(wrong(part, "a rule is made of parts as in FREQ=DAILY;INTERVAL=2"));
        };
        if seen.contains(&name) {
            return Err(wrong(name, "stands there twice"));
        }
        seen.push(name);
        read_part(&mut written, name, value)?;
    }
    if !seen.contains(&"FREQ") {
        return Err(wrong("FREQ", "a rule needs one: DAILY, WEEKLY, MONTHLY or YEARLY"));
    }
    if written.count.is_some() && written.until.is_some() {
        return Err(Invalid::CountAndUntil);
    }
    Ok(written)
}

fn read_part(written: &mut Written, name: &str, value: &str) -> Result<(), Invalid> {
    let rule = &mut written.rule;
    match name {
        "FREQ" => rule.frequency = frequency(value)?,
        "INTERVAL" => rule.interval = within(name, value, RECURRENCE_INTERVAL, "is 1 to 400")?,
        "COUNT" => written.count = Some(within(name, value, RECURRENCE_COUNT, "is 1 to 1000")?),
        "UNTIL" => written.until = Some(until(value)?),
        "WKST" => rule.week_start = weekday(name, value)?,
        "BYMONTH" => rule.months = list(name, value, |item| number(item, 1..=12))?,
        "BYMONTHDAY" => rule.month_days = list(name, value, |item| either_side(item, 31))?,
        "BYYEARDAY" => rule.year_days = list(name, value, |item| either_side(item, 366))?,
        "BYWEEKNO" => rule.weeks = list(name, value, |item| number(item, 1..=51))?,
        "BYDAY" => rule.weekdays = list(name, value, nth_weekday)?,
        "BYSETPOS" => rule.positions = list(name, value, |item| either_side(item, 366))?,
        "BYHOUR" => rule.hours = list(name, value, |item| number(item, 0..=23))?,
        "BYMINUTE" => rule.minutes = list(name, value, |item| number(item, 0..=59))?,
        "BYSECOND" => rule.seconds = list(name, value, |item| number(item, 0..=59))?,
        _ => return Err(wrong(name, "is no part of a rule")),
    }
    Ok(())
}

/// A refusal of one part.
pub(super) fn wrong(part: &str, why: &'static str) -> Invalid {
    Invalid::Part { part: part.chars().take(20).collect(), why }
}

fn frequency(value: &str) -> Result<Frequency, Invalid> {
    match value {
        "DAILY" => Ok(Frequency::Daily),
        "WEEKLY" => Ok(Frequency::Weekly),
        "MONTHLY" => Ok(Frequency::Monthly),
        "YEARLY" => Ok(Frequency::Yearly),
        "HOURLY" | "MINUTELY" | "SECONDLY" => {
            Err(wrong("FREQ", "meetings repeat daily or more slowly"))
        }
        _ => Err(wrong("FREQ", "is DAILY, WEEKLY, MONTHLY or YEARLY")),
    }
}

/// An instant; a day or a time without zone would end elsewhere in another program.
fn until(value: &str) -> Result<Timestamp, Invalid> {
    value
        .strip_suffix('Z')
        .filter(|it| it.len() == "20261231T225959".len())
        .and_then(|it| NaiveDateTime::parse_from_str(it, "%Y%m%dT%H%M%S").ok())
        .map(|it| Timestamp::from(it.and_utc()))
        .ok_or_else(|| wrong("UNTIL", "is a time in UTC, as in 20261231T225959Z"))
}

fn weekday(part: &str, value: &str) -> Result<Weekday, Invalid> {
    match value {
        "MO" => Ok(Weekday::Mon),
        "TU" => Ok(Weekday::Tue),
        "WE" => Ok(Weekday::Wed),
        "TH" => Ok(Weekday::Thu),
        "FR" => Ok(Weekday::Fri),
        "SA" => Ok(Weekday::Sat),
        "SU" => Ok(Weekday::Sun),
        _ => Err(wrong(part, "days are MO, TU, WE, TH, FR, SA, SU")),
    }
}

/// The name of a weekday in a rule.
pub(super) fn weekday_name(day: Weekday) -> &'static str {
    match day {
        Weekday::Mon => "MO",
        Weekday::Tue => "TU",
        Weekday::Wed => "WE",
        Weekday::Thu => "TH",
        Weekday::Fri => "FR",
        Weekday::Sat => "SA",
        Weekday::Sun => "SU",
    }
}

/// `MO`, `1MO`, `-1FR`.
fn nth_weekday(item: &str) -> Option<NWeekday> {
    let (nth, day) = item.split_at_checked(item.len().checked_sub(2)?)?;
    let day = weekday("BYDAY", day).ok()?;
    if nth.is_empty() {
        return Some(NWeekday::Every(day));
    }
    Some(NWeekday::Nth(either_side(nth, 53)?, day))
}

/// A whole number in digits, with a sign where `signed`.
fn whole<N: FromStr>(item: &str, signed: bool) -> Option<N> {
    let digits = if signed { item.strip_prefix(['-', '+']).unwrap_or(item) } else { item };
    let plain = !digits.is_empty() && digits.bytes().all(|it| it.is_ascii_digit());
    if plain { item.parse().ok() } else { None }
}

fn number<N: FromStr + PartialOrd>(item: &str, range: std::ops::RangeInclusive<N>) -> Option<N> {
    whole(item, false).filter(|it| range.contains(it))
}

/// `1` to `most`, or from the end: `-1` to `-most`.
fn either_side<N: TryFrom<i16>>(item: &str, most: i16) -> Option<N> {
    let number = whole::<i16>(item, true).filter(|it| *it != 0 && it.abs() <= most)?;
    N::try_from(number).ok()
}

fn within<N: FromStr + PartialOrd>(
    part: &str,
    value: &str,
    range: std::ops::RangeInclusive<N>,
    why: &'static str,
) -> Result<N, Invalid> {
    number(value, range).ok_or_else(|| wrong(part, why))
}

/// Each item once, in the order in which they came.
fn list<N: PartialEq>(
    part: &str,
    value: &str,
    item: impl Fn(&str) -> Option<N>,
) -> Result<Vec<N>, Invalid> {
    let mut items = Vec::new();
    for text in value.split(',') {
        let Some(read) = item(text) else {
            let why = match part {
                "BYWEEKNO" => {
                    "has weeks from 1 to 51; programs disagree about the last weeks of a year"
                }
                "BYDAY" => "has weekdays, such as MO, 1MO or -1FR",
                _ => "has a number that it may not have",
            };
            return Err(wrong(part, why));
        };
        if items.len() == LIST_MAX {
            return Err(wrong(part, "has at most 31 entries"));
        }
        if !items.contains(&read) {
            items.push(read);
        }
    }
    Ok(items)
}
