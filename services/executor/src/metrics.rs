//! The executor's metrics.

use kinitro_proto::{Family, Outcome, TaskResult};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{
        counter::Counter,
        family::Family as Labelled,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::Registry,
};

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct OfFamily {
    family: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Ended {
    family: String,
    outcome: &'static str,
    kind: &'static str,
}

/// Counters of this process; the ledger has the truth.
#[derive(Debug)]
pub(crate) struct Metrics {
    attempts: Labelled<Ended, Counter>,
    duration: Labelled<OfFamily, Histogram>,
    busy: Labelled<OfFamily, Gauge>,
    start_failures: Labelled<OfFamily, Counter>,
}

impl Metrics {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            attempts: Labelled::default(),
            duration: Labelled::new_with_constructor(|| Histogram::new(exponential_buckets(0.01, 2.0, 16))),
            busy: Labelled::default(),
            start_failures: Labelled::default(),
        };
        registry.register(
            "kinitro_attempts",
            "Attempts ended, by outcome",
            metrics.attempts.clone(),
        );
        registry.register(
            "kinitro_attempt_duration_seconds",
            "Delivery to outcome",
            metrics.duration.clone(),
        );
        registry.register("kinitro_slots_busy", "Episodes running now", metrics.busy.clone());
        registry.register(
            "kinitro_simulator_start_failures",
            "Simulators that did not start",
            metrics.start_failures.clone(),
        );
        metrics
    }

    pub(crate) fn ended(&self, family: &Family, result: &TaskResult) {
        let kind = match &result.outcome {
            Outcome::Scored(_) => "",
            Outcome::MinerFault(fault) => fault.kind.name(),
            Outcome::InfraFault(fault) => fault.kind.name(),
        };
        let (family, outcome) = (family.to_string(), result.outcome.name());
        #[expect(clippy::cast_precision_loss, reason = "a duration in µs is far below 2^52")]
        let seconds = result.timings.total_us as f64 / 1e6;
        self.duration
            .get_or_create(&OfFamily {
                family: family.clone(),
            })
            .observe(seconds);
        self.attempts
            .get_or_create(&Ended {
                family,
                outcome,
                kind,
            })
            .inc();
    }

    pub(crate) fn busy(&self, family: &Family, slots: usize) {
        let slots = i64::try_from(slots).unwrap_or(i64::MAX);
        self.busy
            .get_or_create(&OfFamily {
                family: family.to_string(),
            })
            .set(slots);
    }

    pub(crate) fn start_failed(&self, family: &Family) {
        self.start_failures
            .get_or_create(&OfFamily {
                family: family.to_string(),
            })
            .inc();
    }
}
