//! Effectiveness: each row of its table by vectors reckoned by hand, and what holds of all of them.

use proptest::prelude::*;
use quorate_protocol::{Effectiveness, QualityMinutes, ScoreComponent};

use crate::report::effectiveness::{
    AgendaKept, Contribution, EffectivenessInput, ScheduleKept, effectiveness,
};

const MINUTE: u64 = 60_000;

fn component(of: &Effectiveness, key: &str) -> ScoreComponent {
    of.components.iter().find(|it| it.key == key).unwrap().clone()
}

/// How much of a component was reached; none where it does not apply.
fn x(input: &EffectivenessInput, key: &str) -> Option<f64> {
    component(&effectiveness(input), key).x
}

fn near(x: Option<f64>, expected: f64) -> bool {
    x.is_some_and(|x| (x - expected).abs() < 1e-9)
}

fn scheduled() -> EffectivenessInput {
    let kept = ScheduleKept { late_ms: Some(0), length_ms: Some(60 * MINUTE), over_ms: 0 };
    EffectivenessInput { schedule: Some(kept), ..EffectivenessInput::default() }
}

fn minutes(fair: u32, poor: u32) -> QualityMinutes {
    QualityMinutes { fair, poor, ..QualityMinutes::default() }
}

fn contribution(talk_seconds: u64, acted: bool) -> Contribution {
    Contribution { talk_ms: talk_seconds * 1000, acted }
}

#[test]
fn structure_is_an_agenda_before_the_start_and_its_minutes_done() {
    for (published, planned, done, expected) in [
        (true, 60, 60, 1.0),
        (true, 60, 30, 0.75),
        (false, 60, 30, 0.25),
        (true, 0, 0, 1.0),
        (false, 0, 0, 0.0),
    ] {
        let agenda = AgendaKept { published, planned_ms: planned * MINUTE, done_ms: done * MINUTE };
        let input = EffectivenessInput { agenda, ..scheduled() };
        assert!(near(x(&input, "structure"), expected), "{agenda:?}");
        assert_eq!(
            x(&EffectivenessInput { agenda, ..EffectivenessInput::default() }, "structure"),
            None,
            "ad hoc"
        );
    }
}

#[test]
fn timeliness_is_the_start_and_the_end() {
    // Of an hour: an end that is 15 minutes late, a quarter, reaches nothing.
    for (late_seconds, over_seconds, expected) in [
        (0, 0, 1.0),
        (120, 120, 1.0),
        (360, 0, 0.6 * 0.5 + 0.4),
        (600, 0, 0.4),
        (3600, 0, 0.4),
        (0, 510, 0.6 + 0.4 * 0.5),
        (0, 900, 0.6),
        (600, 900, 0.0),
    ] {
        let kept = ScheduleKept {
            late_ms: Some(late_seconds * 1000),
            length_ms: Some(60 * MINUTE),
            over_ms: over_seconds * 1000,
        };
        let input = EffectivenessInput { schedule: Some(kept), ..EffectivenessInput::default() };
        assert!(near(x(&input, "timeliness"), expected), "{kept:?}");
    }
    let with = |late_ms, length_ms, over_ms| EffectivenessInput {
        schedule: Some(ScheduleKept { late_ms, length_ms, over_ms }),
        ..EffectivenessInput::default()
    };
    assert!(near(x(&with(Some(6 * MINUTE), None, 0), "timeliness"), 0.5), "its end was open");
    let short = |over| x(&with(Some(0), Some(4 * MINUTE), over), "timeliness");
    assert!(near(short(2 * MINUTE), 1.0) && near(short(2 * MINUTE + 1), 0.6), "of four minutes");
    assert_eq!(x(&with(None, Some(60 * MINUTE), 0), "timeliness"), None, "never started");
    assert_eq!(x(&EffectivenessInput::default(), "timeliness"), None, "ad hoc");
}

#[test]
fn attendance_is_of_those_who_were_required() {
    let input = |required, required_present| EffectivenessInput {
        required,
        required_present,
        ..scheduled()
    };
    assert!(near(x(&input(4, 3), "attendance"), 0.75));
    assert!(near(x(&input(4, 0), "attendance"), 0.0));
    assert_eq!(x(&input(0, 0), "attendance"), None);
}

