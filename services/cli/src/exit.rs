//! How a command ends when it does not end well: one message, one exit code.

use clap::{
    Command,
    error::{ContextKind, ContextValue},
};
use kinitro_chassis::report;
use std::{
    error::Error,
    io::{self, Write},
    process::ExitCode,
};

/// Why a command failed, and so its exit code.
#[derive(Debug)]
pub(crate) enum Exit {
    /// 1: it was tried and did not work.
    Failure(String),
    /// 2, or 0 for `--help` and `--version`: the command line.
    Usage(clap::Error),
    /// 2: settings that cannot be run with, all faults of them.
    Config(Vec<String>),
    /// 2: a file that cannot be worked on, all faults of it.
    Input { name: String, faults: Vec<String> },
    /// 3: what was asked for is not there.
    NotFound(String),
    /// 4: it stands against what is there.
    Conflict(String),
    /// 5: whoever asked may not.
    NotAllowed(String),
    /// 6: it took too long.
    TimedOut(String),
    /// 75: what it needs is away; trying again later may help.
    Later(String),
}

impl From<kinitro_store::Error> for Exit {
    fn from(error: kinitro_store::Error) -> Self {
        let text = report(&error).to_string();
        Self::sorted(text, error.is_unauthorised(), error.is_passing())
    }
}

impl From<kinitro_nats::Error> for Exit {
    fn from(error: kinitro_nats::Error) -> Self {
        let text = report(&error).to_string();
        Self::sorted(text, error.is_unauthorised(), error.is_passing())
    }
}

impl From<kinitro_chain::Error> for Exit {
    fn from(error: kinitro_chain::Error) -> Self {
        let hint = error.hint().map(|hint| format!(" ({hint})"));
        let text = format!("{}{}", report(&error), hint.unwrap_or_default());
        Self::sorted(text, false, error.is_passing())
    }
}

impl From<kinitro_sealing::Error> for Exit {
    fn from(error: kinitro_sealing::Error) -> Self {
        let text = report(&error).to_string();
        match error {
            kinitro_sealing::Error::Exists { .. } => Self::Conflict(text),
            _ => Self::Failure(text),
        }
    }
}

impl From<kinitro_audit::Error> for Exit {
    fn from(error: kinitro_audit::Error) -> Self {
        let text = report(&error).to_string();
        match error {
            kinitro_audit::Error::Exists { .. } => Self::Conflict(text),
            _ => Self::Failure(text),
        }
    }
}

impl From<kinitro_chain::commitment::Refused> for Exit {
    fn from(refused: kinitro_chain::commitment::Refused) -> Self {
        Self::Config(refused.faults().iter().map(ToString::to_string).collect())
    }
}

impl From<kinitro_validator::Error> for Exit {
    fn from(error: kinitro_validator::Error) -> Self {
        let hint = error.hint().map(|hint| format!(" ({hint})"));
        let text = format!("{}{}", report(&error), hint.unwrap_or_default());
        match error {
            kinitro_validator::Error::Locked { .. } => return Self::Conflict(text),
            kinitro_validator::Error::NotThere { .. } => return Self::NotFound(text),
            kinitro_validator::Error::NoKeys | kinitro_validator::Error::NoBundle => {
                return Self::Config(vec![text]);
            }
            _ => {}
        }
        Self::sorted(text, error.is_not_allowed(), error.is_passing())
    }
}

impl Exit {
    const fn sorted(text: String, is_unauthorised: bool, is_passing: bool) -> Self {
        match (is_unauthorised, is_passing) {
            (true, _) => Self::NotAllowed(text),
            (false, true) => Self::Later(text),
            (false, false) => Self::Failure(text),
        }
    }

    /// A failure with its causes.
    pub(crate) fn failure(error: impl Error) -> Self {
        Self::Failure(report(&error).to_string())
    }

    /// A command line that cannot be read, told without the value of a secret.
    pub(crate) fn usage(mut error: clap::Error, mut command: Command) -> Self {
        // Arguments know how they are shown only in a command that is built.
        command.build();
        let arg = error.get(ContextKind::InvalidArg).map(ToString::to_string);
        if arg.is_some_and(|arg| is_secret(&arg, &command)) {
            error.insert(ContextKind::InvalidValue, ContextValue::String("***".to_owned()));
        }
        Self::Usage(error)
    }

    /// Says why, on standard error, and gives the code.
    pub(crate) fn report(self) -> ExitCode {
        let (code, text) = match self {
            Self::Usage(error) => {
                // Help and version are no faults: clap knows where they go.
                let code = u8::try_from(error.exit_code()).unwrap_or(1);
                let written = error.print();
                return if written.is_ok() {
                    code.into()
                } else {
                    ExitCode::FAILURE
                };
            }
            Self::Config(faults) => (2, listed(&faults, "in the settings, nothing was started")),
            Self::Input { name, faults } => (2, listed(&faults, &format!("in `{name}`, nothing was done"))),
            Self::Failure(text) => (1, text),
            Self::NotFound(text) => (3, text),
            Self::Conflict(text) => (4, text),
            Self::NotAllowed(text) => (5, text),
            Self::TimedOut(text) => (6, text),
            Self::Later(text) => (75, text),
        };
        // Nobody is left to tell if this fails.
        drop(writeln!(io::stderr(), "kinitro: {text}"));
        code.into()
    }
}

/// All faults, a line each.
fn listed(faults: &[String], place: &str) -> String {
    let list: String = faults.iter().map(|fault| format!("\n  - {fault}")).collect();
    let count = faults.len();
    format!(
        "{count} fault{} {place}:{list}",
        if count == 1 { "" } else { "s" }
    )
}

/// Whether the argument, as errors show it, is one whose value nobody should see, here or further down.
fn is_secret(shown: &str, command: &Command) -> bool {
    let here = |command: &Command| {
        let mut secrets = command.get_arguments().filter(|arg| arg.is_hide_env_values_set());
        secrets.any(|arg| arg.to_string() == shown)
    };
    here(command) || command.get_subcommands().any(|child| is_secret(shown, child))
}

/// Writes a result to standard output, which carries nothing else.
pub(crate) fn print(text: impl AsRef<str>) -> Result<(), Exit> {
    match writeln!(io::stdout(), "{}", text.as_ref()) {
        // The reader has seen enough (`kinitro … | head`).
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(Exit::failure),
    }
}
