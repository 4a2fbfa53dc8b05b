//! What a cycle comes to. Pure: the cycle's accepted rows in, scores and weights out, the same on any
//! machine (I6).

use crate::Error;
use kinitro_proto::{Environment, Uid};
use kinitro_scoring::{Candidate, Settings, score, success_rate};
use kinitro_store::{Cell, Inputs, NewScore, NewWeights, Settled};
use std::collections::HashMap;

/// The one strategy of this version.
const STRATEGY: &str = "pareto-subset";
/// Short cells named in a reason; the rest is counted.
const NAMED: usize = 5;

/// How a cycle ends.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Ending {
    /// With scores and weights.
    Settled(Settled),
    /// Without, for this reason: a cell that we could not fill is missing, never 0 (I5).
    Expired(String),
}

/// Decides how the cycle ends, given everything the ledger has of it.
///
/// # Errors
/// The cycle's strategy or settings are not this version's, or cannot be computed with.
pub(crate) fn verdict(inputs: &Inputs) -> Result<Ending, Error> {
    let cycle = inputs.cycle;
    if inputs.strategy != STRATEGY {
        return Err(Error::Strategy {
            cycle,
            strategy: inputs.strategy.clone(),
        });
    }
    let settings: Settings = serde_json::from_value(inputs.settings.clone())
        .map_err(|source| Error::Settings { cycle, source })?;
    let cells: HashMap<(Uid, &Environment), &Cell> = inputs
        .cells
        .iter()
        .map(|cell| ((cell.uid, &cell.environment), cell))
        .collect();
    if let Some(reason) = too_few(inputs, &cells, settings.min_episodes) {
        return Ok(Ending::Expired(reason));
    }
    let candidates: Vec<Candidate> = inputs
        .miners
        .iter()
        .map(|miner| Candidate {
            uid: miner.uid,
            commit_block: miner.commit_block,
            scores: inputs
                .environments
                .iter()
                .map(|e| cells.get(&(miner.uid, e)).map(|cell| rate(cell)))
                .collect(),
        })
        .collect();
    let scored = score(inputs.environments.len(), &candidates, &settings)
        .map_err(|source| Error::Scoring { cycle, source })?;
    Ok(Ending::Settled(Settled {
        scores: inputs.cells.iter().map(new_score).collect(),
        weights: NewWeights {
            uids: candidates.iter().map(|candidate| candidate.uid).collect(),
            weights: scored.weights,
            weights_u16: scored.weights_u16,
            points: scored.points,
            frontier: scored.frontier,
            epsilons: scored.epsilons,
        },
    }))
}

/// Why the cycle cannot be scored: cells with fewer results than it needs.
fn too_few(inputs: &Inputs, cells: &HashMap<(Uid, &Environment), &Cell>, least: u32) -> Option<String> {
    let mut short = Vec::new();
    for miner in &inputs.miners {
        for environment in &inputs.environments {
            let episodes = cells
                .get(&(miner.uid, environment))
                .map_or(0, |cell| cell.episodes);
            if episodes < least {
                short.push(format!("miner {} in {environment} has {episodes}", miner.uid));
            }
        }
    }
    let all = inputs.miners.len() * inputs.environments.len();
    let more = if short.len() > NAMED { ", …" } else { "" };
    let named = short.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    let count = short.len();
    (count > 0).then(|| {
        format!("{count} of {all} cells have fewer than the {least} results they need: {named}{more}")
    })
}

fn new_score(cell: &Cell) -> NewScore {
    NewScore {
        uid: cell.uid,
        environment: cell.environment.clone(),
        success_rate: rate(cell),
        mean_reward: cell.reward / f64::from(cell.episodes),
        episodes: cell.episodes,
        successes: cell.successes,
        miner_faults: cell.miner_faults,
    }
}

fn rate(cell: &Cell) -> f64 {
    success_rate(cell.successes, cell.episodes).expect("the ledger lists only cells that have results")
}

#[cfg(test)]
mod tests {
    use super::*;
    use kinitro_proto::{BlockNumber, CycleId};
    use kinitro_store::SnapshotMiner;

    fn inputs() -> Inputs {
        let environments = ["metaworld/reach-v3", "metaworld/push-v3"].map(|text| text.parse().unwrap());
        let miner = |uid: u16| SnapshotMiner {
            uid: Uid(uid),
            hotkey: format!("5A{uid}").parse().unwrap(),
            commit_block: Some(BlockNumber(u64::from(uid))),
        };
        let cell = |uid: u16, environment: &Environment, successes| Cell {
            uid: Uid(uid),
            environment: environment.clone(),
            episodes: 2,
            successes,
            miner_faults: 0,
            reward: 3.0,
        };
        let cells = vec![
            cell(1, &environments[0], 0),
            cell(1, &environments[1], 0),
            cell(2, &environments[0], 2),
            cell(2, &environments[1], 2),
        ];
        Inputs {
            cycle: CycleId(1),
            block_number: BlockNumber(100),
            strategy: STRATEGY.to_owned(),
            settings: serde_json::json!({"episodes_per_environment": 2, "min_episodes": 1}),
            episodes_per_environment: 2,
            environments: environments.to_vec(),
            miners: vec![miner(1), miner(2)],
            cells,
            open_tasks: 0,
            deadline_passed: false,
        }
    }

    #[test]
    fn the_better_miner_has_the_greater_weight() {
        let Ending::Settled(settled) = verdict(&inputs()).unwrap() else {
            panic!("expired")
        };
        let weights = &settled.weights.weights;
        assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        assert!(weights[1] > weights[0]);
        assert_eq!(settled.weights.frontier, [Uid(2)]);
        assert_eq!(settled.scores.len(), 4);
    }

    #[test]
    fn a_missing_cell_is_never_a_zero() {
        let mut inputs = inputs();
        inputs.cells.remove(2);
        let Ending::Expired(reason) = verdict(&inputs).unwrap() else {
            panic!("settled")
        };
        assert!(reason.contains("miner 2 in metaworld/reach-v3 has 0"), "{reason}");
    }

    #[test]
    fn a_cell_with_half_its_results_is_scored_on_them() {
        let mut inputs = inputs();
        inputs.cells[2].episodes = 1;
        inputs.cells[2].successes = 1;
        let Ending::Settled(settled) = verdict(&inputs).unwrap() else {
            panic!("expired")
        };
        assert!((settled.scores[2].success_rate - 1.0).abs() < f64::EPSILON);
    }

    #[test]
    fn another_strategy_is_refused_by_name() {
        let inputs = Inputs {
            strategy: "tarot".to_owned(),
            ..inputs()
        };
        assert!(verdict(&inputs).unwrap_err().to_string().contains("tarot"));
    }
}
