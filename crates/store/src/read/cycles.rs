use super::{Counts, Status};
use crate::{Cycle, Result, Store, cycle::select_cycle, error::Doing, row::Columns};
use kinitro_proto::CycleId;
use sqlx::{FromRow, postgres::PgRow};

const DOING: &str = "read the cycle";

impl FromRow<'_, PgRow> for Counts {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            cycles: row.number("cycles")?,
            miners: row.number("miners")?,
        })
    }
}

impl Store {
    /// The cycle of that id.
    ///
    /// # Errors
    /// If the database cannot be asked.
    pub async fn cycle(&self, cycle: CycleId) -> Result<Option<Cycle>> {
        sqlx::query_as(select_cycle!("WHERE c.id = $1"))
            .bind(cycle.0)
            .fetch_optional(&self.pool)
            .await
            .doing(DOING)
    }

    /// The newest settled cycle.
    ///
    /// # Errors
    /// If the database cannot be asked.
    pub async fn latest_settled_cycle(&self) -> Result<Option<Cycle>> {
        sqlx::query_as(select_cycle!(
            "WHERE c.state = 'settled' ORDER BY c.id DESC LIMIT 1"
        ))
        .fetch_optional(&self.pool)
        .await
        .doing(DOING)
    }

    /// The newest cycle that is open or running.
    ///
    /// # Errors
    /// If the database cannot be asked.
    pub async fn current_cycle(&self) -> Result<Option<Cycle>> {
        sqlx::query_as(select_cycle!(
            "WHERE c.state IN ('open', 'running') ORDER BY c.id DESC LIMIT 1"
        ))
        .fetch_optional(&self.pool)
        .await
        .doing(DOING)
    }

    /// The newest cycles of any state, newest first.
    ///
    /// # Errors
    /// If the database cannot be asked.
    pub async fn cycles(&self, limit: u32) -> Result<Vec<Cycle>> {
        sqlx::query_as(select_cycle!("ORDER BY c.id DESC LIMIT $1"))
            .bind(i64::from(limit))
            .fetch_all(&self.pool)
            .await
            .doing("list the cycles")
    }

    /// How many cycles there are, and how many miners were ever scored.
    ///
    /// # Errors
    /// If the database cannot be asked.
    pub async fn counts(&self) -> Result<Counts> {
        // Hops from uid to uid through the index: as many steps as there are miners, however many scores.
        sqlx::query_as(
            "WITH RECURSIVE seen AS ( \
                 (SELECT uid FROM scores ORDER BY uid LIMIT 1) \
                 UNION ALL \
                 SELECT (SELECT s.uid FROM scores s WHERE s.uid > seen.uid ORDER BY s.uid LIMIT 1) \
                 FROM seen WHERE seen.uid IS NOT NULL) \
             SELECT (SELECT count(*) FROM cycles) AS cycles, count(uid) AS miners FROM seen",
        )
        .fetch_one(&self.pool)
        .await
        .doing("count cycles and miners")
    }

    /// What `kinitro db status` shows.
    ///
    /// # Errors
    /// If the database cannot be asked.
    pub async fn status(&self) -> Result<Status> {
        Ok(Status {
            counts: self.counts().await?,
            latest_settled: self.latest_settled_cycle().await?,
            current: self.current_cycle().await?,
            latest_weights: self.latest_weights().await?,
        })
    }
}
