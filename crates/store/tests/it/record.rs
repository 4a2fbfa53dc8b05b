use crate::ledger::{Ledger, RULE, infra_fault, miner_fault, report, scored, settle, settled};
use kinitro_proto::{CycleId, MinerFault, MinerFaultKind, Outcome, Rollout, Task, TaskId, Uid};
use kinitro_store::{EpisodeEnd, Report, Verdict};
use proptest::{
    prelude::*,
    sample::subsequence,
    strategy::ValueTree,
    test_runner::{Config, TestRunner},
};

#[tokio::test]
async fn a_report_is_kept_whole_and_its_task_completed() {
    let (ledger, tasks) = Ledger::running(1).await;
    let reports = [
        report(&tasks[0], 2, scored(true, 1.5)),
        report(&tasks[1], 1, miner_fault()),
    ];
    assert_eq!(
        ledger.store.record(&reports, &RULE).await.unwrap(),
        [Verdict::Accepted; 2]
    );
    let expected = |task: &Task, rest: &str| {
        let id = task.id;
        let common = r#""attempt": 1, "executor": "executor-1", "total_us": 40, "policy_us": 10,
            "simulator_us": 20, "policy_max_us": 5, "traceparent": "00-aa-bb-01""#;
        let text = format!(r#"{{"task_id": "{id}", {common}, {rest}}}"#);
        serde_json::from_str::<serde_json::Value>(&text).unwrap()
    };
    let kept: Vec<serde_json::Value> = ledger
        .results()
        .await
        .iter()
        .map(|row| serde_json::from_str(row).unwrap())
        .collect();
    let first = r#""delivery": 2, "outcome": "scored", "fault_kind": null, "success": true, "reward": 1.5,
        "steps": 500, "detail": """#;
    let second = r#""delivery": 1, "outcome": "miner_fault", "fault_kind": "timeout", "success": false,
        "reward": 0, "steps": 0, "detail": "500 ms""#;
    assert_eq!(kept, [expected(&tasks[0], first), expected(&tasks[1], second)]);
    let view = ledger.store.task(tasks[1].id).await.unwrap().unwrap();
    assert_eq!(
        (view.state.as_str(), view.fault_kind.as_deref()),
        ("completed", Some("timeout"))
    );
    assert_eq!(ledger.number("SELECT count(*) FROM evidence").await, 0);
}

#[tokio::test]
async fn a_second_result_is_evidence_and_the_same_one_is_not() {
    let (ledger, tasks) = Ledger::running(1).await;
    let first = report(&tasks[0], 1, scored(false, 0.0));
    let zombie = report(&tasks[0], 2, scored(true, 9.0));
    let verdicts = ledger
        .store
        .record(&[first.clone(), zombie.clone()], &RULE)
        .await
        .unwrap();
    assert_eq!(verdicts, [Verdict::Accepted, Verdict::Duplicate]);
    let before = ledger.results().await;
    for _ in 0..2 {
        let verdicts = ledger
            .store
            .record(&[zombie.clone(), first.clone()], &RULE)
            .await
            .unwrap();
        assert_eq!(verdicts, [Verdict::Duplicate; 2]);
    }
    assert_eq!(ledger.results().await, before);
    let kept = ledger
        .texts("SELECT verdict || ' ' || delivery || ' ' || reward FROM evidence")
        .await;
    assert_eq!(kept, ["duplicate 2 9"]);
}

#[tokio::test]
async fn a_fault_of_ours_is_retried_then_discarded_and_never_a_result() {
    let (ledger, tasks) = Ledger::running(1).await;
    let mut task = tasks[0].clone();
    for attempt in 1..=3 {
        task.attempt = attempt;
        let fault = [report(&task, 1, infra_fault())];
        let verdict = if attempt < 3 {
            Verdict::Retry
        } else {
            Verdict::Discarded
        };
        assert_eq!(ledger.store.record(&fault, &RULE).await.unwrap(), [verdict]);
        let again = if attempt < 3 {
            Verdict::Stale
        } else {
            Verdict::Discarded
        };
        assert_eq!(
            ledger.store.record(&fault, &RULE).await.unwrap(),
            [again],
            "the same again"
        );
    }
    let view = ledger.store.task(task.id).await.unwrap().unwrap();
    assert_eq!((view.state.as_str(), view.attempt), ("discarded", 3));
    assert_eq!(view.reason.as_deref(), Some("out_of_memory: 8 GiB"));
    let kept = ledger
        .texts("SELECT attempt || ' ' || verdict FROM evidence ORDER BY attempt")
        .await;
    assert_eq!(kept, ["1 retry", "2 retry", "3 discarded"]);
    assert!(ledger.results().await.is_empty());
}

#[tokio::test]
async fn a_report_without_a_task_is_unknown_and_harms_nothing() {
    let (ledger, tasks) = Ledger::running(1).await;
    let mut nowhere = report(&tasks[0], 1, scored(true, 1.0));
    nowhere.result.task = TaskId::now();
    let mut elsewhere = report(&tasks[1], 1, scored(true, 1.0));
    elsewhere.result.cycle = CycleId(99);
    let reports = [nowhere, elsewhere, report(&tasks[2], 1, scored(true, 1.0))];
    let verdicts = ledger.store.record(&reports, &RULE).await.unwrap();
    assert_eq!(verdicts, [Verdict::Unknown, Verdict::Unknown, Verdict::Accepted]);
    assert_eq!(ledger.number("SELECT count(*) FROM evidence").await, 0);
    assert_eq!(ledger.store.record(&[], &RULE).await.unwrap(), []);
}

#[tokio::test]
async fn odd_texts_and_numbers_do_not_poison_a_batch() {
    let (ledger, tasks) = Ledger::running(2).await;
    let poison = MinerFault {
        kind: MinerFaultKind::BadAction,
        detail: "\0".repeat(100_000),
    };
    let reward = |reward| {
        Outcome::Scored(Rollout {
            success: true,
            reward,
            steps: u32::MAX,
        })
    };
    let outcomes = [
        Outcome::MinerFault(poison),
        reward(f64::NAN),
        reward(f64::INFINITY),
        reward(f64::MIN),
        reward(f64::MAX),
        scored(true, 1.0),
    ];
    let mut reports: Vec<_> = tasks
        .iter()
        .zip(outcomes)
        .map(|(task, outcome)| report(task, u32::MAX, outcome))
        .collect();
    reports[0].result.timings.total_us = u64::MAX;
    reports[1].traceparent = Some("\0".to_owned());
    assert_eq!(
        ledger.store.record(&reports, &RULE).await.unwrap(),
        [Verdict::Accepted; 6]
    );
    ledger.pass_deadline(tasks[0].cycle).await;
    let mut settlement = ledger.store.begin_settle(tasks[0].cycle).await.unwrap().unwrap();
    for uid in [Uid(0), Uid(1)] {
        for episode in settlement.episodes(uid).await.unwrap() {
            let EpisodeEnd::Result { reward, .. } = episode.end else {
                continue;
            };
            assert!(reward.abs() <= 1e100, "sums stay finite: {reward}");
        }
    }
}

#[tokio::test]
async fn a_result_after_the_end_is_late_and_kept() {
    let (ledger, tasks) = Ledger::running(1).await;
    ledger
        .store
        .record(&[report(&tasks[0], 1, scored(true, 1.0))], &RULE)
        .await
        .unwrap();
    ledger.pass_deadline(tasks[0].cycle).await;
    let settlement = ledger.store.begin_settle(tasks[0].cycle).await.unwrap().unwrap();
    settle(settlement, &settled()).await.unwrap();
    let before = ledger.results().await;
    let reports = [1, 2, 3].map(|index| {
        let outcome = if index == 3 {
            infra_fault()
        } else {
            scored(true, 1.0)
        };
        report(&tasks[index], 1, outcome)
    });
    assert_eq!(
        ledger.store.record(&reports, &RULE).await.unwrap(),
        [Verdict::Late; 3]
    );
    assert_eq!(ledger.results().await, before);
    assert_eq!(
        ledger
            .number("SELECT count(*) FROM evidence WHERE verdict = 'late'")
            .await,
        3
    );
}

#[tokio::test]
async fn scorers_at_the_same_reports_accept_each_once_and_never_lock_each_other_out() {
    let (ledger, tasks) = Ledger::running(50).await;
    let scorers: Vec<_> = (0..6_u32)
        .map(|scorer| {
            let store = ledger.store.clone();
            let mut reports: Vec<_> = tasks
                .iter()
                .map(|task| report(task, scorer + 1, scored(true, 1.0)))
                .collect();
            // Each in an order of its own.
            let turn = 33 * scorer as usize;
            reports.rotate_left(turn);
            if scorer % 2 == 1 {
                reports.reverse();
            }
            tokio::spawn(async move {
                let mut accepted = 0;
                for batch in reports.chunks(50) {
                    let verdicts = store.record(batch, &RULE).await.unwrap();
                    accepted += verdicts
                        .iter()
                        .filter(|verdict| **verdict == Verdict::Accepted)
                        .count();
                }
                accepted
            })
        })
        .collect();
    let mut accepted = 0;
    for scorer in scorers {
        accepted += scorer.await.unwrap();
    }
    assert_eq!(
        (accepted, ledger.number("SELECT count(*) FROM results").await),
        (200, 200)
    );
    assert_eq!(ledger.number("SELECT count(*) FROM evidence").await, 5 * 200);
}

/// Reports as a stream may deliver them: each task's result several times over, faults of ours in between (but
/// never in the last attempt), in any order and any division into batches.
fn deliveries(tasks: &[Task]) -> impl Strategy<Value = Vec<Vec<Report>>> + use<> {
    let mut reports = Vec::new();
    for task in tasks {
        let outcome = if task.episode == 1 {
            miner_fault()
        } else {
            scored(task.episode == 0, 0.1)
        };
        // The same delivery twice: what an episode reports does not depend on when it is told.
        reports.extend([report(task, 3, outcome.clone()), report(task, 3, outcome)]);
        for attempt in 1..=2 {
            reports.push(report(
                &Task {
                    attempt,
                    ..task.clone()
                },
                1,
                infra_fault(),
            ));
        }
    }
    let faults = reports.len();
    (
        Just(reports).prop_shuffle(),
        subsequence((1..faults).collect::<Vec<_>>(), 0..8),
    )
        .prop_map(|(mut reports, cuts)| {
            let mut batches = Vec::new();
            for cut in cuts.into_iter().rev() {
                batches.push(reports.split_off(cut));
            }
            batches.push(reports);
            batches
        })
}

#[tokio::test]
async fn results_depend_neither_on_order_nor_on_repetition() {
    let (ledger, tasks) = Ledger::running(3).await;
    let plain: Vec<_> = {
        let strategy = deliveries(&tasks);
        let mut runner = TestRunner::deterministic();
        strategy.new_tree(&mut runner).unwrap().current().concat()
    };
    let only_results: Vec<_> = plain
        .into_iter()
        .filter(|report| !matches!(report.result.outcome, Outcome::InfraFault(_)))
        .collect();
    ledger.store.record(&only_results, &RULE).await.unwrap();
    let expected = ledger.results().await;
    assert_eq!(expected.len(), 12);

    let strategy = deliveries(&tasks);
    let mut runner = TestRunner::new(Config {
        failure_persistence: None,
        ..Config::default()
    });
    for _ in 0..40 {
        ledger.run("DELETE FROM evidence").await;
        ledger.run("DELETE FROM results").await;
        ledger
            .run("UPDATE tasks SET state = 'available', attempt = 1, due_at = NULL, finished_at = NULL")
            .await;
        let batches = strategy.new_tree(&mut runner).unwrap().current();
        for batch in &batches {
            ledger.store.record(batch, &RULE).await.unwrap();
        }
        assert_eq!(ledger.results().await, expected, "{batches:#?}");
        for batch in &batches {
            let verdicts = ledger.store.record(batch, &RULE).await.unwrap();
            assert!(
                verdicts.iter().all(|verdict| *verdict == Verdict::Duplicate),
                "{verdicts:?}"
            );
        }
        assert_eq!(ledger.results().await, expected, "all of it again: {batches:#?}");
        assert_eq!(
            ledger
                .number("SELECT count(*) FROM tasks WHERE state = 'completed'")
                .await,
            12
        );
    }
}
