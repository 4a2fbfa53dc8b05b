//! The server is killed, wiped and changed under running pulls.

use crate::support::{SOON, ask, bus, client, family, result, start, task, tasks};
use kinitro_harness::eventually;
use kinitro_nats::{Bus, Deliveries, Error};
use kinitro_proto::{CycleId, Task, TaskId, TaskResult};
use serde_json::json;
use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{task::JoinSet, time::timeout};

/// Takes deliveries with ten slots, as an executor does, until `n` tasks are acked.
struct Executor {
    deliveries: Deliveries,
    acks: JoinSet<(TaskId, bool)>,
    done: HashSet<TaskId>,
    /// Acked without a word from the server: it may have heard or not.
    unheard: HashSet<TaskId>,
    count: Arc<AtomicUsize>,
}

impl Executor {
    const SLOTS: usize = 10;

    async fn new(bus: &Bus) -> Self {
        let deliveries = bus.tasks(&family()).await.unwrap();
        deliveries.request(Self::SLOTS);
        Self {
            deliveries,
            acks: JoinSet::new(),
            done: HashSet::new(),
            unheard: HashSet::new(),
            count: Arc::default(),
        }
    }

    async fn work(&mut self, n: usize) {
        while self.done.len() < n {
            tokio::select! {
                Some(acked) = self.acks.join_next() => {
                    let (task, heard) = acked.unwrap();
                    if heard { self.done.insert(task); } else { self.unheard.insert(task); }
                    self.count.store(self.done.len(), Ordering::Relaxed);
                    self.deliveries.request(1);
                }
                delivery = timeout(Duration::from_secs(20), self.deliveries.next()) => {
                    let Ok(delivery) = delivery else {
                        // A server killed between taking an ack and saying so delivers that task no more.
                        self.done.extend(&self.unheard);
                        assert_eq!(self.done.len(), n, "deliveries go on");
                        return;
                    };
                    let task: Task = delivery.decode().unwrap();
                    self.acks.spawn(async move { (task.id, delivery.ack().await.is_ok()) });
                }
            }
            let (asked, running) = (self.deliveries.credits(), self.acks.len());
            assert_eq!(asked + running, Self::SLOTS, "{asked} credits, {running} in hand");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_in_the_middle_of_a_pull_costs_seconds_and_loses_nothing() {
    let (mut nats, bus) = start().await;
    let tasks = tasks(1, 4000);
    bus.publish_tasks(&tasks, &[]).await.unwrap();
    let mut executor = Executor::new(&bus).await;
    let count = Arc::clone(&executor.count);
    let work = tokio::spawn(async move {
        executor.work(4000).await;
        executor.done
    });
    let reached = async |n: usize, within: u64| {
        let what = format!("{n} tasks");
        eventually(Duration::from_secs(within), &what, async || {
            count.load(Ordering::Relaxed) >= n
        })
        .await;
    };
    for kill_at in [500, 1500] {
        reached(kill_at, 60).await;
        nats.restart().await;
        let before = count.load(Ordering::Relaxed);
        assert!(before < 4000, "killed too late to be in the middle");
        reached(before + 20, 8).await;
    }
    let done = timeout(Duration::from_secs(60), work).await.unwrap().unwrap();
    assert_eq!(done, tasks.iter().map(|task| task.id).collect());
    eventually(SOON, "an empty stream", async || {
        bus.tasks_of_cycle(CycleId(1))
            .await
            .is_ok_and(|left| left.is_empty())
    })
    .await;
}

#[tokio::test]
async fn credit_asked_for_while_the_server_is_away_is_kept() {
    let (mut nats, bus) = start().await;
    let mut deliveries = bus.tasks(&family()).await.unwrap();
    deliveries.request(2);
    nats.stop();
    eventually(SOON, "the disconnect to be seen", async || !bus.is_connected()).await;
    deliveries.request(3);
    nats.start_again().await;
    eventually(SOON, "the connection", async || bus.is_connected()).await;
    assert_eq!(
        bus.publish_tasks(&tasks(1, 20), &[]).await.unwrap().contiguous(),
        20
    );
    for _ in 0..5 {
        timeout(SOON, deliveries.next())
            .await
            .unwrap()
            .ack()
            .await
            .unwrap();
    }
    assert!(
        timeout(Duration::from_millis(700), deliveries.next())
            .await
            .is_err(),
        "five were asked for"
    );
    assert_eq!(bus.backlog(&[family()]).await.unwrap()[0].pending, 15);
}

#[tokio::test]
async fn a_wiped_store_is_applied_again_and_pulling_resumes() {
    let (mut nats, bus) = start().await;
    bus.publish_tasks(&tasks(1, 5), &[]).await.unwrap();
    let mut deliveries = bus.tasks(&family()).await.unwrap();
    deliveries.request(3);
    for _ in 0..3 {
        timeout(SOON, deliveries.next()).await.unwrap();
    }
    deliveries.request(2);
    nats.stop();
    nats.wipe_store();
    nats.start_again().await;
    eventually(SOON, "the connection", async || bus.is_connected()).await;
    let report = bus.apply(&[family()]).await.unwrap();
    assert_eq!(report.changes.len(), 7, "{report}");
    let tasks = tasks(2, 5);
    bus.publish_tasks(&tasks, &[]).await.unwrap();
    let mut seen = HashSet::new();
    while seen.len() < 2 {
        let delivery = timeout(SOON, deliveries.next()).await.unwrap();
        let task: Task = delivery.decode().unwrap();
        if task.cycle == CycleId(2) {
            delivery.ack().await.unwrap();
            seen.insert(task.id);
        } else {
            deliveries.request(1);
        }
    }
    assert_eq!(seen, tasks[..2].iter().map(|task| task.id).collect());
}

#[tokio::test]
async fn a_deleted_consumer_is_waited_for() {
    let (nats, bus) = start().await;
    let mut deliveries = bus.tasks(&family()).await.unwrap();
    deliveries.request(1);
    let client = client(&nats).await;
    eventually(SOON, "a waiting pull", async || {
        bus.backlog(&[family()]).await.unwrap()[0].waiting == 1
    })
    .await;
    ask(&client, "CONSUMER.DELETE.TASKS.exec-metaworld", json!({})).await;
    bus.publish_tasks(&tasks(1, 1), &[]).await.unwrap();
    bus.apply(&[family()]).await.unwrap();
    timeout(SOON, deliveries.next())
        .await
        .unwrap()
        .ack()
        .await
        .unwrap();
}

#[tokio::test]
async fn an_ack_nobody_hears_is_an_error() {
    let (nats, bus) = start().await;
    bus.publish_tasks(&tasks(1, 1), &[]).await.unwrap();
    let mut deliveries = bus.tasks(&family()).await.unwrap();
    deliveries.request(1);
    let delivery = timeout(SOON, deliveries.next()).await.unwrap();
    let client = client(&nats).await;
    ask(&client, "CONSUMER.DELETE.TASKS.exec-metaworld", json!({})).await;
    let error = delivery.ack().await.unwrap_err();
    assert!(matches!(error, Error::NoResponders { .. }), "{error}");
}

#[tokio::test]
async fn who_is_disconnected_does_not_nak() {
    let (mut nats, bus) = start().await;
    bus.publish_tasks(&tasks(1, 1), &[]).await.unwrap();
    let mut deliveries = bus.tasks(&family()).await.unwrap();
    deliveries.request(1);
    let delivery = timeout(SOON, deliveries.next()).await.unwrap();
    nats.stop();
    eventually(SOON, "the disconnect to be seen", async || !bus.is_connected()).await;
    if !delivery.is_lost() {
        assert!(matches!(delivery.nak(None).await, Err(Error::Disconnected)));
    }
}

#[tokio::test]
async fn a_result_outlives_a_restart_of_the_server() {
    let (mut nats, bus) = start().await;
    nats.stop();
    eventually(SOON, "the disconnect to be seen", async || !bus.is_connected()).await;
    let (result, family) = (result(&task(1, 0), 1), family());
    let publish = bus.publish_result(&result, &family, None, Duration::from_secs(30));
    let (published, ()) = tokio::join!(publish, nats.start_again());
    published.unwrap();
    assert_eq!(all_results(&bus, 1).await, [result]);
}

async fn all_results(bus: &Bus, n: usize) -> Vec<TaskResult> {
    let mut source = bus.results().await.unwrap();
    let batch = timeout(SOON, source.next_batch(n + 1, Duration::from_secs(1)))
        .await
        .unwrap();
    batch.iter().map(|delivery| delivery.decode().unwrap()).collect()
}

#[tokio::test]
async fn a_second_bus_does_not_notice_the_firsts_reconnect() {
    let (mut nats, one) = start().await;
    let two = bus(&nats).await;
    let (mut first, mut second) = (
        one.tasks(&family()).await.unwrap(),
        two.tasks(&family()).await.unwrap(),
    );
    first.request(5);
    second.request(5);
    nats.restart().await;
    for bus in [&one, &two] {
        eventually(SOON, "the connection", async || bus.is_connected()).await;
    }
    eventually(SOON, "both pulls", async || {
        one.backlog(&[family()])
            .await
            .is_ok_and(|all| all[0].waiting == 2)
    })
    .await;
    one.publish_tasks(&tasks(1, 10), &[]).await.unwrap();
    for _ in 0..5 {
        for deliveries in [&mut first, &mut second] {
            timeout(SOON, deliveries.next())
                .await
                .unwrap()
                .ack()
                .await
                .unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_hangs_is_asked_anew_and_gives_no_more_than_was_asked_for() {
    let (nats, bus) = start().await;
    let mut deliveries = bus.tasks(&family()).await.unwrap();
    deliveries.request(3);
    eventually(SOON, "a waiting pull", async || {
        bus.backlog(&[family()]).await.unwrap()[0].waiting == 1
    })
    .await;
    nats.freeze(true);
    // Longer than two heartbeats: the puller has thrown its inbox away.
    assert!(timeout(Duration::from_secs(6), deliveries.next()).await.is_err());
    nats.freeze(false);
    eventually(SOON, "the connection", async || bus.is_connected()).await;
    assert_eq!(
        bus.publish_tasks(&tasks(1, 10), &[]).await.unwrap().contiguous(),
        10
    );
    for _ in 0..3 {
        timeout(SOON, deliveries.next())
            .await
            .unwrap()
            .ack()
            .await
            .unwrap();
    }
    assert!(
        timeout(Duration::from_secs(1), deliveries.next()).await.is_err(),
        "three were asked for"
    );
    let backlog = &bus.backlog(&[family()]).await.unwrap()[0];
    assert_eq!((backlog.pending, backlog.in_hand), (7, 0));
}
