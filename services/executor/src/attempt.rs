//! One delivery, from decoding to its answer: decode → run under the lease → publish the result → ack.

use crate::{
    Shared,
    episode::{self, Clock, Limits},
    heartbeat,
};
use futures::FutureExt;
use kinitro_chassis::{report, trace};
use kinitro_nats::Delivery;
use kinitro_proto::{
    CycleId, Family, Fault, InfraFault, InfraFaultKind, Outcome, Rollout, Task, TaskId, TaskResult, Timings,
    catalogue, header, subject,
};
use kinitro_simulator::Simulator;
use std::{
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, Span, field};

/// The least time to store a result in.
const PATIENCE: Duration = Duration::from_secs(30);

/// A delivery in hand, and the slot it runs in.
#[derive(Debug)]
pub(crate) struct Attempt {
    pub(crate) shared: Arc<Shared>,
    pub(crate) family: Family,
    pub(crate) delivery: Delivery,
    /// Calls for giving the task back: the grace of a drain is over.
    pub(crate) give_back: CancellationToken,
}

/// What becomes of the delivery.
enum Disposition {
    /// The result is stored by the stream.
    Ack,
    /// Not here, not now: somebody else may have it at once.
    GiveBack,
    /// Given up on, with a reason; a dead letter is stored.
    Term(&'static str),
    /// Nothing was stored and nothing can be said: the lease runs out and the stream delivers again.
    Leave,
}

impl Attempt {
    /// Runs the attempt; hands back the simulator if it may be used again.
    pub(crate) async fn run(self, simulator: Simulator) -> Option<Simulator> {
        let span = tracing::info_span!(
            "attempt",
            family = %self.family,
            task.id = field::Empty,
            cycle.id = field::Empty,
            miner.uid = field::Empty,
            attempt = field::Empty,
            delivery = self.delivery.delivered,
        );
        trace::continue_from(&span, self.delivery.traceparent());
        self.steps(simulator).instrument(span).await
    }

    async fn steps(self, mut simulator: Simulator) -> Option<Simulator> {
        let disposition = match self.task() {
            Ok(task) => {
                // The lease is kept while the episode runs *and* while its result is being stored.
                let work = self.work(&task, &mut simulator);
                tokio::select! {
                    disposition = work => disposition,
                    () = self.give_back.cancelled() => Disposition::GiveBack,
                    () = heartbeat::keep(&self.delivery) => unreachable!("a lease is kept until the work ends"),
                }
            }
            Err((kind, seen)) => self.bury(kind, &seen).await,
        };
        self.answer(&disposition).await;
        if matches!(disposition, Disposition::GiveBack) {
            // Dropped in the middle of an episode, it is of no more use: dropping ends it.
            return None;
        }
        Some(simulator)
    }

    /// Reads the task and checks that it belongs here.
    fn task(&self) -> Result<Task, (InfraFaultKind, String)> {
        let task: Task = self
            .delivery
            .decode()
            .map_err(|error| (InfraFaultKind::Undecodable, report(&error).to_string()))?;
        let span = Span::current();
        span.record("task.id", field::display(task.id));
        span.record("cycle.id", task.cycle.0);
        span.record("miner.uid", task.uid.0);
        span.record("attempt", task.attempt);
        if subject::task(&self.family, task.cycle, task.id) != self.delivery.subject {
            return Err((
                InfraFaultKind::Undecodable,
                format!("task `{}` came on another's subject", task.id),
            ));
        }
        if !catalogue::knows(&task.environment) || task.environment.family() != self.family {
            let seen = format!(
                "environment `{}` is not one of family `{}`",
                task.environment, self.family
            );
            return Err((InfraFaultKind::UnknownEnvironment, seen));
        }
        Ok(task)
    }

    /// Runs the episode and stores its result.
    async fn work(&self, task: &Task, simulator: &mut Simulator) -> Disposition {
        let started = Instant::now();
        let mut clock = Clock::default();
        let episode = self.episode(task, simulator, &mut clock);
        let outcome = match AssertUnwindSafe(episode).catch_unwind().await {
            Ok(Ok(rollout)) => Outcome::Scored(rollout),
            Ok(Err(fault)) => fault.into(),
            Err(_) => broken(InfraFaultKind::Internal, "the executor panicked in the episode"),
        };
        let result = self.result(task.id, task.cycle, task.attempt, outcome, clock.timings(started));
        // A full stream stops us rather than drops a result: as long as it still matters, we wait.
        let patience = u64::try_from(task.deadline_ms.saturating_sub(now_ms())).unwrap_or(0);
        self.publish(&result, Duration::from_millis(patience).max(PATIENCE))
            .await
    }

