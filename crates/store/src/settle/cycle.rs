//! The cycle that is settled, and whom it judges.

use super::DOING;
use crate::{Result, Secret, error::Doing, row::Columns};
use jiff::Timestamp;
use kinitro_proto::{BlockNumber, CycleId, Environment, Hotkey, Uid};
use sqlx::{FromRow, PgConnection, Row, postgres::PgRow};

/// A cycle in the hands of who settles it.
#[derive(Debug, Clone, PartialEq)]
pub struct SettlingCycle {
    /// The cycle.
    pub id: CycleId,
    /// The subnet.
    pub netuid: u16,
    /// The interval it belongs to.
    pub interval_number: i64,
    /// The block its miners were read at.
    pub block_number: BlockNumber,
    /// That block's hash.
    pub block_hash: Option<String>,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When it settles on what it has, or expires.
    pub deadline: Timestamp,
    /// How many episodes each miner was to have in each environment.
    pub episodes_per_environment: u32,
    /// Its environments, in order.
    pub environments: Vec<Environment>,
    /// How it is scored.
    pub strategy: String,
    /// The strategy's settings.
    pub settings: serde_json::Value,
    /// The version that opened it.
    pub code_version: String,
    /// What its seeds were made from. Nobody else may know it before the cycle has ended (I8).
    pub secret: Secret,
    /// The secret's hash, public from the start.
    pub secret_hash: [u8; 32],
    /// Whom it judges, by uid.
    pub miners: Vec<SnapshotMiner>,
    /// Whether its deadline has passed.
    pub deadline_passed: bool,
    /// How many tasks had neither result nor end when it was taken; they are cancelled with it.
    pub open_tasks: u64,
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
    /// The repository it names.
    pub repo: Option<String>,
    /// That repository's revision.
    pub revision: Option<String>,
}

impl FromRow<'_, PgRow> for SettlingCycle {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: CycleId(row.number("id")?),
            netuid: row.number("netuid")?,
            interval_number: row.number("interval_number")?,
            block_number: BlockNumber(row.number("block_number")?),
            block_hash: row.try_get("block_hash")?,
            opened_at: row.time("opened_at")?,
            deadline: row.time("deadline")?,
            episodes_per_environment: row.number("episodes_per_environment")?,
            environments: row.environments("environments")?,
            strategy: row.try_get("strategy")?,
            settings: row.try_get("settings")?,
            code_version: row.try_get("code_version")?,
            secret: Secret(row.try_get("secret")?),
            secret_hash: row.try_get("secret_hash")?,
            miners: Vec::new(),
            deadline_passed: row.try_get("deadline_passed")?,
            open_tasks: 0,
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
            repo: row.try_get("repo")?,
            revision: row.try_get("revision")?,
        })
    }
}

/// Locks the cycle if it can be settled and nobody else has it; no miners yet.
pub(super) async fn lock(connection: &mut PgConnection, cycle: CycleId) -> Result<Option<SettlingCycle>> {
    sqlx::query_as(
        "SELECT id, netuid, interval_number, block_number, block_hash, opened_at, deadline, \
             episodes_per_environment, environments, strategy, settings, code_version, secret, secret_hash, \
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

/// The cycle's miners, by uid.
pub(super) async fn miners(connection: &mut PgConnection, cycle: CycleId) -> Result<Vec<SnapshotMiner>> {
    sqlx::query_as(
        "SELECT uid, hotkey, commit_block, repo, revision FROM miners WHERE cycle_id = $1 ORDER BY uid",
    )
    .bind(cycle.0)
    .fetch_all(connection)
    .await
    .doing("read the cycle's miners")
}
