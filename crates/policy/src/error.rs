/// Why the client could not be made. What goes wrong in a call is a [`kinitro_proto::Fault`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The configuration breaks its own laws.
    #[error("bad configuration of the policy client: {}", faults.join("; "))]
    Config {
        /// Every law that is broken.
        faults: Vec<String>,
    },
    /// TLS could not be set up.
    #[error("could not set up TLS for the policy client")]
    Tls {
        /// What rustls met.
        source: rustls::Error,
    },
    /// The HTTP client could not be made.
    #[error("could not make the policy client")]
    Build {
        /// What reqwest met.
        source: reqwest::Error,
    },
}
