//! The chain that a subnet's miners are read from, how far it was seen, and who committed what first.

mod seen;

pub use seen::Seen;

use crate::{
    Result, Store,
    error::Doing,
    row::{Columns, clean, exact},
};
use kinitro_proto::{BlockNumber, Hotkey};
use seen::{Known, Look};
use sqlx::{Postgres, Transaction};
use std::collections::HashMap;

/// Lineages kept of one hotkey. One that commits another thing for each of more cycles than this has lost
/// sight of its oldest, and only its own: nobody else's commits count against it.
const MAX_LINEAGES: i64 = 64;
/// Days that a lineage is kept while nobody reads it on the chain.
const MAX_DAYS: i32 = 180;

/// A block of the chain that a subnet is on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainBlock {
    /// The subnet.
    pub netuid: u16,
    /// The chain's genesis: `0x` and 64 hex digits.
    pub genesis_hash: String,
    /// The block.
    pub number: BlockNumber,
}

/// What a hotkey has committed, as read at a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCommitment {
    /// The hotkey.
    pub hotkey: Hotkey,
    /// What tells this content from any other the hotkey committed.
    pub lineage: [u8; 32],
    /// The repository it names.
    pub repo: Option<String>,
    /// That repository's revision.
    pub revision: Option<String>,
    /// The block of the commit that the chain has.
    pub block: BlockNumber,
}

const DOING: &str = "note the chain's block";

impl Store {
    /// Notes that a scheduler saw this block as the newest final one, and says how that fits what was seen before.
    /// A block that is behind changes nothing.
    ///
    /// # Errors
    /// If the database refuses; then nothing has changed.
    pub async fn note_head(&self, at: &ChainBlock) -> Result<Seen> {
        let mut transaction = self.pool.begin().await.doing(DOING)?;
        let seen = note(&mut transaction, at, Look::Head).await?;
        transaction.commit().await.doing(DOING)?;
        Ok(seen)
    }

    /// Notes the commitments read at this block, at most one of each hotkey, and says in the same order at which
    /// block each hotkey committed the same for the first time. If the block is behind, nothing is noted and
    /// there are no blocks.
    ///
    /// First blocks only ever fall and last ones rise, under the lock of the chain's row: two may call this, at
    /// once, in any order and again, and the same rows come out.
    ///
    /// # Errors
    /// If the database refuses; then nothing has changed.
    pub async fn note_commitments(
        &self,
        at: &ChainBlock,
        commitments: &[NewCommitment],
    ) -> Result<(Seen, Vec<BlockNumber>)> {
        let mut transaction = self.pool.begin().await.doing(DOING)?;
        let seen = note(&mut transaction, at, Look::Commitments).await?;
        if matches!(seen, Seen::Behind { .. }) {
            return Ok((seen, Vec::new()));
        }
        let firsts = upsert(&mut transaction, at, commitments).await?;
        prune(&mut transaction, at).await?;
        transaction.commit().await.doing(DOING)?;
        // Each is in the answer: the statement returns what it inserted and what it updated.
        let first = |commitment: &NewCommitment| firsts.get(&commitment.hotkey).copied();
        let blocks = commitments
            .iter()
            .map(|commitment| first(commitment).unwrap_or(commitment.block));
        Ok((seen, blocks.collect()))
    }
}

/// Locks the chain's row, so that one after the other judges and notes its block.
async fn note(transaction: &mut Transaction<'_, Postgres>, at: &ChainBlock, look: Look) -> Result<Seen> {
    let number = exact::<i64>("block number", at.number.0)?;
    let read_block = (look == Look::Commitments).then_some(number);
    let inserted = sqlx::query(
        "INSERT INTO chains (netuid, genesis_hash, head_block, read_block) VALUES ($1, $2, $3, $4) \
         ON CONFLICT DO NOTHING",
    )
    .bind(i32::from(at.netuid))
    .bind(&at.genesis_hash)
    .bind(number)
    .bind(read_block)
    .execute(&mut **transaction)
    .await
    .doing(DOING)?;
    if inserted.rows_affected() == 1 {
        return Ok(Seen::First);
    }
    let row =
        sqlx::query("SELECT genesis_hash, head_block, read_block FROM chains WHERE netuid = $1 FOR UPDATE")
            .bind(i32::from(at.netuid))
            .fetch_one(&mut **transaction)
            .await
            .doing(DOING)?;
    let seen = Known::of(&row).doing(DOING)?.judge(at, look);
    let change = match seen {
        Seen::First | Seen::Behind { .. } => return Ok(seen),
        Seen::Same => {
            "UPDATE chains SET head_seen_at = CASE WHEN head_block < $3 THEN now() ELSE head_seen_at END, \
                 head_block = greatest(head_block, $3), read_block = greatest(read_block, $4) \
             WHERE netuid = $1 AND genesis_hash = $2"
        }
        Seen::Reset { .. } => {
            "UPDATE chains SET former_genesis_hash = genesis_hash, resets = resets + 1, genesis_hash = $2, \
                 since = now(), head_block = $3, head_seen_at = now(), read_block = $4 WHERE netuid = $1"
        }
    };
    sqlx::query(change)
        .bind(i32::from(at.netuid))
        .bind(&at.genesis_hash)
        .bind(number)
        .bind(read_block)
        .execute(&mut **transaction)
        .await
        .doing(DOING)?;
    Ok(seen)
}

