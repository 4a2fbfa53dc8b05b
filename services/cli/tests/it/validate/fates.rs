//! What else may become of an extrinsic: included in vain, or overtaken by something else of the same hotkey.

use super::stage::{NETUID, ON_CHAIN, Stage, VALIDATOR};
use crate::stack::PATIENCE;
use kinitro_chain::{Chain, Signer};
use kinitro_devchain::{Options, Setting};
use kinitro_harness::eventually;
use serde_json::json;

/// What a validator says of an extrinsic that is given up.
const GIVEN_UP: &str = "the extrinsic set no weights and never will, they are signed anew";

#[tokio::test]
async fn what_was_included_and_failed_is_signed_anew_when_it_is_allowed() {
    let stage = Stage::start(Options::default().set(Setting::CommitReveal(true))).await;
    stage.chain.hold_transactions(true);
    stage.settle(1, 8, &[(2, 1.0)]);
    let validator = stage.validator("validator", &[]);
    stage.sent().await;
    // Timelocked weights are checked against the rate limit when they are included, not before.
    stage.chain.set(NETUID, Setting::RateLimit(1000)).await.unwrap();
    let now = u64::from(stage.head());
    stage.chain.set_last_update(NETUID, 0, now).await.unwrap();
    stage.chain.hold_transactions(false);
    stage.chain.new_block().await.unwrap();
    stage.said(&validator, GIVEN_UP, 1).await;
    stage.said(&validator, "nothing is submitted yet", 1).await;
    assert_eq!(
        (stage.included().await, stage.committed().await.len()),
        (1, 0),
        "it was in vain"
    );

    stage.chain.set(NETUID, Setting::RateLimit(0)).await.unwrap();
    stage.said(&validator, ON_CHAIN, 1).await;
    stage.settle(1, 8, &[(2, 1.0)]);
    stage.asked(3).await;
    assert_eq!((stage.included().await, stage.committed().await.len()), (2, 1));
}

#[tokio::test]
async fn what_lost_its_nonce_to_something_else_is_signed_anew() {
    let stage = Stage::start(Options::default()).await;
    stage.chain.hold_transactions(true);
    stage.settle(1, 8, &[(2, 1.0)]);
    let mut first = stage.validator("first", &[]);
    stage.sent().await;
    first.kill();
    stage.chain.new_blocks(100).await.unwrap();
    stage.chain.hold_transactions(false);
    stage.chain.new_block().await.unwrap();
    assert_eq!(stage.included().await, 0, "it is dead");
    // The same hotkey, used by another program.
    let other = Chain::new(stage.chain.url().parse().unwrap());
    let signer = Signer::from_uri(VALIDATOR).unwrap();
    other.set_commitment(&signer, NETUID, "hello").await.unwrap();

    let second = stage.validator("second", &[]);
    stage.said(&second, ON_CHAIN, 1).await;
    assert_eq!(second.said(GIVEN_UP), 1);
    assert_eq!(
        (stage.included().await, stage.on_chain().await),
        (2, vec![(2, 65535)])
    );
}

#[tokio::test]
async fn a_hotkey_shared_with_a_twin_does_not_set_the_same_weights_twice() {
    let mut stage = Stage::start(Options::default().set(Setting::RateLimit(20))).await;
    stage.settle(1, 8, &[(2, 0.5), (3, 0.5)]);
    let one = stage.validator("one", &[]);
    stage.said(&one, ON_CHAIN, 1).await;
    stage.settle(2, 8, &[(4, 1.0)]);
    stage.said(&one, "nothing is submitted yet", 1).await;

    // On another machine, with a memory of its own.
    stage.set(
        "KINITRO_VALIDATOR_STATE_DIR",
        stage.state().with_extension("twin").display(),
    );
    let twin = stage.validator("twin", &[]);
    stage.said(&twin, "nothing is submitted yet", 1).await;
    stage.chain.new_blocks(20).await.unwrap();
    eventually(PATIENCE, "one that submits and one that finds", async || {
        let both = [&one, &twin];
        let sent: usize = both.iter().map(|validator| validator.said(ON_CHAIN)).sum();
        let found: usize = both
            .iter()
            .map(|validator| validator.said("the chain has these weights already"))
            .sum();
        // Of two extrinsics with one nonce one is taken; whose that was, its sender knows.
        if sent + found == 3 {
            Ok(())
        } else {
            Err(json!([sent, found]))
        }
    })
    .await;
    assert_eq!(
        (stage.included().await, stage.on_chain().await),
        (2, vec![(4, 65535)])
    );
}
