//! Links that break, nodes that are away, states that are gone.

use crate::{
    proxy::{Mode, Proxy},
    subnet::{NETUID, client, hasty, hotkey, start},
};
use kinitro_chain::{Error, Hash};
use std::time::{Duration, Instant};
use tokio::{io::AsyncWriteExt as _, net::TcpListener, time::timeout};

/// In the middle of a list of 200 hotkeys.
const MIDDLE: usize = 12_000;

#[tokio::test]
async fn a_read_outlives_a_link_cut_for_ten_seconds() {
    let node = start(200).await;
    let link = Proxy::to(node.address()).await;
    let chain = client(&link.url());
    let before = chain.head().await.unwrap();

    link.after(MIDDLE, Mode::Cut);
    let mut reading = tokio::spawn({
        let chain = chain.clone();
        async move { chain.snapshot(NETUID).await }
    });
    link.changed().await;
    node.new_block().await.unwrap();
    let ended = timeout(Duration::from_secs(10), &mut reading).await;
    assert!(ended.is_err(), "it ended over a link that was cut: {ended:?}");
    link.set(Mode::Open);

    let snapshot = reading.await.unwrap().unwrap();
    assert_eq!((snapshot.neurons.len(), snapshot.commitments.len()), (202, 200));
    assert_eq!(
        snapshot.block.0,
        before.number.0 + 1,
        "it starts over at the newest block"
    );
}

#[tokio::test]
async fn a_link_that_stays_cut_is_unreachable_and_then_works_again_by_itself() {
    let node = start(200).await;
    let link = Proxy::to(node.address()).await;
    let chain = hasty(&link.url());
    chain.head().await.unwrap();

    link.after(MIDDLE, Mode::Cut);
    let error = chain.snapshot(NETUID).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");
    assert!(error.is_passing());
    let error = chain.head().await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");

    link.set(Mode::Open);
    assert_eq!(chain.snapshot(NETUID).await.unwrap().commitments.len(), 200);
}

#[tokio::test]
async fn a_link_that_says_nothing_ends_within_the_deadline() {
    let node = start(200).await;
    let link = Proxy::to(node.address()).await;
    let chain = hasty(&link.url());
    chain.head().await.unwrap();

    link.after(MIDDLE, Mode::Held);
    let begun = Instant::now();
    let error = chain.snapshot(NETUID).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");
    assert!(begun.elapsed() < Duration::from_secs(6), "{:?}", begun.elapsed());

    link.set(Mode::Open);
    assert_eq!(chain.snapshot(NETUID).await.unwrap().commitments.len(), 200);
}

#[tokio::test]
async fn a_node_that_is_away_is_said_soon() {
    let node = start(0).await;
    let url = node.url();
    node.stop().await;
    let begun = Instant::now();
    let error = client(&url).snapshot(NETUID).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");
    assert!(error.to_string().contains(&url), "{error}");
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_server_that_is_no_node_is_unreachable() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            drop(
                stream
                    .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello")
                    .await,
            );
        }
    });
    let error = hasty(&url).head().await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");
}

#[tokio::test]
async fn a_block_pruned_under_a_read_is_said() {
    let node = start(200).await;
    let link = Proxy::to(node.address()).await;
    let chain = client(&link.url());
    let pinned = chain.head().await.unwrap();

    link.after(MIDDLE, Mode::Held);
    let reading = tokio::spawn({
        let chain = chain.clone();
        async move { chain.snapshot(NETUID).await }
    });
    link.changed().await;
    let head = node.new_block().await.unwrap();
    node.prune(head.number);
    link.set(Mode::Open);

    let error = reading.await.unwrap().unwrap_err();
    assert!(
        matches!(error, Error::Pruned { block } if block == pinned.hash),
        "{error:?}"
    );
    assert!(error.is_passing());
    assert!(error.hint().unwrap().contains("archive"));
    let snapshot = chain.snapshot(NETUID).await.unwrap();
    assert_eq!(snapshot.block_hash, Hash(head.hash.0));
}

#[tokio::test]
async fn calls_share_one_client() {
    let node = start(20).await;
    let chain = client(&node.url());
    let calls: Vec<_> = (0..16)
        .map(|_| {
            let chain = chain.clone();
            tokio::spawn(async move { chain.snapshot(NETUID).await })
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.unwrap().unwrap().commitments.len(), 20);
    }
    let terms = chain.terms(NETUID, &hotkey("//validator")).await.unwrap();
    assert_eq!(terms.neurons.len(), 22);
}
