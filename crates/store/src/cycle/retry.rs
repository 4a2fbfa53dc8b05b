//! Attempts after the first, and giving up.

use super::task::select_task;
use crate::{Result, Store, error::Doing, row::clean};
use kinitro_proto::{CycleId, InfraFaultKind, Task, TaskId};

impl Store {
    /// The cycle's retryable tasks whose time has come, longest due first.
    ///
    /// # Errors
    /// If the database cannot be asked.
    pub async fn due_retries(&self, cycle: CycleId, limit: u32) -> Result<Vec<Task>> {
        let query = sqlx::query_as(select_task!(
            "WHERE t.cycle_id = $1 AND t.state = 'retryable' AND t.due_at <= now() \
             ORDER BY t.due_at LIMIT $2"
        ));
        self.list_tasks(query.bind(cycle.0).bind(i64::from(limit)))
            .await
            .doing("read the due retries")
    }

    /// Turns retryable tasks into available ones once they have been published again. A task that has failed
    /// again meanwhile, and so waits for a later attempt, is left alone.
    ///
    /// # Errors
    /// If the database refuses.
    pub async fn mark_republished(&self, tasks: &[Task]) -> Result<()> {
        let mut attempts: Vec<_> = tasks
            .iter()
            .map(|task| (task.id, i64::from(task.attempt)))
            .collect();
        attempts.sort_unstable();
        let (ids, attempts): (Vec<_>, Vec<_>) =
            attempts.into_iter().map(|(id, attempt)| (id.0, attempt)).unzip();
        // Locked in the order of ids like everywhere, so that no two of these can wait for each other.
        sqlx::query(
            "WITH published AS MATERIALIZED ( \
                 SELECT t.id, t.attempt FROM tasks t \
                 JOIN unnest($1::uuid[], $2::bigint[]) u (id, attempt) ON u.id = t.id AND u.attempt = t.attempt \
                 WHERE t.state = 'retryable' ORDER BY t.id FOR NO KEY UPDATE OF t) \
             UPDATE tasks t SET state = 'available', due_at = NULL FROM published p \
             WHERE t.id = p.id AND t.attempt = p.attempt AND t.state = 'retryable'",
        )
        .bind(ids)
        .bind(attempts)
        .execute(&self.pool)
        .await
        .map(drop)
        .doing("mark tasks as published again")
    }

    /// Gives an open task up, with evidence: it was delivered as often as allowed and nobody reported. False
    /// if the task is unknown or not open (any more).
    ///
    /// # Errors
    /// If the database refuses.
    pub async fn abandon(&self, task: TaskId, reason: &str) -> Result<bool> {
        sqlx::query(
            "WITH gone AS ( \
                 UPDATE tasks SET state = 'discarded', due_at = NULL, finished_at = now(), reason = $2 \
                 WHERE id = $1 AND state IN ('available', 'retryable') RETURNING id, attempt) \
             INSERT INTO evidence (task_id, attempt, delivery, executor, verdict, outcome, fault_kind, success, \
                 reward, steps, detail, total_us, simulator_us, policy_us, policy_max_us) \
             SELECT id, attempt, 0, 'ledger', 'discarded', 'infra_fault', $3, false, 0, 0, $2, 0, 0, 0, 0 \
             FROM gone",
        )
        .bind(task.0)
        .bind(clean(reason))
        .bind(InfraFaultKind::Abandoned.name())
        .execute(&self.pool)
        .await
        .map(|done| done.rows_affected() == 1)
        .doing("give the task up")
    }
}
