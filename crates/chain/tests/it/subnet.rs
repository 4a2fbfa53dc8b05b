//! The chain that is read.

use kinitro_chain::{Chain, Limits};
use kinitro_devchain::{
    Blocks, Devchain, Options, Runtime, Seat, Subnet, account,
    pallets::{commitments::CommitmentOf, numbers::NetUid},
};
use kinitro_proto::Hotkey;
use std::time::Duration;

pub(crate) const NETUID: u16 = 1;
/// Uids 0 and 1 are the validator's and the operator's.
pub(crate) const FIRST_MINER: u16 = 2;

pub(crate) fn text(miner: u16) -> String {
    format!("kinitro/policy-{miner}:01234567:deployment-{miner}")
}

/// A subnet with so many miners, each with a commitment. Blocks are made when a test asks for them.
pub(crate) fn options(miners: u16) -> Options {
    let mut subnet = Subnet::new(NETUID);
    subnet.neurons.extend((0..miners).map(|number| {
        let mut seat = Seat::miner(account(&format!("//miner-{number}")));
        seat.commitment = Some(text(number).into_bytes());
        seat
    }));
    Options::default().blocks(Blocks::Manual).subnets(vec![subnet])
}

pub(crate) async fn start(miners: u16) -> Devchain {
    let chain = Devchain::start(options(miners)).await.unwrap();
    chain.new_block().await.unwrap();
    chain
}

pub(crate) fn client(url: &str) -> Chain {
    Chain::new(url.parse().unwrap())
}

/// A client that gives up soon.
pub(crate) fn hasty(url: &str) -> Chain {
    let limits = Limits {
        call: Duration::from_secs(3),
        request: Duration::from_millis(700),
        connect: Duration::from_millis(700),
        ..Limits::default()
    };
    Chain::with_limits(url.parse().unwrap(), limits)
}

pub(crate) fn hotkey(uri: &str) -> Hotkey {
    subxt::utils::AccountId32(account(uri).into())
        .to_string()
        .parse()
        .unwrap()
}

pub(crate) fn miner(number: u16) -> String {
    format!("//miner-{number}")
}

/// Where a hotkey's commitment is stored.
pub(crate) fn row_key(uri: &str) -> Vec<u8> {
    CommitmentOf::<Runtime>::hashed_key_for(NetUid(NETUID), account(uri))
}

/// A row whose fields are these bytes.
pub(crate) fn row(fields: &[&[u8]]) -> Vec<u8> {
    let mut bytes = [0_u64.to_le_bytes().as_slice(), &7_u32.to_le_bytes()].concat();
    // A compact length below 64.
    bytes.push(u8::try_from(fields.len()).unwrap() << 2);
    bytes.extend(fields.concat());
    bytes
}

/// A field of raw bytes.
pub(crate) fn raw(text: &[u8]) -> Vec<u8> {
    [&[u8::try_from(text.len()).unwrap() + 1], text].concat()
}
