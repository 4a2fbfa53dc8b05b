//! What a cycle's scores and weights are a pure function of.

use super::DOING;
use crate::{Result, error::Doing, row::Columns};
use kinitro_proto::{BlockNumber, CycleId, Environment, Hotkey, Uid};
use sqlx::{FromRow, PgConnection, Row, postgres::PgRow};

/// A cycle and its accepted rows, in an order that depends on nothing but them.
#[derive(Debug, Clone, PartialEq)]
pub struct Inputs {
    /// The cycle.
    pub cycle: CycleId,
    /// The block its miners were read at.
    pub block_number: BlockNumber,
    /// How it is scored.
    pub strategy: String,
    /// The strategy's settings.
    pub settings: serde_json::Value,
    /// How many episodes each miner was to have in each environment.
    pub episodes_per_environment: u32,
    /// Its environments, in order.
    pub environments: Vec<Environment>,
    /// Its miners, by uid.
    pub miners: Vec<SnapshotMiner>,
    /// The cells that have results, by uid, then by the environments' order. A missing cell is not here (I5).
    pub cells: Vec<Cell>,
    /// How many tasks had neither result nor end when it was taken; they are cancelled with it.
    pub open_tasks: u64,
    /// Whether its deadline has passed.
    pub deadline_passed: bool,
}

/// A miner as it was when the cycle opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotMiner {
    /// Its slot.
    pub uid: Uid,
    /// Its key.
    pub hotkey: Hotkey,
    /// The block of its commitment, where known.
    pub commit_block: Option<BlockNumber>,
}

/// The accepted results of one miner in one environment.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// The miner's slot.
    pub uid: Uid,
    /// The environment.
    pub environment: Environment,
    /// How many results there are, at least 1.
    pub episodes: u32,
    /// How many of them succeeded.
    pub successes: u32,
    /// How many of them were the miner's fault.
    pub miner_faults: u32,
    /// The rewards' sum, added in the order of episodes.
    pub reward: f64,
}

impl FromRow<'_, PgRow> for Inputs {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            cycle: CycleId(row.number("id")?),
            block_number: BlockNumber(row.number("block_number")?),
            strategy: row.try_get("strategy")?,
            settings: row.try_get("settings")?,
            episodes_per_environment: row.number("episodes_per_environment")?,
            environments: row.environments("environments")?,
            miners: Vec::new(),
            cells: Vec::new(),
            open_tasks: 0,
            deadline_passed: row.try_get("deadline_passed")?,
        })
    }
}

impl FromRow<'_, PgRow> for SnapshotMiner {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let known: Option<i64> = row.try_get("commit_block")?;
        Ok(Self {
            uid: row.uid("uid")?,
            hotkey: row.hotkey("hotkey")?,
            commit_block: known
                .map(|_| row.number("commit_block").map(BlockNumber))
                .transpose()?,
        })
    }
}

impl FromRow<'_, PgRow> for Cell {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            uid: row.uid("uid")?,
            environment: row.environment("environment")?,
            episodes: row.number("episodes")?,
            successes: row.number("successes")?,
            miner_faults: row.number("miner_faults")?,
            reward: row.try_get("reward")?,
        })
    }
}

/// Locks the cycle if it can be settled and nobody else has it; no rows yet.
pub(super) async fn lock_cycle(connection: &mut PgConnection, cycle: CycleId) -> Result<Option<Inputs>> {
    sqlx::query_as(
        "SELECT id, block_number, strategy, settings, episodes_per_environment, environments, \
             deadline <= now() AS deadline_passed FROM cycles \
         WHERE id = $1 AND state IN ('open', 'running') AND (deadline <= now() \
             OR state = 'running' AND (SELECT t.id FROM tasks t WHERE t.cycle_id = $1 \
                 AND t.state IN ('available', 'retryable') ORDER BY t.id LIMIT 1) IS NULL) \
         FOR UPDATE SKIP LOCKED",
    )
    .bind(cycle.0)
    .fetch_optional(connection)
    .await
    .doing(DOING)
}

/// Reads the miners and the cells.
pub(super) async fn read_rows(connection: &mut PgConnection, inputs: &mut Inputs) -> Result<()> {
    inputs.miners =
        sqlx::query_as("SELECT uid, hotkey, commit_block FROM miners WHERE cycle_id = $1 ORDER BY uid")
            .bind(inputs.cycle.0)
            .fetch_all(&mut *connection)
            .await
            .doing("read the cycle's miners")?;
    // The sum of floats depends on their order, so the order is fixed.
    inputs.cells = sqlx::query_as(
        "SELECT t.uid, t.environment, count(*) AS episodes, \
             count(*) FILTER (WHERE r.success) AS successes, \
             count(*) FILTER (WHERE r.outcome = 'miner_fault') AS miner_faults, \
             sum(r.reward ORDER BY t.episode) AS reward \
         FROM tasks t JOIN results r ON r.task_id = t.id WHERE t.cycle_id = $1 \
         GROUP BY t.uid, t.environment \
         ORDER BY t.uid, array_position($2::text[], t.environment), t.environment",
    )
    .bind(inputs.cycle.0)
    .bind(
        inputs
            .environments
            .iter()
            .map(Environment::as_str)
            .collect::<Vec<_>>(),
    )
    .fetch_all(connection)
    .await
    .doing("read the cycle's results")?;
    Ok(())
}
