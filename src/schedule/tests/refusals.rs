//! What is no series, and what it says then.

use quorate_protocol::{Recurrence, RecurrencePattern, Weekday};

use super::{at, every, try_series};
use crate::schedule::{Invalid, Series, Times, is_time_zone};

#[track_caller]
fn refused(recurrence: &Recurrence, field: &str, says: &str) {
    // Wednesday.
    let refused = try_series("Europe/Berlin", "2026-01-07T09:00Z", recurrence).unwrap_err();
    assert_eq!(refused.field(), field, "{recurrence:?}: {refused}");
    assert!(refused.to_string().contains(says), "{recurrence:?}: {refused}");
}

#[track_caller]
fn rule(rrule: &str, says: &str) {
    refused(&Recurrence::custom(rrule), "recurrence.rrule", says);
}

#[test]
fn rules_that_are_none() {
    rule("", "parts");
    rule("every Monday", "parts");
    rule("FREQ=DAILY;", "parts");
    rule("INTERVAL=2", "FREQ");
    rule("FREQ=DAILY;FREQ=DAILY", "twice");
    rule("FREQ=DAILY;BYEASTER=1", "BYEASTER: is no part");
    rule(&format!("FREQ=DAILY;{}=1", "É".repeat(200)), "is no part");
    rule(&format!("FREQ=DAILY;BYDAY={}", "MO,".repeat(200)), "500 characters");
    for freq in ["SECONDLY", "MINUTELY", "HOURLY"] {
        rule(&format!("FREQ={freq}"), "daily or more slowly");
    }
    rule("FREQ=FORTNIGHTLY", "YEARLY");
    rule("DTSTART:20260107T090000Z\nRRULE:FREQ=DAILY", "without DTSTART");
    for other in ["RDATE", "EXDATE", "EXRULE"] {
        rule(&format!("FREQ=DAILY\n{other}:20260107T090000Z"), &format!("without {other}"));
    }
}

#[test]
fn parts_out_of_bounds() {
    for interval in ["0", "401", "65536", "-1", "+1", "x", "", "99999999999999999999"] {
        rule(&format!("FREQ=DAILY;INTERVAL={interval}"), "1 to 400");
    }
    for count in ["0", "1001", "-5", ""] {
        rule(&format!("FREQ=DAILY;COUNT={count}"), "1 to 1000");
    }
    for until in ["20260301", "20260301T000000", "20260231T000000Z", "soon", "2026-03-01T00:00:00Z"]
    {
        rule(&format!("FREQ=DAILY;UNTIL={until}"), "in UTC");
    }
    for part in [
        "BYMONTH=0",
        "BYMONTH=13",
        "BYMONTHDAY=0",
        "BYMONTHDAY=-32",
        "BYHOUR=24",
        "BYMINUTE=60",
        "BYSECOND=60",
        "BYMONTH=1,,2",
        "BYSETPOS=0",
    ] {
        rule(&format!("FREQ=YEARLY;{part}"), "may not have");
    }
    for day in ["XX", "M", "", "1.5MO", "0MO", "xxMO", "54MO", "É"] {
        rule(&format!("FREQ=YEARLY;BYDAY={day}"), "weekdays");
    }
    for week in ["0", "52", "53", "-1"] {
        rule(&format!("FREQ=YEARLY;BYWEEKNO={week}"), "1 to 51");
    }
    let days: Vec<_> = (1..=32).map(|it| it.to_string()).collect();
    rule(&format!("FREQ=YEARLY;BYYEARDAY={}", days.join(",")), "at most 31 entries");
    rule("FREQ=DAILY;WKST=1", "days are MO");
}

#[test]
fn parts_that_do_not_go_together() {
    rule("FREQ=WEEKLY;BYDAY=1WE", "numbered in months and years");
    rule("FREQ=MONTHLY;BYDAY=WE,1MO", "either");
    rule("FREQ=MONTHLY;BYDAY=-5WE", "-4 to 5");
    rule("FREQ=YEARLY;BYWEEKNO=2;BYDAY=1WE", "BYWEEKNO");
    rule("FREQ=MONTHLY;BYWEEKNO=2", "FREQ=YEARLY");
    rule("FREQ=MONTHLY;BYYEARDAY=7", "FREQ=YEARLY");
    rule("FREQ=WEEKLY;BYMONTHDAY=7", "FREQ=WEEKLY");
    rule("FREQ=WEEKLY;BYDAY=WE,FR;BYSETPOS=1", "first week");
    rule("FREQ=MONTHLY;BYSETPOS=1", "another part");
    rule("FREQ=MONTHLY;BYDAY=WE;BYSETPOS=32", "-31 to 31");
    rule("FREQ=DAILY;BYMINUTE=0,10,20,30,40;BYHOUR=1,2,3,4,5", "24 times a day");
    refused(
        &Recurrence::custom("FREQ=DAILY;COUNT=3;UNTIL=20270101T000000Z"),
        "recurrence.until",
        "either",
    );
    let both =
        Recurrence { count: Some(3), ..Recurrence::custom("FREQ=DAILY;UNTIL=20270101T000000Z") };
    refused(&both, "recurrence.until", "either");
}

