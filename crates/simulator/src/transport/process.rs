//! Simulators as child processes: the same programs without a container, for development. Nothing is walled
//! off but the environment's variables.

use super::{Keeper, Pipe};
use crate::config::Config;
use crate::error::{Exit, Source};
use kinitro_proto::catalogue::FamilyEntry;
use rustix::process::{Pid, Signal, kill_process_group};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;
use tokio::process::{Child, ChildStderr, Command};
use tokio_util::task::{AbortOnDropHandle, TaskTracker};

/// What of our environment a program needs to find its libraries and a display driver. Nothing else is
/// handed on: an executor's environment holds secrets.
const HANDED_ON: [&str; 8] = [
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "TMPDIR",
    "LD_LIBRARY_PATH",
    "MUJOCO_GL",
    "PYOPENGL_PLATFORM",
];

/// How long standard error may stay open after the process ended: its children may hold it.
const STDERR_WITHIN: Duration = Duration::from_secs(1);

/// Starts a family's program.
///
/// # Errors
/// Whatever kept it from starting, with the program's name.
pub(crate) fn start(config: &Config, family: &FamilyEntry, tasks: &TaskTracker) -> Result<Pipe, Source> {
    let folder = config.environments_dir.join(family.name.as_str());
    let (program, arguments) = command_line(config, family)?;
    let mut child = Command::new(&program)
        .args(arguments)
        .current_dir(&folder)
        .env_clear()
        .envs(
            HANDED_ON
                .iter()
                .filter_map(|name| std::env::var_os(name).map(|value| (name, value))),
        )
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // Ctrl-C in the terminal is for the executor, which then closes its simulators in order.
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| format!("`{}` in `{}`: {error}", program.display(), folder.display()))?;
    let (input, output, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (input, output) = input.zip(output).expect("both were asked to be piped");
    let (pipe, keeper) = Pipe::new(input, output);
    tasks.spawn(keep(child, stderr.expect("it was asked to be piped"), keeper));
    Ok(pipe)
}

/// The family's command, with `python` replaced. A relative path to it is taken from our folder, not from the
/// family's.
fn command_line<'a>(config: &Config, family: &'a FamilyEntry) -> Result<(PathBuf, &'a [String]), Source> {
    let (first, arguments) = family.command.split_first().ok_or("the family has no command")?;
    if first != "python" {
        return Ok((first.into(), arguments));
    }
    let is_path = config.python.components().count() > 1;
    let python = if is_path {
        std::path::absolute(&config.python)?
    } else {
        config.python.clone()
    };
    Ok((python, arguments))
}

/// Owns the process from its start to its end.
async fn keep(mut child: Child, stderr: ChildStderr, keeper: Keeper) {
    let tail = keeper.stderr.clone();
    let drained = AbortOnDropHandle::new(tokio::spawn(async move { tail.drain(stderr).await }));
    let status = tokio::select! {
        status = child.wait() => status,
        () = keeper.kill.cancelled() => {
            kill_group(&child);
            child.wait().await
        }
    };
    if tokio::time::timeout(STDERR_WITHIN, drained).await.is_err() {
        tracing::debug!("a simulator ended, but something still holds its standard error");
    }
    keeper
        .ended
        .send_replace(Some(status.map_or(Exit::Unknown, exit)));
}

fn kill_group(child: &Child) {
    let group = child
        .id()
        .and_then(|id| i32::try_from(id).ok())
        .and_then(Pid::from_raw);
    if let Some(group) = group
        && let Err(error) = kill_process_group(group, Signal::KILL)
    {
        tracing::warn!(%error, pid = group.as_raw_nonzero(), "could not kill a simulator's process group");
    }
}

fn exit(status: ExitStatus) -> Exit {
    match (status.code(), status.signal()) {
        (Some(code), _) => Exit::Code(code.into()),
        (None, Some(signal)) => Exit::Signal(signal),
        (None, None) => Exit::Unknown,
    }
}
