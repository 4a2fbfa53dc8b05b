//! What happens when nothing goes wrong.

use crate::stack::{Miner, PATIENCE, Stack, family, get};
use kinitro_harness::eventually;
use kinitro_proto::Uid;
use kinitro_store::CycleState;
use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, Write},
    time::{Duration, Instant},
};

#[tokio::test]
async fn a_cycle_goes_from_its_miners_to_the_weights_that_validators_fetch() {
    let mut stack = Stack::start().await;
    let (_miner, endpoint) = stack.mock_miner("miner", &[]).await;
    let scripted = |uid, quality| Miner {
        uid,
        endpoint: format!("scripted:{quality}"),
        commit_block: 100 * u64::from(uid),
    };
    let real = Miner {
        uid: 3,
        endpoint,
        commit_block: 300,
    };
    // The third is called over HTTP, and without a `quality` its episodes all fail.
    stack.judge(&[scripted(1, 0.9), scripted(2, 0.3), real], 10);
    let _scheduler = stack.scheduler();
    let _executor = stack.executor(
        "one",
        &["--allow-addresses", "127.0.0.0/8", "--max-concurrent", "4"],
    );
    let _scorer = stack.scorer();
    let (_gateway, address) = stack.gateway().await;
    let (cycle, weights) = stack.settled(PATIENCE).await;

    let served = eventually(PATIENCE, "weights from the gateway", async || {
        match get(address, "/v1/weights/latest").await {
            Ok((200, weights)) => Ok(weights),
            other => Err(other),
        }
    })
    .await;
    assert_eq!(served["cycle_id"], cycle.id.0);
    assert_eq!(
        (&served["block"], &served["stale"]),
        (&1000.into(), &false.into())
    );
    let by_uid: BTreeMap<String, f64> = serde_json::from_value(served["weights"].clone()).unwrap();
    assert!((by_uid.values().sum::<f64>() - 1.0).abs() < 1e-9, "{by_uid:?}");
    assert!(
        by_uid["1"] > by_uid["2"] && by_uid["2"] >= by_uid["3"],
        "{by_uid:?}"
    );
    let in_ledger = weights.uids.iter().map(ToString::to_string).zip(weights.weights);
    assert_eq!(by_uid, in_ledger.collect());

    let board = stack.store.leaderboard(cycle.id).await.unwrap().unwrap();
    assert_eq!(board.rows[0].uid, Uid(1));
    assert!(
        board
            .rows
            .iter()
            .find(|row| row.uid == Uid(3))
            .unwrap()
            .success_rates
            .iter()
            .all(|rate| *rate == Some(0.0))
    );
    assert_eq!(stack.wire().held("TASKS").await, 0);
}

#[tokio::test]
async fn three_executors_share_the_work_and_nothing_is_delivered_twice() {
    let mut stack = Stack::start().await;
    stack.judge_scripted(&[0.5], 15);
    let names = ["one", "two", "three"];
    let _executors =
        names.map(|name| stack.executor(name, &["--max-concurrent", "2", "--scripted-step-delay", "50ms"]));
    eventually(PATIENCE, "three executors that wait for tasks", async || {
        let backlog = stack.bus.backlog(&[family()]).await;
        backlog.is_ok_and(|backlog| backlog[0].waiting >= 3)
    })
    .await;
    let _scorer = stack.scorer();
    let _scheduler = stack.scheduler();
    stack.settled(PATIENCE).await;

    let wire = stack.wire();
    let results = wire.results().await;
    assert_eq!(results.len(), 120);
    assert!(
        results
            .iter()
            .all(|kept| (kept.result.attempt, kept.result.delivery) == (1, 1))
    );
    let tasks: BTreeSet<_> = results.iter().map(|kept| kept.result.task).collect();
    assert_eq!(tasks.len(), 120);
    let executors: BTreeSet<_> = results.iter().map(|kept| kept.result.executor.as_str()).collect();
    assert_eq!(executors, BTreeSet::from(names));
    let backlog = &stack.bus.backlog(&[family()]).await.unwrap()[0];
    assert_eq!((backlog.pending, backlog.in_hand, backlog.redelivered), (0, 0, 0));
    assert_eq!(wire.held("TASKS").await, 0);
}

