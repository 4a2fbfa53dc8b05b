//! A server process that cannot outlive the test, however the test ends.

use std::{
    fs::File,
    io,
    path::Path,
    process::{Child, Command, Stdio},
};

/// A running child process, with a watchdog that ends it if this process dies without doing so.
#[derive(Debug)]
pub(crate) struct Daemon {
    child: Child,
    watchdog: Child,
    signal: Signal,
}

/// How a server is ended at once: no goodbyes, and nothing of it left running.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Signal {
    Kill,
    /// To PostgreSQL's postmaster: its children end too, and the next start recovers as from a crash.
    Quit,
}

impl Signal {
    const fn flag(self) -> &'static str {
        match self {
            Self::Kill => "-KILL",
            Self::Quit => "-QUIT",
        }
    }
}

impl Daemon {
    /// Starts the command with its output going to the log.
    pub(crate) fn spawn(mut command: Command, log: &Path, signal: Signal) -> io::Result<Self> {
        let log = File::options().create(true).append(true).open(log)?;
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let child = command.spawn()?;
        // `read` returns when the pipe closes: this process has ended, or `end` was called.
        let watchdog = Command::new("sh")
            .args([
                "-c",
                "read _; kill \"$1\" \"$2\"",
                "watchdog",
                signal.flag(),
                &child.id().to_string(),
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        Ok(Self {
            child,
            watchdog: watchdog.expect("`sh` is there"),
            signal,
        })
    }

    /// Stops it in its tracks, or lets it go on: it keeps its connections and says nothing.
    pub(crate) fn freeze(&self, frozen: bool) {
        let signal = if frozen { "-STOP" } else { "-CONT" };
        let status = Command::new("kill")
            .args([signal, &self.child.id().to_string()])
            .status();
        assert!(
            status.is_ok_and(|status| status.success()),
            "a child of ours takes signals"
        );
    }

    /// Whether it still runs.
    pub(crate) fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // The watchdog first: afterwards the process id may belong to somebody else.
        self.watchdog
            .kill()
            .and_then(|()| self.watchdog.wait())
            .expect("a child of ours can be killed");
        let status = Command::new("kill")
            .args([self.signal.flag(), &self.child.id().to_string()])
            .stderr(Stdio::null())
            .status();
        if !status.is_ok_and(|status| status.success()) {
            self.child.kill().expect("a child of ours can be killed");
        }
        self.child.wait().expect("a child of ours can be waited for");
    }
}
