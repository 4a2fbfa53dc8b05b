use kinitro_proto::{CycleId, Environment, Uid};
use std::{io, path::PathBuf};

/// What this crate's functions end with.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why evidence, a document, a key or a signature is not what it should be. No message holds a private key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes did not come: nothing is said about what they would have been.
    #[error("could not read the evidence")]
    Read(#[source] io::Error),
    /// A chunk of evidence could not be compressed.
    #[error("could not compress the evidence")]
    Compress(#[source] io::Error),
    /// A value that cannot be written, such as a number that is not finite.
    #[error("could not write {what}")]
    Unwritable {
        /// What was to be written.
        what: &'static str,
        /// Why it was not.
        source: serde_json::Error,
    },
    /// What happened at a line of the evidence.
    #[error("line `{line}` of the evidence does not hold")]
    Line {
        /// The line's number, from 1.
        line: u64,
        /// What happened.
        source: Box<Error>,
    },
    /// A text that is not what it should be.
    #[error("{what} cannot be read")]
    Unreadable {
        /// What the text should be.
        what: &'static str,
        /// Why it is not.
        source: serde_json::Error,
    },
    /// A text that is another one than ours for the same value.
    #[error("{what} is not written as it must be, from byte `{at}` on")]
    NotCanonical {
        /// What the text is.
        what: &'static str,
        /// The first byte that differs, from 0.
        at: usize,
    },
    /// A line of a kind that there is not.
    #[error("the line is of no known kind")]
    Kind,
    /// Evidence or a document of another version.
    #[error("the schema is not `{expected}`")]
    Schema {
        /// What this version reads.
        expected: &'static str,
    },
    /// The last line has no end: something was cut off.
    #[error("the evidence ends within a line")]
    Truncated,
    /// More than will be read or written.
    #[error("{what} is over its limit of `{limit}`")]
    TooMuch {
        /// What there is too much of.
        what: &'static str,
        /// The most there may be.
        limit: u64,
    },
    /// A cycle that cannot be: without environments, with one of them twice, and the like.
    #[error("the cycle's line cannot be: {fault}")]
    Cycle {
        /// What is wrong with it.
        fault: String,
    },
    /// The secret is not the one that was committed to when the cycle opened.
    #[error("the secret's hash is `{found}`, and `{expected}` was committed to")]
    Commitment {
        /// What was committed to.
        expected: String,
        /// The secret's hash.
        found: String,
    },
    /// A line in the place of another, or one too many, or too few.
    #[error("there should be {expected}, there is {found}")]
    Order {
        /// What should be there.
        expected: String,
        /// What is there.
        found: String,
    },
    /// A seed that does not come from the secret.
    #[error(
        "the seed of episode `{episode}` of `{environment}` of miner `{uid}` is `{found}`, by the formula it is `{expected}`"
    )]
    Seed {
        /// The miner.
        uid: Uid,
        /// The environment.
        environment: Environment,
        /// The episode.
        episode: u32,
        /// What the formula gives.
        expected: u64,
        /// What the line says.
        found: u64,
    },
    /// A result that no episode can have.
    #[error("episode `{episode}` of `{environment}` of miner `{uid}` breaks a rule: {rule}")]
    Rule {
        /// The miner.
        uid: Uid,
        /// The environment.
        environment: Environment,
        /// The episode.
        episode: u32,
        /// The rule.
        rule: &'static str,
    },
    /// Evidence that was not read to its end cannot be judged.
    #[error("the evidence is not complete")]
    Unfinished,
    /// A strategy that this version does not know.
    #[error("this version does not know the strategy `{strategy}` of cycle `{cycle}`")]
    Strategy {
        /// The cycle.
        cycle: CycleId,
        /// Its strategy.
        strategy: String,
    },
    /// Scores that could not be computed.
    #[error("could not compute the scores of cycle `{cycle}`")]
    Scoring {
        /// The cycle.
        cycle: CycleId,
        /// Why not.
        source: kinitro_scoring::Error,
    },
    /// No key.
    #[error("it is no key: {fault}")]
    Key {
        /// What is wrong with it.
        fault: &'static str,
    },
    /// No signature.
    #[error("a signature is 128 hexadecimal digits in lower case")]
    SignatureText,
    /// No key id.
    #[error("a key id is 16 hexadecimal digits in lower case")]
    KeyIdText,
    /// A signature that is not this key's, or not of these bytes.
    #[error("the signature is not of key `{key}`, or not of this text")]
    Signature {
        /// The key's id.
        key: String,
    },
    /// The system gave no randomness.
    #[error("the system gave no randomness for a key")]
    Random(#[source] rand::rand_core::OsError),
    /// A key file that could not be read.
    #[error("could not read key file `{}`", path.display())]
    ReadFile {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A key file that could not be written.
    #[error("could not write key file `{}`", path.display())]
    WriteFile {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A file that holds no key.
    #[error("`{}` holds no key", path.display())]
    BadFile {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: Box<Error>,
    },
    /// A key file that is there already.
    #[error("`{}` is there already: a key is not replaced by accident", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// A private key that everyone on the machine may read.
    #[error("everyone on this machine may read the private key `{0}`, its mode is {mode:04o}: chmod 600 '{0}'", path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// The gateway has weights of the cycle, but no document: they are from before there were any.
    #[error("the weights of cycle `{cycle}` have no document: nothing can be checked")]
    Undocumented {
        /// The cycle.
        cycle: CycleId,
    },
    /// Two things that should be the same are not.
    #[error("expected {expected}, found {found}")]
    Mismatch {
        /// What it should be.
        expected: String,
        /// What it is.
        found: String,
    },
}

impl Error {
    /// What happened, without where: the error itself, or the one at a line of the evidence.
    #[must_use]
    pub fn inner(&self) -> &Self {
        match self {
            Self::Line { source, .. } => source.inner(),
            error => error,
        }
    }

    pub(crate) fn canonical(what: &'static str, fault: crate::canonical::Fault) -> Self {
        use crate::canonical::Fault;
        match fault {
            Fault::Json(source) => Self::Unreadable { what, source },
            Fault::Another { at } => Self::NotCanonical { what, at },
        }
    }

    pub(crate) fn mismatch(expected: impl ToString, found: impl ToString) -> Self {
        Self::Mismatch {
            expected: expected.to_string(),
            found: found.to_string(),
        }
    }
}
