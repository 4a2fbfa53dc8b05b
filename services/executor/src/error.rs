use tokio::task::JoinError;

/// What ends an executor.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bus cannot be used.
    #[error("could not use the bus")]
    Bus(#[from] kinitro_nats::Error),
    /// Health and metrics cannot be served.
    #[error("could not serve health and metrics")]
    Health(#[from] kinitro_chassis::Error),
    /// The policy client cannot be built.
    #[error("could not set up the policy client")]
    Policy(#[from] kinitro_policy::Error),
    /// No simulator can ever be started.
    #[error("could not set up the simulators")]
    Simulator(#[from] kinitro_simulator::Error),
    /// A family's loop broke.
    #[error("a family's loop broke")]
    Worker(#[source] JoinError),
}
