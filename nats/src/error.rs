use async_nats::ConnectErrorKind;
use kinitro_proto::Family;
use std::time::Duration;

/// What can go wrong between us and the bus.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No server answered while connecting.
    #[error("could not connect to NATS at `{url}` within {within:?}")]
    Connect {
        /// Where it was looked for, without credentials.
        url: String,
        /// How long.
        within: Duration,
        /// The last attempt's fault.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The credentials file could not be read.
    #[error("could not read the NATS credentials in `{path}`")]
    Credentials {
        /// The file.
        path: String,
        /// What the reader met.
        source: std::io::Error,
    },
    /// The connection is down; the client is reconnecting.
    #[error("not connected to NATS")]
    Disconnected,
    /// Nobody answered: a stream or consumer that is not there, or has no leader.
    #[error("nobody answers on `{subject}`")]
    NoResponders {
        /// What was asked.
        subject: String,
    },
    /// No answer in time; whether the request was carried out is unknown.
    #[error("no answer on `{subject}` within {within:?}")]
    TimedOut {
        /// What was asked.
        subject: String,
        /// How long.
        within: Duration,
    },
    /// The client could not send.
    #[error("could not send on `{subject}`")]
    Send {
        /// What was to be asked.
        subject: String,
        /// What the client met.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// JetStream refused, and says why.
    #[error("refused on `{subject}`: {description} ({code})")]
    Refused {
        /// What was asked.
        subject: String,
        /// JetStream's own error code, e.g. 10077.
        code: u64,
        /// JetStream's own words.
        description: String,
    },
    /// An answer that JetStream should not give.
    #[error("could not read the answer on `{subject}`")]
    Answer {
        /// What was asked.
        subject: String,
        /// What the reader met.
        source: serde_json::Error,
    },
    /// The family has no consumer: nobody has applied the setup for it yet.
    #[error("no consumer for family `{family}`: apply the setup first (`kinitro nats apply`)")]
    NoConsumer {
        /// The family.
        family: Family,
    },
    /// The lease of a delivery has run out: it belongs to somebody else now.
    #[error("the lease of `{subject}` has run out")]
    LeaseLost {
        /// The delivery's subject.
        subject: String,
    },
    /// A message that came without what every delivery of a stream has.
    #[error("`{subject}` is no delivery of a stream")]
    NotADelivery {
        /// The message's subject.
        subject: String,
    },
    /// A message could not be written or read.
    #[error(transparent)]
    Message(#[from] kinitro_proto::Error),
}

impl Error {
    /// Whether trying again later may help: the server is away or busy, rather than refusing.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Connect { .. } => !self.is_unauthorised(),
            Self::Disconnected | Self::NoResponders { .. } | Self::TimedOut { .. } | Self::Send { .. } => {
                true
            }
            _ => false,
        }
    }

    /// Whether the server refuses who asks.
    #[must_use]
    pub fn is_unauthorised(&self) -> bool {
        let Self::Connect { source, .. } = self else {
            return false;
        };
        let refused = source.downcast_ref::<async_nats::ConnectError>();
        refused.is_some_and(|refused| {
            matches!(
                refused.kind(),
                ConnectErrorKind::AuthorizationViolation | ConnectErrorKind::Authentication
            )
        })
    }
}

/// The result of this crate's functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;
