//! A ledger with the history that the golden transcripts were recorded over.

use crate::bundle::Bundle;
use kinitro_proto::{BlockNumber, CycleId, Outcome, Rollout, Seed, Task, TaskId, TaskResult, Timings, Uid};
use kinitro_store::{
    DatabaseUrl, NewCycle, NewMiner, NewScore, NewTask, NewWeights, Report, RetryRule, Secret, Settled, Store,
};
use std::time::Duration;

pub(crate) const BLOCK: u64 = 1000;
const EPISODES: u32 = 3;
const ENVIRONMENTS: [&str; 2] = ["genesis/g1-v0", "metaworld/reach-v3"];
const MINERS: [u16; 2] = [3, 7];

/// Connects to a database and gives it its schema.
pub(crate) async fn migrated(url: &str) -> Store {
    let url: DatabaseUrl = url.parse().unwrap();
    let store = Store::connect(&url, 4);
    store.migrate().await.unwrap();
    store
}

fn new_cycle(block: u64, miners: &[u16]) -> NewCycle {
    NewCycle {
        netuid: 26,
        interval: Duration::from_secs(3600),
        timeout: Duration::from_secs(7200),
        block_number: BlockNumber(block),
        block_hash: None,
        secret: Secret([7; 32]),
        secret_hash: [9; 32],
        episodes_per_environment: EPISODES,
        environments: ENVIRONMENTS.map(|id| id.parse().unwrap()).to_vec(),
        strategy: "pareto-subset".to_owned(),
        settings: serde_json::json!({}),
        code_version: "0.1.0".to_owned(),
        miners: miners.iter().copied().map(new_miner).collect(),
    }
}

fn new_miner(uid: u16) -> NewMiner {
    NewMiner {
        uid: Uid(uid),
        hotkey: format!("5Hotkey{uid:041}").parse().unwrap(),
        commit_block: None,
        endpoint: "https://secret.example".to_owned(),
        repo: None,
        revision: None,
    }
}

/// Opens a cycle and publishes its tasks.
pub(crate) async fn running(store: &Store, cycle: &NewCycle) -> CycleId {
    let mut tasks = Vec::new();
    for miner in &cycle.miners {
        for environment in &cycle.environments {
            for episode in 0..EPISODES {
                let (uid, environment) = (miner.uid, environment.clone());
                let seed = Seed::new(u64::MAX);
                tasks.push(NewTask {
                    id: TaskId::now(),
                    uid,
                    environment,
                    episode,
                    seed,
                });
            }
        }
    }
    let id = store.open_cycle(cycle, tasks).await.unwrap().unwrap();
    let last = store
        .next_unpublished(id, None, 100_000)
        .await
        .unwrap()
        .last()
        .unwrap()
        .id;
    store.advance_published(id, last).await.unwrap();
    assert!(store.mark_running(id).await.unwrap());
    id
}

/// The cycle of the transcripts: two miners, two environments, three episodes.
pub(crate) async fn golden_running(store: &Store) -> CycleId {
    running(store, &new_cycle(BLOCK, &MINERS)).await
}

/// A cycle after it, of another interval.
pub(crate) async fn next_running(store: &Store, block: u64, uid: u16, interval: u64) -> CycleId {
    let interval = Duration::from_secs(interval);
    running(
        store,
        &NewCycle {
            interval,
            ..new_cycle(block, &[uid])
        },
    )
    .await
}

/// Reports every task of the cycle that is open, as one executor does.
pub(crate) async fn report_all(store: &Store, cycle: CycleId) {
    let tasks = open_tasks(store, cycle).await;
    let report = |task: &Task| Report {
        result: TaskResult {
            task: task.id,
            cycle,
            attempt: 1,
            delivery: 1,
            executor: "ex-1".parse().unwrap(),
            outcome: Outcome::Scored(Rollout {
                success: true,
                reward: 1.0,
                steps: 5,
            }),
            timings: Timings::default(),
        },
        traceparent: None,
    };
    let reports: Vec<_> = tasks.iter().map(report).collect();
    let rule = RetryRule {
        max_attempts: 3,
        base: Duration::ZERO,
        max: Duration::ZERO,
    };
    store.record(&reports, &rule).await.unwrap();
}

