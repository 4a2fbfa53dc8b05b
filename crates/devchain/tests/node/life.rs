//! Starting, stopping, and starting again.

use crate::client::{Client, next};
use kinitro_devchain::{
    Blocks, Devchain, Error, Options, Runtime, Seat, Setting, Subnet, account,
    pallets::{numbers::NetUid, subtensor},
};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[tokio::test]
async fn a_chain_restarts_on_the_same_port_with_another_genesis() {
    let options = Options::default().blocks(Blocks::Manual);
    let chain = Devchain::start(options.clone()).await.unwrap();
    let client = Client::new(&chain).await;
    let mut heads = client
        .follow(
            ["chain_subscribeNewHeads", "chain_unsubscribeNewHeads"],
            json!([]),
        )
        .await;
    next(&mut heads).await;
    let (address, genesis) = (chain.address(), chain.genesis());
    chain.stop().await;
    assert!(heads.next().await.is_none(), "subscriptions end with the chain");

    let again = Devchain::start(options.listen(address)).await.unwrap();
    assert_eq!(again.address(), address);
    assert_ne!(again.genesis(), genesis);
    let client = Client::new(&again).await;
    assert_eq!(
        client.call("chain_getBlockHash", json!([0])).await.unwrap(),
        json!(again.genesis())
    );
}

#[tokio::test]
async fn a_dropped_chain_is_gone() {
    let chain = Devchain::start(Options::default()).await.unwrap();
    let client = Client::new(&chain).await;
    drop(chain);
    client.rpc.on_disconnect().await;
}

#[tokio::test]
async fn a_taken_address_is_an_error() {
    let first = Devchain::start(Options::default()).await.unwrap();
    let second = Devchain::start(Options::default().listen(first.address())).await;
    assert!(matches!(second, Err(Error::Listen { address, .. }) if address == first.address()));
}

#[tokio::test]
async fn all_faults_of_the_options_are_told_at_once() {
    let mut options = Options::default().kept_states(0).subnets(vec![
        Subnet::new(0),
        Subnet::new(2).with([Setting::MaxUids(1)]),
        Subnet::new(2),
    ]);
    options.waiting_transactions = 0;
    options.subnets[2]
        .neurons
        .push(Seat::miner(account("//operator")));
    let Err(Error::Options { faults }) = Devchain::start(options).await else {
        panic!("it started")
    };
    assert_eq!(faults.len(), 6, "{faults:#?}");
}

#[tokio::test]
async fn the_same_port_answers_over_http() {
    let chain = Devchain::start(Options::default()).await.unwrap();
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"system_health","params":[]}"#;
    let request = format!(
        "POST / HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        chain.address(),
        body.len()
    );
    let mut stream = tokio::net::TcpStream::connect(chain.address()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.contains(r#""isSyncing":false"#),
        "{answer}"
    );
}

#[tokio::test]
async fn seeded_neurons_have_their_uids_in_order() {
    let options = Options::default().seed_miners(2).set(Setting::Tempo(99));
    let chain = Devchain::start(options).await.unwrap();
    let seats = chain
        .poke(|| {
            let uids = 0..subtensor::SubnetworkN::<Runtime>::get(NetUid(1));
            let keys: Vec<_> = uids
                .map(|uid| subtensor::Keys::<Runtime>::get(NetUid(1), uid))
                .collect();
            let permits = subtensor::ValidatorPermit::<Runtime>::get(NetUid(1));
            (keys, permits, subtensor::Tempo::<Runtime>::get(NetUid(1)))
        })
        .await
        .unwrap();
    let keys = ["//validator", "//operator", "//miner-0", "//miner-1"]
        .map(account)
        .to_vec();
    assert_eq!(seats, (keys, vec![true, false, false, false], 99));
}

#[tokio::test]
async fn neurons_come_and_go() {
    let chain = Devchain::start(Options::default()).await.unwrap();
    let uid = chain.register(1, account("//late")).await.unwrap();
    assert_eq!(uid, Some(2));
    assert_eq!(chain.register(1, account("//late")).await.unwrap(), None);
    assert!(chain.deregister(1, account("//late")).await.unwrap());
    assert!(!chain.deregister(1, account("//late")).await.unwrap());
    chain.replace(1, 1, account("//other")).await.unwrap();
    let operator = chain.deregister(1, account("//operator")).await.unwrap();
    assert!(!operator, "its uid was given away");
}
