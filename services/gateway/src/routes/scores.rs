//! The scores of a cycle.

use super::wire::{cycle::Cycle, input, time};
use crate::{Error, Result, gateway::Gateway};
use axum::{
    Json,
    extract::{Path, State, rejection::PathRejection},
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use kinitro_proto::Uid;
use kinitro_store::{
    Cycle as CycleRow,
    read::{Score as Row, Weights},
};
use serde::Serialize;
use std::{collections::BTreeMap, sync::Arc};

/// A cycle's scores: the keys of version 2, and those of its operator's guide where they do not contradict
/// (`cycle_id`, `block`, `pareto_frontier`, `created_at`; its `scores` by uid is `miner_summary` here).
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Scores<'a> {
    cycle: Cycle,
    scores: Vec<Score<'a>>,
    miner_summary: BTreeMap<u16, BTreeMap<&'a str, f64>>,
    cycle_id: i64,
    block: u64,
    pareto_frontier: Vec<u16>,
    /// The best first.
    ranking: Vec<Ranked<'a>>,
    /// How many times the ranking was made again to see how stable it is.
    replicates: u32,
    #[serde(serialize_with = "time::option::serialize")]
    created_at: Option<Timestamp>,
    stale: bool,
}

#[derive(Debug, Clone, Serialize)]
struct Score<'a> {
    uid: u16,
    hotkey: &'a str,
    env_id: &'a str,
    success_rate: f64,
    /// The ends of the interval that holds the true rate with 95 %.
    success_low: Option<f64>,
    success_high: Option<f64>,
    mean_reward: f64,
    episodes_completed: u32,
    episodes_failed: u32,
}

impl<'a> From<&'a Row> for Score<'a> {
    fn from(row: &'a Row) -> Self {
        Self {
            uid: row.uid.0,
            hotkey: row.hotkey.as_str(),
            env_id: row.environment.as_str(),
            success_rate: row.success_rate,
            success_low: row.success_low,
            success_high: row.success_high,
            mean_reward: row.mean_reward,
            // As in version 2 all that count, so that rate times this is the number of successes.
            episodes_completed: row.episodes,
            episodes_failed: row.miner_faults,
        }
    }
}

/// A miner and what it came to.
#[derive(Debug, Clone, Serialize)]
struct Ranked<'a> {
    uid: u16,
    /// Not told of a miner without scores.
    hotkey: Option<&'a str>,
    /// From 1; miners with as many points share theirs.
    rank: usize,
    points: f64,
    weight: f64,
    /// The share of the replicates in which it keeps its rank.
    stability: Option<f64>,
}

/// The miners by points, greatest first, then by uid.
fn ranking<'a>(rows: &'a [Row], weights: &Weights) -> Vec<Ranked<'a>> {
    let hotkeys: BTreeMap<Uid, &str> = rows.iter().map(|row| (row.uid, row.hotkey.as_str())).collect();
    let mut places: Vec<usize> = (0..weights.uids.len()).collect();
    places.sort_by(|a, b| {
        let by_points = weights.points[*b].total_cmp(&weights.points[*a]);
        by_points.then(weights.uids[*a].cmp(&weights.uids[*b]))
    });
    let ranked = |index: &usize| {
        let points = weights.points[*index];
        let better = places.partition_point(|other| weights.points[*other] > points);
        Ranked {
            uid: weights.uids[*index].0,
            hotkey: hotkeys.get(&weights.uids[*index]).copied(),
            rank: better + 1,
            points,
            weight: weights.weights[*index],
            stability: weights.stability.as_ref().map(|of| of[*index]),
        }
    };
    places.iter().map(ranked).collect()
}

impl<'a> Scores<'a> {
    pub(crate) fn new(cycle: &CycleRow, rows: &'a [Row], weights: Option<&Weights>, stale: bool) -> Self {
        let mut miner_summary: BTreeMap<u16, BTreeMap<&str, f64>> = BTreeMap::new();
        for row in rows {
            miner_summary
                .entry(row.uid.0)
                .or_default()
                .insert(row.environment.as_str(), row.success_rate);
        }
        Self {
            cycle: Cycle::from(cycle),
            scores: rows.iter().map(Score::from).collect(),
            miner_summary,
            cycle_id: cycle.id.0,
            block: cycle.block_number.0,
            pareto_frontier: weights
                .into_iter()
                .flat_map(|row| &row.frontier)
                .map(|uid| uid.0)
                .collect(),
            ranking: weights.map_or_else(Vec::new, |weights| ranking(rows, weights)),
            replicates: weights.map_or(0, |row| row.replicates),
            created_at: weights.map(|row| row.created_at),
            stale,
        }
    }
}

