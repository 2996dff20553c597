//! The connections of all: whose is how good, and who is to be told.

use std::collections::{BTreeMap, BTreeSet};

use quorate_protocol::{
    ConnectionQuality, ParticipantId, QUALITY_SHOWN_TO_ALL_BELOW, QualityChanged, QualityLevel,
    SessionId, SignalBody, Timestamp,
};

use super::emodel::mos;
use super::link::{Link, Sample, Track};
use crate::meeting::event::{Audience, Event, Fact, STAFF_RANK};
use crate::meeting::{Facts, Signal, SignalTo};

/// The version of the formula.
pub const VERSION: u32 = 1;
/// How often changes are told, in milliseconds.
const TELL_EVERY_MS: i64 = 2000;

/// The connections of a meeting. Sessions come and go with the events; what is measured of them passes.
#[derive(Debug, Clone, Default)]
pub(in crate::meeting) struct Links {
    sessions: BTreeMap<SessionId, Link>,
    people: BTreeMap<ParticipantId, Standing>,
    /// Whose connection may be otherwise than `people` says.
    touched: BTreeSet<ParticipantId>,
    /// Whose level is another than was told, and what was told.
    untold: BTreeMap<ParticipantId, QualityLevel>,
    /// Nothing is told before then.
    not_before: Timestamp,
    changes: u64,
}

/// How it stands with someone, as of the last step's end.
#[derive(Debug, Clone)]
struct Standing {
    sessions: Vec<SessionId>,
    here: bool,
    quality: ConnectionQuality,
}

impl Standing {
    fn new() -> Standing {
        Standing { sessions: Vec::new(), here: false, quality: level_alone(QualityLevel::Unknown) }
    }
}

impl Links {
    /// What an event means for the connections.
    pub(in crate::meeting) fn note(&mut self, event: &Event) {
        match &event.fact {
            Fact::SessionOpened { session, participant } => {
                self.sessions.insert(*session, Link::new(*participant, event.at));
                let standing = self.people.entry(*participant).or_insert_with(Standing::new);
                standing.sessions.push(*session);
            }
            Fact::SessionLost { session } => self.with(*session, Link::lost),
            Fact::SessionResumed { session } => self.with(*session, |link| link.resumed(event.at)),
            Fact::SessionClosed { session, .. } => self.closed(*session),
            Fact::ReturnedToWaiting { participant } => self.returned(*participant),
            Fact::MeetingRecovered { .. } => {
                self.sessions.values_mut().for_each(Link::lost);
                self.touched.extend(self.people.keys());
            }
            Fact::MeetingEnded { .. } => {
                self.sessions.clear();
                self.people.values_mut().for_each(|standing| standing.sessions.clear());
                self.touched.extend(self.people.keys());
            }
            _ => {}
        }
        self.touched.extend(event.fact.about().filter(|id| self.people.contains_key(id)));
    }

    fn with(&mut self, session: SessionId, change: impl FnOnce(&mut Link)) {
        if let Some(link) = self.sessions.get_mut(&session) {
            change(link);
            self.touched.insert(link.participant);
        }
    }

    fn closed(&mut self, session: SessionId) {
        let Some(link) = self.sessions.remove(&session) else { return };
        if let Some(standing) = self.people.get_mut(&link.participant) {
            standing.sessions.retain(|id| *id != session);
        }
        self.touched.insert(link.participant);
    }

    /// Someone waits again, with the same sessions.
    fn returned(&mut self, participant: ParticipantId) {
        let Some(standing) = self.people.get_mut(&participant) else { return };
        standing.here = false;
        for session in &standing.sessions {
            if let Some(link) = self.sessions.get_mut(session) {
                link.forget();
            }
        }
    }

    /// When a session may report again; none: now.
    pub(super) fn not_before(&self, now: Timestamp, session: SessionId) -> Option<Timestamp> {
        self.sessions.get(&session)?.not_before(now)
    }

    /// A session's client reports. Whether it is its participant's best session.
    pub(in crate::meeting) fn reported(
        &mut self,
        now: Timestamp,
        session: SessionId,
        sample: Sample,
    ) -> bool {
        self.with(session, |link| link.reported(now, sample));
        self.is_best(session)
    }

    /// A ping of a session of someone who is in since then came back. The sample that it makes, of a
    /// participant's best session.
    pub(in crate::meeting) fn pinged(
        &mut self,
        now: Timestamp,
        in_since: Timestamp,
        session: SessionId,
        rtt_ms: f64,
    ) -> Option<Sample> {
        let mut sample = None;
        self.with(session, |link| sample = link.pinged(now, in_since, rtt_ms));
        sample.filter(|_| self.is_best(session))
    }

    fn is_best(&self, session: SessionId) -> bool {
        let participant = self.sessions.get(&session).map(|link| link.participant);
        let standing = participant.and_then(|id| self.people.get(&id));
        standing.and_then(|it| self.best(it)).is_some_and(|(best, ..)| best == session)
    }

