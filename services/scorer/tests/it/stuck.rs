//! Cycles that this version cannot judge: they wait, longer and longer, hold nobody else up, and end at their deadline.

use crate::{
    cycle::{NETUID, new_cycle, result},
    scene::{PATIENCE, Scene},
};
use kinitro_harness::eventually;
use kinitro_store::{CycleState, NewCycle};
use serde_json::json;

/// Results that come one by one, of another subnet's cycle; each makes the scorer look at what can be settled.
const LOOKS: u32 = 20;

/// Runs the cycle until the scorer gives up on it for now, and then at its deadline. Says why it expired.
async fn expired(scene: &Scene, cycle: &NewCycle, spoil: &str) -> String {
    let tasks = scene.run(cycle).await;
    if !spoil.is_empty() {
        assert_eq!(scene.execute(spoil).await, 1);
    }
    let scorer = scene.scorer(&[1]);
    scene.report(tasks.iter().map(result)).await;
    let why = scorer.lacks("settling").await;
    scene.pass_deadline(tasks[0].cycle).await;
    let ended = scene.ended(tasks[0].cycle).await;
    assert_eq!(ended.state, CycleState::Expired);
    scorer.ready().await;
    scorer.stop().await.unwrap();
    assert_eq!(scene.number("SELECT count(*) FROM bundle_chunks").await, 0);
    let reason = ended.reason.unwrap();
    assert!(why.contains(&format!("cycle `{}`", ended.id)), "{why}");
    reason
}

#[tokio::test]
async fn a_cycle_of_an_unknown_strategy_expires_at_its_deadline_and_says_why() {
    let scene = Scene::new().await;
    let cycle = NewCycle {
        strategy: "tarot".to_owned(),
        ..new_cycle(2, 2)
    };
    let reason = expired(&scene, &cycle, "").await;
    assert!(reason.contains("does not know the strategy `tarot`"), "{reason}");
}

#[tokio::test]
async fn a_cycle_with_settings_of_another_version_expires_at_its_deadline_and_says_why() {
    let scene = Scene::new().await;
    let cycle = NewCycle {
        settings: json!({ "colour": "blue" }),
        ..new_cycle(2, 2)
    };
    let reason = expired(&scene, &cycle, "").await;
    assert!(reason.contains("unknown field `colour`"), "{reason}");
}

#[tokio::test]
async fn no_weights_come_from_rows_that_nobody_could_verify() {
    let scene = Scene::new().await;
    let spoil = "UPDATE tasks SET seed = seed # 1 WHERE id = (SELECT max(id::text)::uuid FROM tasks)";
    let reason = expired(&scene, &new_cycle(2, 2), spoil).await;
    assert!(reason.contains("by the formula"), "{reason}");
}

#[tokio::test]
async fn a_stuck_cycle_is_put_off_and_holds_nobody_up() {
    let scene = Scene::new().await;
    let stuck = NewCycle {
        strategy: "tarot".to_owned(),
        ..new_cycle(2, 2)
    };
    let stuck = scene.run(&stuck).await;
    let other = NewCycle {
        netuid: NETUID + 1,
        ..new_cycle(2, LOOKS)
    };
    let other = scene.run(&other).await;
    let scorer = scene.scorer(&[]);
    scene.report(stuck.iter().map(result)).await;
    scorer.lacks("settling").await;
    for (place, task) in other.iter().enumerate() {
        scene.report([result(task)]).await;
        eventually(PATIENCE, "the result", async || {
            let recorded = scene.number("SELECT count(*) FROM results").await;
            recorded == (stuck.len() + place + 1) as i64
        })
        .await;
    }
    let settled = scene.ended(other[0].cycle).await;
    assert_eq!(settled.state, CycleState::Settled, "{:?}", settled.reason);
    let failures = scorer.metric("kinitro_settle_failures_total").await;
    // The first try, and those that came due meanwhile on a slow machine: far from one a look.
    assert!(
        (1.0..=f64::from(LOOKS) / 4.0).contains(&failures),
        "{failures} tries"
    );
    let waiting = scene.store.cycle(stuck[0].cycle).await.unwrap().unwrap();
    assert_eq!(waiting.state, CycleState::Running);
    scorer.stop().await.unwrap();
}
