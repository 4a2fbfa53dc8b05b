use crate::support::{ask, client, config, family, start};
use kinitro_harness::Nats;
use kinitro_nats::{Bus, Change};
use kinitro_proto::Family;
use serde_json::json;
use tokio::task::JoinSet;

#[tokio::test]
async fn applying_twice_changes_nothing() {
    for nats in [Nats::start().await, Nats::start_oldest().await] {
        let bus = Bus::connect(&config(&nats), "test").await.unwrap();
        let families: [Family; 2] = ["metaworld".parse().unwrap(), "genesis".parse().unwrap()];
        assert_eq!(bus.diff(&families).await.unwrap().len(), 8, "all missing");
        let first = bus.apply(&families).await.unwrap();
        assert_eq!(first.changes.len(), 8);
        assert!(
            first
                .changes
                .iter()
                .all(|change| matches!(change, Change::Created(_))),
            "{first}"
        );
        assert!(
            first
                .to_string()
                .contains("consumer TASKS > exec-genesis: created"),
            "{first}"
        );
        assert_eq!(bus.diff(&families).await.unwrap(), []);
        let second = bus.apply(&families).await.unwrap();
        assert_eq!(second.to_string(), "nothing to change");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_service_may_apply_at_once() {
    let nats = Nats::start().await;
    let client = client(&nats).await;
    // Together the streams want most of the store, and those who make the same one want it twice for a moment.
    for _ in 0..8 {
        let mut services = JoinSet::new();
        for _ in 0..16 {
            let config = config(&nats);
            services.spawn(async move {
                let bus = Bus::connect(&config, "test").await.unwrap();
                bus.apply(&[family()]).await.unwrap();
                bus
            });
        }
        let buses = services.join_all().await;
        assert_eq!(buses[0].diff(&[family()]).await.unwrap(), []);
        for stream in ["TASKS", "RESULTS", "EVENTS", "DEAD"] {
            ask(&client, &format!("STREAM.DELETE.{stream}"), json!({})).await;
        }
    }
}

#[tokio::test]
async fn a_hand_made_drift_is_shown_and_put_right() {
    let (nats, bus) = start().await;
    let client = client(&nats).await;
    let info = ask(&client, "STREAM.INFO.TASKS", json!({})).await;
    let mut changed = info["config"].clone();
    changed["max_msgs"] = json!(5);
    changed["metadata"]["team"] = json!("robots");
    ask(&client, "STREAM.UPDATE.TASKS", changed).await;
    let mut exec = ask(&client, "CONSUMER.INFO.TASKS.exec-metaworld", json!({})).await["config"].clone();
    exec["ack_wait"] = json!(9_000_000_000_u64);
    let body = json!({ "stream_name": "TASKS", "config": exec, "action": "update" });
    ask(
        &client,
        "CONSUMER.CREATE.TASKS.exec-metaworld.tasks.metaworld.>",
        body,
    )
    .await;

    let differences = bus.diff(&[family()]).await.unwrap();
    let lines: Vec<_> = differences.iter().map(ToString::to_string).collect();
    let expected = [
        "stream TASKS: `max_msgs` is 5, wanted 1000000",
        "consumer TASKS > exec-metaworld: `ack_wait` is 9000000000, wanted 2000000000",
    ];
    assert_eq!(lines, expected);
    let report = bus.apply(&[family()]).await.unwrap();
    assert!(
        report
            .changes
            .iter()
            .all(|change| matches!(change, Change::Updated(..))),
        "{report}"
    );
    assert_eq!(bus.diff(&[family()]).await.unwrap(), []);
    let kept = ask(&client, "STREAM.INFO.TASKS", json!({})).await;
    assert_eq!(
        kept["config"]["metadata"]["team"], "robots",
        "what the operator added stays"
    );
}

#[tokio::test]
async fn a_change_that_would_lose_messages_or_is_refused_is_not_made() {
    let (nats, bus) = start().await;
    let client = client(&nats).await;
    ask(&client, "STREAM.DELETE.EVENTS", json!({})).await;
    let other = json!({ "name": "EVENTS", "subjects": ["events.>"], "storage": "file", "num_replicas": 1 });
    ask(&client, "STREAM.CREATE.EVENTS", other).await;
    client.request("events.x", "hello".into()).await.unwrap();
    // The storage of a stream cannot be changed.
    ask(&client, "STREAM.DELETE.DEAD", json!({})).await;
    ask(
        &client,
        "STREAM.CREATE.DEAD",
        json!({ "name": "DEAD", "subjects": ["dead.>"], "storage": "memory" }),
    )
    .await;

    let report = bus.apply(&[family()]).await.unwrap().to_string();
    assert!(
        report.contains("stream EVENTS: kept as it is: the stream holds more than the new `max_age`"),
        "{report}"
    );
    assert!(
        report.contains("stream DEAD: kept as it is: stream configuration update"),
        "{report}"
    );
    let info = ask(&client, "STREAM.INFO.EVENTS", json!({})).await;
    assert_eq!(info["state"]["messages"], 1);
}
