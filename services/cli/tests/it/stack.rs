//! The system under test: a NATS server, a database, and the processes a test starts between them.

mod ledger;
mod process;
mod wire;

pub(crate) use process::{Process, kinitro, run};
pub(crate) use wire::Wire;

use kinitro_harness::{Cluster, Database, Nats, Postgres, eventually};
use kinitro_nats::Bus;
use kinitro_proto::Family;
use kinitro_store::Store;
use serde_json::Value;
use std::{
    fmt::Write as _,
    fs,
    io::{self, Write as _},
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Longer than anything here takes on a busy machine, apart from what a test waits for on purpose.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// An interval that began in 1970 and is not over: it has one cycle, so a test never sees a second one.
const ONE_CYCLE: u32 = u32::MAX;

/// A miner of the miners file.
pub(crate) struct Miner {
    pub(crate) uid: u16,
    pub(crate) endpoint: String,
    pub(crate) commit_block: u64,
}

/// Servers, settings and logs of one test. Declare it before the processes: it prints their logs if the test
/// fails.
pub(crate) struct Stack {
    pub(crate) nats: Nats,
    pub(crate) store: Store,
    pub(crate) bus: Bus,
    /// A cluster of the test's own, if it wants to break it.
    pub(crate) cluster: Option<Cluster>,
    _database: Option<Database>,
    folder: TempDir,
    settings: Vec<(&'static str, String)>,
}

impl Stack {
    /// Servers and an empty ledger.
    pub(crate) async fn start() -> Self {
        let database = Postgres::database().await;
        Self::over(database.url(), Some(database), None).await
    }

    /// The same over a PostgreSQL that the test may crash.
    pub(crate) async fn start_with_own_postgres() -> Self {
        let cluster = Postgres::private().await;
        Self::over(cluster.url(), None, Some(cluster)).await
    }

    async fn over(url: String, database: Option<Database>, cluster: Option<Cluster>) -> Self {
        let nats = Nats::start().await;
        let bus = Bus::connect(&kinitro_nats::Config::at(&nats.url()), "test")
            .await
            .unwrap();
        let folder = tempfile::Builder::new()
            .prefix("kinitro-system-")
            .tempdir()
            .unwrap();
        let miners = folder.path().join("miners.toml").display().to_string();
        let settings = vec![
            ("KINITRO_NATS_URL", nats.url()),
            ("KINITRO_DATABASE_URL", url.clone()),
            ("KINITRO_SCHEDULER_DATABASE_URL", url.clone()),
            ("KINITRO_SCORER_DATABASE_URL", url.clone()),
            ("KINITRO_API_DATABASE_URL", url.clone()),
            ("KINITRO_HEALTH_LISTEN", "127.0.0.1:0".to_owned()),
            ("KINITRO_SCHEDULER_MINERS_FILE", miners),
            ("KINITRO_SCHEDULER_EVAL_INTERVAL_SECONDS", ONE_CYCLE.to_string()),
            ("KINITRO_EXECUTOR_EVAL_MODE", "scripted".to_owned()),
            ("KINITRO_LOG_FORMAT", "json".to_owned()),
        ];
        let migrated = run(&["db", "migrate"], &settings);
        assert!(migrated.status.success(), "{migrated:?}");
        let store = Store::connect(&url.parse().unwrap(), 2);
        Self {
            nats,
            store,
            bus,
            cluster,
            _database: database,
            folder,
            settings,
        }
    }

    /// A setting of the processes that are started from now on.
    pub(crate) fn set(&mut self, name: &'static str, value: impl ToString) {
        self.settings.retain(|(known, _)| *known != name);
        self.settings.push((name, value.to_string()));
    }

    /// Takes a setting back.
    pub(crate) fn unset(&mut self, name: &str) {
        self.settings.retain(|(known, _)| *known != name);
    }

    /// The settings that every process gets.
    pub(crate) fn settings(&self) -> &[(&'static str, String)] {
        &self.settings
    }

    /// A file of the test's own, next to the logs.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Short leases, so that what a killed process had in hand comes again soon.
    pub(crate) fn short_leases(&mut self) {
        self.set("KINITRO_NATS_ACK_WAIT", "2s");
    }

    /// The miners to judge, and how many episodes each has in each environment.
    pub(crate) fn judge(&mut self, miners: &[Miner], episodes: u32) {
        let mut text = "block = 1000\n".to_owned();
        for Miner {
            uid,
            endpoint,
            commit_block,
        } in miners
        {
            let row = format!(
                "[[miners]]\nuid = {uid}\nhotkey = \"5A{uid}\"\nendpoint = \"{endpoint}\"\ncommit_block = {commit_block}\n"
            );
            text.push_str(&row);
        }
        fs::write(self.folder.path().join("miners.toml"), text).unwrap();
        self.set("KINITRO_SCHEDULER_EPISODES_PER_ENV", episodes);
    }

    /// As [`Stack::judge`], with scripted miners of these qualities, committed one after the other.
    pub(crate) fn judge_scripted(&mut self, qualities: &[f64], episodes: u32) {
        let miner = |(uid, quality): (u16, &f64)| Miner {
            uid,
            endpoint: format!("scripted:{quality}"),
            commit_block: 100 + u64::from(uid),
        };
        let miners: Vec<_> = (1..).zip(qualities).map(miner).collect();
        self.judge(&miners, episodes);
    }

    pub(crate) fn scheduler(&self) -> Process {
        self.scheduler_named("scheduler")
    }

    /// A scheduler with a log of its own.
    pub(crate) fn scheduler_named(&self, name: &str) -> Process {
        self.process(name, &["scheduler"])
    }

    pub(crate) fn scorer(&self) -> Process {
        self.process("scorer", &["scorer"])
    }

    /// An executor of that name.
    pub(crate) fn executor(&self, name: &str, flags: &[&str]) -> Process {
        self.process(name, &[&["executor", "--executor-id", name], flags].concat())
    }

    /// A gateway, and where it listens.
    pub(crate) async fn gateway(&self) -> (Process, SocketAddr) {
        let process = self.process("gateway", &["gateway", "--host", "127.0.0.1", "--port", "0"]);
        let address = process.address("serving the API").await;
        (process, address)
    }

    /// A mock miner, and its endpoint.
    pub(crate) async fn mock_miner(&self, name: &str, flags: &[&str]) -> (Process, String) {
        let args = [&["miner", "mock", "--host", "127.0.0.1", "--port", "0"], flags].concat();
        let process = self.process(name, &args);
        let address = process.address("the policy is served").await;
        (process, format!("http://{address}"))
    }

    pub(crate) fn wire(&self) -> Wire {
        Wire::to(&self.nats)
    }

    /// Waits until executors have so many tasks in hand.
    pub(crate) async fn in_hand(&self, tasks: u64) {
        eventually(PATIENCE, &format!("{tasks} tasks in hand"), async || {
            match self.bus.backlog(&[family()]).await {
                Ok(backlog) if backlog[0].in_hand >= tasks => Ok(()),
                other => Err(other.map_err(|error| error.to_string())),
            }
        })
        .await;
    }

    fn process(&self, name: &str, args: &[&str]) -> Process {
        Process::spawn(
            kinitro(args, &self.settings),
            &self.folder.path().join(format!("{name}.log")),
        )
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // Whoever reads it is the reader of the test's failure.
            drop(io::stderr().write_all(logs(self.folder.path()).as_bytes()));
        }
    }
}

/// The ends of all logs.
fn logs(folder: &Path) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let log = fs::read_to_string(entry.path()).unwrap_or_default();
        let lines: Vec<_> = log.lines().collect();
        let end = lines[lines.len().saturating_sub(25)..].join("\n");
        writeln!(
            text,
            "--- {}, {} lines\n{end}",
            entry.path().display(),
            lines.len()
        )
        .unwrap();
    }
    text
}

/// The family of everything here.
pub(crate) fn family() -> Family {
    "metaworld".parse().unwrap()
}

/// Asks over HTTP: the status, and the body if it is JSON.
pub(crate) async fn get(address: SocketAddr, path: &str) -> io::Result<(u16, Value)> {
    let (status, body) = get_text(address, path).await?;
    Ok((status, serde_json::from_str(&body).unwrap_or_default()))
}

/// Asks over HTTP: the status and the body.
pub(crate) async fn get_text(address: SocketAddr, path: &str) -> io::Result<(u16, String)> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    Ok((status.unwrap_or(0), body.to_owned()))
}
