//! From a signal to a drained service.

use crate::{Error, Result};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// A token that SIGTERM or SIGINT cancels. A second signal ends the process at once, with status 130.
///
/// # Errors
/// [`Error::Signals`] when the handlers cannot be installed.
pub fn on_signal() -> Result<CancellationToken> {
    let mut terminate = signal(SignalKind::terminate()).map_err(Error::Signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Error::Signals)?;
    let token = CancellationToken::new();
    let shutdown = token.clone();
    tokio::spawn(async move {
        let mut next =
            async || tokio::select! { _ = terminate.recv() => "SIGTERM", _ = interrupt.recv() => "SIGINT" };
        let name = next().await;
        tracing::info!(signal = name, "shutting down; once more to stop at once");
        shutdown.cancel();
        next().await;
        tracing::warn!("stopped at once by a second signal");
        std::process::exit(130);
    });
    Ok(token)
}
