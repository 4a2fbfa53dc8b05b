use std::{io, net::SocketAddr};

/// What can go wrong in a service's frame.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The log filter is no filter.
    #[error(
        "`{value}` is not a log level; use error, warn, info, debug, trace or a filter such as `kinitro=debug,info`"
    )]
    LogLevel {
        /// The value as given.
        value: String,
    },
    /// A subscriber was installed before.
    #[error("telemetry is already set up in this process")]
    AlreadySetUp,
    /// The exporter could not be built.
    #[error("could not set up trace export to `{endpoint}`")]
    Otlp {
        /// The endpoint as given.
        endpoint: String,
        /// What the exporter said.
        source: opentelemetry_otlp::ExporterBuildError,
    },
    /// The address for health and metrics cannot be listened on.
    #[error("could not listen on `{address}` for health and metrics")]
    Listen {
        /// The address as given.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The signal handlers could not be installed.
    #[error("could not listen for signals")]
    Signals(#[source] io::Error),
    /// A probe got no answer.
    #[error("could not reach `{url}`")]
    Probe {
        /// The URL probed.
        url: String,
        /// What the client said.
        source: reqwest::Error,
    },
    /// A probe got an answer that is not 200.
    #[error("`{url}` answers {status}: {body}")]
    NotReady {
        /// The URL probed.
        url: String,
        /// The status.
        status: u16,
        /// The start of the body.
        body: String,
    },
}

/// The result of this crate's functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;
