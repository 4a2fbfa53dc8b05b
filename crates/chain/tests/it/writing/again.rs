//! The same extrinsic sent more than once, or never seen again: it is included once, or never.

use super::{SOON, prepared, row, still, terms};
use crate::{
    proxy::{Mode, Proxy},
    subnet::{NETUID, client, hotkey, options},
};
use kinitro_chain::{Chain, Error, Inclusion, Limits, Prepared, Result};
use kinitro_devchain::Devchain;
use kinitro_harness::eventually;
use std::time::Duration;
use tokio::task::JoinHandle;

/// A client that does not wait long for finality.
fn impatient(url: &str) -> Chain {
    let limits = Limits {
        finality: Duration::from_secs(1),
        ..Limits::default()
    };
    Chain::with_limits(url.parse().unwrap(), limits)
}

fn submit(chain: &Chain, prepared: &Prepared) -> JoinHandle<Result<Inclusion>> {
    let (chain, prepared) = (chain.clone(), prepared.clone());
    tokio::spawn(async move { chain.submit(&prepared).await })
}

async fn taken(node: &Devchain, count: usize) {
    eventually(SOON, "the pool takes it", async || {
        (node.waiting() == count).then_some(())
    })
    .await;
}

#[tokio::test]
async fn sent_twice_at_once_it_is_included_once() {
    let node = still().await;
    let (one, other) = (client(&node.url()), client(&node.url()));
    let prepared = prepared(&one, &[1, 2]).await;
    let (first, second) = (submit(&one, &prepared), submit(&other, &prepared));
    taken(&node, 1).await;
    node.new_block().await.unwrap();
    let (first, second) = (first.await.unwrap().unwrap(), second.await.unwrap().unwrap());
    assert_eq!(first, second);
    assert_eq!(one.nonce(&hotkey("//validator")).await.unwrap(), 1);
}

#[tokio::test]
async fn sent_again_after_a_restart_it_is_found() {
    let node = still().await;
    let chain = client(&node.url());
    let kept = serde_json::to_string(&prepared(&chain, &[1, 2]).await).unwrap();
    let first = submit(&chain, &serde_json::from_str(&kept).unwrap());
    taken(&node, 1).await;
    // Killed before it knew.
    first.abort();
    node.new_blocks(7).await.unwrap();

    let chain = client(&node.url());
    let prepared: Prepared = serde_json::from_str(&kept).unwrap();
    let included = chain.submit(&prepared).await.unwrap();
    assert_eq!(included.block.0, prepared.signed_at.0 + 1);
    assert_eq!(chain.submit(&prepared).await.unwrap(), included);
    node.new_blocks(70).await.unwrap();
    assert_eq!(
        chain.submit(&prepared).await.unwrap(),
        included,
        "long after it expired"
    );
    assert_eq!(chain.nonce(&hotkey("//validator")).await.unwrap(), 1);
}

#[tokio::test]
async fn of_two_with_one_nonce_one_is_included() {
    let node = still().await;
    let chain = client(&node.url());
    let (one, other) = (prepared(&chain, &[1, 2]).await, prepared(&chain, &[2, 1]).await);
    assert_eq!((one.nonce, one.nonce), (other.nonce, 0));
    let first = submit(&chain, &one);
    taken(&node, 1).await;
    let second = submit(&chain, &other);
    node.new_blocks(2).await.unwrap();
    first.await.unwrap().unwrap();
    let error = second.await.unwrap().unwrap_err();
    assert!(matches!(error, Error::NonceUsed { nonce: 0 }), "{error:?}");
    assert_eq!(row(&chain).await, Some(vec![(2, 32_768), (3, 65_535)]));
    assert_eq!(node.waiting(), 0);
}

#[tokio::test]
async fn the_pools_own_count_of_nonces_is_not_asked() {
    let node = still().await;
    let chain = client(&node.url());
    let one = prepared(&chain, &[1, 2]).await;
    let first = submit(&chain, &one);
    taken(&node, 1).await;
    assert_eq!(prepared(&chain, &[1, 2]).await.nonce, one.nonce);
    node.new_block().await.unwrap();
    first.await.unwrap().unwrap();
    assert_eq!(prepared(&chain, &[1, 2]).await.nonce, one.nonce + 1);
}

