//! The scorer's metrics.

use kinitro_store::Verdict;
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{
        counter::Counter,
        family::Family as Labelled,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::{Registry, Unit},
};
use std::time::Duration;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfVerdict {
    verdict: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfEnd {
    end: &'static str,
}

/// Counters of this process; the ledger has the truth.
#[derive(Debug)]
pub(crate) struct Metrics {
    results: Labelled<OfVerdict, Counter>,
    cycles: Labelled<OfEnd, Counter>,
    stuck: Counter,
    settling: Histogram,
    evidence: Gauge,
    keys: Gauge,
}

impl Metrics {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            results: Labelled::default(),
            cycles: Labelled::default(),
            stuck: Counter::default(),
            // From 10 ms to 5 min: a cycle of a few results, and one of millions.
            settling: Histogram::new(exponential_buckets(0.01, 2.0, 16)),
            evidence: Gauge::default(),
            keys: Gauge::default(),
        };
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
        registry.register(
            "kinitro_settle_failures",
            "Attempts to settle a cycle that could not be judged or signed",
            metrics.stuck.clone(),
        );
        registry.register_with_unit(
            "kinitro_settle",
            "Time to settle a cycle, from its lock to its commit",
            Unit::Seconds,
            metrics.settling.clone(),
        );
        registry.register_with_unit(
            "kinitro_evidence",
            "Length of the evidence of the cycle settled last, as text",
            Unit::Bytes,
            metrics.evidence.clone(),
        );
        registry.register(
            "kinitro_signing_keys",
            "Keys that sign each document; with 0 documents are not signed",
            metrics.keys.clone(),
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

    /// Documents are signed by so many keys from now on.
    pub(crate) fn signed_by(&self, keys: usize) {
        self.keys.set(gauge(keys as u64));
    }

    pub(crate) fn settled(&self, took: Duration, evidence_bytes: u64) {
        self.settling.observe(took.as_secs_f64());
        self.evidence.set(gauge(evidence_bytes));
        self.ended("settled");
    }

    pub(crate) fn expired(&self) {
        self.ended("expired");
    }

    pub(crate) fn stuck(&self) {
        self.stuck.inc();
    }

    fn ended(&self, end: &'static str) {
        self.cycles.get_or_create(&OfEnd { end }).inc();
    }
}

fn gauge(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
