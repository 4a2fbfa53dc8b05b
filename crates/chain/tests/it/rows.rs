//! Rows that are broken, left over or missing.

use crate::subnet::{FIRST_MINER, NETUID, client, hotkey, miner, raw, row, row_key, start, text};
use kinitro_chain::{Error, Field};
use kinitro_devchain::{
    Runtime, account,
    pallets::{numbers::NetUid, subtensor},
};
use kinitro_proto::{BlockNumber, Uid};

#[tokio::test]
async fn a_bad_row_costs_only_itself() {
    let node = start(8).await;
    let chain = client(&node.url());
    let good = row(&[&raw(b"a:b:c")]);
    for (number, bytes) in [
        (1, vec![0xff; 40]),
        (2, Vec::new()),
        (3, good[..good.len() - 1].to_vec()),
        (4, row(&[&[200]])),
        (5, [good.clone(), vec![0]].concat()),
    ] {
        node.store(row_key(&miner(number)), Some(bytes)).await.unwrap();
    }
    let snapshot = chain.snapshot(NETUID).await.unwrap();
    assert_eq!(snapshot.neurons.len(), 10);
    let texts: Vec<_> = snapshot
        .commitments
        .iter()
        .map(|row| row.text().unwrap())
        .collect();
    assert_eq!(texts, [0, 6, 7].map(text));
    let unreadable: Vec<_> = snapshot
        .unreadable
        .iter()
        .map(|row| row.hotkey.clone().unwrap())
        .collect();
    assert_eq!(unreadable, [1, 2, 3, 4, 5].map(|number| hotkey(&miner(number))));
    assert!(
        snapshot
            .unreadable
            .iter()
            .all(|row| !row.reason.is_empty() && !row.reason.contains('\n'))
    );

    let alone = chain.commitment(NETUID, &hotkey(&miner(1))).await;
    assert!(matches!(alone, Err(Error::BadAnswer { .. })), "{alone:?}");
}

#[tokio::test]
async fn what_a_deregistered_hotkey_left_behind_vanishes() {
    let node = start(4).await;
    let chain = client(&node.url());
    assert!(node.deregister(NETUID, account(&miner(1))).await.unwrap());
    node.replace(NETUID, FIRST_MINER + 2, account("//newcomer"))
        .await
        .unwrap();

    let snapshot = chain.snapshot(NETUID).await.unwrap();
    let hotkeys: Vec<_> = snapshot
        .neurons
        .iter()
        .map(|neuron| neuron.hotkey.clone())
        .collect();
    let expected = [
        "//validator",
        "//operator",
        "//miner-0",
        "//newcomer",
        "//miner-3",
    ];
    assert_eq!(hotkeys, expected.map(hotkey));
    let owners: Vec<_> = snapshot
        .commitments
        .iter()
        .map(|row| row.hotkey.clone())
        .collect();
    assert_eq!(owners, ["//miner-0", "//miner-3"].map(hotkey));
    assert_eq!(snapshot.unreadable, []);

    // It is still stored, and read where it is asked for by name.
    for number in [1, 2] {
        let left = chain
            .commitment(NETUID, &hotkey(&miner(number)))
            .await
            .unwrap()
            .unwrap();
        assert_eq!((left.uid, left.text()), (None, Some(text(number))));
    }
    let kept = chain
        .commitment(NETUID, &hotkey(&miner(3)))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(kept.uid, Some(Uid(FIRST_MINER + 3)));
    assert_eq!(
        chain.commitment(NETUID, &hotkey("//newcomer")).await.unwrap(),
        None
    );
}

#[tokio::test]
async fn an_absent_slot_is_not_the_zero_account() {
    let node = start(3).await;
    let chain = client(&node.url());
    node.poke(|| {
        subtensor::Keys::<Runtime>::remove(NetUid(NETUID), FIRST_MINER);
        subtensor::Keys::<Runtime>::insert(NetUid(NETUID), FIRST_MINER + 1, account("//Alice"));
    })
    .await
    .unwrap();
    let snapshot = chain.snapshot(NETUID).await.unwrap();
    let uids: Vec<_> = snapshot.neurons.iter().map(|neuron| neuron.uid.0).collect();
    assert_eq!(uids, [0, 1, FIRST_MINER + 2]);
    assert_eq!(snapshot.commitments.len(), 1);
    let told: Vec<_> = snapshot
        .unreadable
        .iter()
        .map(|row| (row.hotkey.clone().unwrap(), row.reason.clone()))
        .collect();
    let expected = [
        (hotkey(&miner(0)), "its uid belongs to nobody".to_owned()),
        (
            hotkey(&miner(1)),
            format!("its uid belongs to `{}`", hotkey("//Alice")),
        ),
    ];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn every_kind_of_field_is_told_apart() {
    let node = start(1).await;
    let chain = client(&node.url());
    let big = [&[136, 8 << 2], b"big-text".as_slice()].concat();
    let hash = [[131].as_slice(), &[1; 32]].concat();
    let bytes = row(&[&raw(b"repo:\xff"), &big, &hash]);
    node.store(row_key(&miner(0)), Some(bytes)).await.unwrap();
    let commitment = chain
        .commitment(NETUID, &hotkey(&miner(0)))
        .await
        .unwrap()
        .unwrap();
    let name = "Sha256".to_owned();
    let expected = [
        Field::Raw(b"repo:\xff".to_vec()),
        Field::BigRaw(b"big-text".to_vec()),
        Field::Other { name },
    ];
    assert_eq!(commitment.fields, expected);
    assert_eq!(commitment.text().as_deref(), Some("repo:"));
    assert_eq!(commitment.block, BlockNumber(7));
}
