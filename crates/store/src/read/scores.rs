use crate::{Result, Store, error::Doing, row::Columns};
use kinitro_proto::{BlockNumber, CycleId, Environment, Hotkey, Uid};
use sqlx::{FromRow, Row, postgres::PgRow};

/// A miner's figures in an environment, as they were when the cycle settled.
#[derive(Debug, Clone, PartialEq)]
pub struct Score {
    /// The miner's slot.
    pub uid: Uid,
    /// The miner's key.
    pub hotkey: Hotkey,
    /// The environment.
    pub environment: Environment,
    /// Successes by episodes, 0 to 1.
    pub success_rate: f64,
    /// The lower end of the 95 % interval of the true rate; cycles of before have none.
    pub success_low: Option<f64>,
    /// Its upper end.
    pub success_high: Option<f64>,
    /// Rewards by episodes.
    pub mean_reward: f64,
    /// How many results there are.
    pub episodes: u32,
    /// How many of them succeeded.
    pub successes: u32,
    /// How many of them were the miner's fault.
    pub miner_faults: u32,
}

/// A miner as the newest settled cycle saw it.
#[derive(Debug, Clone, PartialEq)]
pub struct MinerView {
    /// Its slot.
    pub uid: Uid,
    /// Its key.
    pub hotkey: Hotkey,
    /// That cycle's block.
    pub last_evaluated_block: BlockNumber,
    /// The plain mean over its environments.
    pub avg_success_rate: f64,
    /// The environments it has scores in, in the cycle's order.
    pub environments: Vec<Environment>,
}

/// An environment as the newest settled cycle saw it.
#[derive(Debug, Clone, PartialEq)]
pub struct EnvironmentView {
    /// The environment.
    pub environment: Environment,
    /// How many miners have scores in it.
    pub miners: u32,
    /// The plain mean over them; `None` without any.
    pub avg_success_rate: Option<f64>,
}

impl FromRow<'_, PgRow> for Score {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            uid: row.uid("uid")?,
            hotkey: row.hotkey("hotkey")?,
            environment: row.environment("environment")?,
            success_rate: row.try_get("success_rate")?,
            success_low: row.try_get("success_low")?,
            success_high: row.try_get("success_high")?,
            mean_reward: row.try_get("mean_reward")?,
            episodes: row.number("episodes")?,
            successes: row.number("successes")?,
            miner_faults: row.number("miner_faults")?,
        })
    }
}

impl FromRow<'_, PgRow> for MinerView {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            uid: row.uid("uid")?,
            hotkey: row.hotkey("hotkey")?,
            last_evaluated_block: BlockNumber(row.number("block_number")?),
            avg_success_rate: row.try_get("avg_success_rate")?,
            environments: row.environments("environments")?,
        })
    }
}

impl FromRow<'_, PgRow> for EnvironmentView {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            environment: row.environment("environment")?,
            miners: row.number("miners")?,
            avg_success_rate: row.try_get("avg_success_rate")?,
        })
    }
}

impl Store {
    /// The scores of a cycle, by uid, then in its environments' order; none before it is settled.
    ///
    /// # Errors
    /// If the database cannot be asked.
    pub async fn scores(&self, cycle: CycleId) -> Result<Vec<Score>> {
        sqlx::query_as(
            "SELECT s.uid, m.hotkey, s.environment, s.success_rate, s.success_low, s.success_high, s.mean_reward, \
                 s.episodes, s.successes, s.miner_faults \
             FROM scores s JOIN miners m ON m.cycle_id = s.cycle_id AND m.uid = s.uid \
             JOIN cycles c ON c.id = s.cycle_id WHERE s.cycle_id = $1 \
             ORDER BY s.uid, array_position(c.environments, s.environment)",
        )
        .bind(cycle.0)
        .fetch_all(&self.pool)
        .await
        .doing("read the scores")
    }

    /// The miners with scores in the newest settled cycle, by uid; none if there is no such cycle.
    ///
    /// # Errors
    /// If the database cannot be asked.
    pub async fn miners(&self) -> Result<Vec<MinerView>> {
        sqlx::query_as(
            "SELECT s.uid, m.hotkey, c.block_number, avg(s.success_rate ORDER BY e.place) AS avg_success_rate, \
                 array_agg(s.environment ORDER BY e.place) AS environments \
             FROM cycles c JOIN scores s ON s.cycle_id = c.id \
             JOIN miners m ON m.cycle_id = s.cycle_id AND m.uid = s.uid \
             JOIN unnest(c.environments) WITH ORDINALITY AS e (environment, place) \
                 ON e.environment = s.environment \
             WHERE c.id = (SELECT max(id) FROM cycles WHERE state = 'settled') \
             GROUP BY s.uid, m.hotkey, c.block_number ORDER BY s.uid",
        )
        .fetch_all(&self.pool)
        .await
        .doing("read the miners")
    }

    /// The environments of the newest settled cycle, in its order; none if there is no such cycle.
    ///
    /// # Errors
    /// If the database cannot be asked.
    pub async fn environments(&self) -> Result<Vec<EnvironmentView>> {
        sqlx::query_as(
            "SELECT e.environment, count(s.uid) AS miners, avg(s.success_rate ORDER BY s.uid) AS avg_success_rate \
             FROM cycles c CROSS JOIN unnest(c.environments) WITH ORDINALITY AS e (environment, place) \
             LEFT JOIN scores s ON s.cycle_id = c.id AND s.environment = e.environment \
             WHERE c.id = (SELECT max(id) FROM cycles WHERE state = 'settled') \
             GROUP BY e.environment, e.place ORDER BY e.place",
        )
        .fetch_all(&self.pool)
        .await
        .doing("read the environments")
    }
}
