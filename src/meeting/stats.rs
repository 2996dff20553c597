//! How a meeting goes while it runs, for those who may see it: told at most every 2 s, while anything changes
//! and someone is there to hear it; scores change by themselves, and are looked at every 5 s. There are two texts,
//! whoever many hear them: with people, and without.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use quorate_protocol::{
    LongestHand, ParticipantId, Permission, PersonStats, Privacy, QualityCounts, QualityLevel, Seq,
    SessionId, SignalBody, Silent, Stats, TalkBalance, Timestamp, UserKind,
};

use super::engagement::Scoring;
use super::facts::Facts;
use super::measures::{Measures, Totals};
use super::person::Person;
use super::score::balance;
use super::{Signal, SignalTo};

/// How often it is told, in milliseconds.
const TELL_EVERY_MS: i64 = 2000;
/// How often scores are looked at while nothing happens, in milliseconds: who came late catches up, and who is
/// there rises above who is gone.
const LOOK_EVERY_MS: i64 = 5000;
/// People named who have not spoken yet, at most.
const SILENT_MAX: usize = 50;
/// People told of one by one, at most.
const PEOPLE_MAX: usize = 200;

/// What those who watch were told.
#[derive(Debug, Clone, Default)]
pub(super) struct LiveView {
    /// Up to which event, and after how many changes of what is measured.
    seen: (Seq, u64),
    /// When that was.
    looked_at: Timestamp,
    /// The sessions that hear of nobody in particular, and what they heard.
    together: Told,
    /// Those that hear of people too, and what they heard.
    each: Told,
}

/// What some sessions were told.
#[derive(Debug, Clone, Default)]
struct Told {
    sessions: Vec<SessionId>,
    stats: Option<Stats>,
}

impl Told {
    /// Tells this to these, unless it is what they know.
    fn tell(&mut self, sessions: Vec<SessionId>, stats: impl FnOnce() -> Stats) -> Option<Signal> {
        if sessions.is_empty() {
            *self = Told::default();
            return None;
        }
        let stats = Some(stats());
        if self.sessions == sessions && self.stats == stats {
            return None;
        }
        *self = Told { sessions: sessions.clone(), stats };
        let body = SignalBody::Stats(Box::new(self.stats.clone()?));
        Some(Signal { to: SignalTo::LatestOf(sessions), body })
    }
}

impl LiveView {
    /// Takes what there is for told, and nobody for watching.
    #[cfg(test)]
    pub(super) fn rest(&mut self, facts: &Facts, measures: &Measures) {
        *self = LiveView { seen: (facts.head, measures.changes()), ..LiveView::default() };
    }

    fn is_watched(&self) -> bool {
        !self.together.sessions.is_empty() || !self.each.sessions.is_empty()
    }

    /// When to look again. Nobody is there to hear of scores before there was another event.
    pub(super) fn due(&self, facts: &Facts, measures: &Measures) -> Option<Timestamp> {
        // Who speaks does so for longer and longer.
        let grows = self.is_watched() && measures.anyone_speaks();
        if grows || self.seen != (facts.head, measures.changes()) {
            return Some(self.looked_at.plus_ms(TELL_EVERY_MS));
        }
        let drifts = !self.each.sessions.is_empty();
        drifts.then(|| self.looked_at.plus_ms(LOOK_EVERY_MS))
    }

    /// How it goes, where that changed.
    pub(super) fn tell(
        &mut self,
        facts: &Facts,
        measures: &Measures,
        privacy: Privacy,
        now: Timestamp,
    ) -> Vec<Signal> {
        if self.due(facts, measures).is_none_or(|due| now < due) {
            return Vec::new();
        }
        (self.seen, self.looked_at) = ((facts.head, measures.changes()), now);
        let (together, each) = watching(facts, privacy);
        if together.is_empty() && each.is_empty() {
            (self.together, self.each) = Default::default();
            return Vec::new();
        }
        let totals = measures.totals_at(now);
        let scene = Scene { facts, measures, totals: &totals, privacy };
        let stats = scene.stats();
        let people = || Stats { people: Some(scene.people(now)), ..stats.clone() };
        let each = self.each.tell(each, people);
        self.together.tell(together, || stats.clone()).into_iter().chain(each).collect()
    }
}

