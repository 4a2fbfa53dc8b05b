use crate::subset::{self, Contest, Scheme};
use crate::{Error, Result, Settings, frontier, threshold, weights};
use kinitro_proto::{BlockNumber, Uid};
use std::collections::BTreeSet;

/// The most environments: a set of them is a mask of 128 bits.
pub const MAX_ENVIRONMENTS: usize = 128;

/// The block of a candidate whose commitment's block is not known: later than any, for now and for centuries.
pub const UNCOMMITTED_BLOCK: u64 = 1 << 32;

/// A miner and its success rates.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The miner.
    pub uid: Uid,
    /// The block of its commitment; the earlier stands until clearly beaten.
    pub commit_block: Option<BlockNumber>,
    /// Its success rate per environment, in order; `None` is a missing cell.
    pub scores: Vec<Option<f64>>,
}

/// What the scores come to; all in the candidates' order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scored {
    /// The difference that counts, per environment; empty without candidates.
    pub epsilons: Vec<f64>,
    /// Who is dominated by nobody.
    pub frontier: Vec<Uid>,
    /// What a later candidate must be over, per candidate and environment; `None` where the score is missing.
    pub thresholds: Vec<Vec<Option<f64>>>,
    /// Points for the subsets won: all together at most E·2^(E−1).
    pub points: Vec<f64>,
    /// Their softmax: sums to 1.
    pub weights: Vec<f64>,
    /// The weights as parts of 65535, truncated.
    pub weights_u16: Vec<u16>,
}

/// Scores by the strategy `pareto-subset`, v2's to the bit. The order of candidates decides the order of sums, thus
/// the last bits: the caller fixes it.
///
/// It uses all cores; on any number of them the bytes are the same.
///
/// # Errors
///
/// When the temperature is not over 0, there are more than [`MAX_ENVIRONMENTS`], a candidate is malformed, the subsets
/// cannot be counted in [`subset::STEPS`], or points are required and nobody has any.
pub fn score(environments: usize, candidates: &[Candidate], settings: &Settings) -> Result<Scored> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    score_on(threads, environments, candidates, settings)
}

/// [`score`] on that many threads.
///
/// # Errors
///
/// As [`score`].
pub fn score_on(
    threads: usize,
    environments: usize,
    candidates: &[Candidate],
    settings: &Settings,
) -> Result<Scored> {
    // First of all, as v2: even without candidates.
    if settings.temperature.is_nan() || settings.temperature <= 0.0 {
        return Err(Error::Temperature(settings.temperature));
    }
    let contest = Contest::new(environments, candidates, settings)?;
    if candidates.is_empty() {
        return Ok(Scored::default());
    }
    let (epsilons, frontier) = pareto(environments, candidates, settings);
    let thresholds = thresholds(candidates, settings);
    let wins = contest.count(threads, subset::STEPS)?;
    let points: Vec<f64> = wins.iter().map(|wins| wins.points(Scheme::Linear)).collect();
    let weights = if settings.require_points {
        weights::softmax_of_winners(&points, settings.temperature)?
    } else {
        weights::softmax(&points, settings.temperature)?
    };
    let weights_u16 = weights::to_u16(&weights);
    Ok(Scored {
        epsilons,
        frontier,
        thresholds,
        points,
        weights,
        weights_u16,
    })
}

pub(crate) fn check(environments: usize, candidates: &[Candidate]) -> Result<()> {
    if environments > MAX_ENVIRONMENTS {
        return Err(Error::TooManyEnvironments {
            found: environments,
            limit: MAX_ENVIRONMENTS,
        });
    }
    let mut seen = BTreeSet::new();
    for Candidate { uid, scores, .. } in candidates {
        if !seen.insert(uid) {
            return Err(Error::Twice { uid: *uid });
        }
        if scores.len() != environments {
            return Err(Error::Cells {
                uid: *uid,
                found: scores.len(),
                expected: environments,
            });
        }
        if let Some(&score) = scores
            .iter()
            .flatten()
            .find(|score| !(0.0..=1.0).contains(*score))
        {
            return Err(Error::Score { uid: *uid, score });
        }
    }
    Ok(())
}

fn pareto(environments: usize, candidates: &[Candidate], settings: &Settings) -> (Vec<f64>, Vec<Uid>) {
    let matrix: Vec<Vec<f32>> = candidates
        .iter()
        .map(|candidate| candidate.scores.iter().copied().map(frontier::narrow).collect())
        .collect();
    let column = |e: usize| -> Vec<f32> { matrix.iter().map(|row| row[e]).collect() };
    let epsilons: Vec<f64> = (0..environments)
        .map(|e| frontier::epsilon(&column(e), settings.episodes_per_environment))
        .collect();
    let rows: Vec<Vec<f64>> = matrix
        .iter()
        .map(|row| row.iter().copied().map(f64::from).collect())
        .collect();
    let frontier = frontier::frontier(&rows, &epsilons)
        .into_iter()
        .map(|place| candidates[place].uid)
        .collect();
    (epsilons, frontier)
}

fn thresholds(candidates: &[Candidate], settings: &Settings) -> Vec<Vec<Option<f64>>> {
    let cell = |score: &Option<f64>| score.map(|rate| threshold::threshold(rate, settings));
    candidates
        .iter()
        .map(|candidate| candidate.scores.iter().map(cell).collect())
        .collect()
}
