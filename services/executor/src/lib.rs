#![doc = include_str!("../README.md")]

mod attempt;
mod config;
mod episode;
mod error;
mod heartbeat;
mod metrics;
mod slots;
mod worker;

pub use config::Config;
pub use error::Error;

use kinitro_chassis::{
    backoff::Backoff,
    health::{self, Health},
    report,
};
use kinitro_nats::Bus;
use kinitro_proto::{ExecutorId, Family};
use kinitro_simulator::{Launcher, Mode};
use metrics::Metrics;
use prometheus_client::registry::Registry;
use std::{sync::Arc, time::Duration};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How long ended simulators may take to go.
const LEFTOVERS: Duration = Duration::from_secs(5);

/// What every attempt of this executor shares.
#[derive(Debug)]
struct Shared {
    id: ExecutorId,
    config: Config,
    bus: Bus,
    policies: kinitro_policy::Client,
    launcher: Launcher,
    metrics: Metrics,
    health: Health,
}

/// Runs until shutdown, then drains: no new tasks, and those in hand finish or go back within the grace.
///
/// # Errors
/// What keeps the executor from starting at all, or [`Error::Worker`] when a family's loop breaks.
pub async fn run(mut config: Config, shutdown: CancellationToken) -> Result<(), Error> {
    // Scripted simulators are played by scripted policies; nothing else may name one.
    config.policy.scripted = config.simulator.eval_mode == Mode::Scripted;
    let id = config.executor_id.clone();
    let entries: Vec<_> = config.families().collect();
    let families: Vec<Family> = entries.iter().map(|entry| entry.name.clone()).collect();
    let health = Health::new(&["nats"]);
    for family in &families {
        health.missing(family.as_str(), "no simulator has started yet");
    }
    let mut registry = Registry::default();
    let metrics = Metrics::register(&mut registry);
    let served = health::serve(
        config.health_listen,
        health.clone(),
        Arc::new(registry),
        shutdown.child_token(),
    )
    .await?;

    let bus = Bus::connect(&config.nats, id.as_str()).await?;
    let report = bus.apply(&families).await?;
    tracing::debug!(%report, "streams and consumers are in place");
    let connection = connection(bus.clone(), health.clone(), shutdown.clone());
    let connection = tokio::spawn(connection);
    let policies = kinitro_policy::Client::new(&config.policy)?;
    let Some(launcher) = launcher(&config, &id, &health, &shutdown).await? else {
        return Ok(());
    };
    let shared = Arc::new(Shared {
        id,
        config,
        bus,
        policies,
        launcher,
        metrics,
        health,
    });

    let mut workers = JoinSet::new();
    for entry in entries {
        workers.spawn(worker::run(entry, Arc::clone(&shared), shutdown.clone()));
    }
    let mut outcome = Ok(());
    while let Some(ended) = workers.join_next().await {
        if let Err(error) = ended.map_err(Error::Worker).flatten() {
            // One family's loop ends only for a reason that the others share.
            shutdown.cancel();
            outcome = outcome.and(Err(error));
        }
    }
    if !shared.launcher.drain(LEFTOVERS).await {
        tracing::warn!("some simulators are still there: the next executor removes them");
    }
    connection.abort();
    served.abort();
    outcome
}

/// Says in `/ready` whether the bus is there: the pull loop waits for it without a word.
async fn connection(bus: Bus, health: Health, shutdown: CancellationToken) {
    let is_met = || bus.is_connected();
    health.follow("nats", "not connected", is_met, &shutdown).await;
}

/// Connects to whatever runs simulators. A daemon that is away is waited for, visibly: none when shutdown
/// comes first.
async fn launcher(
    config: &Config,
    id: &ExecutorId,
    health: &Health,
    shutdown: &CancellationToken,
) -> Result<Option<Launcher>, Error> {
    const NEED: &str = "simulators";
    let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(30));
    loop {
        match Launcher::connect(&config.simulator, id).await {
            Ok(launcher) => {
                health.met(NEED);
                return Ok(Some(launcher));
            }
            Err(error @ kinitro_simulator::Error::Config { .. }) => return Err(error.into()),
            Err(error) => {
                let why = report(&error).to_string();
                tracing::error!(
                    error = why,
                    "no simulators can be started yet: asking for no tasks"
                );
                health.missing(NEED, why);
            }
        }
        if !backoff.pause(shutdown).await {
            return Ok(None);
        }
    }
}