#[tokio::test]
async fn two_of_every_service_open_one_cycle_and_settle_it_once() {
    let mut stack = Stack::start().await;
    stack.judge_scripted(&[0.9, 0.1], 20);
    let _two_of_each = [(); 2].map(|()| (stack.scheduler(), stack.scorer(), stack.executor("one", &[])));
    let (cycle, _) = stack.settled(PATIENCE).await;
    assert_eq!(stack.store.cycles(9).await.unwrap(), [cycle]);
    assert_eq!(stack.wire().held("RESULTS").await, 320);
}

#[tokio::test]
async fn a_cycle_past_its_deadline_settles_on_what_it_has() {
    let mut stack = Stack::start().await;
    stack.set("KINITRO_SCHEDULER_CYCLE_TIMEOUT_SECONDS", 4);
    stack.set("KINITRO_SCHEDULER_MIN_EPISODES", 1);
    stack.judge_scripted(&[0.9, 0.1], 500);
    let _executor = stack.executor("one", &["--max-concurrent", "8", "--scripted-step-delay", "50ms"]);
    let _scorer = stack.scorer();
    let _scheduler = stack.scheduler();
    let cycle = stack.ended(CycleState::Settled, PATIENCE).await;

    let stats = stack.store.task_stats(cycle.id).await.unwrap();
    assert_eq!((stats.total(), stats.pending(), stats.discarded), (8000, 0, 0));
    assert!(stats.completed > 0 && stats.cancelled > 0, "{stats:?}");
    let scores = stack.store.scores(cycle.id).await.unwrap();
    assert_eq!(
        scores.iter().map(|score| u64::from(score.episodes)).sum::<u64>(),
        stats.completed
    );
    // Episodes come first for all miners and environments alike.
    let episodes = scores.iter().map(|score| score.episodes);
    assert!(
        episodes.clone().max().unwrap() - episodes.min().unwrap() <= 2,
        "{scores:?}"
    );
    let weights = stack.store.weights_of(cycle.id).await.unwrap().unwrap();
    assert!((weights.weights.iter().sum::<f64>() - 1.0).abs() < 1e-9);
    let wire = stack.wire();
    eventually(PATIENCE, "an empty queue", async || wire.held("TASKS").await == 0).await;
    // What was under way comes late: it is kept, and counts for nothing.
    eventually(PATIENCE, "nothing in hand", async || {
        let backlog = stack.bus.backlog(&[family()]).await;
        backlog.is_ok_and(|backlog| backlog[0].in_hand == 0)
    })
    .await;
    for kept in wire.results().await {
        eventually(PATIENCE, "a result that counted or is evidence", async || {
            let task = stack.store.task(kept.result.task).await.unwrap().unwrap();
            let counted = task.state == "completed" && task.evidence == 0;
            if counted || task.state == "cancelled" && task.evidence == 1 {
                Ok(())
            } else {
                Err(task)
            }
        })
        .await;
    }
    assert_eq!(stack.store.task_stats(cycle.id).await.unwrap(), stats);
}

#[tokio::test]
async fn twenty_thousand_tasks_settle_at_a_rate_that_is_told() {
    let mut stack = Stack::start().await;
    // 5 miners × 8 environments × 500 episodes.
    stack.judge_scripted(&[0.9, 0.7, 0.5, 0.3, 0.1], 500);
    let _scorer = stack.scorer();
    let _executors = ["one", "two"].map(|name| stack.executor(name, &["--max-concurrent", "32"]));
    let begun = Instant::now();
    let _scheduler = stack.scheduler();
    let (cycle, _) = stack.settled(Duration::from_secs(90)).await;
    let seconds = begun.elapsed().as_secs_f64();
    let published = cycle.running_at.unwrap().duration_since(cycle.opened_at);
    writeln!(
        io::stdout(),
        "20000 tasks in {seconds:.1} s: {:.0} tasks/s; published in {:.1} s",
        20_000.0 / seconds,
        published.as_secs_f64()
    )
    .unwrap();
}
