//! A rule: on which days, and at which times of day.

use std::fmt;

use chrono::{Datelike, Month, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike, Weekday};
use quorate_protocol::{
    RECURRENCE_INTERVAL, Recurrence, RecurrencePattern, Weekday as WireWeekday,
};
use rrule::{Frequency, NWeekday, RRule, RRuleSet, RRuleSetIter, Tz};

use super::Invalid;
use super::text::{self, Written, weekday_name, wrong};

/// Times of day at which a rule may match; `match every second` is no meeting.
const TIMES_A_DAY_MAX: usize = 24;

/// A rule without its end, as RFC 5545 divides it into parts. An empty list says nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rule {
    pub frequency: Frequency,
    pub interval: u16,
    pub week_start: Weekday,
    pub months: Vec<u8>,
    pub month_days: Vec<i8>,
    pub year_days: Vec<i16>,
    pub weeks: Vec<i8>,
    pub weekdays: Vec<NWeekday>,
    pub positions: Vec<i32>,
    pub hours: Vec<u8>,
    pub minutes: Vec<u8>,
    pub seconds: Vec<u8>,
}

impl Rule {
    /// Every one of these.
    pub(super) fn of(frequency: Frequency) -> Rule {
        Rule {
            frequency,
            interval: 1,
            week_start: Weekday::Mon,
            months: Vec::new(),
            month_days: Vec::new(),
            year_days: Vec::new(),
            weeks: Vec::new(),
            weekdays: Vec::new(),
            positions: Vec::new(),
            hours: Vec::new(),
            minutes: Vec::new(),
            seconds: Vec::new(),
        }
    }

    /// Reads a recurrence whose first day is `first`; what the rule leaves to its start about the day is
    /// said, what it leaves to it about the time of day is not.
    pub(super) fn read(recurrence: &Recurrence, first: NaiveDate) -> Result<Written, Invalid> {
        if !RECURRENCE_INTERVAL.contains(&recurrence.interval) {
            return Err(Invalid::Interval);
        }
        let mut written = match recurrence.pattern {
            RecurrencePattern::Custom => {
                text::read(recurrence.rrule.as_deref().ok_or(Invalid::NoRule)?)?
            }
            _ => Written { rule: Rule::patterned(recurrence)?, count: None, until: None },
        };
        fits(recurrence)?;
        if recurrence.count.is_some() || recurrence.until.is_some() {
            if written.count.is_some() || written.until.is_some() {
                return Err(Invalid::CountAndUntil);
            }
            (written.count, written.until) = (recurrence.count, recurrence.until);
        }
        written.rule.check()?;
        written.rule.say_days(first);
        Ok(written)
    }

    fn patterned(recurrence: &Recurrence) -> Result<Rule, Invalid> {
        let mut rule = Rule::of(match recurrence.pattern {
            RecurrencePattern::Weekly => Frequency::Weekly,
            RecurrencePattern::Monthly => Frequency::Monthly,
            RecurrencePattern::Daily | RecurrencePattern::Custom => Frequency::Daily,
        });
        rule.interval = recurrence.interval;
        for day in &recurrence.weekdays {
            let day = NWeekday::Every(from_wire(*day));
            if rule.weekdays.contains(&day) {
                return Err(Invalid::Weekdays);
            }
            rule.weekdays.push(day);
        }
        if let Some(day) = recurrence.month_day {
            let day = i8::try_from(day).ok().filter(|it| (1..=31).contains(it));
            rule.month_days = vec![day.ok_or(Invalid::MonthDay)?];
        }
        Ok(rule)
    }

    /// Refuses what RFC 5545 does, and what common programs read in different ways.
    fn check(&self) -> Result<(), Invalid> {
        let (yearly, monthly) =
            (self.frequency == Frequency::Yearly, self.frequency == Frequency::Monthly);
        let numbered = self.weekdays.iter().filter(|it| matches!(it, NWeekday::Nth(..))).count();
        let refused = [
            (numbered > 0 && !yearly && !monthly, "BYDAY", "days are numbered in months and years"),
            (numbered > 0 && !self.weeks.is_empty(), "BYDAY", "has no numbers beside BYWEEKNO"),
            (
                numbered > 0 && numbered < self.weekdays.len(),
                "BYDAY",
                "has either days with numbers or without",
            ),
            (monthly && self.numbered_beyond(-4..=5), "BYDAY", "numbers are -4 to 5"),
            (yearly && self.numbered_beyond(-52..=53), "BYDAY", "numbers are -52 to 53"),
            (!self.weeks.is_empty() && !yearly, "BYWEEKNO", "goes with FREQ=YEARLY"),
            (!self.year_days.is_empty() && !yearly, "BYYEARDAY", "goes with FREQ=YEARLY"),
            (
                !self.month_days.is_empty() && self.frequency == Frequency::Weekly,
                "BYMONTHDAY",
                "does not go with FREQ=WEEKLY",
            ),
            (
                !self.positions.is_empty() && self.frequency == Frequency::Weekly,
                "BYSETPOS",
                "does not go with FREQ=WEEKLY: programs disagree about the first week",
            ),
            (
                !self.positions.is_empty() && self.says_only_positions(),
                "BYSETPOS",
                "needs another part to choose from",
            ),
            (monthly && self.positions.iter().any(|it| it.abs() > 31), "BYSETPOS", "is -31 to 31"),
            (self.times_a_day() > TIMES_A_DAY_MAX, "BYHOUR", "at most 24 times a day"),
        ];
        match refused.into_iter().find(|(refused, ..)| *refused) {
            Some((_, part, why)) => Err(wrong(part, why)),
            None => Ok(()),
        }
    }

