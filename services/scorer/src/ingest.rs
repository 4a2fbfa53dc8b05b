//! Recording: a batch of results is decoded, written in one transaction, and only then acked.

use crate::{Error, Shared};
use kinitro_chassis::{backoff::Backoff, report, trace};
use kinitro_nats::Delivery;
use kinitro_proto::{DeadLetter, Outcome, TaskResult};
use kinitro_store::{Report, Verdict};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How long a batch waits for company: short, for a lone result should be served soon.
const LINGER: Duration = Duration::from_millis(5);
/// Who gave up, in a dead letter.
const SELF: &str = "scorer";

/// Records results until shutdown.
///
/// # Errors
/// The results' consumer cannot be used at all.
pub(crate) async fn run(shared: &Shared, shutdown: &CancellationToken) -> Result<(), Error> {
    let mut results = shared.bus.results().await?;
    loop {
        let batch = tokio::select! {
            () = shutdown.cancelled() => return Ok(()),
            batch = results.next_batch(shared.config.batch_size.into(), LINGER) => batch,
        };
        let (deliveries, reports) = bury_undecodable(shared, batch).await;
        if !until_recorded(shared, &deliveries, &reports, shutdown).await {
            // Not acked: they come again, to this scorer or another.
            return Ok(());
        }
        if let Err(error) = results.ack(&deliveries).await {
            tracing::warn!(error = %report(&error), "results were not acked: they come again and count once");
        }
        shared.recorded.notify_one();
    }
}

/// Takes out what is no result: a dead letter, then term. What cannot be buried now comes again.
async fn bury_undecodable(shared: &Shared, batch: Vec<Delivery>) -> (Vec<Delivery>, Vec<Report>) {
    let (mut deliveries, mut reports) = (Vec::with_capacity(batch.len()), Vec::with_capacity(batch.len()));
    for delivery in batch {
        match delivery.decode::<TaskResult>() {
            Ok(mut result) => {
                clean(&mut result);
                let traceparent = delivery.traceparent().map(str::to_owned);
                deliveries.push(delivery);
                reports.push(Report { result, traceparent });
            }
            Err(error) => {
                let seen = report(&error).to_string();
                tracing::error!(subject = delivery.subject, error = seen, "not a result");
                if let Err(error) = bury(shared, &delivery, "undecodable", &seen).await {
                    tracing::error!(error = %report(&error), "the dead letter was not stored: it comes again");
                }
            }
        }
    }
    (deliveries, reports)
}

async fn bury(shared: &Shared, delivery: &Delivery, reason: &str, seen: &str) -> Result<(), Error> {
    shared
        .bus
        .publish_dead(&delivery.dead_letter(reason, seen, SELF))
        .await?;
    delivery.term(reason).await?;
    Ok(())
}

/// A result comes from an executor, and what it says from a miner: text is made safe again.
fn clean(result: &mut TaskResult) {
    match &mut result.outcome {
        Outcome::Scored(_) => {}
        Outcome::MinerFault(fault) => *fault = fault.cleaned(),
        Outcome::InfraFault(fault) => *fault = fault.cleaned(),
    }
}

/// Tries until the ledger has the batch; false when shutdown comes first. The deliveries' leases may run out
/// meanwhile: then they come again, and recording is safe to repeat.
async fn until_recorded(
    shared: &Shared,
    deliveries: &[Delivery],
    reports: &[Report],
    shutdown: &CancellationToken,
) -> bool {
    let mut backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(5));
    loop {
        match record(shared, deliveries, reports).await {
            Ok(()) => {
                shared.health.met("postgres");
                return true;
            }
            Err(error) => {
                let why = report(&error).to_string();
                tracing::warn!(
                    error = why,
                    results = reports.len(),
                    "not recorded yet: they wait in the stream"
                );
                shared.health.missing("postgres", why);
            }
        }
        if !backoff.pause(shutdown).await {
            return false;
        }
    }
}

/// `deliveries` and `reports` are aligned.
async fn record(shared: &Shared, deliveries: &[Delivery], reports: &[Report]) -> Result<(), Error> {
    let verdicts = shared.store.record(reports, &shared.config.retry_rule()).await?;
    for ((delivery, report), verdict) in deliveries.iter().zip(reports).zip(verdicts) {
        said(report, verdict);
        shared.metrics.recorded(verdict);
        // Before the ack, so that a crash here says it again rather than never.
        if let Some(letter) = dead_letter(delivery, report, verdict) {
            shared.bus.publish_dead(&letter).await?;
        }
    }
    Ok(())
}

/// A task whose attempts are used up, or a result of no task of ours, is kept for people to look at.
fn dead_letter(delivery: &Delivery, report: &Report, verdict: Verdict) -> Option<DeadLetter> {
    let (reason, detail) = match (verdict, &report.result.outcome) {
        (Verdict::Discarded, Outcome::InfraFault(fault)) => (fault.kind.name(), fault.detail.clone()),
        (Verdict::Unknown, _) => (
            "unknown_task",
            "the ledger has no such task in that cycle".to_owned(),
        ),
        _ => return None,
    };
    let mut letter = delivery.dead_letter(reason, detail, SELF);
    letter.task = Some(report.result.task);
    Some(letter)
}

/// The last step of a task's trace, and a line for whoever looks for it.
fn said(report: &Report, verdict: Verdict) {
    let result = &report.result;
    let span = tracing::info_span!("record", task.id = %result.task, cycle.id = result.cycle.0, verdict = verdict.name());
    trace::continue_from(&span, report.traceparent.as_deref());
    span.in_scope(|| match verdict {
        Verdict::Accepted => tracing::debug!(attempt = result.attempt, outcome = result.outcome.name(), "recorded"),
        Verdict::Retry => tracing::info!(attempt = result.attempt, "our fault: to be attempted again"),
        Verdict::Discarded => tracing::error!(attempt = result.attempt, "our fault, for the last time: given up"),
        Verdict::Duplicate | Verdict::Late | Verdict::Stale => {
            tracing::info!(attempt = result.attempt, executor = %result.executor, "kept as evidence, not counted");
        }
        Verdict::Unknown => tracing::error!(executor = %result.executor, "a result of no task of ours"),
    });
}