#[test]
fn rules_that_hardly_ever_match() {
    let starts_off = Recurrence::custom("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30");
    refused(&starts_off, "starts_at", "rule's own times");
    for never_again in [
        "FREQ=YEARLY;INTERVAL=100",
        "FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=7;BYDAY=WE;INTERVAL=7",
        "FREQ=MONTHLY;INTERVAL=400",
    ] {
        refused(&Recurrence::custom(never_again), "recurrence", "ten years");
    }
    // Once and never again: the leap day, in every second century.
    let leap = Recurrence::custom("FREQ=YEARLY;INTERVAL=200");
    assert_eq!(try_series("UTC", "2024-02-29T09:00Z", &leap).unwrap_err(), Invalid::TooRare);
    // What is meant once is a series of one.
    let once = Recurrence { count: Some(1), ..leap };
    assert!(try_series("UTC", "2024-02-29T09:00Z", &once).is_ok());
    refused(&Recurrence::custom("FREQ=YEARLY;COUNT=1000"), "recurrence.count", "100 years");
}

#[test]
fn starts_that_are_not_of_the_rule() {
    let mut weekly = every(RecurrencePattern::Weekly);
    weekly.weekdays = vec![Weekday::Thursday];
    refused(&weekly, "starts_at", "own times");
    let monthly = Recurrence { month_day: Some(8), ..every(RecurrencePattern::Monthly) };
    refused(&monthly, "starts_at", "own times");
    refused(&Recurrence::custom("FREQ=DAILY;BYHOUR=9"), "starts_at", "own times");
    // The second 02:30 of that night.
    let second = try_series("Europe/Berlin", "2026-10-25T01:30Z", &every(RecurrencePattern::Daily));
    assert_eq!(second.unwrap_err(), Invalid::SecondOfTwo);
}

#[test]
fn fields_of_other_patterns_and_out_of_bounds() {
    use RecurrencePattern::{Custom, Daily, Monthly, Weekly};
    let wednesday = vec![Weekday::Wednesday];
    refused(
        &Recurrence { weekdays: wednesday.clone(), ..every(Daily) },
        "recurrence.weekdays",
        "weekly",
    );
    refused(&Recurrence { month_day: Some(7), ..every(Weekly) }, "recurrence.month_day", "monthly");
    refused(
        &Recurrence { rrule: Some("FREQ=DAILY".into()), ..every(Daily) },
        "recurrence.rrule",
        "custom",
    );
    refused(
        &Recurrence { interval: 2, ..Recurrence::custom("FREQ=DAILY") },
        "recurrence.interval",
        "INTERVAL",
    );
    refused(&every(Custom), "recurrence.rrule", "needs a rule");
    for interval in [0, 401, u16::MAX] {
        refused(&Recurrence { interval, ..every(Daily) }, "recurrence.interval", "1 to 400");
    }
    for day in [0, 32, 255] {
        refused(
            &Recurrence { month_day: Some(day), ..every(Monthly) },
            "recurrence.month_day",
            "1 to 31",
        );
    }
    let twice = [wednesday.clone(), wednesday].concat();
    refused(&Recurrence { weekdays: twice, ..every(Weekly) }, "recurrence.weekdays", "once");
    for count in [0, 1001, u32::MAX] {
        refused(
            &Recurrence { count: Some(count), ..every(Daily) },
            "recurrence.count",
            "1 to 1000",
        );
    }
    let until = Some(at("2026-01-07T08:59:59Z"));
    refused(&Recurrence { until, ..every(Daily) }, "recurrence.until", "before its first");
    refused(&Recurrence { until, count: Some(1), ..every(Daily) }, "recurrence.until", "either");
}

#[test]
fn times_that_are_none() {
    let new = |starts: &str, ends: &str, time_zone: &str| {
        let times = Times { starts_at: at(starts), ends_at: Some(at(ends)), time_zone };
        Series::new(&every(RecurrencePattern::Daily), times).map(|_| ()).map_err(|it| it.field())
    };
    assert_eq!(new("2026-01-07T09:00Z", "2026-01-07T10:00Z", "Europe/Berlin"), Ok(()));
    for zone in ["", "Berlin", "europe/berlin", "CEST", "+01:00", "Europe/Berlin ", "../etc/passwd"]
    {
        assert_eq!(new("2026-01-07T09:00Z", "2026-01-07T10:00Z", zone), Err("time_zone"), "{zone}");
        assert!(!is_time_zone(zone));
    }
    assert_eq!(new("2026-01-07T09:00Z", "2026-01-07T09:00Z", "UTC"), Err("ends_at"));
    assert_eq!(new("2026-01-07T09:00Z", "2026-02-08T09:00Z", "UTC"), Err("ends_at"));
    assert_eq!(new("2026-01-07T09:00Z", "2026-01-07T09:00:00.500Z", "UTC"), Err("ends_at"));
    assert_eq!(new("2026-01-07T09:00:00.500Z", "2026-01-07T10:00Z", "UTC"), Err("starts_at"));
    assert_eq!(new("1969-12-31T23:00Z", "1970-01-01T01:00Z", "UTC"), Err("starts_at"));
    assert_eq!(new("9001-01-01T00:00Z", "9001-01-01T01:00Z", "UTC"), Err("starts_at"));
}
