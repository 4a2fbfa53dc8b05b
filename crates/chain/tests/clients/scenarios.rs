//! What each client is put through.

use crate::stage::{MINERS, PLAIN, Stage, TIMELOCKED, VALIDATOR, hotkey, signer};
use kinitro_chain::{Error, PreparedKind, Signer, TimelockedCommit, WeightRow};
use kinitro_proto::Uid;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Texts that miners commit: one with room to spare, one of as many bytes as a commitment holds, with every kind of character
/// that a sealed endpoint may have.
const SHORT: &str = "user/policy:abcdef12:95edf2b6-e18b-400a-8398-5573df10e5e4";
const FULL: &str = "e2:!#$%&()*+-;<=>?@^_`{|}~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz\
                    !#$%&()*+-;<=>?@^_`{|}~01234567890123456";

pub(crate) async fn reads_what_our_rust_wrote(client: &'static str) {
    let mut stage = Stage::new(client).await;
    assert_eq!(FULL.len(), 128);
    for (uri, text) in [("//miner-0", SHORT), ("//miner-2", FULL)] {
        stage
            .ours
            .set_commitment(&signer(uri), PLAIN, text)
            .await
            .unwrap();
    }
    let (_, inclusion) = stage
        .set_weights(PLAIN, &[(MINERS[0], 0.25), (MINERS[2], 0.75)])
        .await;

    let head = stage.theirs.ok(json!({"step": "head"})).await;
    assert!(head["block"].as_u64().unwrap() >= inclusion.block.0, "{head}");

    let neurons = stage.ask("neurons", PLAIN).await;
    let snapshot = stage.ours.snapshot(PLAIN).await.unwrap();
    let theirs: Vec<_> = neurons
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (&row["uid"], &row["hotkey"]))
        .collect();
    let ours: Vec<_> = snapshot
        .neurons
        .iter()
        .map(|row| (json!(row.uid), json!(row.hotkey)))
        .collect();
    assert_eq!(
        theirs,
        ours.iter().map(|(uid, hotkey)| (uid, hotkey)).collect::<Vec<_>>()
    );
    assert_eq!(neurons[0]["permit"], true);
    assert_eq!(neurons[0]["last_update"], json!(inclusion.block));
    assert_eq!(neurons[2]["permit"], false);

    let commitments = stage.ask("commitments", PLAIN).await;
    let expected = json!({hotkey("//miner-0").as_str(): SHORT, hotkey("//miner-2").as_str(): FULL});
    assert_eq!(commitments, expected);

    same_shares(
        &stage.ask("weights", PLAIN).await,
        &[(MINERS[0], 0.25), (MINERS[2], 0.75)],
    );
    if client == "bittensor_10" {
        let one = json!({"step": "commitment", "netuid": PLAIN, "uid": MINERS[2]});
        assert_eq!(stage.theirs.ok(one).await, FULL);
    }
    if client != "substrate_interface" {
        let graph = stage.ask("metagraph", PLAIN).await;
        assert_eq!(graph["n"], 5);
        assert_eq!(graph["hotkeys"][4], hotkey("//miner-2").as_str());
        assert_eq!(graph["permits"], json!([true, false, false, false, false]));
    }
}

pub(crate) async fn writes_what_our_rust_reads(client: &'static str) {
    let mut stage = Stage::new(client).await;
    for (key, text) in [
        ("//miner-1", FULL),
        ("//miner-0", "an earlier text"),
        ("//miner-0", SHORT),
    ] {
        stage
            .theirs
            .ok(json!({"step": "commit", "netuid": PLAIN, "key": key, "text": text}))
            .await;
    }
    stage.chain.new_block().await.unwrap();
    let weights = json!({"step": "set_weights", "netuid": PLAIN, "key": "//validator", "uids": [4, 2], "weights": weights(client)});
    stage.theirs.ok(weights).await;

    let snapshot = stage.ours.snapshot(PLAIN).await.unwrap();
    let read: Vec<_> = snapshot
        .commitments
        .iter()
        .map(|found| (found.uid.unwrap(), found.text().unwrap()))
        .collect();
    assert_eq!(
        read,
        [(MINERS[0], SHORT.to_owned()), (MINERS[1], FULL.to_owned())]
    );
    assert!(snapshot.commitments[0].block > snapshot.commitments[1].block);
    assert_eq!(snapshot.unreadable, []);

    let rows = stage.ours.weights(PLAIN).await.unwrap();
    let mut row = rows.into_iter().find(|row| row.uid == VALIDATOR).unwrap();
    row.weights.sort_unstable();
    // Half of 65535 is no whole number: both round it to the even one.
    let weights = vec![(MINERS[0], 65_535), (MINERS[2], 32_768)];
    assert_eq!(
        row,
        WeightRow {
            uid: VALIDATOR,
            weights
        }
    );
    let terms = stage.ours.terms(PLAIN, &hotkey("//validator")).await.unwrap();
    assert_eq!(terms.last_update, Some(terms.head));
}

