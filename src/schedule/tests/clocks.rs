//! Clocks that are changed, and calendars that are not regular.

use quorate_protocol::{Recurrence, RecurrencePattern, Timestamp, Weekday};

use super::{at, custom, every, series, starts, starts_from};

/// A daily series that starts there, and its first starts.
#[track_caller]
fn daily(zone: &str, start: &str, expected: &[&str]) {
    let found = starts(&series(zone, start, &every(RecurrencePattern::Daily)), expected.len());
    assert_eq!(found, expected, "{zone}");
}

#[test]
fn the_clock_on_the_wall_shows_the_same_time_before_and_after() {
    daily(
        "Europe/Berlin",
        "2026-03-28T08:00Z",
        &["2026-03-28T08:00Z", "2026-03-29T07:00Z", "2026-03-30T07:00Z"],
    );
    daily(
        "America/New_York",
        "2026-10-31T13:00Z",
        &["2026-10-31T13:00Z", "2026-11-01T14:00Z", "2026-11-02T14:00Z"],
    );
    daily("Asia/Kolkata", "2026-03-28T04:30Z", &["2026-03-28T04:30Z", "2026-03-29T04:30Z"]);
}

#[test]
fn a_time_that_does_not_exist_moves_forward_by_the_length_of_the_gap() {
    // 02:30 is 03:30 on that day, and 02:30 again on the next.
    daily(
        "Europe/Berlin",
        "2026-03-28T01:30Z",
        &["2026-03-28T01:30Z", "2026-03-29T01:30Z", "2026-03-30T00:30Z"],
    );
    daily(
        "America/New_York",
        "2026-03-07T07:30Z",
        &["2026-03-07T07:30Z", "2026-03-08T07:30Z", "2026-03-09T06:30Z"],
    );
    // The first second of the gap and the last, and the first after.
    daily("Europe/Berlin", "2026-03-28T01:00Z", &["2026-03-28T01:00Z", "2026-03-29T01:00Z"]);
    daily(
        "Europe/Berlin",
        "2026-03-28T01:59:59Z",
        &["2026-03-28T01:59:59.000Z", "2026-03-29T01:59:59.000Z"],
    );
    daily("Europe/Berlin", "2026-03-28T02:00Z", &["2026-03-28T02:00Z", "2026-03-29T01:00Z"]);
    // Half an hour: 02:15 is 02:45.
    daily(
        "Australia/Lord_Howe",
        "2026-10-02T15:45Z",
        &["2026-10-02T15:45Z", "2026-10-03T15:45Z", "2026-10-04T15:15Z"],
    );
    // At midnight: 00:30 on the last Friday of April is 01:30.
    daily(
        "Africa/Cairo",
        "2026-04-22T22:30Z",
        &["2026-04-22T22:30Z", "2026-04-23T22:30Z", "2026-04-24T21:30Z"],
    );
    daily("America/Santiago", "2026-09-05T04:30Z", &["2026-09-05T04:30Z", "2026-09-06T04:30Z"]);
}

#[test]
fn a_day_that_was_skipped_meets_the_next() {
    // Samoa went from the 29th of December 2011 to the 31st.
    daily(
        "Pacific/Apia",
        "2011-12-28T19:00Z",
        &["2011-12-28T19:00Z", "2011-12-29T19:00Z", "2011-12-30T19:00Z", "2011-12-31T19:00Z"],
    );
    let weekly = series("Pacific/Apia", "2011-12-23T19:00Z", &every(RecurrencePattern::Weekly));
    // Fridays: the 23rd of December, the 30th that is the 31st, the 6th of January.
    assert_eq!(starts(&weekly, 3), ["2011-12-23T19:00Z", "2011-12-30T19:00Z", "2012-01-05T19:00Z"]);
}

#[test]
fn a_time_that_exists_twice_is_the_first() {
    daily(
        "Europe/Berlin",
        "2026-10-24T00:30Z",
        &["2026-10-24T00:30Z", "2026-10-25T00:30Z", "2026-10-26T01:30Z"],
    );
    daily(
        "America/New_York",
        "2026-10-31T05:30Z",
        &["2026-10-31T05:30Z", "2026-11-01T05:30Z", "2026-11-02T06:30Z"],
    );
    daily(
        "Australia/Lord_Howe",
        "2026-04-03T14:45Z",
        &["2026-04-03T14:45Z", "2026-04-04T14:45Z", "2026-04-05T15:15Z"],
    );
    // The last Thursday of October: at midnight it is 23:00 again.
    daily(
        "Africa/Cairo",
        "2026-10-28T20:30Z",
        &["2026-10-28T20:30Z", "2026-10-29T20:30Z", "2026-10-30T21:30Z"],
    );
}

