use crate::ledger::Ledger;
use kinitro_harness::Postgres;
use kinitro_store::{DatabaseUrl, Error, MigrationState, Store, create_database, drop_database};

async fn states(ledger: &Ledger) -> Vec<MigrationState> {
    ledger
        .store
        .migration_status()
        .await
        .unwrap()
        .iter()
        .map(|migration| migration.state)
        .collect()
}

#[tokio::test]
async fn migrating_is_safe_to_repeat_and_to_do_at_once() {
    let ledger = Ledger::bare().await;
    let pending = states(&ledger).await;
    assert!(pending.len() >= 7 && pending.iter().all(|state| *state == MigrationState::Pending));
    let (first, second) = tokio::join!(ledger.store.migrate(), ledger.store.migrate());
    first.unwrap();
    second.unwrap();
    ledger.store.migrate().await.unwrap();
    assert!(
        states(&ledger)
            .await
            .iter()
            .all(|state| *state == MigrationState::Applied)
    );
    let list = ledger.store.migration_status().await.unwrap();
    assert_eq!((list[0].version, list[0].description.as_str()), (1, "cycles"));
}

#[tokio::test]
async fn a_changed_or_unknown_migration_is_seen_and_refused() {
    let ledger = Ledger::new().await;
    ledger
        .run("UPDATE _sqlx_migrations SET checksum = '\\x00' WHERE version = 2")
        .await;
    assert_eq!(states(&ledger).await[1], MigrationState::Changed);
    let error = ledger.store.migrate().await.unwrap_err();
    assert!(
        matches!(error, Error::Migrate { .. }) && !error.is_passing(),
        "{error:?}"
    );
    ledger
        .run("UPDATE _sqlx_migrations SET version = 9000 WHERE version = 2")
        .await;
    let states = states(&ledger).await;
    assert_eq!(
        (states[1], *states.last().unwrap()),
        (MigrationState::Pending, MigrationState::Unknown)
    );
    ledger.store.migrate().await.unwrap_err();
}

#[tokio::test]
async fn a_database_is_created_and_dropped_once_even_while_in_use() {
    let base = Postgres::database().await;
    let url: DatabaseUrl = format!("{}\"-x", base.url()).parse().unwrap();
    assert!(
        url.database().ends_with("\"-x"),
        "a name that needs quotes: {}",
        url.database()
    );
    assert!(create_database(&url).await.unwrap());
    assert!(!create_database(&url).await.unwrap());
    let store = Store::connect(&url, 1);
    store.migrate().await.unwrap();
    store.migration_status().await.unwrap();
    assert!(drop_database(&url).await.unwrap(), "sessions are ended");
    assert!(!drop_database(&url).await.unwrap());
    assert!(
        store
            .status()
            .await
            .unwrap_err()
            .to_string()
            .starts_with("could not ")
    );
}

#[tokio::test]
async fn a_database_that_is_away_is_a_passing_error_and_comes_back() {
    let mut cluster = Postgres::private().await;
    let url: DatabaseUrl = cluster.url().parse().unwrap();
    let store = Store::connect(&url, 2);
    store.migrate().await.unwrap();
    cluster.stop();
    let started = std::time::Instant::now();
    assert!(store.counts().await.unwrap_err().is_passing());
    assert!(started.elapsed().as_secs() < 10);
    let error = create_database(&url).await.unwrap_err();
    assert!(
        matches!(error, Error::Connect { .. }) && error.is_passing(),
        "{error:?}"
    );
    assert!(store.migrate().await.unwrap_err().is_passing());
    cluster.start_again().await;
    store.counts().await.unwrap();
}
