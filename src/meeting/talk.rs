//! Talk: who speaks, and for how long, as their own clients say, bots that listen, or the media server.
//!
//! Someone speaks while any session says so, and what is counted is time that passed meanwhile: nobody can
//! claim more than there was. What was said holds for 15 s, and ends with the session that said it; all of it
//! ends when the one who speaks is muted, gone or not connected.

use std::collections::{BTreeMap, BTreeSet};

use quorate_protocol::{
    ParticipantId, Permission, SessionId, SignalBody, Speaking, SpeakingReport, TalkSource,
    Timestamp, UserKind,
};

use super::event::{Audience, Event, Fact, STAFF_RANK};
use super::facts::Facts;
use super::measures::{Measure, Measured, Measures};
use super::person::Person;
use super::{Decision, Meeting, Refusal, Signal, SignalTo};

/// For how long it holds that someone speaks, when it is not said again, in milliseconds.
const HOLDS_MS: i64 = 15_000;
/// How often people hear who speaks, in milliseconds.
const TELL_EVERY_MS: i64 = 250;

/// Someone was said to speak, or not to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TalkReport {
    /// Who.
    of: ParticipantId,
    /// Which session says so.
    session: SessionId,
    source: TalkSource,
    speaking: bool,
}

/// Who speaks now.
#[derive(Debug, Clone, Default)]
pub(super) struct Talks {
    open: BTreeMap<ParticipantId, Talk>,
    /// Of whom it was told that they speak, and to whom.
    told: BTreeMap<ParticipantId, Audience>,
    /// Not before then again.
    not_before: Timestamp,
}

/// Someone speaks.
#[derive(Debug, Clone)]
struct Talk {
    /// The sessions that say so.
    reports: BTreeMap<SessionId, Report>,
    /// Up to when it is counted.
    counted: Timestamp,
    /// Whether it is to be counted at all.
    measured: bool,
}

/// What a session said last.
#[derive(Debug, Clone, Copy)]
struct Report {
    source: TalkSource,
    /// How long that holds.
    until: Timestamp,
}

/// A stretch of talk, and who says so.
pub(super) type Stretch = (Timestamp, Timestamp, TalkSource);

impl Talk {
    /// The talk from when it was counted last until now; where several say so, by the most trustworthy.
    fn stretches(&self, now: Timestamp) -> Vec<Stretch> {
        let (mut from, mut stretches) = (self.counted, Vec::new());
        while from < now {
            let holding = self.reports.values().filter(|report| report.until > from);
            let Some(source) = holding.clone().map(|report| report.source).max() else { break };
            let ends = holding.map(|report| report.until).min();
            let to = ends.map_or(now, |ends| ends.min(now));
            stretches.push((from, to, source));
            from = to;
        }
        stretches
    }

    /// The same, and goes on from now.
    fn count(&mut self, now: Timestamp) -> Vec<Stretch> {
        let stretches = if self.measured { self.stretches(now) } else { Vec::new() };
        self.counted = self.counted.max(now);
        self.reports.retain(|_, report| report.until > now);
        stretches
    }

    /// When it ends by itself.
    fn until(&self) -> Option<Timestamp> {
        self.reports.values().map(|report| report.until).max()
    }
}

/// Counts what someone speaks until now.
fn count(
    people: &mut BTreeMap<ParticipantId, Measure>,
    of: ParticipantId,
    talk: &mut Talk,
    now: Timestamp,
) {
    for stretch in talk.count(now) {
        people.entry(of).or_default().spoke(of, stretch);
    }
}

impl Measures {
    /// Counts what is spoken until now, so that the totals are those of now.
    pub fn settle(&mut self, now: Timestamp) {
        for (id, talk) in &mut self.talks.open {
            count(&mut self.people, *id, talk, now);
        }
        self.keep(|_, talk| !talk.reports.is_empty());
    }

    /// The same of one of them: who says something costs no more where many speak.
    fn settle_one(&mut self, now: Timestamp, of: ParticipantId) {
        if let Some(talk) = self.talks.open.get_mut(&of) {
            count(&mut self.people, of, talk, now);
        }
    }

