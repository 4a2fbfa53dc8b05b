//! The validator's metrics.

use kinitro_proto::BlockNumber;
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family as Labelled, gauge::Gauge},
    registry::Registry,
};
use std::time::Duration;

/// How a submission ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// It is on the chain.
    Included,
    /// The chain had these weights already; nothing was sent.
    Found,
    /// The node did not take it; the same bytes are sent again.
    Refused,
    /// Its fate was not seen; the same bytes are sent again.
    Undecided,
    /// Its time passed without it being included.
    Expired,
    /// It was included and failed, or its nonce went to something else.
    Failed,
}

impl Ended {
    const fn name(self) -> &'static str {
        match self {
            Self::Included => "included",
            Self::Found => "found",
            Self::Refused => "refused",
            Self::Undecided => "undecided",
            Self::Expired => "expired",
            Self::Failed => "failed",
        }
    }
}

/// How a verification ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Vouched {
    /// The weights hold.
    Verified,
    /// A check does not hold.
    Refused,
    /// It could not be found out.
    Failed,
}

impl Vouched {
    const fn name(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfOutcome {
    outcome: &'static str,
}

/// Figures of this process.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    submissions: Labelled<OfOutcome, Counter>,
    verifications: Labelled<OfOutcome, Counter>,
    last_block: Gauge,
    gateway_up: Gauge,
    chain_up: Gauge,
    weights_age: Gauge,
}

impl Metrics {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let metrics = Self::default();
        registry.register(
            "kinitro_submissions",
            "Submissions of weights, by how they ended",
            metrics.submissions.clone(),
        );
        registry.register(
            "kinitro_verifications",
            "Verifications of weights, by how they ended",
            metrics.verifications.clone(),
        );
        let gauges = [
            (
                "kinitro_submitted_block",
                "Block of the newest weights that were put on the chain",
                &metrics.last_block,
            ),
            (
                "kinitro_gateway_up",
                "Whether the gateway answered last time",
                &metrics.gateway_up,
            ),
            (
                "kinitro_chain_up",
                "Whether the chain answered last time",
                &metrics.chain_up,
            ),
            (
                "kinitro_weights_age_seconds",
                "Age of the gateway's newest weights",
                &metrics.weights_age,
            ),
        ];
        for (name, help, gauge) in gauges {
            registry.register(name, help, gauge.clone());
        }
        metrics
    }

    pub(crate) fn ended(&self, ended: Ended) {
        let outcome = ended.name();
        self.submissions.get_or_create(&OfOutcome { outcome }).inc();
    }

    pub(crate) fn vouched(&self, vouched: Vouched) {
        let outcome = vouched.name();
        self.verifications.get_or_create(&OfOutcome { outcome }).inc();
    }

    pub(crate) fn submitted(&self, block: BlockNumber) {
        self.last_block.set(i64::try_from(block.0).unwrap_or(i64::MAX));
    }

    pub(crate) fn gateway_up(&self, up: bool) {
        self.gateway_up.set(up.into());
    }

    pub(crate) fn chain_up(&self, up: bool) {
        self.chain_up.set(up.into());
    }

    pub(crate) fn weights_age(&self, age: Duration) {
        self.weights_age
            .set(i64::try_from(age.as_secs()).unwrap_or(i64::MAX));
    }
}
