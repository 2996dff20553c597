//! Every occurrence of random rules in random zones, as python-dateutil has them.

use quorate_protocol::Timestamp;
use rand::RngExt;
use serde_json::json;

use crate::cases::{Case, Cases, DAY_MS};
use crate::python::Python;

/// How many series are compared.
const CASES: u64 = 3000;
/// From when on zones' data may differ: the year 2099.
const DATA_ENDS: i64 = 4_070_908_800_000;

#[test]
fn occurrences_are_those_of_dateutil() {
    let (mut python, mut cases) = (Python::start(), Cases::new(crate::seed()));
    let mut occurrences = 0;
    for number in 0..crate::setting("QUORATE_ORACLE_CASES", CASES) {
        let case = cases.next();
        // Now and then far from the start.
        let later = if cases.rng.random_bool(0.05) { 3000..9000 } else { -20..300 };
        let from = case.starts_at.plus_ms(cases.rng.random_range(later) * DAY_MS);
        let to = from.plus_ms(cases.rng.random_range(1..700) * DAY_MS);
        if to.0 > DATA_ENDS {
            continue;
        }
        occurrences += compare(&mut python, &case, number, from, to);
    }
    assert!(occurrences > 20 * CASES as usize, "only {occurrences} were compared");
}

fn compare(python: &mut Python, case: &Case, number: u64, from: Timestamp, to: Timestamp) -> usize {
    let ours = case.series.occurrences(from, to, usize::MAX);
    let ours: Vec<i64> = ours.iter().map(|it| it.starts_at.0 / 1000).collect();
    let theirs: Vec<i64> = python.ask(&json!({
        "ask": "starts",
        "recurrence": case.recurrence,
        "zone": case.zone.name(),
        "wall": case.wall().to_string(),
        "from": from.0 / 1000,
        "to": to.0 / 1000,
    }));
    let differ = || {
        let show = |it: Option<&i64>| it.map(|it| Timestamp(it * 1000).to_string());
        let at = ours.iter().zip(&theirs).take_while(|(one, other)| one == other).count();
        format!(
            "case {number} of seed {}: {:?} in {} from {}: ours is {:?}, theirs {:?}",
            crate::seed(),
            case.recurrence,
            case.zone,
            case.starts_at,
            show(ours.get(at)),
            show(theirs.get(at)),
        )
    };
    assert!(ours == theirs, "{}", differ());
    ours.len()
}
