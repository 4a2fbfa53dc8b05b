//! Another chain behind the same address.

use crate::{
    proxy::{Mode, Proxy},
    subnet::{NETUID, client, options, start},
};
use kinitro_chain::{Error, Hash};
use kinitro_devchain::Devchain;

#[tokio::test]
async fn a_restarted_chain_is_said_once_and_then_read() {
    let first = start(5).await;
    let was = Hash(first.genesis().0);
    let chain = client(&first.url());
    assert_eq!(chain.snapshot(NETUID).await.unwrap().commitments.len(), 5);

    let address = first.address();
    first.stop().await;
    let second = Devchain::start(options(3).listen(address)).await.unwrap();
    let is = Hash(second.genesis().0);
    assert_ne!(was, is);

    let error = chain.snapshot(NETUID).await.unwrap_err();
    assert!(error.is_passing());
    assert!(error.hint().is_some());
    let Error::OtherGenesis { was: before, is: now } = error else {
        panic!("{error:?}");
    };
    assert_eq!((before, now), (was, is));
    let snapshot = chain.snapshot(NETUID).await.unwrap();
    assert_eq!((snapshot.genesis, snapshot.commitments.len()), (is, 3));
    assert_eq!(chain.head().await.unwrap().genesis, is);
}

#[tokio::test]
async fn a_chain_exchanged_in_the_middle_of_a_read_is_never_mixed_in() {
    let (first, second) = (start(200).await, start(200).await);
    let link = Proxy::to(first.address()).await;
    let chain = client(&link.url());
    chain.head().await.unwrap();

    link.after(12_000, Mode::Cut);
    let reading = tokio::spawn({
        let chain = chain.clone();
        async move { chain.snapshot(NETUID).await }
    });
    link.changed().await;
    link.lead_to(second.address());
    link.set(Mode::Open);

    let error = reading.await.unwrap().unwrap_err();
    let (was, is) = (Hash(first.genesis().0), Hash(second.genesis().0));
    assert!(
        matches!(error, Error::OtherGenesis { was: a, is: b } if (a, b) == (was, is)),
        "{error:?}"
    );
    assert_eq!(chain.snapshot(NETUID).await.unwrap().genesis, is);
}
