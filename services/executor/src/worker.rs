//! A family's loop: a warm slot first, then a task for it, then the attempt on its own; drained at the end.

use crate::{Error, Shared, attempt::Attempt, slots::Slots};
use kinitro_chassis::report;
use kinitro_nats::Delivery;
use kinitro_proto::{Family, catalogue::FamilyEntry};
use kinitro_simulator::Simulator;
use std::{sync::Arc, time::Duration};
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

/// How long a task that finds no living simulator here stays away: time for another executor to take it.
const ELSEWHERE: Duration = Duration::from_secs(1);

/// Runs the family's tasks until shutdown, then drains.
pub(crate) async fn run(
    entry: &'static FamilyEntry,
    shared: Arc<Shared>,
    shutdown: CancellationToken,
) -> Result<(), Error> {
    let family = &entry.name;
    let mut deliveries = shared.bus.tasks(family).await?;
    let mut slots = Slots::new(entry, Arc::clone(&shared));
    let mut waiting: Vec<Simulator> = Vec::new();
    let mut attempts: JoinSet<Option<Simulator>> = JoinSet::new();
    let give_back = CancellationToken::new();
    tracing::info!(%family, slots = shared.config.slots(family), "waiting for tasks");
    loop {
        shared.metrics.busy(family, attempts.len());
        tokio::select! {
            () = shutdown.cancelled() => break,
            Some(ended) = attempts.join_next() => slots.give_back(simulator_of(ended)),
            simulator = slots.ready() => {
                waiting.push(simulator);
                // One warm slot is worth one delivery, never more.
                if deliveries.credits() < waiting.len() {
                    deliveries.request(1);
                }
            }
            delivery = deliveries.next() => match usable(&mut waiting, &mut slots) {
                Some(simulator) => start(&mut attempts, &shared, family, &give_back, delivery, simulator),
                None => hand_back(&delivery, Some(ELSEWHERE)).await,
            },
        }
    }
    // What was asked for and not begun goes back at once.
    for delivery in deliveries.close().await {
        hand_back(&delivery, None).await;
    }
    for simulator in waiting {
        slots.give_back(Some(simulator));
    }
    drain(&mut attempts, &mut slots, &give_back, &shared).await;
    slots.close().await;
    Ok(())
}

/// A simulator that waits and still lives. Those that died while they waited, all at once when a daemon restarts,
/// go back to be started anew: no task pays a delivery for each of them.
fn usable(waiting: &mut Vec<Simulator>, slots: &mut Slots) -> Option<Simulator> {
    while let Some(simulator) = waiting.pop() {
        if simulator.is_usable() {
            return Some(simulator);
        }
        slots.give_back(None);
    }
    None
}

async fn hand_back(delivery: &Delivery, delay: Option<Duration>) {
    if let Err(error) = delivery.nak(delay).await {
        tracing::warn!(error = %report(&error), "a task was not given back: its lease runs out");
    }
}

fn start(
    attempts: &mut JoinSet<Option<Simulator>>,
    shared: &Arc<Shared>,
    family: &Family,
    give_back: &CancellationToken,
    delivery: Delivery,
    simulator: Simulator,
) {
    let attempt = Attempt {
        shared: Arc::clone(shared),
        family: family.clone(),
        delivery,
        give_back: give_back.clone(),
    };
    attempts.spawn(attempt.run(simulator));
}

/// Lets the attempts in hand finish within the grace, then calls for the rest to be given back.
async fn drain(
    attempts: &mut JoinSet<Option<Simulator>>,
    slots: &mut Slots,
    give_back: &CancellationToken,
    shared: &Shared,
) {
    let finish = async {
        while let Some(ended) = attempts.join_next().await {
            slots.give_back(simulator_of(ended));
        }
    };
    tokio::pin!(finish);
    if tokio::time::timeout(shared.config.drain_grace, &mut finish)
        .await
        .is_err()
    {
        tracing::warn!("the grace is over: the tasks in hand are given back");
        give_back.cancel();
        finish.await;
    }
}

/// The attempt's simulator, if it is left. An attempt that panicked outside its episode answered nothing:
/// its lease runs out and the stream delivers the task again.
fn simulator_of(ended: Result<Option<Simulator>, JoinError>) -> Option<Simulator> {
    ended.unwrap_or_else(|error| {
        tracing::error!(error = %report(&error), "an attempt broke");
        None
    })
}
