//! One session's connection: its samples smoothed, and the level that they come to.

use std::collections::VecDeque;

use quorate_protocol::{
    ParticipantId, QUALITY_REPORTS_MAX, QUALITY_WINDOW_SECONDS, QualityLevel, Timestamp,
};

use super::emodel::r_factor;

/// How much a new sample counts that is better.
const RISING: f64 = 0.4;
/// How much one counts that is worse.
const FALLING: f64 = 0.8;
/// By how much R must be above the bound of a better level.
const MARGIN: f64 = 3.0;
/// By how much the round trip to the server must be above that of the media to count as slow, in milliseconds.
const SLOW_MS: f64 = 300.0;
/// How long a client must have reported nothing for the server's pings to stand in, in milliseconds.
const QUIET_MS: u64 = 30_000;

/// What was measured of a connection at a time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// The round trip, in milliseconds.
    pub rtt_ms: f64,
    /// The jitter, in milliseconds.
    pub jitter_ms: f64,
    /// Packets lost, in percent.
    pub loss_pct: f64,
    /// Whether they are made up for.
    pub fec: bool,
}

impl Sample {
    /// Of the server's own ping, which knows of no jitter and no loss.
    fn of_ping(rtt_ms: f64) -> Sample {
        Sample { rtt_ms, jitter_ms: 0.0, loss_pct: 0.0, fec: false }
    }

    /// Its R factor.
    #[must_use]
    pub fn r(&self) -> f64 {
        r_factor(self.rtt_ms, self.jitter_ms, self.loss_pct, self.fec)
    }
}

/// The level of an R factor from 0 to 100.
#[must_use]
pub fn level(r: f64) -> QualityLevel {
    match r {
        80.0.. => QualityLevel::Excellent,
        65.0.. => QualityLevel::Good,
        40.0.. => QualityLevel::Fair,
        _ => QualityLevel::Poor,
    }
}

/// What the samples of a connection come to, since there were any without a break.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Track {
    /// R, smoothed.
    pub(super) r: f64,
    pub(super) level: QualityLevel,
    /// The level that the last sample was good enough for, with the margin.
    reached: QualityLevel,
    pub(super) last: Sample,
    /// Whether its client reported any of them.
    pub(super) reported: bool,
}

impl Track {
    fn first(sample: Sample, reported: bool) -> Track {
        let r = sample.r();
        Track { r, level: level(r), reached: level(r), last: sample, reported }
    }

    /// With one sample more. The first that the client reports says anew how it stands with the media.
    fn then(self, sample: Sample, reported: bool) -> Track {
        let new = sample.r();
        let r = match reported && !self.reported {
            true => new,
            false => smoothed(self.r, new),
        };
        let reached = level(r - MARGIN);
        // Two in a row, and no better than both.
        let better = reached.min(self.reached).max(self.level);
        let level = level(r).min(better);
        Track { r, level, reached, last: sample, reported: reported || self.reported }
    }
}

fn smoothed(old: f64, new: f64) -> f64 {
    let weight = if new > old { RISING } else { FALLING };
    weight * new + (1.0 - weight) * old
}

/// The connection of a session.
#[derive(Debug, Clone)]
pub(super) struct Link {
    pub(super) participant: ParticipantId,
    /// Whether it has its socket.
    pub(super) connected: bool,
    /// None until it is measured.
    pub(super) track: Option<Track>,
    /// When its client reported last, or its socket came.
    quiet_since: Timestamp,
    /// When its client reported lately.
    reports: VecDeque<Timestamp>,
    /// The last round trip to the server, in milliseconds.
    server_rtt_ms: Option<f64>,
}

impl Link {
    /// One whose socket just came.
    pub(super) fn new(participant: ParticipantId, now: Timestamp) -> Link {
        Link {
            participant,
            connected: true,
            track: None,
            quiet_since: now,
            reports: VecDeque::new(),
            server_rtt_ms: None,
        }
    }

