//! The ε-Pareto frontier (v2 §11.3, §11.4): who is not clearly worse than another everywhere. It is shown and
//! logged; weights do not depend on it.

use crate::exact;

/// A score in the precision the frontier is computed in; a missing cell is 0.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the frontier is defined on 32-bit floats"
)]
#[must_use]
pub fn narrow(score: Option<f64>) -> f32 {
    score.unwrap_or(0.0) as f32
}

/// The population standard deviation in `f32`, every sum in numpy's order.
#[must_use]
pub fn deviation(column: &[f32]) -> f32 {
    let count = column.len() as f32;
    let mean = exact::sum(column) / count;
    let squares: Vec<f32> = column.iter().map(|&x| (x - mean) * (x - mean)).collect();
    (exact::sum(&squares) / count).sqrt()
}

/// The difference that counts in an environment: `clamp(2σ/√n, 0.01, 0.2)`, 0.2 with one episode or none.
///
/// The column holds one score per candidate; it is not empty.
#[must_use]
pub fn epsilon(column: &[f32], episodes: u32) -> f64 {
    if episodes <= 1 {
        return 0.2;
    }
    (2.0 * (f64::from(deviation(column)) / f64::from(episodes).sqrt())).clamp(0.01, 0.2)
}

/// Whether `a` dominates `b`: nowhere behind by more than ε, and somewhere ahead by more than ε.
#[must_use]
pub fn dominates(a: &[f64], b: &[f64], epsilons: &[f64]) -> bool {
    let cells = || a.iter().zip(b).zip(epsilons);
    cells().all(|((a, b), epsilon)| *a >= b - epsilon) && cells().any(|((a, b), epsilon)| *a > b + epsilon)
}

/// The places of the rows that no other row dominates, in order.
#[must_use]
pub fn frontier(rows: &[Vec<f64>], epsilons: &[f64]) -> Vec<usize> {
    let is_free = |row: &Vec<f64>| !rows.iter().any(|other| dominates(other, row, epsilons));
    rows.iter()
        .enumerate()
        .filter(|(_, row)| is_free(row))
        .map(|(place, _)| place)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn nobody_dominates_itself_and_no_two_dominate_each_other(
            (a, b, epsilons) in (0usize..8).prop_flat_map(|count| {
                let cells = || prop::collection::vec(0.0..=1.0f64, count);
                (cells(), cells(), prop::collection::vec(0.01..0.2f64, count))
            })
        ) {
            prop_assert!(!dominates(&a, &a, &epsilons));
            prop_assert!(!(dominates(&a, &b, &epsilons) && dominates(&b, &a, &epsilons)));
        }
    }
}
