//! Meeting effectiveness, version 1: how well a meeting went, 0 to 100, and what that is made of.
//!
//! `100 · Σ w·x / Σ w` over the components that apply. Never an input: camera, face, keystrokes, window focus,
//! IP address.

mod input;

use quorate_protocol::{Effectiveness, QualityLevel, ScoreComponent};

pub use input::{AgendaKept, Contribution, EffectivenessInput, ScheduleKept};

use crate::meeting::score::{Part, balance, score};

/// The version of the formula.
pub const VERSION: u32 = 1;

/// What the components are called.
pub mod key {
    /// The agenda.
    pub const STRUCTURE: &str = "structure";
    /// Start and end.
    pub const TIMELINESS: &str = "timeliness";
    /// Required invitees.
    pub const ATTENDANCE: &str = "attendance";
    /// How many took part, and how evenly.
    pub const PARTICIPATION: &str = "participation";
    /// Decisions, action items, a summary.
    pub const OUTCOMES: &str = "outcomes";
    /// Connections.
    pub const QUALITY: &str = "quality";
    /// What people said of it.
    pub const FEEDBACK: &str = "feedback";
}

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
pub const SPOKE_MS_MIN: u64 = 10_000;
/// With fewer people than this there is no participation to speak of.
const PEOPLE_MIN: usize = 3;
/// Ratings of this value that are thought to be there already, so that one alone says little.
const PRIOR: (f64, f64) = (3.0, 3.5);
/// Components named as the dearest losses, at most.
const LOSSES_MAX: usize = 2;

/// How well a meeting went.
#[must_use]
pub fn effectiveness(input: &EffectivenessInput) -> Effectiveness {
    let outcomes_weigh = if input.schedule.is_some() { OUTCOMES } else { OUTCOMES_AD_HOC };
    let mut components = vec![
        structure(input).weighing(key::STRUCTURE, STRUCTURE),
        timeliness(input).weighing(key::TIMELINESS, TIMELINESS),
        attendance(input).weighing(key::ATTENDANCE, ATTENDANCE),
        participation(input).weighing(key::PARTICIPATION, PARTICIPATION),
        outcomes(input).weighing(key::OUTCOMES, outcomes_weigh),
        quality(input).weighing(key::QUALITY, QUALITY),
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

fn structure(input: &EffectivenessInput) -> Part {
    let AgendaKept { published, planned_ms, done_ms } = input.agenda;
    if input.schedule.is_none() {
        return Part::missing("the meeting was not scheduled");
    }
    let published = f64::from(u8::from(published));
    // An agenda that plans no time is judged by its being there alone.
    let done = if planned_ms == 0 { published } else { done_ms as f64 / planned_ms as f64 };
    Part::of(minutes(done_ms), Some(minutes(planned_ms)), 0.5 * published + 0.5 * done)
}

fn timeliness(input: &EffectivenessInput) -> Part {
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

fn attendance(input: &EffectivenessInput) -> Part {
    if input.required == 0 {
        return Part::missing("nobody was required to be there");
    }
    let (present, required) = (f64::from(input.required_present), f64::from(input.required));
    Part::of(present, Some(required), present / required)
}

fn participation(input: &EffectivenessInput) -> Part {
    if input.people.len() < PEOPLE_MIN {
        return Part::missing("fewer than three people were there");
    }
    let spoke = |it: &&Contribution| input.talk_measured && it.talk_ms >= SPOKE_MS_MIN;
    let active = input.people.iter().filter(|it| it.acted || spoke(it)).count() as f64;
    let people = input.people.len() as f64;
    let mut talk: Vec<_> = input.people.iter().map(|it| it.talk_ms).collect();
    // Where nobody spoke, or nobody may know, talk was shared neither well nor badly.
    let evenness = balance(&mut talk).filter(|_| input.talk_measured);
    let share = active / people;
    let x = evenness.map_or(share, |evenness| 0.6 * share + 0.4 * evenness);
    Part::of(active, Some(people), x)
}

fn outcomes(input: &EffectivenessInput) -> Part {
    let (decisions, actions) = (f64::from(input.decisions), f64::from(input.actions));
    let any = f64::from(u8::from(decisions + actions > 0.0));
    let owned = if actions > 0.0 { f64::from(input.actions_owned) / actions } else { 0.0 };
    let summed_up = f64::from(u8::from(input.summed_up));
    Part::of(decisions + actions, None, 0.5 * any + 0.3 * owned + 0.2 * summed_up)
}

fn quality(input: &EffectivenessInput) -> Part {
    if input.minutes.all() == 0 {
        return Part::missing("no connection was measured");
    }
    let fair = input.minutes.at_least(QualityLevel::Fair) as f64;
    let all = input.minutes.all() as f64;
    Part::of(fair, Some(all), fair / all)
}

fn feedback(input: &EffectivenessInput) -> ScoreComponent {
    let count = input.ratings.len() as u32;
    let n = f64::from(count);
    let many = n >= MANY_RATERS * f64::from(input.may_rate);
    let weight = if many && count > 0 { FEEDBACK_OF_MANY } else { FEEDBACK };
    if count == 0 {
        return Part::missing("nobody said what they think").weighing(key::FEEDBACK, weight);
    }
    let few = count < input.raters_min;
    if few && input.few_hidden {
        let why = "so few said what they think that it could be reckoned back who said what";
        return Part::missing(why).weighing(key::FEEDBACK, weight);
    }
    let weight = weight * n.min(f64::from(RATERS_FULL)) / f64::from(RATERS_FULL);
    let sum: f64 = input.ratings.iter().map(|rating| f64::from(*rating)).sum();
    let (prior_count, prior) = PRIOR;
    let x = ((sum + prior_count * prior) / (n + prior_count) - 1.0) / 4.0;
    let component = Part::of(sum / n, Some(5.0), x).weighing(key::FEEDBACK, weight);
    // The mean of few is not shown.
    ScoreComponent { raw: component.raw.filter(|_| !few), ..component }
}
