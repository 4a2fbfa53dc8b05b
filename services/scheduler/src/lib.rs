#![doc = include_str!("../README.md")]

mod config;
mod cycle;
mod error;
mod metrics;
mod miners;
mod outbox;
mod plan;
mod reconcile;

pub use config::{Config, MissingCells, PrivateKey};
pub use error::Error;

use kinitro_chain::{Chain, Network};
use kinitro_chassis::{
    backoff::{self, Backoff},
    health::{self, Health},
    report,
};
use kinitro_nats::Bus;
use kinitro_store::Store;
use metrics::{ChainMetrics, Metrics};
use miners::{ChainSource, MinerSource, Standing, Watch};
use outbox::Progress;
use prometheus_client::registry::Registry;
use reconcile::Reconciler;
use std::{
    mem::{Discriminant, discriminant},
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// How often the scheduler compares what is with what should be.
const TICK: Duration = Duration::from_secs(1);
/// Connections to the ledger: one for the loop, the reaper and the watch each, one to spare.
const CONNECTIONS: u32 = 4;

/// Runs until shutdown. Two may run at once: the ledger lets one open each cycle, and everything else is
/// safe to do twice.
///
/// # Errors
/// What keeps the scheduler from starting at all. Later faults are logged, shown in `/ready` and tried again.
pub async fn run(config: Config, shutdown: CancellationToken) -> Result<(), Error> {
    let health = Health::new(&["postgres", "nats", "miners"]);
    let mut registry = Registry::default();
    let metrics = Metrics::register(&mut registry);
    let standing = config.network().map(|network| {
        health.missing("chain", "not connected yet");
        let metrics = ChainMetrics::register(&mut registry);
        let health = health.clone();
        (network, Standing { health, metrics })
    });
    let served = health::serve(
        config.health_listen,
        health.clone(),
        Arc::new(registry),
        shutdown.child_token(),
    )
    .await?;

    let store = Store::connect(&config.database_url, CONNECTIONS);
    let recovered = Arc::new(Notify::new());
    let (miners, watch) = match standing {
        Some((network, standing)) => {
            let (source, watch) = on_chain(&config, &network, standing, &store, &recovered)?;
            (MinerSource::Chain(Box::new(source)), Some(watch))
        }
        None => (
            MinerSource::File(config.miners_file.clone().unwrap_or_default()),
            None,
        ),
    };
    let bus = Bus::connect(&config.nats, "scheduler").await?;
    let families: Vec<_> = config.families().map(|entry| entry.name.clone()).collect();
    let report = bus.apply(&families).await?;
    tracing::debug!(%report, "streams and consumers are in place");
    health.met("nats");
    let reaper = tokio::spawn(reap(store.clone(), bus.clone(), shutdown.clone()));
    let watch = watch.map(|watch| tokio::spawn(watch.run(shutdown.clone())));
    let scheduler = Scheduler {
        config,
        miners,
        store,
        bus,
        health,
        metrics,
        recovered,
    };
    scheduler.work(&families, &shutdown).await;
    reaper.abort();
    if let Some(watch) = watch {
        watch.abort();
    }
    served.abort();
    Ok(())
}

/// The miners of a chain, and the watch of its head. Each has a connection of its own: a long read delays no look.
fn on_chain(
    config: &Config,
    network: &Network,
    standing: Standing,
    store: &Store,
    recovered: &Arc<Notify>,
) -> Result<(ChainSource, Watch), Error> {
    let policy = config.policy().map_err(|fault| Error::PrivateKey { fault })?;
    let opens_sealed = policy.secret_key.is_some();
    tracing::info!(
        ?network,
        netuid = config.netuid(),
        opens_sealed,
        plain_endpoints = ?policy.plain_endpoints,
        "the miners come from the chain"
    );
    let watch = Watch {
        chain: Chain::with_limits(network.clone(), Watch::limits()),
        netuid: config.netuid(),
        store: store.clone(),
        standing: standing.clone(),
        recovered: recovered.clone(),
    };
    let chain = Chain::with_limits(network.clone(), ChainSource::limits());
    Ok((ChainSource::new(chain, policy, store.clone(), standing), watch))
}

struct Scheduler {
    config: Config,
    miners: MinerSource,
    store: Store,
    bus: Bus,
    health: Health,
    metrics: Metrics,
    recovered: Arc<Notify>,
}

impl Scheduler {
    /// The loop: one step, then a tick's wait, longer after failures.
    async fn work(&self, families: &[kinitro_proto::Family], shutdown: &CancellationToken) {
        let mut backoff = Backoff::new(TICK, Duration::from_secs(30));
        let mut reconciler = Reconciler::default();
        let mut reconciled = Instant::now();
        let mut told = None;
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
                    told = None;
                    backoff.reset();
                    TICK
                }
                Err(error) => {
                    told = self.degraded(&error, told);
                    backoff.next_wait()
                }
            };
            tokio::select! {
                _ = backoff::pause(wait, shutdown) => {}
                () = self.recovered.notified() => backoff.reset(),
            }
        }
    }

    /// Opens a cycle if one is due, and publishes what the active one still owes the stream.
    async fn step(&self, shutdown: &CancellationToken) -> Result<(), Error> {
        let opened = cycle::open_if_due(&self.config, &self.miners, &self.store, shutdown).await?;
        if let Some(opened) = opened {
            self.metrics.opened();
            self.bus.publish_event(&opened.event()).await?;
        }
        let Some(cycle) = self.store.active_cycle(self.config.netuid()).await? else {
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
        if let Some(cycle) = self.store.active_cycle(self.config.netuid()).await? {
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

    /// Says what is wrong, unless it is the chain and was `told` before: an outage of it is one line, however often
    /// it is asked. Returns what has been told now.
    fn degraded(&self, error: &Error, told: Option<Discriminant<Error>>) -> Option<Discriminant<Error>> {
        let need = match error {
            Error::Store(_) => "postgres",
            Error::Bus(_) => "nats",
            Error::Miners { .. }
            | Error::Chain(_)
            | Error::Behind { .. }
            | Error::NoMiners { .. }
            | Error::TooLarge { .. } => "miners",
            // Only the start can meet them.
            Error::Health(_) | Error::PrivateKey { .. } => return told,
        };
        let why = report(error).to_string();
        let kind = Some(discriminant(error));
        if error.is_of_the_chain() && told == kind {
            tracing::debug!(error = why, "trying again");
        } else {
            let hint = match error {
                Error::Chain(error) => error.hint(),
                _ => None,
            };
            tracing::warn!(error = why, hint, "trying again");
        }
        if error.is_of_the_chain() {
            // It was asked because a cycle is due, which the ledger had just said.
            self.health.met("postgres");
        }
        self.health.missing(need, why);
        kind
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
