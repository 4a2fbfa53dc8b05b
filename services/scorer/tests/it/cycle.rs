//! Cycles to open, and what executors report of their tasks.

use kinitro_audit::{commitment, seed};
use kinitro_proto::{
    BlockNumber, InfraFault, InfraFaultKind, MinerFault, MinerFaultKind, Outcome, Rollout, Task, TaskId,
    TaskResult, Timings, Uid,
};
use kinitro_store::{NewCycle, NewMiner, NewTask, Secret};
use serde_json::{Value, json};
use std::time::Duration;

pub(crate) const NETUID: u16 = 26;
pub(crate) const SECRET: [u8; 32] = *b"nobody knows this before the end";
pub(crate) const ENVIRONMENTS: [&str; 3] = [
    "metaworld/reach-v3",
    "metaworld/push-v3",
    "metaworld/pick-place-v3",
];

/// So many miners, committed one after the other, each with so many episodes in each environment.
pub(crate) fn new_cycle(miners: u16, episodes: u32) -> NewCycle {
    NewCycle {
        netuid: NETUID,
        // So long that no test crosses its edge.
        interval: Duration::from_secs(1_000_000_000),
        timeout: Duration::from_secs(7200),
        block_number: BlockNumber(5_000_000),
        block_hash: Some("0xab".to_owned()),
        secret: Secret(SECRET),
        secret_hash: commitment(&SECRET),
        episodes_per_environment: episodes,
        environments: ENVIRONMENTS.map(|text| text.parse().unwrap()).to_vec(),
        strategy: "pareto-subset".to_owned(),
        settings: settings(episodes, &json!({})),
        code_version: "0.1.0".to_owned(),
        miners: (1..=miners).map(new_miner).collect(),
    }
}

/// The settings of a cycle, with these changed.
pub(crate) fn settings(episodes: u32, changed: &Value) -> Value {
    let mut settings = json!({ "episodes_per_environment": episodes, "min_episodes": episodes.div_ceil(2) });
    for (name, value) in changed.as_object().unwrap() {
        settings[name] = value.clone();
    }
    settings
}

fn new_miner(uid: u16) -> NewMiner {
    NewMiner {
        uid: Uid(uid),
        hotkey: format!("5Hotkey{uid}").parse().unwrap(),
        commit_block: (uid > 1).then(|| BlockNumber(1000 + u64::from(uid))),
        endpoint: format!("https://miner-{uid}.example/secret-path"),
        repo: (uid > 2).then(|| "someone/policy".to_owned()),
        revision: Some("main".to_owned()),
    }
}

pub(crate) fn new_tasks(cycle: &NewCycle) -> Vec<NewTask> {
    let mut tasks = Vec::new();
    for episode in 0..cycle.episodes_per_environment {
        for environment in &cycle.environments {
            let seed = seed(&cycle.secret.0, environment, episode);
            tasks.extend(cycle.miners.iter().map(|miner| NewTask {
                id: TaskId::now(),
                uid: miner.uid,
                environment: environment.clone(),
                episode,
                seed,
            }));
        }
    }
    tasks
}

/// What an executor reports of the task: of a miner with a higher uid more succeeds, and now and then one breaks its contract.
pub(crate) fn result(task: &Task) -> TaskResult {
    let place = u32::from(task.uid.0) * 31 + task.episode * 7;
    let outcome = if place.is_multiple_of(23) {
        Outcome::MinerFault(MinerFault::new(
            MinerFaultKind::Timeout,
            "no answer within 500 ms",
        ))
    } else {
        Outcome::Scored(Rollout {
            success: (task.episode * 13 + 5) % 10 < u32::from(task.uid.0) * 2,
            reward: f64::from(place) * 0.1,
            steps: place,
        })
    };
    reported(task, outcome)
}

/// The report of a fault of ours.
pub(crate) fn broken(task: &Task) -> TaskResult {
    let fault = InfraFault::new(InfraFaultKind::OutOfMemory, "killed at 1 GiB");
    reported(task, Outcome::InfraFault(fault))
}

pub(crate) fn reported(task: &Task, outcome: Outcome) -> TaskResult {
    TaskResult {
        task: task.id,
        cycle: task.cycle,
        attempt: task.attempt,
        delivery: 1,
        executor: format!("executor-{}", task.episode % 3).parse().unwrap(),
        outcome,
        timings: Timings::default(),
    }
}
