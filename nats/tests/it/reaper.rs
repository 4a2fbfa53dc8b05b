use crate::support::{SOON, ask, bus, client, family, start, task};
use kinitro_harness::{Nats, eventually};
use kinitro_nats::{AdvisoryKind, Published};
use kinitro_proto::CycleId;
use serde_json::{Value, json};
use tokio::time::timeout;

/// Lets a consumer give up after so many deliveries.
async fn give_up_after(client: &async_nats::Client, deliveries: u32) {
    let info = ask(client, "CONSUMER.INFO.TASKS.exec-metaworld", json!({})).await;
    let mut config = info["config"].clone();
    config["max_deliver"] = json!(deliveries);
    let body = json!({ "stream_name": "TASKS", "config": config, "action": "update" });
    let answer = ask(
        client,
        "CONSUMER.CREATE.TASKS.exec-metaworld.tasks.metaworld.>",
        body,
    )
    .await;
    assert_eq!(answer["config"]["max_deliver"], deliveries, "{answer}");
}

async fn subjects(client: &async_nats::Client, stream: &str) -> Value {
    let info = ask(
        client,
        &format!("STREAM.INFO.{stream}"),
        json!({ "subjects_filter": ">" }),
    )
    .await;
    info["state"]["subjects"].clone()
}

#[tokio::test]
async fn a_task_that_kills_its_executors_becomes_a_dead_letter() {
    for nats in [Nats::start().await, Nats::start_oldest().await] {
        let bus = bus(&nats).await;
        let client = client(&nats).await;
        give_up_after(&client, 2).await;
        let task = task(5, 0);
        bus.publish_tasks(std::slice::from_ref(&task), &[]).await.unwrap();
        let mut deliveries = bus.tasks(&family()).await.unwrap();
        deliveries.request(3);
        for _ in 0..2 {
            timeout(SOON, deliveries.next()).await.unwrap();
        }
        let mut advisories = bus.advisories().await.unwrap();
        let advisory = timeout(SOON, advisories.next()).await.unwrap().unwrap();
        assert_eq!(
            (advisory.kind, advisory.deliveries),
            (AdvisoryKind::MaxDeliveries, 2)
        );
        assert_eq!(advisory.consumer, "exec-metaworld");
        let letter = advisory.dead_letter("abandoned", "scheduler").unwrap();
        assert_eq!(letter.task, Some(task.id));
        let schema = letter
            .headers
            .iter()
            .find(|(name, _)| name == "Kinitro-Schema")
            .map(|(_, schema)| schema.as_str());
        assert_eq!(
            kinitro_proto::encoding::decode::<kinitro_proto::Task>(schema, &letter.body).unwrap(),
            task
        );
        assert_eq!(
            bus.tasks_of_cycle(CycleId(5)).await.unwrap().len(),
            1,
            "it still blocks its subject"
        );

        bus.publish_dead(&letter).await.unwrap();
        advisory.settle().await.unwrap();
        advisory.settle().await.unwrap();
        assert!(bus.tasks_of_cycle(CycleId(5)).await.unwrap().is_empty());
        assert_eq!(
            subjects(&client, "DEAD").await,
            json!({ "dead.metaworld.abandoned": 1 })
        );
        let again = bus.publish_tasks(&[task], &[]).await.unwrap();
        assert_eq!(
            again.outcomes,
            [Published::Stored],
            "another attempt may be published"
        );
    }
}

#[tokio::test]
async fn a_termed_task_is_gone_and_reported_with_its_reason() {
    let (nats, bus) = start().await;
    bus.publish_tasks(&[task(5, 0)], &[]).await.unwrap();
    let mut deliveries = bus.tasks(&family()).await.unwrap();
    deliveries.request(2);
    let delivery = timeout(SOON, deliveries.next()).await.unwrap();
    delivery.term("cannot be read").await.unwrap();
    assert!(bus.tasks_of_cycle(CycleId(5)).await.unwrap().is_empty());

    let mut advisories = bus.advisories().await.unwrap();
    let advisory = timeout(SOON, advisories.next()).await.unwrap().unwrap();
    assert_eq!(advisory.kind, AdvisoryKind::Terminated);
    assert_eq!(advisory.reason.as_deref(), Some("cannot be read"));
    assert!(advisory.message.is_none());
    assert!(advisory.dead_letter("x", "scheduler").is_none());
    advisory.settle().await.unwrap();
    let client = client(&nats).await;
    eventually(SOON, "an empty DEAD", async || {
        subjects(&client, "DEAD").await.is_null()
    })
    .await;
}
