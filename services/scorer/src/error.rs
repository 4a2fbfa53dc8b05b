use kinitro_proto::CycleId;
use tokio::task::JoinError;

/// What can go wrong in the scorer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The ledger did not answer as it should.
    #[error("could not use the ledger")]
    Store(#[from] kinitro_store::Error),
    /// The bus did not answer as it should.
    #[error("could not use the bus")]
    Bus(#[from] kinitro_nats::Error),
    /// Health and metrics cannot be served.
    #[error("could not serve health and metrics")]
    Health(#[from] kinitro_chassis::Error),
    /// Signing keys cannot be used; each fault is one line.
    #[error("the signing keys cannot be used: {}", faults.join("; "))]
    Keys {
        /// What is wrong with each.
        faults: Vec<String>,
    },
    /// A key that was retired is still in the settings.
    #[error("the signing key `{key_id}` is retired: take it out of --signing-key-file")]
    RetiredKey {
        /// The key's id.
        key_id: String,
    },
    /// The cycle's settings are not the strategy's.
    #[error("the settings of cycle `{cycle}` cannot be read")]
    Settings {
        /// The cycle.
        cycle: CycleId,
        /// What the reader met.
        source: serde_json::Error,
    },
    /// The cycle cannot be judged: its strategy is another version's, its rows are not a cycle's, or scoring it is too hard.
    #[error("cycle `{cycle}` cannot be judged")]
    Judge {
        /// The cycle.
        cycle: CycleId,
        /// Why.
        source: kinitro_audit::Error,
    },
    /// Judging the cycle panicked.
    #[error("judging cycle `{cycle}` broke")]
    Broke {
        /// The cycle.
        cycle: CycleId,
        /// How.
        source: JoinError,
    },
}

impl Error {
    /// Whether it is the cycle's own rows that cannot be judged, by this version: nothing but another version can settle it.
    pub(crate) const fn is_of_the_cycle(&self) -> bool {
        match self {
            Self::Settings { .. } | Self::Judge { .. } | Self::Broke { .. } => true,
            Self::Store(_) | Self::Bus(_) | Self::Health(_) | Self::Keys { .. } | Self::RetiredKey { .. } => {
                false
            }
        }
    }

    /// Whether the ledger is away: it says nothing about the cycle.
    pub(crate) fn is_passing(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_passing())
    }
}
