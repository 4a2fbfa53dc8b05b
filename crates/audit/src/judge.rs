//! What a cycle comes to. Pure: the bundle's lines in, scores and weights out, the same on any machine (I6).

use crate::{Error, Result, bundle::CycleLine, tally::Tally};
use hkdf::Hkdf;
use kinitro_proto::{Environment, Hotkey, Uid};
use kinitro_scoring::{
    Candidate, MissingCell, Scored, Settings,
    confidence::{self, Stability},
    score, success_rate,
};
use sha2::Sha256;

/// The one strategy of this version.
pub const STRATEGY: &str = "pareto-subset";

/// Short cells named in a reason; the rest is counted.
const NAMED: usize = 5;

/// How a cycle ends.
#[derive(Debug, Clone, PartialEq)]
pub enum Judged {
    /// With scores and weights.
    Settled(Verdict),
    /// Without, for this reason; the previous weights stand.
    Expired(String),
}

/// A settled cycle's figures.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// By miner's uid, then environment in the cycle's order: the cells that have results.
    pub scores: Vec<CellScore>,
    /// The difference that counts, per environment.
    pub epsilons: Vec<f64>,
    /// Who is dominated by nobody.
    pub frontier: Vec<Uid>,
    /// By uid, every miner of the cycle.
    pub miners: Vec<MinerWeight>,
    /// How often each rank is kept when the episodes are drawn again, aligned with the miners. Decides nothing.
    pub stability: Stability,
}

/// A miner's score in an environment, of the results that it has: with fewer than `min_episodes` they are shown here, and the
/// cell counts as missing all the same.
#[derive(Debug, Clone, PartialEq)]
pub struct CellScore {
    /// The miner.
    pub uid: Uid,
    /// The environment.
    pub environment: Environment,
    /// Successes per result.
    pub success_rate: f64,
    /// The lower end of the rate's 95 % interval.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
    /// Reward per result.
    pub mean_reward: f64,
    /// Results.
    pub episodes: u32,
    /// Successes among them.
    pub successes: u32,
    /// Faults of the miner among them.
    pub miner_faults: u32,
}

/// What a miner gets.
#[derive(Debug, Clone, PartialEq)]
pub struct MinerWeight {
    /// The miner.
    pub uid: Uid,
    /// Its public key.
    pub hotkey: Hotkey,
    /// Points for the subsets won.
    pub points: f64,
    /// Its part of 1.
    pub weight: f64,
    /// Its part of 65535, for the chain.
    pub weight_u16: u16,
}

/// Decides how a cycle ends, from all of its lines.
///
/// # Errors
///
/// If lines are missing, or the strategy or settings cannot be computed with.
pub fn judge(tally: &Tally) -> Result<Judged> {
    let mut judged = decide(tally)?;
    if let Judged::Settled(verdict) = &mut judged {
        verdict.stability = stability(tally, tally.completed()?)?;
    }
    Ok(judged)
}

/// As [`judge`], all but the stability: what a document says of a cycle.
pub(crate) fn decide(tally: &Tally) -> Result<Judged> {
    let cycle = tally.completed()?;
    if cycle.strategy != STRATEGY {
        return Err(Error::Strategy {
            cycle: cycle.cycle,
            strategy: cycle.strategy.clone(),
        });
    }
    if cycle.miners == 0 {
        return Ok(Judged::Expired("there is no miner to give weights to".to_owned()));
    }
    if cycle.settings.missing_cell == MissingCell::Expire
        && let Some(reason) = too_few(tally, cycle)
    {
        return Ok(Judged::Expired(reason));
    }
    let candidates = candidates(tally, cycle);
    let scored = match score(cycle.environments.len(), &candidates, &cycle.settings) {
        Ok(scored) => scored,
        Err(kinitro_scoring::Error::NoPoints) => {
            return Ok(Judged::Expired(
                "no miner has won a point, and the settings require points".to_owned(),
            ));
        }
        Err(source) => return Err(scoring_error(cycle, source)),
    };
    Ok(Judged::Settled(Verdict {
        scores: cell_scores(tally, cycle),
        miners: miner_weights(tally, &scored),
        epsilons: scored.epsilons,
        frontier: scored.frontier,
        stability: Stability::default(),
    }))
}

