//! The loop of a task without the work: prints its rates, fails only if it loses or doubles something.

use crate::support::{family, start, tasks};
use futures::{StreamExt, stream::FuturesUnordered};
use kinitro_proto::CycleId;
use std::{collections::HashSet, io::Write, time::Instant};

const TASKS: u32 = 20_000;
const SLOTS: usize = 256;

#[tokio::test]
async fn twenty_thousand_tasks_are_published_pulled_and_acked() {
    let (_nats, bus) = start().await;
    let tasks = tasks(1, TASKS);
    let begin = Instant::now();
    let published = bus.publish_tasks(&tasks, &[]).await.unwrap();
    assert_eq!(published.contiguous(), tasks.len());
    let publish = f64::from(TASKS) / begin.elapsed().as_secs_f64();

    let begin = Instant::now();
    assert_eq!(bus.tasks_of_cycle(CycleId(1)).await.unwrap().len(), tasks.len());
    let listing = begin.elapsed();

    let begin = Instant::now();
    let mut deliveries = bus.tasks(&family()).await.unwrap();
    deliveries.request(SLOTS);
    let (mut acks, mut seen) = (FuturesUnordered::new(), HashSet::new());
    while seen.len() < tasks.len() {
        tokio::select! {
            Some(sequence) = acks.next(), if !acks.is_empty() => {
                assert!(seen.insert(sequence), "a task came twice");
                deliveries.request(1);
            }
            delivery = deliveries.next() => acks.push(async move {
                delivery.ack().await.unwrap();
                delivery.sequence
            }),
        }
    }
    let pull = f64::from(TASKS) / begin.elapsed().as_secs_f64();
    let line =
        format!("publish {publish:.0}/s, pull and ack {pull:.0}/s, listing {TASKS} subjects {listing:?}\n");
    std::io::stdout().write_all(line.as_bytes()).unwrap();
    assert!(bus.tasks_of_cycle(CycleId(1)).await.unwrap().is_empty());
}
