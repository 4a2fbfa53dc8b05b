//! A family's slots: warm simulators, each for one episode at a time.
//!
//! A simulator is started *before* a task is asked for. So a daemon that is away or an image that is
//! missing costs no task an attempt: this executor asks for none, says so in `/ready`, and others go on.

use crate::Shared;
use kinitro_chassis::{backoff::Backoff, report};
use kinitro_proto::catalogue::FamilyEntry;
use kinitro_simulator::{Error, Simulator};
use std::{sync::Arc, time::Duration};
use tokio::{task::JoinSet, time::Instant};

/// Who owns what: the slots own the simulators that wait; an attempt owns its own.
#[derive(Debug)]
pub(crate) struct Slots {
    shared: Arc<Shared>,
    entry: &'static FamilyEntry,
    /// Slots without a simulator.
    cold: usize,
    warm: Vec<Simulator>,
    /// At most one simulator starts at a time: several would only slow each other down.
    starting: JoinSet<Result<Simulator, Error>>,
    backoff: Backoff,
    not_before: Instant,
}

impl Slots {
    pub(crate) fn new(entry: &'static FamilyEntry, shared: Arc<Shared>) -> Self {
        let cold = shared.config.slots(&entry.name);
        let backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(30));
        Self {
            shared,
            entry,
            cold,
            warm: Vec::new(),
            starting: JoinSet::new(),
            backoff,
            not_before: Instant::now(),
        }
    }

    /// Waits for a slot with a running simulator. Nothing is lost when the wait is dropped.
    pub(crate) async fn ready(&mut self) -> Simulator {
        loop {
            if let Some(simulator) = self.warm.pop() {
                return simulator;
            }
            if self.starting.is_empty() && self.cold > 0 {
                tokio::time::timeout_at(self.not_before, std::future::pending::<()>())
                    .await
                    .ok();
                let (shared, entry) = (Arc::clone(&self.shared), self.entry);
                self.starting
                    .spawn(async move { shared.launcher.start(entry).await });
            }
            match self.starting.join_next().await {
                Some(Ok(Ok(simulator))) => {
                    self.started();
                    return simulator;
                }
                Some(Ok(Err(error))) => self.failed(&report(&error).to_string()),
                Some(Err(error)) => self.failed(&report(&error).to_string()),
                // Every slot is at work: only `give_back` can make one ready.
                None => std::future::pending().await,
            }
        }
    }

    /// Takes back a slot after an attempt, with its simulator if that may be used again.
    pub(crate) fn give_back(&mut self, simulator: Option<Simulator>) {
        match simulator {
            Some(simulator) if simulator.is_usable() => self.warm.push(simulator),
            _ => self.cold += 1,
        }
    }

    /// Ends every simulator that waits.
    pub(crate) async fn close(mut self) {
        self.starting.shutdown().await;
        for simulator in self.warm {
            if let Err(error) = simulator.close().await {
                tracing::warn!(error = %report(&error), "a simulator did not end by itself");
            }
        }
    }

    fn started(&mut self) {
        self.cold -= 1;
        self.backoff.reset();
        self.shared.health.met(self.entry.name.as_str());
    }

    fn failed(&mut self, why: &str) {
        let wait = self.backoff.next_wait();
        self.not_before = Instant::now() + wait;
        self.shared.health.missing(self.entry.name.as_str(), why);
        self.shared.metrics.start_failed(&self.entry.name);
        let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        tracing::error!(family = %self.entry.name, error = why, wait_ms, "no simulator: asking for no tasks");
    }
}
