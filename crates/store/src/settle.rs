//! Settling: a cycle's rows go out, its scores, weights, document and evidence come in, in one transaction (I6).

mod cycle;
mod document;
mod episodes;
mod keys;
mod write;

pub use cycle::{SettlingCycle, SnapshotMiner};
pub use document::{NewDocument, NewSignature};
pub use episodes::{Episode, EpisodeEnd, MissingState};
pub use keys::{KeyState, SigningKeyRow};
pub use write::{NewScore, NewWeights, Settled};

use crate::{Result, Store, error::Doing, row::clean};
use kinitro_proto::CycleId;
use sqlx::{PgConnection, Postgres, Transaction};

const DOING: &str = "settle the cycle";
/// A cycle of a million results takes longer to read than any other statement may, and to judge than any other
/// transaction may sit idle.
const PATIENCE: [&str; 2] = [
    "SET LOCAL statement_timeout = '10min'",
    "SET LOCAL idle_in_transaction_session_timeout = '10min'",
];

/// A cycle that nobody else can settle meanwhile, and that takes no results any more. Dropped without
/// [`Settlement::settle`] or [`Settlement::expire`], it leaves no trace.
#[derive(Debug)]
pub struct Settlement {
    transaction: Transaction<'static, Postgres>,
    cycle: SettlingCycle,
    /// How many chunks its bundle has so far.
    chunks: u32,
}

impl Store {
    /// The cycles that can be settled now: running ones without an open task, and active ones past their
    /// deadline.
    ///
    /// # Errors
    /// If the database cannot be asked.
    pub async fn settleable(&self) -> Result<Vec<CycleId>> {
        let ids: Vec<i64> = sqlx::query_scalar(
            // The first open task by index, rather than any: a table's figures about open tasks are always old.
            "SELECT c.id FROM cycles c WHERE c.state IN ('open', 'running') AND (c.deadline <= now() \
                 OR c.state = 'running' AND (SELECT t.id FROM tasks t WHERE t.cycle_id = c.id \
                     AND t.state IN ('available', 'retryable') ORDER BY t.id LIMIT 1) IS NULL) ORDER BY c.id",
        )
        .fetch_all(&self.pool)
        .await
        .doing("look for cycles to settle")?;
        Ok(ids.into_iter().map(CycleId).collect())
    }

    /// Takes a cycle to be settled. `None` if it cannot be settled now or somebody else is at it.
    ///
    /// # Errors
    /// If the database refuses; then nothing has changed.
    pub async fn begin_settle(&self, cycle: CycleId) -> Result<Option<Settlement>> {
        let mut transaction = self.pool.begin().await.doing(DOING)?;
        for statement in PATIENCE {
            sqlx::query(statement)
                .execute(&mut *transaction)
                .await
                .doing(DOING)?;
        }
        let Some(mut settling) = cycle::lock(&mut transaction, cycle).await? else {
            return Ok(None);
        };
        settling.open_tasks = cancel_open_tasks(&mut transaction, cycle).await?;
        settling.miners = cycle::miners(&mut transaction, cycle).await?;
        savepoint(&mut transaction, "SAVEPOINT bundle").await?;
        Ok(Some(Settlement {
            transaction,
            cycle: settling,
            chunks: 0,
        }))
    }
}

async fn savepoint(connection: &mut PgConnection, statement: &'static str) -> Result<()> {
    sqlx::query(statement)
        .execute(connection)
        .await
        .map(drop)
        .doing(DOING)
}

/// Cancels what is still open, and says how many that were. Waits for those who record results of these very
/// tasks; who comes later finds them cancelled. So after this the cycle's results are complete.
pub(crate) async fn cancel_open_tasks(connection: &mut PgConnection, cycle: CycleId) -> Result<u64> {
    sqlx::query(
        "WITH open AS MATERIALIZED (SELECT id FROM tasks \
             WHERE cycle_id = $1 AND state IN ('available', 'retryable') ORDER BY id FOR NO KEY UPDATE) \
         UPDATE tasks t SET state = 'cancelled', due_at = NULL, finished_at = now() FROM open o \
         WHERE t.id = o.id",
    )
    .bind(cycle.0)
    .execute(connection)
    .await
    .map(|done| done.rows_affected())
    .doing("cancel the cycle's open tasks")
}

impl Settlement {
    /// The cycle, and whom it judges.
    #[must_use]
    pub const fn cycle(&self) -> &SettlingCycle {
        &self.cycle
    }

    /// Lets the database hear from who settles. One that says nothing for ten minutes is taken for dead, and loses the
    /// cycle: whoever judges for long calls this meanwhile.
    ///
    /// # Errors
    /// If the database has given the cycle up, or is away.
    pub async fn keep_alive(&mut self) -> Result<()> {
        sqlx::query("SELECT 1")
            .execute(&mut *self.transaction)
            .await
            .map(drop)
            .doing("keep the cycle while it is judged")
    }

    /// Writes scores, weights, document and signatures and ends the cycle, all in one transaction with the bundle.
    ///
    /// # Errors
    /// [`Error::UnknownKey`](crate::Error::UnknownKey) or [`Error::RetiredKey`](crate::Error::RetiredKey) if a
    /// signature is by such a key; or if the database refuses. Then nothing has changed.
    pub async fn settle(mut self, settled: &Settled) -> Result<()> {
        let cycle = self.cycle.id;
        sqlx::query(
            "UPDATE cycles SET state = 'settled', running_at = coalesce(running_at, now()), finished_at = now() \
             WHERE id = $1",
        )
        .bind(cycle.0)
        .execute(&mut *self.transaction)
        .await
        .doing(DOING)?;
        write::insert_scores(&mut self.transaction, cycle, &settled.scores).await?;
        write::insert_weights(&mut self.transaction, &self.cycle, &settled.weights).await?;
        document::insert(&mut self.transaction, cycle, self.chunks, &settled.document).await?;
        self.transaction.commit().await.doing(DOING)
    }

    /// Ends the cycle without scores; the previous weights stand. Whatever was appended to its bundle is dropped, also
    /// after a statement of this settlement failed.
    ///
    /// # Errors
    /// If the database refuses; then nothing has changed.
    pub async fn expire(mut self, reason: &str) -> Result<()> {
        const DOING: &str = "let the cycle expire";
        savepoint(&mut self.transaction, "ROLLBACK TO SAVEPOINT bundle").await?;
        sqlx::query("UPDATE cycles SET state = 'expired', finished_at = now(), reason = $2 WHERE id = $1")
            .bind(self.cycle.id.0)
            .bind(clean(reason))
            .execute(&mut *self.transaction)
            .await
            .doing(DOING)?;
        self.transaction.commit().await.doing(DOING)
    }
}
