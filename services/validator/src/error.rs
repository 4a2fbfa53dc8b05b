use crate::decide::Reason;
use std::{io, path::PathBuf, time::Duration};

/// What can go wrong in the validator.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The hotkey cannot be had.
    #[error("could not load the hotkey")]
    Hotkey(#[source] kinitro_chain::Error),
    /// The chain did not answer as it should, or took no weights.
    #[error("could not use the chain")]
    Chain(#[from] kinitro_chain::Error),
    /// Health and metrics cannot be served.
    #[error("could not serve health and metrics")]
    Health(#[from] kinitro_chassis::Error),
    /// The HTTP client cannot be made.
    #[error("could not set up the client of the gateway")]
    Client(#[source] reqwest::Error),
    /// The gateway gave no answer, or not all of it in time.
    #[error("no answer from the gateway at `{url}`")]
    Unanswered {
        /// What was asked for.
        url: String,
        /// What the client met.
        source: reqwest::Error,
    },
    /// The gateway answered with something that is no weights.
    #[error("the gateway at `{url}` answers {status}")]
    Status {
        /// What was asked for.
        url: String,
        /// The status.
        status: u16,
    },
    /// The gateway has no such thing.
    #[error("there is nothing at `{url}`: {detail}")]
    NotThere {
        /// What was asked for.
        url: String,
        /// What the gateway says of it.
        detail: String,
    },
    /// The gateway's answer is longer than weights or evidence can be.
    #[error("the gateway's answer is longer than {limit} bytes")]
    TooLong {
        /// The bound.
        limit: u64,
    },
    /// The gateway began to answer and stopped.
    #[error("the gateway at `{url}` has sent nothing more for {} s", after.as_secs())]
    Stalled {
        /// What was asked for.
        url: String,
        /// How long it was waited for.
        after: Duration,
    },
    /// A list of keys that is none.
    #[error("the keys of `{origin}` cannot be read: {fault}")]
    BadKeys {
        /// Whose they are.
        origin: String,
        /// What is wrong with them.
        fault: String,
    },
    /// Nobody says whose signature counts.
    #[error("no key is known to check signatures with")]
    NoKeys,
    /// Weights without what they were computed from.
    #[error("there is no evidence to compute weights from")]
    NoBundle,
    /// A file cannot be read or written.
    #[error("could not use the file `{}`", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The work on an answer broke off: a fault of this program.
    #[error("the checking of a cycle broke off")]
    Crashed(#[source] tokio::task::JoinError),
    /// The gateway's answer cannot be read as weights.
    #[error("the gateway's answer cannot be read as weights")]
    Unreadable {
        /// What the reader met.
        source: serde_json::Error,
    },
    /// The gateway says that nothing has changed, though it was not asked that.
    #[error("the gateway answers `not modified` to a first question")]
    Unasked,
    /// The memory cannot be read or written.
    #[error("could not use the memory at `{}`", path.display())]
    Memory {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The memory was written by somebody else, or damaged.
    #[error("the memory at `{}` cannot be read; moved away, it is made anew from what the chain knows", path.display())]
    BadMemory {
        /// The file.
        path: PathBuf,
        /// What the reader met.
        source: serde_json::Error,
    },
    /// The memory is of another hotkey, subnet, chain or version.
    #[error("the memory at `{}` is not this validator's: {what} differs", path.display())]
    OtherMemory {
        /// The file.
        path: PathBuf,
        /// What differs.
        what: &'static str,
    },
    /// Another validator with the same hotkey and subnet holds the memory.
    #[error("another validator is running with the memory at `{}`; to run two, give each its --state-dir", path.display())]
    Locked {
        /// The file that is locked.
        path: PathBuf,
    },
    /// These weights are not submitted.
    #[error("nothing is submitted")]
    NotSubmitted(#[source] Reason),
}

/// What this crate's functions answer.
pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// Whether the same may work later, with nobody changing anything here.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Chain(error) => error.is_passing(),
            Self::Unanswered { .. }
            | Self::Status { .. }
            | Self::TooLong { .. }
            | Self::Stalled { .. }
            | Self::BadKeys { .. }
            | Self::Unreadable { .. }
            | Self::Unasked => true,
            Self::NotSubmitted(reason) => reason.is_passing(),
            _ => false,
        }
    }

    /// What can be done about it, where there is something.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Hotkey(error) | Self::Chain(error) => error.hint(),
            Self::NoKeys => Some("give --trusted-key, or the file `X.keys.json` beside `X.weights.json`"),
            Self::NoBundle => {
                Some("give --bundle or --gateway, or the file `X.evidence.jsonl` beside `X.weights.json`")
            }
            _ => None,
        }
    }

    /// Whether the hotkey may not do it.
    #[must_use]
    pub fn is_not_allowed(&self) -> bool {
        use kinitro_chain::Error as Chain;
        match self {
            Self::Chain(error) => matches!(
                error,
                Chain::NotRegistered { .. } | Chain::NoPermit { .. } | Chain::StakeTooLow { .. }
            ),
            Self::NotSubmitted(reason) => reason.is_not_allowed(),
            _ => false,
        }
    }
}