#[test]
fn participation_is_who_took_part_and_how_evenly_they_spoke() {
    let input = |people: &[Contribution]| EffectivenessInput {
        people: people.to_vec(),
        talk_measured: true,
        ..EffectivenessInput::default()
    };
    let of = |people: &[Contribution]| x(&input(people), "participation");
    assert!(near(
        of(&[contribution(60, false), contribution(60, false), contribution(60, false)]),
        1.0
    ));
    // One has all: G = 2/3, G·n/(n−1) = 1.
    let one = [contribution(90, false), contribution(0, false), contribution(0, false)];
    assert!(near(of(&one), 0.6 / 3.0));
    // 10, 20, 30: G = 2·(10 + 2·20 + 3·30)/(3·60) − 4/3 = 2/9, times 3/2 is 1/3.
    assert!(near(
        of(&[contribution(30, false), contribution(10, false), contribution(20, false)]),
        0.6 + 0.4 * 2.0 / 3.0
    ));
    // 0, 0, 0, 40: the silent count. Who wrote took part, and who spoke for 9 s did not.
    let four = [
        contribution(0, true),
        contribution(0, false),
        contribution(0, false),
        contribution(40, false),
    ];
    assert!(near(of(&four), 0.6 * 0.5));
    let nine = [contribution(9, false), contribution(9, false), contribution(10, false)];
    // G = 2·(9 + 18 + 30)/(3·28) − 4/3 = 114/84 − 112/84 = 2/84, times 3/2 is 1/28.
    assert!(near(of(&nine), 0.6 / 3.0 + 0.4 * 27.0 / 28.0));
    let silent = [
        contribution(0, true),
        contribution(0, true),
        contribution(0, false),
        contribution(0, false),
    ];
    assert!(near(of(&silent), 0.5), "nobody spoke, as far as is known: only who contribution part");
    let unmeasured = EffectivenessInput { talk_measured: false, ..input(&four) };
    assert!(near(x(&unmeasured, "participation"), 0.25));
    assert_eq!(of(&one[..2]), None, "of two people");
}

#[test]
fn outcomes_are_decisions_owners_and_a_summary() {
    for (decisions, actions, owned, summed_up, expected) in [
        (0, 0, 0, false, 0.0),
        (1, 0, 0, false, 0.5),
        (0, 4, 1, false, 0.5 + 0.3 / 4.0),
        (3, 2, 2, true, 1.0),
        (0, 0, 0, true, 0.2),
    ] {
        let outcome = EffectivenessInput {
            decisions,
            actions,
            actions_owned: owned,
            summed_up,
            ..scheduled()
        };
        assert!(near(x(&outcome, "outcomes"), expected), "{outcome:?}");
    }
    let weight = |input: &EffectivenessInput| component(&effectiveness(input), "outcomes").weight;
    assert_eq!((weight(&scheduled()), weight(&EffectivenessInput::default())), (15.0, 7.5));
}

#[test]
fn quality_is_of_the_minutes_that_were_measured() {
    let input = |fair, poor| EffectivenessInput {
        minutes: minutes(fair, poor),
        ..EffectivenessInput::default()
    };
    assert!(near(x(&input(90, 30), "quality"), 0.75));
    assert_eq!(x(&input(0, 0), "quality"), None);
}

#[test]
fn feedback_weighs_more_the_more_gave_it() {
    let of = |ratings: &[u8], may_rate| {
        let ratings = ratings.to_vec();
        let input = EffectivenessInput {
            ratings,
            may_rate,
            raters_min: 3,
            ..EffectivenessInput::default()
        };
        component(&effectiveness(&input), "feedback")
    };
    // (12 + 10.5)/6 = 3.75, less 1, of 4.
    let three = of(&[4, 4, 4], 100);
    assert!(near(three.x, 0.6875) && three.weight == 15.0 && three.raw == Some(4.0), "{three:?}");
    assert_eq!(of(&[4; 30], 100).weight, 30.0, "30 % answered");
    assert_eq!(of(&[4; 29], 100).weight, 15.0, "29 %");
    // (5 + 10.5)/4 = 3.875.
    let one = of(&[5], 100);
    assert!(near(one.x, 2.875 / 4.0) && one.weight == 5.0, "{one:?}");
    assert_eq!(one.raw, None, "the mean of one is not shown");
    assert_eq!((of(&[1, 5], 2).weight, of(&[1, 5], 2).raw), (20.0, None));
    let none = of(&[], 5);
    assert_eq!((none.available, none.weight), (false, 15.0));
    let hidden = |ratings: &[u8]| EffectivenessInput {
        ratings: ratings.to_vec(),
        may_rate: 4,
        raters_min: 3,
        few_hidden: true,
        ..EffectivenessInput::default()
    };
    assert_eq!(x(&hidden(&[5, 5]), "feedback"), None, "nobody is to know who");
    assert!(x(&hidden(&[5, 5, 5]), "feedback").is_some());
    let five = |few_hidden| EffectivenessInput { raters_min: 5, few_hidden, ..hidden(&[5, 5, 5]) };
    assert_eq!(x(&five(true), "feedback"), None, "as the server has it");
    let told = component(&effectiveness(&five(false)), "feedback");
    assert_eq!((told.weight, told.raw), (30.0, None), "the mean of fewer than five is not shown");
}

