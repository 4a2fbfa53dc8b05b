use crate::ledger::{ENVIRONMENTS, Ledger, RULE, environment, infra_fault, report, scored, settled};
use kinitro_proto::{BlockNumber, CycleId, TaskId, Uid};
use kinitro_store::{
    CycleState,
    read::{Counts, TaskStats},
};
use std::time::Duration;

/// A settled cycle.
async fn settled_ledger() -> (Ledger, CycleId) {
    let (ledger, tasks) = Ledger::running(1).await;
    let reports: Vec<_> = tasks
        .iter()
        .map(|task| report(task, 1, scored(true, 1.0)))
        .collect();
    ledger.store.record(&reports, &RULE).await.unwrap();
    ledger.settle(tasks[0].cycle).await;
    (ledger, tasks[0].cycle)
}

#[tokio::test]
async fn an_empty_ledger_answers_every_question() {
    let ledger = Ledger::new().await;
    let store = &ledger.store;
    let status = store.status().await.unwrap();
    assert_eq!(status.counts, Counts { cycles: 0, miners: 0 });
    assert_eq!(
        (status.latest_settled, status.current, status.latest_weights),
        (None, None, None)
    );
    assert_eq!(store.weights_at(BlockNumber(1)).await.unwrap(), None);
    assert_eq!(store.weights_at(BlockNumber(u64::MAX)).await.unwrap(), None);
    assert_eq!(store.cycle(CycleId(i64::MAX)).await.unwrap(), None);
    assert_eq!(store.cycles(10).await.unwrap(), []);
    assert_eq!(store.scores(CycleId(1)).await.unwrap(), []);
    assert_eq!(store.miners().await.unwrap(), []);
    assert_eq!(store.environments().await.unwrap(), []);
    assert_eq!(store.task_stats(CycleId(1)).await.unwrap(), TaskStats::default());
    assert_eq!(store.task_stats_of_all().await.unwrap(), TaskStats::default());
    assert_eq!(store.progress(CycleId(1)).await.unwrap(), []);
    assert_eq!(store.leaderboard(CycleId(1)).await.unwrap(), None);
    assert!(
        store
            .active_executors(Duration::from_secs(60))
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(store.task(TaskId::now()).await.unwrap(), None);
}

#[tokio::test]
async fn weights_read_back_as_they_were_settled() {
    let (ledger, cycle) = settled_ledger().await;
    let weights = ledger.store.latest_weights().await.unwrap().unwrap();
    let expected = settled().weights;
    assert_eq!(
        (weights.cycle, weights.block_number),
        (cycle, BlockNumber(5_000_000))
    );
    assert_eq!(
        (&weights.uids, &weights.weights),
        (&expected.uids, &expected.weights)
    );
    assert_eq!(
        (&weights.weights_u16, &weights.points),
        (&expected.weights_u16, &expected.points)
    );
    assert_eq!(
        (&weights.frontier, &weights.epsilons),
        (&expected.frontier, &expected.epsilons)
    );
    assert_eq!((weights.miners, weights.environments), (2, 2));
    assert!((0.0..60.0).contains(&weights.duration_seconds));
    assert_eq!(
        ledger
            .store
            .weights_at(BlockNumber(5_000_000))
            .await
            .unwrap()
            .unwrap(),
        weights
    );
    assert_eq!(ledger.store.weights_of(cycle).await.unwrap().unwrap(), weights);
}

#[tokio::test]
async fn the_newest_weights_win_over_those_of_a_higher_block() {
    let (ledger, _) = settled_ledger().await;
    let second = ledger.open_next(17).await;
    ledger.publish(second).await;
    ledger.pass_deadline(second).await;
    ledger.settle(second).await;
    assert_eq!(
        ledger.store.latest_weights().await.unwrap().unwrap().block_number,
        BlockNumber(17)
    );
    let third = ledger.store.cycles(10).await.unwrap();
    assert_eq!(
        third.iter().map(|cycle| cycle.id).collect::<Vec<_>>(),
        [second, CycleId(second.0 - 1)]
    );
    assert_eq!(
        ledger.store.latest_settled_cycle().await.unwrap().unwrap().id,
        second
    );
    assert_eq!(
        ledger.store.counts().await.unwrap(),
        Counts { cycles: 2, miners: 2 }
    );
}

#[tokio::test]
async fn scores_miners_and_environments_come_in_the_cycles_order() {
    let (ledger, cycle) = settled_ledger().await;
    let scores = ledger.store.scores(cycle).await.unwrap();
    let order: Vec<_> = scores
        .iter()
        .map(|score| (score.uid.0, score.environment.as_str()))
        .collect();
    assert_eq!(
        order,
        [(0, ENVIRONMENTS[0]), (1, ENVIRONMENTS[0]), (1, ENVIRONMENTS[1])]
    );
    assert_eq!(
        (scores[1].hotkey.as_str(), scores[1].success_rate),
        ("5Hotkey1", 0.5)
    );
    assert_eq!((scores[1].mean_reward, scores[1].episodes), (-0.25, 2));
    assert_eq!((scores[1].successes, scores[1].miner_faults), (1, 1));

    let miners = ledger.store.miners().await.unwrap();
    assert_eq!(miners.len(), 2);
    assert_eq!((miners[1].uid, miners[1].avg_success_rate), (Uid(1), 0.5));
    assert_eq!(miners[1].environments, ENVIRONMENTS.map(environment));
    assert_eq!(miners[0].environments, [environment(ENVIRONMENTS[0])]);
    assert_eq!(miners[0].last_evaluated_block, BlockNumber(5_000_000));

    let environments = ledger.store.environments().await.unwrap();
    let read: Vec<_> = environments
        .iter()
        .map(|view| (view.environment.as_str(), view.miners, view.avg_success_rate))
        .collect();
    assert_eq!(
        read,
        [(ENVIRONMENTS[0], 2, Some(0.25)), (ENVIRONMENTS[1], 1, Some(0.5))]
    );
}

#[tokio::test]
async fn the_leaderboard_has_the_best_first_and_gaps_where_cells_are_missing() {
    let (ledger, cycle) = settled_ledger().await;
    let board = ledger.store.leaderboard(cycle).await.unwrap().unwrap();
    assert_eq!(board.cycle.state, CycleState::Settled);
    let [first, second] = &board.rows[..] else {
        panic!("{board:?}")
    };
    assert_eq!(
        (first.uid, first.weight, first.points, first.frontier),
        (Uid(1), 0.75, 4.0, true)
    );
    assert_eq!(first.success_rates, [Some(0.5), Some(0.5)]);
    assert_eq!(
        (second.uid, second.weight, second.frontier),
        (Uid(0), 0.25, false)
    );
    assert_eq!(
        (second.hotkey.as_str(), &second.success_rates[..]),
        ("5Hotkey0", &[Some(0.0), None][..])
    );
    let running = ledger.open_next(1).await;
    assert_eq!(ledger.store.leaderboard(running).await.unwrap(), None);
}

#[tokio::test]
async fn tasks_are_counted_by_state_and_by_family() {
    let (ledger, tasks) = Ledger::running(2).await;
    let (store, cycle) = (&ledger.store, tasks[0].cycle);
    let reports = [
        report(&tasks[0], 1, scored(true, 1.0)),
        report(&tasks[1], 1, infra_fault()),
    ];
    store.record(&reports, &RULE).await.unwrap();
    store.abandon(tasks[2].id, "a test").await.unwrap();

    let stats = store.task_stats(cycle).await.unwrap();
    let expected = TaskStats {
        available: 5,
        retryable: 1,
        completed: 1,
        discarded: 1,
        cancelled: 0,
    };
    assert_eq!(stats, expected);
    assert_eq!((stats.total(), stats.pending(), stats.failed()), (8, 6, 1));
    assert_eq!(store.task_stats_of_all().await.unwrap(), expected);

    let progress = store.progress(cycle).await.unwrap();
    let read: Vec<_> = progress
        .iter()
        .map(|family| {
            (
                family.family.as_str(),
                family.tasks.total(),
                family.completed_last_minute,
            )
        })
        .collect();
    assert_eq!(read, [("genesis", 4, 0), ("metaworld", 4, 1)]);
    assert_eq!(
        store.active_executors(Duration::from_secs(60)).await.unwrap(),
        ["executor-1"]
    );
    ledger
        .run("UPDATE results SET recorded_at = now() - interval '1 hour'")
        .await;
    assert!(
        store
            .active_executors(Duration::from_secs(60))
            .await
            .unwrap()
            .is_empty()
    );
    ledger
        .run("UPDATE tasks SET finished_at = now() - interval '1 hour' WHERE state = 'completed'")
        .await;
    assert_eq!(store.progress(cycle).await.unwrap()[1].completed_last_minute, 0);

    let view = store.task(tasks[1].id).await.unwrap().unwrap();
    assert_eq!(
        (view.state.as_str(), view.attempt, view.evidence),
        ("retryable", 2, 1)
    );
    assert!(view.due_at.is_some() && view.outcome.is_none());
}

#[tokio::test]
async fn ended_cycles_are_counted_by_end_and_duration() {
    let ledger = Ledger::new().await;
    assert_eq!(ledger.store.ended_cycles(&[10.0, 20.0]).await.unwrap(), []);
    let (ledger, settled) = settled_ledger().await;
    let expired = ledger.open_next(6_000_000).await;
    for (cycle, seconds) in [(settled, 20), (expired, 21)] {
        // The end moves with the beginning, so that the rows stay lawful.
        ledger
            .run(&format!(
                "UPDATE cycles SET opened_at = now() - interval '1 hour', \
                     finished_at = CASE WHEN state = 'settled' THEN now() - interval '1 hour' + interval '{seconds} s' \
                     END WHERE id = {cycle}"
            ))
            .await;
    }
    ledger.pass_deadline(expired).await;
    ledger
        .store
        .begin_settle(expired)
        .await
        .unwrap()
        .unwrap()
        .expire("too few")
        .await
        .unwrap();
    let ended = ledger.store.ended_cycles(&[10.0, 20.0]).await.unwrap();
    let found: Vec<_> = ended
        .iter()
        .map(|line| (line.state, line.bucket, line.cycles))
        .collect();
    // A duration that is exactly a bound is not above it.
    assert_eq!(found, [(CycleState::Expired, 2, 1), (CycleState::Settled, 1, 1)]);
    assert!((ended[1].seconds - 20.0).abs() < 1e-6, "{}", ended[1].seconds);
    assert!(ended[0].seconds >= 7200.0, "{}", ended[0].seconds);
}
