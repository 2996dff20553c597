//! How good people's connections are: what clients report and the server's pings say, by the E-model, smoothed.
//!
//! It is measured, and no fact: it is in no event, a look back in time knows nothing of it, and after a restart
//! it is measured anew. Of a participant's sessions the best counts. The numbers are untrusted: a client can
//! make its own connection look better or worse, and nobody else's.

mod emodel;
mod link;
mod links;

use quorate_protocol::{
    ConnectionQuality, Participant, ParticipantId, QUALITY_BITRATE_KBPS_MAX, QUALITY_JITTER_MS_MAX,
    QUALITY_LOSS_PCT_MAX, QUALITY_RTT_MS_MAX, QUALITY_SHOWN_TO_ALL_BELOW, QualityLevel,
    QualityReport, SessionId, Snapshot, Timestamp,
};

pub use emodel::{mos, r_factor};
pub use link::{Sample, level};
pub(super) use links::Links;
pub use links::{VERSION, level_alone};

use super::event::STAFF_RANK;
use super::measures::{Measured, Measures, Minute};
use super::{Decision, Meeting, Person, Refusal};

impl Meeting {
    /// What the client of a session reports of its media.
    pub(super) fn report_quality(
        &self,
        now: Timestamp,
        session: SessionId,
        me: &Person,
        ask: &QualityReport,
    ) -> Result<Decision, Refusal> {
        let sample = checked(ask)?;
        if let Some(next) = self.passing.measures.links.not_before(now, session) {
            return Err(Refusal::TooOften { retry_after_ms: next.ms_since(now) });
        }
        Ok(Decision::by(me).measuring(Measured::Quality { session, sample }))
    }

    /// The server's ping of a session came back after so many milliseconds.
    pub fn pinged(&mut self, now: Timestamp, session: SessionId, rtt_ms: u64) {
        let Some(person) = self.facts.person_in(session).filter(|person| person.is_in()) else {
            return;
        };
        // What comes back may hold any time: a client that makes one up harms itself.
        let rtt_ms = (rtt_ms as f64).min(QUALITY_RTT_MS_MAX);
        let measures = &mut self.passing.measures;
        let sample = measures.links.pinged(now, person.joined_at, session, rtt_ms);
        if let Some(sample) = sample {
            measures.sampled(person.id, now, &sample);
        }
    }

    /// The snapshot for one who is in, now.
    #[must_use]
    pub fn snapshot(&self, viewer: &Person, now: Timestamp) -> Snapshot {
        let mut snapshot = self.facts.snapshot(viewer, now);
        self.fill_in(viewer, &mut snapshot.participants);
        snapshot
    }

    /// Who is in, as a snapshot shows them to this viewer.
    #[must_use]
    pub fn roster(&self, viewer: &Person) -> Vec<Participant> {
        let mut people = self.facts.roster(viewer);
        self.fill_in(viewer, &mut people);
        people
    }

    /// Says of people who are in how good their connections are, where this viewer may know.
    pub(super) fn fill_in(&self, viewer: &Person, people: &mut [Participant]) {
        let everyones = self.shows_everyones_quality(viewer);
        let shown = |it: &&mut Participant| everyones || it.id == viewer.id;
        for participant in people.iter_mut().filter(shown) {
            participant.quality = self.passing.measures.links.level(participant.id);
        }
    }

    /// Whether a viewer sees how good everyone's connection is: staff does, and all while few are here. One's
    /// own one sees always.
    #[must_use]
    pub fn shows_everyones_quality(&self, viewer: &Person) -> bool {
        viewer.view.rank >= STAFF_RANK || self.facts.present < QUALITY_SHOWN_TO_ALL_BELOW
    }

    /// Whether a viewer sees in the roster what nobody else sees so: how good their own connection is.
    #[must_use]
    pub fn sees_own_quality_alone(&self, viewer: &Person) -> bool {
        let own = self.passing.measures.links.level(viewer.id);
        !self.shows_everyones_quality(viewer) && own != QualityLevel::Unknown
    }

    /// How often anyone's level changed: a roster is good while it is the same.
    #[must_use]
    pub fn quality_changes(&self) -> u64 {
        self.passing.measures.links.changes()
    }
}

impl Measures {
    /// How good someone's connection is as of the last step's end, or was when they left; none: not measured,
    /// or not since it came back.
    #[must_use]
    pub fn quality(&self, participant: ParticipantId) -> Option<ConnectionQuality> {
        self.links.quality(participant)
    }
}

impl Minute {
    /// With one sample more in its means.
    pub(super) fn sampled(&mut self, sample: &Sample) {
        self.samples = self.samples.saturating_add(1);
        let count = f64::from(self.samples);
        let mean = |mean: &mut f64, new: f64| *mean += (new - *mean) / count;
        mean(&mut self.r, sample.r());
        mean(&mut self.rtt_ms, sample.rtt_ms);
        mean(&mut self.jitter_ms, sample.jitter_ms);
        mean(&mut self.loss_pct, sample.loss_pct);
    }
}

/// A report as a sample, where its numbers can be.
fn checked(ask: &QualityReport) -> Result<Sample, Refusal> {
    let QualityReport { rtt_ms, jitter_ms, loss_pct, bitrate_kbps, fec } = *ask;
    let invalid = |field, message| Refusal::Invalid { field, message };
    let within = |number: f64, max: f64| (0.0..=max).contains(&number);
    if !within(rtt_ms, QUALITY_RTT_MS_MAX) {
        return Err(invalid("rtt_ms", "must be milliseconds from 0 to 60000"));
    }
    if !within(jitter_ms, QUALITY_JITTER_MS_MAX) {
        return Err(invalid("jitter_ms", "must be milliseconds from 0 to 10000"));
    }
    if !within(loss_pct, QUALITY_LOSS_PCT_MAX) {
        return Err(invalid("loss_pct", "must be percent from 0 to 100"));
    }
    if !bitrate_kbps.is_none_or(|kbps| within(kbps, QUALITY_BITRATE_KBPS_MAX)) {
        return Err(invalid("bitrate_kbps", "must be kilobits a second from 0 to 10000000"));
    }
    Ok(Sample { rtt_ms, jitter_ms, loss_pct, fec })
}
