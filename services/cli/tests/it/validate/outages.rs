//! What a validator needs goes away and comes back, or comes back as something else.

use super::{
    backend::Cable,
    stage::{NETUID, ON_CHAIN, Stage, VALIDATOR, hotkey, text},
};
use crate::stack::{PATIENCE, Stack, kinitro};
use kinitro_chain::Chain;
use kinitro_devchain::{Devchain, Options};
use kinitro_harness::eventually;
use std::fs;

#[tokio::test]
async fn a_gateway_that_is_away_is_waited_for() {
    let mut stage = Stage::start(Options::default()).await;
    stage.backend.leave().await;
    let validator = stage.validator("validator", &[]);
    stage.said(&validator, "the gateway is away", 1).await;
    let health = validator.address("serving health and metrics").await;
    let ready = text(health, "/ready").await;
    assert!(
        ready.contains(" 503 ") && ready.contains("no answer from the gateway"),
        "{ready}"
    );
    assert!(text(health, "/health").await.contains(" 200 "));
    assert!(text(health, "/metrics").await.contains("kinitro_gateway_up 0\n"));

    stage.backend.come_back().await;
    stage.settle(1, 8, &[(2, 1.0)]);
    stage.said(&validator, ON_CHAIN, 1).await;
    assert!(text(health, "/ready").await.contains(" 200 "));

    stage.backend.leave().await;
    stage.said(&validator, "the gateway is away", 2).await;
    stage.settle(2, 9, &[(3, 1.0)]);
    stage.backend.come_back().await;
    stage.said(&validator, ON_CHAIN, 2).await;
    assert_eq!(validator.said("the gateway answers again"), 2);
    assert_eq!(stage.included().await, 2);
}

#[tokio::test]
async fn a_chain_that_is_away_is_waited_for() {
    let mut stage = Stage::start(Options::default()).await;
    let mut cable = Cable::to(stage.chain.address()).await;
    stage.set("KINITRO_VALIDATOR_NETWORK", format!("ws://{}", cable.address));
    cable.cut().await;
    stage.settle(1, 8, &[(2, 1.0)]);
    let validator = stage.validator("validator", &[]);
    stage.said(&validator, "the chain is away", 1).await;
    let health = validator.address("serving health and metrics").await;
    let ready = text(health, "/ready").await;
    assert!(
        ready.contains(" 503 ") && ready.contains("no connection to the chain"),
        "{ready}"
    );
    assert!(text(health, "/metrics").await.contains("kinitro_chain_up 0\n"));

    cable.mend().await;
    stage.said(&validator, ON_CHAIN, 1).await;
    assert!(text(health, "/ready").await.contains(" 200 "));

    // Cut while an extrinsic waits in the pool.
    stage.chain.hold_transactions(true);
    stage.settle(2, 9, &[(3, 1.0)]);
    stage.sent().await;
    cable.cut().await;
    stage.chain.hold_transactions(false);
    stage.chain.new_block().await.unwrap();
    cable.mend().await;
    stage.said(&validator, ON_CHAIN, 2).await;
    assert_eq!(stage.included().await, 2);
    assert_eq!(stage.on_chain().await, [(3, 65535)]);
}

#[tokio::test]
async fn another_chain_behind_the_address_has_a_memory_of_its_own() {
    let mut stage = Stage::start(Options::default()).await;
    let mut cable = Cable::to(stage.chain.address()).await;
    stage.set("KINITRO_VALIDATOR_NETWORK", format!("ws://{}", cable.address));
    let validator = stage.validator("validator", &[]);
    stage.settle(7, 9, &[(2, 1.0)]);
    stage.said(&validator, ON_CHAIN, 1).await;

    let other = Devchain::start(Options::default().seed_miners(4)).await.unwrap();
    other.new_blocks(5).await.unwrap();
    cable.cut().await;
    cable.lay_to(other.address());
    cable.mend().await;
    let anew = "this is another chain than before, and begun with an empty memory";
    stage.said(&validator, anew, 1).await;
    // The weights are of a block it has not reached.
    stage.said(&validator, "nothing is submitted", 1).await;
    stage.settle(1, 4, &[(3, 1.0)]);
    stage.said(&validator, ON_CHAIN, 2).await;
    let reader = Chain::new(other.url().parse().unwrap());
    assert_eq!(reader.nonce(&hotkey()).await.unwrap(), 1);

    // The first chain is not forgotten.
    cable.cut().await;
    cable.lay_to(stage.chain.address());
    cable.mend().await;
    stage.said(&validator, "going on after these weights", 1).await;
    stage.said(&validator, "nothing is submitted", 2).await;
    assert_eq!(stage.included().await, 1);
}

#[tokio::test]
async fn from_the_miners_to_the_chain() {
    let chain = Devchain::start(Options::default().seed_miners(4)).await.unwrap();
    chain.new_blocks(20).await.unwrap();
    let mut stack = Stack::start().await;
    let folder = tempfile::tempdir().unwrap();
    let miners = folder.path().join("miners.toml");
    let miner = |uid: u16, quality: f64| {
        format!(
            "[[miners]]\nuid = {uid}\nhotkey = \"5A{uid}\"\nendpoint = \"scripted:{quality}\"\ncommit_block = {uid}\n"
        )
    };
    fs::write(&miners, format!("block = 15\n{}{}", miner(2, 0.9), miner(4, 0.2))).unwrap();
    stack.set("KINITRO_SCHEDULER_MINERS_FILE", miners.display());
    stack.set("KINITRO_SCHEDULER_NETUID", NETUID);
    stack.set("KINITRO_SCHEDULER_EPISODES_PER_ENV", 20);
    let (_gateway, address) = stack.gateway().await;
    let settings = [
        ("KINITRO_VALIDATOR_BACKEND_URL", format!("http://{address}")),
        ("KINITRO_VALIDATOR_NETWORK", chain.url()),
        ("KINITRO_VALIDATOR_NETUID", NETUID.to_string()),
        ("KINITRO_VALIDATOR_HOTKEY_URI", VALIDATOR.to_owned()),
        ("KINITRO_VALIDATOR_POLL_INTERVAL_SECONDS", "1".to_owned()),
        (
            "KINITRO_VALIDATOR_STATE_DIR",
            folder.path().join("state").display().to_string(),
        ),
        ("KINITRO_HEALTH_LISTEN", "127.0.0.1:0".to_owned()),
        ("KINITRO_LOG_FORMAT", "json".to_owned()),
    ];
    let log = folder.path().join("validator.log");
    let validator = crate::stack::Process::spawn(kinitro(&["validate"], &settings), &log);
    let _others = (stack.scorer(), stack.executor("one", &[]), stack.scheduler());
    let (cycle, weights) = stack.settled(PATIENCE).await;
    eventually(PATIENCE, "weights on the chain", async || {
        validator.said(ON_CHAIN) == 1
    })
    .await;

    let shares = weights
        .uids
        .iter()
        .zip(&weights.weights)
        .map(|(uid, share)| (*uid, *share));
    let expected = kinitro_chain::quantise(&shares.collect(), u16::MAX).unwrap();
    let reader = Chain::new(chain.url().parse().unwrap());
    let rows = reader.weights(NETUID).await.unwrap();
    let row: Vec<_> = rows[0]
        .weights
        .iter()
        .map(|(uid, value)| (uid.0, *value))
        .collect();
    let expected: Vec<_> = expected.uids.into_iter().zip(expected.values).collect();
    assert_eq!(row, expected, "of cycle {}", cycle.id);
    assert_eq!(row[0], (2, 65535), "the better one has more");
}
