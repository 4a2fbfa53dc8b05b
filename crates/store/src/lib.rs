#![doc = include_str!("../README.md")]

mod chain;
mod cycle;
mod error;
pub mod read;
mod record;
mod row;
mod schema;
mod settle;
mod url;

pub use chain::{ChainBlock, NewCommitment, Seen};
pub use cycle::{Cycle, CycleState, Digests, NewCycle, NewMiner, NewTask, Secret};
pub use error::{Error, Result};
pub use record::{Report, RetryRule, Verdict};
pub use schema::{Migration, MigrationState, create_database, drop_database};
pub use settle::{
    Episode, EpisodeEnd, KeyState, MissingState, NewDocument, NewScore, NewSignature, NewWeights, Settled,
    Settlement, SettlingCycle, SigningKeyRow, SnapshotMiner,
};
pub use url::DatabaseUrl;

use sqlx::{PgPool, postgres::PgPoolOptions};
use std::time::Duration;

/// How long a caller waits for a connection: longer, and the database counts as away.
const ACQUIRE: Duration = Duration::from_secs(5);
/// How long a connection nobody needs is kept.
const IDLE: Duration = Duration::from_secs(300);

/// The ledger. Cheap to clone; clones share the pool.
#[derive(Debug, Clone)]
pub struct Store {
    pool: PgPool,
}

impl Store {
    /// Makes a pool of at most `max_connections`. It connects when first asked something, so a database that
    /// is away delays nothing here. Must be called inside a tokio runtime.
    #[must_use]
    pub fn connect(url: &DatabaseUrl, max_connections: u32) -> Self {
        let pool = PgPoolOptions::new()
            .max_connections(max_connections)
            .acquire_timeout(ACQUIRE)
            .idle_timeout(IDLE)
            .connect_lazy_with(url.options());
        Self { pool }
    }

    /// Closes every connection, once it is handed back. The store answers nothing afterwards.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}
