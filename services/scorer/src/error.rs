use kinitro_proto::CycleId;

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
    /// The cycle names a strategy or settings that this version does not know.
    #[error("cycle `{cycle}` is to be scored by `{strategy}`, which this version cannot")]
    Strategy {
        /// The cycle.
        cycle: CycleId,
        /// Its strategy.
        strategy: String,
    },
    /// The cycle's settings are not the strategy's.
    #[error("the settings of cycle `{cycle}` cannot be read")]
    Settings {
        /// The cycle.
        cycle: CycleId,
        /// What the reader met.
        source: serde_json::Error,
    },
    /// The cycle cannot be scored.
    #[error("cycle `{cycle}` cannot be scored")]
    Scoring {
        /// The cycle.
        cycle: CycleId,
        /// Why.
        source: kinitro_scoring::Error,
    },
}
