//! Weights on a subnet that wants them committed first, which is the chain's default.

use super::{node, on_miners, prepared, row, signer, terms};
use crate::subnet::{NETUID, client, hotkey};
use kinitro_chain::{Error, PreparedKind, TimelockedCommit};
use kinitro_devchain::{Devchain, Options, Setting, pallets::drand::beacon};

/// The first second and the length of a round of the public beacon.
const BEACON: (u64, u64) = (1_692_803_367, 3);

#[tokio::test]
async fn a_commit_waits_for_the_round_of_its_reveal() {
    let node = node(&[Setting::CommitReveal(true), Setting::Tempo(20)]).await;
    node.set_now(2_000_000_000_000);
    node.new_block().await.unwrap();
    let chain = client(&node.url());
    let terms = terms(&chain).await;
    let prepared = prepared(&chain, &[1, 2]).await;
    let PreparedKind::Timelocked { reveal_round } = prepared.kind else {
        panic!("{:?}", prepared.kind);
    };
    // Committed in this epoch, revealed when the next begins: so many blocks of 12 seconds later, and three to spare.
    let (genesis, period) = BEACON;
    let blocks = terms.epoch.last_epoch + 20 + 3 - terms.head.0;
    assert_eq!(terms.epoch.reveal_period, 1);
    let expected = (2_000_000_000 + blocks * 12 - genesis) / period;
    assert!(
        (expected..=expected + 1).contains(&reveal_round),
        "{reveal_round}, not {expected}"
    );

    let included = chain.submit(&prepared).await.unwrap();
    let commits = chain
        .timelocked_commits(NETUID, &hotkey("//validator"))
        .await
        .unwrap();
    let epoch = terms.epoch.index;
    let (block, round) = (included.block, reveal_round);
    assert_eq!(commits, [TimelockedCommit { epoch, block, round }]);
    assert_eq!(
        chain
            .timelocked_commits(NETUID, &hotkey("//operator"))
            .await
            .unwrap(),
        []
    );
    assert_eq!(row(&chain).await, None);
}

#[tokio::test]
async fn what_was_committed_is_revealed_when_its_round_is_over() {
    let node = node(&[Setting::CommitReveal(true), Setting::Tempo(20)]).await;
    let start = 2_000_000_000_000;
    node.set_now(start);
    node.new_block().await.unwrap();
    let chain = client(&node.url());
    let prepared = prepared(&chain, &[1, 2]).await;
    chain.submit(&prepared).await.unwrap();

    // The epoch ends, and its round is not over: this chain's blocks come faster than every 12 seconds.
    node.new_blocks(20).await.unwrap();
    assert_eq!(row(&chain).await, None);
    node.set_now(start + 23 * 12_000 + 3_000);
    node.new_blocks(2).await.unwrap();
    assert_eq!(row(&chain).await, Some(vec![(2, 32_768), (3, 65_535)]));
    let waiting = chain
        .timelocked_commits(NETUID, &hotkey("//validator"))
        .await
        .unwrap();
    assert_eq!(waiting, []);
}

#[tokio::test]
async fn a_commit_for_the_public_beacon_waits_for_that() {
    let mut options = Options::default()
        .seed_miners(3)
        .set(Setting::CommitReveal(true))
        .set(Setting::Tempo(20));
    options.own_beacon = false;
    let node = Devchain::start(options).await.unwrap();
    let chain = client(&node.url());
    let prepared = prepared(&chain, &[1, 2]).await;
    let PreparedKind::Timelocked { reveal_round } = prepared.kind else {
        panic!("{:?}", prepared.kind);
    };
    chain.submit(&prepared).await.unwrap();
    node.new_blocks(20).await.unwrap();
    // A round of another beacon opens nothing.
    node.pulse(reveal_round, beacon::sign(reveal_round))
        .await
        .unwrap();
    node.new_blocks(3).await.unwrap();
    assert_eq!(row(&chain).await, None);
    let waiting = chain
        .timelocked_commits(NETUID, &hotkey("//validator"))
        .await
        .unwrap();
    assert_eq!(waiting, [], "what cannot be opened is dropped");
}

#[tokio::test]
async fn a_commit_that_comes_too_soon_is_refused_on_the_chain() {
    let node = node(&[Setting::CommitReveal(true), Setting::RateLimit(100)]).await;
    let chain = client(&node.url());
    chain.submit(&prepared(&chain, &[1, 2]).await).await.unwrap();
    let mut terms = terms(&chain).await;
    assert_eq!(terms.wait(), 100);
    terms.last_update = None;
    let weights = on_miners(&[1, 2]);
    let prepared = chain
        .prepare_weights(&signer("//validator"), NETUID, &weights, 0, &terms)
        .await
        .unwrap();
    let error = chain.submit(&prepared).await.unwrap_err();
    assert!(matches!(error, Error::RateLimited { blocks: None }), "{error:?}");
    assert_eq!(
        chain.nonce(&hotkey("//validator")).await.unwrap(),
        2,
        "the pool does not look at commits"
    );
}

#[tokio::test]
async fn another_version_of_commit_reveal_is_said_before_anything_is_signed() {
    let node = node(&[Setting::CommitReveal(true)]).await;
    let chain = client(&node.url());
    let mut terms = terms(&chain).await;
    terms.commit_reveal_version = 5;
    let weights = on_miners(&[1, 2]);
    let error = chain
        .prepare_weights(&signer("//validator"), NETUID, &weights, 0, &terms)
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            Error::UnexpectedMetadata {
                entry: "CommitRevealWeightsVersion",
                ..
            }
        ),
        "{error:?}"
    );
}
