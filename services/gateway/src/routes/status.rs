//! Where the backend stands.

use super::wire::cycle::{Cycle, next_due};
use crate::{Result, gateway::Gateway};
use axum::{Json, extract::State};
use jiff::Timestamp;
use kinitro_proto::{Environment, catalogue};
use kinitro_store::{Cycle as Row, read::Counts};
use serde::Serialize;
use std::sync::Arc;

/// The keys of version 2, then those of its operator's guide.
#[derive(Debug, Serialize)]
pub(crate) struct Status {
    current_cycle: Option<Cycle>,
    last_completed_cycle: Option<Cycle>,
    total_cycles: u64,
    total_miners_evaluated: u64,
    environments: Vec<&'static str>,
    is_evaluating: bool,
    status: &'static str,
    current_block: Option<u64>,
    last_eval_block: Option<u64>,
    next_eval_in_seconds: Option<i64>,
    miners_registered: u32,
    environments_enabled: Vec<String>,
}

/// What the ledger says.
#[derive(Debug)]
struct Seen {
    counts: Counts,
    current: Option<Row>,
    settled: Option<Row>,
    newest: Option<Row>,
}

impl Status {
    fn new(seen: &Seen, now: Timestamp) -> Self {
        let newest = seen.newest.as_ref();
        let known: Vec<&'static str> = catalogue::environments().map(|entry| entry.id.as_str()).collect();
        Self {
            current_cycle: seen.current.as_ref().map(Cycle::from),
            last_completed_cycle: seen.settled.as_ref().map(Cycle::from),
            total_cycles: seen.counts.cycles,
            total_miners_evaluated: seen.counts.miners,
            is_evaluating: seen.current.is_some(),
            status: "running",
            // The chain itself is not asked: this is the newest block the ledger knows.
            current_block: newest.map(|row| row.block_number.0),
            last_eval_block: seen.settled.as_ref().map(|row| row.block_number.0),
            next_eval_in_seconds: newest.and_then(|row| next_due(row, now)),
            miners_registered: newest.map_or(0, |row| row.miners),
            environments_enabled: newest.map_or_else(
                || known.iter().map(ToString::to_string).collect(),
                |row| row.environments.iter().map(Environment::to_string).collect(),
            ),
            environments: known,
        }
    }
}

/// `GET /v1/status`.
pub(crate) async fn status(State(gateway): State<Arc<Gateway>>) -> Result<Json<Status>> {
    let store = gateway.ledger()?;
    let (counts, current, settled, newest) = tokio::try_join!(
        store.counts(),
        store.current_cycle(),
        store.latest_settled_cycle(),
        store.cycles(1)
    )?;
    let seen = Seen {
        counts,
        current,
        settled,
        newest: newest.into_iter().next(),
    };
    Ok(Json(Status::new(&seen, Timestamp::now())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routes::wire::cycle::tests::row;
    use kinitro_store::CycleState;
    use serde_json::json;

    #[test]
    fn the_keys_of_the_guide_are_there() {
        let seen = Seen {
            counts: Counts { cycles: 7, miners: 2 },
            current: None,
            settled: Some(row(CycleState::Settled)),
            newest: Some(row(CycleState::Settled)),
        };
        let status = Status::new(&seen, "2024-01-15T10:45:00Z".parse().unwrap());
        let value = serde_json::to_value(status).unwrap();
        for (key, expected) in [
            ("status", json!("running")),
            ("current_block", json!(1000)),
            ("last_eval_block", json!(1000)),
            ("next_eval_in_seconds", json!(900)),
            ("miners_registered", json!(2)),
            (
                "environments_enabled",
                json!(["genesis/g1-v0", "metaworld/reach-v3"]),
            ),
            ("is_evaluating", json!(false)),
        ] {
            assert_eq!(value[key], expected, "`{key}`");
        }
    }

    #[test]
    fn a_new_ledger_has_nothing_to_tell() {
        let seen = Seen {
            counts: Counts::default(),
            current: None,
            settled: None,
            newest: None,
        };
        let value = serde_json::to_value(Status::new(&seen, Timestamp::UNIX_EPOCH)).unwrap();
        assert_eq!(value["current_block"], json!(null));
        assert_eq!(value["environments_enabled"], value["environments"]);
    }
}
