//! Removing what is left of simulators whose executor is gone.

use super::{Container, Daemon, autopsy, spec};
use crate::error::Error;
use bollard::models::{ContainerSummary, ContainerSummaryStateEnum as State};
use bollard::query_parameters::ListContainersOptionsBuilder;
use jiff::{SignedDuration, Timestamp};
use std::collections::HashMap;
use std::sync::PoisonError;
use std::time::{Duration, Instant};
use tokio_util::task::TaskTracker;

/// Between its creation and its start a container is somebody's work under way, for this long at most.
const STARTED_WITHIN: Duration = Duration::from_secs(10 * 60);

/// How often an executor that starts simulators looks for leftovers. Those that matter do not run: they take disk.
const EVERY: Duration = Duration::from_secs(60);

impl Daemon {
    /// Removes containers nobody will use again, and answers how many.
    ///
    /// # Errors
    /// [`Error::Reap`] when the daemon does not list its containers.
    pub(crate) async fn reap(&self) -> Result<usize, Error> {
        *self.reaped.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        let failed = |error: bollard::errors::Error| Error::Reap { source: error.into() };
        let filters = HashMap::from([("label", vec![format!("{}={}", spec::ROLE.0, spec::ROLE.1)])]);
        let options = ListContainersOptionsBuilder::new()
            .all(true)
            .filters(&filters)
            .build();
        let mut removed = 0;
        for found in self.docker.list_containers(Some(options)).await.map_err(failed)? {
            let ended = self.ended_at(&found).await;
            if self.is_leftover(&found, ended, Timestamp::now())
                && let Some(id) = found.id
            {
                tracing::info!(container = id, "removing a leftover simulator");
                Container {
                    docker: self.docker.clone(),
                    id,
                }
                .remove()
                .await;
                removed += 1;
            }
        }
        Ok(removed)
    }

    /// Looks for leftovers on a task of its own, unless somebody has lately.
    pub(super) fn reap_sometimes(&self, tasks: &TaskTracker) {
        let reaped = *self.reaped.lock().unwrap_or_else(PoisonError::into_inner);
        if reaped.is_some_and(|at| at.elapsed() < EVERY) {
            return;
        }
        let daemon = self.clone();
        tasks.spawn(async move {
            if let Err(Error::Reap { source }) = daemon.reap().await {
                tracing::warn!(error = source, "could not look for leftover simulators");
            }
        });
    }

    /// When a container ended; `None` if it has not, or is gone by now.
    async fn ended_at(&self, container: &ContainerSummary) -> Option<Timestamp> {
        if !matches!(container.state, Some(State::EXITED | State::DEAD)) {
            return None;
        }
        let found = self
            .docker
            .inspect_container(container.id.as_deref()?, None)
            .await
            .ok()?;
        found.state?.finished_at?.parse().ok()
    }

    /// Whether nobody will use a container again: it belongs to an earlier life of ours, or its end has long been
    /// looked into, or it was never started. One that runs for another executor is that one's, who may well live.
    fn is_leftover(&self, container: &ContainerSummary, ended: Option<Timestamp>, now: Timestamp) -> bool {
        let label = |name| {
            container
                .labels
                .as_ref()
                .and_then(|labels| labels.get(name))
                .map(String::as_str)
        };
        let is_past = |at: Timestamp, by: Duration| {
            now.duration_since(at) > SignedDuration::try_from(by).unwrap_or(SignedDuration::MAX)
        };
        let created = container.created.and_then(|at| Timestamp::from_second(at).ok());
        let is_earlier_self = label(spec::OWNER) == Some(self.owner.as_str())
            && label(spec::BOOT) != Some(self.boot.to_string().as_str());
        let never_started =
            container.state == Some(State::CREATED) && created.is_some_and(|at| is_past(at, STARTED_WITHIN));
        is_earlier_self || never_started || ended.is_some_and(|at| is_past(at, autopsy::TAKES_AT_MOST))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bollard::{API_DEFAULT_VERSION, Docker};
    use std::sync::Arc;
    use uuid::Uuid;

    const NOW: i64 = 1_000_000;

    fn daemon() -> Daemon {
        let socket = tempfile::NamedTempFile::new().unwrap();
        let path = socket.path().to_str().unwrap();
        Daemon {
            docker: Docker::connect_with_unix(path, 1, API_DEFAULT_VERSION).unwrap(),
            socket: path.to_owned(),
            owner: "me".parse().unwrap(),
            boot: Uuid::nil(),
            processors: None,
            reaped: Arc::default(),
        }
    }

    fn container(owner: &str, boot: Uuid, state: State, age: i64) -> ContainerSummary {
        let labels = [
            (spec::OWNER.to_owned(), owner.to_owned()),
            (spec::BOOT.to_owned(), boot.to_string()),
        ];
        ContainerSummary {
            labels: Some(labels.into()),
            state: Some(state),
            created: Some(NOW - age),
            ..ContainerSummary::default()
        }
    }

    #[tokio::test]
    async fn only_what_nobody_uses_is_left_over() {
        let (this, earlier) = (Uuid::nil(), Uuid::max());
        let ago = |age| Timestamp::from_second(NOW - age).unwrap();
        for (owner, boot, state, age, ended, expected) in [
            ("me", this, State::RUNNING, 9999, None, false),
            ("me", this, State::CREATED, 5, None, false),
            ("me", this, State::EXITED, 9999, Some(1), false),
            ("me", this, State::EXITED, 9999, Some(60), true),
            ("me", earlier, State::RUNNING, 5, None, true),
            ("me", earlier, State::CREATED, 5, None, true),
            ("me", earlier, State::EXITED, 5, Some(1), true),
            ("other", earlier, State::RUNNING, 9999, None, false),
            ("other", earlier, State::PAUSED, 9999, None, false),
            ("other", earlier, State::CREATED, 5, None, false),
            ("other", earlier, State::CREATED, 9999, None, true),
            ("other", earlier, State::EXITED, 9999, Some(1), false),
            ("other", earlier, State::EXITED, 9999, Some(60), true),
            ("other", earlier, State::DEAD, 9999, Some(60), true),
        ] {
            let found = daemon().is_leftover(&container(owner, boot, state, age), ended.map(ago), ago(0));
            assert_eq!(found, expected, "{owner} {boot} {state} {age} {ended:?}");
        }
    }
}
