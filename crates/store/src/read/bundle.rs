use crate::{Result, Store, error::Doing};
use kinitro_proto::CycleId;

impl Store {
    /// A chunk of a settled cycle's bundle, from place 0: a gzip member of its own; `None` behind the last one. One at a
    /// time, so that a bundle of any size is served in little memory.
    ///
    /// # Errors
    /// If the database cannot be asked.
    pub async fn bundle_chunk(&self, cycle: CycleId, place: u32) -> Result<Option<Vec<u8>>> {
        sqlx::query_scalar("SELECT bytes FROM bundle_chunks WHERE cycle_id = $1 AND place = $2")
            .bind(cycle.0)
            .bind(i64::from(place))
            .fetch_optional(&self.pool)
            .await
            .doing("read a chunk of the bundle")
    }
}
