//! Settling: as soon as a cycle is complete, or its deadline has passed.

mod ending;
mod evidence;
mod postponed;

use crate::{Error, Shared, signing::Signers};
use ending::{Ending, conclude};
use jiff::Timestamp;
use kinitro_chassis::{backoff::Backoff, report};
use kinitro_proto::{CycleId, Event};
use kinitro_store::{Settled, Settlement};
use postponed::Postponed;
use std::{
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{task::spawn_blocking, time::timeout};
use tokio_util::sync::CancellationToken;

/// How often to look although nothing was recorded: for deadlines, and for what another scorer left.
const LOOK: Duration = Duration::from_secs(1);
/// How often the ledger hears from a scorer that judges, lest it take it for dead.
const HEARD: Duration = Duration::from_secs(30);

/// Settles what can be settled until shutdown: after each batch recorded, and once a second.
///
/// # Errors
/// A signing key is retired already: whoever configured it must know before anything is signed by the others.
pub(crate) async fn run(shared: Arc<Shared>, shutdown: CancellationToken) -> Result<(), Error> {
    introduce(&shared, &shutdown).await?;
    let mut postponed = Postponed::default();
    while !shutdown.is_cancelled() {
        match settle_all(&shared, &mut postponed, &shutdown).await {
            Ok(()) => shared.health.met("postgres"),
            Err(error) => {
                let why = report(&error).to_string();
                tracing::warn!(error = why, "not settled yet: trying again");
                shared.health.missing("postgres", why);
            }
        }
        tokio::select! {
            () = shutdown.cancelled() => {}
            // Either way it is time to look.
            _ = timeout(LOOK, shared.recorded.notified()) => {}
        }
    }
    Ok(())
}

/// Makes the ledger know the signing keys, however long it is away: until then nothing is settled.
async fn introduce(shared: &Shared, shutdown: &CancellationToken) -> Result<(), Error> {
    let mut backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(5));
    while let Err(error) = shared.signers.introduce(&shared.store).await {
        if !matches!(error, Error::Store(_)) {
            return Err(error);
        }
        let why = report(&error).to_string();
        tracing::warn!(
            error = why,
            "the signing keys are not in the ledger yet: trying again"
        );
        shared.health.missing("postgres", why);
        if !backoff.pause(shutdown).await {
            break;
        }
    }
    Ok(())
}

async fn settle_all(
    shared: &Shared,
    postponed: &mut Postponed,
    shutdown: &CancellationToken,
) -> Result<(), Error> {
    let cycles = shared.store.settleable().await?;
    postponed.keep_only(&cycles);
    for cycle in cycles {
        if shutdown.is_cancelled() || !postponed.is_due(cycle, Instant::now()) {
            continue;
        }
        match settle(shared, cycle, shutdown).await? {
            Attempt::Over => postponed.forget(cycle),
            Attempt::Stuck { error, deadline } => postpone(shared, postponed, cycle, &error, deadline),
        }
    }
    if postponed.is_empty() {
        shared.health.met("settling");
    }
    Ok(())
}

/// What a cycle waits for will not be there in a second.
fn postpone(shared: &Shared, postponed: &mut Postponed, cycle: CycleId, error: &Error, deadline: Timestamp) {
    let ahead = Duration::try_from(deadline.duration_since(Timestamp::now())).ok();
    let wait = postponed.postpone(cycle, ahead, Instant::now());
    let why = report(error).to_string();
    tracing::error!(
        cycle.id = cycle.0,
        error = why,
        again_in_seconds = wait.as_secs(),
        "could not settle the cycle"
    );
    shared.metrics.stuck();
    shared.health.missing("settling", why);
}

/// What came of trying to settle a cycle.
enum Attempt {
    /// It has ended, or is for somebody else or another time.
    Over,
    /// It cannot be settled as things are.
    Stuck { error: Error, deadline: Timestamp },
}

