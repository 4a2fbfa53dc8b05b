//! Connecting, staying connected, and saying so.

use crate::{Config, Error, Result};
use async_nats::{Client, ConnectOptions, Event, ServerError};
use rand::Rng;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::watch;

/// Counts the connections made: who sees it change asks the server anew for what it waits for.
pub(crate) type Connections = watch::Receiver<u64>;

/// A dead link is noticed after two of these, before a lease of 30 s runs out.
const PING: Duration = Duration::from_secs(10);
/// Commands that may wait for the socket: a publisher's window many times over.
const COMMANDS: usize = 8192;

const SHORTEST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// How long to wait after so many failures: doubling, shortened by up to half at random, so that many who
/// failed together do not come back together.
pub(crate) fn backoff(failures: usize) -> Duration {
    let doublings = u32::try_from(failures.min(16)).expect("at most 16");
    let full = SHORTEST_WAIT.saturating_mul(1 << doublings).min(LONGEST_WAIT);
    full.mul_f64(rand::rng().random_range(0.5..=1.0))
}

/// How often a server that is not there is looked for.
const ATTEMPTS: Duration = Duration::from_millis(250);

pub(crate) async fn connect(config: &Config, name: &str) -> Result<(Client, Connections)> {
    let (made, connections) = watch::channel(0);
    let made = Arc::new(made);
    let end = Instant::now() + config.connect_timeout;
    let mut attempts = tokio::time::interval(ATTEMPTS);
    loop {
        attempts.tick().await;
        let events = Arc::clone(&made);
        let options = options(config, name).await?.event_callback(move |event| {
            take(&events, &event);
            std::future::ready(())
        });
        match options.connect(&config.url[..]).await {
            Ok(client) => return Ok((client, connections)),
            Err(error) if Instant::now() + ATTEMPTS >= end => {
                let (url, within) = (shown(&config.url), config.connect_timeout);
                return Err(Error::Connect {
                    url,
                    within,
                    source: error.into(),
                });
            }
            Err(error) => tracing::debug!(%error, "NATS does not answer yet"),
        }
    }
}

async fn options(config: &Config, name: &str) -> Result<ConnectOptions> {
    let mut options = ConnectOptions::new()
        .name(format!("kinitro-{name}"))
        .ping_interval(PING)
        .client_capacity(COMMANDS)
        .connection_timeout(Duration::from_secs(5))
        .custom_inbox_prefix(&config.inbox_prefix)
        .reconnect_delay_callback(backoff);
    if let Some(path) = &config.credentials {
        let failed = |source| Error::Credentials {
            path: path.display().to_string(),
            source,
        };
        let text = tokio::fs::read_to_string(path).await.map_err(failed)?;
        options = options.credentials(&text).map_err(failed)?;
    }
    if let (Some(user), Some(password)) = (&config.user, &config.password) {
        options = options.user_and_password(user.clone(), password.expose().to_owned());
    }
    if let Some(ca) = &config.ca {
        options = options.add_root_certificates(ca.clone());
    }
    Ok(options)
}

fn take(made: &watch::Sender<u64>, event: &Event) {
    match event {
        Event::Connected => {
            made.send_modify(|made| *made += 1);
            tracing::info!("connected to NATS");
        }
        Event::Disconnected => tracing::warn!("lost the connection to NATS, reconnecting"),
        // A denied request is not answered at all: this line is all there is to see of it.
        Event::ServerError(ServerError::Other(text))
            if text.to_lowercase().contains("permissions violation") =>
        {
            tracing::error!(error = %text, "NATS denies us what we ask for");
        }
        Event::ServerError(_)
        | Event::ClientError(_)
        | Event::SlowConsumer(_)
        | Event::LameDuckMode
        | Event::Draining
        | Event::Closed => tracing::warn!(event = %event, "NATS connection event"),
    }
}

/// The addresses without what may stand before an `@`.
fn shown(urls: &[String]) -> String {
    let bare = |url: &String| match (url.split_once("://"), url.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("{scheme}://{host}"),
        (None, Some((_, host))) => host.to_owned(),
        (_, None) => url.clone(),
    };
    urls.iter().map(bare).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_two_seconds() {
        for (failures, full) in [(0, 50), (1, 100), (4, 800), (6, 2000), (1_000_000, 2000)] {
            let wait = backoff(failures).as_millis();
            assert!((full / 2..=full).contains(&wait), "{failures}: {wait} ms");
        }
    }

    #[test]
    fn an_address_is_shown_without_its_password() {
        let urls = ["nats://me:secret@a:4222", "me:secret@b", "tls://c:4222"].map(str::to_owned);
        assert_eq!(shown(&urls), "nats://a:4222,b,tls://c:4222");
    }
}
