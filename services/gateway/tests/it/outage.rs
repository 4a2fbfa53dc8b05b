//! What is left when PostgreSQL is away, and what comes back with it.

use crate::{
    bundle::{self, Bundle},
    client::Gateway,
    ledger,
};
use kinitro_harness::Postgres;
use serde_json::json;

#[tokio::test]
async fn the_last_weights_outlive_postgresql() {
    let mut cluster = Postgres::private().await;
    ledger::settled(&ledger::migrated(&cluster.url()).await).await;
    let gateway = Gateway::ready(&cluster.url()).await;
    let fresh = gateway.get("/v1/weights/latest").await;
    assert_eq!(fresh.json()["stale"], false);

    cluster.stop();
    let stale = gateway
        .until("/v1/weights/latest", |answer| answer.json()["stale"] == true)
        .await;
    assert_eq!(stale.status, 200);
    assert_eq!(stale.json()["weights"], fresh.json()["weights"]);
    assert!(stale.header("age").is_some());
    assert_eq!(stale.header("cache-control"), Some("no-cache"));
    assert_ne!(stale.header("etag"), fresh.header("etag"));
    assert_eq!(gateway.get("/v1/weights/1000").await.status, 200);
    let scores = gateway.get("/v1/scores/latest").await;
    assert_eq!((scores.status, &scores.json()["stale"]), (200, &json!(true)));

    for path in [
        "/v1/status",
        "/v1/miners",
        "/v1/environments",
        "/v1/tasks/stats",
        "/v1/scores/1",
        "/v1/weights/5",
        "/v1/cycles",
        "/v1/cycles/1",
        "/v1/cycles/2/weights",
        "/v1/cycles/1/evidence",
    ] {
        let answer = gateway.get(path).await;
        assert_eq!(answer.status, 503, "{path}: {}", answer.text);
        assert!(
            answer.header("retry-after").unwrap().parse::<u64>().is_ok(),
            "{path}"
        );
        assert_eq!(
            answer.header("content-type"),
            Some("application/problem+json"),
            "{path}"
        );
    }
    let ready = gateway.get("/ready").await;
    assert_eq!((ready.status, &ready.json()["ready"]), (503, &json!(false)));
    assert!(ready.json()["missing"]["postgres"].is_string());
    let health = gateway.get("/health").await;
    assert_eq!(
        (health.status, &health.json()["database"]),
        (200, &json!("disconnected"))
    );
    assert!(
        gateway
            .get("/metrics")
            .await
            .text
            .contains("kinitro_eval_cycles_total{state=\"settled\"} 1")
    );

    cluster.start_again().await;
    let again = gateway
        .until("/v1/weights/latest", |answer| answer.json()["stale"] == false)
        .await;
    assert_eq!(again.text, fresh.text);
    gateway.until("/v1/status", |answer| answer.status == 200).await;
    gateway.stop().await;
}

#[tokio::test]
async fn what_weights_are_checked_by_outlives_postgresql_too() {
    let mut cluster = Postgres::private().await;
    let store = ledger::migrated(&cluster.url()).await;
    let evidence = Bundle {
        keys: vec![bundle::key(&store, 1).await],
        ..Bundle::default()
    };
    let cycle = ledger::next_running(&store, 1000, 5, 62).await;
    ledger::settle_with(&store, cycle, 5, &evidence).await;
    let gateway = Gateway::ready(&cluster.url()).await;
    let paths = ["/v1/cycles/1/weights", "/v1/keys"];
    let mut fresh = Vec::new();
    for path in paths {
        fresh.push(gateway.get(path).await);
    }
    assert_eq!(fresh[0].json()["signed"]["document"], bundle::document());
    assert_eq!(fresh[1].json()["keys"][0]["documents"], 1);

    cluster.stop();
    gateway
        .until("/v1/weights/latest", |answer| answer.json()["stale"] == true)
        .await;
    for (path, fresh) in paths.into_iter().zip(&fresh) {
        let kept = gateway.get(path).await;
        assert_eq!((kept.status, &kept.text), (200, &fresh.text), "{path}");
        for header in ["kinitro-document-sha256", "kinitro-signature", "etag"] {
            assert_eq!(kept.header(header), fresh.header(header), "{path}");
        }
    }
    let latest = gateway.get("/v1/weights/latest").await;
    assert_eq!(latest.json()["signed"], fresh[0].json()["signed"]);
    assert_eq!(
        latest.header("kinitro-signature"),
        fresh[0].header("kinitro-signature")
    );
    let keys = gateway.get("/v1/keys").await;
    assert_eq!(fresh[1].header("cache-control"), Some("public, max-age=5"));
    assert_eq!(keys.header("cache-control"), Some("no-cache"));
    assert!(keys.header("age").is_some());
    gateway.stop().await;
}

#[tokio::test]
async fn a_gateway_that_starts_without_postgresql_waits_for_it() {
    let mut cluster = Postgres::private().await;
    ledger::settled(&ledger::migrated(&cluster.url()).await).await;
    cluster.stop();
    let gateway = Gateway::start(&cluster.url()).await;
    assert_eq!(gateway.get("/v1/weights/latest").await.status, 503);
    assert_eq!(gateway.get("/v1/keys").await.status, 503);
    assert_eq!(gateway.get("/ready").await.status, 503);
    cluster.start_again().await;
    let weights = gateway
        .until("/v1/weights/latest", |answer| answer.status == 200)
        .await;
    assert_eq!(weights.json()["stale"], false);
    gateway.stop().await;
}

#[tokio::test]
async fn a_ledger_without_its_schema_is_away() {
    let database = Postgres::database().await;
    let gateway = Gateway::start(&database.url()).await;
    gateway.until("/ready", |answer| answer.status == 503).await;
    gateway.until("/v1/miners", |answer| answer.status == 503).await;
    ledger::migrated(&database.url()).await;
    gateway.until("/v1/miners", |answer| answer.status == 200).await;
    gateway.stop().await;
}
