//! A server with the setup applied, and messages to send.

use kinitro_harness::Nats;
use kinitro_nats::{Bus, Config};
use kinitro_proto::{
    CycleId, Family, Outcome, Policy, Rollout, Seed, Task, TaskId, TaskResult, Timings, Uid,
};
use serde_json::Value;
use std::time::Duration;

pub(crate) const SOON: Duration = Duration::from_secs(10);

pub(crate) fn family() -> Family {
    "metaworld".parse().unwrap()
}

pub(crate) fn config(nats: &Nats) -> Config {
    Config {
        ack_wait: Duration::from_secs(2),
        ..Config::at(&nats.url())
    }
}

/// A bus with the setup applied; leases last 2 s.
pub(crate) async fn bus(nats: &Nats) -> Bus {
    let bus = Bus::connect(&config(nats), "test").await.unwrap();
    bus.apply(&[family()]).await.unwrap();
    bus
}

pub(crate) async fn start() -> (Nats, Bus) {
    let nats = Nats::start().await;
    let bus = bus(&nats).await;
    (nats, bus)
}

/// A client of its own, for what an operator would do.
pub(crate) async fn client(nats: &Nats) -> async_nats::Client {
    async_nats::connect(nats.url()).await.unwrap()
}

/// A request to JetStream's API, as `nats` makes them.
pub(crate) async fn ask(client: &async_nats::Client, what: &str, body: Value) -> Value {
    let answer = client
        .request(format!("$JS.API.{what}"), body.to_string().into())
        .await
        .unwrap();
    serde_json::from_slice(&answer.payload).unwrap()
}

pub(crate) fn tasks(cycle: i64, n: u32) -> Vec<Task> {
    (0..n).map(|episode| task(cycle, episode)).collect()
}

pub(crate) fn task(cycle: i64, episode: u32) -> Task {
    Task {
        id: TaskId::now(),
        cycle: CycleId(cycle),
        uid: Uid(7),
        hotkey: "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty"
            .parse()
            .unwrap(),
        policy: Policy::Endpoint {
            url: "http://miner.example:8000".to_owned(),
        },
        environment: "metaworld/push-v3".parse().unwrap(),
        episode,
        seed: Seed::new(42),
        attempt: 1,
        deadline_ms: 1_800_000_000_000,
    }
}

pub(crate) fn result(task: &Task, delivery: u32) -> TaskResult {
    TaskResult {
        task: task.id,
        cycle: task.cycle,
        attempt: task.attempt,
        delivery,
        executor: "executor-1".parse().unwrap(),
        outcome: Outcome::Scored(Rollout {
            success: true,
            reward: 1.5,
            steps: 80,
        }),
        timings: Timings::default(),
    }
}
