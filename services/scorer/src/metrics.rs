//! The scorer's metrics.

use kinitro_store::Verdict;
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family as Labelled},
    registry::Registry,
};

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfVerdict {
    verdict: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfEnd {
    end: &'static str,
}

/// Counters of this process; the ledger has the truth.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    results: Labelled<OfVerdict, Counter>,
    cycles: Labelled<OfEnd, Counter>,
}

impl Metrics {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let metrics = Self::default();
        registry.register(
            "kinitro_results",
            "Results recorded, by verdict",
            metrics.results.clone(),
        );
        registry.register(
            "kinitro_cycles_ended",
            "Cycles this scorer ended",
            metrics.cycles.clone(),
        );
        metrics
    }

    pub(crate) fn recorded(&self, verdict: Verdict) {
        self.results
            .get_or_create(&OfVerdict {
                verdict: verdict.name(),
            })
            .inc();
    }

    pub(crate) fn ended(&self, end: &'static str) {
        self.cycles.get_or_create(&OfEnd { end }).inc();
    }
}
