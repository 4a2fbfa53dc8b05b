use sp_core::H256;
use std::net::SocketAddr;

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong in the chain, as it is answered to a client too.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The address is taken, or not ours.
    #[error("could not listen on `{address}`")]
    Listen {
        /// Where it should have listened.
        address: SocketAddr,
        /// Why it could not.
        source: std::sync::Arc<std::io::Error>,
    },
    /// The options contradict themselves; all faults of them.
    #[error("cannot run with these options: {}", faults.join("; "))]
    Options {
        /// What is wrong, one text a fault.
        faults: Vec<String>,
    },
    /// No block has this hash.
    #[error("no block has the hash `{hash:?}`")]
    UnknownBlock {
        /// The hash that was asked for.
        hash: H256,
    },
    /// The block is too old: its state was pruned.
    #[error("the state of block `{hash:?}` was discarded")]
    Discarded {
        /// The block's hash.
        hash: H256,
    },
    /// The runtime has no such method.
    #[error("the runtime exports no method `{method}`")]
    UnknownMethod {
        /// The method's name, as `Api_method`.
        method: String,
    },
    /// The runtime panicked, which a real node shows as a trap.
    #[error("the runtime panicked in `{method}`: {message}")]
    Panicked {
        /// What was run.
        method: String,
        /// What it said.
        message: String,
    },
    /// The runtime answered with something that its interface does not promise.
    #[error("the runtime's answer to `{method}` could not be decoded")]
    Undecodable {
        /// The method's name.
        method: String,
        /// Why not.
        source: codec::Error,
    },
    /// The runtime does not take what the author of a block puts in.
    #[error("the runtime refused the author's own extrinsic: {reason}")]
    Inherent {
        /// What it said.
        reason: String,
    },
    /// A node of the trie is missing.
    #[error("the state could not be read: {reason}")]
    Unreadable {
        /// What the trie said.
        reason: String,
    },
    /// The chain ended while this was under way.
    #[error("the chain has stopped")]
    Stopped,
}
