//! Series that are split and moved.

use quorate_protocol::{Recurrence, RecurrencePattern, Weekday};

use super::{at, custom, every, hours, series, starts, try_series};
use crate::schedule::{Invalid, Series, Times};

fn rest(whole: &Series, zone: &str, start: &str) -> Series {
    series(zone, start, &whole.continued_from(at(start)).unwrap())
}

fn stopped(whole: &Series, zone: &str, start: &str) -> Series {
    let first = whole.first().starts_at.to_string();
    series(zone, &first, &whole.ended_before(at(start)).unwrap())
}

#[test]
fn a_split_divides_the_count() {
    let whole = series(
        "UTC",
        "2026-01-07T09:00Z",
        &Recurrence { count: Some(5), ..every(RecurrencePattern::Daily) },
    );
    let (before, after) =
        (stopped(&whole, "UTC", "2026-01-09T09:00Z"), rest(&whole, "UTC", "2026-01-09T09:00Z"));
    assert_eq!((before.recurrence().count, after.recurrence().count), (Some(2), Some(3)));
    assert_eq!([starts(&before, 9), starts(&after, 9)].concat(), starts(&whole, 9));
    assert_eq!(whole.ended_before(at("2026-01-07T09:00Z")), None, "nothing is left of it");
    assert_eq!(whole.continued_from(at("2026-01-07T09:00Z")), Some(whole.recurrence()));
    assert_eq!(whole.ended_before(at("2026-01-09T09:01Z")), None, "no occurrence");
    assert_eq!(whole.continued_from(at("2026-01-12T09:00Z")), None, "after the last");
}

#[test]
fn a_split_ends_at_the_occurrence_before() {
    let whole = series("Europe/Berlin", "2026-01-07T09:00Z", &every(RecurrencePattern::Weekly));
    let before = stopped(&whole, "Europe/Berlin", "2026-04-01T08:00Z");
    assert_eq!(before.recurrence().until, Some(at("2026-03-25T09:00Z")));
    assert_eq!(before.last().map(|it| it.starts_at), Some(at("2026-03-25T09:00Z")));
    let after = rest(&whole, "Europe/Berlin", "2026-04-01T08:00Z");
    assert_eq!(after.recurrence(), whole.recurrence());
}

#[test]
fn an_end_inside_a_rule_comes_out_of_it() {
    let whole = custom("UTC", "2026-01-05T09:00Z", "FREQ=MONTHLY;BYDAY=1MO;COUNT=4");
    let recurrence = whole.continued_from(at("2026-03-02T09:00Z")).unwrap();
    assert_eq!(
        (recurrence.rrule.as_deref(), recurrence.count),
        (Some("FREQ=MONTHLY;BYDAY=1MO"), Some(2))
    );
}

#[test]
fn a_split_where_the_clock_skips_the_time_keeps_the_time() {
    // The rest begins at 03:30, and goes on at 02:30.
    let whole = series("Europe/Berlin", "2026-03-27T01:30Z", &every(RecurrencePattern::Daily));
    let after = rest(&whole, "Europe/Berlin", "2026-03-29T01:30Z");
    assert_eq!(starts(&after, 2), ["2026-03-29T01:30Z", "2026-03-30T00:30Z"]);
    assert_eq!(
        after.recurrence().rrule.as_deref(),
        Some("FREQ=DAILY;BYHOUR=2;BYMINUTE=30;BYSECOND=0")
    );
    // Where it skipped the day, there is no telling.
    let samoa = series("Pacific/Apia", "2011-12-23T19:00Z", &every(RecurrencePattern::Weekly));
    assert_eq!(samoa.continued_from(at("2011-12-30T19:00Z")), None);
    assert!(samoa.ended_before(at("2011-12-30T19:00Z")).is_some());
}

/// Moves the occurrence `from` to `to`; answers the recurrence, or what refuses it.
fn moved(series: &Series, from: &str, to: &str) -> Result<Recurrence, Invalid> {
    let starts_at = at(to);
    let ends_at = Some(starts_at.plus_ms(hours(2)));
    let to = Times { starts_at, ends_at, time_zone: series.time_zone() };
    let moved = series.moved(at(from), to)?;
    assert_eq!(moved.shift.apply(at(from)), starts_at);
    assert!(moved.series.is_occurrence(starts_at));
    Ok(moved.series.recurrence())
}

#[test]
fn another_time_of_day_keeps_the_rule() {
    let whole = series("Europe/Berlin", "2026-01-07T09:00Z", &every(RecurrencePattern::Weekly));
    let to = Times {
        starts_at: at("2026-04-01T12:30Z"),
        ends_at: Some(at("2026-04-01T14:30Z")),
        time_zone: "Europe/Berlin",
    };
    let moved = whole.moved(at("2026-04-01T08:00Z"), to).unwrap();
    // From 10:00 to 14:30 on the wall, in winter too.
    assert_eq!(moved.series.first().starts_at, at("2026-01-07T13:30Z"));
    assert_eq!(moved.series.first().ends_at, Some(at("2026-01-07T15:30Z")));
    assert_eq!(moved.series.recurrence(), whole.recurrence());
    assert_eq!(moved.shift.apply(at("2026-10-28T09:00Z")), at("2026-10-28T13:30Z"));
}

