//! Asking the system for a name's addresses, and whose fault it is when there are none.

use super::nameserver;
use futures::{FutureExt, future::BoxFuture};
use std::{io, net::IpAddr};

/// Looks names up.
pub trait Lookup: Send + Sync + 'static {
    /// The name's addresses.
    fn lookup(&self, host: &str) -> BoxFuture<'static, Result<Vec<IpAddr>, LookupError>>;

    /// Whether names can be looked up at all just now, found out without asking for a miner's name.
    fn works(&self) -> BoxFuture<'static, bool>;
}

/// Why a name has no address, and on whose side. Neither text names the host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LookupError {
    /// The name has none, or its own servers do not answer.
    #[error("the name has no address: {0}")]
    Theirs(String),
    /// We could not ask.
    #[error("could not look names up: {0}")]
    Ours(String),
}

/// The system's resolver: `/etc/hosts`, then the name servers of `/etc/resolv.conf`.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemLookup;

impl Lookup for SystemLookup {
    fn lookup(&self, host: &str) -> BoxFuture<'static, Result<Vec<IpAddr>, LookupError>> {
        let host = host.to_owned();
        async move {
            match tokio::net::lookup_host((host.as_str(), 0)).await {
                Ok(addresses) => Ok(addresses.map(|address| address.ip()).collect()),
                Err(error) => Err(blame(error).await),
            }
        }
        .boxed()
    }

    fn works(&self) -> BoxFuture<'static, bool> {
        async { nameserver::any_answers(&nameserver::configured().await).await }.boxed()
    }
}

/// The system says "temporary failure" for a miner's broken name server as for our own dead one, so
/// our own is asked about something else. An error number is always the system's own.
async fn blame(error: io::Error) -> LookupError {
    if error.raw_os_error().is_some() || !SystemLookup.works().await {
        LookupError::Ours(error.to_string())
    } else {
        LookupError::Theirs(error.to_string())
    }
}
