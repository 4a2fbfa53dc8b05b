//! The shape of every method's answer.

use crate::client::{Client, hex, next};
use jsonrpsee::core::client::ClientT;
use kinitro_devchain::{Blocks, Devchain, Options, account};
use serde_json::{Value, json};
use sp_core::crypto::Ss58Codec;

const NAME: &str = "Kinitro development chain";

async fn chain() -> (Devchain, Client) {
    let chain = Devchain::start(Options::default().blocks(Blocks::Manual))
        .await
        .unwrap();
    let client = Client::new(&chain).await;
    (chain, client)
}

/// The storage key of a plain value.
fn key(pallet: &str, entry: &str) -> String {
    hex(&[
        sp_io::hashing::twox_128(pallet.as_bytes()),
        sp_io::hashing::twox_128(entry.as_bytes()),
    ]
    .concat())
}

#[tokio::test]
async fn the_node_says_what_it_is() {
    let (_chain, client) = chain().await;
    let alice = account("//Alice").to_ss58check();
    let answers = [
        ("system_chain", json!([]), json!(NAME)),
        ("system_name", json!([]), json!("kinitro-devchain")),
        ("system_version", json!([]), json!(env!("CARGO_PKG_VERSION"))),
        ("system_chainType", json!([]), json!("Development")),
        ("system_nodeRoles", json!([]), json!(["Authority"])),
        ("system_peers", json!([]), json!([])),
        (
            "system_health",
            json!([]),
            json!({ "peers": 0, "isSyncing": false, "shouldHavePeers": false }),
        ),
        (
            "system_properties",
            json!([]),
            json!({ "ss58Format": 42, "tokenDecimals": 9, "tokenSymbol": "TAO" }),
        ),
        (
            "system_syncState",
            json!([]),
            json!({ "startingBlock": 0, "currentBlock": 0, "highestBlock": 0 }),
        ),
        ("system_accountNextIndex", json!([alice]), json!(0)),
        ("author_pendingExtrinsics", json!([]), json!([])),
    ];
    for (method, parameters, expected) in answers {
        assert_eq!(
            client.call(method, parameters).await.unwrap(),
            expected,
            "{method}"
        );
    }
    assert!(
        client
            .call("system_localPeerId", json!([]))
            .await
            .unwrap()
            .is_string()
    );
    let refused = client
        .call("system_accountNextIndex", json!(["5Nonsense"]))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), -32602);
}

#[tokio::test]
async fn every_method_that_sdks_use_is_listed() {
    let (_chain, client) = chain().await;
    let answer = client.call("rpc_methods", json!([])).await.unwrap();
    let methods: Vec<String> = serde_json::from_value(answer["methods"].clone()).unwrap();
    assert!(methods.is_sorted());
    for method in include_str!("methods.txt").lines() {
        assert!(methods.iter().any(|name| name == method), "{method} is missing");
    }
    assert!(
        !methods
            .iter()
            .any(|name| name.starts_with("chainHead_") || name.starts_with("archive_"))
    );
}

