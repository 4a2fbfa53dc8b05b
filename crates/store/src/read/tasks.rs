use crate::{Result, Store, error::Doing, row::Columns};
use jiff::Timestamp;
use kinitro_proto::{CycleId, Environment, Family, Hotkey, TaskId, Uid};
use sqlx::{FromRow, Row, postgres::PgRow};
use std::time::Duration;

/// How many tasks are in each state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TaskStats {
    /// With the stream or an executor: the ledger cannot tell these apart.
    pub available: u64,
    /// Waiting for another attempt.
    pub retryable: u64,
    /// With a result.
    pub completed: u64,
    /// Given up after faults of ours.
    pub discarded: u64,
    /// Ended with their cycle.
    pub cancelled: u64,
}

impl TaskStats {
    /// All of them.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.pending() + self.completed + self.failed()
    }

    /// Those that may still get a result.
    #[must_use]
    pub const fn pending(&self) -> u64 {
        self.available + self.retryable
    }

    /// Those that ended without a result.
    #[must_use]
    pub const fn failed(&self) -> u64 {
        self.discarded + self.cancelled
    }
}

/// How far a family is in a cycle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FamilyProgress {
    /// The family.
    pub family: Family,
    /// Its tasks by state.
    pub tasks: TaskStats,
    /// How many of them were completed in the last minute, by the database's clock.
    pub completed_last_minute: u64,
}

/// One task, for an operator.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskView {
    /// The task.
    pub id: TaskId,
    /// Its cycle.
    pub cycle: CycleId,
    /// The miner's slot.
    pub uid: Uid,
    /// The miner's key.
    pub hotkey: Hotkey,
    /// The environment.
    pub environment: Environment,
    /// Which of the episodes, from 0.
    pub episode: u32,
    /// `available`, `retryable`, `completed`, `discarded` or `cancelled`.
    pub state: String,
    /// The attempt that is under way or due, from 1.
    pub attempt: u32,
    /// When it is to be published again.
    pub due_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// Why it was given up.
    pub reason: Option<String>,
    /// Who reported its result.
    pub executor: Option<String>,
    /// `scored` or `miner_fault`.
    pub outcome: Option<String>,
    /// The miner's fault.
    pub fault_kind: Option<String>,
    /// Whether the episode succeeded.
    pub success: Option<bool>,
    /// The sum of the episode's rewards.
    pub reward: Option<f64>,
    /// How many reports are kept as evidence.
    pub evidence: u64,
}

impl FromRow<'_, PgRow> for TaskStats {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            available: row.number("available")?,
            retryable: row.number("retryable")?,
            completed: row.number("completed")?,
            discarded: row.number("discarded")?,
            cancelled: row.number("cancelled")?,
        })
    }
}

impl FromRow<'_, PgRow> for FamilyProgress {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            family: row.id("family")?,
            tasks: TaskStats::from_row(row)?,
            completed_last_minute: row.number("completed_last_minute")?,
        })
    }
}

impl FromRow<'_, PgRow> for TaskView {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: TaskId(row.try_get("id")?),
            cycle: CycleId(row.number("cycle_id")?),
            uid: row.uid("uid")?,
            hotkey: row.hotkey("hotkey")?,
            environment: row.environment("environment")?,
            episode: row.number("episode")?,
            state: row.try_get("state")?,
            attempt: row.number("attempt")?,
            due_at: row.time_if_any("due_at")?,
            finished_at: row.time_if_any("finished_at")?,
            reason: row.try_get("reason")?,
            executor: row.try_get("executor")?,
            outcome: row.try_get("outcome")?,
            fault_kind: row.try_get("fault_kind")?,
            success: row.try_get("success")?,
            reward: row.try_get("reward")?,
            evidence: row.number("evidence")?,
        })
    }
}

/// The counts of [`TaskStats`].
macro_rules! counts {
    () => {
        "count(*) FILTER (WHERE state = 'available') AS available, \
         count(*) FILTER (WHERE state = 'retryable') AS retryable, \
         count(*) FILTER (WHERE state = 'completed') AS completed, \
         count(*) FILTER (WHERE state = 'discarded') AS discarded, \
         count(*) FILTER (WHERE state = 'cancelled') AS cancelled"
    };
}

impl Store {
    /// How many tasks of a cycle are in each state; zeros for a cycle that is not there.
    ///
    /// # Errors
    /// If the database cannot be asked.
    pub async fn task_stats(&self, cycle: CycleId) -> Result<TaskStats> {
        sqlx::query_as(concat!("SELECT ", counts!(), " FROM tasks WHERE cycle_id = $1"))
            .bind(cycle.0)
            .fetch_one(&self.pool)
            .await
            .doing("count the cycle's tasks")
    }

    /// How many tasks of all cycles are in each state. Reads every task there ever was: not for every request.
    ///
    /// # Errors
    /// If the database cannot be asked.
    pub async fn task_stats_of_all(&self) -> Result<TaskStats> {
        sqlx::query_as(concat!("SELECT ", counts!(), " FROM tasks"))
            .fetch_one(&self.pool)
            .await
            .doing("count the tasks")
    }

    /// How far each family is in a cycle, by name.
    ///
    /// # Errors
    /// If the database cannot be asked.
    pub async fn progress(&self, cycle: CycleId) -> Result<Vec<FamilyProgress>> {
        sqlx::query_as(concat!(
            "SELECT family, ",
            counts!(),
            ", count(*) FILTER (WHERE state = 'completed' AND finished_at > now() - interval '1 minute') \
             AS completed_last_minute FROM tasks WHERE cycle_id = $1 GROUP BY family ORDER BY family"
        ))
        .bind(cycle.0)
        .fetch_all(&self.pool)
        .await
        .doing("read the cycle's progress")
    }

    /// The executors whose results were accepted within that time, by name.
    ///
    /// # Errors
    /// If the database cannot be asked.
    pub async fn active_executors(&self, within: Duration) -> Result<Vec<String>> {
        sqlx::query_scalar(
            "SELECT DISTINCT executor FROM results \
             WHERE recorded_at > now() - make_interval(secs => $1::float8) ORDER BY executor",
        )
        .bind(within.as_secs_f64())
        .fetch_all(&self.pool)
        .await
        .doing("list the active executors")
    }

    /// The task of that id.
    ///
    /// # Errors
    /// If the database cannot be asked.
    pub async fn task(&self, task: TaskId) -> Result<Option<TaskView>> {
        sqlx::query_as(
            "SELECT t.id, t.cycle_id, t.uid, m.hotkey, t.environment, t.episode, t.state, t.attempt, t.due_at, \
                 t.finished_at, t.reason, r.executor, r.outcome, r.fault_kind, r.success, r.reward, \
                 (SELECT count(*) FROM evidence e WHERE e.task_id = t.id) AS evidence \
             FROM tasks t JOIN miners m ON m.cycle_id = t.cycle_id AND m.uid = t.uid \
             LEFT JOIN results r ON r.task_id = t.id WHERE t.id = $1",
        )
        .bind(task.0)
        .fetch_optional(&self.pool)
        .await
        .doing("read the task")
    }
}
