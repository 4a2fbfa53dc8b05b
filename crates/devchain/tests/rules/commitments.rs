//! What hotkeys publish.

use std::path::Path;

use codec::{Decode, Encode};
use kinitro_devchain::pallets::commitments::{
    CommitmentInfo, CommitmentOf, Data, Error, Event, LastCommitment, Registration, TimelockedIndex,
};
use kinitro_devchain::pallets::numbers::NetUid;
use kinitro_devchain::pallets::subtensor::SubnetEpochIndex;
use kinitro_devchain::{Commitments, Runtime, SubtensorModule};
use sp_keyring::Sr25519Keyring as Key;
use sp_runtime::{BoundedVec, DispatchResult};

use crate::chain::{MINERS, NETUID, OWNER, account, by, chain, run_to, was_told};

type Fields = <Runtime as kinitro_devchain::pallets::commitments::Config>::MaxFields;

fn raw(length: usize) -> Data {
    Data::Raw(BoundedVec::try_from(vec![7; length]).unwrap())
}

fn publish(key: Key, fields: Vec<Data>) -> DispatchResult {
    let fields = BoundedVec::try_from(fields).unwrap();
    Commitments::set_commitment(by(key), NETUID, Box::new(CommitmentInfo { fields }))
}

fn timelocked() -> Data {
    Data::TimelockEncrypted {
        encrypted: BoundedVec::try_from(vec![1; 600]).unwrap(),
        reveal_round: 77,
    }
}

#[test]
fn a_commitment_replaces_the_last_one() {
    chain().execute_with(|| {
        publish(MINERS[0], vec![raw(3)]).unwrap();
        run_to(5);
        publish(MINERS[0], vec![raw(128), raw(1)]).unwrap();
        let stored = CommitmentOf::<Runtime>::get(NETUID, account(MINERS[0])).unwrap();
        assert_eq!(stored.block, 5);
        assert_eq!(stored.info.fields.to_vec(), [raw(128), raw(1)]);
        assert_eq!(
            LastCommitment::<Runtime>::get(NETUID, account(MINERS[0])),
            Some(5)
        );
        assert!(was_told(Event::Commitment {
            netuid: NETUID,
            who: account(MINERS[0])
        }));
    });
}

#[test]
fn only_who_has_a_uid_may_commit() {
    chain().execute_with(|| {
        assert_eq!(
            publish(OWNER, vec![raw(3)]),
            Err(Error::<Runtime>::AccountNotAllowedCommit.into())
        );
    });
}

#[test]
fn a_commitment_outlives_its_hotkeys_uid() {
    chain().execute_with(|| {
        publish(MINERS[0], vec![raw(3)]).unwrap();
        SubtensorModule::forget(NETUID, 1);
        assert!(CommitmentOf::<Runtime>::contains_key(NETUID, account(MINERS[0])));
        assert_eq!(
            publish(MINERS[0], vec![raw(3)]),
            Err(Error::<Runtime>::AccountNotAllowedCommit.into())
        );
    });
}

#[test]
fn an_epoch_has_room_for_thirty_one_small_commitments() {
    chain().execute_with(|| {
        for _ in 0..31 {
            publish(MINERS[0], vec![raw(3)]).unwrap();
        }
        assert_eq!(
            publish(MINERS[0], vec![raw(3)]),
            Err(Error::<Runtime>::SpaceLimitExceeded.into())
        );
        assert_eq!(
            publish(MINERS[1], vec![raw(3)]),
            Ok(()),
            "each hotkey has its own room"
        );
        SubnetEpochIndex::<Runtime>::insert(NETUID, 1);
        assert_eq!(publish(MINERS[0], vec![raw(3)]), Ok(()));
    });
}

#[test]
fn large_commitments_take_the_room_of_their_bytes() {
    chain().execute_with(|| {
        let big = || Data::BigRaw(BoundedVec::try_from(vec![7; 512]).unwrap());
        for _ in 0..2 {
            publish(MINERS[0], vec![big(), big(), big()]).unwrap();
        }
        // 2 * 1536 of 3100 bytes are used.
        assert_eq!(
            publish(MINERS[0], vec![raw(3)]),
            Err(Error::<Runtime>::SpaceLimitExceeded.into())
        );
    });
}

#[test]
fn encrypted_fields_are_listed_until_overwritten() {
    chain().execute_with(|| {
        let key = (NETUID, account(MINERS[0]));
        publish(MINERS[0], vec![raw(3), timelocked()]).unwrap();
        assert!(was_told(Event::TimelockCommitment {
            netuid: NETUID,
            who: key.1.clone(),
            reveal_round: 77
        }));
        assert!(TimelockedIndex::<Runtime>::get().contains(&key));
        publish(MINERS[0], vec![raw(3)]).unwrap();
        assert!(!TimelockedIndex::<Runtime>::get().contains(&key));
    });
}

#[test]
fn only_the_chain_marks_a_reveal_as_failed() {
    chain().execute_with(|| {
        let failed = Data::TimelockRevealFailed {
            encrypted: BoundedVec::default(),
            reveal_round: 1,
        };
        assert_eq!(
            publish(MINERS[0], vec![failed]),
            Err(Error::<Runtime>::TimelockRevealFailedNotAllowed.into())
        );
    });
}

#[test]
fn fields_encode_as_the_recorded_samples() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../chain/tests/fixtures/bittensor-11.3.0-shape-corpus.json");
    let corpus: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let mut count = 0;
    for kind in corpus["types"].as_array().unwrap() {
        let again: fn(&[u8]) -> Vec<u8> = match kind["name"].as_str().unwrap() {
            "pallet_commitments::types::Data" => |bytes| Data::decode(&mut &bytes[..]).unwrap().encode(),
            "pallet_commitments::types::CommitmentInfo" => |bytes| {
                CommitmentInfo::<Fields>::decode(&mut &bytes[..])
                    .unwrap()
                    .encode()
            },
            "pallet_commitments::types::Registration" => {
                |bytes| Registration::<Fields>::decode(&mut &bytes[..]).unwrap().encode()
            }
            _ => continue,
        };
        for sample in kind["samples"].as_array().unwrap() {
            let bytes = hex::decode(sample["scale_hex"].as_str().unwrap().trim_start_matches("0x")).unwrap();
            assert_eq!(again(&bytes), bytes);
            count += 1;
        }
    }
    assert_eq!(count, 22);
}

#[test]
fn every_kind_of_field_survives_its_encoding() {
    let hash = [5; 32];
    let mut fields = vec![Data::None, Data::ResetBondsFlag, timelocked()];
    fields.extend([
        Data::BlakeTwo256(hash),
        Data::Sha256(hash),
        Data::Keccak256(hash),
        Data::ShaThree256(hash),
    ]);
    fields.push(Data::BigRaw(BoundedVec::try_from(vec![3; 512]).unwrap()));
    fields.push(Data::TimelockRevealFailed {
        encrypted: BoundedVec::default(),
        reveal_round: 1,
    });
    fields.extend((0..=128).map(raw));
    for field in fields {
        assert_eq!(Data::decode(&mut &field.encode()[..]), Ok(field));
    }
    assert_eq!(raw(128).encode()[0], 129);
    assert_eq!(timelocked().encode()[0], 134);
    assert!(Data::decode(&mut &[138_u8][..]).is_err());
    assert!(
        Data::decode(&mut &[9_u8, 1][..]).is_err(),
        "a short raw field is no field"
    );
    assert_eq!(NetUid(3).encode(), [3, 0]);
}
