use crate::support::{SOON, ask, client, family, result, start, task, tasks};
use kinitro_harness::eventually;
use kinitro_nats::Error;
use kinitro_proto::TaskResult;
use serde_json::json;
use std::{
    collections::HashSet,
    time::{Duration, Instant},
};
use tokio::time::timeout;

const LINGER: Duration = Duration::from_millis(100);

#[tokio::test]
async fn results_come_in_batches_and_once() {
    let (_nats, bus) = start().await;
    let results: Vec<_> = tasks(1, 250).iter().map(|task| result(task, 1)).collect();
    for result in results.iter().chain(&results[..10]) {
        bus.publish_result(result, &family(), None, SOON).await.unwrap();
    }
    let mut source = bus.results().await.unwrap();
    let (mut seen, mut sizes) = (HashSet::new(), Vec::new());
    while seen.len() < 250 {
        let batch = timeout(SOON, source.next_batch(100, LINGER)).await.unwrap();
        sizes.push(batch.len());
        for delivery in &batch {
            assert!(
                seen.insert(delivery.decode::<TaskResult>().unwrap().task),
                "a duplicate came"
            );
        }
        source.ack(&batch).await.unwrap();
    }
    assert!(sizes.iter().all(|size| *size <= 100), "{sizes:?}");
    assert!(sizes.len() < 20, "{sizes:?}");
    let more = timeout(Duration::from_secs(1), source.next_batch(100, LINGER)).await;
    assert!(more.is_err(), "{more:?}");
}

#[tokio::test]
async fn another_delivery_of_a_task_is_another_result() {
    let (_nats, bus) = start().await;
    let task = task(1, 0);
    for delivery in [1, 2, 2] {
        bus.publish_result(&result(&task, delivery), &family(), None, SOON)
            .await
            .unwrap();
    }
    let mut source = bus.results().await.unwrap();
    let batch = timeout(SOON, source.next_batch(10, Duration::from_secs(1)))
        .await
        .unwrap();
    let deliveries: Vec<_> = batch
        .iter()
        .map(|found| found.decode::<TaskResult>().unwrap().delivery)
        .collect();
    assert_eq!(deliveries, [1, 2]);
}

#[tokio::test]
async fn a_full_stream_makes_executors_wait_and_drops_nothing() {
    let (nats, bus) = start().await;
    let client = client(&nats).await;
    let limit = async |messages: i64| {
        let mut config = ask(&client, "STREAM.INFO.RESULTS", json!({})).await["config"].clone();
        config["max_msgs"] = json!(messages);
        let answer = ask(&client, "STREAM.UPDATE.RESULTS", config).await;
        assert_eq!(answer["config"]["max_msgs"], messages, "{answer}");
    };
    limit(3).await;
    let results: Vec<_> = tasks(1, 5).iter().map(|task| result(task, 1)).collect();
    for result in &results[..3] {
        bus.publish_result(result, &family(), None, SOON).await.unwrap();
    }
    let begin = Instant::now();
    let refused = bus
        .publish_result(&results[3], &family(), None, Duration::from_secs(1))
        .await;
    assert!(
        matches!(refused, Err(Error::Refused { code: 10077, .. })),
        "{refused:?}"
    );
    assert!(begin.elapsed() < Duration::from_secs(2));

    let waiting = async {
        for result in &results[3..] {
            bus.publish_result(result, &family(), None, Duration::from_secs(30))
                .await
                .unwrap();
        }
    };
    let room = async {
        eventually(SOON, "three results", async || {
            ask(&client, "STREAM.INFO.RESULTS", json!({})).await["state"]["messages"] == 3
        })
        .await;
        limit(-1).await;
    };
    tokio::join!(waiting, room);
    let mut source = bus.results().await.unwrap();
    let batch = timeout(SOON, source.next_batch(5, Duration::from_secs(5)))
        .await
        .unwrap();
    assert_eq!(batch.len(), 5);
}

#[tokio::test]
async fn what_a_scorer_did_not_ack_comes_again() {
    let (_nats, bus) = start().await;
    bus.publish_result(&result(&task(1, 0), 1), &family(), None, SOON)
        .await
        .unwrap();
    let mut source = bus.results().await.unwrap();
    drop(timeout(SOON, source.next_batch(10, LINGER)).await.unwrap());
    let again = timeout(SOON, source.next_batch(10, LINGER)).await.unwrap();
    assert_eq!(again[0].delivered, 2);
    source.ack(&again).await.unwrap();
    source.close().await;
}
