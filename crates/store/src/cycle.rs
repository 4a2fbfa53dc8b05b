//! Cycles and their tasks, as the scheduler sees them: opened, published, running.

mod copy;
mod open;
mod publish;
mod retry;
mod task;

pub use open::{NewCycle, NewMiner, NewTask, Secret};

use crate::{
    Result, Store,
    error::Doing,
    row::{Columns, refused},
};
use jiff::Timestamp;
use kinitro_proto::{BlockNumber, CycleId, Environment, TaskId};
use sqlx::{FromRow, Row, postgres::PgRow};
use std::{fmt, str::FromStr};

/// A cycle.
#[derive(Debug, Clone, PartialEq)]
pub struct Cycle {
    /// Its number in the ledger.
    pub id: CycleId,
    /// The subnet.
    pub netuid: u16,
    /// The interval it belongs to: seconds since 1970 by the interval's length, rounded down.
    pub interval_number: i64,
    /// The block its miners were read at.
    pub block_number: BlockNumber,
    /// That block's hash.
    pub block_hash: Option<String>,
    /// Where it stands.
    pub state: CycleState,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When all its tasks had been published.
    pub running_at: Option<Timestamp>,
    /// When it settled, expired or was cancelled.
    pub finished_at: Option<Timestamp>,
    /// When it settles on what it has, or expires.
    pub deadline: Timestamp,
    /// What its seeds were made from; only once it has finished (I8).
    pub revealed_secret: Option<[u8; 32]>,
    /// The secret's hash, public from the start.
    pub secret_hash: [u8; 32],
    /// How many episodes each miner has in each environment.
    pub episodes_per_environment: u32,
    /// Its environments, in the order scores and weights are computed in.
    pub environments: Vec<Environment>,
    /// How it is scored.
    pub strategy: String,
    /// The strategy's settings.
    pub settings: serde_json::Value,
    /// The version that opened it.
    pub code_version: String,
    /// All tasks up to this one have been published, at least once.
    pub published_to: Option<TaskId>,
    /// Why it expired or was cancelled.
    pub reason: Option<String>,
    /// How many miners it judges.
    pub miners: u32,
    /// What it can be checked by, if it is settled. Cycles that settled before there were documents have none.
    pub digests: Option<Digests>,
}

/// What a settled cycle's document and evidence are known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digests {
    /// SHA-256 of the document.
    pub document: [u8; 32],
    /// SHA-256 of the evidence, as text.
    pub evidence: [u8; 32],
    /// How long that text is, in bytes.
    pub evidence_bytes: u64,
}

/// Where a cycle stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CycleState {
    /// Its tasks are being published.
    Open,
    /// Its tasks have been published, and results come in.
    Running,
    /// It has scores and weights.
    Settled,
    /// Its deadline passed with too few results.
    Expired,
    /// An operator ended it.
    Cancelled,
}

impl CycleState {
    const ALL: [Self; 5] = [
        Self::Open,
        Self::Running,
        Self::Settled,
        Self::Expired,
        Self::Cancelled,
    ];

    /// The word the ledger uses.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Running => "running",
            Self::Settled => "settled",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether its tasks may still get results.
    #[must_use]
    pub const fn is_active(self) -> bool {
        matches!(self, Self::Open | Self::Running)
    }
}

impl fmt::Display for CycleState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Every column of a cycle, the secret only once it may be known. Complete it with a `WHERE`.
macro_rules! select_cycle {
    ($rest:literal) => {
        concat!(
            "SELECT c.id, c.netuid, c.interval_number, c.block_number, c.block_hash, c.state, c.opened_at, ",
            "c.running_at, c.finished_at, c.deadline, ",
            "CASE WHEN c.finished_at IS NOT NULL THEN c.secret END AS revealed_secret, c.secret_hash, ",
            "c.episodes_per_environment, c.environments, c.strategy, c.settings, c.code_version, ",
            "c.published_to, c.reason, ",
            "(SELECT count(*) FROM miners m WHERE m.cycle_id = c.id) AS miners, ",
            "d.sha256 AS document_sha256, d.evidence_sha256, d.evidence_bytes ",
            "FROM cycles c LEFT JOIN documents d ON d.cycle_id = c.id ",
            $rest
        )
    };
}
pub(crate) use select_cycle;

impl FromRow<'_, PgRow> for Cycle {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: CycleId(row.number("id")?),
            netuid: row.number("netuid")?,
            interval_number: row.number("interval_number")?,
            block_number: BlockNumber(row.number("block_number")?),
            block_hash: row.try_get("block_hash")?,
            state: row
                .try_get::<&str, _>("state")?
                .parse()
                .map_err(|error: String| refused("state", error.into()))?,
            opened_at: row.time("opened_at")?,
            running_at: row.time_if_any("running_at")?,
            finished_at: row.time_if_any("finished_at")?,
            deadline: row.time("deadline")?,
            revealed_secret: row.try_get("revealed_secret")?,
            secret_hash: row.try_get("secret_hash")?,
            episodes_per_environment: row.number("episodes_per_environment")?,
            environments: row.environments("environments")?,
            strategy: row.try_get("strategy")?,
            settings: row.try_get("settings")?,
            code_version: row.try_get("code_version")?,
            published_to: row.try_get::<Option<_>, _>("published_to")?.map(TaskId),
            reason: row.try_get("reason")?,
            miners: row.number("miners")?,
            digests: digests(row)?,
        })
    }
}

impl FromStr for CycleState {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|state| state.name() == text);
        found.ok_or_else(|| format!("`{text}` is no state of a cycle"))
    }
}

fn digests(row: &PgRow) -> Result<Option<Digests>, sqlx::Error> {
    let Some(document) = row.try_get("document_sha256")? else {
        return Ok(None);
    };
    Ok(Some(Digests {
        document,
        evidence: row.try_get("evidence_sha256")?,
        evidence_bytes: row.number("evidence_bytes")?,
    }))
}

impl Store {
    /// The subnet's cycle that is open or running; there is at most one.
    ///
    /// # Errors
    /// If the database cannot be asked.
    pub async fn active_cycle(&self, netuid: u16) -> Result<Option<Cycle>> {
        sqlx::query_as(select_cycle!(
            "WHERE c.netuid = $1 AND c.state IN ('open', 'running')"
        ))
        .bind(i32::from(netuid))
        .fetch_optional(&self.pool)
        .await
        .doing("read the active cycle")
    }

    /// Ends an active cycle without scores: its open tasks are cancelled with it. False if it is not active.
    ///
    /// # Errors
    /// If the database refuses; then nothing has changed.
    pub async fn cancel_cycle(&self, cycle: CycleId, reason: &str) -> Result<bool> {
        const DOING: &str = "cancel the cycle";
        let mut transaction = self.pool.begin().await.doing(DOING)?;
        let ended = sqlx::query(
            "UPDATE cycles SET state = 'cancelled', finished_at = now(), reason = $2 \
             WHERE id = $1 AND state IN ('open', 'running')",
        )
        .bind(cycle.0)
        .bind(crate::row::clean(reason))
        .execute(&mut *transaction)
        .await
        .doing(DOING)?;
        if ended.rows_affected() == 0 {
            return Ok(false);
        }
        crate::settle::cancel_open_tasks(&mut transaction, cycle).await?;
        transaction.commit().await.doing(DOING)?;
        Ok(true)
    }
}
