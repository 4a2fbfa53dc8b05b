#![doc = include_str!("../README.md")]

mod config;
mod error;
mod follow;
mod gateway;
mod metrics;
mod router;
mod routes;
mod serve;

pub use config::{ApiKey, Config};
pub use error::{Error, Result};

use gateway::Gateway;
use kinitro_store::Store;
use std::{net::SocketAddr, sync::Arc};
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

/// Serves the API until the shutdown. The ledger and the bus may be away, at the start too.
///
/// # Errors
/// [`Error::Config`] or [`Error::Listen`], both at the start.
pub async fn run(config: Config, shutdown: CancellationToken) -> Result<()> {
    Bound::new(config).await?.run(shutdown).await;
    Ok(())
}

/// A gateway that has its port and serves nothing yet.
#[derive(Debug)]
pub struct Bound {
    config: Config,
    listener: TcpListener,
    address: SocketAddr,
}

impl Bound {
    /// Checks the configuration and takes the port.
    ///
    /// # Errors
    /// [`Error::Config`] or [`Error::Listen`].
    pub async fn new(config: Config) -> Result<Self> {
        let faults = config.check();
        if !faults.is_empty() {
            return Err(Error::Config {
                faults: faults.join("; "),
            });
        }
        let failed = |source| Error::Listen {
            address: format!("{}:{}", config.host, config.port),
            source,
        };
        let listener = serve::listen(&config.host, config.port).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self {
            config,
            listener,
            address,
        })
    }

    /// Where it listens: says the port when the configured one is 0.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until the shutdown, then lets running requests end.
    pub async fn run(self, shutdown: CancellationToken) {
        let Self {
            config,
            listener,
            address,
        } = self;
        let store = Store::connect(&config.database_url, config.database_connections);
        let gateway = Arc::new(Gateway::new(store.clone(), config.limits()));
        let ledger = follow::latest::follow(Arc::clone(&gateway), config.refresh(), shutdown.clone());
        let bus = follow::backlog::follow(Arc::clone(&gateway), config.nats.clone(), shutdown.clone());
        let followers = [tokio::spawn(ledger), tokio::spawn(bus)].map(AbortOnDropHandle::new);
        tracing::info!(%address, "serving the API");
        let router = router::router(gateway, config.limits());
        serve::serve(listener, router, config.limits(), shutdown).await;
        // They would wait for a ledger that is away.
        drop(followers);
        store.close().await;
    }
}