#[test]
fn the_score_is_of_what_applies_and_names_what_cost_most() {
    let nothing = effectiveness(&EffectivenessInput::default());
    assert_eq!((nothing.version, nothing.score), (1, Some(0.0)));
    assert_eq!(nothing.losses, ["outcomes"], "all else does not apply");
    assert!(nothing.components.iter().all(|it| it.available == it.why.is_none()));
    let keys: Vec<_> = nothing.components.iter().map(|it| it.key.as_str()).collect();
    let expected = [
        "structure",
        "timeliness",
        "attendance",
        "participation",
        "outcomes",
        "quality",
        "feedback",
    ];
    assert_eq!(keys, expected);
    // An hour, 6 minutes late (x = 0.7), agenda published and half done (0.75), 1 of 2 required (0.5),
    // 4 people of whom 2 took part and spoke alike (0.6·0.5 + 0.4·(1 − 2/3)), a decision (0.5),
    // all minutes fair (1), and a 5 of one in ten (0.71875, weight 5).
    let input = EffectivenessInput {
        schedule: Some(ScheduleKept {
            late_ms: Some(6 * MINUTE),
            length_ms: Some(60 * MINUTE),
            over_ms: 0,
        }),
        agenda: AgendaKept { published: true, planned_ms: 2 * MINUTE, done_ms: MINUTE },
        required: 2,
        required_present: 1,
        people: vec![
            contribution(60, false),
            contribution(60, false),
            contribution(0, false),
            contribution(0, false),
        ],
        talk_measured: true,
        decisions: 1,
        minutes: minutes(7, 0),
        ratings: vec![5],
        may_rate: 10,
        ..EffectivenessInput::default()
    };
    let reached = 15.0 * 0.75
        + 15.0 * 0.7
        + 10.0 * 0.5
        + 20.0 * (0.3 + 0.4 / 3.0)
        + 15.0 * 0.5
        + 10.0
        + 5.0 * 0.71875;
    let told = effectiveness(&input);
    assert!(near(told.score, 100.0 * reached / 90.0), "{:?}", told.score);
    assert_eq!(told.losses, ["participation", "outcomes"], "11.3 and 7.5 of 90");
    let points: f64 = told.components.iter().map(|it| it.points).sum();
    assert!(near(told.score, points));
}

#[test]
fn what_never_ran_has_no_score() {
    let told = effectiveness(&EffectivenessInput {
        never_ran: true,
        required: 2,
        decisions: 1,
        ..scheduled()
    });
    assert_eq!((told.score, told.losses.len(), told.components.len()), (None, 0, 7));
    assert!(told.components.iter().all(|it| !it.available && it.points == 0.0 && it.weight > 0.0));
}

