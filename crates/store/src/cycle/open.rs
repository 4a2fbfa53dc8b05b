//! A cycle, its miners and all its tasks, in one transaction.

use super::copy::{Buffer, STATEMENT};
use crate::{
    Result, Store,
    error::Doing,
    row::{clean, exact},
};
use kinitro_proto::{BlockNumber, CycleId, Environment, Hotkey, Seed, TaskId, Uid};
use sqlx::{Postgres, Transaction};
use std::{fmt, time::Duration};

/// A cycle to be opened.
#[derive(Debug, Clone)]
pub struct NewCycle {
    /// The subnet.
    pub netuid: u16,
    /// How long an interval is; there is one cycle in each.
    pub interval: Duration,
    /// From now to the deadline.
    pub timeout: Duration,
    /// The block the miners were read at.
    pub block_number: BlockNumber,
    /// That block's hash.
    pub block_hash: Option<String>,
    /// What the seeds are made from.
    pub secret: Secret,
    /// The secret's hash.
    pub secret_hash: [u8; 32],
    /// How many episodes each miner has in each environment.
    pub episodes_per_environment: u32,
    /// The environments, in the order scores and weights are computed in.
    pub environments: Vec<Environment>,
    /// How it will be scored.
    pub strategy: String,
    /// The strategy's settings.
    pub settings: serde_json::Value,
    /// The version that opens it.
    pub code_version: String,
    /// Who is judged.
    pub miners: Vec<NewMiner>,
}

/// A miner of a cycle to be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMiner {
    /// Its slot.
    pub uid: Uid,
    /// Its key.
    pub hotkey: Hotkey,
    /// The block of its commitment, where known.
    pub commit_block: Option<BlockNumber>,
    /// Its policy's base URL, as the miner wrote it.
    pub endpoint: String,
    /// The repository it names.
    pub repo: Option<String>,
    /// That repository's revision.
    pub revision: Option<String>,
}

/// A task of a cycle to be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTask {
    /// Its id.
    pub id: TaskId,
    /// The miner's slot.
    pub uid: Uid,
    /// Where the miner is judged.
    pub environment: Environment,
    /// Which of the episodes, from 0.
    pub episode: u32,
    /// What the episode is made from.
    pub seed: Seed,
}

/// What a cycle's seeds are made from. Never printed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Secret(pub [u8; 32]);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

const DOING: &str = "open a cycle";

impl Store {
    /// Whether a cycle may be opened now: the interval that the database's clock is in has none yet, and none
    /// is active. Asked first, so that miners are not read, and ids not spent, in vain.
    ///
    /// # Errors
    /// If the database cannot be asked.
    pub async fn is_due(&self, netuid: u16, interval: Duration) -> Result<bool> {
        sqlx::query_scalar(
            "SELECT NOT EXISTS (SELECT FROM cycles WHERE netuid = $1 AND (state IN ('open', 'running') \
                 OR interval_number = floor(extract(epoch FROM now()) / $2::float8)::bigint))",
        )
        .bind(i32::from(netuid))
        .bind(interval.as_secs_f64())
        .fetch_one(&self.pool)
        .await
        .doing("ask whether a cycle is due")
    }

    /// Opens the cycle of the interval that the database's clock is in: its row, its miners and all its tasks
    /// in one transaction. `None` if that interval has its cycle already or another one is active: two may
    /// call this at once, and one opens. The tasks are streamed, never held.
    ///
    /// # Errors
    /// If the database refuses; then nothing has been opened.
    pub async fn open_cycle<Tasks>(&self, cycle: &NewCycle, tasks: Tasks) -> Result<Option<CycleId>>
    where
        Tasks: IntoIterator<Item = NewTask, IntoIter: Send> + Send,
    {
        let mut transaction = self.pool.begin().await.doing(DOING)?;
        let Some(id) = insert_cycle(&mut transaction, cycle).await? else {
            return Ok(None);
        };
        insert_miners(&mut transaction, id, &cycle.miners).await?;
        copy_tasks(&mut transaction, id, tasks.into_iter()).await?;
        transaction.commit().await.doing(DOING)?;
        Ok(Some(id))
    }
}

