//! What the ledger must hold in the end, and waiting for it.

use super::Stack;
use kinitro_harness::eventually;
use kinitro_store::{
    Cycle, CycleState,
    read::{TaskStats, Weights},
};
use std::time::Duration;

impl Stack {
    /// The newest cycle, if there is one.
    pub(crate) async fn newest(&self) -> Option<Cycle> {
        self.store.cycles(1).await.ok()?.pop()
    }

    /// The newest cycle's tasks by state.
    pub(crate) async fn stats(&self) -> Option<TaskStats> {
        let cycle = self.newest().await?;
        self.store.task_stats(cycle.id).await.ok()
    }

    /// Waits until so many tasks have results.
    pub(crate) async fn completed(&self, tasks: u64) {
        let what = format!("{tasks} results");
        eventually(Duration::from_secs(60), &what, async || {
            let stats = self.stats().await;
            stats.filter(|stats| stats.completed >= tasks).ok_or(stats)
        })
        .await;
    }

    /// Waits until the newest cycle has ended so.
    pub(crate) async fn ended(&self, state: CycleState, within: Duration) -> Cycle {
        eventually(within, &format!("a cycle that is {state}"), async || {
            let cycle = self.newest().await;
            match cycle {
                Some(cycle) if cycle.state == state => Ok(cycle),
                Some(cycle) => Err(format!(
                    "{} ({:?}): {:?}",
                    cycle.state,
                    cycle.reason,
                    self.stats().await
                )),
                None => Err("no cycle".to_owned()),
            }
        })
        .await
    }

    /// Waits until the newest cycle is settled, and checks everything that holds then, whatever happened
    /// meanwhile: every task completed, once; every cell full; weights that sum to one; an empty queue.
    pub(crate) async fn settled(&self, within: Duration) -> (Cycle, Weights) {
        let cycle = self.ended(CycleState::Settled, within).await;
        let cells = u64::from(cycle.miners) * cycle.environments.len() as u64;
        let all = TaskStats {
            completed: cells * u64::from(cycle.episodes_per_environment),
            ..TaskStats::default()
        };
        assert_eq!(self.store.task_stats(cycle.id).await.unwrap(), all);
        let scores = self.store.scores(cycle.id).await.unwrap();
        assert_eq!(scores.len() as u64, cells);
        for score in scores {
            assert_eq!(score.episodes, cycle.episodes_per_environment, "{score:?}");
        }
        let weights = self.store.weights_of(cycle.id).await.unwrap().unwrap();
        let sum: f64 = weights.weights.iter().sum();
        assert!((sum - 1.0).abs() < 1e-9, "the weights sum to {sum}");
        // The purge follows the transaction.
        eventually(Duration::from_secs(30), "an empty queue", async || {
            let left = self.bus.tasks_of_cycle(cycle.id).await;
            left.map(|left| left.len())
                .map_err(|error| error.to_string())
                .and_then(|left| if left == 0 { Ok(()) } else { Err(left.to_string()) })
        })
        .await;
        (cycle, weights)
    }
}
