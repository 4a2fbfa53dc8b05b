use std::path::PathBuf;

/// What can go wrong in the scheduler.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The miners could not be read.
    #[error("the miners file `{}` has {} fault(s): {}", path.display(), faults.len(), faults.join("; "))]
    Miners {
        /// The file.
        path: PathBuf,
        /// Everything that is wrong with it.
        faults: Vec<String>,
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
