//! What a cycle's scores and weights are a pure function of.

use super::{SettlingCycle, SnapshotMiner};
use crate::{Result, error::Doing, row::Columns};
use kinitro_proto::{BlockNumber, CycleId, Environment, Uid};
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

/// Reads the cells.
pub(super) async fn read(connection: &mut PgConnection, cycle: &SettlingCycle) -> Result<Inputs> {
    // The sum of floats depends on their order, so the order is fixed.
    let cells = sqlx::query_as(
        "SELECT t.uid, t.environment, count(*) AS episodes, \
             count(*) FILTER (WHERE r.success) AS successes, \
             count(*) FILTER (WHERE r.outcome = 'miner_fault') AS miner_faults, \
             sum(r.reward ORDER BY t.episode) AS reward \
         FROM tasks t JOIN results r ON r.task_id = t.id WHERE t.cycle_id = $1 \
         GROUP BY t.uid, t.environment \
         ORDER BY t.uid, array_position($2::text[], t.environment), t.environment",
    )
    .bind(cycle.id.0)
    .bind(
        cycle
            .environments
            .iter()
            .map(Environment::as_str)
            .collect::<Vec<_>>(),
    )
    .fetch_all(connection)
    .await
    .doing("read the cycle's results")?;
    Ok(Inputs {
        cycle: cycle.id,
        block_number: cycle.block_number,
        strategy: cycle.strategy.clone(),
        settings: cycle.settings.clone(),
        episodes_per_environment: cycle.episodes_per_environment,
        environments: cycle.environments.clone(),
        miners: cycle.miners.clone(),
        cells,
        open_tasks: cycle.open_tasks,
        deadline_passed: cycle.deadline_passed,
    })
}
