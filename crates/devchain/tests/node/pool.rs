//! What becomes of a transaction.

use crate::client::{Client, Signing, commit, data, next, weights};
use kinitro_devchain::{Blocks, Devchain, Options, Setting, account};
use serde_json::json;
use sp_core::{Bytes, crypto::Ss58Codec};
use std::time::{Duration, Instant};

async fn chain(blocks: Blocks) -> (Devchain, Client) {
    let chain = Devchain::start(Options::default().blocks(blocks).seed_miners(3))
        .await
        .unwrap();
    let client = Client::new(&chain).await;
    (chain, client)
}

fn commitment(client: &Client, nonce: u32) -> Bytes {
    client.sign("//miner-0", Signing::nonce(nonce), commit("https://one.example"))
}

#[tokio::test]
async fn a_watched_transaction_is_ready_then_in_a_block_then_final() {
    let (chain, client) = chain(Blocks::OnTransaction).await;
    let mut statuses = client.watch(&commitment(&client, 0)).await.unwrap();
    assert_eq!(next(&mut statuses).await, json!("ready"));
    let included = next(&mut statuses).await;
    let head = json!(chain.head().hash);
    assert_eq!(included, json!({ "inBlock": head }));
    assert_eq!(next(&mut statuses).await, json!({ "finalized": head }));
    let block = client.call("chain_getBlock", json!([head])).await.unwrap();
    assert_eq!(block["block"]["extrinsics"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn timed_blocks_take_what_waits() {
    let (_chain, client) = chain(Blocks::Every(Duration::from_millis(100))).await;
    let mut statuses = client.watch(&commitment(&client, 0)).await.unwrap();
    assert_eq!(next(&mut statuses).await, json!("ready"));
    assert!(next(&mut statuses).await.get("inBlock").is_some());
}

#[tokio::test]
async fn later_nonces_wait_for_earlier_ones() {
    let (chain, client) = chain(Blocks::OnTransaction).await;
    let mut second = client.watch(&commitment(&client, 1)).await.unwrap();
    assert_eq!(next(&mut second).await, json!("future"));
    assert_eq!(chain.head().number, 0);
    client.submit(&commitment(&client, 0)).await.unwrap();
    assert_eq!(next(&mut second).await, json!("ready"));
    assert!(next(&mut second).await.get("inBlock").is_some());
}

#[tokio::test]
async fn nonces_count_what_waits() {
    let (chain, client) = chain(Blocks::Manual).await;
    let miner = account("//miner-0").to_ss58check();
    let index = async || {
        client
            .call("system_accountNextIndex", json!([miner]))
            .await
            .unwrap()
    };
    for nonce in 0..3 {
        assert_eq!(index().await, json!(nonce));
        client.submit(&commitment(&client, nonce)).await.unwrap();
    }
    assert_eq!(chain.waiting(), 3);
    let waiting = client.call("author_pendingExtrinsics", json!([])).await.unwrap();
    assert_eq!(waiting.as_array().unwrap().len(), 3);
    chain.new_block().await.unwrap();
    assert_eq!((chain.waiting(), index().await), (0, json!(3)));
}

#[tokio::test]
async fn the_same_bytes_are_taken_once_and_then_banned() {
    let (chain, client) = chain(Blocks::Manual).await;
    let extrinsic = commitment(&client, 0);
    client.submit(&extrinsic).await.unwrap();
    assert_eq!(client.submit(&extrinsic).await.unwrap_err().code(), 1013);
    chain.new_block().await.unwrap();
    assert_eq!(client.submit(&extrinsic).await.unwrap_err().code(), 1012);
}

#[tokio::test]
async fn the_same_nonce_replaces_only_for_a_higher_tip() {
    let (chain, client) = chain(Blocks::Manual).await;
    let transfer = |tip| {
        let call = pallet_balances::Call::transfer_keep_alive {
            dest: account("//Bob").into(),
            value: 1_000,
        };
        client.sign(
            "//Alice",
            Signing {
                tip,
                ..Signing::nonce(0)
            },
            call,
        )
    };
    let mut cheap = client.watch(&transfer(0)).await.unwrap();
    assert_eq!(next(&mut cheap).await, json!("ready"));
    let refused = client.submit(&transfer(0)).await.unwrap_err();
    assert_eq!(refused.code(), 1014);
    assert!(refused.message().starts_with("Priority is too low"), "{refused}");
    let dear = client.submit(&transfer(1_000_000)).await.unwrap();
    assert_eq!(next(&mut cheap).await, json!({ "usurped": dear }));
    chain.new_block().await.unwrap();
    assert_eq!(chain.waiting(), 0);
}

#[tokio::test]
async fn what_the_runtime_refuses_is_told_in_a_real_nodes_words() {
    let (chain, client) = chain(Blocks::OnTransaction).await;
    client.watch(&commitment(&client, 0)).await.unwrap();
    chain.reached(1).await.unwrap();
    let stale = client.submit(&commitment(&client, 0)).await.unwrap_err();
    assert_eq!((stale.code(), stale.message()), (1010, "Invalid Transaction"));
    assert_eq!(data(&stale), "Transaction is outdated");

    let signing = Signing {
        spec_version: 460,
        ..Signing::nonce(1)
    };
    let bad = client
        .submit(&client.sign("//miner-0", signing, commit("x")))
        .await
        .unwrap_err();
    assert_eq!(
        (bad.code(), data(&bad).as_str()),
        (1010, "Transaction has a bad signature")
    );

    let call = pallet_balances::Call::transfer_keep_alive {
        dest: account("//Bob").into(),
        value: 1,
    };
    let poor = client
        .submit(&client.sign("//nobody", Signing::nonce(0), call))
        .await
        .unwrap_err();
    assert_eq!(poor.code(), 1010);
    assert!(data(&poor).starts_with("Inability to pay some fees"), "{poor}");

    for broken in [
        vec![],
        vec![0],
        vec![9, 9, 9],
        [commitment(&client, 1).0, vec![0]].concat(),
    ] {
        assert_eq!(client.submit(&Bytes(broken)).await.unwrap_err().code(), 1001);
    }
    let nonsense = client.submit(&Bytes(vec![12, 255, 255, 255])).await.unwrap_err();
    assert_eq!(nonsense.code(), 1002, "{nonsense}");
}

#[tokio::test]
async fn a_rate_limited_validator_is_refused_with_its_number() {
    let (chain, client) = chain(Blocks::OnTransaction).await;
    let first = client.sign("//validator", Signing::nonce(0), weights(0));
    client.submit(&first).await.unwrap();
    chain.reached(1).await.unwrap();
    chain.set(1, Setting::RateLimit(100)).await.unwrap();
    let second = client.sign("//validator", Signing::nonce(1), weights(0));
    let refused = client.submit(&second).await.unwrap_err();
    assert_eq!(
        (refused.code(), data(&refused).as_str()),
        (1010, "Custom error: 6")
    );
}

#[tokio::test]
async fn a_mortal_transaction_that_expires_leaves_the_pool() {
    let (chain, client) = chain(Blocks::Manual).await;
    let birth = chain.new_block().await.unwrap();
    chain.hold_transactions(true);
    let signing = Signing {
        mortal: Some((4, 1, birth.hash)),
        ..Signing::nonce(0)
    };
    let mut statuses = client
        .watch(&client.sign("//miner-0", signing, commit("x")))
        .await
        .unwrap();
    assert_eq!(next(&mut statuses).await, json!("ready"));
    chain.new_blocks(2).await.unwrap();
    assert_eq!(chain.waiting(), 1);
    chain.new_blocks(2).await.unwrap();
    assert_eq!(next(&mut statuses).await, json!("invalid"));
    assert_eq!(chain.waiting(), 0);
    chain.hold_transactions(false);
    chain.new_block().await.unwrap();
    let nonce = client
        .call(
            "system_accountNextIndex",
            json!([account("//miner-0").to_ss58check()]),
        )
        .await;
    assert_eq!(nonce.unwrap(), json!(0), "it was never included");
}

#[tokio::test]
async fn held_transactions_wait_until_they_are_let_go() {
    let (chain, client) = chain(Blocks::OnTransaction).await;
    chain.hold_transactions(true);
    let mut statuses = client.watch(&commitment(&client, 0)).await.unwrap();
    assert_eq!(next(&mut statuses).await, json!("ready"));
    chain.new_block().await.unwrap();
    assert_eq!(chain.waiting(), 1);
    chain.hold_transactions(false);
    assert!(next(&mut statuses).await.get("inBlock").is_some());
}

#[tokio::test]
async fn a_change_of_the_chain_can_invalidate_what_waits() {
    let (chain, client) = chain(Blocks::Manual).await;
    let mut statuses = client
        .watch(&client.sign("//validator", Signing::nonce(0), weights(0)))
        .await
        .unwrap();
    assert_eq!(next(&mut statuses).await, json!("ready"));
    chain.upgrade().await.unwrap();
    assert_eq!(
        next(&mut statuses).await,
        json!("invalid"),
        "it was signed for the old version"
    );
    assert_eq!(chain.waiting(), 0);
}

#[tokio::test]
async fn a_full_pool_drops_newcomers() {
    let mut options = Options::default().blocks(Blocks::Manual).seed_miners(3);
    options.waiting_transactions = 2;
    let chain = Devchain::start(options).await.unwrap();
    let client = Client::new(&chain).await;
    for (number, expected) in [(0, None), (1, None), (2, Some(1016))] {
        let extrinsic = client.sign(&format!("//miner-{number}"), Signing::nonce(0), commit("x"));
        let refused = client.submit(&extrinsic).await.err();
        assert_eq!(refused.map(|error| error.code()), expected);
    }
}

#[tokio::test]
async fn a_block_takes_a_whole_subnets_commitments() {
    let chain = Devchain::start(Options::default().blocks(Blocks::Manual).seed_miners(254))
        .await
        .unwrap();
    let client = Client::new(&chain).await;
    let extrinsics: Vec<_> = (0..254)
        .map(|number| {
            client.sign(
                &format!("//miner-{number}"),
                Signing::nonce(0),
                commit("https://one.example"),
            )
        })
        .collect();
    let start = Instant::now();
    for extrinsic in &extrinsics {
        client.submit(extrinsic).await.unwrap();
    }
    let submitted = start.elapsed();
    let head = chain.new_block().await.unwrap();
    assert!(
        start.elapsed().as_secs() < 30,
        "submitted in {submitted:?}, made in {:?}",
        start.elapsed() - submitted
    );
    assert_eq!(chain.waiting(), 0);
    let block = client.call("chain_getBlock", json!([head.hash])).await.unwrap();
    assert_eq!(block["block"]["extrinsics"].as_array().unwrap().len(), 255);
}
