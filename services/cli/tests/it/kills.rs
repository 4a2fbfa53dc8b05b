//! What is killed, and when: nothing is lost, nothing counts twice, the cycle settles.

use crate::stack::{PATIENCE, Stack};
use kinitro_harness::eventually;
use kinitro_store::{Cycle, CycleState};
use std::time::{Duration, Instant};

/// Waits until the first tasks of a cycle are published and the last ones are not.
async fn half_published(stack: &Stack) -> Cycle {
    eventually(PATIENCE, "a cycle that is half published", async || {
        stack.newest().await.filter(|cycle| cycle.published_to.is_some())
    })
    .await
}

#[tokio::test]
async fn an_executor_killed_in_its_episodes_is_replaced_within_a_lease() {
    let mut stack = Stack::start().await;
    stack.short_leases();
    stack.judge_scripted(&[0.5], 1);
    let _scorer = stack.scorer();
    let long = [
        "--max-concurrent",
        "2",
        "--scripted-steps",
        "400",
        "--scripted-step-delay",
        "50ms",
    ];
    let mut doomed = stack.executor("doomed", &long);
    let _scheduler = stack.scheduler();
    stack.in_hand(2).await;
    let _heir = stack.executor("heir", &["--max-concurrent", "2"]);
    // All but those in the doomed one's hands.
    stack.completed(6).await;
    doomed.kill();
    let killed = Instant::now();
    stack.settled(PATIENCE).await;
    let took = killed.elapsed();
    assert!(took < Duration::from_secs(2 + 5), "{took:?}");

    let results = stack.wire().results().await;
    assert_eq!(results.len(), 8);
    assert!(results.iter().all(|kept| kept.result.executor.as_str() == "heir"));
    assert_eq!(results.iter().filter(|kept| kept.result.delivery > 1).count(), 2);
    // A lease that runs out is no attempt: only a fault of ours that somebody reports is.
    assert!(results.iter().all(|kept| kept.result.attempt == 1));
}

#[tokio::test]
async fn a_scheduler_killed_while_it_publishes_goes_on_where_it_was() {
    let mut stack = Stack::start().await;
    stack.judge_scripted(&[0.9, 0.1], 375);
    let mut scheduler = stack.scheduler();
    half_published(&stack).await;
    scheduler.kill();
    let wire = stack.wire();
    let published = wire.held("TASKS").await;
    assert_eq!(stack.newest().await.unwrap().state, CycleState::Open);
    assert!(
        (1000..6000).contains(&published),
        "{published} tasks were published"
    );

    let _scheduler = stack.scheduler();
    stack.ended(CycleState::Running, PATIENCE).await;
    assert_eq!(wire.held("TASKS").await, 6000);
    let _scorer = stack.scorer();
    let _executor = stack.executor("one", &["--max-concurrent", "32"]);
    stack.settled(PATIENCE).await;
    assert_eq!(wire.held("RESULTS").await, 6000, "a task was run twice");
}

#[tokio::test]
async fn a_scorer_killed_while_results_come_costs_none_of_them() {
    let mut stack = Stack::start().await;
    stack.short_leases();
    stack.judge_scripted(&[0.9, 0.1], 30);
    let _scheduler = stack.scheduler();
    let mut scorer = stack.scorer();
    let _executor = stack.executor("one", &["--max-concurrent", "8", "--scripted-step-delay", "30ms"]);
    for results in [50, 150] {
        stack.completed(results).await;
        scorer.kill();
        scorer = stack.scorer();
    }
    stack.settled(PATIENCE).await;
}

#[tokio::test]
async fn nothing_is_run_twice_while_the_scorer_is_away() {
    let mut stack = Stack::start().await;
    stack.set("KINITRO_SCHEDULER_RECONCILE_INTERVAL_SECONDS", 1);
    stack.set("KINITRO_LOG_LEVEL", "kinitro_scheduler=debug,info");
    stack.judge_scripted(&[0.5], 5);
    let executor = stack.executor("one", &[]);
    let scheduler = stack.scheduler();
    let wire = stack.wire();
    eventually(PATIENCE, "every result", async || executor.said("scored") == 40).await;
    let compared = || scheduler.said("compared the stream with the ledger");
    let before = compared();
    eventually(PATIENCE, "three looks for lost tasks", async || {
        compared() >= before + 3
    })
    .await;
    assert_eq!(wire.held("TASKS").await, 0);
    let _scorer = stack.scorer();
    stack.settled(PATIENCE).await;
    assert_eq!(executor.said("scored"), 40);
}

#[tokio::test]
async fn nats_killed_in_a_cycle_costs_seconds() {
    let mut stack = Stack::start().await;
    stack.short_leases();
    stack.judge_scripted(&[0.9, 0.1], 30);
    let _scheduler = stack.scheduler();
    let _scorer = stack.scorer();
    let _executors = ["one", "two"]
        .map(|name| stack.executor(name, &["--max-concurrent", "4", "--scripted-step-delay", "30ms"]));
    for results in [50, 150] {
        stack.completed(results).await;
        stack.nats.restart().await;
    }
    stack.settled(PATIENCE).await;
}

