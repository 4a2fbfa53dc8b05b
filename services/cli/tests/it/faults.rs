//! Faults of miners, of ours, and of strangers: each has its owner, and none holds a cycle up.

use crate::stack::{Miner, PATIENCE, Process, Stack, Wire, get};
use kinitro_harness::eventually;
use kinitro_proto::{
    CycleId, InfraFaultKind, MinerFaultKind, Outcome, Policy, Seed, Task, TaskId, Uid, encoding, header,
    subject,
};
use kinitro_store::CycleState;
use std::{
    collections::{BTreeMap, BTreeSet},
    net::TcpListener,
};

/// Every way to be a bad miner, and what it is called.
const BAD_MINERS: [(&str, MinerFaultKind); 11] = [
    ("slow:9000", MinerFaultKind::Timeout),
    ("slow:150", MinerFaultKind::EpisodeTimeout),
    ("hang", MinerFaultKind::Timeout),
    ("drop", MinerFaultKind::Unreachable),
    ("redirect", MinerFaultKind::Redirect),
    ("oversize", MinerFaultKind::TooLarge),
    ("not-json", MinerFaultKind::NotJson),
    ("wrong-shape", MinerFaultKind::BadAction),
    ("nan", MinerFaultKind::NotFinite),
    ("nul", MinerFaultKind::BadAction),
    ("reset-500", MinerFaultKind::BadStatus),
];

/// A good miner, the bad ones, and such as nobody answers or may call: each with the fault it is to have.
async fn all_miners(stack: &Stack) -> (Vec<Process>, Vec<Miner>, BTreeMap<Uid, Option<MinerFaultKind>>) {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut endpoints = vec![
        ("scripted:1".to_owned(), None),
        (format!("http://{closed}"), Some(MinerFaultKind::Unreachable)),
        // The cloud's metadata service.
        (
            "http://169.254.169.254".to_owned(),
            Some(MinerFaultKind::ForbiddenAddress),
        ),
        (
            "http://me:pw@127.0.0.1:1".to_owned(),
            Some(MinerFaultKind::BadEndpoint),
        ),
    ];
    let mut processes = Vec::new();
    for (how, kind) in BAD_MINERS {
        let (process, endpoint) = stack.mock_miner(how, &["--misbehave", how]).await;
        processes.push(process);
        endpoints.push((endpoint, Some(kind)));
    }
    let (mut miners, mut expected) = (Vec::new(), BTreeMap::new());
    for (uid, (endpoint, kind)) in (1..).zip(endpoints) {
        expected.insert(Uid(uid), kind);
        miners.push(Miner {
            uid,
            endpoint,
            commit_block: 100,
        });
    }
    (processes, miners, expected)
}

#[tokio::test]
async fn every_fault_of_a_miner_is_its_own_and_holds_nobody_up() {
    let mut stack = Stack::start().await;
    let (_processes, miners, expected) = all_miners(&stack).await;
    stack.set("KINITRO_SCORER_MAX_ATTEMPTS", 20);
    stack.judge(&miners, 1);
    let _scheduler = stack.scheduler();
    let _scorer = stack.scorer();
    let flags = [
        "--allow-addresses",
        "127.0.0.0/8",
        "--max-concurrent",
        "8",
        "--action-timeout",
        "2",
        "--eval-timeout",
        "4",
        "--scripted-steps",
        "30",
    ];
    let _executor = stack.executor("one", &flags);
    let (cycle, _) = stack.settled(PATIENCE).await;

    for kept in stack.wire().results().await {
        let task = stack.store.task(kept.result.task).await.unwrap().unwrap();
        let kind = match &kept.result.outcome {
            Outcome::Scored(_) => None,
            Outcome::MinerFault(fault) => Some(fault.kind),
            Outcome::InfraFault(fault) => {
                // A machine too busy to tell whose slowness it is: tried again, never the miner's.
                assert!(
                    fault.detail.contains("stood still"),
                    "miner {}: {fault}",
                    task.uid
                );
                continue;
            }
        };
        assert_eq!(
            kind, expected[&task.uid],
            "miner {}: {:?}",
            task.uid, kept.result.outcome
        );
        assert_eq!(task.fault_kind.as_deref(), kind.map(MinerFaultKind::name));
    }
    for score in stack.store.scores(cycle.id).await.unwrap() {
        let (rate, faults) = if score.uid == Uid(1) { (1.0, 0) } else { (0.0, 1) };
        assert_eq!(
            (score.success_rate, score.miner_faults),
            (rate, faults),
            "{score:?}"
        );
    }
}

#[tokio::test]
async fn faults_of_ours_are_tried_again_until_every_task_has_its_result() {
    let mut stack = Stack::start().await;
    stack.set("KINITRO_SCORER_MAX_ATTEMPTS", 20);
    stack.set("KINITRO_SCORER_RETRY_SECONDS", 0);
    stack.judge_scripted(&[1.0], 30);
    let _scheduler = stack.scheduler();
    let _scorer = stack.scorer();
    let mut flags = vec![
        "--max-concurrent",
        "4",
        "--scripted-steps",
        "2",
        "--simulator-step-timeout",
        "300ms",
    ];
    // Another try of the same task goes well: they are counted over all.
    for fault in [
        "crash:1/9",
        "oom:1/11@reset",
        "protocol:1/13",
        "error:1/7@2",
        "hang:1/29",
        "start:1/10",
    ] {
        flags.extend(["--scripted-fault", fault]);
    }
    let _executor = stack.executor("one", &flags);
    stack.settled(PATIENCE).await;

    let mut kinds = BTreeSet::new();
    for kept in stack.wire().results().await {
        if let Outcome::InfraFault(fault) = kept.result.outcome {
            kinds.insert(fault.kind.name());
            let task = stack.store.task(kept.result.task).await.unwrap().unwrap();
            assert!(
                task.attempt > kept.result.attempt && task.evidence > 0,
                "{task:?}"
            );
            assert_eq!(
                (task.outcome.as_deref(), task.success),
                (Some("scored"), Some(true))
            );
        }
    }
    let all = [
        InfraFaultKind::SimulatorCrash,
        InfraFaultKind::OutOfMemory,
        InfraFaultKind::SimulatorProtocol,
        InfraFaultKind::SimulatorError,
        InfraFaultKind::SimulatorHang,
    ];
    assert_eq!(kinds, all.map(InfraFaultKind::name).into());
}