pub(crate) async fn timelocks_weights_as_our_rust_does(client: &'static str) {
    let mut stage = Stage::new(client).await;
    let weights = json!({"step": "set_weights", "netuid": TIMELOCKED, "key": "//validator", "uids": [2, 4], "weights": weights(client)});
    // Ours is reckoned at the block theirs is sent at.
    let ours = stage
        .prepared(TIMELOCKED, &[(MINERS[0], 0.5), (MINERS[2], 1.0)])
        .await
        .unwrap();
    let PreparedKind::Timelocked { reveal_round } = ours.kind else {
        panic!("subnet {TIMELOCKED} has commit-reveal: {ours:?}")
    };
    let sent = stage.theirs.ok(weights).await;
    let theirs: u64 = sent["data"]["reveal_round"].as_str().unwrap().parse().unwrap();
    // The seconds between the two, at three a round.
    assert!(
        (reveal_round..reveal_round + 20).contains(&theirs),
        "{theirs}, ours {reveal_round}"
    );

    let commits = timelocked(&stage).await;
    assert_eq!(commits.len(), 1, "{commits:?}");
    assert_eq!(commits[0].round, theirs);
    // Nothing shows before the reveal.
    let rows = stage.ours.weights(TIMELOCKED).await.unwrap();
    assert!(rows.iter().all(|row| row.weights.is_empty()), "{rows:?}");
    both_read(&mut stage).await;
}

pub(crate) async fn reads_timelocked_weights_of_our_rust(client: &'static str) {
    let mut stage = Stage::new(client).await;
    both_read(&mut stage).await;
}

/// Our Rust timelocks weights, and the client finds them as ours does.
async fn both_read(stage: &mut Stage) {
    stage.chain.new_block().await.unwrap();
    let (prepared, inclusion) = stage.set_weights(TIMELOCKED, &[(MINERS[1], 1.0)]).await;
    let PreparedKind::Timelocked { reveal_round } = prepared.kind else {
        panic!("subnet {TIMELOCKED} has commit-reveal: {prepared:?}")
    };
    let commits = timelocked(stage).await;
    let ours = *commits.last().unwrap();
    assert_eq!((ours.block, ours.round), (inclusion.block, reveal_round));

    let theirs = stage.ask("timelocked", TIMELOCKED).await;
    let words = theirs.to_string();
    for part in [
        hotkey("//validator").as_str(),
        &ours.block.to_string(),
        &reveal_round.to_string(),
    ] {
        assert!(words.contains(part), "no {part} in {words}");
    }
}

async fn timelocked(stage: &Stage) -> Vec<TimelockedCommit> {
    let validator = hotkey("//validator");
    stage
        .ours
        .timelocked_commits(TIMELOCKED, &validator)
        .await
        .unwrap()
}

pub(crate) async fn is_told_of_the_rate_limit(client: &'static str) {
    use kinitro_devchain::Setting;
    let mut stage = Stage::new(client).await;
    stage.chain.set(PLAIN, Setting::RateLimit(100)).await.unwrap();
    let send = json!({"step": "send_weights", "netuid": PLAIN, "key": "//validator", "uids": [2, 4], "weights": [65_535, 32_768]});
    stage.theirs.ok(send.clone()).await;

    // Theirs and ours are refused for the same reason.
    let refused = stage.theirs.error(send).await;
    assert!(
        refused.contains("Custom error: 6") || refused.to_lowercase().contains("rate limit"),
        "{refused}"
    );
    let refused = stage.prepared(PLAIN, &[(MINERS[1], 1.0)]).await.unwrap_err();
    assert!(matches!(refused, Error::RateLimited { .. }), "{refused:?}");

    // The way their users go, the SDKs look before they send.
    let set = json!({"step": "set_weights", "netuid": PLAIN, "key": "//validator", "uids": [2, 4], "weights": weights(client)});
    stage.theirs.error(set.clone()).await;
    stage.chain.new_blocks(101).await.unwrap();
    stage.theirs.ok(set).await;
}

pub(crate) async fn makes_wallets_that_our_rust_signs_with(client: &'static str) {
    let mut stage = Stage::new(client).await;
    let made = stage
        .theirs
        .ok(json!({"step": "new_wallet", "name": "mine"}))
        .await;
    let wallets = stage.theirs.home.path().join("wallets");
    let ours = Signer::from_wallet(&wallets, "mine", "default").unwrap();
    assert_eq!(made["hotkey"], ours.hotkey().as_str());

    let mut account = [0; 32];
    hex::decode_to_slice(made["public_key"].as_str().unwrap(), &mut account).unwrap();
    stage.chain.register(PLAIN, account).await.unwrap().unwrap();
    stage.ours.set_commitment(&ours, PLAIN, SHORT).await.unwrap();
    let commitments = stage.ask("commitments", PLAIN).await;
    assert_eq!(commitments, json!({ours.hotkey().as_str(): SHORT}));
}

/// Weights of two miners, the first half the second: the SDKs take shares, the general client what the chain keeps.
fn weights(client: &str) -> Value {
    if client == "substrate_interface" {
        json!([32_768, 65_535])
    } else {
        json!([0.5, 1.0])
    }
}

/// The validator's row, as pairs of what the chain keeps or as a map of shares, holds these shares.
fn same_shares(rows: &Value, expected: &[(Uid, f64)]) {
    let row = &rows[VALIDATOR.to_string()];
    let pairs: BTreeMap<String, f64> = match row {
        Value::Object(map) => map
            .iter()
            .map(|(uid, share)| (uid.clone(), share.as_f64().unwrap()))
            .collect(),
        Value::Array(pairs) => {
            let pair = |pair: &Value| (pair[0].to_string(), pair[1].as_f64().unwrap());
            pairs.iter().map(pair).collect()
        }
        _ => panic!("no row of validator {VALIDATOR}: {rows}"),
    };
    let sum: f64 = pairs.values().sum();
    assert_eq!(pairs.len(), expected.len(), "{rows}");
    for (uid, share) in expected {
        let read = pairs[&uid.to_string()] / sum;
        assert!((read - share).abs() < 1e-4, "{uid}: {read} of {rows}");
    }
}
