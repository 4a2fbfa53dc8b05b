//! How sure the figures are: an interval for a success rate, and how often a rank is kept when the episodes are drawn
//! again.
//!
//! Neither decides anything: they stand beside scores and weights. Both are the same to the bit on any machine.

mod bootstrap;
mod outcomes;

pub use bootstrap::{Entrant, Stability, stability, stability_within};
pub use outcomes::Outcomes;

use crate::{Candidate, UNCOMMITTED_BLOCK, success_rate};

/// The quantile of the standard normal distribution that leaves 2.5 % above it.
pub const Z_95: f64 = 1.959963984540054;

/// The most replicates a bootstrap has.
pub const REPLICATES: u32 = 200;

/// The steps that all replicates together may take, as [`subset::STEPS`](crate::subset::STEPS) are counted, and one for every
/// [`CELLS_A_STEP`] cells compared.
pub const STEPS: u64 = 1 << 30;

/// Comparing so many cells of two candidates takes about as long as a step of counting, as most pairs need not be
/// compared.
pub const CELLS_A_STEP: u64 = 16;

/// With fewer replicates a share says nothing: then there are none.
pub const LEAST_REPLICATES: u32 = 20;

/// The 95 % score interval of a success rate, `(low, high)`; nothing without episodes, or with fewer than successes.
///
/// `(2s + z² ∓ z·√(z² + 4s(n − s)/n)) / 2(n + z²)`: Wilson, *Probable inference, the law of succession, and statistical
/// inference*, Journal of the American Statistical Association 22 (1927). IEEE operations alone. From exactly 0 if
/// nothing succeeded, up to exactly 1 if everything did, and the rate itself is always within.
#[must_use]
pub fn wilson(successes: u32, episodes: u32) -> Option<(f64, f64)> {
    if successes > episodes {
        return None;
    }
    let rate = success_rate(successes, episodes)?;
    let (s, n) = (f64::from(successes), f64::from(episodes));
    let z2 = Z_95 * Z_95;
    let middle = 2.0 * s + z2;
    let reach = Z_95 * (z2 + 4.0 * s * (n - s) / n).sqrt();
    let whole = 2.0 * (n + z2);
    let low = if successes == 0 {
        0.0
    } else {
        (middle - reach) / whole
    };
    let high = if successes == episodes {
        1.0
    } else {
        (middle + reach) / whole
    };
    Some((low.min(rate), high.max(rate)))
}

/// The rank of each candidate, from 0: by points, then by block, then by uid.
#[must_use]
pub fn ranks(candidates: &[Candidate], points: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..candidates.len()).collect();
    order.sort_by(|&a, &b| {
        let block = |place: usize| {
            candidates[place]
                .commit_block
                .map_or(UNCOMMITTED_BLOCK, |block| block.0)
        };
        points[b]
            .total_cmp(&points[a])
            .then(block(a).cmp(&block(b)))
            .then(candidates[a].uid.cmp(&candidates[b].uid))
    });
    let mut ranks = vec![0; order.len()];
    for (rank, place) in order.into_iter().enumerate() {
        ranks[place] = rank;
    }
    ranks
}
