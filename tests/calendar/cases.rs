//! Random series.

use chrono::{DateTime, Datelike, NaiveDateTime, TimeZone, Timelike};
use chrono_tz::{TZ_VARIANTS, Tz};
use quorate::schedule::{Series, Times};
use quorate_protocol::{Recurrence, RecurrencePattern, Timestamp, Weekday};
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, IteratorRandom};
use rand::{RngExt, SeedableRng};

pub(crate) const DAY_MS: i64 = 86_400_000;
const DAYS: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];
/// Those whose clocks do the unusual, beside all that there are.
const ODD: &[&str] = &[
    "Africa/Cairo",
    "Africa/Casablanca",
    "America/New_York",
    "America/Nuuk",
    "America/Santiago",
    "America/St_Johns",
    "Antarctica/Troll",
    "Asia/Gaza",
    "Asia/Tehran",
    "Australia/Lord_Howe",
    "Europe/Berlin",
    "Europe/Dublin",
    "Pacific/Apia",
    "Pacific/Chatham",
];

pub(crate) struct Case {
    pub recurrence: Recurrence,
    pub zone: Tz,
    pub starts_at: Timestamp,
    pub series: Series,
}

impl Case {
    /// What the clock shows at the start.
    pub(crate) fn wall(&self) -> NaiveDateTime {
        wall(self.zone, self.starts_at)
    }
}

pub(crate) fn wall(zone: Tz, at: Timestamp) -> NaiveDateTime {
    let utc = DateTime::from_timestamp_millis(at.0).unwrap().naive_utc();
    zone.from_utc_datetime(&utc).naive_local()
}

/// Random series for ever, the same for a seed.
pub(crate) struct Cases {
    pub rng: StdRng,
    tried: u32,
    found: u32,
}

impl Cases {
    pub(crate) fn new(seed: u64) -> Cases {
        Cases { rng: StdRng::seed_from_u64(seed), tried: 0, found: 0 }
    }

    pub(crate) fn next(&mut self) -> Case {
        loop {
            self.tried += 1;
            // Random rules often leave their start out, or are refused; most must not.
            assert!(self.tried < 100 || self.found * 5 > self.tried, "too little is accepted");
            if let Some(case) = self.try_next() {
                self.found += 1;
                return case;
            }
        }
    }

    fn try_next(&mut self) -> Option<Case> {
        let rng = &mut self.rng;
        let zone = if rng.random_bool(0.5) {
            ODD.choose(rng)?.parse().ok()?
        } else {
            **TZ_VARIANTS.iter().collect::<Vec<_>>().choose(rng)?
        };
        // 1970 to 2040, most of it in this century; often by night, when clocks are changed.
        let day = if rng.random_bool(0.2) {
            rng.random_range(1..11_000)
        } else {
            rng.random_range(11_000..25_500)
        };
        let starts_at = Timestamp(day * DAY_MS + rng.random_range(0..288) * 300_000);
        let start = wall(zone, starts_at);
        let mut recurrence = recurrence(rng, start);
        match rng.random_range(0..4) {
            0 => recurrence.count = Some(rng.random_range(1..60)),
            1 => {
                let until = starts_at.plus_ms(rng.random_range(0..500 * 86_400) * 1000);
                recurrence.until = Some(until);
            }
            _ => {}
        }
        let ends_at = Some(starts_at.plus_ms(rng.random_range(1..120) * 900_000));
        let times = Times { starts_at, ends_at, time_zone: zone.name() };
        let series = Series::new(&recurrence, times).ok()?;
        Some(Case { recurrence, zone, starts_at, series })
    }
}

fn recurrence(rng: &mut StdRng, start: NaiveDateTime) -> Recurrence {
    let weekday = start.weekday().num_days_from_monday() as usize;
    let mut recurrence = match rng.random_range(0..8) {
        0 => Recurrence::every(RecurrencePattern::Daily),
        1 => {
            let weekdays = some_days(rng, weekday).into_iter().map(|day| wire_day(day));
            let weekdays: Vec<Weekday> = weekdays.collect();
            Recurrence { weekdays, ..Recurrence::every(RecurrencePattern::Weekly) }
        }
        2 => Recurrence {
            month_day: u8::try_from(start.day()).ok().filter(|_| rng.random_bool(0.5)),
            ..Recurrence::every(RecurrencePattern::Monthly)
        },
        _ => return Recurrence::custom(custom(rng, start, weekday)),
    };
    recurrence.interval = rng.random_range(1..6);
    recurrence
}

