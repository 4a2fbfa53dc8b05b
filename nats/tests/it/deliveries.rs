use crate::support::{SOON, bus, family, start, tasks};
use kinitro_harness::{Nats, eventually};
use kinitro_nats::{Bus, Deliveries, Delivery, Error};
use std::time::{Duration, Instant};
use tokio::time::timeout;

async fn publish(bus: &Bus, n: u32) -> Vec<kinitro_proto::Task> {
    let tasks = tasks(1, n);
    assert_eq!(
        bus.publish_tasks(&tasks, &[]).await.unwrap().contiguous(),
        tasks.len()
    );
    tasks
}

async fn soon(deliveries: &mut Deliveries) -> Delivery {
    timeout(SOON, deliveries.next()).await.unwrap()
}

/// Nothing comes within half a second.
async fn quiet(deliveries: &mut Deliveries) {
    assert!(
        timeout(Duration::from_millis(500), deliveries.next())
            .await
            .is_err()
    );
}

#[tokio::test]
async fn as_many_come_as_were_asked_for() {
    let (_nats, bus) = start().await;
    let tasks = publish(&bus, 20).await;
    let mut deliveries = bus.tasks(&family()).await.unwrap();
    quiet(&mut deliveries).await;
    assert_eq!(
        bus.backlog(&[family()]).await.unwrap()[0].in_hand,
        0,
        "nothing is hoarded"
    );
    let mut seen = Vec::new();
    for (asked, total) in [(1, 1), (3, 4), (1, 5), (7, 12)] {
        deliveries.request(asked);
        assert_eq!(deliveries.credits(), asked);
        while seen.len() < total {
            let delivery = soon(&mut deliveries).await;
            seen.push(delivery.decode::<kinitro_proto::Task>().unwrap().id);
            delivery.ack().await.unwrap();
        }
        quiet(&mut deliveries).await;
    }
    assert_eq!(seen, tasks[..12].iter().map(|task| task.id).collect::<Vec<_>>());
    assert_eq!(bus.backlog(&[family()]).await.unwrap()[0].pending, 8);
}

#[tokio::test]
async fn credit_waits_for_tasks_that_come_later() {
    let (_nats, bus) = start().await;
    let mut deliveries = bus.tasks(&family()).await.unwrap();
    deliveries.request(2);
    quiet(&mut deliveries).await;
    publish(&bus, 3).await;
    let begin = Instant::now();
    for _ in 0..2 {
        soon(&mut deliveries).await.ack().await.unwrap();
    }
    assert!(begin.elapsed() < Duration::from_secs(1));
    quiet(&mut deliveries).await;
}

#[tokio::test]
async fn a_silent_executor_loses_the_task_and_may_not_nak_it() {
    for nats in [Nats::start().await, Nats::start_oldest().await] {
        let bus = bus(&nats).await;
        publish(&bus, 1).await;
        let mut deliveries = bus.tasks(&family()).await.unwrap();
        deliveries.request(2);
        let first = soon(&mut deliveries).await;
        assert_eq!(first.delivered, 1);
        assert!(!first.is_lost());
        let second = soon(&mut deliveries).await;
        let held = second.received_at - first.received_at;
        assert!(
            held > Duration::from_millis(1800) && held < Duration::from_secs(6),
            "{held:?}"
        );
        assert_eq!((second.delivered, second.sequence), (2, first.sequence));
        assert!(first.is_lost() && !second.is_lost());
        assert!(matches!(first.nak(None).await, Err(Error::LeaseLost { .. })));
        assert!(matches!(first.progress().await, Err(Error::LeaseLost { .. })));
        second.ack().await.unwrap();
    }
}

#[tokio::test]
async fn progress_keeps_the_lease() {
    let (_nats, bus) = start().await;
    publish(&bus, 1).await;
    let mut deliveries = bus.tasks(&family()).await.unwrap();
    deliveries.request(2);
    let delivery = soon(&mut deliveries).await;
    let begin = Instant::now();
    let mut tick = tokio::time::interval(delivery.progress_interval());
    while begin.elapsed() < Duration::from_secs(5) {
        tick.tick().await;
        delivery.progress().await.unwrap();
        assert!(!delivery.is_lost());
    }
    quiet(&mut deliveries).await;
    delivery.ack().await.unwrap();
    assert_eq!(bus.backlog(&[family()]).await.unwrap()[0].in_hand, 0);
}

#[tokio::test]
async fn a_nak_gives_back_at_once_or_after_its_delay() {
    let (_nats, bus) = start().await;
    publish(&bus, 1).await;
    let mut deliveries = bus.tasks(&family()).await.unwrap();
    deliveries.request(3);
    soon(&mut deliveries).await.nak(None).await.unwrap();
    let begin = Instant::now();
    let again = soon(&mut deliveries).await;
    assert_eq!(again.delivered, 2);
    assert!(
        begin.elapsed() < Duration::from_millis(500),
        "{:?}",
        begin.elapsed()
    );
    again.nak(Some(Duration::from_secs(1))).await.unwrap();
    let begin = Instant::now();
    assert_eq!(soon(&mut deliveries).await.delivered, 3);
    assert!(
        begin.elapsed() > Duration::from_millis(900),
        "{:?}",
        begin.elapsed()
    );
}

#[tokio::test]
async fn a_closed_puller_returns_what_nobody_took() {
    let (_nats, bus) = start().await;
    publish(&bus, 5).await;
    let mut deliveries = bus.tasks(&family()).await.unwrap();
    deliveries.request(3);
    let taken = soon(&mut deliveries).await;
    eventually(SOON, "three in hand", async || {
        bus.backlog(&[family()]).await.unwrap()[0].in_hand == 3
    })
    .await;
    let left = deliveries.close().await;
    assert_eq!(left.len(), 2);
    for delivery in &left {
        delivery.nak(None).await.unwrap();
    }
    taken.ack().await.unwrap();
    let mut others = bus.tasks(&family()).await.unwrap();
    others.request(4);
    for _ in 0..4 {
        soon(&mut others).await.ack().await.unwrap();
    }
    assert_eq!(bus.backlog(&[family()]).await.unwrap()[0].pending, 0);
}

#[tokio::test]
async fn executors_of_a_family_share_its_tasks() {
    let (nats, first) = start().await;
    let second = bus(&nats).await;
    let (mut one, mut two) = (
        first.tasks(&family()).await.unwrap(),
        second.tasks(&family()).await.unwrap(),
    );
    one.request(50);
    two.request(50);
    let tasks = publish(&first, 100).await;
    let mut seen = std::collections::HashSet::new();
    for _ in 0..50 {
        for deliveries in [&mut one, &mut two] {
            let delivery = soon(deliveries).await;
            assert!(seen.insert(delivery.decode::<kinitro_proto::Task>().unwrap().id));
            delivery.ack().await.unwrap();
        }
    }
    assert_eq!(seen, tasks.iter().map(|task| task.id).collect());
}

#[tokio::test]
async fn a_family_nobody_applied_has_no_consumer() {
    let (_nats, bus) = start().await;
    let error = bus.tasks(&"genesis".parse().unwrap()).await.unwrap_err();
    assert!(matches!(error, Error::NoConsumer { .. }), "{error}");
}
