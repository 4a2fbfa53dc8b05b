//! The servers of one test, and scorers over them.

use crate::cycle::{new_cycle, new_tasks};
use kinitro_audit::keys::SigningKey;
use kinitro_harness::{Database, Nats, Postgres, eventually};
use kinitro_nats::Bus;
use kinitro_proto::{CycleId, Family, Task, TaskResult};
use kinitro_scorer::{Config, Error};
use kinitro_store::{Cycle, NewCycle, Store};
use sqlx::{AssertSqlSafe, PgPool, postgres::PgPoolOptions};
use std::{
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    time::Duration,
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    runtime::{Builder, Runtime},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

/// Longer than anything here takes on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Servers, a migrated ledger, and the way around the scorer.
pub(crate) struct Scene {
    pub(crate) nats: Nats,
    pub(crate) bus: Bus,
    pub(crate) store: Store,
    pub(crate) sql: PgPool,
    pub(crate) database: Database,
    folder: TempDir,
}

impl Scene {
    pub(crate) async fn new() -> Self {
        let scene = Self::over(Postgres::database().await).await;
        scene.store.migrate().await.unwrap();
        scene
    }

    /// A NATS server of its own over that database.
    pub(crate) async fn over(database: Database) -> Self {
        let nats = Nats::start().await;
        let bus = Bus::connect(&kinitro_nats::Config::at(&nats.url()), "test")
            .await
            .unwrap();
        bus.apply(&[family()]).await.unwrap();
        let sql = PgPoolOptions::new()
            .max_connections(2)
            .connect_lazy(&database.url())
            .unwrap();
        Self {
            nats,
            bus,
            store: Store::connect(&database.url().parse().unwrap(), 2),
            sql,
            database,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// Opens a cycle whose tasks have all been published.
    pub(crate) async fn run(&self, cycle: &NewCycle) -> Vec<Task> {
        let id = self
            .store
            .open_cycle(cycle, new_tasks(cycle))
            .await
            .unwrap()
            .unwrap();
        let tasks = self.store.next_unpublished(id, None, 1_000_000).await.unwrap();
        let last = tasks.last().unwrap().id;
        self.store.advance_published(id, last).await.unwrap();
        assert!(self.store.mark_running(id).await.unwrap());
        tasks
    }

    /// A running cycle of three miners.
    pub(crate) async fn running(episodes: u32) -> (Self, Vec<Task>) {
        let scene = Self::new().await;
        let tasks = scene.run(&new_cycle(3, episodes)).await;
        (scene, tasks)
    }

    /// Reports results as executors do.
    pub(crate) async fn report(&self, results: impl IntoIterator<Item = TaskResult>) {
        for result in results {
            self.bus
                .publish_result(&result, &family(), None, PATIENCE)
                .await
                .unwrap();
        }
    }

    /// Waits until the cycle has ended.
    pub(crate) async fn ended(&self, cycle: CycleId) -> Cycle {
        eventually(PATIENCE, "a cycle that has ended", async || {
            let cycle = self.store.cycle(cycle).await.unwrap().unwrap();
            if cycle.state.is_active() {
                Err(cycle)
            } else {
                Ok(cycle)
            }
        })
        .await
    }

    /// Puts the cycle's deadline a second back.
    pub(crate) async fn pass_deadline(&self, cycle: CycleId) {
        let rows = self
            .execute(&format!(
                "UPDATE cycles SET opened_at = now() - interval '2 hours', deadline = now() - interval '1 second' \
                 WHERE id = {cycle}"
            ))
            .await;
        assert_eq!(rows, 1);
    }

    /// Runs a statement, and says how many rows it changed.
    pub(crate) async fn execute(&self, statement: &str) -> u64 {
        sqlx::query(AssertSqlSafe(statement.to_owned()))
            .execute(&self.sql)
            .await
            .unwrap()
            .rows_affected()
    }

    /// A single number.
    pub(crate) async fn number(&self, query: &str) -> i64 {
        sqlx::query_scalar(AssertSqlSafe(query.to_owned()))
            .fetch_one(&self.sql)
            .await
            .unwrap()
    }

    /// A key file that holds 32 times this byte.
    pub(crate) fn key(&self, byte: u8) -> PathBuf {
        let path = self.folder.path().join(byte.to_string());
        if !path.exists() {
            SigningKey::from_bytes(&[byte; 32]).write(&path).unwrap();
        }
        path
    }

    /// The settings of a scorer here: one attempt a task, signed with the keys of these bytes.
    pub(crate) fn config(&self, keys: &[u8]) -> Config {
        Config {
            database_url: self.database.url().parse().unwrap(),
            max_attempts: 1,
            retry_seconds: 0,
            batch_size: 500,
            signing_key_file: keys.iter().map(|byte| self.key(*byte)).collect(),
            health_listen: free_address(),
            nats: kinitro_nats::Config::at(&self.nats.url()),
        }
    }

    /// A scorer that signs with the keys of these bytes.
    pub(crate) fn scorer(&self, keys: &[u8]) -> Scorer {
        Scorer::start(self.config(keys), 2)
    }
}

/// The family of everything here.
pub(crate) fn family() -> Family {
    "metaworld".parse().unwrap()
}

fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap()
}

/// A scorer on threads of its own.
pub(crate) struct Scorer {
    runtime: Option<Runtime>,
    shutdown: CancellationToken,
    running: Option<JoinHandle<Result<(), Error>>>,
    health: SocketAddr,
}

impl Scorer {
    /// Runs it on so many threads, and as many for what takes long.
    pub(crate) fn start(config: Config, threads: usize) -> Self {
        let runtime = Builder::new_multi_thread()
            .worker_threads(threads)
            .max_blocking_threads(threads)
            .enable_all()
            .build()
            .unwrap();
        let (shutdown, health) = (CancellationToken::new(), config.health_listen);
        let running = runtime.spawn(kinitro_scorer::run(config, shutdown.clone()));
        Self {
            runtime: Some(runtime),
            shutdown,
            running: Some(running),
            health,
        }
    }

    /// Asks it to end, and waits until it has.
    pub(crate) async fn stop(mut self) -> Result<(), Error> {
        self.shutdown.cancel();
        self.end().await
    }

    /// Waits until it ends by itself.
    pub(crate) async fn end(&mut self) -> Result<(), Error> {
        let running = self.running.take().unwrap();
        tokio::time::timeout(PATIENCE, running).await.unwrap().unwrap()
    }

    /// Drops it where it is, and its connections with it.
    pub(crate) fn kill(mut self) {
        self.runtime.take().unwrap().shutdown_background();
    }

    /// Waits until `/ready` names this, and says all of it.
    pub(crate) async fn lacks(&self, need: &str) -> String {
        eventually(PATIENCE, &format!("`{need}` in /ready"), async || {
            let ready = self.get("/ready").await?;
            if ready.contains(&format!("\"{need}\":")) {
                Ok(ready)
            } else {
                Err(ready)
            }
        })
        .await
    }

    /// Waits until `/ready` lacks nothing.
    pub(crate) async fn ready(&self) {
        eventually(PATIENCE, "a scorer that is ready", async || {
            let ready = self.get("/ready").await?;
            if ready.contains("\"ready\":true") {
                Ok(())
            } else {
                Err(ready)
            }
        })
        .await;
    }

    /// The value of a metric.
    pub(crate) async fn metric(&self, name: &str) -> f64 {
        let metrics = self.get("/metrics").await.unwrap();
        let line = metrics.lines().find(|line| line.split(' ').next() == Some(name));
        let value = line
            .and_then(|line| line.split(' ').nth(1))
            .and_then(|value| value.parse().ok());
        value.unwrap_or_else(|| panic!("no {name} in {metrics}"))
    }

    pub(crate) async fn get(&self, path: &str) -> Result<String, String> {
        let answer = async {
            let mut stream = TcpStream::connect(self.health).await?;
            let request = format!("GET {path} HTTP/1.1\r\nhost: scorer\r\nconnection: close\r\n\r\n");
            stream.write_all(request.as_bytes()).await?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.map(|_| answer)
        };
        answer.await.map_err(|error| error.to_string())
    }
}

impl Drop for Scorer {
    fn drop(&mut self) {
        self.shutdown.cancel();
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
