//! Ranks when the episodes are drawn again.

use super::{
    CELLS_A_STEP, LEAST_REPLICATES, REPLICATES, STEPS,
    outcomes::{Draw, Outcomes},
    ranks,
};
use crate::{Candidate, Error, Result, Settings, subset, success_rate};
use kinitro_proto::{BlockNumber, Uid};
use serde::{Deserialize, Serialize};
use std::{ops::Range, panic::resume_unwind, thread};

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
/// There are [`REPLICATES`], or as many of the first as can be scored in [`STEPS`], or none if these are fewer than
/// [`LEAST_REPLICATES`]. For 256 miners in 50 environments, or 1000 in 64 whose scores hang together, that is all of them
/// in some seconds of one core; for 1000 in 64 whose scores do not, none. Steps are counted, not timed: it is the same on any machine and on any number of cores, all of
/// which are used.
///
/// # Errors
///
/// As [`score`](crate::score), but for what concerns weights; that something is too hard to count is no error.
pub fn stability(
    environments: usize,
    entrants: &[Entrant],
    settings: &Settings,
    seed: &[u8; 32],
) -> Result<Stability> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    stability_within(threads, STEPS, environments, entrants, settings, seed)
}

/// [`stability`] on that many threads, in that many steps.
///
/// # Errors
///
/// As [`stability`].
pub fn stability_within(
    threads: usize,
    steps: u64,
    environments: usize,
    entrants: &[Entrant],
    settings: &Settings,
    seed: &[u8; 32],
) -> Result<Stability> {
    let bootstrap = Bootstrap {
        environments,
        episodes: episodes(entrants),
        entrants,
        settings,
        seed,
    };
    let mut left = steps;
    let Some(observed) = bootstrap.ranked(None, left)? else {
        return Ok(Stability::default());
    };
    left -= observed.steps;
    // A replicate takes about as much: where too few would fit, none is begun.
    if observed.steps.saturating_mul(LEAST_REPLICATES.into()) > left {
        return Ok(Stability::default());
    }
    let mut kept = vec![0u32; entrants.len()];
    let mut replicates = 0;
    while replicates < REPLICATES && !entrants.is_empty() {
        let end = REPLICATES.min(replicates + u32::try_from(threads).unwrap_or(1).max(1));
        for ranked in bootstrap.replicates(replicates..end, left)? {
            // Each was given what was left before the first of them.
            let Some(ranked) = ranked.filter(|ranked| ranked.steps <= left) else {
                return Ok(shares(replicates, &kept));
            };
            left -= ranked.steps;
            replicates += 1;
            let same = observed.ranks.iter().zip(&ranked.ranks);
            kept.iter_mut()
                .zip(same)
                .for_each(|(kept, (before, after))| *kept += u32::from(before == after));
        }
    }
    Ok(shares(replicates, &kept))
}

fn shares(replicates: u32, kept: &[u32]) -> Stability {
    if replicates < LEAST_REPLICATES {
        return Stability::default();
    }
    let share = |kept: &u32| f64::from(*kept) / f64::from(replicates);
    Stability {
        replicates,
        of_rank: kept.iter().map(share).collect(),
    }
}

/// What replicates are drawn from.
struct Bootstrap<'a> {
    environments: usize,
    episodes: u32,
    entrants: &'a [Entrant],
    settings: &'a Settings,
    seed: &'a [u8; 32],
}

/// The candidates' ranks, and the steps it took to find them.
struct Ranked {
    ranks: Vec<usize>,
    steps: u64,
}

impl Bootstrap<'_> {
    /// Several replicates, each on a thread.
    fn replicates(&self, replicates: Range<u32>, steps: u64) -> Result<Vec<Option<Ranked>>> {
        thread::scope(|scope| {
            let started: Vec<_> = replicates
                .map(|replicate| scope.spawn(move || self.ranked(Some(replicate), steps)))
                .collect();
            let ended = started.into_iter().map(|thread| thread.join());
            ended
                .map(|ended| ended.unwrap_or_else(|panic| resume_unwind(panic)))
                .collect()
        })
    }

    /// The ranks in a replicate, or as they were; nothing if that takes more steps.
    fn ranked(&self, replicate: Option<u32>, steps: u64) -> Result<Option<Ranked>> {
        let draw =
            replicate.map(|replicate| Draw::new(self.seed, replicate, self.environments, self.episodes));
        let candidates = candidates(self.environments, self.entrants, self.settings, draw.as_ref());
        let cells = (self.entrants.len() * self.entrants.len() * self.environments) as u64;
        let pairs = cells / CELLS_A_STEP;
        let Some(left) = steps.checked_sub(pairs) else {
            return Ok(None);
        };
        match subset::points(self.environments, &candidates, self.settings, left) {
            Ok((points, taken)) => Ok(Some(Ranked {
                ranks: ranks(&candidates, &points),
                steps: pairs + taken,
            })),
            Err(Error::TooHard { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
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
