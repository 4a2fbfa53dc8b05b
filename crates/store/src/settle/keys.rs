//! The keys that documents are signed with: their public halves, and since when one signs no more.

use super::NewSignature;
use crate::{
    Error, Result, Store,
    error::Doing,
    row::{Columns, clean},
};
use jiff::Timestamp;
use sqlx::{FromRow, PgConnection, Row, postgres::PgRow};
use std::collections::HashMap;

/// Whether a key may sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyState {
    /// It may.
    Active,
    /// It may not any more. What it signed before stands.
    Retired,
}

/// A signing key, as everybody may know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningKeyRow {
    /// The first 16 hex digits of the public key's SHA-256.
    pub key_id: String,
    /// The public key.
    pub public_key: [u8; 32],
    /// When the ledger first saw it.
    pub added_at: Timestamp,
    /// Since when it signs no more.
    pub retired_at: Option<Timestamp>,
    /// How many documents it signed.
    pub documents: u64,
}

impl SigningKeyRow {
    /// Whether it may sign.
    #[must_use]
    pub const fn state(&self) -> KeyState {
        match self.retired_at {
            None => KeyState::Active,
            Some(_) => KeyState::Retired,
        }
    }
}

impl FromRow<'_, PgRow> for SigningKeyRow {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            key_id: row.try_get("key_id")?,
            public_key: row.try_get("public_key")?,
            added_at: row.time("added_at")?,
            retired_at: row.time_if_any("retired_at")?,
            documents: row.number("documents")?,
        })
    }
}

impl Store {
    /// Makes a signing key known, and says whether it may sign. Adding it again changes nothing: a retired key stays
    /// retired.
    ///
    /// # Errors
    /// If the id is not made from the key, or the database refuses.
    pub async fn add_signing_key(&self, key_id: &str, public_key: &[u8; 32]) -> Result<KeyState> {
        const DOING: &str = "add a signing key";
        sqlx::query("INSERT INTO signing_keys (key_id, public_key) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind(clean(key_id))
            .bind(public_key.as_slice())
            .execute(&self.pool)
            .await
            .doing(DOING)?;
        // By both: should two keys ever share an id, the second one is refused.
        let retired: Option<bool> = sqlx::query_scalar(
            "SELECT retired_at IS NOT NULL FROM signing_keys WHERE key_id = $1 AND public_key = $2",
        )
        .bind(clean(key_id))
        .bind(public_key.as_slice())
        .fetch_optional(&self.pool)
        .await
        .doing(DOING)?;
        match retired {
            Some(true) => Ok(KeyState::Retired),
            Some(false) => Ok(KeyState::Active),
            None => Err(Error::KeyTaken {
                key_id: key_id.to_owned(),
            }),
        }
    }

    /// Retires a signing key, for good: from now on no document is stored with its signature. False if there is no such
    /// key; retiring it again changes nothing. Waits for who is settling with it.
    ///
    /// # Errors
    /// If the database refuses.
    pub async fn retire_signing_key(&self, key_id: &str) -> Result<bool> {
        sqlx::query(
            "UPDATE signing_keys SET retired_at = coalesce(retired_at, greatest(now(), added_at)) \
             WHERE key_id = $1",
        )
        .bind(clean(key_id))
        .execute(&self.pool)
        .await
        .map(|done| done.rows_affected() == 1)
        .doing("retire the signing key")
    }

    /// Every signing key there ever was, oldest first.
    ///
    /// # Errors
    /// If the database cannot be asked.
    pub async fn signing_keys(&self) -> Result<Vec<SigningKeyRow>> {
        sqlx::query_as(
            "SELECT k.*, (SELECT count(*) FROM signatures s WHERE s.key_id = k.key_id) AS documents \
             FROM signing_keys k ORDER BY k.added_at, k.key_id",
        )
        .fetch_all(&self.pool)
        .await
        .doing("list the signing keys")
    }
}

/// Refuses signatures of keys that may not sign, and keeps the others from being retired until the transaction ends.
pub(super) async fn check(connection: &mut PgConnection, signatures: &[NewSignature]) -> Result<()> {
    let ids: Vec<_> = signatures.iter().map(|by| clean(&by.key_id)).collect();
    let known: Vec<(String, bool)> = sqlx::query_as(
        "SELECT key_id, retired_at IS NOT NULL FROM signing_keys WHERE key_id = ANY($1) \
         ORDER BY key_id FOR SHARE",
    )
    .bind(ids)
    .fetch_all(connection)
    .await
    .doing("look the signing keys up")?;
    let known: HashMap<_, _> = known.into_iter().collect();
    for by in signatures {
        let key_id = by.key_id.clone();
        match known.get(&by.key_id) {
            Some(false) => {}
            Some(true) => return Err(Error::RetiredKey { key_id }),
            None => return Err(Error::UnknownKey { key_id }),
        }
    }
    Ok(())
}
