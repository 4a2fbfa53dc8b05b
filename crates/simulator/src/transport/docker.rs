//! Simulators as containers without a network, attached by their standard streams. The only code that
//! names the Docker client.
//!
//! Who cleans up: the program ends when its input does (`stdin_once`), which is when we close it, drop it, or
//! die; then the task that keeps the container finds out how it ended and removes it. What an executor that was
//! killed leaves, [`reap`](Daemon::reap) takes: any executor's does for what has ended.

mod autopsy;
mod reap;
mod spec;

use super::{Keeper, Pipe, Tail};
use crate::config::Config;
use crate::error::{Error, Exit, Source};
use bollard::container::{AttachContainerResults, LogOutput};
use bollard::query_parameters::{
    AttachContainerOptionsBuilder, CreateContainerOptionsBuilder, RemoveContainerOptionsBuilder,
};
use bollard::{API_DEFAULT_VERSION, Docker};
use futures::{Stream, StreamExt};
use kinitro_proto::catalogue::FamilyEntry;
use kinitro_proto::{ExecutorId, Family};
use std::sync::{Arc, Mutex};
use std::time::Instant;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio_util::task::TaskTracker;
use uuid::Uuid;

/// How long the daemon may take to answer any one request. Starting a container takes up to a second on a
/// busy machine; a daemon that takes a minute is as good as away.
const ANSWER_WITHIN_SECONDS: u64 = 60;

/// What the daemon's stream of output is turned into: standard output waits here until it is read.
const OUTPUT_BYTES: usize = 128 << 10;

/// A daemon we may start containers at, and who we are to it.
#[derive(Debug, Clone)]
pub(crate) struct Daemon {
    docker: Docker,
    socket: String,
    owner: ExecutorId,
    /// Sets this life of the executor apart from its earlier ones.
    boot: Uuid,
    /// The daemon refuses containers that want more processors than it has.
    processors: Option<i64>,
    /// When leftovers were last looked for.
    reaped: Arc<Mutex<Option<Instant>>>,
}

impl Daemon {
    /// Connects, and agrees on a version of the API.
    ///
    /// # Errors
    /// [`Error::Daemon`], with the socket's path.
    pub(crate) async fn connect(config: &Config, owner: &ExecutorId) -> Result<Self, Error> {
        let socket = config.docker_socket.display().to_string();
        let away = |source| Error::Daemon {
            socket: socket.clone(),
            source: Source::from(source),
        };
        let docker =
            Docker::connect_with_unix(&socket, ANSWER_WITHIN_SECONDS, API_DEFAULT_VERSION).map_err(away)?;
        let docker = docker.negotiate_version().await.map_err(away)?;
        let processors = docker.info().await.map_err(away)?.ncpu;
        Ok(Self {
            docker,
            socket,
            owner: owner.clone(),
            boot: Uuid::new_v4(),
            processors,
            reaped: Arc::default(),
        })
    }

    /// Starts a family's container and attaches to it; looks for leftovers if nobody has for a while.
    ///
    /// # Errors
    /// [`Error::Daemon`], [`Error::ImageMissing`] or [`Error::Start`].
    pub(crate) async fn start(
        &self,
        config: &Config,
        family: &FamilyEntry,
        tasks: &TaskTracker,
    ) -> Result<Pipe, Error> {
        self.reap_sometimes(tasks);
        let body = spec::container(self, config, family).map_err(|source| Error::Start {
            family: family.name.clone(),
            source,
        })?;
        let image = body.image.clone().unwrap_or_default();
        let name = format!("kinitro-{}-{}", family.name, Uuid::new_v4().simple());
        let options = CreateContainerOptionsBuilder::new().name(&name).build();
        let created = self.docker.create_container(Some(options), body).await;
        let id = created
            .map_err(|error| self.why_not(error, &family.name, Some(image)))?
            .id;
        let container = Container {
            docker: self.docker.clone(),
            id,
        };
        match container.attach_and_start().await {
            Ok(attached) => Ok(container.kept(attached, tasks)),
            Err(error) => {
                container.remove().await;
                Err(self.why_not(error, &family.name, None))
            }
        }
    }

    /// Tells a daemon that is away from one that refuses, and a missing image from the rest.
    fn why_not(&self, error: bollard::errors::Error, family: &Family, image: Option<String>) -> Error {
        match (status(&error), image) {
            (Some(404), Some(image)) => Error::ImageMissing {
                family: family.clone(),
                image,
            },
            (Some(_), _) => Error::Start {
                family: family.clone(),
                source: error.into(),
            },
            (None, _) => Error::Daemon {
                socket: self.socket.clone(),
                source: error.into(),
            },
        }
    }
}

/// One container of ours.
struct Container {
    docker: Docker,
    id: String,
}

impl Container {
    /// Attaches before the start, so that not a byte is lost.
    async fn attach_and_start(&self) -> Result<AttachContainerResults, bollard::errors::Error> {
        let options = AttachContainerOptionsBuilder::new()
            .stream(true)
            .stdin(true)
            .stdout(true)
            .stderr(true);
        let attached = self
            .docker
            .attach_container(&self.id, Some(options.build()))
            .await?;
        self.docker.start_container(&self.id, None).await?;
        Ok(attached)
    }

    /// Hands the container to a task that keeps it to its end.
    fn kept(self, attached: AttachContainerResults, tasks: &TaskTracker) -> Pipe {
        let (output, sink) = tokio::io::duplex(OUTPUT_BYTES);
        let (pipe, keeper) = Pipe::new(attached.input, output);
        tasks.spawn(self.keep(attached.output, sink, keeper));
        pipe
    }

    /// Sorts the container's output until it ends or is to be killed, then finds out how it ended.
    async fn keep(
        self,
        output: impl Stream<Item = Result<LogOutput, bollard::errors::Error>> + Send + Unpin,
        sink: impl AsyncWrite + Send + Unpin,
        keeper: Keeper,
    ) {
        let exit = tokio::select! {
            () = sort(output, sink, &keeper.stderr) => autopsy::exit(&self.docker, &self.id).await,
            () = keeper.kill.cancelled() => Exit::Unknown,
        };
        keeper.ended.send_replace(Some(exit));
        self.remove().await;
    }

    /// Kills and removes the container, if it has not removed itself.
    async fn remove(&self) {
        let options = RemoveContainerOptionsBuilder::new().force(true).v(true).build();
        match self.docker.remove_container(&self.id, Some(options)).await {
            Ok(()) => {}
            Err(error) if matches!(status(&error), Some(404 | 409)) => {}
            Err(error) => {
                let container = &self.id;
                tracing::warn!(%error, container, "could not remove a simulator's container: it is reaped later");
            }
        }
    }
}

/// Standard output to the sink, standard error to the tail, until the stream or its reader is gone.
async fn sort(
    mut output: impl Stream<Item = Result<LogOutput, bollard::errors::Error>> + Send + Unpin,
    mut sink: impl AsyncWrite + Send + Unpin,
    stderr: &Tail,
) {
    while let Some(Ok(chunk)) = output.next().await {
        match chunk {
            LogOutput::StdErr { message } => stderr.push(&message),
            LogOutput::StdOut { message } => {
                if sink.write_all(&message).await.is_err() {
                    return;
                }
            }
            // Neither is sent to who attaches without a terminal.
            LogOutput::StdIn { .. } | LogOutput::Console { .. } => {}
        }
    }
}

/// The daemon's status code, if it was the daemon who answered.
fn status(error: &bollard::errors::Error) -> Option<u16> {
    match error {
        bollard::errors::Error::DockerResponseServerError { status_code, .. } => Some(*status_code),
        _ => None,
    }
}
