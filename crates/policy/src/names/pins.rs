//! The addresses that live sessions may connect to. The connector's resolver reads them and asks
//! nobody, so what a name says later, or says to somebody else, moves nothing.

use super::lock;
use reqwest::dns::{Name, Resolve, Resolving};
use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

/// The pinned addresses by host name; as many entries as live sessions have names.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pins(Arc<Mutex<HashMap<String, Pinned>>>);

#[derive(Debug)]
struct Pinned {
    addresses: Arc<[SocketAddr]>,
    holders: usize,
}

/// A name's place among the pins, held by one session.
#[derive(Debug)]
pub(crate) struct Pin {
    pins: Pins,
    host: String,
}

/// The connector asked for a name that no session holds: a bug of ours.
#[derive(Debug, thiserror::Error)]
#[error("the name is not pinned by a session")]
pub(crate) struct Unpinned;

impl Pins {
    /// Pins a name to addresses that passed the rules. Of two sessions of one name the newer one's
    /// addresses count, so that a miner that moves is found; both sets have passed the rules.
    pub(crate) fn pin(&self, host: &str, addresses: &[SocketAddr]) -> Pin {
        let mut pins = lock(&self.0);
        let pinned = pins.entry(host.to_owned()).or_insert_with(|| Pinned {
            addresses: Arc::from([]),
            holders: 0,
        });
        pinned.addresses = Arc::from(addresses);
        pinned.holders += 1;
        Pin {
            pins: self.clone(),
            host: host.to_owned(),
        }
    }

    fn addresses(&self, host: &str) -> Result<Arc<[SocketAddr]>, Unpinned> {
        lock(&self.0)
            .get(host)
            .map(|pinned| Arc::clone(&pinned.addresses))
            .ok_or(Unpinned)
    }
}

impl Drop for Pin {
    fn drop(&mut self) {
        let mut pins = lock(&self.pins.0);
        if let Some(pinned) = pins.get_mut(&self.host) {
            pinned.holders -= 1;
            if pinned.holders == 0 {
                pins.remove(&self.host);
            }
        }
    }
}

impl Resolve for Pins {
    fn resolve(&self, name: Name) -> Resolving {
        let addresses = self.addresses(name.as_str());
        Box::pin(async move {
            let addresses: Vec<_> = addresses?.to_vec();
            Ok(Box::new(addresses.into_iter()) as _)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_lasts_as_long_as_its_last_session() {
        let (one, two) = ("1.1.1.1:80".parse().unwrap(), "2.2.2.2:80".parse().unwrap());
        let pins = Pins::default();
        let first = pins.pin("a.example", &[one]);
        let second = pins.pin("a.example", &[two]);
        drop(first);
        assert_eq!(*pins.addresses("a.example").unwrap(), [two]);
        drop(second);
        assert!(pins.addresses("a.example").is_err());
        assert!(lock(&pins.0).is_empty());
    }
}
