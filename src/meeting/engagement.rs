//! Engagement, version 1: how much someone took part, 0 to 100, and what that is made of.
//!
//! `100 · Σ w·x / Σ w` over the components that apply. Only the shares of talk couple people, so that nobody's
//! spam lowers another's score. Never an input: camera, face, keystrokes, window focus, IP address.

use std::collections::BTreeMap;

use quorate_protocol::{
    Confidence, Engagement, EngagementProfile, EngagementWeights, ParticipantId, Privacy,
    ScoreComponent, Settings, Timestamp, UserKind,
};

use super::facts::Facts;
use super::measures::Totals;
use super::person::Person;
use super::score::{Part, score};

/// The version of the formula.
pub const VERSION: u32 = 1;
/// Below so much talk in a meeting nobody's share of it means anything, in milliseconds.
const TALK_MS_MIN: u64 = 60_000;
/// This share of a fair share of the talk is full.
const FULL_SHARE: f64 = 0.5;
/// Messages for half of the points in every [`MESSAGES_FOR_MS`] present, and in less than one such time.
const MESSAGES_FOR_HALF: f64 = 3.0;
/// See [`MESSAGES_FOR_HALF`].
const MESSAGES_FOR_MS: f64 = 30.0 * 60_000.0;
/// Reactions and hands for half of the points.
const SIGNALS_FOR_HALF: f64 = 2.0;
/// Who was there for less gives a score of low confidence, in seconds.
const PRESENT_SECONDS_MIN: f64 = 5.0 * 60.0;
/// With fewer components than this a score is of low confidence.
const COMPONENTS_MIN: usize = 2;

/// Why it does not apply where the settings forbid it.
const UNMEASURED: &str = "it is not measured here for how long people speak";

/// What the components are called.
pub mod key {
    /// Time present; its raw value is in seconds.
    pub const PRESENCE: &str = "presence";
    /// Talk.
    pub const VOICE: &str = "voice";
    /// Messages.
    pub const CHAT: &str = "chat";
    /// Answers to polls.
    pub const RESPONSE: &str = "response";
    /// Reactions and hands.
    pub const SIGNAL: &str = "signal";
}

const DISCUSSION: EngagementWeights =
    EngagementWeights { presence: 35, voice: 25, chat: 15, response: 15, signal: 10 };
const LECTURE: EngagementWeights =
    EngagementWeights { presence: 50, voice: 0, chat: 15, response: 25, signal: 10 };

/// What the components weigh in a meeting with these settings.
#[must_use]
pub fn weights(settings: &Settings) -> EngagementWeights {
    settings.engagement_weights.unwrap_or(match settings.engagement_profile {
        EngagementProfile::Discussion => DISCUSSION,
        EngagementProfile::Lecture => LECTURE,
    })
}

/// What the scores of a meeting have in common.
#[derive(Debug)]
pub struct Scoring<'a> {
    facts: &'a Facts,
    totals: &'a BTreeMap<ParticipantId, Totals>,
    privacy: Privacy,
    now: Timestamp,
    people: u32,
    talk_ms: u64,
}

impl Person {
    /// Whether they were ever there, and are no bot.
    #[must_use]
    pub fn was_there(&self) -> bool {
        self.kind != UserKind::Bot && self.attendance.is_any()
    }

    /// Whether they were there and are one of those of whom reports speak: no bot, and not excluded.
    #[must_use]
    pub fn is_reported(&self) -> bool {
        self.was_there() && !self.excluded
    }
}

