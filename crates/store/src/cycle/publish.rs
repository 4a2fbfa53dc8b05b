//! Publishing and reconciling: which of a cycle's tasks the stream should hold.

use super::task::select_task;
use crate::{Result, Store, error::Doing};
use kinitro_proto::{CycleId, Task, TaskId};
use uuid::Uuid;

impl Store {
    /// The next tasks to be published, in the order of their ids: those behind `after`, or behind the
    /// watermark. Nothing comes once all have been published.
    ///
    /// # Errors
    /// If the database cannot be asked.
    pub async fn next_unpublished(
        &self,
        cycle: CycleId,
        after: Option<TaskId>,
        limit: u32,
    ) -> Result<Vec<Task>> {
        let query = sqlx::query_as(select_task!(
            "WHERE t.cycle_id = $1 AND t.state = 'available' \
             AND t.id > coalesce($2, (SELECT published_to FROM cycles WHERE id = $1), $3) \
             ORDER BY t.id LIMIT $4"
        ))
        .bind(cycle.0)
        .bind(after.map(|task| task.0))
        .bind(Uuid::nil())
        .bind(i64::from(limit));
        self.list_tasks(query)
            .await
            .doing("read the tasks to be published")
    }

    /// Moves the watermark to a task once it and all before it have been published. It never moves back, so a
    /// slow scheduler cannot undo a fast one's work.
    ///
    /// # Errors
    /// If the database refuses.
    pub async fn advance_published(&self, cycle: CycleId, task: TaskId) -> Result<()> {
        sqlx::query(
            "UPDATE cycles SET published_to = $2 \
             WHERE id = $1 AND state = 'open' AND (published_to IS NULL OR published_to < $2)",
        )
        .bind(cycle.0)
        .bind(task.0)
        .execute(&self.pool)
        .await
        .map(drop)
        .doing("move the published watermark")
    }

    /// Turns an open cycle into a running one if all its tasks have been published; false if not, or if it is
    /// not open (any more).
    ///
    /// # Errors
    /// If the database refuses.
    pub async fn mark_running(&self, cycle: CycleId) -> Result<bool> {
        // A task may be retried before the watermark has passed it; the watermark passes it here, so that the
        // reconciler sees it.
        sqlx::query(
            "UPDATE cycles c SET state = 'running', running_at = now(), \
                 published_to = greatest(c.published_to, ( \
                     SELECT t.id FROM tasks t WHERE t.cycle_id = $1 AND t.state IN ('available', 'retryable') \
                     ORDER BY t.id DESC LIMIT 1)) \
             WHERE c.id = $1 AND c.state = 'open' AND NOT EXISTS ( \
                 SELECT FROM tasks t WHERE t.cycle_id = $1 AND t.state = 'available' \
                 AND t.id > coalesce(c.published_to, $2))",
        )
        .bind(cycle.0)
        .bind(Uuid::nil())
        .execute(&self.pool)
        .await
        .map(|done| done.rows_affected() == 1)
        .doing("mark the cycle as running")
    }

    /// The tasks that have been published and are open, in the order of their ids, behind `after`: what the
    /// stream should hold or an executor should be at (I3).
    ///
    /// # Errors
    /// If the database cannot be asked.
    pub async fn open_tasks_published(
        &self,
        cycle: CycleId,
        after: Option<TaskId>,
        limit: u32,
    ) -> Result<Vec<Task>> {
        let query = sqlx::query_as(select_task!(
            "WHERE t.cycle_id = $1 AND t.state = 'available' AND t.id > $2 \
             AND t.id <= (SELECT published_to FROM cycles WHERE id = $1) \
             ORDER BY t.id LIMIT $3"
        ))
        .bind(cycle.0)
        .bind(after.map_or(Uuid::nil(), |task| task.0))
        .bind(i64::from(limit));
        self.list_tasks(query).await.doing("read the open tasks")
    }
}
