//! The scheduler's metrics.

use crate::miners::{REASONS, Refusal};
use kinitro_proto::BlockNumber;
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family as Labelled, gauge::Gauge},
    registry::Registry,
};

/// Counters of this process; the ledger has the truth.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    opened: Counter,
    again: Counter,
}

/// How the chain stands; there are none without a chain.
#[derive(Debug, Clone, Default)]
pub(crate) struct ChainMetrics {
    /// 1 while the node answers and is not behind, else 0.
    pub(crate) up: Gauge,
    /// How often it was another chain than before.
    pub(crate) resets: Counter,
    head: Gauge,
    refused: Labelled<OfReason, Gauge>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfReason {
    reason: &'static str,
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

impl ChainMetrics {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let metrics = Self::default();
        registry.register(
            "kinitro_chain_up",
            "1 while the chain's node answers and is not behind, else 0",
            metrics.up.clone(),
        );
        registry.register(
            "kinitro_chain_head_block",
            "The newest final block that was seen",
            metrics.head.clone(),
        );
        registry.register(
            "kinitro_chain_resets",
            "Times that the chain was found to be another one than before",
            metrics.resets.clone(),
        );
        registry.register(
            "kinitro_commitments_refused",
            "Commitments that gave no miner when they were read last, by reason",
            metrics.refused.clone(),
        );
        metrics
    }

    pub(crate) fn head(&self, block: BlockNumber) {
        self.head.set(i64::try_from(block.0).unwrap_or(i64::MAX));
    }

    pub(crate) fn refused(&self, refused: &[Refusal]) {
        for reason in REASONS {
            let count = refused.iter().filter(|refusal| refusal.reason == reason).count();
            let count = i64::try_from(count).unwrap_or(i64::MAX);
            self.refused.get_or_create(&OfReason { reason }).set(count);
        }
    }
}
