//! What is refused before inclusion, with the codes clients see.

use codec::{Decode, Encode};
use frame_support::storage::{TransactionOutcome, with_transaction_unchecked};
use kinitro_devchain::pallets::commitments::{Call as CommitmentsCall, CommitmentInfo};
use kinitro_devchain::pallets::drand::LastStoredRound;
use kinitro_devchain::pallets::numbers::MechId;
use kinitro_devchain::pallets::subtensor::{
    Call, CommitRevealWeightsEnabled, LastUpdate, StakeThreshold, Tempo,
};
use kinitro_devchain::runtime::version::{SPEC_VERSION, SPEC_VERSION_KEY};
use kinitro_devchain::runtime::{Executive, Hash, UncheckedExtrinsic};
use kinitro_devchain::{Runtime, RuntimeCall, SubtensorModule, System};
use sp_core::H256;
use sp_keyring::Sr25519Keyring as Key;
use sp_runtime::BoundedVec;
use sp_runtime::generic::{Era, Preamble};
use sp_runtime::transaction_validity::{
    InvalidTransaction, TransactionSource, TransactionValidityError, ValidTransaction,
};

use crate::chain::{GENESIS_HASH, INDEX, MINERS, NETUID, OWNER, RICH, VALIDATOR, account, chain, run_to};

/// What goes with the call: era, nonce, tip and the metadata hash's mode; the other extensions are empty.
fn extra(nonce: u32) -> Vec<u8> {
    let mut extra = Era::Immortal.encode();
    extra.extend(codec::Compact(nonce).encode());
    extra.extend(codec::Compact(0_u64).encode());
    extra.push(0);
    extra
}

/// Signs byte by byte as an outside client does: call, extra, then what is implied.
fn sign(key: Key, nonce: u32, spec_version: u32, call: &RuntimeCall) -> UncheckedExtrinsic {
    let implied = (
        spec_version,
        1_u32,
        GENESIS_HASH,
        GENESIS_HASH,
        Option::<[u8; 32]>::None,
    )
        .encode();
    let mut payload = call.encode();
    payload.extend(extra(nonce));
    payload.extend(implied);
    if payload.len() > 256 {
        payload = sp_io::hashing::blake2_256(&payload).to_vec();
    }
    let mut extrinsic = vec![0x84_u8, 0];
    extrinsic.extend(account(key).encode());
    extrinsic.push(1);
    extrinsic.extend(key.sign(&payload).0);
    extrinsic.extend(extra(nonce));
    extrinsic.extend(call.encode());
    UncheckedExtrinsic::decode(&mut &extrinsic.encode()[..]).unwrap()
}

/// The pool's answer, which leaves the state as it was.
fn validate(extrinsic: UncheckedExtrinsic) -> Result<ValidTransaction, InvalidTransaction> {
    let answer = with_transaction_unchecked(|| {
        let source = TransactionSource::External;
        TransactionOutcome::Rollback(Executive::validate_transaction(
            source,
            extrinsic,
            Hash::default(),
        ))
    });
    answer.map_err(|error| match error {
        TransactionValidityError::Invalid(reason) => reason,
        TransactionValidityError::Unknown(reason) => panic!("{reason:?}"),
    })
}

/// The pool's answer to a call in an account's first extrinsic.
fn first(key: Key, call: impl Into<RuntimeCall>) -> Result<ValidTransaction, InvalidTransaction> {
    validate(sign(key, 0, SPEC_VERSION, &call.into()))
}

fn custom(code: u8) -> Result<ValidTransaction, InvalidTransaction> {
    Err(InvalidTransaction::Custom(code))
}

fn set_weights() -> Call<Runtime> {
    let (dests, weights) = (vec![1], vec![1]);
    Call::set_mechanism_weights {
        netuid: NETUID,
        mecid: MechId::MAIN,
        dests,
        weights,
        version_key: 0,
    }
}

fn commitment() -> CommitmentsCall<Runtime> {
    let info = Box::new(CommitmentInfo {
        fields: BoundedVec::default(),
    });
    CommitmentsCall::set_commitment { netuid: NETUID, info }
}

#[test]
fn an_account_without_money_sends_what_costs_nothing() {
    chain().execute_with(|| {
        let valid = first(MINERS[0], commitment()).unwrap();
        assert_eq!(valid.provides, [(account(MINERS[0]), 0_u32).encode()]);
        Executive::apply_extrinsic(sign(MINERS[0], 0, SPEC_VERSION, &commitment().into()))
            .unwrap()
            .unwrap();
        assert_eq!(System::account_nonce(account(MINERS[0])), 1);
        assert_eq!(first(MINERS[0], commitment()), Err(InvalidTransaction::Stale));
        let remark = frame_system::Call::<Runtime>::remark { remark: vec![] };
        assert_eq!(first(MINERS[1], remark.clone()), Err(InvalidTransaction::Payment));
        assert!(first(RICH, remark).is_ok());
    });
}

#[test]
fn a_nonce_ahead_waits_for_those_before_it() {
    chain().execute_with(|| {
        let later = sign(MINERS[0], 2, SPEC_VERSION, &commitment().into());
        let valid = validate(later.clone()).unwrap();
        assert_eq!(valid.requires, [(account(MINERS[0]), 1_u32).encode()]);
        let applied = Executive::apply_extrinsic(later);
        assert_eq!(applied, Err(InvalidTransaction::Future.into()));
    });
}

