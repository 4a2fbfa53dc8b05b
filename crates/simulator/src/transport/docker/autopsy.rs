//! How a container ended, by the daemon's recent events.
//!
//! Not by inspecting it: its `OOMKilled` is settled when it dies, and the kernel's note that memory ran out may
//! reach the daemon after that (seen 80 ms later, on a machine with work for five times its processors).

use crate::error::Exit;
use bollard::Docker;
use bollard::models::EventMessage;
use bollard::query_parameters::EventsOptionsBuilder;
use futures::{Stream, StreamExt};
use std::collections::HashMap;
use std::pin::pin;
use std::time::Duration;

/// How long to wait for a container to end once its output has.
const DIE_WITHIN: Duration = Duration::from_secs(3);

/// How long after the death a note that memory ran out may come. Only a death by `SIGKILL` waits for one.
const OOM_WITHIN: Duration = Duration::from_secs(1);

/// The longest that finding out takes. Until then the container must not be removed: the daemon tells nobody about
/// a container that it no longer has.
pub(super) const TAKES_AT_MOST: Duration = Duration::from_secs(5);
const _: () = assert!(DIE_WITHIN.as_secs() + OOM_WITHIN.as_secs() < TAKES_AT_MOST.as_secs());

/// What `SIGKILL` leaves as an exit code: the out-of-memory killer's work, or somebody's `docker kill`.
const KILLED: i64 = 137;

/// How a container whose output has just ended has ended.
pub(super) async fn exit(docker: &Docker, id: &str) -> Exit {
    let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
    let filters: HashMap<String, Vec<String>> = [
        ("container".to_owned(), words(&[id])),
        ("event".to_owned(), words(&["die", "oom"])),
    ]
    .into();
    // From long ago: the daemon remembers its last few hundred events, and tells those of this container.
    let options = EventsOptionsBuilder::new().since("1").filters(&filters).build();
    verdict(
        docker
            .events(Some(options))
            .filter_map(|event| std::future::ready(event.ok())),
    )
    .await
}

/// How it ended, by its events in whatever order they come.
async fn verdict(events: impl Stream<Item = EventMessage>) -> Exit {
    let mut events = pin!(events);
    let (mut oom, mut code) = (false, None);
    let mut patience = DIE_WITHIN;
    while let Ok(Some(event)) = tokio::time::timeout(patience, events.next()).await {
        match event.action.as_deref() {
            Some("oom") => oom = true,
            Some("die") => code = code.or(exit_code(&event)),
            _ => {}
        }
        match code {
            Some(KILLED) if oom => return Exit::OutOfMemory,
            Some(KILLED) => patience = OOM_WITHIN,
            Some(code) => return Exit::Code(code),
            None => {}
        }
    }
    code.map_or(Exit::Unknown, Exit::Code)
}

fn exit_code(event: &EventMessage) -> Option<i64> {
    event
        .actor
        .as_ref()?
        .attributes
        .as_ref()?
        .get("exitCode")?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use bollard::models::EventActor;
    use futures::stream;

    fn oom() -> EventMessage {
        EventMessage {
            action: Some("oom".to_owned()),
            ..EventMessage::default()
        }
    }

    fn die(code: &str) -> EventMessage {
        let attributes = Some([("exitCode".to_owned(), code.to_owned())].into());
        let actor = Some(EventActor {
            attributes,
            ..EventActor::default()
        });
        EventMessage {
            action: Some("die".to_owned()),
            actor,
            ..EventMessage::default()
        }
    }

    /// These events, and then none for ever, as the daemon's stream goes on.
    async fn of(events: Vec<EventMessage>) -> Exit {
        verdict(stream::iter(events).chain(stream::pending())).await
    }

    #[tokio::test]
    async fn memory_ran_out_whether_it_is_heard_before_or_after_the_death() {
        assert_eq!(of(vec![oom(), die("137")]).await, Exit::OutOfMemory);
        assert_eq!(of(vec![die("137"), oom()]).await, Exit::OutOfMemory);
    }

    #[tokio::test]
    async fn a_note_that_comes_well_after_the_death_is_waited_for() {
        let late = stream::once(async {
            let _ = tokio::time::timeout(OOM_WITHIN / 3, std::future::pending::<()>()).await;
            oom()
        });
        let events = stream::iter([die("137")]).chain(late).chain(stream::pending());
        assert_eq!(verdict(events).await, Exit::OutOfMemory);
    }

    #[tokio::test]
    async fn a_kill_without_the_note_is_not_called_a_lack_of_memory() {
        assert_eq!(of(vec![die("137")]).await, Exit::Code(137));
    }

    #[tokio::test]
    async fn a_child_killed_for_memory_does_not_hide_how_the_program_itself_ended() {
        assert_eq!(of(vec![oom(), die("3")]).await, Exit::Code(3));
    }

    #[tokio::test]
    async fn a_daemon_that_goes_away_leaves_the_end_unknown() {
        assert_eq!(verdict(stream::iter([oom()])).await, Exit::Unknown);
    }
}