    /// These go on speaking, and the others stopped.
    fn keep(&mut self, mut speaks: impl FnMut(ParticipantId, &mut Talk) -> bool) {
        let before = self.talks.open.len();
        self.talks.open.retain(|id, talk| speaks(*id, talk));
        self.changed += (before - self.talks.open.len()) as u64;
    }

    /// What they have spoken since it was counted last, in milliseconds.
    pub(super) fn uncounted(&self, now: Timestamp) -> BTreeMap<ParticipantId, u64> {
        let talks = self.talks.open.iter().filter(|(_, talk)| talk.measured);
        talks
            .map(|(id, talk)| {
                (*id, talk.stretches(now).iter().map(|(from, to, _)| to.ms_since(*from)).sum())
            })
            .collect()
    }

    /// Whether anyone speaks.
    pub(super) fn anyone_speaks(&self) -> bool {
        !self.talks.open.is_empty()
    }

    fn heard(&mut self, now: Timestamp, report: TalkReport, measured: bool) {
        let TalkReport { of, session, source, speaking } = report;
        self.settle_one(now, of);
        if speaking {
            let begun = Talk { reports: BTreeMap::new(), counted: now, measured };
            let talk = self.talks.open.entry(of).or_insert(begun);
            talk.reports.insert(session, Report { source, until: now.plus_ms(HOLDS_MS) });
        } else if let Some(talk) = self.talks.open.get_mut(&of) {
            talk.reports.remove(&session);
            if talk.reports.is_empty() {
                self.talks.open.remove(&of);
                self.changed += 1;
            }
        }
    }

    /// Nobody is said to speak by this session any more.
    fn session_gone(&mut self, now: Timestamp, session: SessionId) {
        self.settle(now);
        self.keep(|_, talk| {
            talk.reports.remove(&session);
            !talk.reports.is_empty()
        });
    }

    /// Those who cannot speak do so no longer.
    fn silence(&mut self, now: Timestamp, facts: &Facts) {
        self.settle(now);
        self.keep(|id, _| facts.get(id).is_some_and(|it| facts.can_be_heard(it).is_ok()));
    }

    /// Who began to speak and who stopped since it was told last, to those around them.
    pub(super) fn tell_speaking(&mut self, facts: &Facts, now: Timestamp) -> Vec<Signal> {
        self.settle(now);
        if now < self.talks.not_before {
            return Vec::new();
        }
        let (stopped, began) = self.talks.changes(facts);
        if stopped.is_empty() && began.is_empty() {
            return Vec::new();
        }
        let talks = &mut self.talks;
        talks.not_before = now.plus_ms(TELL_EVERY_MS);
        let mut signals = Vec::with_capacity(stopped.len() + began.len());
        for id in stopped {
            let audience = talks.told.remove(&id);
            signals.extend(audience.map(|audience| told(id, false, audience)));
        }
        for (id, audience) in began {
            signals.push(told(id, true, audience.clone()));
            talks.told.insert(id, audience);
        }
        signals
    }

    /// When that is to be told next, or who speaks is to be asked of again.
    pub(super) fn speaking_deadline(&self, facts: &Facts) -> Option<Timestamp> {
        let (stopped, began) = self.talks.changes(facts);
        let stale = !stopped.is_empty() || !began.is_empty();
        let ends = self.talks.open.values().filter_map(Talk::until).min();
        stale.then_some(self.talks.not_before).into_iter().chain(ends).min()
    }
}

impl Talks {
    /// Who is told to speak and does not, or not there; and who speaks and is not told to, with those around.
    fn changes(&self, facts: &Facts) -> (BTreeSet<ParticipantId>, Vec<(ParticipantId, Audience)>) {
        let around = |id: &ParticipantId| facts.get(*id).map(|person| facts.around(person));
        let speaks = |id: &ParticipantId| self.open.contains_key(id);
        let stopped = self.told.iter();
        let stopped = stopped.filter(|(id, to)| !speaks(id) || around(id).as_ref() != Some(*to));
        let began = self.open.keys().filter_map(|id| Some((*id, around(id)?)));
        let began = began.filter(|(id, to)| self.told.get(id) != Some(to));
        (stopped.map(|(id, _)| *id).collect(), began.collect())
    }
}

