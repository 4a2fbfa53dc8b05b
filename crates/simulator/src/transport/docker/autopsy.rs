//! How a container ended, by the daemon's recent events.
//!
//! Not by inspecting it: its `OOMKilled` is settled when it dies, and the kernel's note that memory ran out may
//! reach the daemon after that (seen 80 ms later, on a machine with work for five times its processors).

use crate::error::Exit;
use bollard::Docker;
use bollard::models::EventMessage;
use bollard::query_parameters::EventsOptionsBuilder;
use futures::StreamExt;
use std::collections::HashMap;
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
    let mut events = Box::pin(docker.events(Some(options)));
    let (mut oom, mut code) = (false, None);
    let mut patience = DIE_WITHIN;
    while let Ok(Some(Ok(event))) = tokio::time::timeout(patience, events.next()).await {
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
