//! What holds for every series.

use proptest::prelude::*;
use quorate_protocol::{Recurrence, RecurrencePattern, Timestamp, Weekday};

use crate::schedule::{Series, Times};

const ZONES: &[&str] = &[
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Africa/Cairo",
    "Africa/Casablanca",
    "America/St_Johns",
];
const DAY_MS: i64 = 86_400_000;

fn recurrences() -> impl Strategy<Value = Recurrence> {
    let weekdays = prop::sample::subsequence(
        vec![
            Weekday::Monday,
            Weekday::Tuesday,
            Weekday::Friday,
            Weekday::Saturday,
            Weekday::Sunday,
        ],
        0..4,
    );
    let rules = prop::sample::select(vec![
        "FREQ=MONTHLY;BYDAY=1MO,3WE,-1FR",
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1,-1",
        "FREQ=YEARLY;BYMONTH=3,10;BYMONTHDAY=25,26,27,28,29,30,31",
        "FREQ=DAILY;BYHOUR=1,2,3;BYMINUTE=0,30",
        "FREQ=WEEKLY;INTERVAL=2;WKST=WE",
        "FREQ=YEARLY;BYWEEKNO=1,13,44",
        "FREQ=DAILY;INTERVAL=3;BYDAY=MO,WE,FR,SU",
    ]);
    let pattern = prop_oneof![
        Just(Recurrence::every(RecurrencePattern::Daily)),
        weekdays.prop_map(|weekdays| Recurrence {
            weekdays,
            ..Recurrence::every(RecurrencePattern::Weekly)
        }),
        Just(Recurrence::every(RecurrencePattern::Monthly)),
        rules.prop_map(Recurrence::custom),
    ];
    let ends = prop_oneof![
        Just((None, None)),
        (1..60_u32).prop_map(|it| (Some(it), None)),
        (0..900_i64).prop_map(|it| (None, Some(it))),
    ];
    (pattern, 1..5_u16, ends).prop_map(|(mut recurrence, interval, (count, until))| {
        if recurrence.rrule.is_none() {
            recurrence.interval = interval;
        }
        // Days after the start; made an instant once that is known.
        (recurrence.count, recurrence.until) = (count, until.map(Timestamp));
        recurrence
    })
}

/// A series whose start is the first match on or after a day: most days are none of the rule's.
fn any_series() -> impl Strategy<Value = Series> {
    let start = 13_500..20_800_i64;
    let quarter = 0..96_i64;
    (recurrences(), prop::sample::select(ZONES), start, quarter).prop_filter_map(
        "no such start",
        |(recurrence, zone, day, quarter)| {
            (0..400).find_map(|later| {
                let starts_at = Timestamp((day + later) * DAY_MS + quarter * 900_000);
                let mut recurrence = recurrence.clone();
                recurrence.until = recurrence.until.map(|it| starts_at.plus_ms(it.0 * DAY_MS));
                let ends_at = Some(starts_at.plus_ms(5_400_000));
                Series::new(&recurrence, Times { starts_at, ends_at, time_zone: zone }).ok()
            })
        },
    )
}

fn starts(series: &Series, from: Timestamp, to: Timestamp) -> Vec<Timestamp> {
    series.occurrences(from, to, usize::MAX).iter().map(|it| it.starts_at).collect()
}

/// The first two years or so of a series.
fn some(series: &Series) -> Vec<Timestamp> {
    starts(series, Timestamp(i64::MIN), series.first().starts_at.plus_ms(800 * DAY_MS))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn ranges_join(series in any_series(), days in prop::array::uniform3(-10..800_i64)) {
        let mut times = days.map(|it| series.first().starts_at.plus_ms(it * DAY_MS + it * 60_007));
        times.sort_unstable();
        let [a, b, c] = times;
        let joined = [starts(&series, a, b), starts(&series, b, c)].concat();
        prop_assert_eq!(&joined, &starts(&series, a, c));
        prop_assert!(joined.is_sorted_by(|one, next| one < next));
        prop_assert!(joined.iter().all(|it| (a..c).contains(it) && series.is_occurrence(*it)));
    }

    #[test]
    fn neighbours_are_neighbours(series in any_series()) {
        let all = some(&series);
        prop_assert_eq!(all.first(), Some(&series.first().starts_at));
        for pair in all.windows(2) {
            prop_assert_eq!(series.next_after(pair[0]).map(|it| it.starts_at), Some(pair[1]));
            prop_assert_eq!(series.last_before(pair[1]).map(|it| it.starts_at), Some(pair[0]));
        }
        if let Some(last) = series.last() {
            prop_assert_eq!(series.next_after(last.starts_at), None);
        }
    }

    #[test]
    fn what_is_written_down_is_the_same_series(series in any_series()) {
        let ends_at = series.first().ends_at;
        let times = Times { starts_at: series.first().starts_at, ends_at, time_zone: series.time_zone() };
        let again = Series::new(&series.recurrence(), times).unwrap();
        prop_assert_eq!(again.recurrence(), series.recurrence());
        prop_assert_eq!(some(&again), some(&series));
    }

    #[test]
    fn a_split_series_is_the_whole(series in any_series(), at in any::<prop::sample::Index>()) {
        let all = some(&series);
        let split = *at.get(&all);
        let times = |starts_at| Times { starts_at, ends_at: None, time_zone: series.time_zone() };
        // Samoa's skipped day is the one that has no rest of its own.
        let Some(rest) = series.continued_from(split) else {
            prop_assert_eq!(series.time_zone(), "Pacific/Apia");
            return Ok(());
        };
        let rest = Series::new(&rest, times(split)).unwrap();
        let until = series.first().starts_at.plus_ms(800 * DAY_MS);
        let mut joined = match series.ended_before(split) {
            Some(before) => {
                let before = Series::new(&before, times(series.first().starts_at)).unwrap();
                prop_assert!(before.last().is_some_and(|it| it.starts_at < split));
                some(&before)
            }
            None => Vec::new(),
        };
        joined.extend(starts(&rest, Timestamp(i64::MIN), until));
        prop_assert_eq!(joined, all);
    }

    #[test]
    fn a_moved_series_is_every_occurrence_moved(
        series in any_series(),
        at in any::<prop::sample::Index>(),
        days in -8..9_i64,
        minutes in prop::sample::select(vec![0, 30, -60, 120, 600]),
    ) {
        let all = some(&series);
        let from = *at.get(&all);
        let starts_at = from.plus_ms(days * DAY_MS + minutes * 60_000);
        let to = Times { starts_at, ends_at: Some(starts_at.plus_ms(60_000)), time_zone: series.time_zone() };
        let Ok(moved) = series.moved(from, to) else { return Ok(()) };
        // What the clock made one may be two again where it is moved to.
        prop_assume!(all.iter().all(|it| series.called(*it).len() == 1));
        let mut expected: Vec<_> = all.iter().map(|it| moved.shift.apply(*it)).collect();
        expected.sort_unstable();
        expected.dedup();
        let range = expected[0]..expected[expected.len() - 1].plus_ms(1);
        prop_assert_eq!(starts(&moved.series, range.start, range.end), expected);
        prop_assert_eq!(moved.series.first().ends_at, Some(moved.series.first().starts_at.plus_ms(60_000)));
    }
}
