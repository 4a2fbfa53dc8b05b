//! The streams and consumers as data: `streams/*.json` and `consumers/*.json`, in the shape of JetStream's own
//! API, which `nats stream add --config` and `nats consumer add --config` read too.

mod apply;
mod report;

pub(crate) use apply::{apply, diff};
pub use report::{Asset, Change, Difference, Report};

use crate::Config;
use kinitro_proto::Family;
use serde_json::{Map, Value};
use std::time::Duration;

const STREAMS: [&str; 4] = [
    include_str!("../streams/TASKS.json"),
    include_str!("../streams/RESULTS.json"),
    include_str!("../streams/EVENTS.json"),
    include_str!("../streams/DEAD.json"),
];

/// One for each family, `FAMILY` standing for its name.
const EXEC: &str = include_str!("../consumers/exec.json");

/// Each with its stream.
const CONSUMERS: [(&str, &str); 2] = [
    ("RESULTS", include_str!("../consumers/scorer.json")),
    ("DEAD", include_str!("../consumers/reaper.json")),
];

/// The name of the consumer that a family's executors share.
pub(crate) fn exec(family: &Family) -> String {
    format!("exec-{family}")
}

/// A stream or consumer as it should be.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) asset: Asset,
    pub(crate) config: Map<String, Value>,
}

/// Everything that should be there, streams before their consumers.
pub(crate) fn wanted(config: &Config, families: &[Family]) -> Vec<Wanted> {
    let streams = STREAMS.iter().map(|text| stream(text, config.replicas));
    let executors = families
        .iter()
        .map(|family| consumer("TASKS", &EXEC.replace("FAMILY", family.as_str()), config.ack_wait));
    // Who writes to a database, or waits for one, holds its messages longer than an executor between two signs
    // of progress.
    let others = CONSUMERS
        .iter()
        .map(|(stream, text)| consumer(stream, text, config.ack_wait * 2));
    streams.chain(executors).chain(others).collect()
}

fn stream(text: &str, replicas: u8) -> Wanted {
    let mut config = read(text);
    config.insert("num_replicas".to_owned(), replicas.into());
    if replicas > 1 {
        let expected = (
            "io.nats.monitor.peer-expect".to_owned(),
            replicas.to_string().into(),
        );
        config["metadata"]
            .as_object_mut()
            .expect("every file has metadata: a test reads it")
            .extend([expected]);
    }
    Wanted {
        asset: Asset::Stream(name(&config)),
        config,
    }
}

fn consumer(stream: &str, text: &str, ack_wait: Duration) -> Wanted {
    let mut config = read(text);
    let nanos = u64::try_from(ack_wait.as_nanos()).expect("`Config::check` bounds it");
    config.insert("ack_wait".to_owned(), nanos.into());
    Wanted {
        asset: Asset::Consumer {
            stream: stream.to_owned(),
            name: name(&config),
        },
        config,
    }
}

fn name(config: &Map<String, Value>) -> String {
    config["name"]
        .as_str()
        .expect("every file has a name: a test reads it")
        .to_owned()
}

fn read(text: &str) -> Map<String, Value> {
    serde_json::from_str(text).expect("the files are JSON objects: a test reads them")
}

#[cfg(test)]
mod tests {
    use super::*;
    use kinitro_proto::{DeadLetter, Event, Task, TaskResult, encoding::Message};

    fn setup() -> Vec<Wanted> {
        wanted(&Config::at("nats://x"), &["metaworld".parse().unwrap()])
    }

    fn number(stream: &str, field: &str) -> u64 {
        let setup = setup();
        let found = setup
            .iter()
            .find(|wanted| wanted.asset == Asset::Stream(stream.to_owned()));
        found.unwrap().config[field].as_u64().unwrap()
    }

    #[test]
    fn every_file_is_read_and_described() {
        let assets: Vec<_> = setup().iter().map(|wanted| wanted.asset.to_string()).collect();
        let expected = [
            "stream TASKS",
            "stream RESULTS",
            "stream EVENTS",
            "stream DEAD",
            "consumer TASKS > exec-metaworld",
            "consumer RESULTS > scorer",
            "consumer DEAD > reaper",
        ];
        assert_eq!(assets, expected);
        for wanted in setup() {
            assert!(
                wanted.config["description"].as_str().unwrap().len() > 10,
                "{}",
                wanted.asset
            );
            assert_eq!(
                wanted.config["metadata"]["io.nats.monitor.enabled"], "true",
                "{}",
                wanted.asset
            );
        }
    }

    #[test]
    fn a_familys_consumer_takes_that_family_only() {
        let exec = &setup()[4].config;
        assert_eq!(exec["durable_name"], "exec-metaworld");
        assert_eq!(exec["filter_subject"], "tasks.metaworld.>");
        assert!(!serde_json::to_string(exec).unwrap().contains("FAMILY"));
    }

    #[test]
    fn a_message_at_its_limit_fits_its_stream() {
        // Headers of ours are below 2 KiB; a dead letter carries another message's besides.
        for (stream, limit) in [
            ("TASKS", Task::LIMIT),
            ("RESULTS", TaskResult::LIMIT),
            ("EVENTS", Event::LIMIT),
            ("DEAD", DeadLetter::LIMIT),
        ] {
            assert!(number(stream, "max_msg_size") >= limit as u64 + 2048, "{stream}");
        }
        for stream in ["TASKS", "RESULTS"] {
            assert!(
                DeadLetter::LIMIT as u64 >= number(stream, "max_msg_size") + 4096,
                "{stream}"
            );
        }
    }

    #[test]
    fn all_streams_fit_the_servers_store() {
        let server = include_str!("../server.conf");
        assert!(server.contains("max_file: 10GiB"));
        let sum: u64 = ["TASKS", "RESULTS", "EVENTS", "DEAD"]
            .iter()
            .map(|name| number(name, "max_bytes"))
            .sum();
        assert!(sum <= 10 << 30, "{sum}");
    }

    #[test]
    fn replicas_and_leases_come_from_the_configuration() {
        let config = Config {
            replicas: 3,
            ack_wait: Duration::from_secs(2),
            ..Config::at("nats://x")
        };
        let setup = wanted(&config, &["genesis".parse().unwrap()]);
        assert_eq!(setup[0].config["num_replicas"], 3);
        assert_eq!(setup[0].config["metadata"]["io.nats.monitor.peer-expect"], "3");
        assert_eq!(setup[4].config["ack_wait"], 2_000_000_000_u64);
        assert_eq!(setup[5].config["ack_wait"], 4_000_000_000_u64);
    }
}
