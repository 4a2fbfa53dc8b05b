//! What Prometheus reads: figures of the ledger, as of its last reading, and of the requests served.
//!
//! The ledger's figures are not counted here but taken from it, so they are right after a restart and the
//! same in every gateway.

use arc_swap::ArcSwap;
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric, NoLabelSet},
    metrics::{
        MetricType,
        counter::{ConstCounter, Counter},
        family::Family,
        gauge::{ConstGauge, Gauge},
        histogram::Histogram,
    },
    registry::Registry,
};
use std::{fmt, sync::Arc, time::Duration};

/// Upper bounds of a cycle's duration in seconds: from a demonstration of seconds to the default deadline
/// of two hours and beyond.
pub(crate) const CYCLE_BUCKETS: [f64; 10] = [
    10.0, 30.0, 60.0, 300.0, 600.0, 1200.0, 1800.0, 3600.0, 7200.0, 14_400.0,
];

/// Upper bounds of an answer's time in seconds: from memory to the time limit.
const ANSWER_BUCKETS: [f64; 11] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.25, 1.0, 2.5, 10.0,
];

/// The ledger's figures.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Figures {
    /// Cycles that ended, by state.
    pub(crate) cycles: Vec<(&'static str, u64)>,
    /// How long the settled cycles took, in seconds: their sum.
    pub(crate) duration_sum: f64,
    /// Settled cycles by duration: one count for each of [`CYCLE_BUCKETS`] and one for all beyond.
    pub(crate) durations: Vec<u64>,
    /// Miners of the newest cycle.
    pub(crate) miners_active: u64,
    /// Success rate by uid and environment, of the newest settled cycle.
    pub(crate) scores: Vec<(u16, String, f64)>,
}

/// The figures of the last reading, shared with the registry.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ledger(Arc<ArcSwap<Figures>>);

impl Ledger {
    /// Takes the figures of a new reading.
    pub(crate) fn set(&self, figures: Figures) {
        self.0.store(Arc::new(figures));
    }
}

impl Collector for Ledger {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let figures = self.0.load();
        // The encoder adds `_total`.
        let help = "Evaluation cycles that ended, by state";
        let mut cycles = encoder.encode_descriptor("kinitro_eval_cycles", help, None, MetricType::Counter)?;
        for (state, count) in &figures.cycles {
            ConstCounter::new(*count).encode(cycles.encode_family(&[("state", *state)])?)?;
        }
        let help = "How long settled evaluation cycles took";
        let kind = MetricType::Histogram;
        encoder
            .encode_descriptor("kinitro_eval_duration_seconds", help, None, kind)?
            .encode_histogram::<NoLabelSet>(
                figures.duration_sum,
                figures.durations.iter().sum(),
                &buckets(&figures.durations),
                None,
            )?;
        let help = "Miners of the newest cycle";
        let miners = encoder.encode_descriptor("kinitro_miners_active", help, None, MetricType::Gauge)?;
        ConstGauge::new(figures.miners_active).encode(miners)?;
        let help = "Success rate of each miner in each environment, in the newest settled cycle";
        let mut scores = encoder.encode_descriptor("kinitro_miner_scores", help, None, MetricType::Gauge)?;
        for (uid, environment, rate) in &figures.scores {
            let labels = [("uid", uid.to_string()), ("environment", environment.clone())];
            ConstGauge::new(*rate).encode(scores.encode_family(&labels)?)?;
        }
        Ok(())
    }
}

fn buckets(counts: &[u64]) -> Vec<(f64, u64)> {
    let bounds = CYCLE_BUCKETS.into_iter().chain([f64::INFINITY]);
    bounds
        .zip(counts.iter().copied().chain(std::iter::repeat(0)))
        .collect()
}

/// What the requests are counted by. All have few values: a method or path of a stranger's making is `other`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    method: String,
    route: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: String,
}

/// Counts and times of the requests served, and the downloads that run.
#[derive(Debug, Clone)]
pub(crate) struct Requests {
    /// Downloads of evidence that have begun and not ended.
    pub(crate) downloads: Gauge,
    count: Family<Request, Counter>,
    seconds: Family<Route, Histogram, fn() -> Histogram>,
}

