//! A NATS server of a test's own.

use crate::{
    daemon::{Daemon, Signal},
    eventually,
    workspace::{free_port, loopback, root, tail},
};
use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::TcpStream,
};

/// How long a server may take until it answers: a machine under load, or a large store to read.
const START: Duration = Duration::from_secs(30);

/// A private NATS server with JetStream and the settings of `nats/server.conf`. Killed on drop.
#[derive(Debug)]
pub struct Nats {
    // Before its folder: fields are dropped in this order, and a server still writes until it is gone.
    daemon: Option<Daemon>,
    binary: PathBuf,
    dir: TempDir,
    port: u16,
}

impl Nats {
    /// Starts a server of the version we ship, with an empty store.
    ///
    /// # Panics
    /// Without a server binary, or if it does not answer within 30 s.
    pub async fn start() -> Self {
        Self::launch(binary("nats-server")).await
    }

    /// Starts a server of the oldest version we support (2.11), with an empty store.
    ///
    /// # Panics
    /// Without a server binary, or if it does not answer within 30 s.
    pub async fn start_oldest() -> Self {
        Self::launch(binary("nats-server-2.11")).await
    }

    async fn launch(binary: PathBuf) -> Self {
        let dir = tempfile::Builder::new()
            .prefix("kinitro-nats-")
            .tempdir()
            .expect("a temporary folder");
        let mut nats = Self {
            binary,
            dir,
            port: 0,
            daemon: None,
        };
        for _ in 0..8 {
            nats.port = free_port();
            nats.spawn();
            if nats.answers().await {
                return nats;
            }
        }
        panic!("nats-server did not start, 8 ports tried:\n{}", tail(&nats.log()));
    }

    /// Where it listens, `nats://127.0.0.1:<port>`; the same through all restarts.
    #[must_use]
    pub fn url(&self) -> String {
        format!("nats://{}", loopback(self.port))
    }

    /// Where it listens, as host and port.
    #[must_use]
    pub fn address(&self) -> std::net::SocketAddr {
        loopback(self.port)
    }

    /// The folder of its store.
    #[must_use]
    pub fn store(&self) -> PathBuf {
        self.dir.path().join("store")
    }

    /// Kills it (kill -9) and starts it again on the same port and store.
    ///
    /// # Panics
    /// If it does not come back within 30 s.
    pub async fn restart(&mut self) {
        self.stop();
        self.start_again().await;
    }

    /// Kills it (kill -9). Nothing listens on its port any more.
    pub fn stop(&mut self) {
        self.daemon = None;
    }

    /// Starts it again after [`Nats::stop`], on the same port and store.
    ///
    /// # Panics
    /// If it does not answer within 30 s.
    pub async fn start_again(&mut self) {
        self.spawn();
        assert!(
            self.answers().await,
            "nats-server did not come back:\n{}",
            tail(&self.log())
        );
    }

    /// Stops it in its tracks (`true`) or lets it go on: connections stay open, nothing is answered.
    ///
    /// # Panics
    /// If the server does not run.
    pub fn freeze(&self, frozen: bool) {
        self.daemon
            .as_ref()
            .expect("a stopped server cannot be frozen")
            .freeze(frozen);
    }

    /// Deletes the store of a stopped server: streams, messages, consumers.
    ///
    /// # Panics
    /// If the server runs.
    pub fn wipe_store(&mut self) {
        assert!(self.daemon.is_none(), "stop the server before wiping its store");
        match fs::remove_dir_all(self.store()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                panic!("could not wipe the store: {error}")
            }
            _ => {}
        }
    }

    fn spawn(&mut self) {
        let mut command = Command::new(&self.binary);
        command
            .arg("-c")
            .arg(root().join("nats/server.conf"))
            .args([
                "-a",
                "127.0.0.1",
                "-p",
                &self.port.to_string(),
                "-m",
                "0",
                "-n",
                &self.name(),
            ])
            .env("KINITRO_NATS_STORE_DIR", self.store());
        let daemon = Daemon::spawn(command, &self.log(), Signal::Kill).unwrap_or_else(|error| {
            panic!(
                "could not run `{}`: {error}; `make test` installs it",
                self.binary.display()
            )
        });
        self.daemon = Some(daemon);
    }

    /// Whether the server on the port greets with our name; false if the process ended.
    async fn answers(&mut self) -> bool {
        let (port, name) = (self.port, self.name());
        let log = self.log();
        let daemon = self.daemon.as_mut().expect("spawned just before");
        eventually(
            START,
            &format!("a nats-server, see {}", log.display()),
            async || {
                if !daemon.is_running() {
                    return Some(false);
                }
                greeting(port)
                    .await
                    .ok()
                    .filter(|info| info.contains(&name))
                    .map(|_| true)
            },
        )
        .await
    }

    fn name(&self) -> String {
        format!("test-{}-{}", std::process::id(), self.port)
    }

    fn log(&self) -> PathBuf {
        self.dir.path().join("log")
    }
}

async fn greeting(port: u16) -> io::Result<String> {
    let stream = TcpStream::connect(loopback(port)).await?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).await?;
    Ok(line)
}

/// The installed tool, else whatever the path has.
fn binary(folder: &str) -> PathBuf {
    let installed = root().join("target/tools").join(folder).join("nats-server");
    if installed.exists() || folder != "nats-server" {
        installed
    } else {
        Path::new("nats-server").to_owned()
    }
}
