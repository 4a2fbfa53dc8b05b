//! The weights, as validators fetch them.

use super::wire::{
    input::{self, Place, whole},
    kept::Kept,
    signed::{self, Signed},
    time,
};
use crate::{Error, Result, gateway::Gateway};
use axum::{
    extract::{Path, State, rejection::PathRejection},
    http::HeaderMap,
    response::Response,
};
use jiff::Timestamp;
use kinitro_proto::{BlockNumber, Uid};
use kinitro_store::read::Weights as Row;
use serde::Serialize;
use std::{collections::BTreeMap, sync::Arc};

/// A cycle's weights: the keys of version 2 and those of its operator's guide (`block`, `created_at`).
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Weights<'a> {
    cycle_id: i64,
    block_number: u64,
    block: u64,
    #[serde(serialize_with = "time::serialize")]
    timestamp: Timestamp,
    #[serde(serialize_with = "time::serialize")]
    created_at: Timestamp,
    /// By uid, ascending: the order in which version 2's validators add them up.
    weights: BTreeMap<u16, f64>,
    weights_u16: WeightsU16<'a>,
    metadata: Metadata,
    /// What anyone can check them by; cycles of before have none.
    signed: Option<Signed<'a>>,
    stale: bool,
}

/// The same for the chain, in the order of the computation.
#[derive(Debug, Clone, Serialize)]
struct WeightsU16<'a> {
    uids: Vec<u16>,
    values: &'a [u16],
}

#[derive(Debug, Clone, Serialize)]
struct Metadata {
    n_miners_evaluated: u32,
    n_environments: u32,
    evaluation_duration_seconds: f64,
}

impl<'a> Weights<'a> {
    pub(crate) fn new(row: &'a Row, stale: bool) -> Self {
        let uids: Vec<u16> = row.uids.iter().map(|Uid(uid)| *uid).collect();
        Self {
            cycle_id: row.cycle.0,
            block_number: row.block_number.0,
            block: row.block_number.0,
            timestamp: row.created_at,
            created_at: row.created_at,
            weights: uids.iter().copied().zip(row.weights.iter().copied()).collect(),
            weights_u16: WeightsU16 {
                uids,
                values: &row.weights_u16,
            },
            metadata: Metadata {
                n_miners_evaluated: row.miners,
                n_environments: row.environments,
                evaluation_duration_seconds: row.duration_seconds,
            },
            signed: row.signed.as_ref().map(|signed| Signed::new(row.cycle, signed)),
            stale,
        }
    }

    /// The answer that tells them.
    pub(crate) fn kept(row: &Row) -> Kept {
        let kept = Kept::new(row.created_at, |stale| Weights::new(row, stale));
        kept.with(signed::headers(row.signed.as_ref()))
    }
}

/// `GET /v1/weights/latest`: those of the newest settled cycle, from memory.
pub(crate) async fn latest(State(gateway): State<Arc<Gateway>>, headers: HeaderMap) -> Result<Response> {
    let memory = gateway.latest.load();
    match &memory.weights {
        Some(newest) => Ok(newest.kept.answer(&headers, memory.is_stale(), Timestamp::now())),
        None if memory.is_up() => Err(Error::NoWeights),
        None => Err(Error::KnownAway),
    }
}

/// `GET /v1/weights/{block}`: the newest of that block; from memory if they are the newest of all.
pub(crate) async fn of_block(
    State(gateway): State<Arc<Gateway>>,
    path: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response> {
    let number = whole(
        Place::Path,
        "block_number",
        &path.map(|Path(text)| text).unwrap_or_default(),
    )?;
    let none = || Error::NoWeightsOf {
        block: number.to_string(),
    };
    let block = number
        .get()
        .and_then(|block| u64::try_from(block).ok())
        .map(BlockNumber)
        .ok_or_else(none)?;
    let memory = gateway.latest.load();
    if let Some(newest) = memory.weights.as_ref().filter(|newest| newest.block == block) {
        // The weights of a block do not age: those of that block are these.
        return Ok(newest.kept.answer(&headers, false, Timestamp::now()));
    }
    let row = gateway.ledger()?.weights_at(block).await?.ok_or_else(none)?;
    Ok(Weights::kept(&row).answer(&headers, false, Timestamp::now()))
}

/// `GET /v1/cycles/{cycle_id}/weights`: of any cycle that settled; from memory if it is the newest.
pub(crate) async fn of_cycle(
    State(gateway): State<Arc<Gateway>>,
    path: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response> {
    let cycle = input::cycle_id(path)?;
    let memory = gateway.latest.load();
    if let Some(newest) = memory.weights.as_ref().filter(|newest| newest.cycle == cycle) {
        return Ok(newest.kept.answer(&headers, false, Timestamp::now()));
    }
    let store = gateway.ledger()?;
    let Some(row) = store.weights_of(cycle).await? else {
        return Err(match store.cycle(cycle).await? {
            Some(_) => Error::NoWeightsOfCycle { cycle },
            None => Error::NoCycle {
                cycle: cycle.to_string(),
            },
        });
    };
    Ok(Weights::kept(&row).answer(&headers, false, Timestamp::now()))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use kinitro_proto::CycleId;
    use serde_json::json;

    pub(crate) fn row() -> Row {
        Row {
            cycle: CycleId(7),
            block_number: BlockNumber(1000),
            created_at: "2024-01-15T10:30:12.75Z".parse().unwrap(),
            uids: vec![Uid(12), Uid(3)],
            weights: vec![0.982_013_790_037_908_5, 0.017_986_209_962_091_555],
            weights_u16: vec![64356, 1178],
            points: vec![4.0, 0.0],
            frontier: vec![Uid(12)],
            epsilons: vec![0.1, 0.2],
            miners: 2,
            environments: 2,
            duration_seconds: 12.75,
            stability: Some(vec![0.75, 1.0]),
            replicates: 200,
            signed: None,
        }
    }

    #[test]
    fn both_the_code_and_the_guide_of_version_2_find_their_keys() {
        let expected = json!({
            "cycle_id": 7, "block_number": 1000, "block": 1000, "timestamp": "2024-01-15T10:30:12.750000Z",
            "created_at": "2024-01-15T10:30:12.750000Z",
            "weights": {"3": 0.017_986_209_962_091_555, "12": 0.982_013_790_037_908_5},
            "weights_u16": {"uids": [12, 3], "values": [64356, 1178]},
            "metadata": {"n_miners_evaluated": 2, "n_environments": 2, "evaluation_duration_seconds": 12.75},
            "signed": null, "stale": false,
        });
        assert_eq!(
            serde_json::to_value(Weights::new(&row(), false)).unwrap(),
            expected
        );
    }

    #[test]
    fn what_they_can_be_checked_by_is_one_key_more() {
        let row = Row {
            signed: Some(signed::tests::row()),
            ..row()
        };
        let value = serde_json::to_value(Weights::new(&row, false)).unwrap();
        assert_eq!(value["signed"]["document"], json!(signed::tests::row().document));
        assert_eq!(value["signed"]["evidence"]["url"], "/v1/cycles/7/evidence");
    }

    #[test]
    fn weights_stand_in_the_order_of_uids() {
        let text = serde_json::to_string(&Weights::new(&row(), false)).unwrap();
        assert!(
            text.contains(r#""weights":{"3":0.017986209962091555,"12":0.9820137900379085}"#),
            "{text}"
        );
    }
}
