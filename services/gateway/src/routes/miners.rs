//! The miners of the newest settled cycle.

use super::wire::time;
use crate::{Result, gateway::Gateway};
use axum::{Json, extract::State};
use jiff::Timestamp;
use kinitro_store::read::MinerView;
use serde::Serialize;
use std::sync::Arc;

/// The keys of version 2, then those of its operator's guide.
#[derive(Debug, Serialize)]
pub(crate) struct Miner {
    uid: u16,
    hotkey: String,
    last_evaluated_block: u64,
    avg_success_rate: f64,
    environments_evaluated: Vec<String>,
    /// Never told: the ledger keeps it opened, and a miner who sealed it did so to keep it from the public.
    endpoint: Option<String>,
    #[serde(serialize_with = "time::option::serialize")]
    last_evaluated: Option<Timestamp>,
    status: &'static str,
}

impl Miner {
    fn new(row: &MinerView, settled_at: Option<Timestamp>) -> Self {
        Self {
            uid: row.uid.0,
            hotkey: row.hotkey.to_string(),
            last_evaluated_block: row.last_evaluated_block.0,
            avg_success_rate: row.avg_success_rate,
            environments_evaluated: row.environments.iter().map(ToString::to_string).collect(),
            endpoint: None,
            last_evaluated: settled_at,
            status: "active",
        }
    }
}

/// `GET /v1/miners`.
pub(crate) async fn miners(State(gateway): State<Arc<Gateway>>) -> Result<Json<Vec<Miner>>> {
    let store = gateway.ledger()?;
    let (rows, settled) = tokio::try_join!(store.miners(), store.latest_settled_cycle())?;
    // Between the two a cycle may settle: then the rows are of the one before, and its time is not known.
    let settled = settled.filter(|cycle| {
        rows.iter()
            .all(|row| row.last_evaluated_block == cycle.block_number)
    });
    let settled_at = settled.and_then(|cycle| cycle.finished_at);
    Ok(Json(rows.iter().map(|row| Miner::new(row, settled_at)).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use kinitro_proto::{BlockNumber, Uid};
    use serde_json::json;

    #[test]
    fn a_miner_has_the_keys_of_the_code_and_of_the_guide() {
        let row = MinerView {
            uid: Uid(3),
            hotkey: "5Hot".parse().unwrap(),
            last_evaluated_block: BlockNumber(1000),
            avg_success_rate: 0.5,
            environments: vec!["genesis/g1-v0".parse().unwrap()],
        };
        let expected = json!({
            "uid": 3, "hotkey": "5Hot", "last_evaluated_block": 1000, "avg_success_rate": 0.5,
            "environments_evaluated": ["genesis/g1-v0"], "endpoint": null,
            "last_evaluated": "1970-01-01T00:00:00Z", "status": "active",
        });
        let miner = Miner::new(&row, Some(Timestamp::UNIX_EPOCH));
        assert_eq!(serde_json::to_value(miner).unwrap(), expected);
    }
}