fn inputs() -> impl Strategy<Value = EffectivenessInput> {
    let schedule = proptest::option::of(
        (
            proptest::option::of(0..10_000_000_u64),
            proptest::option::of(0..90_000_000_u64),
            0..9_000_000_u64,
        )
            .prop_map(|(late_ms, length_ms, over_ms)| ScheduleKept {
                late_ms,
                length_ms,
                over_ms,
            }),
    );
    let agenda = (any::<bool>(), 0..9_000_000_u64, 0..9_000_000_u64).prop_map(
        |(published, planned_ms, done)| AgendaKept {
            published,
            planned_ms,
            done_ms: done.min(planned_ms),
        },
    );
    let people = proptest::collection::vec(
        (0..9_000_000_u64, any::<bool>())
            .prop_map(|(talk_ms, acted)| Contribution { talk_ms, acted }),
        0..30,
    );
    let counts = (0..20_u32, 0..20_u32, 0..20_u32, 0..20_u32, 0..20_u32);
    let ratings = proptest::collection::vec(1..=5_u8, 0..8);
    let rest = (0..999_u32, 0..999_u32, any::<bool>(), any::<bool>(), any::<bool>(), 0..20_u32);
    (schedule, agenda, people, counts, ratings, rest).prop_map(
        |(schedule, agenda, people, counts, ratings, rest)| {
            let (required, present, decisions, actions, owned) = counts;
            let (fair, poor, talk_measured, summed_up, few_hidden, may_rate) = rest;
            EffectivenessInput {
                never_ran: false,
                schedule,
                agenda,
                required,
                required_present: present.min(required),
                people,
                talk_measured,
                decisions,
                actions,
                actions_owned: owned.min(actions),
                summed_up,
                minutes: minutes(fair, poor),
                ratings,
                may_rate,
                raters_min: 3,
                few_hidden,
            }
        },
    )
}

/// What can only make a meeting better, in place.
fn better(input: &mut EffectivenessInput, how: u32) {
    match how % 8 {
        0 => input.agenda.published = true,
        1 => input.agenda.done_ms = input.agenda.planned_ms,
        2 => {
            if let Some(kept) = &mut input.schedule {
                (kept.late_ms, kept.over_ms) = (kept.late_ms.map(|ms| ms / 2), kept.over_ms / 2);
            }
        }
        3 => input.required_present = input.required,
        4 => input.people.iter_mut().for_each(|it| it.acted = true),
        5 => (input.decisions, input.actions_owned) = (input.decisions + 1, input.actions),
        6 => input.summed_up = true,
        _ => {
            input.minutes = minutes(input.minutes.fair + input.minutes.poor, 0);
            input.ratings.iter_mut().for_each(|rating| *rating = (*rating + 1).min(5));
        }
    }
}

proptest! {
    #[test]
    fn every_score_is_within_its_bounds_and_adds_up(input in inputs()) {
        let told = effectiveness(&input);
        let score = told.score.unwrap();
        prop_assert!((0.0..=100.0).contains(&score), "{told:?}");
        let points: f64 = told.components.iter().map(|it| it.points).sum();
        prop_assert!((points - score).abs() < 1e-6);
        for it in &told.components {
            prop_assert_eq!(it.available, it.x.is_some());
            prop_assert_eq!(it.available, it.why.is_none());
            prop_assert!(it.weight > 0.0 && it.x.is_none_or(|x| (0.0..=1.0).contains(&x)));
            prop_assert!(it.available || it.points == 0.0);
        }
        prop_assert!(told.losses.len() <= 2);
        for lost in &told.losses {
            prop_assert!(component(&told, lost).x.unwrap() < 1.0);
        }
    }

    #[test]
    fn what_is_better_never_lowers_the_score(input in inputs(), how in any::<u32>()) {
        let mut improved = input.clone();
        better(&mut improved, how);
        let score = |input: &EffectivenessInput| effectiveness(input).score.unwrap();
        let (before, after) = (score(&input), score(&improved));
        prop_assert!(after >= before - 1e-9, "{before} {after}: {how}");
    }

    #[test]
    fn how_evenly_people_spoke_does_not_depend_on_their_order_or_on_how_much(
        shares in proptest::collection::vec(10_000..9_000_000_u64, 3..20),
        turn in 0..20_usize,
    ) {
        let of = |shares: &[u64]| {
            let people = shares.iter().map(|talk_ms| Contribution { talk_ms: *talk_ms, acted: true });
            let input = EffectivenessInput { people: people.collect(), talk_measured: true, ..EffectivenessInput::default() };
            x(&input, "participation").unwrap()
        };
        let mut turned = shares.clone();
        turned.rotate_left(turn % shares.len());
        let doubled: Vec<_> = shares.iter().map(|share| share * 2).collect();
        prop_assert!((of(&shares) - of(&turned)).abs() < 1e-9);
        prop_assert!((of(&shares) - of(&doubled)).abs() < 1e-9);
        let silent: Vec<_> = shares.iter().copied().chain([0]).collect();
        prop_assert!(of(&silent) <= of(&shares) + 1e-9, "one more who is silent counts");
    }
}
