use jiff::Timestamp;
use kinitro_proto::{BlockNumber, CycleId, Uid};
use std::time::Duration;

/// Why nothing is submitted.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// No cycle has settled yet.
    #[error("the gateway has no weights yet")]
    NoWeights,
    /// The gateway doubts its own weights.
    #[error("the gateway says that the weights of cycle `{cycle}` are stale")]
    Stale {
        /// Their cycle.
        cycle: CycleId,
    },
    /// The backend has stood still.
    #[error("the weights of cycle `{cycle}` are of `{settled_at}`, longer ago than {} s (--max-age)", max.as_secs())]
    TooOld {
        /// Their cycle.
        cycle: CycleId,
        /// When it settled.
        settled_at: Timestamp,
        /// How old they may be.
        max: Duration,
    },
    /// This machine's clock or the gateway's is wrong.
    #[error(
        "the weights of cycle `{cycle}` are of `{settled_at}`, which is in the future of this machine's clock"
    )]
    OfTheFuture {
        /// Their cycle.
        cycle: CycleId,
        /// When it settled.
        settled_at: Timestamp,
    },
    /// The gateway looks at another chain than this validator.
    #[error(
        "the weights of cycle `{cycle}` are of block `{block}` and the chain is at `{head}`: they are another chain's"
    )]
    OtherChain {
        /// Their cycle.
        cycle: CycleId,
        /// Their block.
        block: BlockNumber,
        /// The newest final block.
        head: BlockNumber,
    },
    /// The gateway has gone back.
    #[error(
        "the weights of cycle `{cycle}`, block `{block}`, are older than those submitted last, of cycle `{last_cycle}`, block `{last_block}`"
    )]
    Older {
        /// Their cycle.
        cycle: CycleId,
        /// Their block.
        block: BlockNumber,
        /// The cycle submitted last.
        last_cycle: CycleId,
        /// Its block.
        last_block: BlockNumber,
    },
    /// What the gateway says is not what comes of the evidence, or not signed by who should have.
    #[error("the weights of cycle `{cycle}` do not verify, check `{check}`: {why}")]
    Unverified {
        /// Their cycle.
        cycle: CycleId,
        /// The check that does not hold.
        check: &'static str,
        /// What was expected and what was found.
        why: String,
    },
    /// The hotkey has no uid.
    #[error("the hotkey is not registered in the subnet")]
    NotRegistered,
    /// The hotkey may not set weights.
    #[error("the hotkey has no validator permit in the subnet")]
    NoPermit,
    /// The subnet's owner asks for newer validators.
    #[error("the subnet asks for version key `{required}` and --version-key is `{given}`")]
    VersionKey {
        /// The validator's.
        given: u64,
        /// The subnet's.
        required: u64,
    },
    /// A weight that is none.
    #[error("the weight of uid `{uid}` in cycle `{cycle}` is `{weight}`")]
    BadWeight {
        /// Their cycle.
        cycle: CycleId,
        /// Whose.
        uid: Uid,
        /// The weight.
        weight: f64,
    },
    /// Shares that are none.
    #[error("the weights of cycle `{cycle}` sum to `{sum}`, not to 1")]
    BadSum {
        /// Their cycle.
        cycle: CycleId,
        /// Their sum.
        sum: f64,
    },
    /// More miners than the subnet has slots.
    #[error("cycle `{cycle}` has weights of {weights} uids and the subnet has {uids}")]
    TooMany {
        /// Their cycle.
        cycle: CycleId,
        /// How many there are.
        weights: usize,
        /// How many uids there are.
        uids: usize,
    },
    /// Everybody who earned a weight has left the subnet.
    #[error("nobody whom cycle `{cycle}` gives a weight is still registered")]
    NobodyLeft {
        /// Their cycle.
        cycle: CycleId,
    },
    /// The subnet asks for more weights than there are.
    #[error("cycle `{cycle}` has {weights} weights and the subnet asks for at least {least}")]
    TooFew {
        /// Their cycle.
        cycle: CycleId,
        /// How many are left.
        weights: usize,
        /// How many there must be.
        least: usize,
    },
    /// The weights cannot be brought into the chain's form.
    #[error("the weights of cycle `{cycle}` cannot be set: {why}")]
    Unfit {
        /// Their cycle.
        cycle: CycleId,
        /// Why.
        why: String,
    },
    /// Too early after the last weights.
    #[error("the weights of cycle `{cycle}` may be set from block `{until}` on: the subnet's rate limit")]
    RateLimited {
        /// Their cycle.
        cycle: CycleId,
        /// The first block.
        until: BlockNumber,
    },
}

impl Reason {
    /// Whether it passes with nobody doing anything about it here.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        match self {
            Self::NoWeights
            | Self::Stale { .. }
            | Self::TooOld { .. }
            | Self::Older { .. }
            | Self::RateLimited { .. } => true,
            Self::OfTheFuture { .. }
            | Self::OtherChain { .. }
            | Self::Unverified { .. }
            | Self::NotRegistered
            | Self::NoPermit
            | Self::VersionKey { .. }
            | Self::BadWeight { .. }
            | Self::BadSum { .. }
            | Self::TooMany { .. }
            | Self::NobodyLeft { .. }
            | Self::TooFew { .. }
            | Self::Unfit { .. } => false,
        }
    }

    /// Whether the hotkey may not do it.
    #[must_use]
    pub const fn is_not_allowed(&self) -> bool {
        matches!(self, Self::NotRegistered | Self::NoPermit)
    }
}