    fn numbered_beyond(&self, range: std::ops::RangeInclusive<i16>) -> bool {
        self.weekdays.iter().any(|it| matches!(it, NWeekday::Nth(nth, _) if !range.contains(nth)))
    }

    fn says_only_positions(&self) -> bool {
        !self.says_days() && self.months.is_empty() && !self.says_time()
    }

    fn says_days(&self) -> bool {
        let days = [self.month_days.len(), self.year_days.len(), self.weeks.len()];
        !self.weekdays.is_empty() || days.iter().any(|it| *it > 0)
    }

    /// Whether a time of day is said, rather than left to the start.
    pub(super) fn says_time(&self) -> bool {
        [&self.hours, &self.minutes, &self.seconds].iter().any(|it| !it.is_empty())
    }

    pub(super) fn times_a_day(&self) -> usize {
        [&self.hours, &self.minutes, &self.seconds].iter().map(|it| it.len().max(1)).product()
    }

    /// Says about the day what is left to the start.
    fn say_days(&mut self, first: NaiveDate) {
        let weekday = NWeekday::Every(first.weekday());
        if !self.weeks.is_empty() && self.weekdays.is_empty() && self.year_days.is_empty() {
            self.weekdays = vec![weekday];
        }
        if self.says_days() {
            return;
        }
        let day = i8::try_from(first.day()).unwrap_or(1);
        match self.frequency {
            Frequency::Weekly => self.weekdays = vec![weekday],
            Frequency::Monthly => self.month_days = vec![day],
            Frequency::Yearly => {
                self.month_days = vec![day];
                if self.months.is_empty() {
                    self.months = vec![u8::try_from(first.month()).unwrap_or(1)];
                }
            }
            _ => {}
        }
    }

    /// Says the time of day of `first` where none is said.
    pub(super) fn say_time(&mut self, first: NaiveTime) {
        let parts = [
            (&mut self.hours, first.hour()),
            (&mut self.minutes, first.minute()),
            (&mut self.seconds, first.second()),
        ];
        for (list, value) in parts {
            if list.is_empty() {
                *list = vec![u8::try_from(value).unwrap_or(0)];
            }
        }
    }

    /// The day from which on to count so that nothing on `near` or later is missed, at most one interval
    /// before it: however far from `first`, there is no walking there.
    pub(super) fn anchor(&self, first: NaiveDate, near: NaiveDate) -> NaiveDate {
        let every = i32::from(self.interval);
        let month_of = |day: NaiveDate| day.year() * 12 + day.month0().cast_signed();
        let anchor = match self.frequency {
            Frequency::Yearly => NaiveDate::from_ymd_opt(
                first.year() + (near.year() - first.year()).div_euclid(every) * every,
                1,
                1,
            ),
            Frequency::Monthly => {
                let months = (month_of(near) - month_of(first)).div_euclid(every) * every;
                let month = month_of(first) + months;
                NaiveDate::from_ymd_opt(
                    month.div_euclid(12),
                    month.rem_euclid(12).cast_unsigned() + 1,
                    1,
                )
            }
            Frequency::Weekly => {
                let start = first - TimeDelta::days(self.days_into_week(first.weekday()));
                days_after(start, near, 7 * i64::from(every))
            }
            _ => days_after(first, near, i64::from(every)),
        };
        // Before the first interval there is nothing; within it, the first day stands for its beginning.
        anchor.map_or(first, |it| it.max(first))
    }

    fn days_into_week(&self, day: Weekday) -> i64 {
        i64::from(day.days_since(self.week_start))
    }

    /// The wall-clock times of a series that starts at `first`, from the day of `near` on, rising; the first of
    /// them may be a little before. Where the rule does not match for very long, it ends.
    pub(super) fn matches(&self, first: NaiveDateTime, near: NaiveDate) -> Matches {
        let mut rule = self.clone();
        rule.say_time(first.time());
        // Wall-clock times are counted as if in UTC, where each exists once; the zone comes after.
        let start = rule.anchor(first.date(), near).and_time(NaiveTime::MIN).and_utc();
        let start = start.with_timezone(&Tz::UTC);
        let set = rule.engine().validate(start).ok().map(|it| RRuleSet::new(start).rrule(it));
        Matches { dates: set.map(|it| (&it.limit()).into_iter()) }
    }

