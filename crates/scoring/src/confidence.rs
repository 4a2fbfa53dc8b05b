//! How sure the figures are: an interval for a success rate, and how often a rank is kept when the episodes are drawn
//! again.
//!
//! Neither decides anything: they stand beside scores and weights. Both are the same to the bit on any machine.

mod outcomes;

pub use outcomes::Outcomes;

use crate::{Candidate, Result, Settings, UNCOMMITTED_BLOCK, score, success_rate};
use kinitro_proto::{BlockNumber, Uid};
use outcomes::Draw;
use serde::{Deserialize, Serialize};

/// The quantile of the standard normal distribution that leaves 2.5 % above it.
pub const Z_95: f64 = 1.959963984540054;

/// The most replicates a bootstrap has.
pub const REPLICATES: u32 = 200;

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

/// A miner and what its episodes came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entrant {
    /// The miner.
    pub uid: Uid,
    /// The block of its commitment, as the [`Candidate`]'s.
    pub commit_block: Option<BlockNumber>,
    /// Its results, episode by episode: the same episodes for every miner.
    pub outcomes: Outcomes,
}

/// How often ranks are kept when the episodes are drawn again.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Stability {
    /// How many replicates were drawn; 0 when too few of them could be afforded, and without candidates.
    pub replicates: u32,
    /// The share of the replicates in which each candidate keeps its rank, in the candidates' order; empty without
    /// replicates.
    pub of_rank: Vec<f64>,
}

/// Draws the episodes again, with replacement, and counts who keeps its rank (points, then block, then uid).
///
/// Every miner has the same episodes, so a replicate draws once for all of them: in each environment as many episodes as
/// there were. Results that are not there stay so. A cell with fewer than `min_episodes` results is missing in every
/// replicate; one of which a replicate holds no result is missing in that.
///
/// # Errors
///
/// As [`score`].
pub fn stability(
    environments: usize,
    entrants: &[Entrant],
    settings: &Settings,
    seed: &[u8; 32],
) -> Result<Stability> {
    let observed = candidates(environments, entrants, settings, None);
    let ranks = ranks(&observed, &score(environments, &observed, settings)?.points);
    if entrants.is_empty() {
        return Ok(Stability::default());
    }
    let mut kept = vec![0u32; entrants.len()];
    for replicate in 0..REPLICATES {
        let draw = Draw::new(seed, replicate, environments, episodes(entrants));
        let drawn = candidates(environments, entrants, settings, Some(&draw));
        let again = self::ranks(&drawn, &score(environments, &drawn, settings)?.points);
        for (kept, (before, after)) in kept.iter_mut().zip(ranks.iter().zip(&again)) {
            *kept += u32::from(before == after);
        }
    }
    let share = |kept: &u32| f64::from(*kept) / f64::from(REPLICATES);
    Ok(Stability {
        replicates: REPLICATES,
        of_rank: kept.iter().map(share).collect(),
    })
}

fn episodes(entrants: &[Entrant]) -> u32 {
    entrants
        .iter()
        .map(|entrant| entrant.outcomes.episodes())
        .max()
        .unwrap_or(0)
}

/// The entrants with the rates of the episodes drawn, or of all as they were.
fn candidates(
    environments: usize,
    entrants: &[Entrant],
    settings: &Settings,
    draw: Option<&Draw>,
) -> Vec<Candidate> {
    let cell = |outcomes: &Outcomes, environment: usize| {
        let (successes, ran) = outcomes.count(environment);
        if ran < settings.min_episodes {
            return None;
        }
        let (successes, ran) = draw.map_or((successes, ran), |draw| outcomes.drawn(environment, draw));
        success_rate(successes, ran)
    };
    entrants
        .iter()
        .map(|entrant| Candidate {
            uid: entrant.uid,
            commit_block: entrant.commit_block,
            scores: (0..environments).map(|e| cell(&entrant.outcomes, e)).collect(),
        })
        .collect()
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
