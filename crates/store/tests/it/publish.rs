use crate::ledger::{Ledger, RULE, infra_fault, report, scored};
use kinitro_proto::{Task, TaskId};
use kinitro_store::{RetryRule, Verdict};
use std::time::Duration;

fn ids(tasks: &[Task]) -> Vec<TaskId> {
    tasks.iter().map(|task| task.id).collect()
}

#[tokio::test]
async fn publishing_goes_by_windows_and_resumes_behind_the_watermark() {
    let ledger = Ledger::new().await;
    let store = &ledger.store;
    let cycle = ledger.open(2).await;
    let all = ids(&store.next_unpublished(cycle, None, 100).await.unwrap());
    assert!(all.is_sorted() && all.len() == 8);

    let window = store.next_unpublished(cycle, None, 3).await.unwrap();
    assert_eq!(ids(&window), all[..3]);
    let behind = store.next_unpublished(cycle, Some(all[2]), 3).await.unwrap();
    assert_eq!(ids(&behind), all[3..6]);
    assert!(
        store
            .open_tasks_published(cycle, None, 100)
            .await
            .unwrap()
            .is_empty()
    );

    store.advance_published(cycle, all[4]).await.unwrap();
    store.advance_published(cycle, all[1]).await.unwrap();
    assert_eq!(
        store.cycle(cycle).await.unwrap().unwrap().published_to,
        Some(all[4]),
        "never moves back"
    );
    assert_eq!(
        ids(&store.next_unpublished(cycle, None, 100).await.unwrap()),
        all[5..]
    );
    assert_eq!(
        ids(&store
            .open_tasks_published(cycle, Some(all[1]), 100)
            .await
            .unwrap()),
        all[2..5]
    );

    assert!(!store.mark_running(cycle).await.unwrap(), "three are unpublished");
    store.advance_published(cycle, all[7]).await.unwrap();
    assert!(store.mark_running(cycle).await.unwrap());
    assert!(!store.mark_running(cycle).await.unwrap(), "it runs already");
    assert!(store.next_unpublished(cycle, None, 100).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_finished_task_is_not_asked_for_again() {
    let (ledger, tasks) = Ledger::running(1).await;
    ledger
        .store
        .record(&[report(&tasks[1], 1, scored(true, 1.0))], &RULE)
        .await
        .unwrap();
    let open = ledger
        .store
        .open_tasks_published(tasks[0].cycle, None, 100)
        .await
        .unwrap();
    assert_eq!(ids(&open), [tasks[0].id, tasks[2].id, tasks[3].id]);
}

#[tokio::test]
async fn a_retry_comes_when_it_is_due_with_its_attempt() {
    let (ledger, tasks) = Ledger::running(1).await;
    let (store, cycle) = (&ledger.store, tasks[0].cycle);
    let minute = Duration::from_secs(60);
    let slow = RetryRule {
        max_attempts: 3,
        base: minute,
        max: minute,
    };
    let fault = |task: &Task| [report(task, 1, infra_fault())];
    assert_eq!(
        store.record(&fault(&tasks[0]), &slow).await.unwrap(),
        [Verdict::Retry]
    );
    assert_eq!(
        store.record(&fault(&tasks[1]), &RULE).await.unwrap(),
        [Verdict::Retry]
    );

    let due = store.due_retries(cycle, 10).await.unwrap();
    assert_eq!((ids(&due), due[0].attempt), (vec![tasks[1].id], 2));
    let wait = "SELECT extract(epoch FROM due_at - now())::bigint FROM tasks WHERE attempt = 2 ORDER BY due_at DESC LIMIT 1";
    assert!((55..=60).contains(&ledger.number(wait).await));

    assert_eq!(
        store.open_tasks_published(cycle, None, 10).await.unwrap().len(),
        2
    );
    store.mark_republished(&due).await.unwrap();
    store.mark_republished(&due).await.unwrap();
    assert!(store.due_retries(cycle, 10).await.unwrap().is_empty());
    let open = store.open_tasks_published(cycle, None, 10).await.unwrap();
    assert_eq!((open[0].id, open[0].attempt), (tasks[1].id, 2));
}

#[tokio::test]
async fn a_retry_that_failed_before_it_was_marked_waits_for_the_next_attempt() {
    let (ledger, tasks) = Ledger::running(1).await;
    let (store, cycle) = (&ledger.store, tasks[0].cycle);
    store
        .record(&[report(&tasks[0], 1, infra_fault())], &RULE)
        .await
        .unwrap();
    let second = store.due_retries(cycle, 10).await.unwrap();
    // The second attempt is published and fails before the scheduler can say that it was published.
    store
        .record(&[report(&second[0], 1, infra_fault())], &RULE)
        .await
        .unwrap();
    store.mark_republished(&second).await.unwrap();
    assert_eq!(store.due_retries(cycle, 10).await.unwrap()[0].attempt, 3);
}

#[tokio::test]
async fn a_task_retried_ahead_of_the_watermark_is_reconciled_later() {
    let ledger = Ledger::new().await;
    let store = &ledger.store;
    let cycle = ledger.open(1).await;
    let tasks = store.next_unpublished(cycle, None, 10).await.unwrap();
    // All are published, the last one fails, and only then does the watermark move, as far as it is known.
    store
        .record(&[report(&tasks[3], 1, infra_fault())], &RULE)
        .await
        .unwrap();
    store.advance_published(cycle, tasks[2].id).await.unwrap();
    assert!(store.mark_running(cycle).await.unwrap());
    store
        .mark_republished(&store.due_retries(cycle, 10).await.unwrap())
        .await
        .unwrap();
    assert_eq!(
        ids(&store.open_tasks_published(cycle, None, 10).await.unwrap()),
        ids(&tasks)
    );
}

#[tokio::test]
async fn an_abandoned_task_is_discarded_with_evidence_once() {
    let (ledger, tasks) = Ledger::running(1).await;
    let store = &ledger.store;
    assert!(store.abandon(tasks[0].id, "delivered 20 times\0").await.unwrap());
    assert!(!store.abandon(tasks[0].id, "again").await.unwrap());
    assert!(!store.abandon(TaskId::now(), "unknown").await.unwrap());
    let task = store.task(tasks[0].id).await.unwrap().unwrap();
    assert_eq!(
        (task.state.as_str(), task.reason.as_deref()),
        ("discarded", Some("delivered 20 times "))
    );
    let kept = ledger
        .texts("SELECT executor || ' ' || fault_kind || ' ' || delivery FROM evidence")
        .await;
    assert_eq!(kept, ["ledger abandoned 0"]);
    let late = store
        .record(&[report(&tasks[0], 21, scored(true, 1.0))], &RULE)
        .await
        .unwrap();
    assert_eq!(late, [Verdict::Late]);
    store
        .record(&[report(&tasks[1], 1, scored(true, 1.0))], &RULE)
        .await
        .unwrap();
    assert!(!store.abandon(tasks[1].id, "has its result").await.unwrap());
}