    fn engine(&self) -> RRule<rrule::Unvalidated> {
        let months = self.months.iter().filter_map(|it| Month::try_from(*it).ok());
        RRule::new(self.frequency)
            .interval(self.interval)
            .week_start(self.week_start)
            .by_month(&months.collect::<Vec<_>>())
            .by_month_day(self.month_days.clone())
            .by_year_day(self.year_days.clone())
            .by_week_no(self.weeks.clone())
            .by_weekday(self.weekdays.clone())
            .by_set_pos(self.positions.clone())
            .by_hour(self.hours.clone())
            .by_minute(self.minutes.clone())
            .by_second(self.seconds.clone())
    }
}

/// Refuses what goes with another pattern.
fn fits(recurrence: &Recurrence) -> Result<(), Invalid> {
    use RecurrencePattern::{Custom, Monthly, Weekly};
    let pattern = recurrence.pattern;
    let refused = [
        (!recurrence.weekdays.is_empty() && pattern != Weekly, "weekly", "recurrence.weekdays"),
        (recurrence.month_day.is_some() && pattern != Monthly, "monthly", "recurrence.month_day"),
        (recurrence.rrule.is_some() && pattern != Custom, "custom", "recurrence.rrule"),
        (
            recurrence.interval != 1 && pattern == Custom,
            "daily, weekly or monthly; a custom rule says INTERVAL",
            "recurrence.interval",
        ),
    ];
    match refused.into_iter().find(|(refused, ..)| *refused) {
        Some((_, with, field)) => Err(Invalid::OnlyWith(with, field)),
        None => Ok(()),
    }
}

/// The last day that is a multiple of `every` days after `start`, and not after `near`.
fn days_after(start: NaiveDate, near: NaiveDate, every: i64) -> Option<NaiveDate> {
    let days = near.signed_duration_since(start).num_days().div_euclid(every) * every;
    start.checked_add_signed(TimeDelta::days(days))
}

fn from_wire(day: WireWeekday) -> Weekday {
    match day {
        WireWeekday::Monday => Weekday::Mon,
        WireWeekday::Tuesday => Weekday::Tue,
        WireWeekday::Wednesday => Weekday::Wed,
        WireWeekday::Thursday => Weekday::Thu,
        WireWeekday::Friday => Weekday::Fri,
        WireWeekday::Saturday => Weekday::Sat,
        WireWeekday::Sunday => Weekday::Sun,
    }
}

/// The weekday on the wire.
pub(super) fn to_wire(day: Weekday) -> WireWeekday {
    match day {
        Weekday::Mon => WireWeekday::Monday,
        Weekday::Tue => WireWeekday::Tuesday,
        Weekday::Wed => WireWeekday::Wednesday,
        Weekday::Thu => WireWeekday::Thursday,
        Weekday::Fri => WireWeekday::Friday,
        Weekday::Sat => WireWeekday::Saturday,
        Weekday::Sun => WireWeekday::Sunday,
    }
}

/// See [`Rule::matches`].
pub(super) struct Matches {
    dates: Option<RRuleSetIter>,
}

impl Iterator for Matches {
    type Item = NaiveDateTime;

    fn next(&mut self) -> Option<NaiveDateTime> {
        let date = self.dates.as_mut()?.next()?.naive_utc();
        // What cannot be written does not take place.
        (date.year() <= 9999).then_some(date)
    }
}

impl fmt::Display for Rule {
    /// As RFC 5545 writes it, without `RRULE:` and without an end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FREQ={}", self.frequency)?;
        if self.interval != 1 {
            write!(f, ";INTERVAL={}", self.interval)?;
        }
        if self.week_start != Weekday::Mon {
            write!(f, ";WKST={}", weekday_name(self.week_start))?;
        }
        let weekday = |day: &NWeekday| match day {
            NWeekday::Every(day) => weekday_name(*day).to_owned(),
            NWeekday::Nth(nth, day) => format!("{nth}{}", weekday_name(*day)),
        };
        written(f, "BYMONTH", &self.months, u8::to_string)?;
        written(f, "BYWEEKNO", &self.weeks, i8::to_string)?;
        written(f, "BYYEARDAY", &self.year_days, i16::to_string)?;
        written(f, "BYMONTHDAY", &self.month_days, i8::to_string)?;
        written(f, "BYDAY", &self.weekdays, weekday)?;
        written(f, "BYHOUR", &self.hours, u8::to_string)?;
        written(f, "BYMINUTE", &self.minutes, u8::to_string)?;
        written(f, "BYSECOND", &self.seconds, u8::to_string)?;
        written(f, "BYSETPOS", &self.positions, i32::to_string)
    }
}

fn written<N>(
    f: &mut fmt::Formatter<'_>,
    part: &str,
    list: &[N],
    item: impl Fn(&N) -> String,
) -> fmt::Result {
    if list.is_empty() {
        return Ok(());
    }
    write!(f, ";{part}={}", list.iter().map(item).collect::<Vec<_>>().join(","))
}
