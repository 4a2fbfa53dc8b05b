//! Comparing what is with what should be: an open task that the stream does not hold is published again
//! (I3), and a message delivered as often as allowed is given up.

use crate::{Error, outbox};
use kinitro_nats::{Advisory, AdvisoryKind, Bus};
use kinitro_proto::{CycleId, InfraFaultKind, Task, TaskId};
use kinitro_store::Store;
use std::collections::{HashMap, HashSet};

/// Tasks compared at a time.
const PAGE: u32 = 10_000;

/// Finds tasks that have gone missing. A task that the stream does not hold may only be on its way through
/// RESULTS to the ledger. So it counts as missing when a later pass finds it still open, after the scorers
/// have dealt with every result there was when it was missed first: however long they are away, nothing is
/// run twice for it.
#[derive(Debug, Default)]
pub(crate) struct Reconciler {
    /// The tasks missed so far, and the newest result's sequence at that time.
    suspects: HashMap<TaskId, u64>,
}

impl Reconciler {
    /// One pass over the cycle; says how many tasks were published again.
    ///
    /// # Errors
    /// The ledger or the bus is away; the next pass starts afresh.
    pub(crate) async fn pass(&mut self, cycle: CycleId, store: &Store, bus: &Bus) -> Result<usize, Error> {
        // In this order: a task leaves the stream after its result is in RESULTS, and what a scorer has dealt
        // with is in the ledger.
        let held = bus.tasks_of_cycle(cycle).await?;
        let recorded = bus.recorded().await?;
        let before = std::mem::take(&mut self.suspects);
        let known = |task: &TaskId| before.get(task).copied();
        let (mut after, mut published) = (None, 0);
        loop {
            let tasks = store.open_tasks_published(cycle, after, PAGE).await?;
            let Some(last) = tasks.last() else { break };
            after = Some(last.id);
            let missing = missing(tasks, &held, known, recorded.newest(), |sequence| {
                recorded.covers(sequence)
            });
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
        tracing::debug!(
            cycle.id = cycle.0,
            suspects = self.suspects.len(),
            "compared the stream with the ledger"
        );
        Ok(published)
    }
}

struct Missing {
    /// Lost: neither in the stream nor on its way.
    again: Vec<Task>,
    /// Not in the stream, since when.
    suspects: Vec<(TaskId, u64)>,
}

fn missing(
    open: Vec<Task>,
    held: &HashSet<TaskId>,
    known: impl Fn(&TaskId) -> Option<u64>,
    newest: u64,
    is_recorded: impl Fn(u64) -> bool,
) -> Missing {
    let (mut again, mut suspects) = (Vec::new(), Vec::new());
    for task in open.into_iter().filter(|task| !held.contains(&task.id)) {
        match known(&task.id) {
            Some(since) if is_recorded(since) => again.push(task),
            since => suspects.push((task.id, since.unwrap_or(newest))),
        }
    }
    Missing { again, suspects }
}

/// Gives up a message that was delivered as often as allowed: the ledger's word first, then the dead letter,
/// then the message goes.
///
/// # Errors
/// The ledger or the bus is away; the advisory comes again.
pub(crate) async fn bury(advisory: &Advisory, store: &Store, bus: &Bus) -> Result<(), Error> {
    let abandoned = InfraFaultKind::Abandoned.name();
    // A message that somebody termed has its dead letter from whoever did.
    if advisory.kind == AdvisoryKind::MaxDeliveries
        && let Some(letter) = advisory.dead_letter(abandoned, "scheduler")
    {
        if let Some(task) = letter.task {
            store.abandon(task, &letter.detail).await?;
        }
        bus.publish_dead(&letter).await?;
        tracing::error!(
            subject = letter.subject,
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
        let first = missing(vec![lost.clone(), held.clone()], &stream, |_| None, 5, |_| true);
        assert!(first.again.is_empty());
        assert_eq!(first.suspects, [(lost.id, 5)]);
        let known = |task: &TaskId| (*task == lost.id).then_some(5);
        let second = missing(vec![lost.clone(), held], &stream, known, 9, |sequence| {
            sequence <= 5
        });
        assert_eq!(second.again, [lost]);
        assert!(second.suspects.is_empty());
    }

    #[test]
    fn a_task_whose_result_may_still_wait_is_not_published_again() {
        let slow = task();
        let pass = missing(
            vec![slow.clone()],
            &HashSet::new(),
            |_| Some(5),
            9,
            |sequence| sequence <= 4,
        );
        assert!(pass.again.is_empty());
        // It waits for the results there were when it was missed first, not for all that come.
        assert_eq!(pass.suspects, [(slow.id, 5)]);
    }
}
