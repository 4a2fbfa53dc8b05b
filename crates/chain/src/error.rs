use crate::Hash;
use kinitro_proto::{BlockNumber, Hotkey};
use std::{path::PathBuf, time::Duration};

/// What this crate's functions answer.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What lies beneath an error; its type is of no use to the caller.
pub type Source = Box<dyn std::error::Error + Send + Sync>;

/// Why the chain gave no answer, or took no extrinsic.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The text names no network.
    #[error("`{text}` is neither finney, test, archive, local nor a ws:// or wss:// URL")]
    Network {
        /// The text.
        text: String,
    },
    /// The text is no hash.
    #[error("`{text}` is not `0x` and 64 hex digits")]
    BadHash {
        /// The text.
        text: String,
    },
    /// The text is no hotkey of this chain.
    #[error("`{hotkey}` is no SS58 address of this chain")]
    BadHotkey {
        /// The text.
        hotkey: Hotkey,
    },
    /// No connection to the node, or it broke and did not come back in time.
    #[error("no connection to the chain at `{url}`")]
    Unreachable {
        /// The node's address.
        url: String,
        /// What the client met.
        source: Source,
    },
    /// The deadline of the whole call passed.
    #[error("the chain gave no answer within {after:?}: {what}")]
    TimedOut {
        /// What was asked.
        what: &'static str,
        /// The deadline.
        after: Duration,
    },
    /// The node no longer keeps the state of that block.
    #[error("the node has discarded the state of block `{block}`")]
    Pruned {
        /// The block that was being read.
        block: Hash,
    },
    /// Behind the address is another chain than before.
    #[error("the chain has another genesis: `{is}`, before `{was}`")]
    OtherGenesis {
        /// The genesis known before.
        was: Hash,
        /// The genesis there is now.
        is: Hash,
    },
    /// The chain has no such subnet.
    #[error("there is no subnet `{netuid}` on the chain")]
    NoSubnet {
        /// The subnet.
        netuid: u16,
    },
    /// The node answered a read with an error.
    #[error("the node refused {what}: `{message}` ({code})")]
    Refused {
        /// What was asked.
        what: &'static str,
        /// JSON-RPC's error code.
        code: i32,
        /// The node's words, cut to a line.
        message: String,
    },
    /// The node's answer cannot be what was asked for.
    #[error("the node's answer cannot be used: {what}")]
    BadAnswer {
        /// What was asked.
        what: &'static str,
        /// What is wrong with it.
        source: Source,
    },
    /// The runtime lacks what is needed, or has it in another shape.
    #[error("the chain's runtime has no usable `{pallet}.{entry}`")]
    UnexpectedMetadata {
        /// The pallet.
        pallet: &'static str,
        /// The storage entry, call or constant.
        entry: &'static str,
        /// What does not fit.
        source: Source,
    },
    /// More than this client takes.
    #[error("too much on the chain: {what}, more than {limit}")]
    TooMuch {
        /// What there is too much of.
        what: &'static str,
        /// The bound.
        limit: usize,
    },
    /// Too early after the last weights.
    #[error("the rate limit of the subnet does not allow weights yet")]
    RateLimited {
        /// How many blocks are left, where that is known.
        blocks: Option<u64>,
    },
    /// The hotkey has no uid in the subnet.
    #[error("hotkey `{hotkey}` is not registered in subnet `{netuid}`")]
    NotRegistered {
        /// The subnet.
        netuid: u16,
        /// The hotkey.
        hotkey: Hotkey,
    },
    /// The hotkey may not set weights.
    #[error("hotkey `{hotkey}` has no validator permit in subnet `{netuid}`")]
    NoPermit {
        /// The subnet.
        netuid: u16,
        /// The hotkey.
        hotkey: Hotkey,
    },
    /// The hotkey has less stake than the chain asks for.
    #[error("hotkey `{hotkey}` has not enough stake to set weights")]
    StakeTooLow {
        /// The hotkey.
        hotkey: Hotkey,
    },
    /// The subnet asks for a higher version key.
    #[error("the subnet does not take version key `{given}`")]
    VersionKey {
        /// The key that was given.
        given: u64,
        /// The least key the subnet takes, where that is known.
        required: Option<u64>,
    },
    /// The hotkey has committed too much in this epoch.
    #[error("the hotkey has used up its space for commitments in this epoch")]
    SpaceLimit,
    /// The text is longer than one commitment holds.
    #[error("a commitment of {bytes} bytes is longer than {limit}")]
    CommitmentTooLong {
        /// Its length in bytes.
        bytes: usize,
        /// The bound.
        limit: usize,
    },
    /// The extrinsic's time has passed; it was not included and never will be.
    #[error("the extrinsic expired at block `{at}` without being included")]
    Expired {
        /// The first block it could no longer be in.
        at: BlockNumber,
    },
    /// Another extrinsic with the same nonce is on the chain already.
    #[error("nonce `{nonce}` is used up: another extrinsic was included")]
    NonceUsed {
        /// The nonce.
        nonce: u32,
    },
    /// Sent, but its fate was not seen within the deadline; it may still be included.
    #[error("extrinsic `{extrinsic}` was sent and its fate is not known")]
    Undecided {
        /// The extrinsic.
        extrinsic: Hash,
    },
    /// The transaction pool did not take the extrinsic.
    #[error("the chain rejected the extrinsic: `{message}` ({code}{})", detail(.data.as_deref()))]
    Rejected {
        /// JSON-RPC's error code.
        code: i32,
        /// The node's words.
        message: String,
        /// The node's detail, such as `Custom error: 6`.
        data: Option<String>,
    },
    /// The extrinsic was included and failed.
    #[error("the extrinsic failed on the chain: `{pallet}.{name}`")]
    Dispatch {
        /// The pallet, or `System` for errors of no pallet.
        pallet: String,
        /// The error's name.
        name: String,
    },
    /// These weights cannot be put on the chain.
    #[error("these weights cannot be set: {reason}")]
    Weights {
        /// Which law they break.
        reason: String,
    },
    /// The weights could not be locked until the reveal.
    #[error("could not encrypt the weights for their reveal")]
    Timelock {
        /// What is wrong.
        source: Source,
    },
    /// A file of keys could not be read.
    #[error("could not read the key file `{}`", path.display())]
    ReadKey {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// This is no usable key. Says nothing of its content.
    #[error("no usable key in {origin}: {reason}")]
    BadKey {
        /// Where it came from.
        origin: String,
        /// What is wrong.
        reason: &'static str,
    },
}

