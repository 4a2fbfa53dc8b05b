#![doc = include_str!("../README.md")]

mod config;
mod cycle;
mod error;
mod metrics;
mod miners;
mod outbox;
mod plan;
mod reconcile;
mod seed;

pub use config::Config;
pub use error::Error;
pub use miners::{Miner, MinerSource, Snapshot};

use cycle::Opened;
use kinitro_chassis::{
    backoff::{self, Backoff},
    health::{self, Health},
    report,
};
use kinitro_nats::Bus;
use kinitro_proto::Event;
use kinitro_store::Store;
use metrics::Metrics;
use outbox::Progress;
use prometheus_client::registry::Registry;
use reconcile::Reconciler;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio_util::sync::CancellationToken;

/// How often the scheduler compares what is with what should be.
const TICK: Duration = Duration::from_secs(1);
/// Connections to the ledger: one for the loop, one for the reaper, one to spare.
const CONNECTIONS: u32 = 3;

/// Runs until shutdown. Two may run at once: the ledger lets one open each cycle, and everything else is
/// safe to do twice.
///
/// # Errors
/// What keeps the scheduler from starting at all. Later faults are logged, shown in `/ready` and tried again.
pub async fn run(config: Config, shutdown: CancellationToken) -> Result<(), Error> {
    let health = Health::new(&["postgres", "nats", "miners"]);
    let mut registry = Registry::default();
    let metrics = Metrics::register(&mut registry);
    let served = health::serve(
        config.health_listen,
        health.clone(),
        Arc::new(registry),
        shutdown.child_token(),
    )
    .await?;

    let store = Store::connect(&config.database_url, CONNECTIONS);
    let bus = Bus::connect(&config.nats, "scheduler").await?;
    let families: Vec<_> = config.families().map(|entry| entry.name.clone()).collect();
    let report = bus.apply(&families).await?;
    tracing::debug!(%report, "streams and consumers are in place");
    let scheduler = Scheduler {
        config,
        store,
        bus,
        health,
        metrics,
    };
    let reaper = tokio::spawn(reap(
        scheduler.store.clone(),
        scheduler.bus.clone(),
        shutdown.clone(),
    ));
    scheduler.work(&families, &shutdown).await;
    reaper.abort();
    served.abort();
    Ok(())
}

struct Scheduler {
    config: Config,
    store: Store,
    bus: Bus,
    health: Health,
    metrics: Metrics,
}

impl Scheduler {
    /// The loop: one step, then a tick's wait, longer after failures.
    async fn work(&self, families: &[kinitro_proto::Family], shutdown: &CancellationToken) {
        let mut backoff = Backoff::new(TICK, Duration::from_secs(30));
        let mut reconciler = Reconciler::default();
        let mut reconciled = Instant::now();
        while !shutdown.is_cancelled() {
            let mut step = async || {
                let due = reconciled.elapsed() >= self.config.reconcile_interval();
                if due {
                    reconciled = Instant::now();
                    // A store that was wiped has no streams. They are put back before anything is published,
                    // which would fail for ever without them.
                    self.bus.apply(families).await?;
                }
                self.step(shutdown).await?;
                if due {
                    self.reconcile(&mut reconciler).await?;
                }
                Ok(())
            };
            let wait = match step().await {
                Ok(()) => {
                    self.all_is_well();
                    backoff.reset();
                    TICK
                }
                Err(error) => {
                    self.degraded(&error);
                    backoff.next_wait()
                }
            };
            backoff::pause(wait, shutdown).await;
        }
    }

    /// Opens a cycle if one is due, and publishes what the active one still owes the stream.
    async fn step(&self, shutdown: &CancellationToken) -> Result<(), Error> {
        if let Some(Opened { cycle, tasks }) = cycle::open_if_due(&self.config, &self.store).await? {
            self.metrics.opened();
            self.bus
                .publish_event(&Event::CycleOpened { cycle, tasks })
                .await?;
        }
        let Some(cycle) = self.store.active_cycle(self.config.netuid).await? else {
            return Ok(());
        };
        if outbox::publish(&cycle, &self.store, &self.bus, shutdown).await? == Progress::Full {
            tracing::info!(
                cycle.id = cycle.id.0,
                "the stream is full: the rest waits for the executors"
            );
        }
        let again = outbox::publish_retries(cycle.id, &self.store, &self.bus).await?;
        self.metrics.published_again(again);
        Ok(())
    }

    async fn reconcile(&self, reconciler: &mut Reconciler) -> Result<(), Error> {
        if let Some(cycle) = self.store.active_cycle(self.config.netuid).await? {
            let again = reconciler.pass(cycle.id, &self.store, &self.bus).await?;
            self.metrics.published_again(again);
        }
        Ok(())
    }

    fn all_is_well(&self) {
        for need in ["postgres", "nats", "miners"] {
            self.health.met(need);
        }
    }

    fn degraded(&self, error: &Error) {
        let need = match error {
            Error::Store(_) => "postgres",
            Error::Bus(_) => "nats",
            Error::Miners { .. } => "miners",
            // Only the start can meet it.
            Error::Health(_) => return,
        };
        let why = report(error).to_string();
        tracing::warn!(error = why, "trying again");
        self.health.missing(need, why);
    }
}

/// Gives up messages that were delivered as often as allowed, as the server's advisories name them.
async fn reap(store: Store, bus: Bus, shutdown: CancellationToken) {
    let mut backoff = Backoff::new(TICK, Duration::from_secs(30));
    while !shutdown.is_cancelled() {
        let work = async || {
            let mut advisories = bus.advisories().await?;
            loop {
                let advisory = advisories.next().await?;
                reconcile::bury(&advisory, &store, &bus).await?;
            }
        };
        let ended: Result<(), Error> = work().await;
        if let Err(error) = ended {
            tracing::warn!(error = %report(&error), "the reaper starts again");
        }
        backoff.pause(&shutdown).await;
    }
}
