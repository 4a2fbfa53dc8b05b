//! The connection, and what is asked over it.

mod entry;
mod fault;
mod link;
#[cfg(test)]
mod tests;
mod view;

pub(crate) use {
    entry::{Entry, unexpected},
    fault::line,
    link::wait,
    view::View,
};

use crate::{Hash, Network, Result};
use kinitro_proto::BlockNumber;
use link::Link;
use std::{future::Future, sync::Arc, time::Duration};

/// A chain. Connects when it is first asked, and again by itself; every call ends within its deadline.
#[derive(Debug, Clone)]
pub struct Chain {
    pub(crate) link: Arc<Link>,
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
            link: Arc::new(Link::new(network, limits)),
        }
    }

    /// The network it was made for.
    #[must_use]
    pub fn network(&self) -> &Network {
        &self.link.network
    }

    /// The newest final block.
    ///
    /// # Errors
    /// When the chain cannot be reached.
    pub async fn head(&self) -> Result<Head> {
        self.read("the head", async |view: View| {
            Ok(Head {
                genesis: view.config.genesis(),
                number: view.number,
                hash: view.hash,
                spec_version: view.config.spec_version(),
            })
        })
        .await
    }

    /// Reads something at the newest final block, within the deadline of a call.
    pub(crate) async fn read<T, Answer>(&self, what: &'static str, ask: impl Fn(View) -> Answer) -> Result<T>
    where
        Answer: Future<Output = Result<T>>,
    {
        self.link.read(what, ask).await
    }
}
