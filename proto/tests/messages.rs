//! The messages on the wire: golden files by version, and what a reader refuses.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use kinitro_proto::{
    CycleId, DeadLetter, Error, Event, InfraFault, InfraFaultKind, MinerFault, MinerFaultKind, Outcome,
    Policy, Rollout, Seed, Task, TaskId, TaskResult, Timings, Uid,
    encoding::{Message, decode, encode},
};
use proptest::prelude::*;
use std::{fmt::Debug, path::PathBuf};

fn id() -> TaskId {
    "0197a5c8-6f00-7abc-8def-0123456789ab".parse().unwrap()
}

fn task() -> Task {
    Task {
        id: id(),
        cycle: CycleId(42),
        uid: Uid(7),
        hotkey: "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"
            .parse()
            .unwrap(),
        policy: Policy::Endpoint {
            url: "https://policy.example".to_owned(),
        },
        environment: "metaworld/push-v3".parse().unwrap(),
        episode: 3,
        seed: Seed::new(0x7edc_ba98_7654_3210),
        attempt: 2,
        deadline_ms: 1_790_000_000_000,
    }
}

fn result(outcome: Outcome) -> TaskResult {
    TaskResult {
        task: id(),
        cycle: CycleId(42),
        attempt: 2,
        delivery: 1,
        executor: "executor-0a1b2c3d".parse().unwrap(),
        outcome,
        timings: Timings {
            total_us: 1_500_000,
            simulator_us: 400_000,
            policy_us: 900_000,
            policy_max_us: 12_000,
        },
    }
}

/// Compares with the golden file, and checks that the file still decodes to the value.
fn golden<M: Message + PartialEq + Debug>(name: &str, message: &M) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(format!("{name}.hex"));
    let hex: String = encode(message)
        .unwrap()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let kept = std::fs::read_to_string(&path).unwrap_or_else(|_| {
        panic!(
            "no {}: a new version needs its golden file, holding\n{hex}",
            path.display()
        )
    });
    let kept = kept.trim();
    assert_eq!(
        kept, hex,
        "{name}: the bytes on the wire changed; a new meaning is a new version"
    );
    let bytes: Vec<u8> = (0..kept.len())
        .step_by(2)
        .map(|i| u8::from_str_radix(&kept[i..i + 2], 16).unwrap())
        .collect();
    assert_eq!(&decode::<M>(Some(M::SCHEMA), &bytes).unwrap(), message);
}

#[test]
fn golden_messages_of_version_1() {
    golden("task.v1", &task());
    let rollout = Rollout {
        success: true,
        reward: 12.5,
        steps: 61,
    };
    golden("result.v1.scored", &result(Outcome::Scored(rollout)));
    let fault = MinerFault::new(MinerFaultKind::Timeout, "no answer within 500 ms");
    golden("result.v1.miner_fault", &result(Outcome::MinerFault(fault)));
    let fault = InfraFault::new(InfraFaultKind::OutOfMemory, "killed at 1 GiB");
    golden("result.v1.infra_fault", &result(Outcome::InfraFault(fault)));
    golden(
        "event.v1.opened",
        &Event::CycleOpened {
            cycle: CycleId(42),
            tasks: 48,
            secret_hash: None,
        },
    );
    golden(
        "event.v1.opened_committed",
        &Event::CycleOpened {
            cycle: CycleId(42),
            tasks: 48,
            secret_hash: Some("0f".repeat(32)),
        },
    );
    golden(
        "event.v1.settled",
        &Event::CycleSettled {
            cycle: CycleId(42),
            document_sha256: None,
        },
    );
    golden(
        "event.v1.settled_documented",
        &Event::CycleSettled {
            cycle: CycleId(42),
            document_sha256: Some("1e".repeat(32)),
        },
    );
    let letter = DeadLetter {
        reason: "undecodable".to_owned(),
        detail: "could not decode `task.v1`".to_owned(),
        task: Some(id()),
        subject: "tasks.metaworld.42.0197a5c8-6f00-7abc-8def-0123456789ab".to_owned(),
        headers: vec![("Kinitro-Schema".to_owned(), "task.v1".to_owned())],
        body: vec![0xc1, 0x00],
        by: "executor-0a1b2c3d".to_owned(),
    };
    golden("dead.v1", &letter);
}

