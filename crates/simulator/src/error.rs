//! What can go wrong with a simulator, and whose fault it is.

use crate::config::Size;
use crate::wire::{ErrorKind, ProtocolError};
use kinitro_proto::{Family, Fault, InfraFault, InfraFaultKind, MinerFault, MinerFaultKind};
use std::fmt;
use std::time::Duration;

/// What this crate answers with.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A cause that some other crate made.
pub(crate) type Source = Box<dyn std::error::Error + Send + Sync>;

/// What went wrong with a simulator. [`Error::fault`] says whose fault it is.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The settings are not usable.
    #[error("simulator settings are wrong: {}", faults.join("; "))]
    Config {
        /// All that is wrong, in words.
        faults: Vec<String>,
    },
    /// The Docker daemon does not answer.
    #[error(
        "could not reach the docker daemon at `{socket}`: is it running, and may this user open the socket?"
    )]
    Daemon {
        /// The path of the daemon's socket.
        socket: String,
        /// Why.
        source: Source,
    },
    /// The daemon answered, but leftovers could not be removed.
    #[error("could not remove leftover simulators")]
    Reap {
        /// Why.
        source: Source,
    },
    /// The family's image is not on this machine.
    #[error("image `{image}` of family `{family}` is not on this machine: run `kinitro env build {family}`")]
    ImageMissing {
        /// The family.
        family: Family,
        /// The image.
        image: String,
    },
    /// The simulator did not come up, or is not the one asked for.
    #[error("could not start a simulator of family `{family}`")]
    Start {
        /// The family.
        family: Family,
        /// Why.
        source: Source,
    },
    /// What the simulator said in its `hello` is not what the catalogue says.
    #[error("simulator says it is {said}, expected {expected}")]
    Mismatch {
        /// What it said.
        said: String,
        /// What was expected.
        expected: String,
    },
    /// The simulator ended by itself.
    #[error("simulator ended in `{call}` with {exit}; last words: `{stderr}`")]
    Crash {
        /// What it was asked for.
        call: Call,
        /// How it ended.
        exit: Exit,
        /// The last lines of its standard error.
        stderr: String,
    },
    /// The simulator was killed for the memory it took.
    #[error("simulator took more than `{limit}` of memory in `{call}`")]
    OutOfMemory {
        /// What it was asked for.
        call: Call,
        /// What it may take.
        limit: Size,
    },
    /// The simulator did not answer in time and was killed.
    #[error("simulator did not answer `{call}` within `{}`", humantime::format_duration(*limit))]
    Hang {
        /// What it was asked for.
        call: Call,
        /// How long it had.
        limit: Duration,
    },
    /// What the simulator wrote is not the protocol; it was killed.
    #[error("simulator broke the protocol in `{call}`")]
    Protocol {
        /// What it was asked for.
        call: Call,
        /// How.
        source: ProtocolError,
    },
    /// The action does not fit the environment. The simulator stays usable.
    #[error("action does not fit: {message}")]
    Action {
        /// What the simulator said about it.
        message: String,
    },
    /// The simulator answered that it could not do as asked. It stays usable.
    #[error("simulator answered `{call}` with error `{kind}`: {message}")]
    Reported {
        /// What it was asked for.
        call: Call,
        /// What kind of error.
        kind: ErrorKind,
        /// What it said.
        message: String,
    },
    /// The simulator was broken by an earlier call, or a call was abandoned half way.
    #[error("simulator is not usable in `{call}`: an earlier call broke it or was abandoned")]
    Unusable {
        /// What it was asked for.
        call: Call,
    },
}

impl Error {
    /// Whose fault it is: the miner's for an action that does not fit, else ours.
    #[must_use]
    pub fn fault(&self) -> Fault {
        let kind = match self {
            Self::Action { .. } => return MinerFault::new(MinerFaultKind::BadShape, self.detail()).into(),
            Self::Daemon { .. } | Self::ImageMissing { .. } | Self::Start { .. } | Self::Mismatch { .. } => {
                InfraFaultKind::SimulatorStart
            }
            Self::Crash { .. } => InfraFaultKind::SimulatorCrash,
            Self::OutOfMemory { .. } => InfraFaultKind::OutOfMemory,
            Self::Hang { .. } => InfraFaultKind::SimulatorHang,
            Self::Protocol { .. } => InfraFaultKind::SimulatorProtocol,
            Self::Reported {
                kind: ErrorKind::Environment,
                ..
            } => InfraFaultKind::UnknownEnvironment,
            Self::Reported { .. } => InfraFaultKind::SimulatorError,
            Self::Config { .. } | Self::Reap { .. } | Self::Unusable { .. } => InfraFaultKind::Internal,
        };
        InfraFault::new(kind, self.detail()).into()
    }

    /// The error and all its causes in one line.
    fn detail(&self) -> String {
        let mut text = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        text
    }
}

/// What a simulator is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// Who it is.
    Hello,
    /// A new episode.
    Reset,
    /// A step of the episode.
    Step,
    /// To exit.
    Close,
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hello => "hello",
            Self::Reset => "reset",
            Self::Step => "step",
            Self::Close => "close",
        })
    }
}

/// How a simulator's process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It exited with this code.
    Code(i64),
    /// This signal killed it.
    Signal(i32),
    /// The kernel killed it for its memory.
    OutOfMemory,
    /// Nobody can tell.
    Unknown,
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exit code `{code}`"),
            Self::Signal(signal) => write!(f, "signal `{signal}`"),
            Self::OutOfMemory => f.write_str("no memory left"),
            Self::Unknown => f.write_str("an exit code that is not known"),
        }
    }
}
