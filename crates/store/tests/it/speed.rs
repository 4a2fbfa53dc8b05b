//! Figures, printed; and what they rest on: the hot questions read no table whole.

use crate::ledger::{Ledger, RULE, is_result, new_cycle, new_tasks, report, scored, settled};
use kinitro_proto::{Task, Uid};
use kinitro_store::{Store, Verdict};
use std::time::{Duration, Instant};

/// 100 miners × 2 environments × 500 episodes.
const MINERS: u16 = 100;
const EPISODES: u32 = 500;
const TASKS: usize = 100_000;
/// How many batches of 500 are recorded.
const BATCHES: usize = 20;
/// How large a bundle is appended.
const CHUNKS: usize = 32;
const CHUNK: usize = 256 * 1024;

#[expect(clippy::print_stdout, reason = "figures are what this test is for")]
fn figure(what: &str, rows: usize, took: Duration) {
    println!(
        "{what}: {rows} rows in {took:.2?}, {:.0} rows/s",
        rows as f64 / took.as_secs_f64()
    );
}

#[tokio::test]
async fn a_cycle_of_a_hundred_thousand_tasks_is_opened_published_recorded_and_settled() {
    let ledger = Ledger::new().await;
    let store = Store::connect(&ledger.url, 4);
    let cycle = new_cycle(MINERS, EPISODES);
    let planned = new_tasks(&cycle);
    // Making an index on an empty table counts as reading it.
    let before = scans(&ledger).await;
    assert_eq!(planned.len(), TASKS);

    let start = Instant::now();
    let id = store.open_cycle(&cycle, planned).await.unwrap().unwrap();
    figure("open_cycle (COPY)", TASKS, start.elapsed());
    ledger.run("ANALYZE").await;

    let start = Instant::now();
    let tasks = published(&store, id).await;
    figure(
        "next_unpublished in windows of 1000",
        tasks.len(),
        start.elapsed(),
    );
    assert_eq!(tasks.len(), TASKS);
    assert!(store.mark_running(id).await.unwrap());

    let start = Instant::now();
    for batch in tasks.chunks(500).take(BATCHES) {
        let reports: Vec<_> = batch
            .iter()
            .map(|task| report(task, 1, scored(true, 1.0)))
            .collect();
        let verdicts = store.record(&reports, &RULE).await.unwrap();
        assert!(verdicts.iter().all(|verdict| *verdict == Verdict::Accepted));
    }
    figure("record in batches of 500", BATCHES * 500, start.elapsed());

    store.due_retries(id, 100).await.unwrap();
    store
        .open_tasks_published(id, Some(tasks[TASKS / 2].id), 1000)
        .await
        .unwrap();
    store.settleable().await.unwrap();
    store.abandon(tasks[TASKS - 1].id, "a test").await.unwrap();
    store.task(tasks[0].id).await.unwrap().unwrap();
    store.close().await;
    // A session's counts are all there once it has ended.
    assert_eq!(scans(&ledger).await, before, "a hot question read a whole table");

    ledger.pass_deadline(id).await;
    let start = Instant::now();
    let mut settlement = ledger.store.begin_settle(id).await.unwrap().unwrap();
    assert_eq!(settlement.cycle().open_tasks, (TASKS - BATCHES * 500 - 1) as u64);
    figure(
        "begin to settle, cancelling what is open",
        TASKS - BATCHES * 500,
        start.elapsed(),
    );
    let (start, mut results) = (Instant::now(), 0);
    for uid in 0..MINERS {
        let episodes = settlement.episodes(Uid(uid)).await.unwrap();
        assert_eq!(episodes.len(), TASKS / usize::from(MINERS));
        results += episodes.iter().filter(|episode| is_result(episode)).count();
    }
    figure("episodes, one miner at a time", TASKS, start.elapsed());
    assert_eq!(results, BATCHES * 500);
    let start = Instant::now();
    for _ in 0..CHUNKS {
        settlement.append_bundle(&[7; CHUNK]).await.unwrap();
    }
    figure("append_bundle in chunks of 256 KiB", CHUNKS, start.elapsed());
    settlement.settle(&settled()).await.unwrap();
}

/// How often each large table has been read whole.
async fn scans(ledger: &Ledger) -> Vec<String> {
    let query = "SELECT relname || ' ' || seq_scan FROM pg_stat_user_tables \
                 WHERE relname IN ('tasks', 'results') ORDER BY relname";
    ledger.texts(query).await
}

/// All tasks of a cycle, as the scheduler walks them.
async fn published(store: &Store, cycle: kinitro_proto::CycleId) -> Vec<Task> {
    let mut tasks: Vec<Task> = Vec::new();
    loop {
        let window = store.next_unpublished(cycle, None, 1000).await.unwrap();
        let Some(last) = window.last() else { return tasks };
        store.advance_published(cycle, last.id).await.unwrap();
        tasks.extend(window);
    }
}
