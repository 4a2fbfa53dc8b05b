//! Publishing what the ledger holds: first every task in the order of its id, then those whose next attempt
//! is due. All of it may be repeated: a task's subject holds at most one message (I1).

use crate::Error;
use kinitro_chassis::trace;
use kinitro_nats::{Bus, Published};
use kinitro_proto::{CycleId, Event, Task};
use kinitro_store::{Cycle, CycleState, Store};
use tokio_util::sync::CancellationToken;

/// Tasks read from the ledger and in flight to the stream at a time.
const WINDOW: u32 = 1000;

/// What one call did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Everything the ledger wants published is.
    Done,
    /// The stream takes no more for now; the rest is published when executors have made room.
    Full,
}

/// Publishes the cycle's tasks that have never been, and makes the cycle running after the last one.
///
/// # Errors
/// The ledger or the bus is away; what was published stays published, and the next call goes on there.
pub(crate) async fn publish(
    cycle: &Cycle,
    store: &Store,
    bus: &Bus,
    shutdown: &CancellationToken,
) -> Result<Progress, Error> {
    if cycle.state != CycleState::Open {
        return Ok(Progress::Done);
    }
    while !shutdown.is_cancelled() {
        let tasks = store.next_unpublished(cycle.id, None, WINDOW).await?;
        if tasks.is_empty() {
            break;
        }
        let held = send(&tasks, bus).await?;
        if let Some(last) = held.checked_sub(1).map(|index| &tasks[index]) {
            // Only now, after the stream's word: a crash before this line publishes again, never less.
            store.advance_published(cycle.id, last.id).await?;
        }
        if held < tasks.len() {
            return Ok(Progress::Full);
        }
    }
    if store.mark_running(cycle.id).await? {
        tracing::info!(cycle.id = cycle.id.0, "every task is published");
        bus.publish_event(&Event::CycleRunning { cycle: cycle.id })
            .await?;
    }
    Ok(Progress::Done)
}

/// Publishes the tasks whose next attempt is due.
///
/// # Errors
/// As [`publish`].
pub(crate) async fn publish_retries(cycle: CycleId, store: &Store, bus: &Bus) -> Result<usize, Error> {
    let mut tasks = store.due_retries(cycle, WINDOW).await?;
    let held = send(&tasks, bus).await?;
    tasks.truncate(held);
    if !tasks.is_empty() {
        store.mark_republished(&tasks).await?;
        tracing::info!(
            cycle.id = cycle.0,
            tasks = tasks.len(),
            "published again after faults of ours"
        );
    }
    Ok(tasks.len())
}

/// Publishes tasks in order; says how many, from the first on, the stream now holds.
pub(crate) async fn send(tasks: &[Task], bus: &Bus) -> Result<usize, Error> {
    let traceparents: Vec<_> = tasks.iter().map(root_of_trace).collect();
    let publication = bus.publish_tasks(tasks, &traceparents).await?;
    let held = publication.contiguous();
    match publication.fault {
        // A full stream is no fault: executors make room.
        Some(fault) if publication.outcomes.get(held) != Some(&Published::Full) => Err(fault.into()),
        _ => Ok(held),
    }
}

/// Every task's trace begins here, when traces are exported.
fn root_of_trace(task: &Task) -> Option<String> {
    let span = tracing::info_span!(
        parent: None,
        "publish",
        task.id = %task.id,
        cycle.id = task.cycle.0,
        miner.uid = task.uid.0,
        environment = %task.environment,
        attempt = task.attempt,
    );
    trace::traceparent(&span)
}
