//! Miners from a chain: real schedulers on a development chain, whose miners commit with a client of their own.

mod subnet;

use crate::stack::{PATIENCE, Process, run};
use kinitro_chain::commitment::Envelope;
use kinitro_devchain::account;
use kinitro_harness::eventually;
use kinitro_proto::BlockNumber;
use kinitro_store::{ChainBlock, CycleState};
use std::{collections::BTreeMap, fs};
use subnet::{DEPLOYED, NETUID, Subnet, UUID, Word, refused};

/// What a scheduler says of an outage.
const AWAY: &str = "the chain is away: no cycle opens until it is back; one that runs goes on";
/// What it says of another genesis.
const RESET: &str = "the chain was reset: who committed when on the old one counts no more";

#[tokio::test]
async fn the_miners_are_those_who_committed_a_policy_that_may_be_called() {
    let mut subnet = Subnet::start().await;
    let hidden = "http://10.1.2.3:8000/hidden";
    let deployed = subnet.commit("//miner-0", &format!("a/b:deadbeef:{UUID}")).await;
    let legacy = subnet.sealed("//miner-1", Envelope::Legacy, UUID);
    let legacy = subnet.commit("//miner-1", &legacy).await;
    let sealed = subnet.sealed("//miner-2", Envelope::Bound, hidden);
    let bound = subnet.commit("//miner-2", &sealed).await;
    let plain = subnet
        .commit("//miner-3", "a/b:deadbeef:http://10.1.2.4:8000")
        .await;
    subnet.commit("//miner-4", "\u{fffd}::{").await;
    // Copied from another miner; committed by one who then lost its seat; and no miner's.
    subnet.commit("//miner-5", &sealed).await;
    subnet.commit("//miner-6", &format!("a/b:deadbeef:{UUID}")).await;
    assert!(
        subnet
            .chain
            .deregister(NETUID, account("//miner-6"))
            .await
            .unwrap()
    );
    subnet.commit("//operator", &subnet.operator_key()).await;

    let mut scheduler = subnet.stack.scheduler();
    let (cycle, judged) = subnet.judged(None).await;
    let mut expected = BTreeMap::from([
        (2, (DEPLOYED.to_owned(), deployed)),
        (3, (DEPLOYED.to_owned(), legacy)),
        (4, (hidden.to_owned(), bound)),
    ]);
    assert_eq!(judged, expected);
    let head = subnet.head();
    let newest = subnet.stack.newest().await.unwrap();
    assert_eq!(newest.block_number, head);
    assert_eq!(newest.block_hash, Some(format!("{:?}", subnet.chain.head().hash)));
    let word = Word::of(&scheduler).await;
    word.misses("chain", None).await;
    for line in [
        "kinitro_chain_up 1".to_owned(),
        format!("kinitro_chain_head_block {head}"),
        "kinitro_chain_resets_total 0".to_owned(),
        "kinitro_commitments_refused{reason=\"plain\"} 1".to_owned(),
        "kinitro_commitments_refused{reason=\"sealed\"} 1".to_owned(),
        "kinitro_commitments_refused{reason=\"malformed\"} 1".to_owned(),
        "kinitro_commitments_refused{reason=\"no_key\"} 0".to_owned(),
    ] {
        word.counts(&line).await;
    }

    // Told once, not each cycle.
    subnet.end(cycle).await;
    let (cycle, judged) = subnet.judged(Some(cycle)).await;
    assert_eq!(judged, expected);
    let reasons = [(5, "plain"), (6, "malformed"), (7, "sealed")];
    let reasons = reasons.map(|(uid, reason)| (uid, reason.to_owned()));
    assert_eq!(refused(&scheduler), reasons);
    let log = fs::read_to_string(subnet.stack.path("scheduler.log")).unwrap();
    assert!(!log.contains("hidden"), "a sealed endpoint is in the log");

    // Where plain endpoints are allowed, and nothing can be opened.
    assert_eq!(scheduler.terminate(PATIENCE).await, Some(0));
    subnet.stack.unset("KINITRO_SCHEDULER_BACKEND_PRIVATE_KEY_FILE");
    subnet.stack.set("KINITRO_SCHEDULER_ALLOW_PLAIN_ENDPOINTS", true);
    subnet.end(cycle).await;
    let scheduler = subnet.stack.scheduler_named("next");
    let (_, judged) = subnet.judged(Some(cycle)).await;
    expected.retain(|uid, _| *uid == 2);
    expected.insert(5, ("http://10.1.2.4:8000".to_owned(), plain));
    assert_eq!(judged, expected);
    let word = Word::of(&scheduler).await;
    word.counts("kinitro_commitments_refused{reason=\"no_key\"} 3")
        .await;
}