fn wire_day(day: &str) -> Weekday {
    serde_json::from_value(day.into()).unwrap()
}

/// Some weekdays, that one among them.
fn some_days(rng: &mut StdRng, weekday: usize) -> Vec<&'static str> {
    let more = rng.random_range(0..4);
    let mut days: Vec<_> = (0..7).filter(|it| *it != weekday).sample(rng, more);
    days.push(weekday);
    days.into_iter().map(|it| DAYS[it]).collect()
}

/// The number, and some others of the range.
fn some(rng: &mut StdRng, number: i64, range: std::ops::RangeInclusive<i64>) -> String {
    let more = rng.random_range(0..4);
    let mut numbers = range.filter(|it| *it != number && *it != 0).sample(rng, more);
    numbers.push(number);
    numbers.iter().map(i64::to_string).collect::<Vec<_>>().join(",")
}

fn custom(rng: &mut StdRng, start: NaiveDateTime, weekday: usize) -> String {
    let freq = *["DAILY", "WEEKLY", "MONTHLY", "YEARLY"].choose(rng).unwrap();
    let mut parts = vec![format!("FREQ={freq}")];
    if rng.random_bool(0.5) {
        parts.push(format!("INTERVAL={}", rng.random_range(1..5)));
    }
    if rng.random_bool(0.3) {
        parts.push(format!("WKST={}", DAYS.choose(rng).unwrap()));
    }
    days(rng, &mut parts, freq, start, weekday);
    if rng.random_bool(0.2) {
        parts.push(format!("BYHOUR={}", some(rng, start.hour().into(), 0..=4)));
        if rng.random_bool(0.5) {
            parts.push(format!("BYMINUTE={}", some(rng, start.minute().into(), 0..=59)));
        }
    }
    if freq != "WEEKLY" && rng.random_bool(0.15) {
        let position = *[1, -1, 2].choose(rng).unwrap();
        parts.push(format!("BYSETPOS={}", some(rng, position, -3..=3)));
    }
    let prefix = if rng.random_bool(0.2) { "RRULE:" } else { "" };
    format!("{prefix}{}", parts.join(";"))
}

/// The parts that say the day, such that they say the day of the start.
fn days(
    rng: &mut StdRng,
    parts: &mut Vec<String>,
    freq: &str,
    start: NaiveDateTime,
    weekday: usize,
) {
    let (day, name) = (i64::from(start.day()), DAYS[weekday]);
    if rng.random_bool(0.25) {
        parts.push(format!("BYMONTH={}", some(rng, start.month().into(), 1..=12)));
    }
    let kind = rng.random_range(0..7);
    match (freq, kind) {
        (_, 0) => {}
        ("YEARLY", 1) => {
            parts.push(format!("BYYEARDAY={}", some(rng, start.ordinal().into(), -366..=366)))
        }
        ("YEARLY", 2) => {
            parts.push(format!("BYWEEKNO={}", some(rng, start.iso_week().week().into(), 1..=51)));
            if rng.random_bool(0.7) {
                parts.push(format!("BYDAY={}", some_days(rng, weekday).join(",")));
            }
        }
        ("YEARLY", 3) if parts.iter().all(|it| !it.starts_with("BYMONTH")) => {
            let nth = start.ordinal0() / 7 + 1;
            parts.push(format!(
                "BYDAY={nth}{name},{}{}",
                rng.random_range(1..50),
                DAYS.choose(rng).unwrap()
            ));
        }
        ("MONTHLY", 1 | 2 | 3) => {
            let nth = start.day0() / 7 + 1;
            parts.push(format!(
                "BYDAY={nth}{name},-{}{}",
                rng.random_range(1..5),
                DAYS.choose(rng).unwrap()
            ));
        }
        ("WEEKLY", _) | (_, 4) => {
            parts.push(format!("BYDAY={}", some_days(rng, weekday).join(",")))
        }
        _ => parts.push(format!("BYMONTHDAY={}", some(rng, day, -31..=31))),
    }
}
