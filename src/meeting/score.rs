//! What every score is made of: components that are weighed, or say why they do not apply.

use quorate_protocol::ScoreComponent;

/// A component before it is weighed.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    raw: Option<f64>,
    of: Option<f64>,
    x: Result<f64, &'static str>,
}

impl Part {
    /// One that applies: what was counted, against what, and how much of it was reached.
    #[must_use]
    pub fn of(raw: f64, of: Option<f64>, x: f64) -> Part {
        Part { raw: Some(raw), of, x: Ok(x.clamp(0.0, 1.0)) }
    }

    /// One that does not apply, and why.
    #[must_use]
    pub fn missing(why: &'static str) -> Part {
        Part { raw: None, of: None, x: Err(why) }
    }

    /// The component; its points come with [`score`].
    #[must_use]
    pub fn weighing(self, key: &str, weight: impl Into<f64>) -> ScoreComponent {
        ScoreComponent {
            key: key.to_owned(),
            raw: self.raw,
            of: self.of,
            x: self.x.ok(),
            weight: weight.into(),
            points: 0.0,
            available: self.x.is_ok(),
            why: self.x.err().map(str::to_owned),
        }
    }
}

/// Gives each component its points, and answers their sum: `100 · Σ w·x / Σ w` over those that apply, 0 where
/// none does.
pub fn score(components: &mut [ScoreComponent]) -> f64 {
    let applies = components.iter().filter(|component| component.available);
    let weights: f64 = applies.map(|component| component.weight).sum();
    for component in components.iter_mut().filter(|_| weights > 0.0) {
        component.points = 100.0 * component.weight * component.x.unwrap_or(0.0) / weights;
    }
    let points: f64 = components.iter().map(|component| component.points).sum();
    points.clamp(0.0, 100.0)
}

/// How evenly talk is shared, 0 to 1: 1 − G·n/(n−1), G the Gini coefficient; none while nobody spoke, and for
/// one alone.
#[must_use]
pub fn balance(talk_ms: &mut [u64]) -> Option<f64> {
    let (n, sum) = (talk_ms.len() as f64, talk_ms.iter().sum::<u64>() as f64);
    if n < 2.0 || sum == 0.0 {
        return None;
    }
    talk_ms.sort_unstable();
    let ranked = (1u32..).zip(talk_ms.iter()).map(|(rank, ms)| f64::from(rank) * *ms as f64);
    let gini = 2.0 * ranked.sum::<f64>() / (n * sum) - (n + 1.0) / n;
    Some((1.0 - gini * n / (n - 1.0)).clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn talk_is_balanced_where_all_speak_for_equally_long() {
        for (mut talk, expected) in [
            (vec![], None),
            (vec![5], None),
            (vec![0, 0, 0], None),
            (vec![7, 7, 7, 7], Some(1.0)),
            (vec![0, 9, 0, 0], Some(0.0)),
            // G = 2·(1·0 + 2·60 + 3·180)/(3·240) − 4/3 = 0.5, and 1 − 0.5·3/2.
            (vec![180, 0, 60], Some(0.25)),
        ] {
            let found = balance(&mut talk);
            let close = match (found, expected) {
                (Some(found), Some(expected)) => f64::abs(found - expected) < 1e-9,
                (found, expected) => found == expected,
            };
            assert!(close, "{talk:?}: {found:?}");
        }
    }
}