#[tokio::test]
async fn committing_the_same_again_costs_no_rank_and_something_else_does() {
    let subnet = Subnet::start().await;
    let sealed = |who| subnet.sealed(who, Envelope::Bound, UUID);
    let other = format!("a/b:cafebabe:{UUID}");
    let first = subnet.commit("//miner-0", &sealed("//miner-0")).await;
    let second = subnet.commit("//miner-1", &sealed("//miner-1")).await;
    // Two may run: the ledger knows one first block for both.
    let _schedulers = ["one", "two"].map(|name| subnet.stack.scheduler_named(name));
    let blocks = async |after| {
        let (cycle, judged) = subnet.judged(after).await;
        let blocks: Vec<_> = judged.into_values().map(|(_, block)| block).collect();
        (cycle, blocks)
    };
    let (cycle, seen) = blocks(None).await;
    assert_eq!(seen, [first, second]);

    // Sealed anew it is the same: to the chain it is another, committed later.
    let again = subnet.commit("//miner-0", &sealed("//miner-0")).await;
    let moved = subnet.commit("//miner-1", &other).await;
    assert!(first < second && second < again && again < moved);
    subnet.end(cycle).await;
    let (cycle, seen) = blocks(Some(cycle)).await;
    assert_eq!(seen, [first, moved]);

    // In the open it is the same content, too.
    subnet.commit("//miner-1", &format!("a/b:deadbeef:{UUID}")).await;
    subnet.end(cycle).await;
    let (_, seen) = blocks(Some(cycle)).await;
    assert_eq!(seen, [first, second]);
}

#[tokio::test]
async fn an_outage_of_the_chain_delays_the_next_cycle_and_not_the_running_one() {
    let mut subnet = Subnet::start().await;
    let (_miner, endpoint) = subnet.stack.mock_miner("miner", &[]).await;
    subnet.stack.set("KINITRO_SCHEDULER_ALLOW_PLAIN_ENDPOINTS", true);
    subnet.stack.set("KINITRO_SCHEDULER_CYCLE_TIMEOUT_SECONDS", 600);
    subnet
        .commit("//miner-0", &format!("a/b:deadbeef:{endpoint}"))
        .await;

    // Away at the start.
    subnet.cable.cut().await;
    let scheduler = subnet.stack.scheduler();
    let word = Word::of(&scheduler).await;
    word.misses("chain", Some("no connection to the chain")).await;
    word.misses("miners", Some("no connection to the chain")).await;
    word.counts("kinitro_chain_up 0").await;
    eventually(PATIENCE, "further tries", async || {
        scheduler.said("trying again") >= 3
    })
    .await;
    assert!(subnet.stack.newest().await.is_none());
    let warnings = |scheduler: &Process| {
        let lines = scheduler.lines("trying again");
        lines.iter().filter(|line| line["level"] == "WARN").count()
    };
    assert_eq!((scheduler.said(AWAY), warnings(&scheduler)), (1, 1));
    subnet.cable.mend().await;
    let cycle = subnet.running(None).await;
    word.misses("chain", None).await;
    assert_eq!(scheduler.said("the chain is back"), 1);

    // Away while a cycle runs: it settles.
    subnet.cable.cut().await;
    word.misses("chain", Some("")).await;
    let _executor = subnet
        .stack
        .executor("one", &["--allow-addresses", "127.0.0.0/8"]);
    let _scorer = subnet.stack.scorer();
    let settled = subnet.stack.ended(CycleState::Settled, PATIENCE).await;
    assert_eq!(settled.id, cycle);
    let stats = subnet.stack.store.task_stats(cycle).await.unwrap();
    assert_eq!((stats.completed, stats.total()), (8, 8));
    // Time enough for the next cycle, several times over.
    let looks = scheduler.said("the chain is still away");
    eventually(PATIENCE, "another look in vain", async || {
        scheduler.said("the chain is still away") > looks
    })
    .await;
    assert_eq!(subnet.stack.newest().await.unwrap().id, cycle);
    assert_eq!(scheduler.said(AWAY), 2);

    subnet.cable.mend().await;
    eventually(PATIENCE, "the next cycle", async || {
        subnet
            .stack
            .newest()
            .await
            .is_some_and(|newest| newest.id > cycle)
    })
    .await;
}

