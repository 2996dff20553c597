//! What is measured of a meeting: it passes, is no fact, and is written down every few seconds. A crash loses
//! what was measured since, and no more. Each kind of measurement is in the file of its concern.

mod checkpoint;

use std::collections::BTreeMap;

use quorate_protocol::{
    ConnectionQuality, Engagement, ParticipantId, SessionId, TalkSource, Timestamp,
};

use super::quality::{Links, Sample};
use super::talk::{Stretch, TalkReport, Talks};
use super::{Decision, Meeting};

/// The length of a minute, in milliseconds.
pub const MINUTE_MS: i64 = 60_000;
/// Of reactions closer together than this one counts, in milliseconds.
const REACTION_EVERY_MS: u64 = 10_000;

/// What was measured of someone, all together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// For how long they spoke, in milliseconds.
    pub talk_ms: u64,
    /// Reactions, at most one in 10 s.
    pub reactions: u32,
}

/// What was measured of someone in one minute, or came to it since it was written last.
#[derive(Debug, Clone, PartialEq)]
pub struct Minute {
    /// Of whom.
    pub participant: ParticipantId,
    /// When it begins: a whole minute.
    pub at: Timestamp,
    /// For how long they spoke in it, in milliseconds.
    pub talk_ms: u32,
    /// Who said so; of several the most trustworthy.
    pub source: Option<TalkSource>,
    /// How often their connection was measured in it.
    pub samples: u32,
    /// The mean R of these, 0 to 100.
    pub r: f64,
    /// The mean round trip, in milliseconds.
    pub rtt_ms: f64,
    /// The mean jitter, in milliseconds.
    pub jitter_ms: f64,
    /// The mean loss, in percent.
    pub loss_pct: f64,
}

impl Minute {
    /// The minute that a time is in, with nothing measured in it.
    #[must_use]
    pub fn of(participant: ParticipantId, at: Timestamp) -> Minute {
        Minute {
            participant,
            at: Timestamp(at.0 - at.0.rem_euclid(MINUTE_MS)),
            talk_ms: 0,
            source: None,
            samples: 0,
            r: 0.0,
            rtt_ms: 0.0,
            jitter_ms: 0.0,
            loss_pct: 0.0,
        }
    }
}

/// What is to be written down of the measurements: only what changed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Checkpoint {
    /// How it stands with people.
    pub people: Vec<PersonMeasured>,
    /// What came to their minutes, to be added to what is written.
    pub minutes: Vec<Minute>,
}

/// What is written of someone; it takes the place of what was.
#[derive(Debug, Clone, PartialEq)]
pub struct PersonMeasured {
    /// Of whom.
    pub participant: ParticipantId,
    /// For how long they were there, in whole seconds.
    pub total_time: u64,
    /// What was measured.
    pub totals: Totals,
    /// How good their connection is; none: never measured.
    pub quality: Option<ConnectionQuality>,
    /// How much they take part, 0 to 100; none: not scored.
    pub score: Option<f64>,
    /// What that is made of, once the meeting is over.
    pub engagement: Option<Box<Engagement>>,
}

/// Something that was measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Measured {
    /// The one who asked sent a reaction.
    Reaction,
    /// Someone is said to speak, or not to.
    Talk(TalkReport),
    /// The client of this session of theirs measured its connection.
    Quality {
        /// Which.
        session: SessionId,
        /// What it measured.
        sample: Sample,
    },
}

/// What is measured of a meeting.
#[derive(Debug, Clone, Default)]
pub struct Measures {
    pub(super) people: BTreeMap<ParticipantId, Measure>,
    /// How good the connections are.
    pub(super) links: Links,
    /// Who speaks.
    pub(super) talks: Talks,
    /// How often anything changed but the connections.
    pub(super) changed: u64,
    /// How it stood with people when it was written last.
    written: BTreeMap<ParticipantId, PersonMeasured>,
}

/// What is measured of someone.
#[derive(Debug, Clone, Default)]
pub(super) struct Measure {
    totals: Totals,
    last_reaction: Option<Timestamp>,
    minutes: BTreeMap<Timestamp, Minute>,
}

impl Measures {
    /// What was measured of each, all together.
    #[must_use]
    pub fn totals(&self) -> BTreeMap<ParticipantId, Totals> {
        self.people.iter().map(|(id, measure)| (*id, measure.totals)).collect()
    }

    /// The same as of now, with what is spoken just now.
    #[must_use]
    pub fn totals_at(&self, now: Timestamp) -> BTreeMap<ParticipantId, Totals> {
        let mut totals = self.totals();
        for (id, ms) in self.uncounted(now).into_iter().filter(|(_, ms)| *ms > 0) {
            totals.entry(id).or_default().talk_ms += ms;
        }
        totals
    }

