//! Comparing what is with what should be: an open task that the stream does not hold is published again
//! (I3), and a message delivered as often as allowed is given up.

use crate::{Error, outbox};
use kinitro_nats::{Advisory, AdvisoryKind, Bus};
use kinitro_proto::{CycleId, DeadLetter, InfraFaultKind, Task, TaskId, subject};
use kinitro_store::Store;
use std::collections::HashSet;

/// Tasks compared at a time.
const PAGE: u32 = 10_000;

/// Finds tasks that have gone missing. A task that the stream does not hold may only be on its way through
/// RESULTS to the ledger, so it counts as missing when two passes in a row find it so.
#[derive(Debug, Default)]
pub(crate) struct Reconciler {
    suspects: HashSet<TaskId>,
}

impl Reconciler {
    /// One pass over the cycle; says how many tasks were published again.
    ///
    /// # Errors
    /// The ledger or the bus is away; the next pass starts afresh.
    pub(crate) async fn pass(&mut self, cycle: CycleId, store: &Store, bus: &Bus) -> Result<usize, Error> {
        // The stream first: a task that leaves it after this moment was there, and is found next time.
        let held = bus.tasks_of_cycle(cycle).await?;
        let before = std::mem::take(&mut self.suspects);
        let (mut after, mut published) = (None, 0);
        loop {
            let tasks = store.open_tasks_published(cycle, after, PAGE).await?;
            let Some(last) = tasks.last() else { break };
            after = Some(last.id);
            let missing = missing(tasks, &held, &before);
            self.suspects.extend(missing.suspects);
            published += outbox::send(&missing.again, bus).await?;
        }
        if published > 0 {
            tracing::warn!(
                cycle.id = cycle.0,
                tasks = published,
                "published again what the stream had lost"
            );
        }
        Ok(published)
    }
}

struct Missing {
    /// Not in the stream now, nor in the pass before.
    again: Vec<Task>,
    /// Not in the stream now.
    suspects: Vec<TaskId>,
}

fn missing(open: Vec<Task>, held: &HashSet<TaskId>, before: &HashSet<TaskId>) -> Missing {
    let gone: Vec<_> = open.into_iter().filter(|task| !held.contains(&task.id)).collect();
    let (again, fresh): (Vec<_>, Vec<_>) = gone.into_iter().partition(|task| before.contains(&task.id));
    Missing {
        again,
        suspects: fresh.into_iter().map(|task| task.id).collect(),
    }
}

/// Gives up a message that was delivered as often as allowed: the ledger's word first, then the dead letter,
/// then the message goes.
///
/// # Errors
/// The ledger or the bus is away; the advisory comes again.
pub(crate) async fn bury(advisory: &Advisory, store: &Store, bus: &Bus) -> Result<(), Error> {
    if let (AdvisoryKind::MaxDeliveries, Some(message)) = (advisory.kind, &advisory.message) {
        let detail = format!("delivered {} times without a result", advisory.deliveries);
        let task = subject::parse_task(&message.subject).map(|(_, _, task)| task);
        if let Some(task) = task {
            store.abandon(task, &detail).await?;
        }
        let letter = DeadLetter {
            reason: InfraFaultKind::Abandoned.name().to_owned(),
            detail,
            task,
            subject: message.subject.clone(),
            headers: message.headers.clone(),
            body: message.payload.to_vec(),
            by: "scheduler".to_owned(),
        };
        bus.publish_dead(&letter).await?;
        tracing::error!(
            subject = message.subject,
            deliveries = advisory.deliveries,
            "gave up a task"
        );
    }
    advisory.settle().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use kinitro_proto::{Policy, Seed, Uid};

    fn task() -> Task {
        Task {
            id: TaskId::now(),
            cycle: CycleId(1),
            uid: Uid(1),
            hotkey: "5A".parse().unwrap(),
            policy: Policy::Endpoint {
                url: "https://a.example".to_owned(),
            },
            environment: "metaworld/push-v3".parse().unwrap(),
            episode: 0,
            seed: Seed::new(1),
            attempt: 1,
            deadline_ms: 0,
        }
    }

    #[test]
    fn a_task_is_published_again_only_when_missed_twice() {
        let (lost, held) = (task(), task());
        let stream = HashSet::from([held.id]);
        let first = missing(vec![lost.clone(), held.clone()], &stream, &HashSet::new());
        assert!(first.again.is_empty());
        assert_eq!(first.suspects, [lost.id]);
        let second = missing(vec![lost.clone(), held], &stream, &HashSet::from([lost.id]));
        assert_eq!(second.again, [lost]);
        assert!(second.suspects.is_empty());
    }
}