fn told(participant: ParticipantId, speaking: bool, to: Audience) -> Signal {
    let body = SignalBody::Speaking(Speaking { participant, speaking });
    Signal { to: SignalTo::Audience(to), body }
}

impl Facts {
    /// Someone says whether they speak themselves, or a bot whether another does.
    pub(super) fn report_speaking(
        &self,
        session: SessionId,
        me: &Person,
        ask: SpeakingReport,
    ) -> Result<Decision, Refusal> {
        let (person, source) = match ask.participant.filter(|id| *id != me.id) {
            None if ask.source.is_some() => {
                let message = "is of what a bot says of others; leave it out for yourself";
                return Err(Refusal::Invalid { field: "source", message });
            }
            None => (me, TalkSource::Client),
            Some(other) => self.listened_to(me, other, ask.source)?,
        };
        if ask.speaking {
            self.can_be_heard(person)?;
        }
        let report = TalkReport { of: person.id, session, source, speaking: ask.speaking };
        Ok(Decision::by(me).measuring(Measured::Talk(report)))
    }

    /// Someone of whom a bot says whether they speak, and how it knows.
    fn listened_to(
        &self,
        me: &Person,
        other: ParticipantId,
        source: Option<TalkSource>,
    ) -> Result<(&Person, TalkSource), Refusal> {
        if me.kind != UserKind::Bot {
            let message = "only a bot that listens says who else speaks; leave it out for yourself";
            return Err(Refusal::Invalid { field: "participant", message });
        }
        self.require(me, Permission::CaptionPublish)?;
        let source = source.unwrap_or(TalkSource::Bot);
        if source == TalkSource::Client {
            let message = "must be bot or sfu: client is what people's own clients say";
            return Err(Refusal::Invalid { field: "source", message });
        }
        Ok((self.person(other)?.who_is_in()?, source))
    }

    /// Refuses for one who cannot be heard: who is not there, or whose microphone was turned off. Of who
    /// never turned theirs on, and was not muted, nothing is known: they may use a telephone.
    fn can_be_heard(&self, person: &Person) -> Result<(), Refusal> {
        person.who_is_in()?;
        if !self.connected(person) {
            return Err(Refusal::Conflict("their connection is lost, and nobody hears them"));
        }
        if self.info.suspended && person.view.rank < STAFF_RANK {
            return Err(Refusal::Conflict("the meeting is suspended, and microphones are off"));
        }
        if person.microphone_known && !person.media.audio {
            return Err(Refusal::Conflict(
                "the microphone is off; turn it on with media.update before speaking",
            ));
        }
        Ok(())
    }
}

impl Meeting {
    /// Notes that someone speaks, or not, when that is carried out.
    pub(super) fn hear(&mut self, now: Timestamp, report: TalkReport) {
        let measured = self.privacy().talk_time;
        self.passing.measures.heard(now, report, measured);
    }

    /// What an event means for those who speak; after it was applied.
    pub(super) fn follow_talk(&mut self, event: &Event) {
        let measured = self.privacy().talk_time;
        let Meeting { facts, passing, .. } = self;
        let (measures, at) = (&mut passing.measures, event.at);
        match &event.fact {
            Fact::SessionLost { session } | Fact::SessionClosed { session, .. } => {
                measures.session_gone(at, *session);
            }
            Fact::ParticipantLeft { .. }
            | Fact::ParticipantRemoved { .. }
            | Fact::ParticipantBanned { .. }
            | Fact::ConnectionChanged { .. }
            | Fact::MeetingRecovered { .. }
            | Fact::MediaUpdated { .. }
            | Fact::ParticipantMuted { .. }
            | Fact::ParticipantsMuted { .. }
            | Fact::MeetingSuspended { .. } => measures.silence(at, facts),
            Fact::MeetingEnded { .. } => {
                measures.silence(at, facts);
                measures.talks.told.clear();
            }
            Fact::MeetingPolicyChanged { .. } => {
                measures.settle(at);
                measures.talks.open.values_mut().for_each(|talk| talk.measured = measured);
            }
            _ => {}
        }
    }
}
