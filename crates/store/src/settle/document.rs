//! What anyone can check a settled cycle by: its bundle, its document, and who signed that.

use super::{Settlement, keys};
use crate::{Error, Result, error::Doing, row::exact};
use kinitro_proto::CycleId;
use sqlx::PgConnection;

/// The largest chunk of a bundle, in bytes. The table's check says the same.
const CHUNK_LIMIT: usize = 4 * 1024 * 1024;

/// What a settled cycle is told by, byte for byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDocument {
    /// The canonical text.
    pub text: String,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
    /// SHA-256 of the evidence, as text: of what the bundle's chunks unpack to.
    pub evidence_sha256: [u8; 32],
    /// How long that text is.
    pub evidence_bytes: u64,
    /// How many lines it has.
    pub evidence_lines: u64,
    /// At most one of each key; none if no key is configured.
    pub signatures: Vec<NewSignature>,
}

/// A signature over a document's bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSignature {
    /// Whose: a key that was added and is not retired.
    pub key_id: String,
    /// Ed25519.
    pub signature: [u8; 64],
}

impl Settlement {
    /// Puts the next chunk behind those of the cycle's bundle: 1 byte to 4 MiB.
    ///
    /// # Errors
    /// If the chunk is too large, or the database refuses.
    pub async fn append_bundle(&mut self, chunk: &[u8]) -> Result<()> {
        if chunk.len() > CHUNK_LIMIT {
            return Err(Error::OutOfRange {
                what: "size of a bundle's chunk",
                value: chunk.len() as u64,
            });
        }
        sqlx::query("INSERT INTO bundle_chunks (cycle_id, place, bytes) VALUES ($1, $2, $3)")
            .bind(self.cycle.id.0)
            .bind(exact::<i32>("number of chunks", self.chunks.into())?)
            .bind(chunk)
            .execute(&mut *self.transaction)
            .await
            .doing("write down a chunk of the bundle")?;
        self.chunks += 1;
        Ok(())
    }
}

pub(super) async fn insert(
    connection: &mut PgConnection,
    cycle: CycleId,
    chunks: u32,
    document: &NewDocument,
) -> Result<()> {
    keys::check(connection, &document.signatures).await?;
    sqlx::query(
        "INSERT INTO documents (cycle_id, document, sha256, evidence_sha256, evidence_bytes, evidence_lines, \
             evidence_chunks) VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(cycle.0)
    .bind(&document.text)
    .bind(document.sha256.as_slice())
    .bind(document.evidence_sha256.as_slice())
    .bind(exact::<i64>("size of the evidence", document.evidence_bytes)?)
    .bind(exact::<i64>("number of lines", document.evidence_lines)?)
    .bind(exact::<i32>("number of chunks", chunks.into())?)
    .execute(&mut *connection)
    .await
    .doing("write down the document")?;
    let signatures = &document.signatures;
    sqlx::query(
        "INSERT INTO signatures (cycle_id, key_id, signature) SELECT $1, * FROM unnest($2::text[], $3::bytea[])",
    )
    .bind(cycle.0)
    .bind(signatures.iter().map(|by| by.key_id.as_str()).collect::<Vec<_>>())
    .bind(signatures.iter().map(|by| by.signature.as_slice()).collect::<Vec<_>>())
    .execute(connection)
    .await
    .map(drop)
    .doing("write down the signatures")
}
