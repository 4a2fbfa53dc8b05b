//! A `kinitro` process that cannot outlive the test, however the test ends.

use kinitro_harness::eventually;
use serde_json::Value;
use std::{
    fs::{self, File},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::Duration,
};

/// How long a process may take to say where it listens.
const START: Duration = Duration::from_secs(30);

/// A running process, its log, and a watchdog that ends it if the test dies without doing so.
pub(crate) struct Process {
    child: Child,
    watchdog: Option<Child>,
    log: PathBuf,
}

/// The binary with nothing of this process's environment but where programs are.
pub(crate) fn kinitro(args: &[&str], settings: &[(&'static str, String)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kinitro"));
    command
        .args(args)
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .envs(settings.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null());
    command
}

/// Runs a command to its end.
pub(crate) fn run(args: &[&str], settings: &[(&'static str, String)]) -> Output {
    kinitro(args, settings).output().expect("the binary was built")
}

impl Process {
    /// Starts it; its log is appended to, so that a process of the same name continues it.
    pub(crate) fn spawn(mut command: Command, log: &Path) -> Self {
        let output = File::options().create(true).append(true).open(log).unwrap();
        command.stdout(output.try_clone().unwrap()).stderr(output);
        let child = command.spawn().expect("the binary was built");
        // `read` returns when the pipe closes: this process has ended.
        let watchdog = Command::new("sh")
            .args(["-c", "read _; kill -KILL \"$1\"", "watchdog"])
            .arg(child.id().to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("`sh` is there");
        Self {
            child,
            watchdog: Some(watchdog),
            log: log.to_owned(),
        }
    }

    /// Kills it outright (kill -9).
    pub(crate) fn kill(&mut self) {
        self.call_off_watchdog();
        self.child.kill().expect("a child of ours can be killed");
        self.child.wait().expect("a child of ours can be waited for");
    }

    /// Asks it to end (SIGTERM) and waits for its exit code.
    pub(crate) async fn terminate(&mut self, within: Duration) -> Option<i32> {
        self.call_off_watchdog();
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &pid]).status().unwrap();
        assert!(sent.success(), "a child of ours takes signals");
        eventually(within, "the end of a process that was asked to", async || {
            self.child.try_wait().unwrap()
        })
        .await
        .code()
    }

    /// The address that it says it listens at, in the log line of that message.
    pub(crate) async fn address(&self, message: &str) -> SocketAddr {
        let what = format!("`{message}` in {}", self.log.display());
        eventually(START, &what, async || {
            lines(&self.log)
                .filter(|line| line["message"] == message)
                .find_map(|line| line["address"].as_str()?.parse().ok())
        })
        .await
    }

    /// How often it said that.
    pub(crate) fn said(&self, message: &str) -> usize {
        self.lines(message).len()
    }

    /// The log's lines with that message.
    pub(crate) fn lines(&self, message: &str) -> Vec<Value> {
        lines(&self.log)
            .filter(|line| line["message"] == message)
            .collect()
    }

    /// Before the process ends: afterwards its id may belong to somebody else.
    fn call_off_watchdog(&mut self) {
        if let Some(mut watchdog) = self.watchdog.take() {
            watchdog.kill().expect("a child of ours can be killed");
            watchdog.wait().expect("a child of ours can be waited for");
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.kill();
        } else {
            self.call_off_watchdog();
        }
    }
}

/// The lines of a log that are JSON.
fn lines(log: &Path) -> impl Iterator<Item = Value> {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<_> = text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    lines.into_iter()
}
