//! Settling: as soon as a cycle is complete, or its deadline has passed.

use crate::{
    Error, Shared,
    verdict::{Ending, verdict},
};
use kinitro_chassis::report;
use kinitro_proto::{CycleId, Event};
use kinitro_store::Settlement;
use std::{sync::Arc, time::Duration};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// How often to look although nothing was recorded: for deadlines, and for what another scorer left.
const LOOK: Duration = Duration::from_secs(1);

/// Settles what can be settled until shutdown: after each batch recorded, and once a second.
pub(crate) async fn run(shared: Arc<Shared>, shutdown: CancellationToken) {
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            // Either way it is time to look.
            _ = timeout(LOOK, shared.recorded.notified()) => {}
        }
        match settle_all(&shared).await {
            Ok(()) => shared.health.met("postgres"),
            Err(error) => {
                let why = report(&error).to_string();
                tracing::warn!(error = why, "not settled yet: trying again");
                if matches!(error, Error::Store(_)) {
                    shared.health.missing("postgres", why);
                }
            }
        }
    }
}

async fn settle_all(shared: &Shared) -> Result<(), Error> {
    for cycle in shared.store.settleable().await? {
        // None: another scorer is at it, or a result came in between.
        if let Some(settlement) = shared.store.begin_settle(cycle).await? {
            end(shared, cycle, settlement).await?;
        }
    }
    Ok(())
}

/// One cycle: the verdict, one transaction, then the word of it. What follows the transaction may be lost in a
/// crash without harm: events are only news, and the stream's remains are refused by the ledger.
async fn end(shared: &Shared, cycle: CycleId, settlement: Settlement) -> Result<(), Error> {
    let ending = match verdict(settlement.inputs()) {
        Ok(ending) => ending,
        // Nothing but a newer version can settle it, and none has come until the deadline.
        Err(error) if settlement.inputs().deadline_passed => Ending::Expired(report(&error).to_string()),
        Err(error) => return Err(error),
    };
    let event = match ending {
        Ending::Settled(settled) => {
            settlement.settle(&settled).await?;
            let (miners, frontier) = (settled.weights.uids.len(), settled.weights.frontier.len());
            tracing::info!(
                cycle.id = cycle.0,
                miners,
                frontier,
                "settled the cycle: its weights are served"
            );
            shared.metrics.ended("settled");
            Event::CycleSettled {
                cycle,
                document_sha256: None,
            }
        }
        Ending::Expired(reason) => {
            settlement.expire(&reason).await?;
            tracing::error!(
                cycle.id = cycle.0,
                reason,
                "the cycle expired: the previous weights stand"
            );
            shared.metrics.ended("expired");
            Event::CycleExpired { cycle, reason }
        }
    };
    if let Err(error) = shared.bus.publish_event(&event).await {
        tracing::warn!(cycle.id = cycle.0, error = %report(&error), "the event was not published");
    }
    match shared.bus.purge_cycle(cycle).await {
        Ok(0) => {}
        Ok(messages) => tracing::info!(cycle.id = cycle.0, messages, "purged the cycle's tasks"),
        Err(error) => {
            tracing::warn!(cycle.id = cycle.0, error = %report(&error), "the cycle's tasks were not purged")
        }
    }
    Ok(())
}
