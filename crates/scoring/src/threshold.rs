//! How far ahead of an earlier candidate a later one must be: the first committer's advantage (v2 §11.5).

use crate::Settings;

/// Successes per episode; nothing when no episode ran, which is a missing cell and not a zero.
#[must_use]
pub fn success_rate(successes: u32, episodes: u32) -> Option<f64> {
    (episodes > 0).then(|| f64::from(successes) / f64::from(episodes))
}

/// The threshold when the rate is missing: 0, which is what a missing score counts as, and v2's fixed gap.
pub const MISSING: f64 = 0.0 + 0.02;

/// The rate a later candidate must be over to be ahead of this one: `min(p + gap, 1)`.
///
/// `gap = min(max(z·√(p'(1−p')/n), min_gap), max_gap)` with `p'` = `p` kept within 0.01 … 0.99, so where the bounds
/// cross the greatest gap wins. Without episodes the gap is the greatest.
#[must_use]
pub fn threshold(rate: f64, settings: &Settings) -> f64 {
    (rate + gap(rate, settings)).min(1.0)
}

fn gap(rate: f64, settings: &Settings) -> f64 {
    if settings.episodes_per_environment == 0 {
        return settings.max_gap;
    }
    let p = rate.clamp(0.01, 0.99);
    let error = (p * (1.0 - p) / f64::from(settings.episodes_per_environment)).sqrt();
    (settings.z_score * error)
        .max(settings.min_gap)
        .min(settings.max_gap)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_episodes_are_a_missing_cell() {
        assert_eq!(success_rate(0, 0), None);
        assert_eq!(success_rate(0, 3), Some(0.0));
        assert_eq!(success_rate(3, 7), Some(3.0 / 7.0));
    }

    #[test]
    fn nobody_can_be_ahead_of_near_perfection() {
        let settings = Settings::default();
        assert!(threshold(0.95, &settings) < 1.0);
        assert_eq!(threshold(0.96, &settings).to_bits(), 1f64.to_bits());
    }
}