async fn insert_cycle(
    transaction: &mut Transaction<'_, Postgres>,
    cycle: &NewCycle,
) -> Result<Option<CycleId>> {
    // Without a target, the conflict clause covers both keys: the interval's, and the one active cycle's.
    let id: Option<i64> = sqlx::query_scalar(
        "INSERT INTO cycles (netuid, interval_number, deadline, block_number, block_hash, secret, secret_hash, \
             episodes_per_environment, environments, strategy, settings, code_version) \
         VALUES ($1, floor(extract(epoch FROM now()) / $2::float8)::bigint, \
             now() + make_interval(secs => $3::float8), $4, $5, $6, $7, $8, $9, $10, $11, $12) \
         ON CONFLICT DO NOTHING RETURNING id",
    )
    .bind(i32::from(cycle.netuid))
    .bind(cycle.interval.as_secs_f64())
    .bind(cycle.timeout.as_secs_f64())
    .bind(exact::<i64>("block number", cycle.block_number.0)?)
    .bind(cycle.block_hash.as_deref().map(clean))
    .bind(cycle.secret.0.as_slice())
    .bind(cycle.secret_hash.as_slice())
    .bind(exact::<i32>("number of episodes", cycle.episodes_per_environment.into())?)
    .bind(cycle.environments.iter().map(Environment::as_str).collect::<Vec<_>>())
    .bind(&cycle.strategy)
    .bind(&cycle.settings)
    .bind(&cycle.code_version)
    .fetch_optional(&mut **transaction)
    .await
    .doing(DOING)?;
    Ok(id.map(CycleId))
}

async fn insert_miners(
    transaction: &mut Transaction<'_, Postgres>,
    cycle: CycleId,
    miners: &[NewMiner],
) -> Result<()> {
    fn column<'a, T>(miners: &'a [NewMiner], cell: impl Fn(&'a NewMiner) -> T) -> Vec<T> {
        miners.iter().map(cell).collect()
    }
    let commit_block = |miner: &NewMiner| {
        miner
            .commit_block
            .map(|block| exact::<i64>("commit block", block.0))
            .transpose()
    };
    sqlx::query(
        "INSERT INTO miners (cycle_id, uid, hotkey, commit_block, endpoint, repo, revision) \
         SELECT $1, * FROM unnest($2::int[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[])",
    )
    .bind(cycle.0)
    .bind(column(miners, |miner| i32::from(miner.uid.0)))
    .bind(column(miners, |miner| miner.hotkey.as_str()))
    .bind(miners.iter().map(commit_block).collect::<Result<Vec<_>>>()?)
    .bind(column(miners, |miner| clean(&miner.endpoint)))
    .bind(column(miners, |miner| miner.repo.as_deref().map(clean)))
    .bind(column(miners, |miner| miner.revision.as_deref().map(clean)))
    .execute(&mut **transaction)
    .await
    .map(drop)
    .doing("write down the cycle's miners")
}

async fn copy_tasks(
    transaction: &mut Transaction<'_, Postgres>,
    cycle: CycleId,
    tasks: impl Iterator<Item = NewTask> + Send,
) -> Result<()> {
    const DOING: &str = "write down the cycle's tasks";
    // A million tasks take longer than any other statement may.
    sqlx::query("SET LOCAL statement_timeout = '10min'")
        .execute(&mut **transaction)
        .await
        .doing(DOING)?;
    let mut copy = transaction.copy_in_raw(STATEMENT).await.doing(DOING)?;
    let mut buffer = Buffer::new();
    for task in tasks {
        buffer.push(cycle, &task);
        if buffer.is_full() {
            copy.send(buffer.bytes()).await.doing(DOING)?;
            buffer.clear();
        }
    }
    buffer.end();
    copy.send(buffer.bytes()).await.doing(DOING)?;
    copy.finish().await.map(drop).doing(DOING)
}
