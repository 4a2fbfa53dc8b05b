//! What only the bus knows.

use crate::{client::Gateway, ledger};
use kinitro_harness::{Nats, Postgres};
use kinitro_nats::{Bus, Config};
use kinitro_proto::{Family, catalogue};
use serde_json::json;

#[tokio::test]
async fn what_executors_have_in_hand_counts_as_assigned() {
    let (nats, database) = (Nats::start().await, Postgres::database().await);
    let store = ledger::migrated(&database.url()).await;
    let cycle = ledger::golden_running(&store).await;
    let bus = Bus::connect(&Config::at(&nats.url()), "test").await.unwrap();
    let families: Vec<Family> = catalogue::families()
        .iter()
        .map(|family| family.name.clone())
        .collect();
    bus.apply(&families).await.unwrap();
    let metaworld: Family = "metaworld".parse().unwrap();
    let mut tasks = ledger::open_tasks(&store, cycle).await;
    tasks.retain(|task| task.environment.family() == metaworld);
    bus.publish_tasks(&tasks, &[]).await.unwrap();
    let mut executor = bus.tasks(&metaworld).await.unwrap();
    executor.request(2);
    let in_hand = [executor.next().await, executor.next().await];

    let gateway = Gateway::start_with(&database.url(), &["--nats-url", &nats.url()]).await;
    let stats = gateway
        .until("/v1/tasks/stats", |answer| {
            answer.status == 200 && answer.json()["assigned_tasks"] == in_hand.len()
        })
        .await
        .json();
    assert_eq!(
        (&stats["pending_tasks"], &stats["total_tasks"]),
        (&json!(10), &json!(12))
    );
    gateway.stop().await;
}
