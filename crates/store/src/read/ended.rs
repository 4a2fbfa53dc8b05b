use crate::{CycleState, Result, Store, error::Doing, row::Columns, row::refused};
use sqlx::{FromRow, Row, postgres::PgRow};

/// Cycles that ended in one way after about the same time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EndedCycles {
    /// How they ended.
    pub state: CycleState,
    /// How many of the bounds they took longer than.
    pub bucket: usize,
    /// How many they are.
    pub cycles: u64,
    /// From opening to end, in seconds, all added up.
    pub seconds: f64,
}

impl FromRow<'_, PgRow> for EndedCycles {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            state: row
                .try_get::<&str, _>("state")?
                .parse()
                .map_err(|error: String| refused("state", error.into()))?,
            bucket: row.number("bucket")?,
            cycles: row.number("cycles")?,
            seconds: row.try_get("seconds")?,
        })
    }
}

impl Store {
    /// The cycles that ended, by how and by duration: one line for each state and each number of the
    /// ascending `bounds` (in seconds) that the duration is above, where there are any.
    ///
    /// # Errors
    /// If the database cannot be asked.
    pub async fn ended_cycles(&self, bounds: &[f64]) -> Result<Vec<EndedCycles>> {
        sqlx::query_as(
            "WITH ended AS (SELECT state, extract(epoch FROM finished_at - opened_at)::float8 AS seconds \
                 FROM cycles WHERE state IN ('settled', 'expired', 'cancelled')), \
             placed AS (SELECT state, seconds, \
                 (SELECT count(*) FROM unnest($1::float8[]) AS b (bound) WHERE b.bound < seconds) AS bucket \
                 FROM ended) \
             SELECT state, bucket, count(*) AS cycles, sum(seconds) AS seconds FROM placed \
             GROUP BY state, bucket ORDER BY state, bucket",
        )
        .bind(bounds)
        .fetch_all(&self.pool)
        .await
        .doing("count the cycles that ended")
    }
}
