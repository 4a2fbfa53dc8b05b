//! Weights in the open.

use super::{node, on_miners, prepared, row, signer, terms};
use crate::subnet::{NETUID, client};
use kinitro_chain::{Error, PreparedKind, Quantised, quantise};
use kinitro_devchain::Setting;
use kinitro_proto::Uid;

#[tokio::test]
async fn weights_are_on_the_chain_as_they_were_quantised() {
    let node = node(&[]).await;
    let chain = client(&node.url());
    let shares = [(Uid(2), 0.7311), (Uid(3), 0.2689), (Uid(4), 0.0)].into();
    let terms = terms(&chain).await;
    let weights = quantise(&shares, terms.max_weight).unwrap();
    let prepared = chain
        .prepare_weights(&signer("//validator"), NETUID, &weights, 0, &terms)
        .await
        .unwrap();
    assert_eq!(prepared.kind, PreparedKind::Plain);
    assert_eq!((prepared.nonce, prepared.signed_at), (0, terms.head));
    assert_eq!(prepared.expires_at.0, terms.head.0 + 64);
    assert_eq!(row(&chain).await, None, "it is only signed");

    let included = chain.submit(&prepared).await.unwrap();
    assert_eq!(
        (included.extrinsic, included.block.0),
        (prepared.hash, terms.head.0 + 1)
    );
    assert_eq!(row(&chain).await, Some(vec![(2, 65535), (3, 24104)]));
    assert_eq!(super::terms(&chain).await.last_update, Some(included.block));
}

#[tokio::test]
async fn the_chain_takes_every_share_up_to_the_maximum() {
    let node = node(&[Setting::MaxWeight(33_849)]).await;
    let chain = client(&node.url());
    // The official SDK's rounding of these is above the maximum.
    let shares = [(Uid(2), 0.14), (Uid(3), 159_539_481.2), (Uid(4), 512_950_979.4)].into();
    let terms = terms(&chain).await;
    assert_eq!(terms.max_weight, 33_849);
    let weights = quantise(&shares, terms.max_weight).unwrap();
    let prepared = chain
        .prepare_weights(&signer("//validator"), NETUID, &weights, 0, &terms)
        .await
        .unwrap();
    chain.submit(&prepared).await.unwrap();
    assert_eq!(row(&chain).await, Some(vec![(3, 61_348), (4, 65_535)]));
}

#[tokio::test]
async fn the_rate_limit_is_waited_for_in_blocks() {
    let node = node(&[Setting::RateLimit(10)]).await;
    let chain = client(&node.url());
    chain.submit(&prepared(&chain, &[1, 2]).await).await.unwrap();
    let weights = on_miners(&[3, 4]);
    let terms = terms(&chain).await;
    assert_eq!(terms.wait(), 10);
    let error = chain
        .prepare_weights(&signer("//validator"), NETUID, &weights, 0, &terms)
        .await
        .unwrap_err();
    assert!(
        matches!(error, Error::RateLimited { blocks: Some(10) }),
        "{error:?}"
    );
    assert!(error.is_passing());

    node.new_blocks(10).await.unwrap();
    assert_eq!(super::terms(&chain).await.wait(), 0);
    chain.submit(&prepared(&chain, &[3, 4]).await).await.unwrap();
    assert_eq!(row(&chain).await, Some(vec![(2, 49_151), (3, 65_535)]));
}

#[tokio::test]
async fn weights_on_oneself_need_no_permit() {
    let node = node(&[]).await;
    let chain = client(&node.url());
    let operator = signer("//operator");
    let terms = chain.terms(NETUID, operator.hotkey()).await.unwrap();
    assert!(!terms.permit);
    let weights = Quantised {
        uids: vec![1],
        values: vec![65535],
    };
    let prepared = chain
        .prepare_weights(&operator, NETUID, &weights, 0, &terms)
        .await
        .unwrap();
    chain.submit(&prepared).await.unwrap();
    assert_eq!(chain.weights(NETUID).await.unwrap()[0].uid, Uid(1));
}
