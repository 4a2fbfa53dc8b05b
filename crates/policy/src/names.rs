//! From a name to addresses: looked up once for a session, judged, and pinned while the session lives.

mod lookup;
mod nameserver;
mod pins;

pub use lookup::{Lookup, LookupError, SystemLookup};
pub(crate) use pins::{Pin, Pins, Unpinned};

use futures::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use kinitro_proto::{Fault, InfraFault, InfraFaultKind, MinerFault, MinerFaultKind};
use std::{
    collections::HashMap,
    fmt,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::Semaphore;

/// The most lookups under way: one for each of a subnet's 256 miners, so that names whose servers never
/// answer hold up nobody else. Half of the threads tokio keeps for blocking work.
const MAX_LOOKUPS: usize = 256;

type Answer = Result<Vec<IpAddr>, LookupError>;
type InFlight = Arc<Mutex<HashMap<String, Shared<BoxFuture<'static, Answer>>>>>;

/// Looks names up: one lookup a name at a time, whoever asks, and a bounded number in all.
pub(crate) struct Names {
    lookup: Arc<dyn Lookup>,
    in_flight: InFlight,
    permits: Arc<Semaphore>,
}

impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Names").finish_non_exhaustive()
    }
}

impl Names {
    pub(crate) fn new(lookup: Arc<dyn Lookup>) -> Self {
        Self {
            lookup,
            in_flight: InFlight::default(),
            permits: Arc::new(Semaphore::new(MAX_LOOKUPS)),
        }
    }

    /// The name's addresses, at least one. A name without an answer in time is blamed on its owner only
    /// if our own name server still answers about something else.
    pub(crate) async fn resolve(&self, host: &str, limit: Duration) -> Result<Vec<IpAddr>, Fault> {
        let unreachable = |text| MinerFault::new(MinerFaultKind::Unreachable, text).into();
        match tokio::time::timeout(limit, self.shared(host)).await {
            Ok(Ok(addresses)) if addresses.is_empty() => Err(unreachable("the name has no address")),
            Ok(Ok(addresses)) => Ok(addresses),
            Ok(Err(LookupError::Theirs(text))) => Err(unreachable(text.as_str())),
            Ok(Err(LookupError::Ours(text))) => Err(network(&text)),
            Err(_) if self.lookup.works().await => {
                let text = format!("the name was not resolved within {limit:?}");
                Err(MinerFault::new(MinerFaultKind::Timeout, text).into())
            }
            Err(_) => Err(network("no name server answers")),
        }
    }

    /// Joins the lookup that is under way for the name, or starts one. It goes on in a task of its own
    /// when all who wait have given up, because the thread it holds cannot be called back.
    fn shared(&self, host: &str) -> Shared<BoxFuture<'static, Answer>> {
        let mut in_flight = lock(&self.in_flight);
        if let Some(answer) = in_flight.get(host) {
            return answer.clone();
        }
        let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() else {
            let text = format!("{MAX_LOOKUPS} names are being looked up already");
            return std::future::ready(Err(LookupError::Ours(text))).boxed().shared();
        };
        let entry = Entry {
            in_flight: Arc::clone(&self.in_flight),
            host: host.to_owned(),
        };
        let lookup = self.lookup.lookup(host);
        let task = tokio::spawn(async move {
            let answer = lookup.await;
            drop((entry, permit));
            answer
        });
        let failed = |error: tokio::task::JoinError| Err(LookupError::Ours(error.to_string()));
        let answer = task
            .map(move |joined| joined.unwrap_or_else(failed))
            .boxed()
            .shared();
        in_flight.insert(host.to_owned(), answer.clone());
        answer
    }
}

/// A lookup's place in the table, taken back however it ends.
struct Entry {
    in_flight: InFlight,
    host: String,
}

impl Drop for Entry {
    fn drop(&mut self) {
        lock(&self.in_flight).remove(&self.host);
    }
}

fn network(text: &str) -> Fault {
    InfraFault::new(InfraFaultKind::Network, text).into()
}

/// A map stays whole when a holder of its lock panics: each change is one insert or remove.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