#[tokio::test]
async fn the_store_of_nats_deleted_in_a_cycle_is_filled_again_from_the_ledger() {
    let mut stack = Stack::start().await;
    stack.short_leases();
    stack.set("KINITRO_SCHEDULER_RECONCILE_INTERVAL_SECONDS", 2);
    // Faults of ours, so that also what is to be published again falls into the outage.
    stack.set("KINITRO_SCORER_MAX_ATTEMPTS", 20);
    stack.set("KINITRO_SCORER_RETRY_SECONDS", 1);
    stack.judge_scripted(&[0.9, 0.1], 30);
    let _scheduler = stack.scheduler();
    let _scorer = stack.scorer();
    let flags = [
        "--max-concurrent",
        "4",
        "--scripted-step-delay",
        "30ms",
        "--scripted-fault",
        "error:1/10",
    ];
    let _executors = ["one", "two"].map(|name| stack.executor(name, &flags));
    stack.completed(50).await;
    stack.nats.stop();
    stack.nats.wipe_store();
    stack.nats.start_again().await;
    stack.settled(Duration::from_secs(90)).await;
}

#[tokio::test]
async fn the_store_of_nats_deleted_while_tasks_are_published_is_filled_again() {
    let mut stack = Stack::start().await;
    stack.set("KINITRO_SCHEDULER_RECONCILE_INTERVAL_SECONDS", 2);
    stack.judge_scripted(&[0.9, 0.1], 375);
    let _scheduler = stack.scheduler();
    let cycle = half_published(&stack).await;
    stack.nats.stop();
    assert_eq!(cycle.state, CycleState::Open);
    stack.nats.wipe_store();
    stack.nats.start_again().await;
    stack.ended(CycleState::Running, PATIENCE).await;
    let _scorer = stack.scorer();
    let _executor = stack.executor("one", &["--max-concurrent", "32"]);
    stack.settled(Duration::from_secs(90)).await;
}

#[tokio::test]
async fn postgres_crashed_in_a_cycle_counts_nothing_twice() {
    let mut stack = Stack::start_with_own_postgres().await;
    stack.short_leases();
    stack.judge_scripted(&[0.9, 0.1], 30);
    let _scheduler = stack.scheduler();
    let _scorer = stack.scorer();
    let _executor = stack.executor("one", &["--max-concurrent", "8", "--scripted-step-delay", "30ms"]);
    for results in [50, 150] {
        stack.completed(results).await;
        stack.cluster.as_mut().unwrap().restart().await;
    }
    stack.settled(PATIENCE).await;
}

#[tokio::test]
async fn an_executor_that_drains_gives_back_what_it_cannot_finish_and_burns_no_attempt() {
    let mut stack = Stack::start().await;
    stack.short_leases();
    stack.judge_scripted(&[0.5], 2);
    let _scorer = stack.scorer();
    let slow = [
        "--max-concurrent",
        "4",
        "--scripted-steps",
        "600",
        "--scripted-step-delay",
        "50ms",
    ];
    let mut drained = stack.executor("drained", &[&slow[..], &["--drain-grace", "1"]].concat());
    let _scheduler = stack.scheduler();
    stack.in_hand(4).await;
    assert_eq!(drained.terminate(Duration::from_secs(1 + 5)).await, Some(0));
    let _heir = stack.executor("heir", &["--max-concurrent", "4"]);
    stack.settled(PATIENCE).await;

    let results = stack.wire().results().await;
    assert_eq!(results.len(), 16);
    assert!(
        results
            .iter()
            .all(|kept| kept.result.attempt == 1 && kept.result.executor.as_str() == "heir")
    );
    assert_eq!(results.iter().filter(|kept| kept.result.delivery > 1).count(), 4);
}

#[tokio::test]
async fn an_executor_that_drains_finishes_what_it_can() {
    let mut stack = Stack::start().await;
    stack.judge_scripted(&[0.5], 2);
    let _scorer = stack.scorer();
    let flags = [
        "--max-concurrent",
        "4",
        "--scripted-steps",
        "30",
        "--scripted-step-delay",
        "50ms",
    ];
    let mut drained = stack.executor("drained", &flags);
    let _scheduler = stack.scheduler();
    stack.in_hand(4).await;
    assert_eq!(drained.terminate(Duration::from_secs(10)).await, Some(0));
    stack.completed(4).await;
    assert_eq!(stack.stats().await.unwrap().completed, 4);
    let _heir = stack.executor("heir", &["--max-concurrent", "4"]);
    stack.settled(PATIENCE).await;
    let results = stack.wire().results().await;
    assert!(
        results
            .iter()
            .all(|kept| (kept.result.attempt, kept.result.delivery) == (1, 1))
    );
}
