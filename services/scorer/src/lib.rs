#![doc = include_str!("../README.md")]

mod config;
mod error;
mod ingest;
mod metrics;
mod settle;
mod signing;

pub use config::Config;
pub use error::Error;

use kinitro_chassis::health::{self, Health};
use kinitro_nats::Bus;
use kinitro_proto::catalogue;
use kinitro_store::Store;
use metrics::Metrics;
use prometheus_client::registry::Registry;
use signing::Signers;
use std::sync::Arc;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Connections to the ledger: one for recording, one for settling, one to spare.
const CONNECTIONS: u32 = 3;

/// What recording and settling share.
#[derive(Debug)]
struct Shared {
    config: Config,
    bus: Bus,
    store: Store,
    metrics: Metrics,
    signers: Signers,
    health: Health,
    /// Results were recorded: a cycle may be complete.
    recorded: Notify,
}

/// Runs until shutdown: records results as they come, settles cycles as they complete. Several may run at
/// once: they share the results, and the ledger lets one settle each cycle.
///
/// # Errors
/// What keeps the scorer from starting at all. Later faults are logged, shown in `/ready` and tried again.
pub async fn run(config: Config, shutdown: CancellationToken) -> Result<(), Error> {
    let signers = config.signers()?;
    let health = Health::new(&["postgres", "nats"]);
    let mut registry = Registry::default();
    let metrics = Metrics::register(&mut registry);
    let served = health::serve(
        config.health_listen,
        health.clone(),
        Arc::new(registry),
        shutdown.child_token(),
    )
    .await?;

    if signers.len() == 0 {
        tracing::warn!("no --signing-key-file: documents of weights will have no signature");
    } else {
        tracing::info!(keys = ?signers.ids(), "documents of weights will be signed");
    }
    metrics.signed_by(signers.len());
    let store = Store::connect(&config.database_url, CONNECTIONS);
    let bus = Bus::connect(&config.nats, "scorer").await?;
    let families: Vec<_> = catalogue::families()
        .iter()
        .map(|entry| entry.name.clone())
        .collect();
    let report = bus.apply(&families).await?;
    tracing::debug!(%report, "streams and consumers are in place");
    let shared = Arc::new(Shared {
        config,
        bus,
        store,
        metrics,
        signers,
        health,
        recorded: Notify::new(),
    });

    let settling = tokio::spawn(settling(Arc::clone(&shared), shutdown.clone()));
    let connection = tokio::spawn(connection(Arc::clone(&shared), shutdown.clone()));
    let ended = ingest::run(&shared, &shutdown).await;
    shutdown.cancel();
    let settled = settling.await.unwrap_or_else(|error| {
        tracing::error!(%error, "the settling loop broke");
        Ok(())
    });
    connection.abort();
    served.abort();
    ended.and(settled)
}

/// Settles. However that ends, the service ends with it: results that nobody settles are no use to anyone.
async fn settling(shared: Arc<Shared>, shutdown: CancellationToken) -> Result<(), Error> {
    let _ends_the_service = shutdown.clone().drop_guard();
    settle::run(shared, shutdown).await
}

/// Says in `/ready` whether the bus is there: the pull loop waits for it without a word.
async fn connection(shared: Arc<Shared>, shutdown: CancellationToken) {
    let is_met = || shared.bus.is_connected();
    let health = &shared.health;
    health.follow("nats", "not connected", is_met, &shutdown).await;
}
