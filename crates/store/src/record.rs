//! Recording what executors report: each report gets its verdict, and a task at most one result (I4).

mod columns;
mod decide;

use crate::{
    Result, Store,
    error::Doing,
    row::{Columns as _, clean, refused},
};
use columns::Columns;
use decide::{Change, Decision, Standing, TaskState};
use kinitro_proto::{CycleId, TaskId, TaskResult};
use sqlx::{FromRow, Postgres, Row, Transaction, postgres::PgRow};
use std::{collections::HashMap, time::Duration};

/// What an executor reported.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// The message's body.
    pub result: TaskResult,
    /// The message's trace context.
    pub traceparent: Option<String>,
}

/// How often a task is attempted, and how long it waits in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryRule {
    /// How many attempts a task has in all.
    pub max_attempts: u32,
    /// The wait after the first attempt; it doubles with each one.
    pub base: Duration,
    /// The longest wait.
    pub max: Duration,
}

/// What the ledger made of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It is the task's result.
    Accepted,
    /// A fault of ours: the task will be attempted again.
    Retry,
    /// A fault of ours in the last attempt: the task is given up, and deserves a dead letter. Said again if the
    /// report comes again, so that a crash before the dead letter does not lose it.
    Discarded,
    /// A fault of ours in an attempt that is not the current one: nothing follows from it.
    Stale,
    /// The task has its result already.
    Duplicate,
    /// The task was cancelled or given up before.
    Late,
    /// The ledger has no such task in that cycle.
    Unknown,
}

impl Verdict {
    /// The word the ledger and the metrics use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Retry => "retry",
            Self::Discarded => "discarded",
            Self::Stale => "stale",
            Self::Duplicate => "duplicate",
            Self::Late => "late",
            Self::Unknown => "unknown",
        }
    }

    /// Whether the report is kept as evidence.
    const fn is_evidence(self) -> bool {
        !matches!(self, Self::Accepted | Self::Unknown)
    }
}

const DOING: &str = "record results";

impl Store {
    /// Records reports in one transaction and says what became of each, in their order. Recording them again,
    /// in any order and any division into batches, leaves the same results.
    ///
    /// # Errors
    /// If the database refuses; then nothing has been recorded. No report's content is a reason.
    pub async fn record(&self, reports: &[Report], rule: &RetryRule) -> Result<Vec<Verdict>> {
        if reports.is_empty() {
            return Ok(Vec::new());
        }
        let mut transaction = self.pool.begin().await.doing(DOING)?;
        let standings = lock_tasks(&mut transaction, reports).await?;
        let decision = decide::decide(reports, standings, rule);
        insert_results(&mut transaction, reports, &decision).await?;
        update_tasks(&mut transaction, &decision).await?;
        insert_evidence(&mut transaction, reports, &decision).await?;
        transaction.commit().await.doing(DOING)?;
        Ok(decision.verdicts)
    }
}

/// Locks the reported tasks and reads where they stand. Always in the order of ids, here and in settling, so
/// that no two transactions can wait for each other. The lock makes whoever settles wait for us or us for
/// them: a task's state alone says whether its cycle still takes results.
async fn lock_tasks(
    transaction: &mut Transaction<'_, Postgres>,
    reports: &[Report],
) -> Result<HashMap<TaskId, Standing>> {
    let ids: Vec<_> = reports.iter().map(|report| report.result.task.0).collect();
    let rows: Vec<Locked> = sqlx::query_as(
        "SELECT id, cycle_id, state, attempt FROM tasks WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE",
    )
    .bind(ids)
    .fetch_all(&mut **transaction)
    .await
    .doing(DOING)?;
    Ok(rows
        .into_iter()
        .map(|Locked(id, standing)| (id, standing))
        .collect())
}

struct Locked(TaskId, Standing);

impl FromRow<'_, PgRow> for Locked {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let state = row.try_get("state")?;
        let standing = Standing {
            cycle: CycleId(row.number("cycle_id")?),
            state: TaskState::named(state).ok_or_else(|| refused("state", state.into()))?,
            attempt: row.number("attempt")?,
        };
        Ok(Self(TaskId(row.try_get("id")?), standing))
    }
}

async fn insert_results(
    transaction: &mut Transaction<'_, Postgres>,
    reports: &[Report],
    decision: &Decision,
) -> Result<()> {
    let rows: Columns = decision
        .chosen(reports, |verdict| verdict == Verdict::Accepted)
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    rows.results()
        .execute(&mut **transaction)
        .await
        .map(drop)
        .doing(DOING)
}

async fn insert_evidence(
    transaction: &mut Transaction<'_, Postgres>,
    reports: &[Report],
    decision: &Decision,
) -> Result<()> {
    let rows: Columns = decision.chosen(reports, Verdict::is_evidence).collect();
    if rows.is_empty() {
        return Ok(());
    }
    rows.evidence()
        .execute(&mut **transaction)
        .await
        .map(drop)
        .doing(DOING)
}

async fn update_tasks(transaction: &mut Transaction<'_, Postgres>, decision: &Decision) -> Result<()> {
    if decision.changes.is_empty() {
        return Ok(());
    }
    let ids: Vec<_> = decision.changes.keys().map(|task| task.0).collect();
    let (mut states, mut attempts, mut waits, mut reasons) = (vec![], vec![], vec![], vec![]);
    for change in decision.changes.values() {
        let (state, next, reason) = match change {
            Change::Complete => ("completed", None, None),
            Change::Retry { attempt, wait } => ("retryable", Some((*attempt, *wait)), None),
            Change::Discard { reason } => ("discarded", None, Some(clean(reason))),
        };
        states.push(state);
        attempts.push(next.map(|(attempt, _)| i64::from(attempt)));
        waits.push(next.map(|(_, wait)| wait.as_secs_f64()));
        reasons.push(reason);
    }
    sqlx::query(
        "UPDATE tasks t SET state = u.state, attempt = coalesce(u.attempt, t.attempt), \
             due_at = now() + make_interval(secs => u.wait), \
             finished_at = CASE WHEN u.wait IS NULL THEN now() END, reason = u.reason \
         FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::float8[], $5::text[]) \
             AS u (id, state, attempt, wait, reason) \
         WHERE t.id = u.id",
    )
    .bind(ids)
    .bind(states)
    .bind(attempts)
    .bind(waits)
    .bind(reasons)
    .execute(&mut **transaction)
    .await
    .map(drop)
    .doing(DOING)
}
