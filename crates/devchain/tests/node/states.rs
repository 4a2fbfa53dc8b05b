//! Old states, many states, and states that are large.

use crate::client::{Client, hex};
use kinitro_devchain::{
    Blocks, Commitments, Devchain, Options, Runtime,
    pallets::{
        commitments::{CommitmentInfo, Data},
        numbers::NetUid,
        subtensor,
    },
};
use serde_json::json;
use sp_runtime::BoundedVec;
use std::time::Instant;

async fn chain(options: Options) -> (Devchain, Client) {
    let chain = Devchain::start(options.blocks(Blocks::Manual)).await.unwrap();
    let client = Client::new(&chain).await;
    (chain, client)
}

fn number_key() -> String {
    hex(&[
        sp_io::hashing::twox_128(b"System"),
        sp_io::hashing::twox_128(b"Number"),
    ]
    .concat())
}

#[tokio::test]
async fn a_pruned_state_is_refused_and_its_header_stays() {
    let (chain, client) = chain(Options::default()).await;
    let old = chain.new_block().await.unwrap();
    let kept = chain.new_block().await.unwrap();
    chain.prune(kept.number);
    let questions = [
        ("state_getStorage", json!([number_key(), old.hash])),
        ("state_getKeysPaged", json!(["0x", 10, null, old.hash])),
        ("state_queryStorageAt", json!([[number_key()], old.hash])),
        ("state_call", json!(["Core_version", "0x", old.hash])),
        ("state_getRuntimeVersion", json!([old.hash])),
    ];
    for (method, parameters) in questions {
        let refused = client.call(method, parameters).await.unwrap_err();
        let expected = format!("State already discarded for {:?}", old.hash);
        assert!(
            refused.code() == 4003 && refused.message().contains(&expected),
            "{method}: {refused}"
        );
    }
    let header = client.call("chain_getHeader", json!([old.hash])).await.unwrap();
    assert_eq!(header["number"], json!("0x1"));
    let value = client
        .call("state_getStorage", json!([number_key(), kept.hash]))
        .await
        .unwrap();
    assert_eq!(value, json!("0x02000000"));
    let unknown = client
        .call("state_getStorage", json!([number_key(), hex(&[7; 32])]))
        .await
        .unwrap_err();
    assert!(
        unknown.code() == 4003 && unknown.message().contains("UnknownBlock"),
        "{unknown}"
    );
}

#[tokio::test]
async fn the_newest_state_is_never_pruned() {
    let (chain, client) = chain(Options::default()).await;
    chain.new_blocks(3).await.unwrap();
    chain.prune(1_000);
    assert_eq!(
        client
            .call("state_getStorage", json!([number_key()]))
            .await
            .unwrap(),
        json!("0x03000000")
    );
    chain.new_block().await.unwrap();
    assert_eq!(
        client
            .call("state_getStorage", json!([number_key()]))
            .await
            .unwrap(),
        json!("0x04000000")
    );
}

#[tokio::test]
async fn only_so_many_states_are_kept() {
    let (chain, client) = chain(Options::default().kept_states(10)).await;
    let first = chain.new_block().await.unwrap();
    chain.new_blocks(9).await.unwrap();
    let question = json!([number_key(), first.hash]);
    assert_eq!(
        client.call("state_getStorage", question.clone()).await.unwrap(),
        json!("0x01000000")
    );
    chain.new_block().await.unwrap();
    assert_eq!(
        client
            .call("state_getStorage", question)
            .await
            .unwrap_err()
            .code(),
        4003
    );
}

#[tokio::test]
async fn a_panic_in_the_runtime_is_an_error_and_not_the_end() {
    let (chain, client) = chain(Options::default()).await;
    let unknown = client
        .call("state_call", json!(["No_such_method", "0x"]))
        .await
        .unwrap_err();
    assert!(
        unknown.code() == 4003 && unknown.message().contains("not found"),
        "{unknown}"
    );
    let panicked = client
        .call("state_call", json!(["AccountNonceApi_account_nonce", "0x00"]))
        .await
        .unwrap_err();
    assert!(
        panicked.code() == 4003 && panicked.message().contains("panic"),
        "{panicked}"
    );
    assert!(chain.poke(|| panic!("on purpose")).await.is_err());
    assert_eq!(chain.head().number, 0, "the block with the panic was never made");
    assert_eq!(chain.new_block().await.unwrap().number, 1);
}

#[tokio::test]
async fn a_poke_is_a_block_of_its_own() {
    let (chain, client) = chain(Options::default()).await;
    let genesis = chain.genesis();
    let key = hex(b"anything");
    chain.store(b"anything".to_vec(), Some(vec![1, 2])).await.unwrap();
    assert_eq!(chain.head().number, 1);
    assert_eq!(
        client.call("state_getStorage", json!([key])).await.unwrap(),
        json!("0x0102")
    );
    assert_eq!(
        client
            .call("state_getStorage", json!([key, genesis]))
            .await
            .unwrap(),
        json!(null)
    );
    let sum = chain.poke(|| 1 + 1).await.unwrap();
    assert_eq!((sum, chain.head().number), (2, 2));
}

#[tokio::test]
async fn six_hundred_blocks_of_a_full_subnet_stay_small() {
    let (chain, _client) = chain(Options::default().seed_miners(254)).await;
    fill(&chain).await;
    let before = resident();
    let start = Instant::now();
    chain.new_blocks(600).await.unwrap();
    let (grown, taken) = (resident().saturating_sub(before), start.elapsed());
    assert!(grown < 40 * 1024, "600 blocks took {grown} KiB");
    assert!(taken.as_secs() < 60, "600 blocks took {taken:?}");
}

#[tokio::test]
async fn a_full_subnet_is_read_fast() {
    let (chain, client) = chain(Options::default().seed_miners(254)).await;
    fill(&chain).await;
    let map = [
        sp_io::hashing::twox_128(b"Commitments"),
        sp_io::hashing::twox_128(b"CommitmentOf"),
    ]
    .concat();
    let start = Instant::now();
    let keys = client
        .call("state_getKeysPaged", json!([hex(&map), 1000]))
        .await
        .unwrap();
    let values = client.call("state_queryStorageAt", json!([keys])).await.unwrap();
    let taken = start.elapsed();
    assert_eq!(values[0]["changes"].as_array().unwrap().len(), 256);
    assert!(taken.as_secs() < 2, "256 commitments took {taken:?}");
}

/// Gives every neuron a commitment.
async fn fill(chain: &Devchain) {
    let count = chain
        .poke(|| {
            let hotkeys: Vec<_> = subtensor::Keys::<Runtime>::iter_prefix(NetUid(1)).collect();
            for (uid, hotkey) in &hotkeys {
                let text = format!("https://{uid}.example/{}", "x".repeat(90)).into_bytes();
                let fields = vec![Data::Raw(BoundedVec::truncate_from(text))];
                let info = CommitmentInfo {
                    fields: BoundedVec::truncate_from(fields),
                };
                Commitments::publish(hotkey, NetUid(1), info).expect("a first commitment fits");
            }
            hotkeys.len()
        })
        .await
        .unwrap();
    assert_eq!(count, 256);
}

/// This process' resident memory, in KiB.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
