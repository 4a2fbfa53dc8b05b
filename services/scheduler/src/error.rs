use kinitro_proto::BlockNumber;
use std::path::PathBuf;

/// What can go wrong in the scheduler.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The miners file could not be read.
    #[error("the miners file `{}` has {} fault(s): {}", path.display(), faults.len(), faults.join("; "))]
    Miners {
        /// The file.
        path: PathBuf,
        /// Everything that is wrong with it.
        faults: Vec<String>,
    },
    /// The chain could not be read.
    #[error("could not read the miners from the chain")]
    Chain(#[from] kinitro_chain::Error),
    /// The chain's node shows an older block than was seen: judged by it, miners would be as they were.
    #[error("the node is behind: its head is block `{head}`, and `{seen}` was seen")]
    Behind {
        /// The node's newest final block.
        head: BlockNumber,
        /// The highest block that was seen.
        seen: BlockNumber,
    },
    /// Nobody has committed what can be judged.
    #[error("there is no miner to judge at block `{block}`: {why}")]
    NoMiners {
        /// The block that was read.
        block: BlockNumber,
        /// What is there instead.
        why: String,
    },
    /// A cycle that could be run and never be judged.
    #[error(
        "{miners} miners, {environments} environments and {episodes} episodes are more than can be judged: {limit}"
    )]
    TooLarge {
        /// Its miners.
        miners: usize,
        /// Its environments.
        environments: usize,
        /// Episodes of each miner in each environment.
        episodes: u32,
        /// What there may be.
        limit: String,
    },
    /// The operator's private key cannot be used. Tells nothing of it.
    #[error("no private key to open sealed endpoints with: {fault}")]
    PrivateKey {
        /// What is wrong.
        fault: String,
    },
    /// The ledger did not answer as it should.
    #[error("could not use the ledger")]
    Store(#[from] kinitro_store::Error),
    /// The bus did not answer as it should.
    #[error("could not use the bus")]
    Bus(#[from] kinitro_nats::Error),
    /// Health and metrics cannot be served.
    #[error("could not serve health and metrics")]
    Health(#[from] kinitro_chassis::Error),
}

impl Error {
    /// Whether it is of the chain, so that it lasts as long as an outage and is told once for it.
    pub(crate) const fn is_of_the_chain(&self) -> bool {
        matches!(self, Self::Chain(_) | Self::Behind { .. } | Self::NoMiners { .. })
    }
}