impl<'a> Scoring<'a> {
    /// The scores of a meeting as of now, with what was measured and may be.
    #[must_use]
    pub fn new(
        facts: &'a Facts,
        totals: &'a BTreeMap<ParticipantId, Totals>,
        privacy: Privacy,
        now: Timestamp,
    ) -> Scoring<'a> {
        let reported = || facts.people.values().filter(|person| person.is_reported());
        let talk = |person: &Person| totals.get(&person.id).map_or(0, |totals| totals.talk_ms);
        let (people, talk_ms) = (reported().count() as u32, reported().map(talk).sum());
        Scoring { facts, totals, privacy, now, people, talk_ms }
    }

    /// Someone's score; none for bots, for those who were never in, and for who is excluded.
    #[must_use]
    pub fn of(&self, person: &Person) -> Option<Engagement> {
        if !person.is_reported() {
            return None;
        }
        let totals = self.totals.get(&person.id).copied().unwrap_or_default();
        let present_ms = self.facts.present_ms(person, person.expected_since, self.now);
        let weights = weights(&self.facts.info.settings);
        let components = vec![
            self.presence(person, present_ms).weighing(key::PRESENCE, weights.presence),
            self.voice(totals).weighing(key::VOICE, weights.voice),
            chat(person, present_ms).weighing(key::CHAT, weights.chat),
            response(person).weighing(key::RESPONSE, weights.response),
            signal(person.activity.hands(self.now), totals).weighing(key::SIGNAL, weights.signal),
        ];
        Some(made_of(VERSION, components))
    }

    fn presence(&self, person: &Person, present_ms: u64) -> Part {
        let live_ms = self.facts.live_ms(person, self.now);
        let x = if live_ms == 0 { 1.0 } else { present_ms as f64 / live_ms as f64 };
        Part::of(present_ms as f64 / 1000.0, Some(live_ms as f64 / 1000.0), x)
    }

    fn voice(&self, totals: Totals) -> Part {
        let talk_ms = totals.talk_ms as f64;
        if !self.privacy.talk_time {
            return Part::missing(UNMEASURED);
        }
        if self.people < 2 {
            return Part::missing("nobody else was there");
        }
        if self.talk_ms < TALK_MS_MIN {
            return Part::missing("less than a minute was spoken, as far as anyone told");
        }
        let share = talk_ms * f64::from(self.people) / self.talk_ms as f64;
        Part::of(talk_ms / 1000.0, Some(self.talk_ms as f64 / 1000.0), share / FULL_SHARE)
    }
}

/// A score that was made where talk was measured, as it is where talk may not be shown any more.
#[must_use]
pub fn without_talk(mut engagement: Engagement) -> Engagement {
    for voice in engagement.components.iter_mut().filter(|it| it.key == key::VOICE) {
        *voice = Part::missing(UNMEASURED).weighing(key::VOICE, voice.weight);
    }
    made_of(engagement.version, engagement.components)
}

/// The score that components make, and how sure it is.
fn made_of(version: u32, mut components: Vec<ScoreComponent>) -> Engagement {
    let score = score(&mut components);
    let present = components.iter().find(|it| it.key == key::PRESENCE).and_then(|it| it.raw);
    let available = components.iter().filter(|it| it.available && it.weight > 0.0).count();
    let low = present.unwrap_or(0.0) < PRESENT_SECONDS_MIN || available < COMPONENTS_MIN;
    let confidence = if low { Confidence::Low } else { Confidence::Normal };
    Engagement { version, score, confidence, components }
}

fn chat(person: &Person, present_ms: u64) -> Part {
    let messages = f64::from(person.activity.messages);
    if !person.activity.could_chat {
        return Part::missing("the chat was locked");
    }
    let half = MESSAGES_FOR_HALF * (present_ms as f64 / MESSAGES_FOR_MS).max(1.0);
    Part::of(messages, None, 1.0 - (-messages / half).exp2())
}

fn response(person: &Person) -> Part {
    let (answered, seen) = (person.activity.polls_answered, person.activity.polls_seen);
    if seen == 0 {
        return Part::missing("no poll was opened meanwhile");
    }
    let (answered, seen) = (f64::from(answered), f64::from(seen));
    Part::of(answered, Some(seen), answered / seen)
}

fn signal(hands: u32, totals: Totals) -> Part {
    let signals = f64::from(hands) + f64::from(totals.reactions);
    Part::of(signals, None, 1.0 - (-signals / SIGNALS_FOR_HALF).exp2())
}
