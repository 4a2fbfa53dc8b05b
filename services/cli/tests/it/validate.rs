//! `kinitro validate`: real processes on a development chain.

pub(crate) mod backend;
mod fates;
mod kills;
mod once;
mod outages;
mod stage;
mod verified;

use crate::stack::PATIENCE;
use kinitro_devchain::{Options, Setting, account};
use kinitro_harness::eventually;
use serde_json::json;
use stage::{NETUID, ON_CHAIN, Stage, text, weights};

#[tokio::test]
async fn each_cycles_weights_are_put_on_chain_once() {
    let stage = Stage::start(Options::default()).await;
    let mut validator = stage.validator("validator", &[]);
    stage.said(&validator, "nothing is submitted yet", 1).await;

    stage.settle(1, 8, &[(2, 0.75), (3, 0.25), (4, 0.0)]);
    stage.said(&validator, ON_CHAIN, 1).await;
    assert_eq!(stage.on_chain().await, [(2, 65535), (3, 21845)]);
    let line = &stage.lines("validator", ON_CHAIN)[0];
    assert_eq!(line["cycle.id"], "1", "{line}");
    assert_eq!(
        (&line["block"], &line["uids"], &line["kind"]),
        (&json!(8), &json!(2), &json!("plain"))
    );
    assert_eq!(line["included_at"], stage.head(), "{line}");
    assert!(line["extrinsic"].as_str().unwrap().starts_with("0x"), "{line}");

    // Asked again and again, and in the gateway's doubt, it has nothing more to do or to say.
    stage.asked(3).await;
    let mut stale = weights(1, 8, &[(2, 0.75), (3, 0.25)]);
    stale["stale"] = json!(true);
    stage.backend.serve(stale);
    stage.asked(3).await;
    assert_eq!(stage.included().await, 1);
    assert_eq!(validator.said("nothing is submitted"), 0);

    // A later cycle of the same block is another one.
    stage.settle(2, 8, &[(5, 1.0)]);
    stage.said(&validator, ON_CHAIN, 2).await;
    assert_eq!(stage.on_chain().await, [(5, 65535)]);
    let health = validator.address("serving health and metrics").await;
    let metrics = text(health, "/metrics").await;
    for line in [
        "kinitro_submissions_total{outcome=\"included\"} 2",
        "kinitro_submitted_block 8",
        "kinitro_gateway_up 1",
        "kinitro_chain_up 1",
        "kinitro_weights_age_seconds ",
    ] {
        assert!(metrics.contains(line), "`{line}` in\n{metrics}");
    }
    assert!(!metrics.contains("outcome=\"refused\""), "{metrics}");
    assert_eq!(validator.terminate(PATIENCE).await, Some(0));

    // The next process knows.
    let validator = stage.validator("validator", &[]);
    stage.said(&validator, "going on after these weights", 1).await;
    stage.settle(2, 8, &[(5, 1.0)]);
    stage.asked(3).await;
    assert_eq!(stage.included().await, 2);
}

#[tokio::test]
async fn a_subnet_that_hides_weights_gets_them_timelocked() {
    let stage = Stage::start(Options::default().set(Setting::CommitReveal(true))).await;
    let validator = stage.validator("validator", &[]);
    stage.settle(1, 8, &[(2, 0.75), (3, 0.25)]);
    stage.said(&validator, ON_CHAIN, 1).await;
    let commits = stage.committed().await;
    assert_eq!(commits.len(), 1);
    let line = &stage.lines("validator", ON_CHAIN)[0];
    assert_eq!(line["kind"], "timelocked", "{line}");
    assert_eq!(line["reveal_round"], commits[0].round, "{line}");
    assert_eq!(line["included_at"], commits[0].block.0, "{line}");
    stage.asked(3).await;
    assert_eq!((stage.included().await, stage.committed().await.len()), (1, 1));
}

#[tokio::test]
async fn the_rate_limit_is_waited_for_to_the_block() {
    let stage = Stage::start(Options::default().set(Setting::RateLimit(30))).await;
    let validator = stage.validator("validator", &[]);
    stage.settle(1, 8, &[(2, 1.0)]);
    stage.said(&validator, ON_CHAIN, 1).await;
    let allowed = stage.head() + 30;

    stage.settle(2, 9, &[(3, 1.0)]);
    stage.said(&validator, "nothing is submitted yet", 1).await;
    let why = stage.lines("validator", "nothing is submitted yet")[0]["why"].to_string();
    assert!(why.contains(&format!("from block `{allowed}` on")), "{why}");
    stage.chain.new_blocks(29).await.unwrap();
    assert_eq!(stage.head(), allowed - 1);
    stage.settle(2, 9, &[(3, 1.0)]);
    stage.asked(4).await;
    assert_eq!((stage.included().await, stage.head()), (1, allowed - 1));

    stage.chain.new_block().await.unwrap();
    stage.said(&validator, ON_CHAIN, 2).await;
    assert_eq!((stage.included().await, stage.head()), (2, allowed + 1));
    // It waited: the node was not bothered with what it would not take.
    assert_eq!(validator.said("nothing is submitted yet"), 1);
    let health = validator.address("serving health and metrics").await;
    assert!(!text(health, "/metrics").await.contains("outcome=\"refused\""));
}