/// `GET /v1/scores/latest`: those of the newest settled cycle, from memory.
pub(crate) async fn latest(State(gateway): State<Arc<Gateway>>, headers: HeaderMap) -> Result<Response> {
    let memory = gateway.latest.load();
    match &memory.scores {
        Some(document) => Ok(document.answer(&headers, memory.is_stale(), Timestamp::now())),
        None if memory.is_up() => Err(Error::NoScores),
        None => Err(Error::KnownAway),
    }
}

/// `GET /v1/scores/{cycle_id}`: of any cycle; without rows if it is not settled.
pub(crate) async fn of_cycle(
    State(gateway): State<Arc<Gateway>>,
    path: Result<Path<String>, PathRejection>,
) -> Result<Response> {
    let id = input::cycle_id(path)?;
    let store = gateway.ledger()?;
    let cycle = store.cycle(id).await?;
    let cycle = cycle.ok_or_else(|| Error::NoCycle {
        cycle: id.to_string(),
    })?;
    let (scores, weights) = tokio::try_join!(store.scores(id), store.weights_of(id))?;
    Ok(Json(Scores::new(&cycle, &scores, weights.as_ref(), false)).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routes::{weights, wire::cycle};
    use kinitro_store::CycleState;
    use serde_json::{Value, json};

    fn score(uid: u16, environment: &str, rate: f64) -> Row {
        Row {
            uid: Uid(uid),
            hotkey: "5Hot".parse().unwrap(),
            environment: environment.parse().unwrap(),
            success_rate: rate,
            success_low: Some(0.25),
            success_high: None,
            mean_reward: 1.5,
            episodes: 3,
            successes: 1,
            miner_faults: 1,
        }
    }

    #[test]
    fn both_the_code_and_the_guide_of_version_2_find_their_keys() {
        let rows = [score(3, "genesis/g1-v0", 0.5), score(12, "genesis/g1-v0", 1.0)];
        let weights = weights::tests::row();
        let scores = Scores::new(
            &cycle::tests::row(CycleState::Settled),
            &rows,
            Some(&weights),
            false,
        );
        let mut value = serde_json::to_value(scores).unwrap();
        assert_eq!(value["cycle"].take()["status"], "completed");
        let line = |uid, rate| {
            json!({"uid": uid, "hotkey": "5Hot", "env_id": "genesis/g1-v0", "success_rate": rate,
                "success_low": 0.25, "success_high": null, "mean_reward": 1.5, "episodes_completed": 3, "episodes_failed": 1})
        };
        let ranked = |uid, rank, points, weight, stability| {
            json!({"uid": uid, "hotkey": "5Hot", "rank": rank, "points": points, "weight": weight,
                "stability": stability})
        };
        let ranking = [
            ranked(12, 1, 4.0, 0.982_013_790_037_908_5, 0.75),
            ranked(3, 2, 0.0, 0.017_986_209_962_091_555, 1.0),
        ];
        let expected = json!({
            "ranking": ranking, "replicates": 200, "cycle": Value::Null, "scores": [line(3, 0.5), line(12, 1.0)],
            "miner_summary": {"3": {"genesis/g1-v0": 0.5}, "12": {"genesis/g1-v0": 1.0}},
            "cycle_id": 7, "block": 1000, "pareto_frontier": [12], "created_at": "2024-01-15T10:30:12.750000Z",
            "stale": false,
        });
        assert_eq!(value, expected);
    }

    #[test]
    fn a_cycle_that_is_not_settled_has_no_rows_and_no_time() {
        let row = cycle::tests::row(CycleState::Expired);
        let value = serde_json::to_value(Scores::new(&row, &[], None, false)).unwrap();
        assert_eq!(
            (&value["scores"], &value["miner_summary"]),
            (&json!([]), &json!({}))
        );
        assert_eq!(
            (&value["created_at"], &value["pareto_frontier"]),
            (&json!(null), &json!([]))
        );
        assert_eq!((&value["ranking"], &value["replicates"]), (&json!([]), &json!(0)));
    }

    #[test]
    fn miners_with_as_many_points_share_a_rank() {
        let weights = Weights {
            uids: [5, 2, 9, 1].map(Uid).to_vec(),
            weights: vec![0.2, 0.5, 0.2, 0.1],
            points: vec![3.0, 7.0, 3.0, 0.0],
            stability: None,
            replicates: 0,
            ..weights::tests::row()
        };
        let rows = [score(5, "genesis/g1-v0", 1.0)];
        let ranked: Vec<_> = ranking(&rows, &weights)
            .iter()
            .map(|miner| (miner.uid, miner.rank, miner.hotkey, miner.stability))
            .collect();
        let expected = [
            (2, 1, None, None),
            (5, 2, Some("5Hot"), None),
            (9, 2, None, None),
            (1, 4, None, None),
        ];
        assert_eq!(ranked, expected);
    }
}