    async fn episode(
        &self,
        task: &Task,
        simulator: &mut Simulator,
        clock: &mut Clock,
    ) -> Result<Rollout, Fault> {
        let config = &self.shared.config;
        let own = catalogue::family(&self.family).map_or(u32::MAX, |entry| entry.max_steps);
        let limits = Limits {
            max_steps: config.max_timesteps.min(own),
            budget: config.eval_timeout,
            images: config.use_images,
        };
        let mut session = self.shared.policies.session(&task.policy).await?;
        episode::run(task, simulator, &mut session, &limits, clock).await
    }

    /// Gives up on a message that cannot be a task of ours: a dead letter for people, and, where the
    /// subject names a task, a fault of ours for the ledger, which asks for it again.
    async fn bury(&self, kind: InfraFaultKind, seen: &str) -> Disposition {
        tracing::error!(subject = %self.delivery.subject, error.kind = kind.name(), error = seen, "not a task");
        let named = subject::parse_task(&self.delivery.subject);
        let letter = self
            .delivery
            .dead_letter(kind.name(), seen, self.shared.id.as_str());
        if let Err(error) = self.shared.bus.publish_dead(&letter).await {
            tracing::error!(error = %report(&error), "the dead letter was not stored");
            return Disposition::Leave;
        }
        if let Some((_, cycle, task)) = named {
            let attempt = self
                .delivery
                .header(header::ATTEMPT)
                .and_then(|text| text.parse().ok())
                .unwrap_or(1);
            let result = self.result(task, cycle, attempt, broken(kind, seen), Timings::default());
            if matches!(self.publish(&result, PATIENCE).await, Disposition::Leave) {
                return Disposition::Leave;
            }
        }
        Disposition::Term(kind.name())
    }

    fn result(
        &self,
        task: TaskId,
        cycle: CycleId,
        attempt: u32,
        outcome: Outcome,
        timings: Timings,
    ) -> TaskResult {
        let delivery = self.delivery.delivered;
        TaskResult {
            task,
            cycle,
            attempt,
            delivery,
            executor: self.shared.id.clone(),
            outcome,
            timings,
        }
    }

    /// Stores the result in the stream: the one step after which the task may be acked.
    async fn publish(&self, result: &TaskResult, patience: Duration) -> Disposition {
        let traceparent = trace::traceparent(&Span::current());
        match self
            .shared
            .bus
            .publish_result(result, &self.family, traceparent.as_deref(), patience)
            .await
        {
            Ok(()) => {
                self.settled(result);
                Disposition::Ack
            }
            Err(error) => {
                tracing::error!(error = %report(&error), "the result was not stored: the task will be run again");
                Disposition::Leave
            }
        }
    }

    /// One line and one count for each settled attempt.
    fn settled(&self, result: &TaskResult) {
        self.shared.metrics.ended(&self.family, result);
        let duration_ms = result.timings.total_us / 1000;
        match &result.outcome {
            Outcome::Scored(rollout) => {
                tracing::info!(
                    duration_ms,
                    success = rollout.success,
                    steps = rollout.steps,
                    "scored"
                );
            }
            Outcome::MinerFault(fault) => {
                tracing::info!(
                    duration_ms,
                    error.kind = fault.kind.name(),
                    detail = fault.detail,
                    "the miner's fault"
                );
            }
            Outcome::InfraFault(fault) => {
                tracing::warn!(
                    duration_ms,
                    error.kind = fault.kind.name(),
                    detail = fault.detail,
                    "our fault"
                );
            }
        }
    }

    /// The one place that answers a delivery.
    async fn answer(&self, disposition: &Disposition) {
        let answered = match disposition {
            Disposition::Ack => self.delivery.ack().await,
            Disposition::GiveBack => self.delivery.nak(None).await,
            Disposition::Term(reason) => self.delivery.term(reason).await,
            Disposition::Leave => return,
        };
        if let Err(error) = answered {
            // Harmless: the stream delivers again, and the ledger counts once.
            tracing::warn!(error = %report(&error), "the answer did not arrive: the stream will deliver again");
        }
    }
}

fn broken(kind: InfraFaultKind, seen: &str) -> Outcome {
    Outcome::InfraFault(InfraFault::new(kind, seen))
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