    /// Its socket is gone.
    pub(super) fn lost(&mut self) {
        self.connected = false;
        self.forget();
    }

    /// What was measured says nothing of what comes.
    pub(super) fn forget(&mut self) {
        (self.track, self.server_rtt_ms) = (None, None);
    }

    /// It has a socket again.
    pub(super) fn resumed(&mut self, now: Timestamp) {
        (self.connected, self.quiet_since) = (true, now);
    }

    /// When its client may report again; none: now.
    pub(super) fn not_before(&self, now: Timestamp) -> Option<Timestamp> {
        let oldest = self.reports.len().checked_sub(QUALITY_REPORTS_MAX)?;
        let free_at = self.reports.get(oldest)?.plus_seconds(QUALITY_WINDOW_SECONDS);
        (now < free_at).then_some(free_at)
    }

    /// Its client reports.
    pub(super) fn reported(&mut self, now: Timestamp, sample: Sample) {
        self.quiet_since = now;
        self.reports.push_back(now);
        if self.reports.len() > QUALITY_REPORTS_MAX {
            self.reports.pop_front();
        }
        self.sampled(sample, true);
    }

    /// A ping came back. It is a sample where the client says nothing, and has said nothing since it came in.
    pub(super) fn pinged(
        &mut self,
        now: Timestamp,
        in_since: Timestamp,
        rtt_ms: f64,
    ) -> Option<Sample> {
        self.server_rtt_ms = Some(rtt_ms);
        let quiet = now.ms_since(self.quiet_since.max(in_since)) >= QUIET_MS;
        let sample = quiet.then(|| Sample::of_ping(rtt_ms))?;
        self.sampled(sample, false);
        Some(sample)
    }

    fn sampled(&mut self, sample: Sample, reported: bool) {
        if !self.connected {
            return;
        }
        self.track = Some(match self.track {
            Some(track) => track.then(sample, reported),
            None => Track::first(sample, reported),
        });
    }

    /// Whether commands are slow where the media are not: the last sample that counts is the client's.
    pub(super) fn slow_signalling(&self, track: &Track) -> bool {
        let slow = |server: f64| server > track.last.rtt_ms + SLOW_MS;
        track.reported && self.server_rtt_ms.is_some_and(slow)
    }
}

#[cfg(test)]
mod tests {
    use QualityLevel::{Excellent, Fair, Good, Poor};
    use proptest::prelude::*;

    use super::*;

    /// A sample of about this R, by its loss alone.
    fn of(r: f64) -> Sample {
        let lost = (93.2 - r) / 95.0;
        Sample { rtt_ms: 0.0, jitter_ms: 0.0, loss_pct: 10.0 * lost / (1.0 - lost), fec: false }
    }

    fn levels(samples: &[f64]) -> Vec<QualityLevel> {
        let mut link = Link::new(ParticipantId(1), Timestamp(0));
        let sampled = |r: &f64| {
            link.sampled(of(*r), true);
            link.track.map(|track| track.level)
        };
        samples.iter().filter_map(sampled).collect()
    }

    #[test]
    fn bounds_of_levels_belong_to_the_better() {
        let found = [0.0, 39.9, 40.0, 64.9, 65.0, 79.9, 80.0, 100.0].map(level);
        assert_eq!(found, [Poor, Poor, Fair, Fair, Good, Good, Excellent, Excellent]);
    }

    #[test]
    fn it_rises_slowly_and_falls_fast() {
        let mut link = Link::new(ParticipantId(1), Timestamp(0));
        for (new, smoothed) in [(50.0, "50.0"), (90.0, "66.0"), (90.0, "75.6"), (50.0, "55.1")] {
            link.sampled(of(new), true);
            assert_eq!(format!("{:.1}", link.track.unwrap().r), smoothed);
        }
    }