async fn upsert(
    transaction: &mut Transaction<'_, Postgres>,
    at: &ChainBlock,
    commitments: &[NewCommitment],
) -> Result<HashMap<Hotkey, BlockNumber>> {
    const DOING: &str = "note the commitments";
    fn column<'a, T>(rows: &'a [NewCommitment], cell: impl Fn(&'a NewCommitment) -> T) -> Vec<T> {
        rows.iter().map(cell).collect()
    }
    let blocks = commitments
        .iter()
        .map(|commitment| exact::<i64>("commit block", commitment.block.0));
    let rows = sqlx::query(
        "INSERT INTO commitments AS known \
             (netuid, genesis_hash, hotkey, lineage, repo, revision, first_block, last_block) \
         SELECT $1, $2, hotkey, lineage, repo, revision, block, block \
         FROM unnest($3::text[], $4::bytea[], $5::text[], $6::text[], $7::bigint[]) \
             AS read (hotkey, lineage, repo, revision, block) ORDER BY hotkey \
         ON CONFLICT ON CONSTRAINT commitments_pkey DO UPDATE SET \
             first_block = least(known.first_block, excluded.first_block), \
             last_block = greatest(known.last_block, excluded.last_block), \
             last_seen_at = greatest(known.last_seen_at, now()) \
         RETURNING hotkey, first_block",
    )
    .bind(i32::from(at.netuid))
    .bind(&at.genesis_hash)
    .bind(column(commitments, |row| row.hotkey.as_str()))
    .bind(column(commitments, |row| row.lineage.as_slice()))
    .bind(column(commitments, |row| row.repo.as_deref().map(clean)))
    .bind(column(commitments, |row| row.revision.as_deref().map(clean)))
    .bind(blocks.collect::<Result<Vec<_>>>()?)
    .fetch_all(&mut **transaction)
    .await
    .doing(DOING)?;
    rows.iter()
        .map(|row| Ok((row.hotkey("hotkey")?, BlockNumber(row.number("first_block")?))))
        .collect::<Result<_, sqlx::Error>>()
        .doing(DOING)
}

/// Drops what is beyond the bounds; what was just read is the newest of its hotkey, and stays.
async fn prune(transaction: &mut Transaction<'_, Postgres>, at: &ChainBlock) -> Result<()> {
    const DOING: &str = "drop old commitments";
    sqlx::query(
        "DELETE FROM commitments WHERE netuid = $1 AND last_seen_at < now() - make_interval(days => $2)",
    )
    .bind(i32::from(at.netuid))
    .bind(MAX_DAYS)
    .execute(&mut **transaction)
    .await
    .doing(DOING)?;
    sqlx::query(
        "DELETE FROM commitments c USING (SELECT hotkey, lineage, row_number() OVER \
             (PARTITION BY hotkey ORDER BY last_seen_at DESC, last_block DESC, lineage) AS place \
             FROM commitments WHERE netuid = $1 AND genesis_hash = $2) ranked \
         WHERE c.netuid = $1 AND c.genesis_hash = $2 AND c.hotkey = ranked.hotkey \
             AND c.lineage = ranked.lineage AND ranked.place > $3",
    )
    .bind(i32::from(at.netuid))
    .bind(&at.genesis_hash)
    .bind(MAX_LINEAGES)
    .execute(&mut **transaction)
    .await
    .map(drop)
    .doing(DOING)
}
