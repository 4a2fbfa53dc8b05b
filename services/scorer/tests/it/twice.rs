//! Scorers that are two, that are killed and that are stopped in the middle of settling: there is one document or none.

use crate::{
    cycle::result,
    scene::{PATIENCE, Scene},
};
use kinitro_harness::eventually;
use kinitro_proto::CycleId;
use kinitro_store::CycleState;
use sqlx::{AssertSqlSafe, Postgres, Transaction};

const WRITTEN: [&str; 5] = ["scores", "weights", "documents", "signatures", "bundle_chunks"];

impl Scene {
    /// Keeps everybody from writing into the table, and from reading it too if nothing is to get past. Until the guard is
    /// dropped.
    async fn lock(&self, table: &str) -> Transaction<'static, Postgres> {
        let mut lock = self.sql.begin().await.unwrap();
        sqlx::query(AssertSqlSafe(format!("LOCK TABLE {table} IN SHARE MODE")))
            .execute(&mut *lock)
            .await
            .unwrap();
        lock
    }

    /// Waits until a scorer in the middle of settling cannot go on for such a lock.
    async fn in_the_middle(&self) {
        eventually(PATIENCE, "a scorer that waits for a lock", async || {
            let waiting = "SELECT count(*) FROM pg_stat_activity \
                           WHERE datname = current_database() AND wait_event_type = 'Lock'";
            self.number(waiting).await > 0
        })
        .await;
    }

    /// Nothing of settling is there, and somebody else can take the cycle.
    async fn is_untouched(&self, cycle: CycleId) {
        eventually(PATIENCE, "the cycle to be free", async || {
            self.store.begin_settle(cycle).await.unwrap().map(drop)
        })
        .await;
        for table in WRITTEN {
            assert_eq!(
                self.number(&format!("SELECT count(*) FROM {table}")).await,
                0,
                "{table}"
            );
        }
        let cycle = self.store.cycle(cycle).await.unwrap().unwrap();
        assert_eq!((cycle.state, cycle.revealed_secret), (CycleState::Running, None));
    }
}

#[tokio::test]
async fn two_scorers_settle_a_cycle_once() {
    let (scene, tasks) = Scene::running(20).await;
    let cycle = tasks[0].cycle;
    let lock = scene.lock("documents").await;
    let scorers = [scene.scorer(&[1]), scene.scorer(&[1])];
    scene.report(tasks.iter().map(result)).await;
    scene.in_the_middle().await;
    // One has it, so nobody else can.
    assert!(scene.store.begin_settle(cycle).await.unwrap().is_none());
    lock.rollback().await.unwrap();
    scene.settled(cycle, &[1]).await;
    assert_eq!(scene.number("SELECT count(*) FROM documents").await, 1);
    let mut settled = 0.0;
    for scorer in scorers {
        settled += scorer.metric("kinitro_settle_seconds_count").await;
        scorer.stop().await.unwrap();
    }
    assert!((settled - 1.0_f64).abs() < f64::EPSILON, "{settled}");
}

#[tokio::test]
async fn a_scorer_killed_while_it_settles_leaves_nothing_and_another_settles() {
    let (scene, tasks) = Scene::running(20).await;
    let cycle = tasks[0].cycle;
    for table in ["bundle_chunks", "scores", "documents", "signatures"] {
        let lock = scene.lock(table).await;
        let scorer = scene.scorer(&[1]);
        scene.report(tasks.iter().map(result)).await;
        scene.in_the_middle().await;
        scorer.kill();
        lock.rollback().await.unwrap();
        scene.is_untouched(cycle).await;
    }
    let scorer = scene.scorer(&[1]);
    scene.settled(cycle, &[1]).await;
    scorer.stop().await.unwrap();
}

#[tokio::test]
async fn a_scorer_that_is_stopped_while_it_judges_ends_at_once_and_leaves_nothing() {
    let (scene, tasks) = Scene::running(20).await;
    let cycle = tasks[0].cycle;
    // Evidence is gathered as long as this is held: the judge has not been asked yet.
    let lock = scene.lock("bundle_chunks").await;
    let scorer = scene.scorer(&[1]);
    scene.report(tasks.iter().map(result)).await;
    scene.in_the_middle().await;
    scorer.stop().await.unwrap();
    lock.rollback().await.unwrap();
    scene.is_untouched(cycle).await;
}
