//! A service's life, from its signals to its last word.

use crate::exit::Exit;
use kinitro_chassis::shutdown;
use std::error::Error;
use tokio_util::sync::CancellationToken;

/// Runs a service until a signal, and says whether it ended as it should.
pub(crate) async fn run<F, E>(
    name: &'static str,
    service: impl FnOnce(CancellationToken) -> F,
) -> Result<(), Exit>
where
    F: Future<Output = Result<(), E>>,
    E: Error,
{
    run_sorted(name, async |stop| service(stop).await.map_err(Exit::failure)).await
}

/// The same for a service whose errors have exit codes of their own.
pub(crate) async fn run_sorted<F, E>(
    name: &'static str,
    service: impl FnOnce(CancellationToken) -> F,
) -> Result<(), Exit>
where
    F: Future<Output = Result<(), E>>,
    E: Into<Exit>,
{
    let stop = shutdown::on_signal().map_err(Exit::failure)?;
    tracing::info!(version = env!("CARGO_PKG_VERSION"), "{name} starts");
    service(stop).await.map_err(Into::into)?;
    tracing::info!("{name} ended gracefully");
    Ok(())
}