/// One cycle: how it ends, one transaction, then the word of it. What follows the transaction may be lost in a
/// crash without harm: events are only news, and the stream's remains are refused by the ledger.
///
/// # Errors
/// The ledger is away. Nothing has changed then, nor when the cycle is stuck.
async fn settle(shared: &Shared, cycle: CycleId, shutdown: &CancellationToken) -> Result<Attempt, Error> {
    let begun = Instant::now();
    let Some(mut settlement) = shared.store.begin_settle(cycle).await? else {
        // Another scorer is at it, or a result came in between.
        return Ok(Attempt::Over);
    };
    let deadline = settlement.cycle().deadline;
    let Some(ending) = shutdown
        .run_until_cancelled(ending(shared, &mut settlement))
        .await
    else {
        return Ok(Attempt::Over);
    };
    let ended = match ending {
        Ok(ending) => write(shared, settlement, ending, begun).await,
        Err(error) => Err(error),
    };
    match ended {
        Ok(event) => {
            tell(shared, &event).await;
            Ok(Attempt::Over)
        }
        Err(error) if error.is_passing() => Err(error),
        Err(error) => Ok(Attempt::Stuck { error, deadline }),
    }
}

/// How the cycle ends, by the ledger's rows alone.
async fn ending(shared: &Shared, settlement: &mut Settlement) -> Result<Ending, Error> {
    // A key that was retired meanwhile is found before the work, and one that a restored ledger forgot is put back.
    shared.signers.introduce(&shared.store).await?;
    match judged(settlement, shared.signers.clone()).await {
        // Nothing but another version can settle it, and none has come until the deadline.
        Err(error) if error.is_of_the_cycle() && settlement.cycle().deadline_passed => {
            Ok(Ending::Expired(report(&error).to_string()))
        }
        judged => judged,
    }
}

async fn judged(settlement: &mut Settlement, signers: Signers) -> Result<Ending, Error> {
    let cycle = settlement.cycle().id;
    let evidence = evidence::gather(settlement).await?;
    let concluded = blocking(cycle, move || conclude(cycle, &evidence, &signers));
    heard(settlement, HEARD, concluded).await?
}

/// Waits for the work, and lets the ledger hear from us meanwhile.
///
/// # Errors
/// The ledger is away, or has given the cycle up: the work would be for nothing.
async fn heard<T>(
    settlement: &mut Settlement,
    every: Duration,
    work: impl Future<Output = T>,
) -> Result<T, Error> {
    let mut work = pin!(work);
    loop {
        match timeout(every, &mut work).await {
            Ok(done) => return Ok(done),
            Err(_) => settlement.keep_alive().await?,
        }
    }
}

/// Runs what takes a processor for long where nobody waits for that thread.
async fn blocking<T: Send + 'static>(
    cycle: CycleId,
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let done = spawn_blocking(work).await;
    done.map_err(|source| Error::Broke { cycle, source })?
}

/// Ends the cycle in the ledger, and says so.
async fn write(
    shared: &Shared,
    settlement: Settlement,
    ending: Ending,
    begun: Instant,
) -> Result<Event, Error> {
    let cycle = settlement.cycle().id;
    match ending {
        Ending::Settled(settled) => {
            settlement.settle(&settled).await?;
            shared
                .metrics
                .settled(begun.elapsed(), settled.document.evidence_bytes);
            Ok(said(cycle, &settled))
        }
        Ending::Expired(reason) => {
            settlement.expire(&reason).await?;
            shared.metrics.expired();
            tracing::error!(
                cycle.id = cycle.0,
                reason,
                "the cycle expired: the previous weights stand"
            );
            Ok(Event::CycleExpired { cycle, reason })
        }
    }
}

fn said(cycle: CycleId, settled: &Settled) -> Event {
    let document = &settled.document;
    let document_sha256 = hex::encode(document.sha256);
    tracing::info!(
        cycle.id = cycle.0,
        miners = settled.weights.uids.len(),
        frontier = settled.weights.frontier.len(),
        document_sha256,
        evidence_sha256 = hex::encode(document.evidence_sha256),
        signatures = document.signatures.len(),
        "settled the cycle: its weights are served"
    );
    Event::CycleSettled {
        cycle,
        document_sha256: Some(document_sha256),
    }
}

/// The event, and the end of the cycle's tasks in the stream.
async fn tell(shared: &Shared, event: &Event) {
    let cycle = event.cycle();
    if let Err(error) = shared.bus.publish_event(event).await {
        tracing::warn!(cycle.id = cycle.0, error = %report(&error), "the event was not published");
    }
    match shared.bus.purge_cycle(cycle).await {
        Ok(0) => {}
        Ok(messages) => tracing::info!(cycle.id = cycle.0, messages, "purged the cycle's tasks"),
        Err(error) => {
            tracing::warn!(cycle.id = cycle.0, error = %report(&error), "the cycle's tasks were not purged")
        }
    }
}

#[cfg(test)]
mod tests;
