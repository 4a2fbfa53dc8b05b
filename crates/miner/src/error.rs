use std::io;

/// What can go wrong with the mock miner.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The address cannot be listened on.
    #[error("could not listen on `{address}`")]
    Bind {
        /// Host and port as configured.
        address: String,
        /// What the system said.
        source: io::Error,
    },
    /// The listener broke.
    #[error("could not serve")]
    Serve {
        /// What the system said.
        source: io::Error,
    },
    /// There is no such way to misbehave.
    #[error("`{given}` is not a way to misbehave: one of {known}")]
    Misbehaviour {
        /// The name as given.
        given: String,
        /// The names there are.
        known: String,
    },
}

/// The result of this crate's functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;
