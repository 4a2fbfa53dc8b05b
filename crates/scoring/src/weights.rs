//! From points to weights, and to the chain's 16 bits (v2 §11.7, §12).

use crate::{Error, Result, exact};

/// Softmax: `w = exp((x − max)/T)`, divided by their sum; all the same when no points were won.
///
/// # Errors
///
/// When the temperature is not over 0.
pub fn softmax(points: &[f64], temperature: f64) -> Result<Vec<f64>> {
    if temperature.is_nan() || temperature <= 0.0 {
        return Err(Error::Temperature(temperature));
    }
    if points.iter().all(|&x| x == 0.0) {
        return Ok(uniform(points.len()));
    }
    let max = points.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let powers: Vec<f64> = points
        .iter()
        .map(|x| exact::exp((x - max) / temperature))
        .collect();
    let total = exact::sum(&powers);
    Ok(powers.iter().map(|power| power / total).collect())
}

/// [`softmax`] among those who have points; the others weigh exactly 0.
///
/// # Errors
///
/// When the temperature is not over 0, and [`Error::NoPoints`] when nobody has points.
pub fn softmax_of_winners(points: &[f64], temperature: f64) -> Result<Vec<f64>> {
    let winners: Vec<f64> = points.iter().copied().filter(|&x| x > 0.0).collect();
    let mut weights = softmax(&winners, temperature)?.into_iter();
    if winners.is_empty() {
        return Err(Error::NoPoints);
    }
    let weight = |&x: &f64| if x > 0.0 { weights.next() } else { Some(0.0) };
    Ok(points.iter().filter_map(weight).collect())
}

/// Lifts every weight to at least `minimum`, keeping their sum: `w·(1 − minimum·m) + minimum`; no change when
/// `minimum·m ≥ 1`. Known to v2 and never used there.
#[must_use]
pub fn floor(weights: &[f64], minimum: f64) -> Vec<f64> {
    let taken = minimum * weights.len() as f64;
    if taken < 1.0 {
        weights.iter().map(|w| w * (1.0 - taken) + minimum).collect()
    } else {
        weights.to_vec()
    }
}

/// The weights as parts of 65535, **truncated**: their sum may be short by up to one part per weight.
///
/// `w/Σw · 65535`; all the same when Σ is not over 0. Negative weights count as 0.
#[must_use]
pub fn to_u16(weights: &[f64]) -> Vec<u16> {
    let total = exact::sum(weights);
    let shares = if total <= 0.0 {
        uniform(weights.len())
    } else {
        weights.iter().map(|w| w / total).collect()
    };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "truncation is the rule"
    )]
    shares.iter().map(|share| (share * 65535.0) as u16).collect()
}

fn uniform(count: usize) -> Vec<f64> {
    vec![1.0 / count as f64; count]
}