#[tokio::test]
async fn another_chain_is_told_once_and_its_own_miners_are_judged() {
    let mut subnet = Subnet::start().await;
    let text = format!("a/b:deadbeef:{UUID}");
    subnet.chain.new_blocks(50).await.unwrap();
    let old = subnet.commit("//miner-0", &text).await;
    let mut scheduler = subnet.stack.scheduler();
    let (cycle, judged) = subnet.judged(None).await;
    assert_eq!(judged[&2].1, old);
    let genesis = |subnet: &Subnet| format!("{:?}", subnet.chain.genesis());
    let was = genesis(&subnet);

    // Under a running cycle, which goes on.
    subnet.cable.cut().await;
    subnet.start_anew().await;
    subnet.commit("//miner-1", &text).await;
    let new = subnet.commit("//miner-0", &text).await;
    subnet.cable.mend().await;
    let word = Word::of(&scheduler).await;
    word.misses("chain", Some("the chain was reset")).await;
    word.counts("kinitro_chain_resets_total 1").await;
    let line = &scheduler.lines(RESET)[0];
    assert_eq!(
        (line["level"].as_str(), line["was"].as_str(), line["is"].as_str()),
        (Some("ERROR"), Some(was.as_str()), Some(genesis(&subnet).as_str()))
    );
    assert_eq!(subnet.running(None).await, cycle);
    subnet.end(cycle).await;
    let (cycle, judged) = subnet.judged(Some(cycle)).await;
    assert_eq!(judged.keys().copied().collect::<Vec<_>>(), [2, 3]);
    assert_eq!(judged[&2].1, new);
    word.misses("chain", None).await;
    assert_eq!(scheduler.said(RESET), 1);

    // While the scheduler was away: the ledger knows what was before.
    assert_eq!(scheduler.terminate(PATIENCE).await, Some(0));
    subnet.cable.cut().await;
    subnet.start_anew().await;
    let newer = subnet.commit("//miner-0", &text).await;
    subnet.cable.mend().await;
    subnet.end(cycle).await;
    let scheduler = subnet.stack.scheduler_named("next");
    let (_, judged) = subnet.judged(Some(cycle)).await;
    assert_eq!(judged, BTreeMap::from([(2, (DEPLOYED.to_owned(), newer))]));
    let word = Word::of(&scheduler).await;
    word.counts("kinitro_chain_resets_total 1").await;
    assert_eq!(scheduler.said(RESET), 1);
}

#[tokio::test]
async fn a_node_that_is_behind_opens_no_cycle_until_it_has_caught_up() {
    let subnet = Subnet::start().await;
    subnet.commit("//miner-0", &format!("a/b:deadbeef:{UUID}")).await;
    // Another scheduler, at another node, has seen more.
    let seen = ChainBlock {
        netuid: NETUID,
        genesis_hash: format!("{:?}", subnet.chain.genesis()),
        number: BlockNumber(subnet.head().0 + 100),
    };
    subnet.stack.store.note_head(&seen).await.unwrap();
    let scheduler = subnet.stack.scheduler();
    let word = Word::of(&scheduler).await;
    word.misses("chain", Some("the node is behind: its head is block"))
        .await;
    word.misses("miners", Some("the node is behind: its head is block"))
        .await;
    word.counts("kinitro_chain_up 0").await;
    assert!(subnet.stack.newest().await.is_none());
    subnet.chain.new_blocks(100).await.unwrap();
    let (_, judged) = subnet.judged(None).await;
    assert_eq!(judged.len(), 1);
    word.misses("chain", None).await;
}

#[tokio::test]
async fn without_miners_no_cycle_opens_and_it_is_said() {
    let subnet = Subnet::start().await;
    subnet.commit("//operator", &subnet.operator_key()).await;
    subnet.commit("//miner-0", "a/b:deadbeef:http://10.0.0.1").await;
    let scheduler = subnet.stack.scheduler();
    let word = Word::of(&scheduler).await;
    word.misses("miners", Some("2 commitment(s), refused: 1 plain"))
        .await;
    assert!(subnet.stack.newest().await.is_none());
    subnet.commit("//miner-1", &format!("a/b:deadbeef:{UUID}")).await;
    let (_, judged) = subnet.judged(None).await;
    assert_eq!(judged.keys().copied().collect::<Vec<_>>(), [3]);
    word.misses("miners", None).await;
}

#[tokio::test]
async fn a_subnet_that_is_not_there_is_named_with_a_hint() {
    let mut subnet = Subnet::start().await;
    subnet.stack.set("KINITRO_SCHEDULER_NETUID", 77);
    let scheduler = subnet.stack.scheduler();
    let word = Word::of(&scheduler).await;
    word.misses("miners", Some("there is no subnet `77`")).await;
    let line = &scheduler.lines("trying again")[0];
    assert_eq!(line["hint"], "check --netuid and --network", "{line}");
}

#[test]
fn what_is_wrong_with_the_chains_settings_is_told_whole_and_the_key_is_not() {
    let folder = tempfile::TempDir::new().unwrap();
    let key = folder.path().join("key");
    fs::write(&key, "c0ffee").unwrap();
    let settings = [("KINITRO_SCHEDULER_BACKEND_PRIVATE_KEY", "5ec4e7".to_owned())];
    let args = [
        "scheduler",
        "--network",
        "local",
        "--miners-file",
        "/nowhere.toml",
    ];
    let output = run(&args, &settings);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    for part in [
        "3 faults",
        "--backend-private-key",
        "/nowhere.toml",
        "a file or from a chain",
    ] {
        assert!(said.contains(part), "`{part}` in\n{said}");
    }
    let key = key.display().to_string();
    let output = run(&["scheduler", "--backend-private-key-file", &key], &[]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.contains("--backend-private-key-file"), "{told}");
    let shown = run(&["config", "show", "scheduler"], &settings);
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.contains("backend-private-key"), "{shown}");
    for secret in ["c0ffee", "5ec4e7"] {
        assert!(!(said.clone() + &told + &shown).contains(secret), "{secret}");
    }
}
