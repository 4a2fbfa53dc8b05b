//! The same rows give the same bytes (I6): on any number of threads, however the results came, also after a restore.

use crate::{
    cycle::{broken, new_cycle, result, settings},
    kept::Kept,
    scene::{Scene, Scorer},
};
use kinitro_proto::{Task, TaskResult};
use kinitro_store::{RetryRule, read::Weights};
use rand::{SeedableRng, rngs::StdRng, seq::SliceRandom};
use serde_json::json;
use std::time::Duration;

const EPISODES: u32 = 350;
const KEYS: [u8; 2] = [1, 2];

/// A cycle of more than a chunk of evidence, with nothing recorded yet.
async fn opened() -> (Scene, Vec<Task>) {
    let scene = Scene::new().await;
    let mut cycle = new_cycle(4, EPISODES);
    cycle.settings = settings(EPISODES, &json!({ "missing_cell": "exclude" }));
    let tasks = scene.run(&cycle).await;
    (scene, tasks)
}

/// Every result of the cycle. Of the first miner's last environment hardly one succeeds in coming about.
fn results(tasks: &[Task]) -> Vec<TaskResult> {
    let is_missing = |task: &Task| {
        task.uid.0 == 1 && task.environment.as_str().ends_with("pick-place-v3") && task.episode > 10
    };
    let report = |task| {
        if is_missing(task) {
            broken(task)
        } else {
            result(task)
        }
    };
    tasks.iter().map(report).collect()
}

/// Settles a copy of the cycle: its results in this order, taken in batches of this size, on so many threads.
async fn settle(scene: &Scene, results: &[TaskResult], batch_size: u16, threads: usize) -> Kept {
    let copy = Scene::over(scene.database.restored().await).await;
    let mut config = copy.config(&KEYS);
    config.batch_size = batch_size;
    let scorer = Scorer::start(config, threads);
    copy.report(results.iter().cloned()).await;
    let kept = copy.settled(results[0].cycle, &KEYS).await;
    scorer.stop().await.unwrap();
    kept
}

/// What does not depend on when and how fast it was settled.
fn timeless(kept: Kept) -> Kept {
    let epoch = "1970-01-01T00:00:00Z".parse().unwrap();
    let weights = Weights {
        created_at: epoch,
        duration_seconds: 0.0,
        ..kept.weights
    };
    Kept { weights, ..kept }
}

#[tokio::test]
async fn the_same_rows_give_the_same_bytes() {
    let (scene, tasks) = opened().await;
    let mut results = results(&tasks);
    let first = timeless(settle(&scene, &results, 500, 1).await);
    assert!(first.chunks.len() > 1, "{} chunk", first.chunks.len());
    assert_eq!(first.signed().signatures.len(), 2);

    results.reverse();
    assert_eq!(timeless(settle(&scene, &results, 7, 8).await), first);
    results.shuffle(&mut StdRng::seed_from_u64(4));
    assert_eq!(timeless(settle(&scene, &results, 133, 8).await), first);

    // Recorded before the loss, settled after it: by a scorer that never saw a result.
    record(&scene, &results).await;
    let restored = Scene::over(scene.database.restored().await).await;
    let scorer = Scorer::start(restored.config(&KEYS), 1);
    let kept = restored.settled(tasks[0].cycle, &KEYS).await;
    scorer.stop().await.unwrap();
    assert_eq!(timeless(kept), first);
}

async fn record(scene: &Scene, results: &[TaskResult]) {
    let rule = RetryRule {
        max_attempts: 1,
        base: Duration::ZERO,
        max: Duration::ZERO,
    };
    for batch in results.chunks(321) {
        let reports: Vec<_> = batch
            .iter()
            .map(|result| kinitro_store::Report {
                result: result.clone(),
                traceparent: None,
            })
            .collect();
        scene.store.record(&reports, &rule).await.unwrap();
    }
}
