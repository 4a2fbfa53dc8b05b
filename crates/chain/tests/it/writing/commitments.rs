//! Commitments of a hotkey that owns nothing.

use super::{node, signer};
use crate::subnet::{NETUID, client, hotkey};
use kinitro_chain::{Error, Hash};

#[tokio::test]
async fn what_is_committed_is_read_back_and_replaced() {
    let node = node(&[]).await;
    let chain = client(&node.url());
    let miner = signer("//miner-0");
    let mut last = None;
    for text in ["kinitro/policy:01234567:deployment", &"é".repeat(64), "", "x"] {
        let included = chain.set_commitment(&miner, NETUID, text).await.unwrap();
        let head = node.head();
        assert_eq!(
            (included.block.0, included.block_hash),
            (head.number.into(), Hash(head.hash.0))
        );
        let commitment = chain.commitment(NETUID, miner.hotkey()).await.unwrap().unwrap();
        assert_eq!(commitment.text().as_deref(), Some(text));
        assert_eq!((commitment.block, commitment.fields.len()), (included.block, 1));
        assert!(last.replace(included.extrinsic) != Some(included.extrinsic));
    }
    assert_eq!(chain.nonce(miner.hotkey()).await.unwrap(), 4);
    assert_eq!(chain.snapshot(NETUID).await.unwrap().commitments.len(), 1);
}

#[tokio::test]
async fn a_text_that_official_clients_would_not_read_is_not_sent() {
    // There is nobody to send it to.
    let chain = client("ws://127.0.0.1:1");
    let error = chain
        .set_commitment(&signer("//miner-0"), NETUID, &"é".repeat(65))
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            Error::CommitmentTooLong {
                bytes: 130,
                limit: 128
            }
        ),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_hotkey_without_a_uid_may_not_commit() {
    let node = node(&[]).await;
    let chain = client(&node.url());
    for netuid in [NETUID, 77] {
        let error = chain
            .set_commitment(&signer("//Alice"), netuid, "text")
            .await
            .unwrap_err();
        let Error::NotRegistered {
            netuid: on,
            hotkey: who,
        } = &error
        else {
            panic!("{error:?}");
        };
        assert_eq!((*on, who), (netuid, &hotkey("//Alice")));
        assert!(error.hint().is_some() && !error.is_passing());
    }
    // It was included, and failed: the nonce is used.
    assert_eq!(chain.nonce(&hotkey("//Alice")).await.unwrap(), 2);
}

#[tokio::test]
async fn the_space_of_an_epoch_is_used_up_after_31_commitments() {
    let node = node(&[]).await;
    let chain = client(&node.url());
    let miner = signer("//miner-0");
    for number in 0..31 {
        chain
            .set_commitment(&miner, NETUID, &number.to_string())
            .await
            .unwrap();
    }
    let error = chain
        .set_commitment(&miner, NETUID, "one more")
        .await
        .unwrap_err();
    assert!(matches!(error, Error::SpaceLimit), "{error:?}");
    assert!(error.is_passing());
    let kept = chain.commitment(NETUID, miner.hotkey()).await.unwrap().unwrap();
    assert_eq!(kept.text().as_deref(), Some("30"));
}
