//! What a client that means harm, or is merely slow, can and cannot do; and how fast the newest weights are.

use crate::{
    client::{Gateway, PATIENCE},
    ledger,
};
use kinitro_harness::Postgres;
use reqwest::Method;
use std::time::{Duration, Instant};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, tcp::OwnedWriteHalf},
    time::{interval, timeout},
};

/// No server listens there.
const NOWHERE: &str = "postgresql://postgres@127.0.0.1:1/none";

#[tokio::test]
async fn a_client_that_drips_its_head_is_cut() {
    let gateway = Gateway::start_with(NOWHERE, &["--header-timeout-seconds", "1"]).await;
    let (mut read, write) = TcpStream::connect(gateway.address).await.unwrap().into_split();
    let start = Instant::now();
    let dripping = tokio::spawn(drip(write));
    let mut answer = Vec::new();
    // A reset is as good as an end.
    let ended = timeout(PATIENCE, read.read_to_end(&mut answer)).await;
    assert!(ended.is_ok(), "still open");
    assert!(
        start.elapsed() >= Duration::from_millis(900),
        "{:?}",
        start.elapsed()
    );
    assert!(!String::from_utf8_lossy(&answer).contains("200"));
    timeout(PATIENCE, dripping).await.unwrap().unwrap();
    gateway.stop().await;
}

/// Sends a head that never ends, until it is refused.
async fn drip(mut write: OwnedWriteHalf) -> std::io::Error {
    let mut beat = interval(Duration::from_millis(100));
    let mut text: &[u8] = b"GET /health HTTP/1.1\r\nHost: x\r\nX-Slow: ";
    loop {
        if let Err(error) = write.write_all(text).await {
            return error;
        }
        text = b"a";
        beat.tick().await;
    }
}

#[tokio::test]
async fn a_silent_connection_is_cut_and_makes_room_for_the_next() {
    let flags = ["--header-timeout-seconds", "1", "--max-connections", "2"];
    let gateway = Gateway::start_with(NOWHERE, &flags).await;
    let mut silent = Vec::new();
    for _ in 0..2 {
        silent.push(TcpStream::connect(gateway.address).await.unwrap());
    }
    let start = Instant::now();
    assert_eq!(
        timeout(PATIENCE, gateway.get("/health")).await.unwrap().status,
        200
    );
    assert!(
        start.elapsed() >= Duration::from_millis(500),
        "the third waited for room: {:?}",
        start.elapsed()
    );
    for mut stream in silent {
        let mut rest = Vec::new();
        let ended = timeout(PATIENCE, stream.read_to_end(&mut rest)).await;
        assert!(ended.is_ok(), "still open");
    }
    gateway.stop().await;
}

#[tokio::test]
async fn heads_and_bodies_have_a_limit() {
    let gateway = Gateway::start(NOWHERE).await;
    let large = "x".repeat(70_000);
    let body = gateway.send(Method::GET, "/health", &[], large.clone()).await;
    assert_eq!(body.status, 413);
    assert_eq!(body.header("content-type"), Some("application/problem+json"));
    let head = gateway
        .send(Method::GET, "/health", &[("x-large", &large)], String::new())
        .await;
    assert_eq!(head.status, 431);
    gateway.stop().await;
}

#[tokio::test]
async fn a_shutdown_ends_idle_connections_at_once() {
    let gateway = Gateway::start(NOWHERE).await;
    assert_eq!(gateway.get("/health").await.status, 200);
    let start = Instant::now();
    gateway.stop().await;
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}

#[tokio::test]
#[expect(clippy::print_stderr, reason = "the figure is for whoever runs the test")]
async fn the_newest_weights_come_from_memory() {
    let database = Postgres::database().await;
    ledger::settled(&ledger::migrated(&database.url()).await).await;
    let gateway = Gateway::ready(&database.url()).await;
    let mut times = Vec::new();
    for _ in 0..500 {
        let start = Instant::now();
        assert_eq!(gateway.get("/v1/weights/latest").await.status, 200);
        times.push(start.elapsed());
    }
    times.sort();
    let (middle, late) = (times[times.len() / 2], times[times.len() * 99 / 100]);
    eprintln!("GET /v1/weights/latest, one client, 500 in a row: p50 {middle:?}, p99 {late:?}");
    assert!(middle < Duration::from_millis(50), "{middle:?}");
    gateway.stop().await;
}