#[test]
fn a_length_is_elapsed_time() {
    let nights = series("Europe/Berlin", "2026-03-28T00:30Z", &every(RecurrencePattern::Daily));
    for one in nights.occurrences(at("2026-03-28T00:00Z"), at("2026-11-01T00:00Z"), 1000) {
        assert_eq!(one.ends_at.map(|it| it.ms_since(one.starts_at)), Some(3_600_000));
    }
}

#[test]
fn two_times_that_the_clock_makes_one_are_one_and_the_order_is_that_of_the_instants() {
    // On that Sunday 02:30 is 03:30, which comes after 03:00 and meets 03:30.
    let rule = "FREQ=DAILY;BYHOUR=2,3;BYMINUTE=0,30";
    let thrice = custom("Europe/Berlin", "2026-03-28T01:00Z", rule);
    let sunday = thrice.occurrences(at("2026-03-29T00:00Z"), at("2026-03-29T12:00Z"), 10);
    let sunday: Vec<_> = sunday.iter().map(|it| it.starts_at).collect();
    assert_eq!(sunday, [at("2026-03-29T01:00Z"), at("2026-03-29T01:30Z")]);
}

#[test]
fn months_without_such_a_day_are_skipped() {
    let monthly = series("Europe/Paris", "2026-01-31T09:00Z", &every(RecurrencePattern::Monthly));
    assert_eq!(
        starts(&monthly, 4),
        ["2026-01-31T09:00Z", "2026-03-31T08:00Z", "2026-05-31T08:00Z", "2026-07-31T08:00Z"]
    );
    let leap = custom("UTC", "2096-02-29T09:00Z", "FREQ=YEARLY");
    assert_eq!(starts(&leap, 3), ["2096-02-29T09:00Z", "2104-02-29T09:00Z", "2108-02-29T09:00Z"]);
}

#[test]
fn weekdays_and_intervals_count_from_monday() {
    let mut weekly = every(RecurrencePattern::Weekly);
    weekly.interval = 2;
    weekly.weekdays = vec![Weekday::Wednesday, Weekday::Sunday];
    weekly.count = Some(4);
    // Wednesday the 7th of January; its week's Sunday is the 11th, the next week begins on the 19th.
    let found = starts(&series("UTC", "2026-01-07T09:00Z", &weekly), 10);
    let expected =
        ["2026-01-07T09:00Z", "2026-01-11T09:00Z", "2026-01-21T09:00Z", "2026-01-25T09:00Z"];
    assert_eq!(found, expected);
    let from_sunday = "FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=WE,SU;COUNT=4";
    assert_eq!(starts(&custom("UTC", "2026-01-07T09:00Z", from_sunday), 2)[1], "2026-01-18T09:00Z");
}

#[test]
fn custom_rules_say_what_patterns_cannot() {
    let last =
        custom("UTC", "2026-01-30T09:00Z", "RRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1");
    assert_eq!(starts(&last, 3), ["2026-01-30T09:00Z", "2026-02-27T09:00Z", "2026-03-31T09:00Z"]);
    let second =
        custom("UTC", "2026-01-13T09:00Z", "freq=monthly;byday=2tu;until=20260301T000000Z");
    assert_eq!(starts(&second, 9), ["2026-01-13T09:00Z", "2026-02-10T09:00Z"]);
    let twice = custom("UTC", "2026-01-13T15:00Z", "FREQ=DAILY;BYHOUR=9,15;COUNT=3");
    assert_eq!(starts(&twice, 9), ["2026-01-13T15:00Z", "2026-01-14T09:00Z", "2026-01-14T15:00Z"]);
    let week = custom("UTC", "2026-01-07T09:00Z", "FREQ=YEARLY;BYWEEKNO=2,20;COUNT=3");
    assert_eq!(starts(&week, 9), ["2026-01-07T09:00Z", "2026-05-13T09:00Z", "2027-01-13T09:00Z"]);
}

