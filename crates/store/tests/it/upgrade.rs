//! What a ledger of an earlier version still says after it was brought up to date.

use crate::ledger::{Ledger, new_cycle, new_tasks, settle, settled};
use kinitro_proto::Uid;
use sqlx::{Connection, PgConnection, migrate::Migrator};

static MIGRATOR: Migrator = sqlx::migrate!("../../migrations");

/// The last migration of the version that had no documents.
const UNDOCUMENTED: i64 = 9;

#[tokio::test]
async fn a_cycle_that_settled_before_there_were_documents_keeps_its_weights_and_has_none() {
    let ledger = Ledger::bare().await;
    let mut connection = PgConnection::connect_with(&ledger.sql.connect_options())
        .await
        .unwrap();
    MIGRATOR
        .run_direct(Some(UNDOCUMENTED), &mut connection, false)
        .await
        .unwrap();
    connection.close().await.unwrap();
    let new = new_cycle(2, 1);
    let old = ledger
        .store
        .open_cycle(&new, new_tasks(&new))
        .await
        .unwrap()
        .unwrap();
    // As that version settled.
    let statements = "BEGIN; \
        UPDATE tasks SET state = 'cancelled', finished_at = now(); \
        UPDATE cycles SET state = 'settled', running_at = now(), finished_at = now(); \
        INSERT INTO scores (cycle_id, uid, environment, success_rate, mean_reward, episodes, successes, miner_faults) \
            SELECT cycle_id, uid, environment, 0.5, 1, 2, 1, 0 FROM tasks; \
        INSERT INTO weights (cycle_id, block_number, uids, weights, weights_u16, points, frontier, epsilons) \
            SELECT id, block_number, '{0,1}', '{0.25,0.75}', '{16383,49151}', '{0,4}', '{1}', '{0.2,0.1}' FROM cycles; \
        COMMIT";
    sqlx::raw_sql(statements).execute(&ledger.sql).await.unwrap();

    ledger.store.migrate().await.unwrap();
    let weights = ledger.store.weights_of(old).await.unwrap().unwrap();
    assert_eq!(
        (weights.signed, weights.stability, weights.replicates),
        (None, None, 0)
    );
    assert_eq!(
        (weights.weights, weights.frontier),
        (vec![0.25, 0.75], vec![Uid(1)])
    );
    let scores = ledger.store.scores(old).await.unwrap();
    assert_eq!(scores.len(), 4);
    assert!(
        scores
            .iter()
            .all(|score| (score.success_low, score.success_high) == (None, None))
    );
    assert_eq!(ledger.store.cycle(old).await.unwrap().unwrap().digests, None);
    assert_eq!(
        ledger.store.leaderboard(old).await.unwrap().unwrap().rows.len(),
        2
    );
    assert_eq!(ledger.store.bundle_chunk(old, 0).await.unwrap(), None);

    // It can be dumped and restored, and the next cycle has what it has not.
    let restored = ledger.restored().await;
    let next = restored.open_next(17).await;
    restored.pass_deadline(next).await;
    let settlement = restored.store.begin_settle(next).await.unwrap().unwrap();
    settle(settlement, &settled()).await.unwrap();
    assert!(
        restored
            .store
            .weights_of(next)
            .await
            .unwrap()
            .unwrap()
            .signed
            .is_some()
    );
    assert_eq!(
        restored.store.weights_of(old).await.unwrap().unwrap().signed,
        None
    );
}
