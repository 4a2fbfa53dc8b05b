//! The scheduler's metrics.

use prometheus_client::{metrics::counter::Counter, registry::Registry};

/// Counters of this process; the ledger has the truth.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    opened: Counter,
    again: Counter,
}

impl Metrics {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let metrics = Self::default();
        registry.register(
            "kinitro_cycles_opened",
            "Cycles this scheduler opened",
            metrics.opened.clone(),
        );
        registry.register(
            "kinitro_tasks_published_again",
            "Tasks published again after a fault of ours or a loss of the stream's",
            metrics.again.clone(),
        );
        metrics
    }

    pub(crate) fn opened(&self) {
        self.opened.inc();
    }

    pub(crate) fn published_again(&self, tasks: usize) {
        self.again.inc_by(tasks as u64);
    }
}
