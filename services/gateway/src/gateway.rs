//! What the routes share: the ledger, what is kept of it in memory, and the metrics.

use crate::{
    Error, Result,
    config::Limits,
    follow::latest::Latest,
    metrics::{self, Requests},
    routes::{evidence::Downloads, tasks::Counts},
};
use kinitro_chassis::health::Health;
use kinitro_store::Store;
use prometheus_client::registry::Registry;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// The need that `/ready` names when the ledger is away.
pub(crate) const POSTGRES: &str = "postgres";

/// The gateway's state.
#[derive(Debug)]
pub(crate) struct Gateway {
    store: Store,
    /// What everything is bounded by.
    pub(crate) limits: Limits,
    /// The newest weights and scores.
    pub(crate) latest: Latest,
    /// The counts of tasks, each kept for a moment.
    pub(crate) counts: Counts,
    /// The downloads of evidence that run.
    pub(crate) downloads: Downloads,
    /// Tasks that executors have in hand, as the bus said last; 0 when it is away.
    pub(crate) in_hand: AtomicU64,
    /// What is missing.
    pub(crate) health: Health,
    /// All metrics.
    pub(crate) registry: Arc<Registry>,
    /// Those of the requests.
    pub(crate) requests: Requests,
}

impl Gateway {
    /// Starts with nothing in memory.
    pub(crate) fn new(store: Store, limits: Limits) -> Self {
        let (registry, figures, requests) = metrics::registry();
        Self {
            store,
            limits,
            latest: Latest::new(figures),
            counts: Counts::default(),
            downloads: Downloads::new(limits.downloads, requests.downloads.clone()),
            in_hand: AtomicU64::new(0),
            health: Health::new(&[POSTGRES]),
            registry: Arc::new(registry),
            requests,
        }
    }

    /// The ledger, for one request.
    ///
    /// # Errors
    /// [`Error::KnownAway`] at once while the last look at it failed: a request that waits for a connection
    /// that will not come holds one of ours.
    pub(crate) fn ledger(&self) -> Result<&Store> {
        if self.latest.load().is_away() {
            Err(Error::KnownAway)
        } else {
            Ok(&self.store)
        }
    }

    /// The ledger, for whoever finds out whether it is there.
    pub(crate) const fn store(&self) -> &Store {
        &self.store
    }

    /// Tasks that executors have in hand.
    pub(crate) fn in_hand(&self) -> u64 {
        self.in_hand.load(Ordering::Relaxed)
    }
}
