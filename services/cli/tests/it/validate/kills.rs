//! A validator killed at the worst moments: each cycle's weights get on the chain, and no cycle's twice.

use super::stage::{ON_CHAIN, Stage};
use crate::stack::PATIENCE;
use kinitro_devchain::{Options, Setting};
use kinitro_harness::eventually;
use std::fs;

/// Both ways to show weights.
fn both() -> [Options; 2] {
    [false, true].map(|hidden| Options::default().set(Setting::CommitReveal(hidden)))
}

#[tokio::test]
async fn killed_before_the_inclusion_it_sends_the_same_bytes_again() {
    for options in both() {
        let stage = Stage::start(options).await;
        stage.chain.hold_transactions(true);
        stage.settle(1, 8, &[(2, 0.75), (3, 0.25)]);
        let mut first = stage.validator("first", &[]);
        stage.sent().await;
        first.kill();
        let extrinsic = remembered(&stage);

        let second = stage.validator("second", &[]);
        eventually(PATIENCE, "a second process that watches", async || {
            second.said("watching for weights") == 1
        })
        .await;
        stage.settle(1, 8, &[(2, 0.75), (3, 0.25)]);
        stage.asked(1).await;
        assert_eq!(stage.chain.waiting(), 1, "the pool has one extrinsic: the same");
        stage.chain.hold_transactions(false);
        stage.chain.new_block().await.unwrap();
        stage.said(&second, ON_CHAIN, 1).await;
        let line = &stage.lines("second", ON_CHAIN)[0];
        assert_eq!(line["extrinsic"], extrinsic, "{line}");
        stage.asked(3).await;
        assert_eq!(stage.included().await, 1);
    }
}

#[tokio::test]
async fn killed_before_it_saw_the_inclusion_it_finds_out_and_sends_nothing() {
    for options in both() {
        let stage = Stage::start(options).await;
        stage.chain.hold_transactions(true);
        stage.settle(1, 8, &[(2, 0.75), (3, 0.25)]);
        let mut first = stage.validator("first", &[]);
        stage.sent().await;
        first.kill();
        stage.chain.hold_transactions(false);
        stage.chain.new_blocks(3).await.unwrap();
        assert_eq!((stage.chain.waiting(), stage.included().await), (0, 1));
        let head = stage.head();

        let second = stage.validator("second", &[]);
        stage.said(&second, ON_CHAIN, 1).await;
        stage.settle(1, 8, &[(2, 0.75), (3, 0.25)]);
        stage.asked(3).await;
        assert_eq!(
            (stage.included().await, stage.head()),
            (1, head),
            "nothing was sent"
        );
        stage.settle(2, 9, &[(4, 1.0)]);
        stage.said(&second, ON_CHAIN, 2).await;
        assert_eq!(stage.included().await, 2);
    }
}

#[tokio::test]
async fn what_was_never_included_is_signed_anew_when_its_time_is_over() {
    let stage = Stage::start(Options::default()).await;
    stage.chain.hold_transactions(true);
    stage.settle(1, 8, &[(2, 0.75), (3, 0.25)]);
    let mut first = stage.validator("first", &[]);
    stage.sent().await;
    first.kill();
    let extrinsic = remembered(&stage);
    // Longer than any mortality, and the slack.
    stage.chain.new_blocks(300).await.unwrap();
    stage.chain.hold_transactions(false);
    stage.chain.new_block().await.unwrap();
    assert_eq!(stage.included().await, 0, "it is dead");

    let second = stage.validator("second", &[]);
    stage.said(&second, ON_CHAIN, 1).await;
    let line = &stage.lines("second", ON_CHAIN)[0];
    assert_ne!(line["extrinsic"], extrinsic, "{line}");
    stage.asked(3).await;
    assert_eq!(stage.included().await, 1);
}

#[tokio::test]
async fn a_lost_memory_is_made_anew_from_what_the_chain_knows() {
    for options in both() {
        let stage = Stage::start(options).await;
        stage.settle(1, 8, &[(2, 0.75), (3, 0.25)]);
        let mut first = stage.validator("first", &[]);
        stage.said(&first, ON_CHAIN, 1).await;
        first.kill();
        fs::remove_dir_all(stage.state()).unwrap();

        let second = stage.validator("second", &[]);
        stage
            .said(&second, "the chain has these weights already", 1)
            .await;
        stage.settle(1, 8, &[(2, 0.75), (3, 0.25)]);
        stage.asked(3).await;
        assert_eq!((stage.included().await, second.said(ON_CHAIN)), (1, 0));
    }
}

#[tokio::test]
async fn killed_again_and_again_it_submits_each_cycle_once() {
    let stage = Stage::start(Options::default()).await;
    for cycle in 1..=9 {
        let uid = 2 + u16::try_from(cycle % 4).unwrap();
        // Three moments: the weights are on their way here; the intent is written; it waits in the pool.
        let waits = cycle % 3 == 2;
        stage.chain.hold_transactions(waits);
        stage.settle(cycle, 8, &[(uid, 1.0)]);
        let mut first = stage.validator("validator", &[]);
        match cycle % 3 {
            0 => stage.asked(1).await,
            1 => eventually(PATIENCE, "an intent", async || intends(&stage, cycle)).await,
            _ => stage.sent().await,
        }
        first.kill();
        stage.chain.hold_transactions(false);
        let mut second = stage.validator("validator", &[]);
        let known = format!("\"cycle\": {cycle},");
        eventually(PATIENCE, "weights that are remembered as done", async || {
            let memory = memory(&stage);
            memory.contains(&known) && memory.contains("\"intent\": null")
        })
        .await;
        second.kill();
        assert_eq!(stage.included().await, cycle, "after cycle {cycle}");
        assert_eq!(stage.on_chain().await, [(uid, 65535)]);
    }
}

/// The extrinsic that the memory intends.
fn remembered(stage: &Stage) -> String {
    let memory: serde_json::Value = serde_json::from_str(&memory(stage)).unwrap();
    memory["intent"]["prepared"]["hash"].as_str().unwrap().to_owned()
}

/// Whether the memory knows of that cycle at all.
fn intends(stage: &Stage, cycle: u32) -> bool {
    memory(stage).contains(&format!("\"cycle\": {cycle},"))
}

/// The memory's text; empty if there is none yet.
fn memory(stage: &Stage) -> String {
    let files = fs::read_dir(stage.state()).into_iter().flatten().flatten();
    let mut files = files
        .map(|file| file.path())
        .filter(|path| path.extension().is_some_and(|end| end == "json"));
    files
        .next()
        .map(|path| fs::read_to_string(path).unwrap())
        .unwrap_or_default()
}