fn stability(tally: &Tally, cycle: &CycleLine) -> Result<Stability> {
    let settings = Settings {
        // Ranks come from points: a replicate in which nobody has any has ranks as well.
        require_points: false,
        ..cycle.settings.clone()
    };
    let seed = bootstrap_seed(&cycle.secret);
    match confidence::stability(cycle.environments.len(), &tally.entrants, &settings, &seed) {
        Ok(stability) => Ok(stability),
        // It decides nothing, so it must not keep a cycle from settling that could be scored.
        Err(kinitro_scoring::Error::TooHard { .. }) => Ok(Stability::default()),
        Err(source) => Err(scoring_error(cycle, source)),
    }
}

/// What the bootstrap draws with: HKDF-SHA256 (RFC 5869) without salt over the cycle's secret.
fn bootstrap_seed(secret: &[u8; 32]) -> [u8; 32] {
    let mut bytes = [0; 32];
    Hkdf::<Sha256>::new(None, secret)
        .expand(b"kinitro bootstrap v1", &mut bytes)
        .expect("32 bytes are far below HKDF's limit of 8160");
    bytes
}

const fn scoring_error(cycle: &CycleLine, source: kinitro_scoring::Error) -> Error {
    Error::Scoring {
        cycle: cycle.cycle,
        source,
    }
}

/// Why the cycle cannot be scored: cells with fewer results than it needs.
fn too_few(tally: &Tally, cycle: &CycleLine) -> Option<String> {
    let least = least(cycle);
    let (mut count, mut named) = (0_usize, Vec::new());
    for entrant in &tally.entrants {
        for (place, environment) in cycle.environments.iter().enumerate() {
            let (_, episodes) = entrant.outcomes.count(place);
            if episodes < least {
                count += 1;
                if named.len() < NAMED {
                    named.push(format!("miner {} in {environment} has {episodes}", entrant.uid));
                }
            }
        }
    }
    let all = tally.entrants.len() * cycle.environments.len();
    let more = if count > NAMED { ", …" } else { "" };
    let named = named.join(", ");
    (count > 0).then(|| {
        format!("{count} of {all} cells have fewer than the {least} results they need: {named}{more}")
    })
}

/// The results that a cell needs: without any there is no rate, whatever the settings say.
fn least(cycle: &CycleLine) -> u32 {
    cycle.settings.min_episodes.max(1)
}

fn candidates(tally: &Tally, cycle: &CycleLine) -> Vec<Candidate> {
    let least = least(cycle);
    let rate = |(successes, episodes)| success_rate(successes, episodes).filter(|_| episodes >= least);
    tally
        .entrants
        .iter()
        .map(|entrant| Candidate {
            uid: entrant.uid,
            commit_block: entrant.commit_block,
            scores: (0..cycle.environments.len())
                .map(|place| rate(entrant.outcomes.count(place)))
                .collect(),
        })
        .collect()
}

fn cell_scores(tally: &Tally, cycle: &CycleLine) -> Vec<CellScore> {
    let mut scores = Vec::new();
    for (miner, entrant) in tally.entrants.iter().enumerate() {
        for (place, environment) in cycle.environments.iter().enumerate() {
            let (successes, episodes) = entrant.outcomes.count(place);
            let rate = success_rate(successes, episodes).zip(confidence::wilson(successes, episodes));
            let cell = tally.cell(miner, place);
            scores.extend(rate.map(|(success_rate, (low, high))| CellScore {
                uid: entrant.uid,
                environment: environment.clone(),
                success_rate,
                low,
                high,
                mean_reward: cell.reward / f64::from(episodes),
                episodes,
                successes,
                miner_faults: cell.miner_faults,
            }));
        }
    }
    scores
}

fn miner_weights(tally: &Tally, scored: &Scored) -> Vec<MinerWeight> {
    let miners = tally.entrants.iter().zip(&tally.hotkeys);
    let figures = scored.points.iter().zip(&scored.weights).zip(&scored.weights_u16);
    miners
        .zip(figures)
        .map(
            |((entrant, hotkey), ((points, weight), weight_u16))| MinerWeight {
                uid: entrant.uid,
                hotkey: hotkey.clone(),
                points: *points,
                weight: *weight,
                weight_u16: *weight_u16,
            },
        )
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed apart from this code, with Python's `hmac` and `hashlib`.
    #[test]
    fn the_bootstraps_seed_is_the_published_formula() {
        let expected = "bb2864b2413867ca661d60913d94d76ba5899a1f08c9d0e854facd03e5a0bf31";
        assert_eq!(hex::encode(bootstrap_seed(&[7; 32])), expected);
    }
}
