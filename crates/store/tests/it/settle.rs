use crate::ledger::{Ledger, RULE, document, everything, is_result, report, scored, settle, settled};
use kinitro_harness::eventually;
use kinitro_proto::{CycleId, Task, Uid};
use kinitro_store::{CycleState, NewWeights, Settled, Settlement, Verdict};
use std::time::Duration;

async fn complete(ledger: &Ledger, tasks: &[Task]) {
    let reports: Vec<_> = tasks
        .iter()
        .map(|task| report(task, 1, scored(true, 1.0)))
        .collect();
    let verdicts = ledger.store.record(&reports, &RULE).await.unwrap();
    assert!(verdicts.iter().all(|verdict| *verdict == Verdict::Accepted));
}

/// Takes the cycle, once a settlement dropped before has been rolled back.
async fn take(ledger: &Ledger, cycle: CycleId) -> Settlement {
    eventually(Duration::from_secs(10), "a cycle to settle", async || {
        ledger.store.begin_settle(cycle).await.unwrap()
    })
    .await
}

#[tokio::test]
async fn a_cycle_can_be_settled_once_no_task_is_open_or_its_deadline_passed() {
    let (ledger, tasks) = Ledger::running(1).await;
    let (store, cycle) = (&ledger.store, tasks[0].cycle);
    complete(&ledger, &tasks[..3]).await;
    assert_eq!(store.settleable().await.unwrap(), []);
    assert!(store.begin_settle(cycle).await.unwrap().is_none());
    assert_eq!(
        ledger
            .number("SELECT count(*) FROM tasks WHERE state = 'available'")
            .await,
        1
    );

    complete(&ledger, &tasks[3..]).await;
    assert_eq!(store.settleable().await.unwrap(), [cycle]);
    let settlement = store.begin_settle(cycle).await.unwrap().unwrap();
    assert!(!settlement.cycle().deadline_passed);
    assert_eq!(settlement.cycle().open_tasks, 0);
    settle(settlement, &settled()).await.unwrap();
    assert_eq!(store.settleable().await.unwrap(), []);
    assert!(store.begin_settle(cycle).await.unwrap().is_none());
    assert!(store.begin_settle(CycleId(99)).await.unwrap().is_none());
}

#[tokio::test]
async fn a_cycle_that_never_ran_can_be_settled_at_its_deadline() {
    let ledger = Ledger::new().await;
    let cycle = ledger.open(1).await;
    assert!(ledger.store.begin_settle(cycle).await.unwrap().is_none());
    ledger.pass_deadline(cycle).await;
    assert_eq!(ledger.store.settleable().await.unwrap(), [cycle]);
    let settlement = ledger.store.begin_settle(cycle).await.unwrap().unwrap();
    assert_eq!(settlement.cycle().open_tasks, 4);
    settle(settlement, &settled()).await.unwrap();
    let settled = ledger.store.cycle(cycle).await.unwrap().unwrap();
    assert!(settled.state == CycleState::Settled && settled.running_at.is_some());
}

#[tokio::test]
async fn a_settlement_that_is_dropped_leaves_no_trace() {
    let (ledger, tasks) = Ledger::running(1).await;
    complete(&ledger, &tasks[..2]).await;
    ledger.pass_deadline(tasks[0].cycle).await;
    let before = everything(&ledger).await;
    drop(ledger.store.begin_settle(tasks[0].cycle).await.unwrap().unwrap());
    assert_eq!(everything(&ledger).await, before);
    // The lock is gone too, and what was open takes results again.
    drop(take(&ledger, tasks[0].cycle).await);
    complete(&ledger, &tasks[2..]).await;
}

#[tokio::test]
async fn a_settlement_that_the_database_refuses_leaves_no_trace() {
    let (ledger, tasks) = Ledger::running(1).await;
    complete(&ledger, &tasks).await;
    let before = everything(&ledger).await;
    let with = |change: fn(&mut Settled)| {
        let mut changed = settled();
        change(&mut changed);
        changed
    };
    let refused = [
        with(|settled| settled.weights.weights[0] = f64::NAN),
        with(|settled| settled.weights.points.truncate(1)),
        with(|settled| settled.weights.frontier[0] = Uid(9)),
        with(|settled| settled.scores[0].success_rate = 1.5),
        with(|settled| settled.scores[1] = settled.scores[2].clone()),
    ];
    for settled in refused {
        let settlement = take(&ledger, tasks[0].cycle).await;
        let error = settle(settlement, &settled).await.unwrap_err();
        assert!(!error.is_passing(), "{error:?}");
        assert_eq!(everything(&ledger).await, before, "{settled:?}");
    }
}

#[tokio::test]
async fn while_one_settles_nobody_else_can() {
    let (ledger, tasks) = Ledger::running(1).await;
    complete(&ledger, &tasks).await;
    let first = take(&ledger, tasks[0].cycle).await;
    assert!(ledger.store.begin_settle(tasks[0].cycle).await.unwrap().is_none());
    assert_eq!(ledger.store.settleable().await.unwrap(), [tasks[0].cycle]);
    drop(first);
    drop(take(&ledger, tasks[0].cycle).await);
}