#[tokio::test]
async fn a_cycle_that_we_cannot_run_expires_and_the_weights_before_it_stand() {
    let mut stack = Stack::start().await;
    stack.set("KINITRO_SCORER_RETRY_SECONDS", 0);
    stack.judge_scripted(&[0.9, 0.1], 1);
    let (_gateway, address) = stack.gateway().await;
    let _scorer = stack.scorer();
    let mut scheduler = stack.scheduler();
    let mut good = stack.executor("good", &[]);
    let (first, weights) = stack.settled(PATIENCE).await;
    scheduler.kill();
    assert_eq!(good.terminate(PATIENCE).await, Some(0));

    let _broken = stack.executor("broken", &["--scripted-fault", "crash:1"]);
    // An interval of another length, so another one than that which had its cycle; it lasts until 2033.
    stack.set("KINITRO_SCHEDULER_EVAL_INTERVAL_SECONDS", 1_000_000_000);
    let _scheduler = stack.scheduler();
    let second = stack.ended(CycleState::Expired, PATIENCE).await;

    assert!(second.id > first.id && second.reason.unwrap().contains("16 of 16 cells"));
    let stats = stack.store.task_stats(second.id).await.unwrap();
    assert_eq!((stats.discarded, stats.total()), (16, 16));
    assert_eq!(stack.store.scores(second.id).await.unwrap(), []);
    assert_eq!(stack.store.latest_weights().await.unwrap(), Some(weights));
    let wire = stack.wire();
    assert_eq!(
        wire.dead().await,
        BTreeMap::from([("dead.metaworld.simulator_crash".to_owned(), 16)])
    );
    let results = wire.results().await;
    assert_eq!(
        results
            .iter()
            .filter(|kept| kept.result.cycle == second.id)
            .count(),
        3 * 16
    );
    eventually(
        PATIENCE,
        "stale weights of the first cycle",
        async || match get(address, "/v1/weights/latest").await {
            Ok((200, body)) if body["stale"] == true && body["cycle_id"] == first.id.0 => Ok(()),
            other => Err(other),
        },
    )
    .await;
}

#[tokio::test]
async fn what_is_no_task_becomes_a_dead_letter_with_its_reason() {
    let mut stack = Stack::start().await;
    stack.judge_scripted(&[0.5], 5);
    let _scorer = stack.scorer();
    let _scheduler = stack.scheduler();
    let cycle = stack.ended(CycleState::Running, PATIENCE).await.id;
    let wire = stack.wire();
    let right = encoding::encode(&stray(cycle, "metaworld/push-v3")).unwrap();
    put(
        &wire,
        &stray(cycle, "metaworld/push-v3"),
        "task.v1",
        b"\xc1 no MessagePack",
    )
    .await;
    put(&wire, &stray(cycle, "metaworld/push-v3"), "task.v9", &right).await;
    // A body on the subject of another task.
    put(&wire, &stray(cycle, "metaworld/push-v3"), "task.v1", &right).await;
    for environment in ["metaworld/fly-v9", "mars/rover-v1"] {
        let task = stray(cycle, environment);
        put(&wire, &task, "task.v1", &encoding::encode(&task).unwrap()).await;
    }
    // And what is no result, to the scorer.
    let answer = wire
        .publish(&format!("results.metaworld.{cycle}"), &[], b"?")
        .await;
    assert!(answer["error"].is_null(), "{answer}");
    let _executor = stack.executor("one", &["--max-concurrent", "2"]);
    stack.settled(PATIENCE).await;

    let expected = [
        ("undecodable", 3 + 1),
        ("unknown_environment", 2),
        ("unknown_task", 5),
    ];
    let expected = expected.map(|(reason, count)| (format!("dead.metaworld.{reason}"), count));
    eventually(PATIENCE, "a dead letter for each", async || {
        let dead = wire.dead().await;
        if dead == BTreeMap::from(expected.clone()) {
            Ok(())
        } else {
            Err(dead)
        }
    })
    .await;
    assert_eq!(wire.held("TASKS").await, 0, "a dead letter's task is taken out");
}

/// A task that the ledger does not have.
fn stray(cycle: CycleId, environment: &str) -> Task {
    Task {
        id: TaskId::now(),
        cycle,
        uid: Uid(1),
        hotkey: "5A1".parse().unwrap(),
        policy: Policy::Endpoint {
            url: "scripted:1".to_owned(),
        },
        environment: environment.parse().unwrap(),
        episode: 0,
        seed: Seed::new(1),
        attempt: 1,
        deadline_ms: i64::MAX,
    }
}

/// Publishes a body under the task's own subject of the family that executors run.
async fn put(wire: &Wire, task: &Task, schema: &str, body: &[u8]) {
    let subject = subject::task(&crate::stack::family(), task.cycle, task.id);
    let answer = wire.publish(&subject, &[(header::SCHEMA, schema)], body).await;
    assert!(answer["error"].is_null(), "{answer}");
}
