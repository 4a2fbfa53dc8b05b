use crate::{
    Result, Store,
    error::Doing,
    row::{Columns, numbers},
};
use jiff::Timestamp;
use kinitro_proto::{BlockNumber, CycleId, Uid};
use sqlx::{FromRow, Row, postgres::PgRow};

/// A cycle's weights, as they are served. `weights`, `weights_u16` and `points` are aligned with `uids`.
#[derive(Debug, Clone, PartialEq)]
pub struct Weights {
    /// The cycle.
    pub cycle: CycleId,
    /// The block its miners were read at.
    pub block_number: BlockNumber,
    /// When they were computed.
    pub created_at: Timestamp,
    /// The miners, in the order of the computation.
    pub uids: Vec<Uid>,
    /// Finite, not negative.
    pub weights: Vec<f64>,
    /// The same for the chain.
    pub weights_u16: Vec<u16>,
    /// What the miners won.
    pub points: Vec<f64>,
    /// Those on the Pareto frontier.
    pub frontier: Vec<Uid>,
    /// What counts as equal, aligned with the cycle's environments.
    pub epsilons: Vec<f64>,
    /// How many miners the cycle judged.
    pub miners: u32,
    /// In how many environments.
    pub environments: u32,
    /// From the cycle's opening to its settling, in seconds.
    pub duration_seconds: f64,
    /// How often each miner keeps its rank when the episodes are drawn again, 0 to 1, aligned with `uids`; `None` where
    /// that was not computed.
    pub stability: Option<Vec<f64>>,
    /// In how many replicates; 0 without `stability`.
    pub replicates: u32,
    /// What anyone can check them by. Cycles that settled before there were documents have none.
    pub signed: Option<Signed>,
}

/// A settled cycle's document, byte for byte, and who signed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The canonical text.
    pub document: String,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
    /// SHA-256 of the evidence, as text.
    pub evidence_sha256: [u8; 32],
    /// How long that text is, in bytes.
    pub evidence_bytes: u64,
    /// How many lines it has.
    pub evidence_lines: u64,
    /// In how many chunks it is kept: [`Store::bundle_chunk`] has the places from 0 to one less.
    pub evidence_chunks: u32,
    /// Each key's id with its signature, by id; none if nobody signed.
    pub signatures: Vec<(String, [u8; 64])>,
}

impl FromRow<'_, PgRow> for Weights {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            cycle: CycleId(row.number("cycle_id")?),
            block_number: BlockNumber(row.number("block_number")?),
            created_at: row.time("created_at")?,
            uids: row.uids("uids")?,
            weights: row.try_get("weights")?,
            weights_u16: numbers("weights_u16", &row.try_get::<Vec<i32>, _>("weights_u16")?)?,
            points: row.try_get("points")?,
            frontier: row.uids("frontier")?,
            epsilons: row.try_get("epsilons")?,
            miners: row.number("miners")?,
            environments: row.number("environments")?,
            duration_seconds: row.try_get("duration_seconds")?,
            stability: row.try_get("stability")?,
            replicates: row
                .try_get::<Option<i32>, _>("replicates")?
                .map_or(Ok(0), |_| row.number("replicates"))?,
            signed: signed(row)?,
        })
    }
}

fn signed(row: &PgRow) -> Result<Option<Signed>, sqlx::Error> {
    let Some(document) = row.try_get("document")? else {
        return Ok(None);
    };
    let keys: Vec<String> = row.try_get("signing_keys")?;
    let signatures: Vec<[u8; 64]> = row.try_get("signatures")?;
    Ok(Some(Signed {
        document,
        sha256: row.try_get("sha256")?,
        evidence_sha256: row.try_get("evidence_sha256")?,
        evidence_bytes: row.number("evidence_bytes")?,
        evidence_lines: row.number("evidence_lines")?,
        evidence_chunks: row.number("evidence_chunks")?,
        signatures: keys.into_iter().zip(signatures).collect(),
    }))
}

/// Every column of a cycle's weights. Complete it with a `WHERE` or an `ORDER BY`.
macro_rules! select_weights {
    ($rest:literal) => {
        concat!(
            "SELECT w.*, cardinality(c.environments) AS environments, ",
            "(SELECT count(*) FROM miners m WHERE m.cycle_id = w.cycle_id) AS miners, ",
            "extract(epoch FROM c.finished_at - c.opened_at)::float8 AS duration_seconds, ",
            "d.document, d.sha256, d.evidence_sha256, d.evidence_bytes, d.evidence_lines, d.evidence_chunks, ",
            "ARRAY(SELECT s.key_id FROM signatures s WHERE s.cycle_id = w.cycle_id ORDER BY s.key_id) ",
            "AS signing_keys, ",
            "ARRAY(SELECT s.signature FROM signatures s WHERE s.cycle_id = w.cycle_id ORDER BY s.key_id) ",
            "AS signatures ",
            "FROM weights w JOIN cycles c ON c.id = w.cycle_id ",
            "LEFT JOIN documents d ON d.cycle_id = w.cycle_id ",
            $rest
        )
    };
}

const DOING: &str = "read the weights";

impl Store {
    /// The newest weights: those of the newest settled cycle. Not those of the highest block, which a chain
    /// that starts over would leave behind for ever.
    ///
    /// # Errors
    /// If the database cannot be asked.
    pub async fn latest_weights(&self) -> Result<Option<Weights>> {
        sqlx::query_as(select_weights!("ORDER BY w.cycle_id DESC LIMIT 1"))
            .fetch_optional(&self.pool)
            .await
            .doing(DOING)
    }

    /// The newest weights of that block.
    ///
    /// # Errors
    /// If the database cannot be asked.
    pub async fn weights_at(&self, block: BlockNumber) -> Result<Option<Weights>> {
        // Beyond the column there are no blocks, and so no weights.
        let Ok(block) = i64::try_from(block.0) else {
            return Ok(None);
        };
        sqlx::query_as(select_weights!(
            "WHERE w.block_number = $1 ORDER BY w.cycle_id DESC LIMIT 1"
        ))
        .bind(block)
        .fetch_optional(&self.pool)
        .await
        .doing(DOING)
    }

    /// The weights of that cycle, if it is settled.
    ///
    /// # Errors
    /// If the database cannot be asked.
    pub async fn weights_of(&self, cycle: CycleId) -> Result<Option<Weights>> {
        sqlx::query_as(select_weights!("WHERE w.cycle_id = $1"))
            .bind(cycle.0)
            .fetch_optional(&self.pool)
            .await
            .doing(DOING)
    }
}
