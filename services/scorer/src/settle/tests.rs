use super::*;
use kinitro_harness::{Postgres, eventually};
use kinitro_proto::{BlockNumber, Environment, TaskId, Uid};
use kinitro_store::{NewCycle, NewMiner, NewTask, Secret, Store};
use tokio::sync::oneshot;

const SOON: Duration = Duration::from_secs(30);

/// A cycle with one task, past its deadline.
async fn cycle(store: &Store) -> CycleId {
    let environment: Environment = "metaworld/push-v3".parse().unwrap();
    let secret = [7; 32];
    let cycle = NewCycle {
        netuid: 1,
        interval: Duration::from_secs(1_000_000_000),
        timeout: Duration::from_millis(1),
        block_number: BlockNumber(1),
        block_hash: None,
        secret: Secret(secret),
        secret_hash: kinitro_audit::commitment(&secret),
        episodes_per_environment: 1,
        environments: vec![environment.clone()],
        strategy: "pareto-subset".to_owned(),
        settings: serde_json::json!({}),
        code_version: "0.1.0".to_owned(),
        miners: vec![NewMiner {
            uid: Uid(1),
            hotkey: "5A".parse().unwrap(),
            commit_block: None,
            endpoint: "https://a.example".to_owned(),
            repo: None,
            revision: None,
        }],
    };
    let task = NewTask {
        id: TaskId::now(),
        uid: Uid(1),
        environment: environment.clone(),
        episode: 0,
        seed: kinitro_audit::seed(&secret, &environment, 0),
    };
    store.open_cycle(&cycle, [task]).await.unwrap().unwrap()
}

#[tokio::test]
async fn the_ledger_hears_from_who_judges_and_ends_work_for_nothing() {
    let database = Postgres::database().await;
    let store = Store::connect(&database.url().parse().unwrap(), 2);
    store.migrate().await.unwrap();
    let cycle = cycle(&store).await;
    let settlement = eventually(SOON, "a cycle past its deadline", async || {
        store.begin_settle(cycle).await.unwrap()
    });
    let mut settlement = settlement.await;
    let every = Duration::from_millis(5);

    // Work that ends is what comes of it, however often the ledger was told.
    let (done, work) = oneshot::channel();
    let telling = async {
        let sql = sqlx::PgPool::connect(&database.url()).await.unwrap();
        let told = "SELECT count(*) FROM pg_stat_activity \
                    WHERE datname = current_database() AND xact_start IS NOT NULL AND query = 'SELECT 1'";
        eventually(SOON, "a word to the ledger", async || {
            let told: i64 = sqlx::query_scalar(told).fetch_one(&sql).await.unwrap();
            told > 0
        })
        .await;
        done.send(42).unwrap();
        sql
    };
    let (answer, sql) = tokio::join!(heard(&mut settlement, every, work), telling);
    assert_eq!(answer.unwrap(), Ok(42));

    // Work for a cycle that was given up on is not waited for.
    let given_up = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
                    WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL";
    let given_up: i64 = sqlx::query_scalar(given_up).fetch_one(&sql).await.unwrap();
    assert_eq!(given_up, 1);
    let never = std::future::pending::<()>();
    let error = timeout(SOON, heard(&mut settlement, every, never))
        .await
        .unwrap()
        .unwrap_err();
    assert!(error.is_passing(), "{error:?}");
}