#[test]
fn a_signature_for_another_version_is_bad() {
    chain().execute_with(|| {
        let call = commitment().into();
        assert_eq!(
            validate(sign(MINERS[0], 0, 460, &call)),
            Err(InvalidTransaction::BadProof)
        );
        sp_io::storage::set(SPEC_VERSION_KEY, &462_u32.encode());
        assert_eq!(
            validate(sign(MINERS[0], 0, 461, &call)),
            Err(InvalidTransaction::BadProof)
        );
        assert!(validate(sign(MINERS[0], 0, 462, &call)).is_ok());
    });
}

#[test]
fn the_rate_limit_is_code_6() {
    chain().execute_with(|| {
        LastUpdate::<Runtime>::mutate(INDEX, |blocks| blocks[0] = 1);
        // A transaction is checked as of the next block.
        run_to(9);
        assert_eq!(first(VALIDATOR, set_weights()), custom(6));
        let commit = Call::commit_weights {
            netuid: NETUID,
            commit_hash: H256::zero(),
        };
        assert_eq!(first(VALIDATOR, commit), custom(6));
        run_to(10);
        assert!(first(VALIDATOR, set_weights()).is_ok());
    });
}

#[test]
fn timelocked_commits_are_not_rate_limited_before_inclusion() {
    chain().execute_with(|| {
        CommitRevealWeightsEnabled::<Runtime>::insert(NETUID, true);
        LastUpdate::<Runtime>::mutate(INDEX, |blocks| blocks[0] = 1);
        let commit = |reveal_round| Call::commit_timelocked_weights {
            netuid: NETUID,
            commit: BoundedVec::default(),
            reveal_round,
            commit_reveal_version: 4,
        };
        assert!(first(VALIDATOR, commit(100)).is_ok());
        assert!(
            first(VALIDATOR, set_weights()).is_ok(),
            "refused when it runs, as commits are wanted"
        );
        LastStoredRound::<Runtime>::put(101);
        assert_eq!(first(VALIDATOR, commit(100)), custom(15));
        assert!(first(VALIDATOR, commit(101)).is_ok());
    });
}

#[test]
fn too_little_stake_is_code_1() {
    chain().execute_with(|| {
        StakeThreshold::<Runtime>::put(1001);
        assert_eq!(first(VALIDATOR, set_weights()), custom(1));
        StakeThreshold::<Runtime>::put(1000);
        assert!(first(VALIDATOR, set_weights()).is_ok());
    });
}

#[test]
fn a_hotkey_without_a_uid_is_refused_by_the_call_itself() {
    chain().execute_with(|| {
        assert!(first(OWNER, set_weights()).is_ok());
        let failed = Executive::apply_extrinsic(sign(OWNER, 0, SPEC_VERSION, &set_weights().into()));
        assert!(failed.unwrap().is_err());
    });
}

#[test]
fn reveals_without_a_commit_or_out_of_time_are_codes_16_and_17() {
    chain().execute_with(|| {
        CommitRevealWeightsEnabled::<Runtime>::insert(NETUID, true);
        let reveal = || Call::reveal_weights {
            netuid: NETUID,
            uids: vec![1],
            values: vec![1],
            salt: vec![1],
            version_key: 0,
        };
        assert_eq!(first(VALIDATOR, reveal()), custom(16));
        let parts = kinitro_devchain::pallets::subtensor::Reveal {
            uids: vec![1],
            values: vec![1],
            salt: vec![1],
            version_key: 0,
        };
        let hash = parts.hash(&account(VALIDATOR), INDEX);
        SubtensorModule::do_commit_weights(&account(VALIDATOR), NETUID, MechId::MAIN, hash).unwrap();
        assert_eq!(first(VALIDATOR, reveal()), custom(17));
        Tempo::<Runtime>::insert(NETUID, 5);
        run_to(5);
        assert!(first(VALIDATOR, reveal()).is_ok());
    });
}

#[test]
fn axons_have_codes_of_their_own() {
    chain().execute_with(|| {
        let serve = |ip, port, ip_type| Call::serve_axon {
            netuid: NETUID,
            version: 1,
            ip,
            port,
            ip_type,
            protocol: 0,
            placeholder1: 0,
            placeholder2: 0,
        };
        assert_eq!(first(OWNER, serve(1 << 24, 80, 4)), custom(10));
        assert_eq!(first(MINERS[0], serve(1 << 24, 80, 5)), custom(255));
        assert_eq!(first(MINERS[0], serve(0x7f00_0001, 80, 4)), custom(11));
        assert_eq!(first(MINERS[0], serve(1 << 24, 0, 4)), custom(13));
        SubtensorModule::serve_axon(crate::chain::by(MINERS[0]), NETUID, 1, 1 << 24, 80, 4, 0, 0, 0).unwrap();
        assert_eq!(first(MINERS[0], serve(1 << 24, 80, 4)), custom(12));
    });
}

#[test]
fn who_signed_the_metadatas_hash_is_refused() {
    chain().execute_with(|| {
        let signed = sign(MINERS[0], 0, SPEC_VERSION, &commitment().into());
        let Preamble::Signed(address, signature, mut extension) = signed.preamble else {
            panic!("it was signed")
        };
        extension.1.5.mode = kinitro_devchain::runtime::extensions::Mode::Enabled;
        let changed = UncheckedExtrinsic::new_signed(commitment().into(), address, signature, extension);
        let answer = Executive::validate_transaction(TransactionSource::External, changed, Hash::default());
        assert!(matches!(answer, Err(TransactionValidityError::Unknown(_))));
    });
}
