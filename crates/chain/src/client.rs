//! The connection, and what is asked over it.

use crate::{Commitment, Error, Hash, Network, Result, Snapshot, Terms, WeightRow};
use kinitro_proto::{BlockNumber, Hotkey};
use std::{sync::Arc, time::Duration};

/// A chain. Connects when it is first asked, and again by itself; every call ends within its deadline.
#[derive(Debug, Clone)]
pub struct Chain {
    network: Arc<Network>,
    limits: Limits,
}

/// How long things may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// One public call, all its requests and reconnections together.
    pub call: Duration,
    /// One request to the node.
    pub request: Duration,
    /// One attempt to connect.
    pub connect: Duration,
    /// From sending an extrinsic until it is final.
    pub finality: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            call: Duration::from_secs(60),
            request: Duration::from_secs(20),
            connect: Duration::from_secs(10),
            finality: Duration::from_secs(180),
        }
    }
}

/// The newest final block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The hash of the chain's first block: which chain this is.
    pub genesis: Hash,
    /// The block.
    pub number: BlockNumber,
    /// Its hash.
    pub hash: Hash,
    /// The runtime's version at that block.
    pub spec_version: u32,
}

impl Chain {
    /// A chain that nothing was asked yet.
    #[must_use]
    pub fn new(network: Network) -> Self {
        Self::with_limits(network, Limits::default())
    }

    /// The same with limits of one's own.
    #[must_use]
    pub fn with_limits(network: Network, limits: Limits) -> Self {
        Self {
            network: Arc::new(network),
            limits,
        }
    }

    /// The network it was made for.
    #[must_use]
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// The newest final block.
    ///
    /// # Errors
    /// When the chain cannot be reached.
    pub async fn head(&self) -> Result<Head> {
        unwritten(&self.limits)
    }

    /// Everything about a subnet's miners, at one block.
    ///
    /// # Errors
    /// When the chain cannot be reached, or has no such subnet.
    pub async fn snapshot(&self, netuid: u16) -> Result<Snapshot> {
        let _ = netuid;
        unwritten(&self.limits)
    }

    /// What one hotkey has committed, registered or not.
    ///
    /// # Errors
    /// When the chain cannot be reached, or the row cannot be read.
    pub async fn commitment(&self, netuid: u16, hotkey: &Hotkey) -> Result<Option<Commitment>> {
        let _ = (netuid, hotkey);
        unwritten(&self.limits)
    }

    /// What a validator must know before it submits, at one block.
    ///
    /// # Errors
    /// When the chain cannot be reached, or has no such subnet.
    pub async fn terms(&self, netuid: u16, hotkey: &Hotkey) -> Result<Terms> {
        let _ = (netuid, hotkey);
        unwritten(&self.limits)
    }

    /// The weights the subnet's validators have set, by uid.
    ///
    /// # Errors
    /// When the chain cannot be reached.
    pub async fn weights(&self, netuid: u16) -> Result<Vec<WeightRow>> {
        let _ = netuid;
        unwritten(&self.limits)
    }
}

fn unwritten<T>(limits: &Limits) -> Result<T> {
    Err(Error::TimedOut {
        what: "not written yet",
        after: limits.call,
    })
}
