//! What became of every task of one miner.

use super::Settlement;
use crate::{
    Result,
    error::Doing,
    row::{Columns, refused},
};
use kinitro_proto::{Environment, Seed, TaskId, Uid};
use sqlx::{FromRow, Row, postgres::PgRow};

/// An episode that a miner was asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Episode {
    /// Its task.
    pub task: TaskId,
    /// Where the miner was judged.
    pub environment: Environment,
    /// Which of the episodes, from 0.
    pub episode: u32,
    /// What the episode was made from.
    pub seed: Seed,
    /// How it ended.
    pub end: EpisodeEnd,
}

/// How an episode ended.
#[derive(Debug, Clone, PartialEq)]
pub enum EpisodeEnd {
    /// With the one result that counts.
    Result {
        /// The attempt that it is of, from 1.
        attempt: u32,
        /// Who reported it.
        executor: String,
        /// The kind of the miner's fault; `None` if the episode was scored.
        fault: Option<String>,
        /// Whether the episode succeeded.
        success: bool,
        /// The sum of the episode's rewards; finite.
        reward: f64,
        /// Steps taken.
        steps: u64,
    },
    /// Without one: never a zero (I5).
    Missing {
        /// How its task ended.
        state: MissingState,
        /// Why, where somebody said so.
        reason: Option<String>,
    },
}

/// How a task without a result ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MissingState {
    /// Given up after faults of ours.
    Discarded,
    /// Ended with its cycle.
    Cancelled,
}

impl MissingState {
    /// The word the ledger uses.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Discarded => "discarded",
            Self::Cancelled => "cancelled",
        }
    }
}

/// The reason of a completed task whose result somebody took out by hand: it must not keep a cycle from its end.
const GONE: &str = "completed, and its result is gone";

impl FromRow<'_, PgRow> for Episode {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            task: TaskId(row.try_get("id")?),
            environment: row.environment("environment")?,
            episode: row.number("episode")?,
            seed: Seed::new(row.number("seed")?),
            end: match row.try_get("executor")? {
                Some(executor) => result(row, executor)?,
                None => missing(row)?,
            },
        })
    }
}

fn result(row: &PgRow, executor: String) -> Result<EpisodeEnd, sqlx::Error> {
    Ok(EpisodeEnd::Result {
        attempt: row.number("attempt")?,
        executor,
        fault: row.try_get("fault_kind")?,
        success: row.try_get("success")?,
        reward: row.try_get("reward")?,
        steps: row.number("steps")?,
    })
}

fn missing(row: &PgRow) -> Result<EpisodeEnd, sqlx::Error> {
    let (state, reason) = match row.try_get("state")? {
        "discarded" => (MissingState::Discarded, row.try_get("reason")?),
        "cancelled" => (MissingState::Cancelled, row.try_get("reason")?),
        "completed" => (MissingState::Discarded, Some(GONE.to_owned())),
        open => return Err(refused("state", format!("`{open}` is no end").into())),
    };
    Ok(EpisodeEnd::Missing { state, reason })
}

impl Settlement {
    /// Every task of that miner, by the environment's place in the cycle, then by episode: one miner's at a time, so
    /// that a cycle of any size is read in little memory.
    ///
    /// # Errors
    /// If the database cannot be asked.
    pub async fn episodes(&mut self, uid: Uid) -> Result<Vec<Episode>> {
        let environments = self.cycle.environments.iter().map(Environment::as_str);
        // The limit holds the planner to one look into the results' key for each task: joined as it likes, it reads
        // the results of all cycles for each miner anew.
        sqlx::query_as(
            "SELECT t.id, t.environment, t.episode, t.seed, t.state, t.reason, r.attempt, r.executor, \
                 r.fault_kind, r.success, r.reward, r.steps \
             FROM tasks t LEFT JOIN LATERAL (SELECT * FROM results WHERE task_id = t.id LIMIT 1) r ON true \
             WHERE t.cycle_id = $1 AND t.uid = $2 \
             ORDER BY array_position($3::text[], t.environment), t.environment, t.episode",
        )
        .bind(self.cycle.id.0)
        .bind(i32::from(uid.0))
        .bind(environments.collect::<Vec<_>>())
        .fetch_all(&mut *self.transaction)
        .await
        .doing("read what became of the miner's tasks")
    }
}
