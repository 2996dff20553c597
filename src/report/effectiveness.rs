//! Meeting effectiveness, version 1: how well a meeting went, 0 to 100, and what that is made of.
//!
//! `100 · Σ w·x / Σ w` over the components that apply. Never an input: camera, face, keystrokes, window focus,
//! IP address.

use quorate_protocol::{Effectiveness, ScoreComponent};

use crate::meeting::score::{Part, balance, score};

/// The version of the formula.
pub const VERSION: u32 = 1;

const STRUCTURE: f64 = 15.0;
const TIMELINESS: f64 = 15.0;
const ATTENDANCE: f64 = 10.0;
const PARTICIPATION: f64 = 20.0;
const OUTCOMES: f64 = 15.0;
const OUTCOMES_AD_HOC: f64 = 7.5;
const QUALITY: f64 = 10.0;
const FEEDBACK: f64 = 15.0;
/// With fewer raters than this feedback weighs less.
const RATERS_FULL: u32 = 3;
/// Where at least [`MANY_RATERS`] of those who were there answered.
const FEEDBACK_OF_MANY: f64 = 30.0;
const MANY_RATERS: f64 = 0.3;

/// So much too late is in time, in milliseconds.
const IN_TIME_MS: f64 = 2.0 * 60_000.0;
/// A start so late reaches nothing, in milliseconds.
const LATE_START_MS: f64 = 10.0 * 60_000.0;
/// An end that is late by this share of the schedule reaches nothing.
const LATE_END: f64 = 0.25;
/// Who spoke for so long took part, in milliseconds.
const SPOKE_MS_MIN: u64 = 10_000;
/// With fewer people than this there is no participation to speak of.
const PEOPLE_MIN: usize = 3;
/// Ratings of this value that are thought to be there already, so that one alone says little.
const PRIOR: (f64, f64) = (3.0, 3.5);
/// Components named as the dearest losses, at most.
const LOSSES_MAX: usize = 2;

/// What the formula goes by.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Input {
    /// Whether it never ran: then there is nothing to score.
    pub never_ran: bool,
    /// When it was to be, and was; none: it was not scheduled, which makes it an ad-hoc meeting.
    pub schedule: Option<Kept>,
    /// The agenda.
    pub agenda: AgendaKept,
    /// Required invitees.
    pub required: u32,
    /// Those of them who were there for half of the time.
    pub required_present: u32,
    /// What part each of those who were there took.
    pub people: Vec<Took>,
    /// Whether it was measured for how long each spoke.
    pub talk_measured: bool,
    /// What was decided.
    pub decisions: u32,
    /// What is to be done.
    pub actions: u32,
    /// What of it someone is to do.
    pub actions_owned: u32,
    /// Whether it was summed up within 24 hours.
    pub summed_up: bool,
    /// Minutes of people in which their connection was measured.
    pub minutes: u32,
    /// Those of them in which it was `fair` or better.
    pub minutes_fair: u32,
    /// What each said of it who did, 1 to 5.
    pub ratings: Vec<u8>,
    /// How many might have.
    pub may_rate: u32,
    /// From so many raters on the mean of their ratings is shown.
    pub raters_min: u32,
    /// Whether what fewer said is to stay unknown: then it is left out.
    pub few_hidden: bool,
}

/// How the schedule was kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Kept {
    /// How much too late it started, in milliseconds; none: it never started.
    pub late_ms: Option<u64>,
    /// How long it was to be, in milliseconds; none: its end was open.
    pub length_ms: Option<u64>,
    /// How much too late it ended, or would by now, in milliseconds.
    pub over_ms: u64,
}

/// How the agenda was kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AgendaKept {
    /// Whether there was one before the start.
    pub published: bool,
    /// How long its items were to take, all together, in milliseconds.
    pub planned_ms: u64,
    /// How much of that was spent on them, each up to what was planned for it, in milliseconds.
    pub done_ms: u64,
}

/// What part someone took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Took {
    /// For how long they spoke, in milliseconds.
    pub talk_ms: u64,
    /// Whether they wrote or voted.
    pub acted: bool,
}

/// How well a meeting went.
#[must_use]
pub fn effectiveness(input: &Input) -> Effectiveness {
    let outcomes_weigh = if input.schedule.is_some() { OUTCOMES } else { OUTCOMES_AD_HOC };
    let mut components = vec![
        structure(input).weighing("structure", STRUCTURE),
        timeliness(input).weighing("timeliness", TIMELINESS),
        attendance(input).weighing("attendance", ATTENDANCE),
        participation(input).weighing("participation", PARTICIPATION),
        outcomes(input).weighing("outcomes", outcomes_weigh),
        quality(input).weighing("quality", QUALITY),
        feedback(input),
    ];
    if input.never_ran {
        let missing = |it: &ScoreComponent| {
            Part::missing("the meeting has not run").weighing(&it.key, it.weight)
        };
        components = components.iter().map(missing).collect();
    }
    let score = score(&mut components);
    let score = components.iter().any(|it| it.available).then_some(score);
    let losses = losses(&components);
    Effectiveness { version: VERSION, score, components, losses }
}

