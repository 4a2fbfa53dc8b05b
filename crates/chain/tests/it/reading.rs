//! What is read belongs to one block.

use crate::{
    proxy::{Mode, Proxy},
    subnet::{FIRST_MINER, NETUID, client, hotkey, miner, options, raw, row, row_key, start, text},
};
use kinitro_chain::{Commitment, Error, Hash};
use kinitro_devchain::{
    Devchain, Runtime, Setting,
    pallets::{numbers::NetUidStorageIndex, subtensor},
};
use kinitro_proto::{BlockNumber, Uid};
use std::time::Duration;

#[tokio::test]
async fn a_full_subnet_is_read_at_one_block() {
    let node = start(254).await;
    let chain = client(&node.url());
    let snapshot = chain.snapshot(NETUID).await.unwrap();
    let head = node.head();
    assert_eq!(snapshot.genesis, Hash(node.genesis().0));
    assert_eq!(snapshot.block, BlockNumber(head.number.into()));
    assert_eq!(snapshot.block_hash, Hash(head.hash.0));
    assert_eq!(snapshot.unreadable, []);
    assert_eq!(snapshot.neurons.len(), 256);
    assert!(snapshot.neurons.iter().map(|neuron| neuron.uid.0).eq(0..256));
    assert_eq!(snapshot.commitments.len(), 254);
    for (number, commitment) in (0..).zip(&snapshot.commitments) {
        assert_eq!(commitment.uid, Some(Uid(FIRST_MINER + number)));
        assert_eq!(commitment.hotkey, hotkey(&miner(number)));
        assert_eq!(commitment.text(), Some(text(number)));
    }
    let head = chain.head().await.unwrap();
    assert_eq!(
        (head.number, head.hash, head.genesis),
        (snapshot.block, snapshot.block_hash, snapshot.genesis)
    );
}

#[tokio::test]
async fn what_is_committed_after_the_pin_does_not_show() {
    let node = start(200).await;
    let link = Proxy::to(node.address()).await;
    let chain = client(&link.url());
    let pinned = chain.head().await.unwrap();

    // Held in the middle of the list of hotkeys, before any commitment is asked for.
    link.after(12_000, Mode::Held);
    let reading = tokio::spawn({
        let chain = chain.clone();
        async move { chain.snapshot(NETUID).await }
    });
    link.changed().await;
    for number in [0, 100, 199] {
        let changed = row(&[&raw(b"changed")]);
        node.store(row_key(&miner(number)), Some(changed)).await.unwrap();
    }
    link.set(Mode::Open);

    let snapshot = reading.await.unwrap().unwrap();
    assert_eq!(snapshot.block_hash, pinned.hash);
    let texts = snapshot
        .commitments
        .iter()
        .map(|commitment| commitment.text().unwrap());
    assert!(texts.eq((0..200).map(text)));
    let later = chain.snapshot(NETUID).await.unwrap();
    assert_eq!(later.block.0, pinned.number.0 + 3);
    let changed = |row: &&Commitment| row.text().as_deref() == Some("changed");
    assert_eq!(later.commitments.iter().filter(changed).count(), 3);
}

#[tokio::test]
async fn a_subnet_that_is_not_there_is_said() {
    let node = start(0).await;
    let chain = client(&node.url());
    for result in [
        chain.snapshot(9).await.map(drop),
        chain.weights(9).await.map(drop),
        chain.terms(9, &hotkey("//validator")).await.map(drop),
    ] {
        assert!(matches!(result, Err(Error::NoSubnet { netuid: 9 })), "{result:?}");
    }
    assert_eq!(chain.commitment(9, &hotkey("//validator")).await.unwrap(), None);
    let snapshot = chain.snapshot(NETUID).await.unwrap();
    assert_eq!((snapshot.neurons.len(), snapshot.commitments.len()), (2, 0));
}

#[tokio::test]
async fn a_validator_reads_its_terms_at_one_block() {
    let settings = [
        Setting::RateLimit(100),
        Setting::VersionKey(3),
        Setting::MinWeights(2),
        Setting::MaxWeight(1000),
        Setting::CommitReveal(true),
        Setting::Tempo(361),
        Setting::RevealPeriod(2),
    ];
    let options = settings
        .into_iter()
        .fold(options(3), kinitro_devchain::Options::set);
    let node = Devchain::start(options).await.unwrap();
    node.new_blocks(10).await.unwrap();
    let chain = client(&node.url());
    let validator = hotkey("//validator");

    let terms = chain.terms(NETUID, &validator).await.unwrap();
    let head = node.head();
    assert_eq!(
        (terms.head.0, terms.head_hash),
        (head.number.into(), Hash(head.hash.0))
    );
    assert_eq!(
        (terms.uid, terms.permit, terms.is_owner),
        (Some(Uid(0)), true, false)
    );
    assert_eq!((terms.rate_limit, terms.version_key), (100, 3));
    assert_eq!((terms.min_weights, terms.max_weight), (2, 1000));
    assert_eq!((terms.commit_reveal, terms.commit_reveal_version), (true, 4));
    assert_eq!((terms.epoch.tempo, terms.epoch.reveal_period), (361, 2));
    assert_eq!(terms.block_time, Duration::from_secs(12));
    assert_eq!(terms.neurons.len(), 5);

    node.set_last_update(NETUID, 0, 8).await.unwrap();
    let terms = chain.terms(NETUID, &validator).await.unwrap();
    assert_eq!(terms.last_update, Some(BlockNumber(8)));
    assert_eq!(terms.wait(), 108 - terms.head.0);
    node.set_last_update(NETUID, 0, 0).await.unwrap();
    let terms = chain.terms(NETUID, &validator).await.unwrap();
    assert_eq!((terms.last_update, terms.wait()), (None, 0));

    let miner = chain.terms(NETUID, &hotkey(&miner(0))).await.unwrap();
    assert_eq!((miner.uid, miner.permit), (Some(Uid(FIRST_MINER)), false));
    let stranger = chain.terms(NETUID, &hotkey("//Alice")).await.unwrap();
    assert_eq!(
        (stranger.uid, stranger.permit, stranger.last_update),
        (None, false, None)
    );
}

#[tokio::test]
async fn weights_are_read_by_validator() {
    let node = start(3).await;
    let chain = client(&node.url());
    assert_eq!(chain.weights(NETUID).await.unwrap(), []);
    node.poke(|| {
        let index = NetUidStorageIndex::from(NETUID);
        subtensor::Weights::<Runtime>::insert(index, 3, vec![(2_u16, 7_u16)]);
        subtensor::Weights::<Runtime>::insert(index, 0, vec![(2_u16, 65535_u16), (4, 1)]);
    })
    .await
    .unwrap();
    let rows = chain.weights(NETUID).await.unwrap();
    let rows: Vec<_> = rows.into_iter().map(|row| (row.uid.0, row.weights)).collect();
    let expected = [(0, vec![(Uid(2), 65535), (Uid(4), 1)]), (3, vec![(Uid(2), 7)])];
    assert_eq!(rows, expected);
}
