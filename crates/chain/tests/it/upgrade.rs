//! A runtime that changes between two reads.

use crate::subnet::{NETUID, client, hotkey, miner, raw, row, row_key, start, text};
use kinitro_chain::Field;
use kinitro_devchain::SEQUENCED_TAG;

#[tokio::test]
async fn the_next_read_knows_the_new_runtime() {
    let node = start(2).await;
    let chain = client(&node.url());
    let before = chain.head().await.unwrap();
    // A kind of field that only the upgraded runtime has.
    let sequenced = [[SEQUENCED_TAG].as_slice(), &[1, 2, 3, 4]].concat();
    let bytes = row(&[&sequenced, &raw(b"after")]);
    node.store(row_key(&miner(1)), Some(bytes)).await.unwrap();
    let snapshot = chain.snapshot(NETUID).await.unwrap();
    assert_eq!(snapshot.commitments.len(), 1);
    assert_eq!(snapshot.unreadable[0].hotkey, Some(hotkey(&miner(1))));

    node.upgrade().await.unwrap();
    node.new_block().await.unwrap();
    let snapshot = chain.snapshot(NETUID).await.unwrap();
    assert_eq!(snapshot.unreadable, []);
    assert_eq!(snapshot.commitments[0].text(), Some(text(0)));
    let name = "Sequenced".to_owned();
    assert_eq!(
        snapshot.commitments[1].fields,
        [Field::Other { name }, Field::Raw(b"after".to_vec())]
    );
    assert_eq!(chain.head().await.unwrap().spec_version, before.spec_version + 1);
}