#[test]
fn another_day_takes_the_weekdays_along() {
    let mut weekly = every(RecurrencePattern::Weekly);
    weekly.weekdays = vec![Weekday::Wednesday, Weekday::Sunday];
    let plain = series("UTC", "2026-01-07T09:00Z", &weekly);
    let to = moved(&plain, "2026-01-11T09:00Z", "2026-01-13T09:00Z").unwrap();
    assert_eq!(to.weekdays, [Weekday::Friday, Weekday::Tuesday]);
    // Every second week: what was one week stays one, which only a rule of one's own can say.
    let second = series("UTC", "2026-01-07T09:00Z", &Recurrence { interval: 2, ..weekly });
    let to = moved(&second, "2026-01-07T09:00Z", "2026-01-09T09:00Z").unwrap();
    assert_eq!(to.rrule.as_deref(), Some("FREQ=WEEKLY;INTERVAL=2;WKST=WE;BYDAY=FR,TU"));
    let monthly = series("UTC", "2026-01-07T09:00Z", &every(RecurrencePattern::Monthly));
    let to = moved(&monthly, "2026-02-07T09:00Z", "2026-02-10T08:00Z").unwrap();
    assert_eq!(to.month_day, Some(10));
    let yearly = custom("UTC", "2026-01-07T09:00Z", "FREQ=YEARLY");
    let to = moved(&yearly, "2027-01-07T09:00Z", "2027-01-27T09:00Z").unwrap();
    assert_eq!(to.rrule.as_deref(), Some("FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=27"));
}

#[test]
fn times_of_day_that_a_rule_says_move_too() {
    let one = custom("UTC", "2026-01-07T09:00Z", "FREQ=DAILY;BYHOUR=9;BYMINUTE=0");
    let to = moved(&one, "2026-01-07T09:00Z", "2026-01-07T10:45Z").unwrap();
    assert_eq!(to.rrule.as_deref(), Some("FREQ=DAILY;BYHOUR=10;BYMINUTE=45"));
    let two = custom("UTC", "2026-01-07T09:00Z", "FREQ=DAILY;BYHOUR=9,15");
    let to = moved(&two, "2026-01-07T15:00Z", "2026-01-07T17:00Z").unwrap();
    assert_eq!(to.rrule.as_deref(), Some("FREQ=DAILY;BYHOUR=11,17"));
    for beyond in ["2026-01-08T00:00Z", "2026-01-07T17:30Z"] {
        let refused = moved(&two, "2026-01-07T15:00Z", beyond).unwrap_err();
        assert_eq!(refused, Invalid::CannotMove("it has several times a day"));
    }
}

#[test]
fn what_a_rule_cannot_say_is_refused() {
    for rule in [
        "FREQ=MONTHLY;BYDAY=1WE",
        "FREQ=MONTHLY;BYMONTHDAY=7,28",
        "FREQ=WEEKLY;BYMONTH=1,2",
        "FREQ=YEARLY;BYYEARDAY=7",
        "FREQ=MONTHLY;BYDAY=WE;BYSETPOS=1",
    ] {
        let series = custom("UTC", "2026-01-07T09:00Z", rule);
        let refused = moved(&series, "2026-01-07T09:00Z", "2026-01-08T09:00Z").unwrap_err();
        assert!(matches!(refused, Invalid::CannotMove(_)), "{rule}: {refused}");
        assert_eq!(refused.field(), "starts_at");
        assert!(moved(&series, "2026-01-07T09:00Z", "2026-01-07T10:00Z").is_ok(), "{rule}");
    }
    let monthly = series("UTC", "2026-01-07T09:00Z", &every(RecurrencePattern::Monthly));
    assert!(moved(&monthly, "2026-01-07T09:00Z", "2026-01-29T09:00Z").is_err());
    assert!(moved(&monthly, "2026-01-07T09:00Z", "2026-02-07T09:00Z").is_err());
    assert!(moved(&monthly, "2026-01-08T09:00Z", "2026-01-09T09:00Z").is_err(), "no occurrence");
}

#[test]
fn an_end_moves_with_its_occurrence_and_another_zone_keeps_the_clock() {
    let daily =
        Recurrence { until: Some(at("2026-04-02T00:00Z")), ..every(RecurrencePattern::Daily) };
    let whole = series("Europe/Berlin", "2026-03-27T09:00Z", &daily);
    let to =
        Times { starts_at: at("2026-03-27T14:00Z"), ends_at: None, time_zone: "America/New_York" };
    let moved = whole.moved(whole.first().starts_at, to).unwrap();
    assert_eq!(starts(&moved.series, 99).len(), starts(&whole, 99).len());
    assert_eq!(moved.series.last().map(|it| it.starts_at), Some(at("2026-04-01T14:00Z")));
    // 10:00 in Berlin is 10:00 in New York.
    assert_eq!(moved.shift.apply(at("2026-03-30T08:00Z")), at("2026-03-30T14:00Z"));
}

#[test]
fn moved_into_a_gap_it_keeps_the_time() {
    let daily = series("Europe/Berlin", "2026-03-29T10:00Z", &every(RecurrencePattern::Daily));
    let to =
        Times { starts_at: at("2026-03-31T00:30Z"), ends_at: None, time_zone: "Europe/Berlin" };
    let moved = daily.moved(at("2026-03-31T10:00Z"), to).unwrap();
    assert_eq!(starts(&moved.series, 2), ["2026-03-29T01:30Z", "2026-03-30T00:30Z"]);
    assert!(try_series("Europe/Berlin", "2026-03-29T01:30Z", &moved.series.recurrence()).is_ok());
}
