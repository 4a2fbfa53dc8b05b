//! Cells with too few results: what the cycle's settings make of them.

use crate::{
    cycle::{broken, new_cycle, reported, result, settings},
    kept::Kept,
    scene::Scene,
};
use kinitro_audit::bundle::{Line, MissingState};
use kinitro_harness::eventually;
use kinitro_proto::{CycleId, Outcome, Rollout, Task, Uid};
use kinitro_store::CycleState;
use serde_json::{Value, json};

/// The cell that has nothing but faults of ours.
const MISSING: (Uid, &str) = (Uid(2), "metaworld/push-v3");
const EPISODES: u32 = 4;

fn is_missing(task: &Task) -> bool {
    (task.uid, task.environment.as_str()) == MISSING
}

/// Settles a cycle at its deadline: one cell has nothing but faults of ours, and one result elsewhere never came.
async fn ended(changed: &Value) -> (Scene, CycleId) {
    let scene = Scene::new().await;
    let mut cycle = new_cycle(3, EPISODES);
    cycle.settings = settings(EPISODES, changed);
    let tasks = scene.run(&cycle).await;
    let scorer = scene.scorer(&[1]);
    let (late, others) = tasks.split_last().unwrap();
    assert!(!is_missing(late));
    let report = |task| {
        if is_missing(task) {
            broken(task)
        } else {
            result(task)
        }
    };
    scene.report(others.iter().map(report)).await;
    eventually(crate::scene::PATIENCE, "all but one task", async || {
        let open = "SELECT count(*) FROM tasks WHERE state = 'available'";
        scene.number(open).await == 1
    })
    .await;
    scene.pass_deadline(late.cycle).await;
    scene.ended(late.cycle).await;
    scorer.stop().await.unwrap();
    (scene, late.cycle)
}

/// Nothing of a cycle without weights is kept as if it had some.
async fn nothing_is_kept(scene: &Scene) {
    for table in ["scores", "weights", "documents", "signatures", "bundle_chunks"] {
        assert_eq!(
            scene.number(&format!("SELECT count(*) FROM {table}")).await,
            0,
            "{table}"
        );
    }
}

/// The evidence says of each episode without a result why there is none, and no score stands for the cell.
async fn reasons_are_told(scene: &Scene, kept: &Kept) {
    let mut states = Vec::new();
    for line in kept.lines() {
        if let Line::Missing(line) = line {
            states.push((line.uid, line.state, line.reason.unwrap_or_default()));
        }
    }
    let faults = states.iter().filter(|(uid, state, reason)| {
        *uid == MISSING.0 && *state == MissingState::Discarded && reason.contains("out_of_memory")
    });
    assert_eq!(faults.count(), EPISODES as usize, "{states:?}");
    let cancelled: Vec<_> = states
        .iter()
        .filter(|(_, state, _)| *state == MissingState::Cancelled)
        .collect();
    assert_eq!((cancelled.len(), states.len()), (1, 5), "{states:?}");
    let scores = scene.store.scores(kept.weights.cycle).await.unwrap();
    assert_eq!(scores.len(), 8);
    assert!(
        !scores
            .iter()
            .any(|score| (score.uid, score.environment.as_str()) == MISSING)
    );
}

#[tokio::test]
async fn a_cycle_expires_that_lacks_a_cell_and_says_which() {
    let (scene, cycle) = ended(&json!({})).await;
    let cycle = scene.store.cycle(cycle).await.unwrap().unwrap();
    assert_eq!(cycle.state, CycleState::Expired);
    let reason = cycle.reason.unwrap();
    assert_eq!(
        reason,
        "1 of 9 cells have fewer than the 2 results they need: miner 2 in metaworld/push-v3 has 0"
    );
    nothing_is_kept(&scene).await;
}

#[tokio::test]
async fn a_missing_cell_can_count_as_a_zero() {
    let (scene, cycle) = ended(&json!({ "missing_cell": "zero" })).await;
    let kept = scene.settled(cycle, &[1]).await;
    assert!(kept.signed().document.contains(r#""missing_cell":"zero""#));
    reasons_are_told(&scene, &kept).await;
}

#[tokio::test]
async fn who_misses_a_cell_can_be_left_out_there() {
    let (scene, cycle) = ended(&json!({ "missing_cell": "exclude" })).await;
    let kept = scene.settled(cycle, &[1]).await;
    assert!(kept.signed().document.contains(r#""missing_cell":"exclude""#));
    reasons_are_told(&scene, &kept).await;
}

#[tokio::test]
async fn a_cell_with_half_its_results_is_scored_on_them() {
    let (scene, cycle) = ended(&json!({ "missing_cell": "exclude" })).await;
    let scores = scene.store.scores(cycle).await.unwrap();
    let short: Vec<_> = scores.iter().filter(|score| score.episodes < EPISODES).collect();
    assert_eq!(short.len(), 1);
    assert_eq!(short[0].episodes, EPISODES - 1);
    let rate = f64::from(short[0].successes) / f64::from(EPISODES - 1);
    assert!((short[0].success_rate - rate).abs() < f64::EPSILON);
}

#[tokio::test]
async fn a_cycle_in_which_nobody_wins_expires_if_weights_take_points() {
    for (required, state) in [(true, CycleState::Expired), (false, CycleState::Settled)] {
        let scene = Scene::new().await;
        let mut cycle = new_cycle(3, EPISODES);
        let changed = json!({ "missing_cell": "exclude", "require_points": required });
        cycle.settings = settings(EPISODES, &changed);
        let tasks = scene.run(&cycle).await;
        let scorer = scene.scorer(&[1]);
        scene.report(tasks.iter().map(broken)).await;
        let cycle = scene.ended(tasks[0].cycle).await;
        assert_eq!(cycle.state, state, "{:?}", cycle.reason);
        if required {
            assert!(cycle.reason.unwrap().contains("no miner has won a point"));
            nothing_is_kept(&scene).await;
        } else {
            scene.settled(cycle.id, &[1]).await;
        }
        scorer.stop().await.unwrap();
    }
}

#[tokio::test]
async fn the_better_miner_has_the_greater_weight() {
    let (scene, tasks) = Scene::running(20).await;
    let scorer = scene.scorer(&[1]);
    let report = |task: &Task| {
        let rollout = Rollout {
            success: task.uid == Uid(3),
            reward: 1.5,
            steps: 10,
        };
        reported(task, Outcome::Scored(rollout))
    };
    scene.report(tasks.iter().map(report)).await;
    let kept = scene.settled(tasks[0].cycle, &[1]).await;
    let weights = &kept.weights;
    assert_eq!(weights.uids, [Uid(1), Uid(2), Uid(3)]);
    assert_eq!(weights.frontier, [Uid(3)]);
    assert!(weights.weights[2] > weights.weights[1], "{weights:?}");
    assert!((weights.weights.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    let scores = scene.store.scores(tasks[0].cycle).await.unwrap();
    assert_eq!(scores.len(), 9);
    for score in scores {
        assert!(score.success_low.unwrap() <= score.success_rate);
        assert!(score.success_high.unwrap() >= score.success_rate);
        assert!((score.mean_reward - 1.5).abs() < f64::EPSILON);
    }
    assert!(weights.replicates > 0);
    assert_eq!(weights.stability.as_ref().unwrap().len(), 3);
    scorer.stop().await.unwrap();
}