#[tokio::test]
async fn what_waits_too_long_expires() {
    let node = still().await;
    let chain = client(&node.url());
    let prepared = prepared(&chain, &[1, 2]).await;
    node.hold_transactions(true);
    let waiting = submit(&chain, &prepared);
    taken(&node, 1).await;
    node.new_blocks(64).await.unwrap();
    let error = waiting.await.unwrap().unwrap_err();
    assert!(
        matches!(error, Error::Expired { at } if at == prepared.expires_at),
        "{error:?}"
    );
    node.hold_transactions(false);
    node.new_blocks(2).await.unwrap();
    let error = chain.submit(&prepared).await.unwrap_err();
    assert!(matches!(error, Error::Expired { .. }), "{error:?}");
    assert_eq!(
        (
            row(&chain).await,
            chain.nonce(&hotkey("//validator")).await.unwrap()
        ),
        (None, 0)
    );
}

#[tokio::test]
async fn the_last_block_of_its_life_still_takes_it() {
    let node = still().await;
    let chain = client(&node.url());
    let prepared = prepared(&chain, &[1, 2]).await;
    node.new_blocks(62).await.unwrap();
    let sent = submit(&chain, &prepared);
    taken(&node, 1).await;
    node.new_block().await.unwrap();
    assert_eq!(sent.await.unwrap().unwrap().block.0 + 1, prepared.expires_at.0);
}

#[tokio::test]
async fn undecided_is_not_lost() {
    let node = still().await;
    let chain = impatient(&node.url());
    let prepared = prepared(&chain, &[1, 2]).await;
    let error = chain.submit(&prepared).await.unwrap_err();
    assert!(
        matches!(error, Error::Undecided { extrinsic } if extrinsic == prepared.hash),
        "{error:?}"
    );
    assert!(error.is_passing());
    node.new_block().await.unwrap();
    chain.submit(&prepared).await.unwrap();
}

#[tokio::test]
async fn a_link_cut_while_it_is_under_way_does_not_matter() {
    let node = still().await;
    let link = Proxy::to(node.address()).await;
    let chain = client(&link.url());
    let prepared = prepared(&chain, &[1, 2]).await;
    let sent = submit(&chain, &prepared);
    taken(&node, 1).await;
    link.set(Mode::Cut);
    node.new_blocks(3).await.unwrap();
    link.set(Mode::Open);
    let included = sent.await.unwrap().unwrap();
    assert_eq!(included.block.0, prepared.signed_at.0 + 1);
    assert_eq!(chain.nonce(&hotkey("//validator")).await.unwrap(), 1);
}

#[tokio::test]
async fn a_link_cut_before_it_was_sent_is_said() {
    let node = still().await;
    let link = Proxy::to(node.address()).await;
    let chain = client(&link.url());
    let prepared = prepared(&chain, &[1, 2]).await;
    link.set(Mode::Cut);
    let chain = crate::subnet::hasty(&link.url());
    let error = chain.submit(&prepared).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");
    assert_eq!(node.waiting(), 0);
}

#[tokio::test]
async fn on_another_chain_it_is_not_sent() {
    let first = still().await;
    let old = client(&first.url());
    let prepared = prepared(&old, &[1, 2]).await;
    let known = terms(&old).await;
    let second = Devchain::start(options(3)).await.unwrap();
    let chain = client(&second.url());
    let error = chain.submit(&prepared).await.unwrap_err();
    assert!(
        matches!(error, Error::OtherGenesis { was, is } if was == known.genesis && is != was),
        "{error:?}"
    );
    let weights = super::on_miners(&[1, 2]);
    let signer = super::signer("//validator");
    let error = chain
        .prepare_weights(&signer, NETUID, &weights, 0, &known)
        .await
        .unwrap_err();
    assert!(matches!(error, Error::OtherGenesis { .. }), "{error:?}");
    assert_eq!(second.waiting(), 0);
}
