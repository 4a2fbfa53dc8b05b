//! Texts that nobody can read before a round of the chain's own beacon.

use ark_serialize::{CanonicalDeserialize, CanonicalSerialize};
use ark_std::rand::rngs::OsRng;
use kinitro_devchain::{
    Blocks, Commitments, Devchain, Options, Runtime, account,
    pallets::{
        commitments::{CommitmentInfo, CommitmentOf, Data, RevealedCommitments, TimelockedIndex},
        drand::{Pulses, beacon},
        numbers::NetUid,
    },
};
use sp_io::hashing::sha2_256;
use sp_runtime::BoundedVec;
use timelock::{
    block_ciphers::AESGCMBlockCipherProvider,
    engines::{EngineBLS, drand::TinyBLS381},
    ibe::fullident::Identity,
    tlock::tle,
};

const NETUID: NetUid = NetUid(1);
/// A round of the beacon, and the time it is over, in milliseconds.
const ROUND: u64 = 200_000_000;
const OVER: u64 = (1_692_803_367 + (ROUND - 1) * 3) * 1000;

fn sealed(text: &[u8]) -> Data {
    type PublicKey = <TinyBLS381 as EngineBLS>::PublicKeyGroup;
    let key = PublicKey::deserialize_compressed(beacon::public_key()).unwrap();
    let identity = Identity::new(b"", &sha2_256(&ROUND.to_be_bytes()));
    let made =
        tle::<TinyBLS381, AESGCMBlockCipherProvider, OsRng>(key, [3; 32], text, identity, OsRng).unwrap();
    let mut encrypted = Vec::new();
    made.header.u.serialize_compressed(&mut encrypted).unwrap();
    for part in [&made.header.v[..], &made.header.w, &made.body, &made.cipher_suite] {
        encrypted.extend(u64::try_from(part.len()).unwrap().to_le_bytes());
        encrypted.extend(part);
    }
    field(encrypted)
}

fn field(encrypted: Vec<u8>) -> Data {
    Data::TimelockEncrypted {
        encrypted: BoundedVec::truncate_from(encrypted),
        reveal_round: ROUND,
    }
}

/// A chain just before the round is over, on which the operator has committed these fields.
async fn committed(fields: Vec<Data>) -> Devchain {
    let chain = Devchain::start(Options::default().blocks(Blocks::Manual))
        .await
        .unwrap();
    chain.set_now(OVER - 60_000);
    chain.new_block().await.unwrap();
    let fields = BoundedVec::truncate_from(fields);
    let published =
        chain.poke(|| Commitments::publish(&account("//operator"), NETUID, CommitmentInfo { fields }));
    published.await.unwrap().unwrap();
    chain
}

/// What is left of the commitment, and what was revealed of it.
async fn seen(chain: &Devchain) -> (Option<Vec<Data>>, Vec<Vec<u8>>) {
    let asked = chain.poke(|| {
        let who = account("//operator");
        let left = CommitmentOf::<Runtime>::get(NETUID, &who).map(|row| row.info.fields.into_inner());
        let revealed = RevealedCommitments::<Runtime>::get(NETUID, &who).unwrap_or_default();
        (left, revealed.into_iter().map(|(text, _)| text).collect())
    });
    asked.await.unwrap()
}

#[tokio::test]
async fn a_text_is_revealed_in_the_block_after_its_round_came() {
    let chain = committed(vec![sealed(b"text")]).await;
    chain.new_blocks(2).await.unwrap();
    assert_eq!(seen(&chain).await.1, [] as [Vec<u8>; 0]);
    chain.set_now(OVER);
    // One block to bring the round, one to reveal.
    chain.new_blocks(2).await.unwrap();
    assert_eq!(seen(&chain).await, (None, vec![b"text".to_vec()]));
    let waiting = chain.poke(|| {
        (
            TimelockedIndex::<Runtime>::get().len(),
            Pulses::<Runtime>::contains_key(ROUND),
        )
    });
    assert_eq!(waiting.await.unwrap(), (0, true));
}

#[tokio::test]
async fn what_is_not_encrypted_stays_and_what_cannot_be_opened_is_marked() {
    let open = Data::Raw(BoundedVec::truncate_from(b"open".to_vec()));
    let broken = field(vec![7; 300]);
    let chain = committed(vec![open.clone(), sealed(b"text"), broken]).await;
    chain.set_now(OVER);
    chain.new_blocks(2).await.unwrap();
    let (left, revealed) = seen(&chain).await;
    assert_eq!(revealed, [b"text".to_vec()]);
    let [first, failed] = &left.unwrap()[..] else {
        panic!("two fields are left");
    };
    assert_eq!(*first, open);
    assert!(matches!(
        failed,
        Data::TimelockRevealFailed {
            reveal_round: ROUND,
            ..
        }
    ));
}
