#![doc = include_str!("../README.md")]

mod config;
mod decide;
mod error;
mod gateway;
mod memory;
mod metrics;
mod submit;
pub mod verify;
mod watch;

pub use config::{Config, SecretUri};
pub use decide::{Reason, Rehearsal};
pub use error::Error;

use error::Result;
use kinitro_chain::Chain;
use kinitro_chassis::health::{self, Health};
use memory::Folder;
use metrics::Metrics;
use prometheus_client::registry::Registry;
use std::{path::PathBuf, sync::Arc};
use submit::Submitter;
use tokio_util::sync::CancellationToken;
use watch::Watch;

/// Puts the gateway's weights on the chain until the shutdown, or once. A dry run tells what it finds to `tell`.
///
/// # Errors
/// What keeps the validator from starting: the hotkey, the memory, the address for health. Later faults are logged,
/// shown in `/ready` and tried again; with `--once` they are returned.
pub async fn run(
    config: Config,
    shutdown: CancellationToken,
    mut tell: impl FnMut(&Rehearsal) + Send,
) -> Result<()> {
    let signer = config.signer().map_err(Error::Hotkey)?;
    let hotkey = signer.hotkey().clone();
    let state_dir: PathBuf = config.state_dir().expect("the settings were checked");
    let folder = if config.dry_run {
        Folder::unlocked(&state_dir, config.netuid, &hotkey)
    } else {
        Folder::lock(&state_dir, config.netuid, &hotkey)?
    };
    let health = Health::new(&watch::NEEDS);
    let mut registry = Registry::default();
    let metrics = Metrics::register(&mut registry);
    tracing::info!(
        %hotkey, netuid = config.netuid, network = ?config.network, backend = %config.backend_url,
        state_dir = %state_dir.display(), version_key = config.version_key, "watching for weights"
    );
    let submitter = Submitter {
        chain: Chain::new(config.network.clone()),
        netuid: config.netuid,
        version_key: config.version_key,
        signer,
    };
    let mut watch = Watch::new(&config, submitter, folder, (health.clone(), metrics), &mut tell)?;
    if config.once {
        return watch.once(&shutdown).await;
    }
    if config.dry_run {
        return watch.run(&shutdown).await;
    }
    let stop = shutdown.child_token();
    let served = health::serve(config.health_listen, health, Arc::new(registry), stop).await?;
    let ended = watch.run(&shutdown).await;
    served.abort();
    ended
}