impl Requests {
    fn new() -> Self {
        let seconds: fn() -> Histogram = || Histogram::new(ANSWER_BUCKETS);
        Self {
            downloads: Gauge::default(),
            count: Family::default(),
            seconds: Family::new_with_constructor(seconds),
        }
    }

    /// Counts a request that has been answered.
    pub(crate) fn record(&self, method: &str, route: Option<&str>, status: u16, took: Duration) {
        let method = match method {
            "GET" | "HEAD" | "POST" | "PUT" | "DELETE" | "OPTIONS" | "PATCH" => method,
            _ => "other",
        };
        let route = route.unwrap_or("other");
        let request = Request {
            method: method.to_owned(),
            route: route.to_owned(),
            status,
        };
        self.count.get_or_create(&request).inc();
        self.seconds
            .get_or_create(&Route {
                route: route.to_owned(),
            })
            .observe(took.as_secs_f64());
    }
}

/// A registry with all of the gateway's metrics, and the handles that feed it.
pub(crate) fn registry() -> (Registry, Ledger, Requests) {
    let (mut registry, ledger, requests) = (Registry::default(), Ledger::default(), Requests::new());
    registry.register_collector(Box::new(ledger.clone()));
    let help = "HTTP requests answered, by method, route and status";
    registry.register("kinitro_http_requests", help, requests.count.clone());
    let help = "Time from a request's head to its answer's";
    registry.register(
        "kinitro_http_request_duration_seconds",
        help,
        requests.seconds.clone(),
    );
    let help = "Downloads of evidence that run";
    registry.register("kinitro_evidence_downloads", help, requests.downloads.clone());
    (registry, ledger, requests)
}

#[cfg(test)]
mod tests {
    use super::*;
    use prometheus_client::encoding::text::encode;

    fn text(registry: &Registry) -> String {
        let mut text = String::new();
        encode(&mut text, registry).unwrap();
        text
    }

    #[test]
    fn the_four_metrics_of_the_operators_guide_have_its_names() {
        let (registry, ledger, _) = registry();
        ledger.set(Figures {
            cycles: vec![("settled", 3), ("expired", 1)],
            duration_sum: 90.5,
            durations: vec![1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1],
            miners_active: 2,
            scores: vec![(3, "metaworld/push-v3".to_owned(), 0.5)],
        });
        let text = text(&registry);
        for line in [
            "# TYPE kinitro_eval_cycles counter",
            "kinitro_eval_cycles_total{state=\"settled\"} 3",
            "kinitro_eval_cycles_total{state=\"expired\"} 1",
            "# TYPE kinitro_eval_duration_seconds histogram",
            "kinitro_eval_duration_seconds_sum 90.5",
            "kinitro_eval_duration_seconds_count 3",
            "kinitro_eval_duration_seconds_bucket{le=\"30.0\"} 1",
            "kinitro_eval_duration_seconds_bucket{le=\"60.0\"} 2",
            "kinitro_eval_duration_seconds_bucket{le=\"+Inf\"} 3",
            "kinitro_miners_active 2",
            "kinitro_miner_scores{uid=\"3\",environment=\"metaworld/push-v3\"} 0.5",
        ] {
            assert!(text.lines().any(|found| found == line), "`{line}` in\n{text}");
        }
    }

    #[test]
    fn a_strangers_method_or_path_makes_no_label() {
        let (registry, _, requests) = registry();
        requests.record("BREW", None, 405, Duration::from_millis(1));
        requests.record("GET", Some("/v1/weights/{block}"), 200, Duration::from_millis(1));
        let text = text(&registry);
        assert!(
            text.contains("kinitro_http_requests_total{method=\"other\",route=\"other\",status=\"405\"} 1")
        );
        let route = "route=\"/v1/weights/{block}\"";
        assert!(text.contains(&format!(
            "kinitro_http_requests_total{{method=\"GET\",{route},status=\"200\"}} 1"
        )));
        assert!(text.contains(&format!(
            "kinitro_http_request_duration_seconds_count{{{route}}} 1"
        )));
    }
}
