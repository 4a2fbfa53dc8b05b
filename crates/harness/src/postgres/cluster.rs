//! One cluster: its files, its process, its binaries.

use crate::{
    daemon::{Daemon, Signal},
    eventually,
    workspace::{free_port, loopback, tail},
};
use std::{
    fs,
    net::SocketAddr,
    os::unix::{
        fs::{MetadataExt, chown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Command, Output},
    time::Duration,
};
use tempfile::TempDir;

const START: Duration = Duration::from_secs(30);

/// A private PostgreSQL cluster with one empty database. Killed on drop.
#[derive(Debug)]
pub struct Cluster {
    // Before its folder: fields are dropped in this order, and a server still writes until it is gone.
    daemon: Option<Daemon>,
    dir: TempDir,
    port: u16,
}

impl Cluster {
    pub(super) async fn start() -> Self {
        let template = tokio::task::spawn_blocking(super::shared::template)
            .await
            .expect("the template exists");
        let dir = tempfile::Builder::new()
            .prefix("kinitro-postgres-")
            .tempdir()
            .expect("a temporary folder");
        own(dir.path());
        copy(&template, &dir.path().join("data"));
        let mut cluster = Self {
            dir,
            port: 0,
            daemon: None,
        };
        for _ in 0..8 {
            cluster.port = free_port();
            cluster.spawn();
            if cluster.answers().await {
                run(client("createdb", cluster.port).arg("kinitro"));
                return cluster;
            }
        }
        panic!("postgres did not start, 8 ports tried:\n{}", tail(&cluster.log()));
    }

    /// The address of its database, `postgresql://…`; the same through all restarts.
    #[must_use]
    pub fn url(&self) -> String {
        url(self.port, "kinitro")
    }

    /// Where it listens, as host and port.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        loopback(self.port)
    }

    /// Crashes it (connections are cut, nothing is flushed) and starts it again: it recovers from its log.
    ///
    /// # Panics
    /// If it does not come back within 30 s.
    pub async fn restart(&mut self) {
        self.stop();
        self.start_again().await;
    }

    /// Crashes it. Nothing listens on its port any more.
    pub fn stop(&mut self) {
        self.daemon = None;
    }

    /// Starts it again after [`Cluster::stop`], on the same port and data.
    ///
    /// # Panics
    /// If it does not answer within 30 s.
    pub async fn start_again(&mut self) {
        self.spawn();
        assert!(
            self.answers().await,
            "postgres did not come back:\n{}",
            tail(&self.log())
        );
    }

    fn spawn(&mut self) {
        let command = server(&self.dir.path().join("data"), self.port);
        let daemon =
            Daemon::spawn(command, &self.log(), Signal::Quit).expect("postgres can be run: initdb was");
        self.daemon = Some(daemon);
    }

    /// Whether the server takes connections; false if the process ended.
    async fn answers(&mut self) -> bool {
        let (port, log) = (self.port, self.log());
        let daemon = self.daemon.as_mut().expect("spawned just before");
        eventually(START, &format!("a postgres, see {}", log.display()), async || {
            if daemon.is_running() {
                is_ready(port).then_some(true)
            } else {
                Some(false)
            }
        })
        .await
    }

    fn log(&self) -> PathBuf {
        self.dir.path().join("log")
    }
}

pub(super) fn url(port: u16, database: &str) -> String {
    format!("postgresql://postgres@{}/{database}", loopback(port))
}

/// Whether a cluster on the port takes connections.
pub(super) fn is_ready(port: u16) -> bool {
    client("pg_isready", port)
        .args(["-q", "-t", "2"])
        .status()
        .is_ok_and(|status| status.success())
}

/// A server over the folder. It keeps nothing through a power cut, and is the faster for it.
pub(super) fn server(data: &Path, port: u16) -> Command {
    let mut command = tool("postgres");
    command.arg("-D").arg(data).args(["-p", &port.to_string()]);
    for setting in [
        "listen_addresses=127.0.0.1",
        "unix_socket_directories=",
        "fsync=off",
        "full_page_writes=off",
        "shared_buffers=64MB",
        "max_connections=400",
        "max_wal_size=2GB",
        "log_min_messages=warning",
    ] {
        command.args(["-c", setting]);
    }
    command
}

/// A client tool that talks to the cluster on the port.
pub(super) fn client(name: &str, port: u16) -> Command {
    let mut command = tool(name);
    command.args(["-h", "127.0.0.1", "-U", "postgres", "-p", &port.to_string()]);
    command
}

/// Makes an empty cluster in the folder.
pub(super) fn initialise(data: &Path) {
    run(tool("initdb").arg("-D").arg(data).args([
        "--username=postgres",
        "--auth=trust",
        "--encoding=UTF8",
        "--locale=C.UTF-8",
        "--no-sync",
    ]));
}

/// Copies a stopped cluster.
pub(super) fn copy(from: &Path, to: &Path) {
    run(as_owner(Command::new("cp"))
        .args(["-a", "--reflink=auto"])
        .args([from, to]));
}

/// Gives a folder to the user that PostgreSQL runs as.
pub(super) fn own(folder: &Path) {
    if let Some((user, group)) = owner() {
        chown(folder, Some(user), Some(group)).expect("root may give a folder away");
    }
}

/// Runs a command to its end.
pub(super) fn run(command: &mut Command) -> Output {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("could not run {command:?}: {error}"));
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

fn tool(name: &str) -> Command {
    as_owner(Command::new(binaries().join(name)))
}

/// The newest installed version's binaries.
fn binaries() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let newest = versions
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .max();
    let version = newest.expect("no PostgreSQL in /usr/lib/postgresql: apt-get install postgresql");
    Path::new("/usr/lib/postgresql")
        .join(version.to_string())
        .join("bin")
}

/// PostgreSQL refuses to run as root: then it runs as the user its package made.
fn as_owner(mut command: Command) -> Command {
    if let Some((user, group)) = owner() {
        command.uid(user).gid(group);
    }
    // Any folder that user may enter; the tests' own may be out of its reach.
    command.current_dir("/");
    command
}

fn owner() -> Option<(u32, u32)> {
    let root = fs::metadata("/proc/self").expect("/proc is mounted").uid() == 0;
    root.then(|| {
        let users = fs::read_to_string("/etc/passwd").expect("/etc/passwd can be read");
        let line = users.lines().find_map(|line| line.strip_prefix("postgres:"));
        let mut fields = line
            .expect("PostgreSQL's package makes the user `postgres`")
            .split(':')
            .skip(1);
        let mut number = || {
            fields
                .next()
                .and_then(|field| field.parse().ok())
                .expect("/etc/passwd has ids")
        };
        (number(), number())
    })
}
