//! The cycles themselves: how each went, how it was scored, and what it can be checked by.

use super::wire::{input, kept::Kept, signed::Evidence, time};
use crate::{Error, Result, gateway::Gateway};
use axum::{
    Json,
    extract::{Path, Query, State, rejection::PathRejection, rejection::QueryRejection},
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use kinitro_proto::Environment;
use kinitro_store::{Cycle as Row, Digests};
use serde::Serialize;
use std::{collections::HashMap, sync::Arc};

/// How many of the newest are told without a word.
const USUAL: u32 = 20;
/// How many at most.
const MOST: u32 = 100;

/// A cycle, as the ledger has it.
#[derive(Debug, Serialize)]
pub(crate) struct Cycle<'a> {
    id: i64,
    state: &'static str,
    netuid: u16,
    interval: i64,
    block: u64,
    block_hash: Option<&'a str>,
    #[serde(serialize_with = "time::serialize")]
    opened_at: Timestamp,
    #[serde(serialize_with = "time::option::serialize")]
    running_at: Option<Timestamp>,
    #[serde(serialize_with = "time::option::serialize")]
    finished_at: Option<Timestamp>,
    #[serde(serialize_with = "time::serialize")]
    deadline: Timestamp,
    episodes_per_environment: u32,
    environments: &'a [Environment],
    miners: u32,
    strategy: &'a str,
    settings: &'a serde_json::Value,
    code_version: &'a str,
    secret_hash: String,
    /// Only once it has finished: who knows it knows every seed.
    secret: Option<String>,
    reason: Option<&'a str>,
    document: Option<Document>,
    evidence: Option<Evidence>,
}

/// Some cycles.
#[derive(Debug, Serialize)]
struct Cycles<'a> {
    cycles: Vec<Cycle<'a>>,
}

/// What it settled to.
#[derive(Debug, Serialize)]
struct Document {
    sha256: String,
    url: String,
}

impl Document {
    fn new(row: &Row, digests: &Digests) -> Self {
        Self {
            sha256: hex::encode(digests.document),
            url: format!("/v1/cycles/{}/weights", row.id),
        }
    }
}

impl<'a> From<&'a Row> for Cycle<'a> {
    fn from(row: &'a Row) -> Self {
        // The ledger keeps it from us until then; this is the second lock.
        let secret = row.revealed_secret.filter(|_| !row.state.is_active());
        Self {
            id: row.id.0,
            state: row.state.name(),
            netuid: row.netuid,
            interval: row.interval_number,
            block: row.block_number.0,
            block_hash: row.block_hash.as_deref(),
            opened_at: row.opened_at,
            running_at: row.running_at,
            finished_at: row.finished_at,
            deadline: row.deadline,
            episodes_per_environment: row.episodes_per_environment,
            environments: &row.environments,
            miners: row.miners,
            strategy: &row.strategy,
            settings: &row.settings,
            code_version: &row.code_version,
            secret_hash: hex::encode(row.secret_hash),
            secret: secret.map(hex::encode),
            reason: row.reason.as_deref(),
            document: row.digests.as_ref().map(|digests| Document::new(row, digests)),
            evidence: row.digests.as_ref().map(|digests| Evidence::new(row.id, digests)),
        }
    }
}

/// `GET /v1/cycles/{cycle_id}`.
pub(crate) async fn cycle(
    State(gateway): State<Arc<Gateway>>,
    path: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response> {
    let id = input::cycle_id(path)?;
    let row = gateway.ledger()?.cycle(id).await?;
    let row = row.ok_or_else(|| Error::NoCycle {
        cycle: id.to_string(),
    })?;
    let kept = Kept::new(row.opened_at, |_| Cycle::from(&row));
    Ok(kept.answer(&headers, false, Timestamp::now()))
}

/// `GET /v1/cycles?limit=`: the newest first.
pub(crate) async fn newest(
    State(gateway): State<Arc<Gateway>>,
    query: Result<Query<HashMap<String, String>>, QueryRejection>,
) -> Result<Response> {
    let query = query.map(|Query(pairs)| pairs).unwrap_or_default();
    let limit = input::limit(query.get("limit").map(String::as_str), USUAL, MOST)?;
    let rows = gateway.ledger()?.cycles(limit).await?;
    let cycles = rows.iter().map(Cycle::from).collect();
    Ok(Json(Cycles { cycles }).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routes::wire::cycle::tests::row;
    use kinitro_store::CycleState;
    use serde_json::{Value, json};

    fn told(row: &Row) -> Value {
        serde_json::to_value(Cycle::from(row)).unwrap()
    }

    #[test]
    fn a_settled_cycle_tells_all_it_can_be_checked_by() {
        let row = Row {
            netuid: 26,
            block_hash: Some("0xabc".to_owned()),
            revealed_secret: Some([7; 32]),
            secret_hash: [9; 32],
            settings: json!({"min_episodes": 1}),
            digests: Some(Digests {
                document: [0xab; 32],
                evidence: [0xcd; 32],
                evidence_bytes: 1234,
            }),
            ..row(CycleState::Settled)
        };
        let expected = json!({
            "id": 7, "state": "settled", "netuid": 26, "interval": row.interval_number, "block": 1000,
            "block_hash": "0xabc", "opened_at": "2024-01-15T10:30:00Z", "running_at": "2024-01-15T10:30:00Z",
            "finished_at": "2024-01-15T10:30:12.750000Z", "deadline": "2024-01-15T10:30:12.750000Z",
            "episodes_per_environment": 3, "environments": ["genesis/g1-v0", "metaworld/reach-v3"], "miners": 2,
            "strategy": "pareto-subset", "settings": {"min_episodes": 1}, "code_version": "0.1.0",
            "secret_hash": "09".repeat(32), "secret": "07".repeat(32), "reason": null,
            "document": {"sha256": "ab".repeat(32), "url": "/v1/cycles/7/weights"},
            "evidence": {"sha256": "cd".repeat(32), "bytes": 1234, "url": "/v1/cycles/7/evidence"},
        });
        assert_eq!(told(&row), expected);
    }

    #[test]
    fn the_secret_is_told_only_once_the_cycle_has_finished() {
        for (state, is_told) in [
            (CycleState::Open, false),
            (CycleState::Running, false),
            (CycleState::Settled, true),
            (CycleState::Expired, true),
            (CycleState::Cancelled, true),
        ] {
            let row = Row {
                revealed_secret: Some([7; 32]),
                ..row(state)
            };
            assert_eq!(told(&row)["secret"].is_string(), is_told, "{state}");
        }
    }

    #[test]
    fn a_cycle_without_a_document_says_so() {
        let value = told(&Row {
            reason: Some("too few results".to_owned()),
            ..row(CycleState::Expired)
        });
        let keys = ["document", "evidence", "secret", "block_hash"];
        assert!(keys.iter().all(|key| value[key].is_null()), "{value}");
        assert_eq!(value["reason"], "too few results");
    }
}