#[test]
fn another_schema_is_refused_by_name() {
    let bytes = encode(&task()).unwrap();
    for schema in [None, Some("task.v2"), Some("")] {
        let error = decode::<Task>(schema, &bytes).unwrap_err();
        assert!(matches!(error, Error::UnknownSchema { .. }), "{error}");
    }
}

#[test]
fn a_field_of_tomorrow_is_passed_over() {
    #[derive(serde::Serialize)]
    struct Tomorrow {
        #[serde(flatten)]
        task: Task,
        colour: &'static str,
    }
    let bytes = rmp_serde::to_vec_named(&Tomorrow {
        task: task(),
        colour: "blue",
    })
    .unwrap();
    assert_eq!(decode::<Task>(Some(Task::SCHEMA), &bytes).unwrap(), task());
}

/// What a reader of an earlier version makes of today's events: they have fields it does not know.
#[test]
fn an_earlier_version_reads_todays_events() {
    #[derive(Debug, PartialEq, serde::Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Yesterday {
        CycleOpened { cycle: CycleId, tasks: u64 },
        CycleSettled { cycle: CycleId },
    }
    let cycle = CycleId(42);
    let (tasks, digest) = (48, Some("0f".repeat(32)));
    let opened = Event::CycleOpened {
        cycle,
        tasks,
        secret_hash: digest.clone(),
    };
    let settled = Event::CycleSettled {
        cycle,
        document_sha256: digest,
    };
    let read = |event| rmp_serde::from_slice::<Yesterday>(&encode(event).unwrap()).unwrap();
    assert_eq!(read(&opened), Yesterday::CycleOpened { cycle, tasks });
    assert_eq!(read(&settled), Yesterday::CycleSettled { cycle });
}

#[test]
fn impossible_values_are_refused() {
    let rollout = Rollout {
        success: true,
        reward: f64::NAN,
        steps: 1,
    };
    let bytes = encode(&result(Outcome::Scored(rollout))).unwrap();
    let error = decode::<TaskResult>(Some(TaskResult::SCHEMA), &bytes).unwrap_err();
    assert!(matches!(error, Error::Invalid { .. }), "{error}");
    let bytes = encode(&Task { attempt: 0, ..task() }).unwrap();
    assert!(matches!(
        decode::<Task>(Some(Task::SCHEMA), &bytes).unwrap_err(),
        Error::Invalid { .. }
    ));
}

#[test]
fn size_and_depth_are_bounded() {
    let error = decode::<Task>(Some(Task::SCHEMA), &vec![0; Task::LIMIT + 1]).unwrap_err();
    assert!(matches!(error, Error::TooLarge { .. }), "{error}");
    let deep = [vec![0x91; 10_000], vec![0xc0]].concat();
    assert!(decode::<Task>(Some(Task::SCHEMA), &deep).is_err());
    let mut behind = encode(&task()).unwrap();
    behind.push(0);
    assert!(decode::<Task>(Some(Task::SCHEMA), &behind).is_err());
}

proptest! {
    #[test]
    fn no_bytes_can_crash_a_reader(bytes in proptest::collection::vec(any::<u8>(), 0..2048)) {
        let _: Result<Task, _> = decode(Some(Task::SCHEMA), &bytes);
        let _: Result<TaskResult, _> = decode(Some(TaskResult::SCHEMA), &bytes);
        let _: Result<DeadLetter, _> = decode(Some(DeadLetter::SCHEMA), &bytes);
    }
}