/// The components that cost most points, the dearest first.
fn losses(components: &[ScoreComponent]) -> Vec<String> {
    let lost = |it: &ScoreComponent| it.weight * (1.0 - it.x.unwrap_or(1.0));
    let mut dear: Vec<_> = components.iter().filter(|it| it.available && lost(it) > 0.0).collect();
    // Of equals the first in the table is named first: the sort is stable.
    dear.sort_by(|a, b| lost(b).total_cmp(&lost(a)));
    dear.into_iter().take(LOSSES_MAX).map(|it| it.key.clone()).collect()
}

fn minutes(ms: u64) -> f64 {
    ms as f64 / 60_000.0
}

fn structure(input: &Input) -> Part {
    let AgendaKept { published, planned_ms, done_ms } = input.agenda;
    if input.schedule.is_none() {
        return Part::missing("the meeting was not scheduled");
    }
    let published = f64::from(u8::from(published));
    // An agenda that plans no time is judged by its being there alone.
    let done = if planned_ms == 0 { published } else { done_ms as f64 / planned_ms as f64 };
    Part::of(minutes(done_ms), Some(minutes(planned_ms)), 0.5 * published + 0.5 * done)
}

fn timeliness(input: &Input) -> Part {
    let Some(kept) = input.schedule else {
        return Part::missing("the meeting was not scheduled");
    };
    let Some(late_ms) = kept.late_ms else {
        return Part::missing("the meeting has not started");
    };
    let start = falling(late_ms as f64, LATE_START_MS);
    let end = kept.length_ms.map(|length| falling(kept.over_ms as f64, LATE_END * length as f64));
    // Where the end was open, the start is all there is to be in time for.
    let x = end.map_or(start, |end| 0.6 * start + 0.4 * end);
    Part::of(late_ms as f64 / 1000.0, None, x)
}

/// 1 while in time, 0 from `none` milliseconds on, and straight in between.
fn falling(ms: f64, none: f64) -> f64 {
    if ms <= IN_TIME_MS {
        1.0
    } else if ms >= none {
        0.0
    } else {
        (none - ms) / (none - IN_TIME_MS)
    }
}

fn attendance(input: &Input) -> Part {
    if input.required == 0 {
        return Part::missing("nobody was required to be there");
    }
    let (present, required) = (f64::from(input.required_present), f64::from(input.required));
    Part::of(present, Some(required), present / required)
}

fn participation(input: &Input) -> Part {
    if input.people.len() < PEOPLE_MIN {
        return Part::missing("fewer than three people were there");
    }
    let spoke = |it: &&Took| input.talk_measured && it.talk_ms >= SPOKE_MS_MIN;
    let active = input.people.iter().filter(|it| it.acted || spoke(it)).count() as f64;
    let people = input.people.len() as f64;
    let mut talk: Vec<_> = input.people.iter().map(|it| it.talk_ms).collect();
    // Where nobody spoke, or nobody may know, talk was shared neither well nor badly.
    let evenness = balance(&mut talk).filter(|_| input.talk_measured);
    let share = active / people;
    let x = evenness.map_or(share, |evenness| 0.6 * share + 0.4 * evenness);
    Part::of(active, Some(people), x)
}

fn outcomes(input: &Input) -> Part {
    let (decisions, actions) = (f64::from(input.decisions), f64::from(input.actions));
    let any = f64::from(u8::from(decisions + actions > 0.0));
    let owned = if actions > 0.0 { f64::from(input.actions_owned) / actions } else { 0.0 };
    let summed_up = f64::from(u8::from(input.summed_up));
    Part::of(decisions + actions, None, 0.5 * any + 0.3 * owned + 0.2 * summed_up)
}

fn quality(input: &Input) -> Part {
    if input.minutes == 0 {
        return Part::missing("no connection was measured");
    }
    let (fair, all) = (f64::from(input.minutes_fair), f64::from(input.minutes));
    Part::of(fair, Some(all), fair / all)
}

fn feedback(input: &Input) -> ScoreComponent {
    let count = input.ratings.len() as u32;
    let n = f64::from(count);
    let many = n >= MANY_RATERS * f64::from(input.may_rate);
    let weight = if many && count > 0 { FEEDBACK_OF_MANY } else { FEEDBACK };
    if count == 0 {
        return Part::missing("nobody said what they think").weighing("feedback", weight);
    }
    let few = count < input.raters_min;
    if few && input.few_hidden {
        let why = "so few said what they think that it could be reckoned back who said what";
        return Part::missing(why).weighing("feedback", weight);
    }
    let weight = weight * n.min(f64::from(RATERS_FULL)) / f64::from(RATERS_FULL);
    let sum: f64 = input.ratings.iter().map(|rating| f64::from(*rating)).sum();
    let (prior_count, prior) = PRIOR;
    let x = ((sum + prior_count * prior) / (n + prior_count) - 1.0) / 4.0;
    let component = Part::of(sum / n, Some(5.0), x).weighing("feedback", weight);
    // The mean of few is not shown.
    ScoreComponent { raw: component.raw.filter(|_| !few), ..component }
}
