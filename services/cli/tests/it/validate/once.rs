//! `--once` and its exit codes; `--dry-run`, which leaves no trace.

use super::stage::{NETUID, ON_CHAIN, Stage, weights};
use kinitro_devchain::{Options, Setting, account};
use serde_json::json;

#[tokio::test]
async fn the_exit_code_tells_what_came_of_it() {
    let mut stage = Stage::start(Options::default()).await;
    let block = stage.head();
    let ended = async |stage: &Stage, flags: &[&str], code: i32, named: &str| {
        let (is, printed, log) = stage.once(flags).await;
        assert_eq!(is, Some(code), "{flags:?}: {log}");
        assert!(log.contains(named), "{flags:?}, `{named}`: {log}");
        assert_eq!(printed, "", "{flags:?}");
    };
    ended(&stage, &[], 75, "no weights yet").await;
    ended(
        &stage,
        &["--network", "ws://127.0.0.1:1"],
        75,
        "no connection to the chain",
    )
    .await;
    ended(
        &stage,
        &["--backend-url", "http://127.0.0.1:1"],
        75,
        "no answer from the gateway",
    )
    .await;

    let mut stale = weights(1, block, &[(2, 1.0)]);
    stale["stale"] = json!(true);
    stage.backend.serve(stale);
    ended(&stage, &[], 75, "are stale").await;
    let mut old = weights(1, block, &[(2, 1.0)]);
    old["timestamp"] = json!("2026-01-01T00:00:00Z");
    stage.backend.serve(old);
    ended(&stage, &[], 75, "--max-age").await;

    stage.settle(1, block + 1000, &[(2, 1.0)]);
    ended(&stage, &[], 1, "another chain's").await;
    stage.settle(1, block, &[(2, 0.5), (3, 0.4)]);
    ended(&stage, &[], 1, "not to 1").await;

    stage.settle(1, block, &[(2, 1.0)]);
    ended(&stage, &["--hotkey-uri", "//nobody"], 5, "not registered").await;
    ended(&stage, &["--hotkey-uri", "//miner-0"], 5, "no validator permit").await;
    ended(
        &stage,
        &["--hotkey-uri", "no key"],
        1,
        "could not load the hotkey",
    )
    .await;
    stage
        .chain
        .set(NETUID, Setting::VersionKey(20_000_000))
        .await
        .unwrap();
    ended(&stage, &[], 1, "asks for version key `20000000`").await;
    assert_eq!(stage.included().await, 0, "nothing of all that was submitted");

    ended(&stage, &["--version-key", "20000000"], 0, ON_CHAIN).await;
    ended(&stage, &["--version-key", "20000000"], 0, "").await;
    assert_eq!(stage.included().await, 1);

    stage.chain.set(NETUID, Setting::VersionKey(0)).await.unwrap();
    stage.chain.set(NETUID, Setting::RateLimit(50)).await.unwrap();
    stage.settle(2, block, &[(3, 1.0)]);
    ended(&stage, &[], 75, "rate limit").await;
    stage.set("KINITRO_VALIDATOR_STATE_DIR", "/proc/nowhere");
    ended(&stage, &[], 1, "/proc/nowhere").await;
    assert_eq!(stage.included().await, 1);
}

#[tokio::test]
async fn a_dry_run_tells_all_and_does_nothing() {
    let stage = Stage::start(Options::default().set(Setting::RateLimit(50))).await;
    let block = stage.head();
    stage
        .chain
        .replace(NETUID, 4, account("//stranger"))
        .await
        .unwrap();
    stage.settle(7, block, &[(2, 0.75), (3, 0.125), (4, 0.125)]);
    let (code, told, log) = stage.once(&["--dry-run"]).await;
    assert_eq!(code, Some(0), "{log}");
    for part in [
        "cycle 7, block 10,",
        "subnet    1 at block 11, 6 uids",
        "uid 0, a validator permit, no weights set so far",
        "plain, every 50 blocks, at least 1 weights, none over 65535/65535, version key 0",
        "would be submitted now",
        "uid 4 (share 0.125): registered to somebody else at block 11",
        "    2  65535  0.8571",
        "    3  10922  0.1429",
    ] {
        assert!(told.contains(part), "`{part}` in\n{told}");
    }
    assert!(!stage.state().exists());
    assert_eq!((stage.included().await, stage.chain.waiting()), (0, 0));

    // Beside a validator that has done it.
    let validator = stage.validator("validator", &[]);
    stage.said(&validator, ON_CHAIN, 1).await;
    let (code, told, _) = stage.once(&["--dry-run"]).await;
    assert_eq!(code, Some(0));
    assert!(told.contains("nothing: cycle 7 was submitted before"), "{told}");
    stage.settle(8, block, &[(2, 1.0)]);
    let (code, told, _) = stage.once(&["--dry-run"]).await;
    assert_eq!(code, Some(75));
    assert!(told.contains("would be submitted from block 62 on"), "{told}");
    stage
        .chain
        .set(NETUID, Setting::CommitReveal(true))
        .await
        .unwrap();
    let (code, told, _) = stage.once(&["--dry-run", "--hotkey-uri", "//miner-0"]).await;
    assert_eq!(code, Some(5));
    assert!(
        told.contains("timelocked, every 50") && told.contains("no validator permit"),
        "{told}"
    );
    assert_eq!(stage.included().await, 1);
}