/// Settles the cycle to the transcripts' scores and weights.
pub(crate) async fn settle_golden(store: &Store, cycle: CycleId) {
    let score = |uid, environment: &str, successes| NewScore {
        uid: Uid(uid),
        environment: environment.parse().unwrap(),
        success_rate: f64::from(successes) / f64::from(EPISODES),
        success_low: 0.25,
        success_high: 0.875,
        mean_reward: 0.0,
        episodes: EPISODES,
        successes,
        miner_faults: 0,
    };
    let scores = vec![
        score(3, ENVIRONMENTS[0], 2),
        score(3, ENVIRONMENTS[1], 2),
        score(7, ENVIRONMENTS[0], 2),
        score(7, ENVIRONMENTS[1], 1),
    ];
    let weights = NewWeights {
        uids: vec![Uid(3), Uid(7)],
        weights: vec![0.982_013_790_037_908_5, 0.017_986_209_962_091_555],
        weights_u16: vec![64356, 1178],
        points: vec![4.0, 0.0],
        frontier: vec![Uid(3)],
        epsilons: vec![0.1, 0.2],
        stability: Some(vec![0.75, 0.5]),
        replicates: 200,
    };
    settle(store, cycle, scores, weights, &Bundle::default()).await;
}

/// Settles the cycle to one weight.
pub(crate) async fn settle_to(store: &Store, cycle: CycleId, uid: u16) {
    settle_with(store, cycle, uid, &Bundle::default()).await;
}

/// The same, on that evidence.
pub(crate) async fn settle_with(store: &Store, cycle: CycleId, uid: u16, bundle: &Bundle) {
    let weights = NewWeights {
        uids: vec![Uid(uid)],
        weights: vec![1.0],
        weights_u16: vec![u16::MAX],
        points: vec![1.0],
        frontier: vec![Uid(uid)],
        epsilons: vec![0.0, 0.0],
        stability: None,
        replicates: 0,
    };
    settle(store, cycle, Vec::new(), weights, bundle).await;
}

async fn settle(store: &Store, cycle: CycleId, scores: Vec<NewScore>, weights: NewWeights, bundle: &Bundle) {
    report_all(store, cycle).await;
    let mut settlement = store.begin_settle(cycle).await.unwrap().unwrap();
    let document = bundle.write(&mut settlement).await;
    let settled = Settled {
        scores,
        weights,
        document,
    };
    settlement.settle(&settled).await.unwrap();
}

/// A whole cycle as in the transcripts, settled.
pub(crate) async fn settled(store: &Store) -> CycleId {
    let cycle = golden_running(store).await;
    settle_golden(store, cycle).await;
    cycle
}

/// Opens a cycle after it and lets it expire.
pub(crate) async fn expired(store: &Store, block: u64) -> CycleId {
    let cycle = NewCycle {
        interval: Duration::from_secs(61),
        timeout: Duration::from_micros(1),
        ..new_cycle(block, &[3])
    };
    let id = running(store, &cycle).await;
    store
        .begin_settle(id)
        .await
        .unwrap()
        .unwrap()
        .expire("too few results")
        .await
        .unwrap();
    id
}

/// Opens a cycle that nothing of has been published.
pub(crate) async fn opened(store: &Store, block: u64) -> CycleId {
    let cycle = NewCycle {
        interval: Duration::from_secs(63),
        ..new_cycle(block, &[])
    };
    store.open_cycle(&cycle, Vec::new()).await.unwrap().unwrap()
}

/// Runs statements that the store has no function for.
pub(crate) async fn execute(url: &str, statements: &str) {
    let output = tokio::process::Command::new("psql")
        .args([
            url,
            "--no-psqlrc",
            "--quiet",
            "--set=ON_ERROR_STOP=1",
            "--single-transaction",
            "--command",
        ])
        .arg(statements)
        .output()
        .await
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// The open tasks of a running cycle.
pub(crate) async fn open_tasks(store: &Store, cycle: CycleId) -> Vec<Task> {
    store.open_tasks_published(cycle, None, 100_000).await.unwrap()
}