#[tokio::test]
async fn blocks_are_found_by_number_and_hash() {
    let (chain, client) = chain().await;
    let genesis = json!(chain.genesis());
    let head = chain.new_block().await.unwrap();
    let head_hash = json!(head.hash);
    assert_eq!(
        client.call("chain_getBlockHash", json!([])).await.unwrap(),
        head_hash
    );
    assert_eq!(
        client.call("chain_getHead", json!([null])).await.unwrap(),
        head_hash
    );
    assert_eq!(
        client.call("chain_getFinalizedHead", json!([])).await.unwrap(),
        head_hash
    );
    assert_eq!(
        client.call("chain_getFinalisedHead", json!([])).await.unwrap(),
        head_hash
    );
    assert_eq!(
        client.call("chain_getBlockHash", json!([0])).await.unwrap(),
        genesis
    );
    assert_eq!(
        client.call("chain_getBlockHash", json!(["0x1"])).await.unwrap(),
        head_hash
    );
    let list = client
        .call("chain_getBlockHash", json!([[0, 1, 2, "0x0"]]))
        .await
        .unwrap();
    assert_eq!(list, json!([genesis, head_hash, null, genesis]));
    assert_eq!(
        client
            .call("chain_getHeader", json!([hex(&[7; 32])]))
            .await
            .unwrap(),
        Value::Null
    );

    let header = client.call("chain_getHeader", json!([head_hash])).await.unwrap();
    assert_eq!(
        (&header["number"], &header["parentHash"]),
        (&json!("0x1"), &genesis)
    );
    assert!(
        header["digest"]["logs"][0]
            .as_str()
            .unwrap()
            .starts_with("0x0661757261"),
        "{header}"
    );
    let block = client.call("chain_getBlock", json!([head_hash])).await.unwrap();
    assert_eq!(block["block"]["header"], header);
    assert_eq!(
        block["block"]["extrinsics"].as_array().unwrap().len(),
        1,
        "the time is in every block"
    );
    assert_eq!(block["justifications"], Value::Null);
}

#[tokio::test]
async fn the_runtime_tells_its_version_and_metadata() {
    let (_chain, client) = chain().await;
    let version = client.call("state_getRuntimeVersion", json!([])).await.unwrap();
    for (field, expected) in [
        ("specVersion", 461),
        ("transactionVersion", 1),
        ("stateVersion", 1),
        ("systemVersion", 1),
    ] {
        assert_eq!(version[field], json!(expected), "{field}");
    }
    assert_eq!(version["specName"], json!("node-subtensor"));
    let called = client
        .call("state_call", json!(["Core_version", "0x"]))
        .await
        .unwrap();
    assert!(called.as_str().unwrap().starts_with("0x"), "{called}");
    let metadata = client.call("state_getMetadata", json!([])).await.unwrap();
    assert!(
        metadata.as_str().unwrap().starts_with("0x6d6574610e"),
        "version 14"
    );
    let fifteen = client
        .call(
            "state_call",
            json!(["Metadata_metadata_at_version", "0x0f000000"]),
        )
        .await
        .unwrap();
    assert!(fifteen.as_str().unwrap().contains("6d6574610f"));
}

#[tokio::test]
async fn storage_is_read_by_key_by_page_and_in_bulk() {
    let (chain, client) = chain().await;
    let number = key("System", "Number");
    chain.new_block().await.unwrap();
    let head = chain.new_block().await.unwrap();
    assert_eq!(
        client.call("state_getStorage", json!([number])).await.unwrap(),
        json!("0x02000000")
    );
    assert_eq!(
        client
            .call("state_getStorage", json!([number, head.hash]))
            .await
            .unwrap(),
        json!("0x02000000")
    );
    assert_eq!(
        client
            .call("state_getStorageSize", json!([number]))
            .await
            .unwrap(),
        json!(4)
    );
    let hash = json!(sp_core::H256(sp_io::hashing::blake2_256(&2_u32.to_le_bytes())));
    assert_eq!(
        client
            .call("state_getStorageHash", json!([number]))
            .await
            .unwrap(),
        hash
    );
    assert_eq!(
        client.call("state_getStorageAt", json!(["0x00"])).await.unwrap(),
        Value::Null
    );
    let values = client
        .call("state_queryStorageAt", json!([[number, "0x00"], head.hash]))
        .await
        .unwrap();
    assert_eq!(
        values,
        json!([{ "block": head.hash, "changes": [[number, "0x02000000"], ["0x00", null]] }])
    );

    let accounts = key("System", "Account");
    let all = client
        .call("state_getKeysPaged", json!([accounts, 1000]))
        .await
        .unwrap();
    let all = all.as_array().unwrap();
    assert!(all.len() >= 6 && all.iter().all(|key| key.as_str().unwrap().starts_with(&accounts)));
    let second = client
        .call("state_getKeysPaged", json!([accounts, 2, all[1], head.hash]))
        .await
        .unwrap();
    assert_eq!(second, json!(all[2..4]));
    let refused = client
        .call("state_getKeysPaged", json!([accounts, 1001]))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), 4002);
}

