//! How many tasks are where.

use super::wire::input::{Place, whole};
use crate::{Error, Result, gateway::Gateway};
use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
};
use kinitro_proto::CycleId;
use kinitro_store::{Store, read::TaskStats};
use serde::Serialize;
use serde_json::json;
use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::Mutex;

/// How old the counts of one cycle may get.
const OF_ONE: Duration = Duration::from_secs(2);
/// How old the counts of all cycles may get: they read every task there ever was.
const OF_ALL: Duration = Duration::from_secs(60);
/// How many answers are kept.
const KEPT: usize = 16;
/// Within this time an executor that reported counts as active: as long as an episode may take.
const ACTIVE: Duration = Duration::from_secs(300);

/// The keys of version 2, and the ledger's own states beside them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Stats {
    total_tasks: u64,
    pending_tasks: u64,
    assigned_tasks: u64,
    completed_tasks: u64,
    failed_tasks: u64,
    active_executors: Vec<String>,
    current_cycle_id: Option<i64>,
    states: States,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
struct States {
    available: u64,
    retryable: u64,
    completed: u64,
    discarded: u64,
    cancelled: u64,
}

impl Stats {
    fn new(cycle: Option<CycleId>, counted: &Counted, in_hand: u64) -> Self {
        let tasks = counted.tasks;
        // The bus knows who has what in hand, the ledger what is open; they are not read at one moment.
        let assigned = in_hand.min(tasks.available);
        Self {
            total_tasks: tasks.total(),
            pending_tasks: tasks.pending() - assigned,
            assigned_tasks: assigned,
            completed_tasks: tasks.completed,
            failed_tasks: tasks.failed(),
            active_executors: counted.executors.clone(),
            current_cycle_id: cycle.map(|id| id.0),
            states: States {
                available: tasks.available,
                retryable: tasks.retryable,
                completed: tasks.completed,
                discarded: tasks.discarded,
                cancelled: tasks.cancelled,
            },
        }
    }
}

/// What the ledger counted.
#[derive(Debug, Clone, Default)]
struct Counted {
    tasks: TaskStats,
    executors: Vec<String>,
}

impl Counted {
    async fn read(store: &Store, cycle: Option<CycleId>) -> Result<Self> {
        let tasks = match cycle {
            Some(cycle) => store.task_stats(cycle).await?,
            None => store.task_stats_of_all().await?,
        };
        let executors = if tasks.pending() > 0 {
            store.active_executors(ACTIVE).await?
        } else {
            Vec::new()
        };
        Ok(Self { tasks, executors })
    }
}

/// The last answers. Counting is dear and anyone may ask: one counts at a time, the others wait for it.
#[derive(Debug, Default)]
pub(crate) struct Counts(Mutex<VecDeque<(Option<CycleId>, Instant, Counted)>>);

impl Counts {
    async fn of(&self, store: &Store, cycle: Option<CycleId>) -> Result<Counted> {
        let mut kept = self.0.lock().await;
        let max_age = if cycle.is_some() { OF_ONE } else { OF_ALL };
        let known = kept
            .iter()
            .find(|(of, at, _)| *of == cycle && at.elapsed() < max_age);
        if let Some((_, _, counted)) = known {
            return Ok(counted.clone());
        }
        let counted = Counted::read(store, cycle).await?;
        kept.retain(|(of, _, _)| *of != cycle);
        kept.push_front((cycle, Instant::now(), counted.clone()));
        kept.truncate(KEPT);
        Ok(counted)
    }
}

/// `GET /v1/tasks/stats?cycle_id=`: of that cycle, else of the running one, else of all.
pub(crate) async fn stats(
    State(gateway): State<Arc<Gateway>>,
    query: Result<Query<HashMap<String, String>>, QueryRejection>,
) -> Result<Json<Stats>> {
    let query = query.map(|Query(pairs)| pairs).unwrap_or_default();
    let asked = query.get("cycle_id").map(|text| cycle_id(text)).transpose()?;
    let store = gateway.ledger()?;
    let cycle = match asked {
        Some(cycle) => Some(cycle),
        None => store.current_cycle().await?.map(|cycle| cycle.id),
    };
    let counted = gateway.counts.of(store, cycle).await?;
    Ok(Json(Stats::new(cycle, &counted, gateway.in_hand())))
}

fn cycle_id(text: &str) -> Result<CycleId> {
    let number = whole(Place::Query, "cycle_id", text)?;
    number.get().map(CycleId).ok_or_else(|| {
        let message = "Unable to parse input string as an integer, exceeded maximum size";
        let detail =
            json!([{"type": "int_parsing_size", "loc": ["query", "cycle_id"], "msg": message, "input": text}]);
        Error::Input { field: "cycle_id", detail }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted() -> Counted {
        let tasks = TaskStats {
            available: 5,
            retryable: 1,
            completed: 7,
            discarded: 2,
            cancelled: 3,
        };
        Counted {
            tasks,
            executors: vec!["ex-1".to_owned()],
        }
    }

    #[test]
    fn the_words_of_version_2_add_up() {
        let stats = Stats::new(Some(CycleId(4)), &counted(), 2);
        let expected = json!({
            "total_tasks": 18, "pending_tasks": 4, "assigned_tasks": 2, "completed_tasks": 7, "failed_tasks": 5,
            "active_executors": ["ex-1"], "current_cycle_id": 4,
            "states": {"available": 5, "retryable": 1, "completed": 7, "discarded": 2, "cancelled": 3},
        });
        assert_eq!(serde_json::to_value(stats).unwrap(), expected);
    }

    #[test]
    fn no_more_is_in_hand_than_is_open() {
        let stats = Stats::new(None, &counted(), 99);
        assert_eq!((stats.pending_tasks, stats.assigned_tasks), (1, 5));
    }

    #[test]
    fn a_cycle_beyond_any_number_is_refused() {
        assert_eq!(cycle_id(" 7 ").unwrap(), CycleId(7));
        let Err(Error::Input { detail, .. }) = cycle_id("99999999999999999999") else {
            panic!("refused")
        };
        assert_eq!(detail[0]["type"], "int_parsing_size");
    }
}
