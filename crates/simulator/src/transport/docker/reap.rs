//! Removing what is left of simulators whose executor is gone.

use super::{Container, Daemon, spec};
use crate::error::Error;
use bollard::models::{ContainerSummary, ContainerSummaryStateEnum as State};
use bollard::query_parameters::ListContainersOptionsBuilder;
use std::collections::HashMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Between its creation and its start a container is somebody's work under way, for this long at most.
const STARTED_WITHIN: Duration = Duration::from_secs(10 * 60);

impl Daemon {
    /// Removes containers nobody will use again, and answers how many.
    ///
    /// # Errors
    /// [`Error::Reap`] when the daemon does not list its containers.
    pub(crate) async fn reap(&self) -> Result<usize, Error> {
        let filters = HashMap::from([("label", vec![format!("{}={}", spec::ROLE.0, spec::ROLE.1)])]);
        let options = ListContainersOptionsBuilder::new().all(true).filters(&filters).build();
        let found =
            self.docker.list_containers(Some(options)).await.map_err(|error| Error::Reap { source: error.into() })?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let left = found.into_iter().filter(|container| self.is_leftover(container, now));
        let mut removed = 0;
        for id in left.filter_map(|container| container.id) {
            tracing::info!(container = id, "removing a leftover simulator");
            Container { docker: self.docker.clone(), id }.remove().await;
            removed += 1;
        }
        Ok(removed)
    }

    /// Whether nobody will use a container again: it has ended, or never started, or belongs to an earlier
    /// life of ours. One that runs for another executor is that one's, who may well be alive.
    fn is_leftover(&self, container: &ContainerSummary, now: Duration) -> bool {
        let label = |name| container.labels.as_ref().and_then(|labels| labels.get(name)).map(String::as_str);
        let age = container.created.map_or(now, |at| now.saturating_sub(Duration::from_secs(at.unsigned_abs())));
        let is_earlier_self = label(spec::OWNER) == Some(self.owner.as_str())
            && label(spec::BOOT) != Some(self.boot.to_string().as_str());
        let is_over = match container.state {
            Some(State::EXITED | State::DEAD) => true,
            Some(State::CREATED) => age > STARTED_WITHIN,
            _ => false,
        };
        is_earlier_self || is_over
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bollard::{API_DEFAULT_VERSION, Docker};
    use uuid::Uuid;

    const NOW: Duration = Duration::from_secs(1_000_000);

    fn daemon() -> Daemon {
        let socket = tempfile::NamedTempFile::new().unwrap();
        let path = socket.path().to_str().unwrap();
        Daemon {
            docker: Docker::connect_with_unix(path, 1, API_DEFAULT_VERSION).unwrap(),
            socket: path.to_owned(),
            owner: "me".parse().unwrap(),
            boot: Uuid::nil(),
            processors: None,
        }
    }

    fn container(owner: &str, boot: Uuid, state: State, age: i64) -> ContainerSummary {
        let labels = [(spec::OWNER.to_owned(), owner.to_owned()), (spec::BOOT.to_owned(), boot.to_string())];
        ContainerSummary {
            labels: Some(labels.into()),
            state: Some(state),
            created: Some(1_000_000 - age),
            ..ContainerSummary::default()
        }
    }

    #[tokio::test]
    async fn only_what_nobody_uses_is_left_over() {
        let (this, earlier) = (Uuid::nil(), Uuid::max());
        for (owner, boot, state, age, expected) in [
            ("me", this, State::RUNNING, 9999, false),
            ("me", this, State::CREATED, 5, false),
            ("me", earlier, State::RUNNING, 5, true),
            ("me", earlier, State::CREATED, 5, true),
            ("other", earlier, State::RUNNING, 9999, false),
            ("other", earlier, State::PAUSED, 9999, false),
            ("other", earlier, State::CREATED, 5, false),
            ("other", earlier, State::CREATED, 9999, true),
            ("other", earlier, State::EXITED, 5, true),
            ("other", earlier, State::DEAD, 5, true),
        ] {
            let found = daemon().is_leftover(&container(owner, boot, state, age), NOW);
            assert_eq!(found, expected, "{owner} {boot} {state} {age}");
        }
    }
}
