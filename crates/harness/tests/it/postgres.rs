use kinitro_harness::Postgres;
use std::{process::Command, time::Instant};

/// The rows of a query, by PostgreSQL's own client; its error as the error.
fn query(url: &str, sql: &str) -> Result<String, String> {
    let output = Command::new("psql")
        .args(["-AtX", "-d", url, "-c", sql])
        .output()
        .unwrap();
    if output.status.success() {
        Ok(String::from_utf8(output.stdout).unwrap().trim().to_owned())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

#[tokio::test]
async fn databases_are_empty_separate_and_gone_with_their_handles() {
    let (first, second) = tokio::join!(Postgres::database(), Postgres::database());
    query(&first.url(), "CREATE TABLE t (x int)").unwrap();
    assert!(
        query(&second.url(), "SELECT * FROM t")
            .unwrap_err()
            .contains("does not exist")
    );
    let url = first.url();
    drop(first);
    assert!(query(&url, "SELECT 1").unwrap_err().contains("does not exist"));
}

#[tokio::test]
async fn a_dump_restores_a_database_beside_the_first() {
    let first = Postgres::database().await;
    query(&first.url(), "CREATE TABLE t AS SELECT 7 AS x").unwrap();
    let second = first.restored().await;
    query(&first.url(), "DELETE FROM t").unwrap();
    assert_eq!(query(&second.url(), "SELECT x FROM t").unwrap(), "7");
}

#[tokio::test]
async fn a_private_cluster_recovers_what_was_committed() {
    let begin = Instant::now();
    let mut cluster = Postgres::private().await;
    let url = cluster.url();
    assert!(begin.elapsed().as_secs() < 60);
    query(&url, "CREATE TABLE t (x int)").unwrap();
    query(&url, "CHECKPOINT").unwrap();
    query(&url, "INSERT INTO t SELECT generate_series(1, 1000)").unwrap();
    cluster.restart().await;
    assert_eq!(query(&url, "SELECT count(*) FROM t").unwrap(), "1000");

    cluster.stop();
    assert!(query(&url, "SELECT 1").unwrap_err().contains("refused"));
    cluster.start_again().await;
    assert_eq!(query(&url, "SELECT count(*) FROM t").unwrap(), "1000");
}
