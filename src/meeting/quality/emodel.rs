//! The E-model: from delay, jitter and loss to how a conversation is heard. ITU-T G.107, with the defaults of
//! its annex and one-way delay taken from the round trip.

/// R of a connection without delay or loss.
const R_BEST: f64 = 93.2;
/// How robust a codec is against loss, without forward error correction.
const BPL: f64 = 10.0;
/// The same with it.
const BPL_FEC: f64 = 20.0;
/// What coding and playing take of the one-way delay, in milliseconds.
const CODING_MS: f64 = 20.0;
/// What the jitter buffer takes at least, in milliseconds.
const BUFFER_MS_MIN: f64 = 20.0;
/// A one-way delay that nobody notices, in milliseconds.
const UNNOTICED_MS: f64 = 100.0;

/// The R factor, 0 to 100: of a round trip and a jitter in milliseconds, and a loss in percent, none of them
/// negative. `fec`: lost packets are made up for by forward error correction.
#[must_use]
pub fn r_factor(rtt_ms: f64, jitter_ms: f64, loss_pct: f64, fec: bool) -> f64 {
    let delay = rtt_ms / 2.0 + BUFFER_MS_MIN.max(2.0 * jitter_ms) + CODING_MS;
    let robust = if fec { BPL_FEC } else { BPL };
    let by_loss = 95.0 * loss_pct / (loss_pct + robust);
    (R_BEST - by_delay(delay) - by_loss).clamp(0.0, 100.0)
}

/// What a one-way delay takes of R.
fn by_delay(ms: f64) -> f64 {
    if ms <= UNNOTICED_MS {
        return 0.0;
    }
    let x = (ms / UNNOTICED_MS).log2();
    let bend = |x: f64| (1.0 + x.powi(6)).powf(1.0 / 6.0);
    25.0 * (bend(x) - 3.0 * bend(x / 3.0) + 2.0)
}

/// The mean opinion score that goes with an R from 0 to 100: 1 to 4.5.
#[must_use]
pub fn mos(r: f64) -> f64 {
    1.0 + 0.035 * r + 7e-6 * r * (r - 60.0) * (100.0 - r)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_vectors_come_out_to_the_decimal() {
        for (rtt, jitter, loss, without, with) in [
            (60.0, 5.0, 0.0, "93.2", "93.2"),
            (150.0, 15.0, 1.0, "84.6", "88.7"),
            (300.0, 30.0, 3.0, "64.8", "74.3"),
            (600.0, 20.0, 0.0, "72.5", "72.5"),
            (800.0, 20.0, 0.0, "64.9", "64.9"),
            (100.0, 10.0, 5.0, "61.5", "74.2"),
        ] {
            let r = |fec| format!("{:.1}", r_factor(rtt, jitter, loss, fec));
            assert_eq!((&*r(false), &*r(true)), (without, with), "{rtt} / {jitter} / {loss}");
        }
    }

    #[test]
    fn the_opinion_goes_with_r() {
        for (r, opinion) in [(93.2, "4.41"), (80.0, "4.02"), (70.0, "3.60"), (60.0, "3.10")] {
            assert_eq!(format!("{:.2}", mos(r)), opinion, "{r}");
        }
        assert_eq!((mos(0.0), mos(100.0)), (1.0, 4.5));
    }

    proptest! {
        #[test]
        fn r_is_bounded_and_never_better_with_more_of_anything(
            rtt in 0f64..60_000.0, jitter in 0f64..10_000.0, loss in 0f64..=100.0,
            more in (0f64..5_000.0, 0f64..1_000.0, 0f64..20.0), fec: bool,
        ) {
            let r = r_factor(rtt, jitter, loss, fec);
            prop_assert!((0.0..=100.0).contains(&r));
            // A bend is reckoned of powers and roots: the last digits are chance.
            let worse = |other: f64| other <= r + 1e-9;
            prop_assert!(worse(r_factor(rtt + more.0, jitter, loss, fec)));
            prop_assert!(worse(r_factor(rtt, jitter + more.1, loss, fec)));
            prop_assert!(worse(r_factor(rtt, jitter, loss + more.2, fec)));
            prop_assert!(worse(r_factor(rtt, jitter, loss, false)));
        }
    }
}
