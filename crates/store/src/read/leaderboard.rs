use super::{Score, Weights};
use crate::{Cycle, Result, Store};
use kinitro_proto::{CycleId, Environment, Hotkey, Uid};
use std::collections::BTreeMap;

/// A settled cycle's miners, best first.
#[derive(Debug, Clone, PartialEq)]
pub struct Leaderboard {
    /// The cycle.
    pub cycle: Cycle,
    /// By weight, greatest first, then by uid.
    pub rows: Vec<LeaderboardRow>,
}

/// A miner's line.
#[derive(Debug, Clone, PartialEq)]
pub struct LeaderboardRow {
    /// The miner's slot.
    pub uid: Uid,
    /// The miner's key.
    pub hotkey: Hotkey,
    /// Success rates, aligned with the cycle's environments; `None` where the cell is missing.
    pub success_rates: Vec<Option<f64>>,
    /// What the miner won.
    pub points: f64,
    /// The miner's weight.
    pub weight: f64,
    /// Whether the miner is on the Pareto frontier.
    pub frontier: bool,
}

impl Store {
    /// The leaderboard of a cycle; `None` if it is not settled.
    ///
    /// # Errors
    /// If the database cannot be asked.
    pub async fn leaderboard(&self, cycle: CycleId) -> Result<Option<Leaderboard>> {
        // A settled cycle never changes, so three statements see the same one.
        let Some(weights) = self.weights_of(cycle).await? else {
            return Ok(None);
        };
        let Some(cycle) = self.cycle(cycle).await? else {
            return Ok(None);
        };
        let scores = self.scores(cycle.id).await?;
        Ok(Some(Leaderboard {
            rows: rows(&cycle.environments, &scores, &weights),
            cycle,
        }))
    }
}

fn rows(environments: &[Environment], scores: &[Score], weights: &Weights) -> Vec<LeaderboardRow> {
    let mut by_uid: BTreeMap<Uid, LeaderboardRow> = BTreeMap::new();
    for score in scores {
        let row = by_uid.entry(score.uid).or_insert_with(|| LeaderboardRow {
            uid: score.uid,
            hotkey: score.hotkey.clone(),
            success_rates: vec![None; environments.len()],
            points: 0.0,
            weight: 0.0,
            frontier: weights.frontier.contains(&score.uid),
        });
        if let Some(place) = environments
            .iter()
            .position(|environment| *environment == score.environment)
        {
            row.success_rates[place] = Some(score.success_rate);
        }
    }
    for (index, uid) in weights.uids.iter().enumerate() {
        if let Some(row) = by_uid.get_mut(uid) {
            row.weight = weights.weights[index];
            row.points = weights.points[index];
        }
    }
    let mut rows: Vec<_> = by_uid.into_values().collect();
    rows.sort_by(|a, b| b.weight.total_cmp(&a.weight).then(a.uid.cmp(&b.uid)));
    rows
}