#[tokio::test]
async fn of_many_who_settle_at_once_one_does() {
    let (ledger, tasks) = Ledger::running(1).await;
    complete(&ledger, &tasks).await;
    let settlers: Vec<_> = (0..6)
        .map(|_| {
            let (store, cycle) = (ledger.store.clone(), tasks[0].cycle);
            tokio::spawn(async move {
                let Some(settlement) = store.begin_settle(cycle).await.unwrap() else {
                    return 0;
                };
                settle(settlement, &settled()).await.unwrap();
                1
            })
        })
        .collect();
    let mut done = 0;
    for settler in settlers {
        done += settler.await.unwrap();
    }
    assert_eq!(done, 1);
    assert_eq!(ledger.number("SELECT count(*) FROM weights").await, 1);
    assert_eq!(ledger.number("SELECT count(*) FROM documents").await, 1);
    assert_eq!(ledger.number("SELECT count(*) FROM bundle_chunks").await, 2);
    assert_eq!(ledger.number("SELECT count(*) FROM scores").await, 3);
}

#[tokio::test]
async fn who_records_while_a_cycle_settles_waits_for_the_end() {
    for settles in [true, false] {
        let (ledger, tasks) = Ledger::running(1).await;
        complete(&ledger, &tasks[..1]).await;
        ledger.pass_deadline(tasks[0].cycle).await;
        let settlement = ledger.store.begin_settle(tasks[0].cycle).await.unwrap().unwrap();
        let (store, result) = (ledger.store.clone(), report(&tasks[1], 1, scored(true, 1.0)));
        let recording = tokio::spawn(async move { store.record(&[result], &RULE).await.unwrap() });
        eventually(Duration::from_secs(10), "a recorder that waits", async || {
            ledger.is_anyone_waiting().await
        })
        .await;
        assert!(!recording.is_finished());
        let expected = if settles {
            settle(settlement, &settled()).await.unwrap();
            Verdict::Late
        } else {
            drop(settlement);
            Verdict::Accepted
        };
        assert_eq!(recording.await.unwrap(), [expected]);
    }
}

#[tokio::test]
async fn who_settles_while_results_are_recorded_sees_them() {
    let (ledger, tasks) = Ledger::running(1).await;
    ledger.pass_deadline(tasks[0].cycle).await;
    // A scorer in the middle of its transaction, as `record` would have it.
    let mut recording = ledger.sql.begin().await.unwrap();
    let statements = [
        format!("SELECT FROM tasks WHERE id = '{}' FOR NO KEY UPDATE", tasks[0].id),
        format!(
            "INSERT INTO results SELECT '{}', 1, 1, 'e', 'scored', NULL, true, 1, 1, '', 0, 0, 0, 0",
            tasks[0].id
        ),
        format!(
            "UPDATE tasks SET state = 'completed', finished_at = now() WHERE id = '{}'",
            tasks[0].id
        ),
    ];
    for statement in statements {
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement))
            .execute(&mut *recording)
            .await
            .unwrap();
    }
    let (store, cycle) = (ledger.store.clone(), tasks[0].cycle);
    let settling = tokio::spawn(async move { store.begin_settle(cycle).await.unwrap().unwrap() });
    eventually(Duration::from_secs(10), "a settler that waits", async || {
        ledger.is_anyone_waiting().await
    })
    .await;
    recording.commit().await.unwrap();
    let mut settlement = settling.await.unwrap();
    let mut results = 0;
    for uid in [Uid(0), Uid(1)] {
        let episodes = settlement.episodes(uid).await.unwrap();
        results += episodes.iter().filter(|episode| is_result(episode)).count();
    }
    assert_eq!((results, settlement.cycle().open_tasks), (1, 3));
}

#[tokio::test]
async fn an_expired_cycle_has_a_reason_and_no_weights() {
    let (ledger, tasks) = Ledger::running(1).await;
    complete(&ledger, &tasks[..1]).await;
    ledger.pass_deadline(tasks[0].cycle).await;
    let settlement = ledger.store.begin_settle(tasks[0].cycle).await.unwrap().unwrap();
    settlement.expire("1 of 4 tasks\0").await.unwrap();
    let cycle = ledger.store.cycle(tasks[0].cycle).await.unwrap().unwrap();
    assert_eq!(
        (cycle.state, cycle.reason.as_deref()),
        (CycleState::Expired, Some("1 of 4 tasks "))
    );
    assert_eq!(ledger.store.latest_weights().await.unwrap(), None);
    let states = ledger.texts("SELECT state FROM tasks ORDER BY id").await;
    assert_eq!(states, ["completed", "cancelled", "cancelled", "cancelled"]);
}

#[tokio::test]
async fn a_cycle_may_settle_to_nothing() {
    let (ledger, tasks) = Ledger::running(1).await;
    complete(&ledger, &tasks).await;
    let settlement = take(&ledger, tasks[0].cycle).await;
    let nothing = Settled {
        scores: vec![],
        weights: NewWeights::default(),
        document: document("{}"),
    };
    settle(settlement, &nothing).await.unwrap();
    let weights = ledger.store.latest_weights().await.unwrap().unwrap();
    assert!(weights.uids.is_empty());
}
