//! Starts simulators in one of the three modes.

use crate::config::{Config, Mode};
use crate::error::{Error, Result};
use crate::scripted::{Scripted, Stage};
use crate::simulator::{Backend, Limits, Simulator};
use crate::transport::docker::Daemon;
use crate::transport::{Pipe, process};
use kinitro_proto::ExecutorId;
use kinitro_proto::catalogue::FamilyEntry;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::task::TaskTracker;

/// Starts simulators. Clones share everything.
#[derive(Debug, Clone)]
pub struct Launcher {
    config: Arc<Config>,
    engine: Engine,
    /// One task per process or container: it ends when that is gone.
    tasks: TaskTracker,
}

#[derive(Debug, Clone)]
enum Engine {
    Docker(Daemon),
    Process,
    Scripted(Arc<Stage>),
}

impl Launcher {
    /// Connects to whatever runs simulators, and removes what an earlier life of this owner left there.
    ///
    /// # Errors
    /// [`Error::Config`], [`Error::Daemon`] or [`Error::Reap`].
    pub async fn connect(config: &Config, owner: &ExecutorId) -> Result<Self> {
        let faults = config.check();
        if !faults.is_empty() {
            return Err(Error::Config { faults });
        }
        let engine = match config.eval_mode {
            Mode::Docker => Engine::Docker(Daemon::connect(config, owner).await?),
            Mode::Process => Engine::Process,
            Mode::Scripted => Engine::Scripted(Arc::new(Stage::new(config.script.clone()))),
        };
        let launcher = Self {
            config: Arc::new(config.clone()),
            engine,
            tasks: TaskTracker::new(),
        };
        launcher.reap().await?;
        Ok(launcher)
    }

    /// Starts a simulator and greets it.
    ///
    /// # Errors
    /// [`Error::Daemon`], [`Error::ImageMissing`] or [`Error::Start`]: all of them our faults.
    pub async fn start(&self, family: &FamilyEntry) -> Result<Simulator> {
        let failed = |source| Error::Start {
            family: family.name.clone(),
            source,
        };
        let memory = self.config.memory(family).map_err(|why| failed(why.into()))?;
        let backend = match &self.engine {
            Engine::Docker(daemon) => Backend::Piped(Box::new(self.contained(daemon, family).await?)),
            Engine::Process => {
                let pipe = process::start(&self.config, family, &self.tasks).map_err(failed)?;
                Backend::Piped(Box::new(pipe))
            }
            Engine::Scripted(stage) => Backend::Scripted(Box::new(Scripted::start(family, memory, stage)?)),
        };
        let limits = Limits::new(&self.config, memory);
        Simulator::greet(backend, limits, family)
            .await
            .map_err(|error| failed(error.into()))
    }

    /// Removes containers nobody will use again: ended ones, ones never started, and those of an earlier life of
    /// this owner. Those that run for other owners are left alone. Answers how many.
    ///
    /// # Errors
    /// [`Error::Reap`] when the daemon does not list its containers.
    pub async fn reap(&self) -> Result<usize> {
        match &self.engine {
            Engine::Docker(daemon) => daemon.reap().await,
            Engine::Process | Engine::Scripted(_) => Ok(0),
        }
    }

    /// Waits until every simulator that was dropped or killed is gone; answers whether they all are. To be
    /// called last, so that a hung simulator does not outlive its executor.
    pub async fn drain(&self, within: Duration) -> bool {
        self.tasks.close();
        tokio::time::timeout(within, self.tasks.wait()).await.is_ok()
    }

    /// Starts a container on a task of its own: a caller that gives up half way leaves a pipe that nobody takes,
    /// whose drop removes the container, and not a container that nobody knows.
    async fn contained(&self, daemon: &Daemon, family: &FamilyEntry) -> Result<Pipe> {
        let (daemon, launcher, entry) = (daemon.clone(), self.clone(), family.clone());
        let started = self
            .tasks
            .spawn(async move { daemon.start(&launcher.config, &entry, &launcher.tasks).await });
        started.await.map_err(|error| Error::Start {
            family: family.name.clone(),
            source: error.into(),
        })?
    }
}