    /// The best session of someone that was measured.
    fn best<'a>(&'a self, standing: &Standing) -> Option<(SessionId, &'a Link, &'a Track)> {
        let links = standing.sessions.iter().filter_map(|id| Some((*id, self.sessions.get(id)?)));
        let tracks = links.filter_map(|(id, link)| Some((id, link, link.track.as_ref()?)));
        tracks.max_by(|(_, _, a), (_, _, b)| a.level.cmp(&b.level).then(a.r.total_cmp(&b.r)))
    }

    /// How good the connection is of someone who is in, now.
    pub(super) fn level(&self, participant: ParticipantId) -> QualityLevel {
        self.people.get(&participant).map_or(QualityLevel::Unknown, |it| self.quality_now(it).level)
    }

    fn quality_now(&self, standing: &Standing) -> ConnectionQuality {
        let connected = |id: &SessionId| self.sessions.get(id).is_some_and(|link| link.connected);
        match self.best(standing) {
            Some((_, link, track)) => measured(link, track),
            None if standing.sessions.iter().any(connected) => level_alone(QualityLevel::Unknown),
            None => level_alone(QualityLevel::Lost),
        }
    }

    /// How good someone's connection is as of the last step's end, or was when they left; none: not measured.
    pub(in crate::meeting) fn quality(
        &self,
        participant: ParticipantId,
    ) -> Option<ConnectionQuality> {
        let quality = self.people.get(&participant)?.quality;
        (quality.level != QualityLevel::Unknown).then_some(quality)
    }

    /// How often a level changed: what was made of levels is good while it is the same.
    pub(in crate::meeting) fn changes(&self) -> u64 {
        self.changes
    }

    /// Takes over what became of the connections since the last time.
    fn settle(&mut self, facts: &Facts) {
        for id in std::mem::take(&mut self.touched) {
            let Some(mut standing) = self.people.remove(&id) else { continue };
            if facts.get(id).is_some_and(|person| person.is_in()) {
                self.settle_one(id, &mut standing);
            } else {
                // What was known of them last stays, for what is written of them.
                standing.here = false;
                self.untold.remove(&id);
            }
            let measured = standing.quality.level != QualityLevel::Unknown;
            if measured || !standing.sessions.is_empty() {
                self.people.insert(id, standing);
            }
        }
    }

    fn settle_one(&mut self, id: ParticipantId, standing: &mut Standing) {
        let mut known = standing.quality.level;
        if !standing.here {
            // Who comes in is announced with an unknown connection.
            known = QualityLevel::Unknown;
            self.untold.remove(&id);
        }
        standing.here = true;
        standing.quality = self.quality_now(standing);
        let level = standing.quality.level;
        if level == known {
            return;
        }
        self.changes += 1;
        let told = *self.untold.entry(id).or_insert(known);
        if told == level {
            self.untold.remove(&id);
        }
    }

    /// The levels that are others than were told, at most once in 2 s.
    pub(in crate::meeting) fn tell(&mut self, facts: &Facts, now: Timestamp) -> Vec<Signal> {
        self.settle(facts);
        if self.untold.is_empty() || now < self.not_before {
            return Vec::new();
        }
        self.not_before = now.plus_ms(TELL_EVERY_MS);
        let untold = std::mem::take(&mut self.untold);
        let change = |(participant, from)| {
            let to = self.people.get(&participant)?.quality.level;
            Some(QualityChanged { participant, from, to })
        };
        let changes: Vec<_> = untold.into_iter().filter_map(change).collect();
        let signal =
            |to, change: &QualityChanged| Signal { to, body: SignalBody::QualityChanged(*change) };
        let all = facts.present < QUALITY_SHOWN_TO_ALL_BELOW;
        let group = || if all { Audience::EVERYONE } else { Audience::STAFF };
        let mut signals: Vec<_> =
            changes.iter().map(|it| signal(SignalTo::Audience(group()), it)).collect();
        // Those who are not told with the others hear of their own.
        let is_staff = |id| facts.get(id).is_some_and(|person| person.view.rank >= STAFF_RANK);
        let own = changes.iter().filter(|it| !all && !is_staff(it.participant));
        signals.extend(own.map(|it| signal(SignalTo::Latest(it.participant), it)));
        signals
    }

    /// When there is something to be told next.
    pub(in crate::meeting) fn deadline(&self) -> Option<Timestamp> {
        (!self.untold.is_empty()).then_some(self.not_before)
    }
}

/// A level without figures.
#[must_use]
pub fn level_alone(level: QualityLevel) -> ConnectionQuality {
    ConnectionQuality {
        version: VERSION,
        level,
        r: None,
        mos: None,
        rtt_ms: None,
        jitter_ms: None,
        loss_pct: None,
        slow_signalling: false,
    }
}

fn measured(link: &Link, track: &Track) -> ConnectionQuality {
    let tenths = |number: f64| Some((number * 10.0).round() / 10.0);
    let hundredths = |number: f64| Some((number * 100.0).round() / 100.0);
    ConnectionQuality {
        r: tenths(track.r),
        mos: hundredths(mos(track.r)),
        rtt_ms: tenths(track.last.rtt_ms),
        jitter_ms: tenths(track.last.jitter_ms),
        loss_pct: hundredths(track.last.loss_pct),
        slow_signalling: link.slow_signalling(track),
        ..level_alone(track.level)
    }
}