#[tokio::test]
async fn changes_are_told_over_a_range_of_blocks() {
    let (chain, client) = chain().await;
    let number = key("System", "Number");
    let first = chain.new_block().await.unwrap();
    let second = chain.new_block().await.unwrap();
    let steps = client
        .call("state_queryStorage", json!([[number], first.hash, second.hash]))
        .await
        .unwrap();
    let step = |hash, value| json!({ "block": hash, "changes": [[number, value]] });
    assert_eq!(
        steps,
        json!([step(first.hash, "0x01000000"), step(second.hash, "0x02000000")])
    );
    let backwards = client
        .call("state_queryStorage", json!([[number], second.hash, first.hash]))
        .await;
    assert_eq!(backwards.unwrap_err().code(), 4001);
}

#[tokio::test]
async fn heads_versions_and_values_are_followed() {
    let (chain, client) = chain().await;
    let number = key("System", "Number");
    let mut subscriptions = Vec::new();
    for (subscribe, unsubscribe) in [
        ("chain_subscribeNewHeads", "chain_unsubscribeNewHeads"),
        ("chain_subscribeNewHead", "chain_unsubscribeNewHead"),
        ("chain_subscribeFinalizedHeads", "chain_unsubscribeFinalizedHeads"),
        ("chain_subscribeAllHeads", "chain_unsubscribeAllHeads"),
    ] {
        subscriptions.push(client.follow([subscribe, unsubscribe], json!([])).await);
    }
    let mut values = client
        .follow(
            ["state_subscribeStorage", "state_unsubscribeStorage"],
            json!([[number]]),
        )
        .await;
    let mut versions = client
        .follow(
            ["state_subscribeRuntimeVersion", "state_unsubscribeRuntimeVersion"],
            json!([]),
        )
        .await;
    for heads in &mut subscriptions {
        assert_eq!(next(heads).await["number"], json!("0x0"));
    }
    assert_eq!(next(&mut versions).await["specVersion"], json!(461));
    assert_eq!(next(&mut values).await["changes"], json!([[number, null]]));

    chain.new_blocks(3).await.unwrap();
    for heads in &mut subscriptions {
        for expected in ["0x1", "0x2", "0x3"] {
            assert_eq!(
                next(heads).await["number"],
                json!(expected),
                "no head is left out"
            );
        }
    }
    // Of values only the newest counts.
    while next(&mut values).await["changes"] != json!([[number, "0x03000000"]]) {}
}

#[tokio::test]
async fn too_much_at_once_is_refused() {
    let (chain, client) = chain().await;
    let keys = vec!["0x00"; 8_193];
    assert_eq!(
        client
            .call("state_queryStorageAt", json!([keys]))
            .await
            .unwrap_err()
            .code(),
        4002
    );
    let numbers = vec![0; 1_001];
    assert_eq!(
        client
            .call("chain_getBlockHash", json!([numbers]))
            .await
            .unwrap_err()
            .code(),
        -32602
    );
    assert_eq!(
        client
            .call("dev_newBlock", json!([1_001]))
            .await
            .unwrap_err()
            .code(),
        4002
    );
    let huge: Result<Value, _> = client
        .rpc
        .request("state_getStorage", ["00".repeat(5 << 20)])
        .await;
    assert!(huge.is_err(), "ten megabytes are too long a request");
    assert_eq!(
        Client::new(&chain)
            .await
            .call("system_chain", json!([]))
            .await
            .ok(),
        Some(json!(NAME))
    );
}

#[tokio::test]
async fn blocks_are_made_on_demand() {
    let (chain, client) = chain().await;
    let hash = client.call("dev_newBlock", json!([])).await.unwrap();
    assert_eq!(json!(chain.head().hash), hash);
    client
        .call("dev_newBlock", json!([{ "count": 4 }]))
        .await
        .unwrap();
    client.call("dev_newBlock", json!([5])).await.unwrap();
    assert_eq!(chain.head().number, 10);
}