    /// How often anything changed, but for what passes by itself with time.
    pub(super) fn changes(&self) -> u64 {
        self.changed + self.links.changes()
    }

    /// What came to the minutes of each and was not taken yet, oldest first.
    #[cfg(test)]
    pub(super) fn minutes(&self) -> impl Iterator<Item = &Minute> {
        self.people.values().flat_map(|measure| measure.minutes.values())
    }

    fn reacted(&mut self, by: ParticipantId, now: Timestamp) {
        self.people.entry(by).or_default().reacted(now);
        self.changed += 1;
    }

    fn reported(&mut self, by: ParticipantId, now: Timestamp, session: SessionId, sample: Sample) {
        if self.links.reported(now, session, sample) {
            self.sampled(by, now, &sample);
        }
    }

    /// Someone's best connection was measured.
    pub(super) fn sampled(&mut self, of: ParticipantId, now: Timestamp, sample: &Sample) {
        self.people.entry(of).or_default().minute(of, now).sampled(sample);
    }
}

impl Measure {
    fn reacted(&mut self, now: Timestamp) {
        if self.last_reaction.is_none_or(|last| now.ms_since(last) >= REACTION_EVERY_MS) {
            self.totals.reactions = self.totals.reactions.saturating_add(1);
            self.last_reaction = Some(now);
        }
    }

    /// They spoke for a while.
    pub(super) fn spoke(&mut self, participant: ParticipantId, (mut from, to, source): Stretch) {
        self.totals.talk_ms += to.ms_since(from);
        while from < to {
            let minute = self.minute(participant, from);
            let end = minute.at.plus_ms(MINUTE_MS).min(to);
            minute.talk_ms += end.ms_since(from) as u32;
            minute.source = minute.source.max(Some(source));
            from = end;
        }
    }

    /// The minute that a time is in.
    fn minute(&mut self, participant: ParticipantId, at: Timestamp) -> &mut Minute {
        let minute = Minute::of(participant, at);
        self.minutes.entry(minute.at).or_insert(minute)
    }
}

impl Decision {
    /// With something that is to be measured, of the one who asked.
    pub(super) fn measuring(mut self, measured: Measured) -> Decision {
        self.measured = Some(measured);
        self
    }
}

impl Meeting {
    /// Notes what a decision measures, when it is carried out.
    pub(super) fn measure(&mut self, now: Timestamp, decision: &Decision) {
        match (decision.by, decision.measured) {
            (Some(by), Some(Measured::Reaction)) => self.passing.measures.reacted(by, now),
            (Some(by), Some(Measured::Quality { session, sample })) => {
                self.passing.measures.reported(by, now, session, sample);
            }
            (_, Some(Measured::Talk(report))) => self.hear(now, report),
            (None, Some(_)) | (_, None) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meeting::event::{Audience, Event, Fact, SYSTEM};

    #[test]
    fn reactions_count_once_in_ten_seconds() {
        let (me, mut measures) = (ParticipantId(1), Measures::default());
        for at in [0, 9_999, 10_000, 19_999] {
            measures.reacted(me, Timestamp(at));
        }
        assert_eq!(measures.totals()[&me].reactions, 2);
    }

    #[test]
    fn a_minute_holds_the_means_of_what_was_measured_of_the_best_session() {
        let (me, mut measures) = (ParticipantId(1), Measures::default());
        let sessions = [1, 2].map(|id| SessionId(uuid::Uuid::from_u128(id)));
        for session in sessions {
            measures.links.note(&Event {
                seq: quorate_protocol::Seq(1),
                at: Timestamp(0),
                user: SYSTEM,
                by: None,
                audience: Audience::NOBODY,
                fact: Fact::SessionOpened { session, participant: me },
                personal: None,
                cause: None,
                as_admin: false,
            });
        }
        let [first, second] = sessions;
        for (at, session, rtt_ms, loss_pct) in [
            (0, first, 100.0, 40.0),
            (59_999, second, 60.0, 0.0),
            (59_999, first, 100.0, 40.0),
            (60_000, second, 100.0, 0.0),
            (119_999, second, 140.0, 1.0),
        ] {
            let sample = Sample { rtt_ms, jitter_ms: 5.0, loss_pct, fec: false };
            measures.reported(me, Timestamp(at), session, sample);
        }
        let round = |number: f64| (number * 10.0).round() / 10.0;
        let minutes = measures.people[&me].minutes.values();
        let told = minutes
            .map(|it| (it.at.0, it.samples, round(it.r), it.rtt_ms, it.jitter_ms, it.loss_pct));
        let expected = [(0, 2, 55.2, 80.0, 5.0, 20.0), (60_000, 2, 88.9, 120.0, 5.0, 0.5)];
        assert_eq!(told.collect::<Vec<_>>(), expected, "the worse of two does not count");
    }
}
