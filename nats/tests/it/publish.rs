use crate::support::{SOON, ask, bus, client, family, start, task, tasks};
use kinitro_harness::{Nats, eventually};
use kinitro_nats::{Bus, Config, Error, Published};
use kinitro_proto::{CycleId, Event, Policy};
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn a_task_is_there_once_until_it_is_acked() {
    for nats in [Nats::start().await, Nats::start_oldest().await] {
        let bus = bus(&nats).await;
        let tasks = tasks(1, 5);
        let first = bus.publish_tasks(&tasks, &[]).await.unwrap();
        assert_eq!(
            (first.count(Published::Stored), first.contiguous()),
            (5, 5),
            "{first:?}"
        );
        let second = bus.publish_tasks(&tasks, &[]).await.unwrap();
        assert_eq!(
            (second.count(Published::AlreadyThere), second.contiguous()),
            (5, 5),
            "{second:?}"
        );

        let mut deliveries = bus.tasks(&family()).await.unwrap();
        deliveries.request(1);
        let delivery = deliveries.next().await;
        assert_eq!(delivery.decode::<kinitro_proto::Task>().unwrap(), tasks[0]);
        let in_flight = bus.publish_tasks(&tasks[..1], &[]).await.unwrap();
        assert_eq!(
            in_flight.outcomes,
            [Published::AlreadyThere],
            "in an executor's hands"
        );
        delivery.ack().await.unwrap();
        let after = bus.publish_tasks(&tasks[..1], &[]).await.unwrap();
        assert_eq!(after.outcomes, [Published::Stored], "free after the ack");
    }
}

#[tokio::test]
async fn a_full_stream_stops_the_publisher_at_the_first_gap() {
    for nats in [Nats::start().await, Nats::start_oldest().await] {
        let bus = bus(&nats).await;
        let client = client(&nats).await;
        let mut config = ask(&client, "STREAM.INFO.TASKS", json!({})).await["config"].clone();
        config["max_msgs"] = json!(100);
        ask(&client, "STREAM.UPDATE.TASKS", config).await;

        let tasks = tasks(1, 3000);
        let publication = bus.publish_tasks(&tasks, &[]).await.unwrap();
        assert_eq!(publication.contiguous(), 100);
        assert_eq!(publication.outcomes[100], Published::Full);
        assert_eq!(publication.outcomes.len(), 3000);
        assert!(publication.count(Published::NotSent) > 1000, "it stopped sending");
        assert!(matches!(
            publication.fault,
            Some(Error::Refused { code: 10077, .. })
        ));
        let there = bus.tasks_of_cycle(CycleId(1)).await.unwrap();
        assert_eq!(there, tasks[..100].iter().map(|task| task.id).collect());
    }
}

#[tokio::test]
async fn nothing_is_sent_if_a_task_cannot_be_written() {
    let (_nats, bus) = start().await;
    let mut tasks = tasks(1, 2);
    tasks[1].policy = Policy::Endpoint {
        url: "x".repeat(20_000),
    };
    assert!(matches!(
        bus.publish_tasks(&tasks, &[]).await,
        Err(Error::Message(_))
    ));
    assert!(bus.tasks_of_cycle(CycleId(1)).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_publisher_without_a_server_fails_and_says_so() {
    let (mut nats, bus) = start().await;
    nats.stop();
    eventually(SOON, "the disconnect to be seen", async || !bus.is_connected()).await;
    let publication = bus.publish_tasks(&tasks(1, 3), &[]).await.unwrap();
    assert_eq!(publication.contiguous(), 0);
    assert!(publication.count(Published::Failed) > 0, "{publication:?}");
    assert!(publication.fault.is_some());
}

#[tokio::test]
async fn a_cycle_is_listed_and_purged_alone() {
    let (_nats, bus) = start().await;
    let (one, two) = (tasks(1, 2500), tasks(2, 10));
    for tasks in [&one, &two] {
        assert_eq!(
            bus.publish_tasks(tasks, &[]).await.unwrap().contiguous(),
            tasks.len()
        );
    }
    assert_eq!(
        bus.tasks_of_cycle(CycleId(1)).await.unwrap(),
        one.iter().map(|task| task.id).collect()
    );
    assert_eq!(bus.purge_cycle(CycleId(1)).await.unwrap(), 2500);
    assert!(bus.tasks_of_cycle(CycleId(1)).await.unwrap().is_empty());
    assert_eq!(bus.tasks_of_cycle(CycleId(2)).await.unwrap().len(), 10);
    assert_eq!(bus.backlog(&[family()]).await.unwrap()[0].pending, 10);
}

#[tokio::test]
async fn events_and_dead_letters_are_kept_once() {
    let (nats, bus) = start().await;
    bus.publish_event(&Event::CycleOpened {
        cycle: CycleId(3),
        tasks: 9,
        secret_hash: None,
    })
    .await
    .unwrap();
    let task = task(3, 0);
    bus.publish_tasks(std::slice::from_ref(&task), &[]).await.unwrap();
    let mut deliveries = bus.tasks(&family()).await.unwrap();
    deliveries.request(1);
    let letter = deliveries
        .next()
        .await
        .dead_letter("undecodable", "unknown schema", "executor-1");
    assert_eq!(letter.task, Some(task.id));
    bus.publish_dead(&letter).await.unwrap();
    bus.publish_dead(&letter).await.unwrap();

    let client = client(&nats).await;
    let dead = ask(&client, "STREAM.INFO.DEAD", json!({ "subjects_filter": ">" })).await;
    assert_eq!(
        dead["state"]["subjects"],
        json!({ "dead.metaworld.undecodable": 1 })
    );
    let events = ask(&client, "STREAM.INFO.EVENTS", json!({ "subjects_filter": ">" })).await;
    assert_eq!(events["state"]["subjects"], json!({ "events.cycle.opened": 1 }));
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named() {
    let config = Config {
        connect_timeout: Duration::from_secs(1),
        ..Config::at("nats://127.0.0.1:9")
    };
    let error = Bus::connect(&config, "test").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "could not connect to NATS at `nats://127.0.0.1:9` within 1s"
    );
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.contains("refused"), "{source}");
}

#[tokio::test]
async fn a_server_that_comes_late_is_waited_for() {
    let mut nats = Nats::start().await;
    nats.stop();
    let config = Config::at(&nats.url());
    let (bus, ()) = tokio::join!(Bus::connect(&config, "test"), nats.start_again());
    assert!(bus.unwrap().is_connected());
}
