//! What a validator must know before it submits.

use crate::{Hash, Neuron};
use kinitro_proto::{BlockNumber, Uid};
use std::time::Duration;

/// The subnet's terms for one hotkey, read at one block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// The hash of the chain's first block: which chain this is.
    pub genesis: Hash,
    /// The block everything was read at.
    pub head: BlockNumber,
    /// That block's hash.
    pub head_hash: Hash,
    /// The hotkey's uid, if it is registered.
    pub uid: Option<Uid>,
    /// Whether it may set weights on others.
    pub permit: bool,
    /// Whether it is the subnet owner's hotkey, which needs no permit.
    pub is_owner: bool,
    /// The block of its last weights, if it ever set any.
    pub last_update: Option<BlockNumber>,
    /// How many blocks must lie between two submissions.
    pub rate_limit: u64,
    /// The least version key the subnet takes; 0 for any.
    pub version_key: u64,
    /// How many weights there must be at least.
    pub min_weights: u16,
    /// The largest share of one weight, 65535 for all.
    pub max_weight: u16,
    /// Whether weights must be timelocked.
    pub commit_reveal: bool,
    /// The version of commit-reveal the chain speaks.
    pub commit_reveal_version: u16,
    /// Who is registered, by uid.
    pub neurons: Vec<Neuron>,
    /// The time from block to block.
    pub block_time: Duration,
    /// Where the subnet stands in its epoch.
    pub epoch: EpochClock,
}

/// Where a subnet stands in its epoch: what the round of a reveal is reckoned from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EpochClock {
    /// An epoch's length in blocks.
    pub tempo: u16,
    /// The number of epochs so far.
    pub index: u64,
    /// The block of the last epoch.
    pub last_epoch: u64,
    /// The block at which an epoch was asked for; 0 for none.
    pub pending_at: u64,
    /// The blocks since the last step.
    pub since_step: u64,
    /// After how many epochs a commit is revealed.
    pub reveal_period: u64,
}

impl Terms {
    /// How many blocks are left until the rate limit allows the next submission.
    ///
    /// Counted from the head, as the official SDK does: one block later than the chain would at the earliest.
    #[must_use]
    pub fn wait(&self) -> u64 {
        self.last_update.map_or(0, |last| {
            last.0.saturating_add(self.rate_limit).saturating_sub(self.head.0)
        })
    }
}
