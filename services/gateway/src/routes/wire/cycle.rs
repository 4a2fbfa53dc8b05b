//! A cycle as version 2 described it, with our own word for its state beside.

use super::time;
use jiff::Timestamp;
use kinitro_store::{Cycle as Row, CycleState};
use serde::Serialize;

/// A cycle.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Cycle {
    id: i64,
    block_number: u64,
    #[serde(serialize_with = "time::serialize")]
    started_at: Timestamp,
    #[serde(serialize_with = "time::option::serialize")]
    completed_at: Option<Timestamp>,
    status: &'static str,
    n_miners: u32,
    n_environments: usize,
    duration_seconds: Option<f64>,
    state: &'static str,
}

impl From<&Row> for Cycle {
    fn from(row: &Row) -> Self {
        Self {
            id: row.id.0,
            block_number: row.block_number.0,
            started_at: row.opened_at,
            completed_at: row.finished_at,
            status: status(row.state),
            n_miners: row.miners,
            n_environments: row.environments.len(),
            duration_seconds: duration(row),
            state: row.state.name(),
        }
    }
}

/// Version 2's word for the state.
const fn status(state: CycleState) -> &'static str {
    match state {
        CycleState::Open | CycleState::Running => "running",
        CycleState::Settled => "completed",
        CycleState::Expired | CycleState::Cancelled => "failed",
    }
}

/// Seconds from the opening to the settling; as in version 2, only a cycle that succeeded has them.
pub(crate) fn duration(row: &Row) -> Option<f64> {
    let finished = row.finished_at.filter(|_| row.state == CycleState::Settled)?;
    Some(finished.duration_since(row.opened_at).as_secs_f64())
}

/// Seconds until the next cycle is due, at least 0; none if the cycle does not tell how long intervals are.
///
/// The ledger keeps the interval's number, not its length. The length is the one whole number of seconds
/// that puts the opening into the interval of that number.
pub(crate) fn next_due(row: &Row, now: Timestamp) -> Option<i64> {
    let (opened, number) = (row.opened_at.as_second(), row.interval_number);
    if number < 1 {
        return None;
    }
    let longest = opened / number;
    let shortest = opened / (number + 1) + 1;
    let due = (number + 1).checked_mul(longest)?;
    (shortest == longest).then(|| (due - now.as_second()).max(0))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use kinitro_proto::{BlockNumber, CycleId};
    use serde_json::json;

    /// A cycle of two miners that opened at 10:30:00 and took 12.75 s.
    pub(crate) fn row(state: CycleState) -> Row {
        let opened_at: Timestamp = "2024-01-15T10:30:00Z".parse().unwrap();
        let finished_at: Timestamp = "2024-01-15T10:30:12.75Z".parse().unwrap();
        Row {
            id: CycleId(7),
            netuid: 1,
            interval_number: opened_at.as_second() / 3600,
            block_number: BlockNumber(1000),
            block_hash: None,
            state,
            opened_at,
            running_at: Some(opened_at),
            finished_at: (!state.is_active()).then_some(finished_at),
            deadline: finished_at,
            revealed_secret: None,
            secret_hash: [0; 32],
            episodes_per_environment: 3,
            environments: ["genesis/g1-v0", "metaworld/reach-v3"]
                .map(|id| id.parse().unwrap())
                .to_vec(),
            strategy: "pareto-subset".to_owned(),
            settings: json!({}),
            code_version: "0.1.0".to_owned(),
            published_to: None,
            reason: None,
            miners: 2,
            digests: None,
        }
    }

    #[test]
    fn a_settled_cycle_is_what_version_2_called_completed() {
        let expected = json!({
            "id": 7, "block_number": 1000, "started_at": "2024-01-15T10:30:00Z",
            "completed_at": "2024-01-15T10:30:12.750000Z", "status": "completed", "n_miners": 2,
            "n_environments": 2, "duration_seconds": 12.75, "state": "settled",
        });
        assert_eq!(
            serde_json::to_value(Cycle::from(&row(CycleState::Settled))).unwrap(),
            expected
        );
    }

    #[test]
    fn every_state_has_a_word_of_version_2() {
        for (state, word) in [
            (CycleState::Open, "running"),
            (CycleState::Running, "running"),
            (CycleState::Expired, "failed"),
            (CycleState::Cancelled, "failed"),
        ] {
            let cycle = serde_json::to_value(Cycle::from(&row(state))).unwrap();
            assert_eq!(
                (&cycle["status"], &cycle["state"]),
                (&json!(word), &json!(state.name()))
            );
            assert_eq!(cycle["duration_seconds"], json!(null));
        }
    }

    #[test]
    fn the_next_cycle_is_due_at_the_end_of_the_interval() {
        let row = row(CycleState::Settled);
        let at = |text: &str| text.parse().unwrap();
        assert_eq!(next_due(&row, at("2024-01-15T10:45:00Z")), Some(900));
        assert_eq!(next_due(&row, at("2024-01-15T12:00:00Z")), Some(0));
        let unknown = Row {
            interval_number: 3,
            ..row
        };
        assert_eq!(next_due(&unknown, at("2024-01-15T12:00:00Z")), None);
    }
}