impl Error {
    /// What the operator can do about it, where there is something.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Network { .. } => Some("give a name or the node's WebSocket URL"),
            Self::Unreachable { .. } => Some("is the node up, and the URL right?"),
            Self::Pruned { .. } => Some("use an archive node for old blocks: --network archive"),
            Self::OtherGenesis { .. } => {
                Some("a development chain was restarted, or the URL leads to another network")
            }
            Self::NoSubnet { .. } => Some("check --netuid and --network"),
            Self::UnexpectedMetadata { .. } => {
                Some("the chain's runtime is newer or older than this build knows")
            }
            Self::RateLimited { .. } => Some("wait for the subnet's weights rate limit to pass"),
            Self::NotRegistered { .. } => Some("register the hotkey in the subnet first"),
            Self::NoPermit { .. } => {
                Some("a validator permit needs enough stake; it is given at an epoch's end")
            }
            Self::StakeTooLow { .. } => Some("add stake to the hotkey"),
            Self::VersionKey { .. } => Some("give --version-key as the subnet's owner asks"),
            Self::SpaceLimit => Some("wait for the subnet's next epoch"),
            Self::CommitmentTooLong { .. } => Some("shorten the repository's name, or leave it out"),
            Self::Expired { .. } => Some("sign it again"),
            Self::Dispatch { name, .. } => crate::submit::hint(name),
            Self::BadKey { .. } => Some("give an unencrypted sr25519 hotkey, a seed or a `//dev` URI"),
            Self::BadHash { .. }
            | Self::BadHotkey { .. }
            | Self::TimedOut { .. }
            | Self::Refused { .. }
            | Self::BadAnswer { .. }
            | Self::TooMuch { .. }
            | Self::NonceUsed { .. }
            | Self::Undecided { .. }
            | Self::Rejected { .. }
            | Self::Weights { .. }
            | Self::Timelock { .. }
            | Self::ReadKey { .. } => None,
        }
    }

    /// Whether the same call may succeed later, with nobody changing anything.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable { .. }
            | Self::TimedOut { .. }
            | Self::Pruned { .. }
            | Self::OtherGenesis { .. }
            | Self::Refused { .. }
            | Self::BadAnswer { .. }
            | Self::RateLimited { .. }
            | Self::SpaceLimit
            | Self::Expired { .. }
            | Self::NonceUsed { .. }
            | Self::Undecided { .. } => true,
            Self::Network { .. }
            | Self::BadHash { .. }
            | Self::BadHotkey { .. }
            | Self::NoSubnet { .. }
            | Self::UnexpectedMetadata { .. }
            | Self::TooMuch { .. }
            | Self::NotRegistered { .. }
            | Self::NoPermit { .. }
            | Self::StakeTooLow { .. }
            | Self::VersionKey { .. }
            | Self::CommitmentTooLong { .. }
            | Self::Rejected { .. }
            | Self::Dispatch { .. }
            | Self::Weights { .. }
            | Self::Timelock { .. }
            | Self::ReadKey { .. }
            | Self::BadKey { .. } => false,
        }
    }
}

fn detail(data: Option<&str>) -> String {
    data.map_or_else(String::new, |data| format!(", {data}"))
}