    #[test]
    fn a_better_level_needs_a_margin_and_two_samples_in_a_row() {
        assert_eq!(levels(&[90.0, 70.0, 70.0]), [Excellent, Good, Good], "worse at once");
        // 62, then 73.2, 79.9, 84, 86.4: beyond 68 twice, then beyond 83 twice.
        assert_eq!(levels(&[62.0, 90.0, 90.0, 90.0, 90.0]), [Fair, Fair, Good, Good, Excellent]);
        // Beyond 65 for good, and never beyond 68.
        assert_eq!(levels(&[64.0, 67.9, 67.9, 67.9, 67.9, 67.9]).last(), Some(&Fair));
        // Beyond once, and then no more.
        assert_eq!(levels(&[60.0, 90.0, 60.0, 90.0, 60.0]), [Fair; 5]);
    }

    #[test]
    fn pings_stand_in_for_a_client_that_says_nothing_for_30_seconds() {
        let mut link = Link::new(ParticipantId(1), Timestamp(0));
        assert_eq!(link.pinged(Timestamp(29_999), Timestamp(0), 40.0), None);
        assert_eq!(link.pinged(Timestamp(31_000), Timestamp(2_000), 40.0), None, "not in so long");
        assert!(link.pinged(Timestamp(30_000), Timestamp(0), 500.0).is_some());
        let track = link.track.unwrap();
        assert_eq!((track.level, track.last.rtt_ms), (Good, 500.0));
        assert!(!link.slow_signalling(&track), "nothing is known of the media");
        link.reported(Timestamp(31_000), of(93.2));
        let track = link.track.unwrap();
        assert!((track.r - 93.2).abs() < 1e-9, "the first report sets it");
        assert_eq!(track.level, Good, "but a better level takes two");
        assert!(link.slow_signalling(&track));
        assert_eq!(link.pinged(Timestamp(60_999), Timestamp(0), 300.0), None);
        assert!(!link.slow_signalling(&link.track.unwrap()), "300 ms are not above 300 ms");
        assert_eq!(link.pinged(Timestamp(60_999), Timestamp(0), 300.1), None);
        assert!(link.slow_signalling(&link.track.unwrap()));
    }

    #[test]
    fn ten_reports_in_ten_seconds_are_taken() {
        let mut link = Link::new(ParticipantId(1), Timestamp(0));
        for at in 0..10 {
            assert_eq!(link.not_before(Timestamp(at * 100)), None);
            link.reported(Timestamp(at * 100), of(90.0));
        }
        assert_eq!(link.not_before(Timestamp(1000)), Some(Timestamp(10_000)));
        assert_eq!(link.not_before(Timestamp(10_000)), None);
        link.reported(Timestamp(10_000), of(90.0));
        assert_eq!(link.not_before(Timestamp(10_000)), Some(Timestamp(10_100)));
        assert_eq!(link.reports.len(), QUALITY_REPORTS_MAX);
    }

    proptest! {
        #[test]
        fn what_is_smoothed_is_between_and_no_level_rises_on_one_sample(
            samples in prop::collection::vec((0.5f64..93.2, any::<bool>()), 2..60),
        ) {
            let mut link = Link::new(ParticipantId(1), Timestamp(0));
            let mut before: Option<(Track, bool)> = None;
            for (r, reported) in samples {
                let sample = of(r);
                link.sampled(sample, reported);
                let track = link.track.unwrap();
                let (low, high) = before.map_or((r, r), |(old, _)| (old.r.min(r), old.r.max(r)));
                prop_assert!(track.r >= low - 1e-9 && track.r <= high + 1e-9);
                prop_assert!(track.level <= level(track.r), "never better than R says");
                if let Some((old, was_good_enough)) = before {
                    let rises = track.level > old.level;
                    prop_assert!(!rises || was_good_enough, "the sample before did not reach it");
                    prop_assert!(!rises || level(track.r - MARGIN) >= track.level);
                }
                // Whether this one reached a level above the one it left it at.
                before = Some((track, level(track.r - MARGIN) > track.level));
            }
        }
    }
}