#[tokio::test]
async fn older_weights_are_never_submitted_not_even_after_a_restart() {
    let stage = Stage::start(Options::default()).await;
    let mut validator = stage.validator("validator", &[]);
    stage.settle(5, 9, &[(2, 1.0)]);
    stage.said(&validator, ON_CHAIN, 1).await;
    for (times, (cycle, block)) in [(1, (4, 8)), (2, (9, 8)), (3, (4, 9))] {
        stage.settle(cycle, block, &[(3, 1.0)]);
        stage.said(&validator, "nothing is submitted", times).await;
        stage.asked(3).await;
        assert_eq!(validator.said("nothing is submitted"), times, "said once each");
    }
    validator.kill();
    let validator = stage.validator("again", &[]);
    stage.said(&validator, "nothing is submitted", 1).await;
    let why = stage.lines("again", "nothing is submitted")[0]["why"].to_string();
    assert!(why.contains("older than those submitted last"), "{why}");
    stage.asked(3).await;
    assert_eq!(
        (stage.included().await, stage.on_chain().await),
        (1, vec![(2, 65535)])
    );
}

#[tokio::test]
async fn nobody_is_paid_in_the_name_of_who_had_the_uid_before() {
    let stage = Stage::start(Options::default()).await;
    let block = stage.head();
    stage
        .chain
        .replace(NETUID, 3, account("//stranger"))
        .await
        .unwrap();
    stage
        .chain
        .deregister(NETUID, account("//miner-2"))
        .await
        .unwrap();
    let validator = stage.validator("validator", &[]);
    stage.settle(1, block, &[(2, 0.5), (3, 0.3), (4, 0.2)]);
    stage.said(&validator, ON_CHAIN, 1).await;
    assert_eq!(stage.on_chain().await, [(2, 65535)]);
    let message = "uids have changed hands since the cycle's block, their weights are dropped";
    stage.said(&validator, message, 1).await;
    let dropped = stage.lines("validator", message)[0]["dropped"].to_string();
    assert!(
        dropped.contains("uid 3 (share 0.3): registered to somebody else"),
        "{dropped}"
    );
    assert!(
        dropped.contains("uid 4 (share 0.2): not registered any more"),
        "{dropped}"
    );

    // In the next cycle the newcomer has earned its own.
    stage.settle(2, stage.head(), &[(2, 0.5), (3, 0.5)]);
    stage.said(&validator, ON_CHAIN, 2).await;
    assert_eq!(stage.on_chain().await, [(2, 65535), (3, 65535)]);

    let block = stage.head();
    stage
        .chain
        .replace(NETUID, 3, account("//another"))
        .await
        .unwrap();
    stage.settle(3, block, &[(3, 1.0)]);
    stage.said(&validator, "nothing is submitted", 1).await;
    assert_eq!(stage.included().await, 2);
}

#[tokio::test]
async fn whoever_is_not_registered_yet_is_waited_for() {
    let mut stage = Stage::start(Options::default()).await;
    stage.set("KINITRO_VALIDATOR_HOTKEY_URI", "//late");
    let validator = stage.validator("validator", &[]);
    stage.settle(1, 8, &[(2, 1.0)]);
    stage.said(&validator, "nothing is submitted", 1).await;
    let uid = stage
        .chain
        .register(NETUID, account("//late"))
        .await
        .unwrap()
        .unwrap();
    stage.said(&validator, "nothing is submitted", 2).await;
    let whys: Vec<_> = stage
        .lines("validator", "nothing is submitted")
        .iter()
        .map(|line| line["why"].to_string())
        .collect();
    assert!(
        whys[0].contains("not registered") && whys[1].contains("no validator permit"),
        "{whys:?}"
    );
    stage
        .chain
        .endow(NETUID, account("//late"), 1_000_000_000_000, true)
        .await
        .unwrap();
    stage.said(&validator, ON_CHAIN, 1).await;
    assert!(uid > 5, "{uid}");
}

#[tokio::test]
async fn a_memory_that_is_in_use_is_not_shared() {
    let stage = Stage::start(Options::default()).await;
    let validator = stage.validator("validator", &[]);
    stage.said(&validator, "nothing is submitted yet", 1).await;
    let (code, _, log) = stage.once(&[]).await;
    assert_eq!(code, Some(4), "{log}");
    assert!(
        log.contains("another validator is running") && log.contains("--state-dir"),
        "{log}"
    );
    // The first one is unharmed.
    stage.settle(1, 8, &[(2, 1.0)]);
    eventually(PATIENCE, "the first one's weights", async || {
        stage.included().await == 1
    })
    .await;
}