#[test]
fn the_end_is_inclusive_and_to_the_instant() {
    let mut daily = every(RecurrencePattern::Daily);
    daily.until = Some(at("2026-03-03T09:00Z"));
    let closed = series("UTC", "2026-03-01T09:00Z", &daily);
    assert_eq!(closed.last().map(|it| it.starts_at), daily.until);
    daily.until = Some(Timestamp(daily.until.unwrap().0 - 1));
    let before = series("UTC", "2026-03-01T09:00Z", &daily);
    assert_eq!(before.last().map(|it| it.starts_at), Some(at("2026-03-02T09:00Z")));
    assert_eq!(starts(&before, 9).len(), 2);
    assert_eq!(series("UTC", "2026-03-01T09:00Z", &every(RecurrencePattern::Daily)).last(), None);
}

#[test]
fn a_range_holds_its_start_and_not_its_end() {
    let daily = series("UTC", "2026-03-01T09:00Z", &every(RecurrencePattern::Daily));
    let found = daily.occurrences(at("2026-03-02T09:00Z"), at("2026-03-04T09:00Z"), 10);
    let found: Vec<_> = found.iter().map(|it| it.starts_at).collect();
    assert_eq!(found, [at("2026-03-02T09:00Z"), at("2026-03-03T09:00Z")]);
    assert!(daily.occurrences(at("2026-03-02T09:00Z"), at("2026-03-02T09:00Z"), 10).is_empty());
    assert!(daily.occurrences(at("2026-03-04T09:00Z"), at("2026-03-02T09:00Z"), 10).is_empty());
    assert!(daily.occurrences(at("2020-01-01T00:00Z"), at("2026-03-01T09:00Z"), 10).is_empty());
    assert_eq!(
        daily.next_after(at("2026-03-02T09:00Z")).map(|it| it.starts_at),
        Some(at("2026-03-03T09:00Z"))
    );
    assert_eq!(daily.last_before(at("2026-03-02T09:00Z")), Some(daily.first()));
    assert_eq!(daily.last_before(at("2026-03-01T09:00Z")), None);
    assert!(
        daily.is_occurrence(at("2030-01-01T09:00Z"))
            && !daily.is_occurrence(at("2030-01-01T09:01Z"))
    );
}

#[test]
fn what_is_far_from_the_start_costs_no_more_than_what_is_near() {
    let mut every_third = every(RecurrencePattern::Weekly);
    (every_third.interval, every_third.weekdays) = (3, vec![Weekday::Monday, Weekday::Friday]);
    let all = [
        every(RecurrencePattern::Daily),
        every_third,
        every(RecurrencePattern::Monthly),
        Recurrence::custom("FREQ=MONTHLY;INTERVAL=5;BYDAY=1MO"),
        Recurrence::custom("FREQ=YEARLY;INTERVAL=3"),
        Recurrence::custom("FREQ=DAILY;INTERVAL=11;BYHOUR=9,17"),
    ];
    for recurrence in all {
        let series = series("Europe/Berlin", "1990-01-01T08:00Z", &recurrence);
        for (from, to) in
            [("2100-01-01T00:00Z", "2110-01-01T00:00Z"), ("9000-01-01T00:00Z", "9010-01-01T00:00Z")]
        {
            let mut walk = series.walk(at(from), at(to));
            let first = walk.next();
            assert!(first >= Some(at(from)), "{recurrence:?}");
            assert!(walk.drawn() < 20, "{recurrence:?}: {} asked for", walk.drawn());
        }
    }
}

#[test]
fn it_ends_where_years_end() {
    let daily = series("Asia/Tokyo", "8999-12-30T09:00Z", &every(RecurrencePattern::Daily));
    let last = starts_from(&daily, at("9999-12-30T00:00Z"), 10);
    assert_eq!(last, ["9999-12-30T09:00Z", "9999-12-31T09:00Z"]);
    assert_eq!(daily.next_after(Timestamp(i64::MAX)), None);
    assert_eq!(daily.last_before(Timestamp(i64::MIN)), None);
}

#[test]
fn the_last_occurrence_that_can_be_written() {
    for zone in ["UTC", "America/New_York"] {
        let daily = series(zone, "2026-01-01T23:30Z", &every(RecurrencePattern::Daily));
        let found = daily.occurrences(at("9999-12-30T00:00Z"), Timestamp(i64::MAX), 9);
        let starts: Vec<_> = found.iter().map(|it| it.starts_at).collect();
        assert_eq!(starts, [at("9999-12-30T23:30Z"), at("9999-12-31T23:30Z")], "{zone}");
        assert_eq!(found[1].ends_at, Some(Timestamp::LAST), "cut off where nothing can be written");
        assert_eq!(daily.next_after(starts[1]), None);
    }
}
