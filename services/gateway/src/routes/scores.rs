//! The scores of a cycle.

use super::wire::{
    cycle::Cycle,
    input::{Place, whole},
    time,
};
use crate::{Error, Result, gateway::Gateway};
use axum::{
    Json,
    extract::{Path, State, rejection::PathRejection},
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use kinitro_proto::CycleId;
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
            mean_reward: row.mean_reward,
            // As in version 2 all that count, so that rate times this is the number of successes.
            episodes_completed: row.episodes,
            episodes_failed: row.miner_faults,
        }
    }
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
    let number = whole(
        Place::Path,
        "cycle_id",
        &path.map(|Path(text)| text).unwrap_or_default(),
    )?;
    let none = || Error::NoCycle {
        cycle: number.to_string(),
    };
    let id = number.get().map(CycleId).ok_or_else(none)?;
    let store = gateway.ledger()?;
    let cycle = store.cycle(id).await?.ok_or_else(none)?;
    let (scores, weights) = tokio::try_join!(store.scores(id), store.weights_of(id))?;
    Ok(Json(Scores::new(&cycle, &scores, weights.as_ref(), false)).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routes::{weights, wire::cycle};
    use kinitro_proto::Uid;
    use kinitro_store::CycleState;
    use serde_json::{Value, json};

    fn score(uid: u16, environment: &str, rate: f64) -> Row {
        Row {
            uid: Uid(uid),
            hotkey: "5Hot".parse().unwrap(),
            environment: environment.parse().unwrap(),
            success_rate: rate,
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
                "mean_reward": 1.5, "episodes_completed": 3, "episodes_failed": 1})
        };
        let expected = json!({
            "cycle": Value::Null, "scores": [line(3, 0.5), line(12, 1.0)],
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
    }
}