/// The connected sessions of those who may see how it goes: with nobody in particular, and with people.
fn watching(facts: &Facts, privacy: Privacy) -> (Vec<SessionId>, Vec<SessionId>) {
    let (mut together, mut each) = (Vec::new(), Vec::new());
    for person in facts.people.values().filter(|person| person.is_in()) {
        let permissions = person.view.permissions;
        if !permissions.has(Permission::ReportAggregate) {
            continue;
        }
        let individual = permissions.has(Permission::ReportIndividual) && privacy.names_in_reports;
        let sessions = if individual { &mut each } else { &mut together };
        sessions.extend(person.sessions.iter().filter(|id| !facts.lost.contains(id)));
    }
    (together, each)
}

/// What it is made of.
struct Scene<'a> {
    facts: &'a Facts,
    measures: &'a Measures,
    totals: &'a BTreeMap<ParticipantId, Totals>,
    privacy: Privacy,
}

impl Scene<'_> {
    fn level(&self, person: &Person) -> QualityLevel {
        self.measures.quality(person.id).map_or(QualityLevel::Unknown, |quality| quality.level)
    }

    fn talk_ms(&self, person: &Person) -> u64 {
        self.totals.get(&person.id).map_or(0, |totals| totals.talk_ms)
    }

    /// Those of whom reports speak and who are in, in the order of their ids.
    fn there(&self) -> impl Iterator<Item = &Person> {
        self.facts.people.values().filter(|person| person.is_in() && person.is_reported())
    }

    fn stats(&self) -> Stats {
        let mut quality = QualityCounts::default();
        let people = self.facts.people.values();
        let people = people.filter(|person| person.is_in() && person.kind != UserKind::Bot);
        people.for_each(|person| quality.count(self.level(person)));
        let measured = self.privacy.talk_time;
        Stats {
            present: self.facts.present,
            talk: measured.then(|| self.talk()),
            silent: measured.then(|| self.silent()),
            longest_hand: self.longest_hand(),
            quality,
            people: None,
        }
    }

    fn talk(&self) -> TalkBalance {
        let reported = self.facts.people.values().filter(|person| person.is_reported());
        let mut talk: Vec<u64> = reported.map(|person| self.talk_ms(person)).collect();
        let (sum, most) = (talk.iter().sum::<u64>(), talk.iter().copied().max().unwrap_or(0));
        TalkBalance {
            talk_seconds: sum / 1000,
            largest_share: (sum > 0).then(|| rounded(most as f64 / sum as f64, 1000.0)),
            balance: balance(&mut talk).map(|balance| rounded(balance, 1000.0)),
        }
    }

    fn silent(&self) -> Silent {
        let silent = self.there().filter(|person| self.talk_ms(person) == 0);
        let named = if self.privacy.names_in_reports { SILENT_MAX } else { 0 };
        let mut participants: Vec<_> = silent.map(|person| person.id).collect();
        let count = participants.len() as u32;
        participants.truncate(named);
        Silent { count, participants }
    }

    /// Hands are everyone's to see, whoever is left out of reports.
    fn longest_hand(&self) -> Option<LongestHand> {
        let hands = self.facts.hands.iter().filter_map(|id| self.facts.get(*id));
        let since = hands.filter_map(|person| Some((person.hand?, person.id)));
        since.min().map(|(since, participant)| LongestHand { participant, since })
    }

    fn people(&self, now: Timestamp) -> Vec<PersonStats> {
        let scoring = Scoring::new(self.facts, self.totals, self.privacy, now);
        let mut people: Vec<_> = self.there().collect();
        // Who spoke more is not told by the order either.
        let talk_ms = |person: &Person| self.privacy.talk_time.then(|| self.talk_ms(person));
        people.sort_by_key(|person| (Reverse(talk_ms(person)), person.id));
        people.truncate(PEOPLE_MAX);
        let shown = |person: &Person| PersonStats {
            participant: person.id,
            talk_seconds: self.privacy.talk_time.then(|| self.talk_ms(person) / 1000),
            score: scoring.of(person).map(|engagement| rounded(engagement.score, 10.0)),
            level: self.level(person),
        };
        people.into_iter().map(shown).collect()
    }
}

fn rounded(number: f64, parts: f64) -> f64 {
    (number * parts).round() / parts
}
