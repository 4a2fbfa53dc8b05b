//! PostgreSQL for tests: databases in a shared cluster, and clusters to break.

mod cluster;
mod dump;
mod shared;

pub use cluster::Cluster;

/// Where tests get PostgreSQL from.
#[derive(Debug, Clone, Copy)]
pub struct Postgres;

impl Postgres {
    /// Creates an empty database in the cluster that all tests of this machine share; starts the cluster if
    /// it does not run.
    ///
    /// # Panics
    /// Without PostgreSQL's binaries, or if it does not answer within its time.
    pub async fn database() -> Database {
        tokio::task::spawn_blocking(|| Database::create(shared::port()))
            .await
            .expect("creating does not panic twice")
    }

    /// Starts a cluster of the test's own, with an empty database.
    ///
    /// # Panics
    /// Without PostgreSQL's binaries, or if it does not answer within its time.
    pub async fn private() -> Cluster {
        Cluster::start().await
    }
}

/// A database of the shared cluster. Dropped, and its connections cut, with this handle.
#[derive(Debug)]
pub struct Database {
    port: u16,
    name: String,
}

impl Database {
    fn create(port: u16) -> Self {
        let name = format!("t{:032x}", rand::random::<u128>());
        cluster::run(cluster::client("createdb", port).arg(&name));
        Self { port, name }
    }

    /// Its address, `postgresql://…`.
    #[must_use]
    pub fn url(&self) -> String {
        cluster::url(self.port, &self.name)
    }

    /// Dumps it and restores the dump into a new database beside it.
    ///
    /// # Panics
    /// If either tool fails.
    pub async fn restored(&self) -> Self {
        let (port, from) = (self.port, self.name.clone());
        tokio::task::spawn_blocking(move || {
            let restored = Self::create(port);
            dump::copy(port, &from, &restored.name);
            restored
        })
        .await
        .expect("restoring does not panic twice")
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // A leftover costs 8 MB until the cluster's next start, which begins from the template: not worth a
        // panic while a test unwinds.
        let dropped = cluster::client("dropdb", self.port)
            .args(["--force", "--if-exists", &self.name])
            .output();
        drop(dropped);
    }
}
