use kinitro_sealing as sealing;
use std::fmt;

/// Everything that is wrong with a commitment; at least one fault.
#[derive(Debug)]
pub struct Refused(Vec<Fault>);

/// One thing that is wrong. No fault holds what was sealed, nor text of the miner's: it may stand in any log.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// Nothing is committed.
    #[error("the commitment is empty")]
    Empty,
    /// More than the chain's fields hold together.
    #[error("the commitment has {bytes} bytes, more than any can have")]
    TooLong {
        /// Its bytes.
        bytes: usize,
    },
    /// One colon, and no `e` before it.
    #[error("the commitment is none of `repo:revision:id`, `e:…`, `e2:…`, a deployment id, a URL or JSON")]
    Shape,
    /// It starts as JSON and is none that we know.
    #[error("the commitment's JSON cannot be used: {fault}")]
    Json {
        /// What is wrong with it.
        fault: &'static str,
    },
    /// A part that must be there is empty.
    #[error("the commitment has no {part}")]
    Missing {
        /// The part.
        part: &'static str,
    },
    /// Characters nobody can see.
    #[error("the commitment's {part} has control characters")]
    Control {
        /// The part.
        part: &'static str,
    },
    /// A deployment id becomes the first label of a host's name. Anything else could name another host.
    #[error("the deployment id {fault}")]
    Deployment {
        /// What is wrong with it.
        fault: &'static str,
    },
    /// A URL that is not called.
    #[error("the endpoint's URL {fault}")]
    Url {
        /// What is wrong with it.
        fault: &'static str,
    },
    /// A URL in the open, where the operator takes none.
    #[error("plain endpoints are not called here: seal it for the operator's key")]
    PlainEndpoint,
    /// The operator's public key: no miner.
    #[error("the commitment is the operator's public key")]
    OperatorKey,
    /// It says that it is the operator's public key, and is no key.
    #[error("the commitment is an operator's public key, but not of 64 hexadecimal digits")]
    BadOperatorKey,
    /// Sealed, and there is nothing to open it with.
    #[error("the endpoint is sealed and there is no private key to open it")]
    NoSecretKey,
    /// Sealed, and does not open.
    #[error(transparent)]
    Sealed(sealing::Error),
    /// The hotkey is no SS58 text, so no envelope can be bound to it.
    #[error("the hotkey is not an SS58 address")]
    Hotkey,
    /// In writing: a colon where the format has none.
    #[error("the {part} has a colon, which parts the commitment's fields")]
    Colon {
        /// The part.
        part: &'static str,
    },
    /// In writing: a repository without a revision, or the other way round.
    #[error("repository and revision come together or not at all")]
    Half,
    /// In writing: what would be read as something else.
    #[error("these fields would be read as something else")]
    Ambiguous,
    /// In writing: more bytes than a field of the chain holds.
    #[error("the commitment has {bytes} bytes, {max} fit: shorten the repository's name, or leave it out")]
    DoesNotFit {
        /// Its bytes.
        bytes: usize,
        /// The most there may be.
        max: usize,
    },
}

impl Refused {
    /// The faults, in the order of the text.
    #[must_use]
    pub fn faults(&self) -> &[Fault] {
        &self.0
    }

    /// Whether it is no miner's at all, but the operator's own key: nothing to complain of.
    #[must_use]
    pub fn is_operator_key(&self) -> bool {
        matches!(self.0.as_slice(), [Fault::OperatorKey])
    }

    /// From what was found, which is something.
    pub(super) fn all(faults: Vec<Fault>) -> Self {
        debug_assert!(!faults.is_empty(), "nothing is refused without a reason");
        Self(faults)
    }
}

impl From<Fault> for Refused {
    fn from(fault: Fault) -> Self {
        Self(vec![fault])
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.0.iter().enumerate() {
            let between = if index == 0 { "" } else { "; " };
            write!(f, "{between}{fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Refused {}
