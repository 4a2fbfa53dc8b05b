use super::*;
use kinitro_proto::{InfraFault, InfraFaultKind, MinerFault, MinerFaultKind, Rollout, TaskResult, Timings};
use uuid::Uuid;

const RULE: RetryRule = RetryRule {
    max_attempts: 3,
    base: Duration::from_secs(10),
    max: Duration::from_secs(60),
};
const TASK: TaskId = TaskId(Uuid::from_u128(1));

fn scored() -> Outcome {
    Outcome::Scored(Rollout {
        success: true,
        reward: 1.0,
        steps: 5,
    })
}

fn infra() -> Outcome {
    Outcome::InfraFault(InfraFault::new(InfraFaultKind::OutOfMemory, "8 GiB"))
}

fn report(attempt: u32, outcome: Outcome) -> Report {
    let result = TaskResult {
        task: TASK,
        cycle: CycleId(1),
        attempt,
        delivery: 1,
        executor: "e1".parse().unwrap(),
        outcome,
        timings: Timings::default(),
    };
    Report {
        result,
        traceparent: None,
    }
}

fn decided(state: TaskState, attempt: u32, reports: &[Report]) -> (Vec<Verdict>, Option<Change>) {
    let standing = Standing {
        cycle: CycleId(1),
        state,
        attempt,
    };
    let mut decision = decide(reports, HashMap::from([(TASK, standing)]), &RULE);
    (decision.verdicts, decision.changes.remove(&TASK))
}

#[test]
fn the_first_result_of_a_batch_counts_whatever_its_attempt() {
    let fault = Outcome::MinerFault(MinerFault::new(MinerFaultKind::Timeout, ""));
    let reports = [report(1, fault), report(2, scored())];
    let expected = (
        vec![Verdict::Accepted, Verdict::Duplicate],
        Some(Change::Complete),
    );
    assert_eq!(decided(TaskState::Open, 2, &reports), expected);
}

#[test]
fn a_fault_of_ours_is_retried_then_given_up() {
    let retry = |attempt, seconds| Change::Retry {
        attempt,
        wait: Duration::from_secs(seconds),
    };
    let one = |attempt| decided(TaskState::Open, attempt, &[report(attempt, infra())]);
    assert_eq!(one(1), (vec![Verdict::Retry], Some(retry(2, 10))));
    assert_eq!(one(2), (vec![Verdict::Retry], Some(retry(3, 20))));
    let reason = "out_of_memory: 8 GiB".to_owned();
    assert_eq!(
        one(3),
        (vec![Verdict::Discarded], Some(Change::Discard { reason }))
    );
}

#[test]
fn a_batch_may_hold_every_attempt() {
    let reports = [1, 2, 3].map(|attempt| report(attempt, infra()));
    let (verdicts, change) = decided(TaskState::Open, 1, &reports);
    assert_eq!(verdicts, [Verdict::Retry, Verdict::Retry, Verdict::Discarded]);
    assert!(matches!(change, Some(Change::Discard { .. })));
}

#[test]
fn the_same_fault_again_burns_no_further_attempt() {
    let reports = [report(1, infra()), report(1, infra())];
    let (verdicts, change) = decided(TaskState::Open, 1, &reports);
    assert_eq!(verdicts, [Verdict::Retry, Verdict::Stale]);
    assert!(matches!(change, Some(Change::Retry { attempt: 2, .. })));
}

#[test]
fn a_dead_letter_is_asked_for_again_if_its_report_comes_again() {
    assert_eq!(
        decided(TaskState::Discarded, 3, &[report(3, infra())]),
        (vec![Verdict::Discarded], None)
    );
    assert_eq!(
        decided(TaskState::Discarded, 3, &[report(2, infra())]),
        (vec![Verdict::Late], None)
    );
}

#[test]
fn finished_tasks_never_change() {
    for outcome in [scored(), infra()] {
        let verdicts = |state| decided(state, 1, &[report(1, outcome.clone())]);
        assert_eq!(verdicts(TaskState::Completed), (vec![Verdict::Duplicate], None));
        assert_eq!(verdicts(TaskState::Cancelled), (vec![Verdict::Late], None));
    }
    assert_eq!(
        decided(TaskState::Discarded, 1, &[report(1, scored())]),
        (vec![Verdict::Late], None)
    );
}

#[test]
fn a_task_of_another_cycle_is_unknown() {
    let mut stray = report(1, scored());
    stray.result.cycle = CycleId(2);
    assert_eq!(
        decided(TaskState::Open, 1, &[stray]),
        (vec![Verdict::Unknown], None)
    );
    assert_eq!(
        decide(&[report(1, scored())], HashMap::new(), &RULE).verdicts,
        [Verdict::Unknown]
    );
}

#[test]
fn waits_double_up_to_their_limit() {
    let waits = [1, 2, 3, 4, 40, u32::MAX].map(|attempt| RULE.wait(attempt).as_secs());
    assert_eq!(waits, [10, 20, 40, 60, 60, 60]);
}
